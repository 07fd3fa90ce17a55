// SPDX-License-Identifier: Apache-2.0
// seatrial shell: a shell or a command on the DUT of the desk bench.
#include "core/cli/desk/shell.hpp"

#include <unistd.h>

#include "core/cli/desk/arrive.hpp"
#include "core/cli/desk/start.hpp"
#include "core/cli/verbs/verbs.hpp"

namespace seatrial::cli {
namespace {

Result<int> shell(const Invocation& call) {
  TRY(const auto place, DeskPlace::of(call));
  TRY(const auto arrival, arrive(place, call));
  ShellAccess access;
  const bool fresh = arrival.fresh, quiet = call.has("quiet");
  TRY(const int reached,
      run_interruptibly(visit(arrival.record.socket, [&access, fresh, quiet](ClientPtr client) {
        return reach_shell(std::move(client), fresh, quiet, &access);
      })));
  (void)reached;
  const bool interactive = call.rest.empty() && ::isatty(0) != 0 && ::isatty(1) != 0;
  return run_shell(access, call.rest, interactive || call.has("tty"));
}

std::vector<Option> options() {
  std::vector<Option> out{{"tty", "",
                           "Give the command a terminal (top, vi, journalctl -f); without a "
                           "command that is the default "
                           "in a terminal."},
                          {"quiet", "", "No progress."},
                          desk_option()};
  for (const auto& option : start_options()) out.push_back(option);
  return out;
}

}  // namespace

const Verb& shell_verb() {
  static const Verb verb{
      .name = "shell",
      .summary = "a shell or a command on the device",
      .passes_rest = true,
      .description =
          "Opens a shell on the device of the desk bench, or runs a command there: over SSH, with "
          "the keys of the bench, on the connection that the bench keeps. Stdin, stdout, stderr "
          "and the exit code are the command's. It waits until the device has booted; when no "
          "desk bench runs, one is started (as by 'seatrial power on') and stays.\n\n"
          "Several words after -- are given to the command as they are; a single one is a line "
          "for the shell of the device. Without a command and without a terminal, the lines of "
          "stdin are run.\n\n"
          "In a terminal, Enter ~ . ends a session that hangs.",
      .options = options(),
      .examples = {{"seatrial shell", "Interactive; exit or Ctrl-D leaves."},
                   {"seatrial shell -- cat /etc/os-release", "One command."},
                   {"seatrial shell -- 'journalctl -b | grep -c error'", "A line of shell."},
                   {"seatrial shell --tty -- top", "A program that wants a terminal."}},
      .exits =
          "The command's own (128 + n when signal n ended it); else\n"
          "2    wrong usage or input\n"
          "3    it could not be run, or the connection broke: a line on stderr says why\n"
          "130  interrupted while waiting for the device",
      .run = shell};
  return verb;
}

}  // namespace seatrial::cli
