// SPDX-License-Identifier: Apache-2.0
#include "core/cli/help.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "core/base/text.hpp"
#include "core/cli/table.hpp"

namespace seatrial::cli {
namespace {

constexpr std::string_view kExits =
    "0    every chosen case passed (or was skipped, and at least one passed)\n"
    "1    a case failed, or passed in some attempts only\n"
    "2    wrong usage or input\n"
    "3    otherwise not all proven: errors, timeouts, cases not run\n"
    "130  interrupted";

std::string summary_line(const Verb& verb) {
  return fmt::format("  {:<18}{}\n", verb.name, verb.summary);
}

std::string section(std::string_view title, const std::string& body) {
  return body.empty() ? "" : fmt::format("\n{}\n{}", title, body);
}

std::string lines_indented(std::string_view text, std::size_t indent) {
  std::string out;
  for (const auto& line : split(text, '\n')) out += std::string(indent, ' ') + line + "\n";
  return out;
}

std::string option_text(const Option& option) {
  std::string head = "--" + std::string(option.name);
  if (!option.value.empty()) head += " " + std::string(option.value);
  std::string doc(option.doc);
  if (!option.variable.empty()) doc += fmt::format(" [{}]", option.variable);
  return "  " + head + "\n" + wrapped(doc, 10);
}

}  // namespace

std::string wrapped(std::string_view text, std::size_t indent, std::size_t width) {
  std::string out;
  const std::string margin(indent, ' ');
  for (const auto& paragraph : split(text, '\n')) {
    std::string line;
    for (const auto& word : split(paragraph, ' ')) {
      if (word.empty()) continue;
      if (!line.empty() && indent + line.size() + 1 + word.size() > width) {
        out += margin + line + "\n";
        line.clear();
      }
      line += (line.empty() ? "" : " ") + word;
    }
    out += line.empty() ? "\n" : margin + line + "\n";
  }
  return out;
}

std::string program_help() {
  std::string out =
      "NAME\n  seatrial - prove an operating system on the device that will run it\n\n"
      "SYNOPSIS\n  seatrial VERB [OPERAND ...] [--option ...]\n"
      "  seatrial VERB --help | --help | --version\n\nVERBS\n";
  for (const auto* verb : verbs())
    if (verb->summary.front() != '(') out += summary_line(*verb);
  out += section("EXIT STATUS", lines_indented(kExits, 2));
  out += section(
      "ENVIRONMENT",
      "  SEATRIAL_CACHE    folder of images and downloads (root: /var/cache/seatrial, else\n"
      "                    ~/.cache/seatrial)\n"
      "  SEATRIAL_ACCEL    tcg: never try KVM\n"
      "  SEATRIAL_LOG      trace, debug, info, warn or error: how much is said on stderr\n"
      "  NO_COLOR          no colours, whatever the terminal can do\n"
      "  Options that a variable can stand in for name it in brackets in their verb's help.\n");
  out += section("FILES",
                 "  runs/ID/          evidence of one run: events.jsonl, console.log, reports\n"
                 "  runs/latest       the newest of them\n");
  return out + "\nBegin with 'seatrial doctor', then 'seatrial run smoke'.\n";
}

std::string group_help(std::string_view group) {
  std::string out = fmt::format(
      "SYNOPSIS\n  seatrial {} VERB [OPERAND ...] [--option ...]\n\n"
      "VERBS\n",
      group);
  for (const auto* verb : verbs())
    if (verb->name.starts_with(std::string(group) + " ")) out += summary_line(*verb);
  return out + fmt::format("\n'seatrial {} VERB --help' describes one.\n", group);
}

std::string verb_help(const Verb& verb) {
  std::string synopsis = fmt::format("  seatrial {}", verb.name);
  if (!verb.operands.empty()) synopsis += " " + std::string(verb.operands);
  if (!verb.options.empty()) synopsis += " [--option ...]";
  if (verb.passes_rest) synopsis += " [-- WORD ...]";
  std::string options;
  for (const auto& option : verb.options) options += option_text(option);
  options += "  --help\n" + wrapped("This text.", 10);
  std::string examples;
  for (const auto& example : verb.examples)
    examples += fmt::format("  {}\n{}", example.command, wrapped(example.doc, 10));
  return fmt::format("NAME\n  seatrial {} - {}\n", verb.name, verb.summary) +
         section("SYNOPSIS", synopsis + "\n") +
         section("DESCRIPTION", wrapped(verb.description, 2)) + section("OPTIONS", options) +
         section("EXAMPLES", examples) +
         section("EXIT STATUS",
                 lines_indented(
                     verb.exits.empty() ? "0 done, 2 wrong usage or input, 3 not done" : verb.exits,
                     2));
}

}  // namespace seatrial::cli
