// SPDX-License-Identifier: Apache-2.0
// seatrial console: the console of the DUT on one's own terminal.
#include "core/cli/desk/console.hpp"

#include <charconv>

#include "core/cli/desk/arrive.hpp"
#include "core/cli/desk/keys.hpp"
#include "core/cli/desk/start.hpp"
#include "core/cli/verbs/verbs.hpp"

namespace seatrial::cli {
namespace {

Result<double> linger_of(const Invocation& call, double fallback) {
  if (!call.has("linger")) return fallback;
  const auto text = call.value("linger");
  double out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size() || !(out >= 0 && out <= 86400))
    return usage("--linger " + text + ": not a number of seconds", "write --linger 10");
  return out;
}

Result<ConsoleOptions> options_of(const Invocation& call) {
  ConsoleOptions options;
  TRY(options.backlog, call.number("backlog", options.backlog, 0));
  TRY(options.leave_key, parse_key(call.value("escape", "^]")));
  TRY(options.linger, linger_of(call, options.linger));
  options.follow = call.has("follow");
  return options;
}

Result<int> console(const Invocation& call) {
  TRY(auto options, options_of(call));
  TRY(const auto place, DeskPlace::of(call));
  TRY(const auto arrival, arrive(place, call));
  options.power_on = arrival.fresh;
  return run_interruptibly(visit(arrival.record.socket, [options](ClientPtr client) {
    return watch_console(std::move(client), options);
  }));
}

std::vector<Option> options() {
  std::vector<Option> out{
      {"backlog", "LINES", "How many lines of what came before are shown first; default 20."},
      {"escape", "KEY",
       "The key that leaves: ^], ctrl-a, ... or none. The default is ^] (Ctrl-])."},
      {"follow", "", "Fed from a pipe or file: stay after its end, until interrupted."},
      {"linger", "SECONDS",
       "Fed from a pipe or file: how long the console must be silent after the last line; default "
       "3."},
      desk_option()};
  for (const auto& option : start_options()) out.push_back(option);
  return out;
}

}  // namespace

const Verb& console_verb() {
  static const Verb verb{
      .name = "console",
      .summary = "the console of the device, on this terminal",
      .description =
          "Attaches this terminal to the console of the device on the desk bench: the last lines, "
          "then every byte as it comes; keys go to the device. Ctrl-] leaves, and the device goes "
          "on. Any number of people may be attached at a time, and all of them can type.\n\n"
          "When no desk bench runs, one is started (as by 'seatrial power on') and its console is "
          "shown from the first byte; it stays when you leave.\n\n"
          "Fed from a pipe or a file, the lines are typed one after the other, each when the "
          "console has answered the one before and is quiet; on a device that still boots, after "
          "its login prompt. What the console says goes to stdout.",
      .options = options(),
      .examples = {{"seatrial console", "Attach; Ctrl-] leaves."},
                   {"printf 'root\\nuptime\\n' | seatrial console --backlog 0",
                    "Type two lines, see the answers, leave."},
                   {"seatrial console --follow </dev/null >boot.log", "Record in the background."}},
      .exits =
          "0    you left, or the desk bench was ended in good order\n"
          "2    wrong usage or input\n"
          "3    the console ended under you: QEMU died, the bench host was killed\n"
          "130  interrupted by a signal",
      .run = console};
  return verb;
}

}  // namespace seatrial::cli
