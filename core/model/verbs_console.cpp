// SPDX-License-Identifier: Apache-2.0
// Verbs of the console.
#include <array>

#include "core/model/verb_groups.hpp"

namespace seatrial::model {
namespace {

constexpr Params<3> kConsoleExpectIn{{
    {"patterns", Type::texts, true, ""},
    {"timeout", Type::number, false, "seconds"},
    {"from", Type::whole, false, "console offset to look from; default: now"},
}};
constexpr Params<6> kConsoleExpectOut{{
    {"index", Type::whole, true, "which pattern"},
    {"text", Type::text, true, "what matched"},
    {"groups", Type::texts, true, "its groups"},
    {"offset", Type::whole, true, "where it begins"},
    {"end", Type::whole, true, "where it ends"},
    {"at", Type::number, true, "seconds since the run began"},
}};
constexpr Params<1> kConsoleSendIn{{
    {"text", Type::text, true, ""},
}};
constexpr Params<3> kConsoleLoginIn{{
    {"user", Type::text, false, ""},
    {"password", Type::text, false, ""},
    {"timeout", Type::number, false, "seconds"},
}};
constexpr Params<2> kConsoleRunIn{{
    {"command", Type::text, true, ""},
    {"timeout", Type::number, false, "seconds"},
}};
constexpr Params<2> kConsoleRunOut{{
    {"exit", Type::whole, true, ""},
    {"out", Type::text, true, ""},
}};
constexpr Params<1> kConsoleMarkIn{{
    {"text", Type::text, false, ""},
}};
constexpr Params<1> kConsoleMarkOut{{
    {"offset", Type::whole, true, ""},
}};
constexpr Params<1> kConsoleTailIn{{
    {"lines", Type::whole, false, ""},
}};
constexpr Params<1> kConsoleTailOut{{
    {"lines", Type::texts, true, ""},
}};
constexpr Params<2> kConsoleReadIn{{
    {"from", Type::whole, true, ""},
    {"most", Type::whole, false, "bytes; 1 MiB is the default and the most"},
}};
constexpr Params<2> kConsoleReadOut{{
    {"text", Type::text, true, ""},
    {"end", Type::whole, true, ""},
}};
constexpr Params<1> kConsoleSentinelsOut{{
    {"hits", Type::list, true, "id, severity, line, offset, allowed"},
}};
constexpr Params<1> kConsoleAllowIn{{
    {"ids", Type::texts, true, "sentinel ids"},
}};
constexpr Params<1> kConsoleAttachIn{{
    {"backlog", Type::whole, false, "lines of what came before, default 20"},
}};
constexpr Params<1> kConsoleAttachOut{{
    {"offset", Type::whole, true, "where the console stood at the end"},
}};

constexpr std::array<Verb, 10> kVerbs{{
    {"console.expect", "console", "Waits until one of the patterns (RE2) appears on the console.",
     kConsoleExpectIn, kConsoleExpectOut, kCommand},
    {"console.send", "console", "Types on the console.", kConsoleSendIn, kNone, kSoon},
    {"console.login", "console", "Logs in on the console and leaves a shell ready for console.run.",
     kConsoleLoginIn, kNone, kCommand},
    {"console.run", "console",
     "Runs a command over the console, framed so that kernel messages cannot corrupt it.",
     kConsoleRunIn, kConsoleRunOut, kCommand},
    {"console.mark", "console", "Where the console stands now, with a mark in the log.",
     kConsoleMarkIn, kConsoleMarkOut, kSoon},
    {"console.tail", "console", "The last lines of the console.", kConsoleTailIn, kConsoleTailOut,
     kSoon},
    {"console.read", "console", "Console text from an offset on.", kConsoleReadIn, kConsoleReadOut,
     kSoon},
    {"console.sentinels", "console", "Kernel and hardware alarms seen so far in this case.", kNone,
     kConsoleSentinelsOut, kSoon},
    {"console.allow", "console",
     "Alarms that this case provokes on purpose and that shall not fail it.", kConsoleAllowIn,
     kNone, kSoon},
    {"console.attach", "console",
     "The console as a stream: its last lines as plain text, then every byte as it comes; what the "
     "client sends is typed.",
     kConsoleAttachIn, kConsoleAttachOut, kUnlimited, 2, true},
}};

}  // namespace

std::span<const Verb> verbs_of_console() { return kVerbs; }

}  // namespace seatrial::model
