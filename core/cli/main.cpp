// SPDX-License-Identifier: Apache-2.0
// seatrial: the command line. Parses the words, runs the verb, and turns a failure into words for
// the person and an exit code for the script.
#include <fmt/core.h>

#include <csignal>
#include <string>
#include <vector>

#include "core/base/log.hpp"
#include "core/cli/help.hpp"
#include "core/cli/parse.hpp"
#include "core/cli/terminal.hpp"
#include "core/model/verdict.hpp"

namespace {

using namespace seatrial;

int explain(const Failure& failure) {
  const auto terminal = cli::Terminal::of(2);
  fmt::print(stderr, "{} {}\n", terminal.paint(cli::Colour::red, "seatrial:"), failure.what());
  for (const auto& note : failure.context()) fmt::print(stderr, "  while {}\n", note);
  fmt::print(stderr, "  {}\n", failure.advice());
  return cli::exit_code_of(failure);
}

int say(const std::string& text) {
  return std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0 ? 0 : 3;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a file at its limit is a failed write with words, not a death
  log::init("seatrial");
  const auto parsed = cli::parse(std::vector<std::string>(argv + 1, argv + argc));
  if (!parsed) return explain(parsed.error());
  if (std::holds_alternative<cli::WantsVersion>(*parsed))
    return say("seatrial " SEATRIAL_VERSION "\n");
  if (const auto* help = std::get_if<cli::WantsHelp>(&*parsed)) {
    if (help->verb != nullptr) return say(cli::verb_help(*help->verb));
    return say(help->group.empty() ? cli::program_help() : cli::group_help(help->group));
  }
  const auto& call = std::get<cli::Invocation>(*parsed);
  const auto code = call.verb->run(call);
  return code ? *code : explain(code.error());
}
