// SPDX-License-Identifier: Apache-2.0
// Verbs of the running OS: its shell, its boots, its updates.
#include <array>

#include "core/model/verb_groups.hpp"

namespace seatrial::model {
namespace {

constexpr Params<1> kShellWaitIn{{
    {"timeout", Type::number, false, "seconds"},
}};
constexpr Params<1> kShellWaitOut{{
    {"seconds", Type::number, true, "waited"},
}};
constexpr Params<5> kShellRunIn{{
    {"command", Type::text, true, "for /bin/sh"},
    {"stdin", Type::text, false, ""},
    {"timeout", Type::number, false, "seconds"},
    {"stdin_base64", Type::truth, false, "stdin is base64", 3},
    {"base64", Type::truth, false,
     "out and err may come as base64; without it, output that is not text is a failure", 3},
}};
constexpr Params<8> kShellRunOut{{
    {"exit", Type::whole, true, ""},
    {"out", Type::text, true, "at most 4 MiB"},
    {"err", Type::text, true, "at most 4 MiB"},
    {"seconds", Type::number, true, ""},
    {"out_base64", Type::truth, true, "out is base64 because it is not text", 3},
    {"err_base64", Type::truth, true, "err is base64 because it is not text", 3},
    {"out_dropped", Type::whole, true, "bytes that were printed beyond what out holds", 3},
    {"err_dropped", Type::whole, true, "the same of err", 3},
}};
constexpr Params<4> kShellPutIn{{
    {"path", Type::text, true, ""},
    {"content", Type::text, true, ""},
    {"mode", Type::text, false, "octal, default 644"},
    {"base64", Type::truth, false, "content is base64", 3},
}};
constexpr Params<1> kShellGetIn{{
    {"path", Type::text, true, ""},
}};
constexpr Params<2> kShellGetOut{{
    {"content", Type::text, true, ""},
    {"base64", Type::truth, true, "content is base64 because it is not text"},
}};
constexpr Params<1> kShellForwardIn{{
    {"port", Type::whole, true, ""},
}};
constexpr Params<2> kShellForwardOut{{
    {"host", Type::text, true, ""},
    {"port", Type::whole, true, ""},
}};
constexpr Params<3> kShellAccessOut{{
    {"program", Type::text, true, "ssh"},
    {"arguments", Type::texts, true, "its options, before the host"},
    {"host", Type::text, true, ""},
}};
constexpr Params<1> kBootCurrentOut{{
    {"boot", Type::object, true,
     "number, boot_id, slot, bootcount, reason, os_version, console_offset, at (seconds since the "
     "run began: power-on or reset), seconds_to_login"},
}};
constexpr Params<2> kBootNextIn{{
    {"after", Type::whole, true, "number of a boot"},
    {"timeout", Type::number, false, "seconds"},
}};
constexpr Params<1> kBootNextOut{{
    {"boot", Type::object, true, "as boot.current"},
}};
constexpr Params<1> kBootHistoryOut{{
    {"boots", Type::list, true, "as boot.current"},
}};
constexpr Params<2> kOsConfigureIn{{
    {"set", Type::object, false, "dotted keys and their values"},
    {"remove", Type::texts, false, "dotted keys"},
}};
constexpr Params<2> kOsInstallIn{{
    {"url", Type::text, true, "of the bundle, see image.url"},
    {"timeout", Type::number, false, "seconds"},
}};
constexpr Params<4> kOsInstallOut{{
    {"exit", Type::whole, true, "of the updater"},
    {"out", Type::text, true, ""},
    {"phases", Type::texts, true, "in their order"},
    {"seconds", Type::number, true, ""},
}};
constexpr Params<3> kOsSlotsOut{{
    {"active", Type::text, true, "A | B"},
    {"inactive", Type::text, true, ""},
    {"counters", Type::object, true, ""},
}};
constexpr Params<2> kOsUpdateStateOut{{
    {"files", Type::texts, true, "state files present"},
    {"variables", Type::object, true, "loader variables"},
}};
constexpr Params<4> kOsShortenRollbackIn{{
    {"settle", Type::number, false, "seconds"},
    {"count", Type::whole, false, ""},
    {"interval", Type::number, false, "seconds"},
    {"reboot_delay", Type::number, false, "seconds"},
}};

constexpr std::array<Verb, 15> kVerbs{{
    {"shell.wait", "shell", "Waits until commands can be run on the DUT.", kShellWaitIn,
     kShellWaitOut, kBoot},
    {"shell.run", "shell", "Runs a command on the DUT and waits for its end.", kShellRunIn,
     kShellRunOut, kCommand},
    {"shell.put", "shell", "Writes a file on the DUT.", kShellPutIn, kNone, kCommand},
    {"shell.get", "shell", "Reads a file of the DUT.", kShellGetIn, kShellGetOut, kCommand},
    {"shell.forward", "shell", "A local address that leads to a TCP port of the DUT.",
     kShellForwardIn, kShellForwardOut, kSoon},
    {"shell.access", "shell",
     "How an SSH client on the machine of the bench gets a session over the bench's connection.",
     kNone, kShellAccessOut, kSoon, 2},
    {"boot.current", "boots", "The boot that runs now.", kNone, kBootCurrentOut, kSoon},
    {"boot.next", "boots", "Waits until a boot after the given one has reached a shell.",
     kBootNextIn, kBootNextOut, kBoot},
    {"boot.history", "boots", "All boots since the DUT was flashed.", kNone, kBootHistoryOut,
     kSoon},
    {"os.configure", "shell", "Changes config.json of the running OS the way its own tools do.",
     kOsConfigureIn, kNone, kCommand},
    {"os.install", "shell",
     "Installs an update bundle with the updater of the OS; does not reboot.", kOsInstallIn,
     kOsInstallOut, kWholeImage},
    {"os.reboot", "shell", "Asks the OS to reboot; returns when it has been asked.", kNone, kNone,
     kCommand},
    {"os.slots", "shell", "Which root is active, and the update counters of both.", kNone,
     kOsSlotsOut, kCommand},
    {"os.update_state", "shell",
     "The state files and loader variables of an update, as the OS sees them.", kNone,
     kOsUpdateStateOut, kCommand},
    {"os.shorten_rollback", "shell",
     "Shortens the waits of the health check of an update, where the OS offers it.",
     kOsShortenRollbackIn, kNone, kCommand},
}};

}  // namespace

std::span<const Verb> verbs_of_os() { return kVerbs; }

}  // namespace seatrial::model
