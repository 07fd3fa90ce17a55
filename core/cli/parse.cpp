// SPDX-License-Identifier: Apache-2.0
#include "core/cli/parse.hpp"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>

#include "core/base/text.hpp"
#include "core/cli/table.hpp"

namespace seatrial::cli {
namespace {

bool is_group(const std::string& word) {
  return std::any_of(verbs().begin(), verbs().end(),
                     [&](const Verb* verb) { return verb->name.starts_with(word + " "); });
}

/// "see 'seatrial run --help'", with a suggestion before it when there is one.
std::string advice_for(const std::string& suggestion, std::string_view verb) {
  const auto help = verb.empty() ? std::string("seatrial --help lists the verbs")
                                 : fmt::format("seatrial {} --help describes the verb", verb);
  return suggestion.empty() ? help : suggestion + " " + help;
}

Failure unknown_verb(const std::string& word) {
  std::vector<std::string> names;
  for (const auto* verb : verbs()) names.emplace_back(verb->name.substr(0, verb->name.find(' ')));
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return usage(fmt::format("there is no verb '{}'", word),
               advice_for(did_you_mean(word, names), ""));
}

Failure unknown_sub_verb(const std::string& group, const std::string& word) {
  std::vector<std::string> names;
  for (const auto* verb : verbs())
    if (verb->name.starts_with(group + " "))
      names.emplace_back(verb->name.substr(group.size() + 1));
  if (word.empty())
    return usage(fmt::format("'{}' needs one of: {}", group, join(names, ", ")),
                 advice_for("", group));
  return usage(fmt::format("there is no verb '{} {}', only {}", group, word, join(names, ", ")),
               advice_for(did_you_mean(word, names), group));
}

Failure unknown_option(const Verb& verb, const std::string& word) {
  std::vector<std::string> names;
  for (const auto& option : verb.options) names.push_back("--" + std::string(option.name));
  names.emplace_back("--help");
  return usage(fmt::format("'{}' has no option {}", verb.name, word.substr(0, word.find('='))),
               advice_for(did_you_mean(word.substr(0, word.find('=')), names), verb.name));
}

/// Environment variables stand in for options that were not given.
void add_environment(const Verb& verb, Invocation& call) {
  for (const auto& option : verb.options) {
    if (option.variable.empty() || call.has(option.name)) continue;
    const char* value = std::getenv(std::string(option.variable).c_str());
    if (value == nullptr || *value == '\0') continue;
    call.values[std::string(option.name)] = {std::string(value)};
    call.from_environment.push_back("--" + std::string(option.name));
    call.from_environment.emplace_back(value);
  }
}

Result<> check_operands(const Verb& verb, const Invocation& call) {
  const auto count = static_cast<int>(call.operands.size());
  if (verb.most_operands >= 0 && count > verb.most_operands) {
    const auto& extra = call.operands[static_cast<std::size_t>(verb.most_operands)];
    return usage(fmt::format("'{}' does not take '{}'", verb.name, extra),
                 advice_for("", verb.name));
  }
  if (!verb.choices.empty() && count > 0) {
    const std::vector<std::string> words(verb.choices.begin(), verb.choices.end());
    const auto& given = call.operands.front();
    if (std::find(words.begin(), words.end(), given) == words.end())
      return usage(
          fmt::format("'{} {}': the word must be one of {}", verb.name, given, join(words, ", ")),
          advice_for(did_you_mean(given, words), verb.name));
  }
  return {};
}

Result<Parsed> parse_verb(const Verb& verb, std::vector<std::string> words,
                          const std::vector<std::string>& argv) {
  Invocation call;
  call.verb = &verb;
  call.argv = argv;
  if (const auto dashes = std::find(words.begin(), words.end(), "--"); dashes != words.end()) {
    if (!verb.passes_rest && dashes + 1 != words.end())
      return usage(fmt::format("'{}' takes nothing after --", verb.name),
                   advice_for("", verb.name));
    call.rest.assign(dashes + 1, words.end());
    words.erase(dashes, words.end());
  }
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  bool help = false;
  app.add_flag("-h,--help", help);
  std::map<std::string, bool> flags;
  std::map<std::string, std::vector<std::string>> given;
  for (const auto& option : verb.options) {
    const std::string name(option.name);
    if (option.value.empty())
      app.add_flag("--" + name, flags[name]);
    else
      app.add_option("--" + name, given[name])->expected(1)->allow_extra_args(false)->take_all();
  }
  try {
    std::vector<std::string> reversed(words.rbegin(), words.rend());
    app.parse(reversed);
  } catch (const CLI::ArgumentMismatch& error) {
    const std::string words_of_it = error.what();
    return usage(fmt::format("'{}': {} needs a value", verb.name,
                             words_of_it.substr(0, words_of_it.find(':'))),
                 advice_for("", verb.name));
  } catch (const CLI::ParseError& error) {
    return usage(fmt::format("'{}': {}", verb.name, error.what()), advice_for("", verb.name));
  }
  if (help) return Parsed(WantsHelp{&verb, {}});
  for (const auto& word : app.remaining()) {
    if (word.size() > 1 && word.front() == '-') return unknown_option(verb, word);
    call.operands.push_back(word);
  }
  for (const auto& [name, set] : flags)
    if (set) call.values[name] = {};
  for (auto& [name, values] : given)
    if (!values.empty()) call.values[name] = std::move(values);
  add_environment(verb, call);
  CHECK_OK(check_operands(verb, call));
  return Parsed(std::move(call));
}

}  // namespace

Result<Parsed> parse(const std::vector<std::string>& words) {
  if (words.empty() || words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
    if (words.size() < 2) return Parsed(WantsHelp{});
    std::vector<std::string> again(words.begin() + 1, words.end());
    again.emplace_back("--help");
    return parse(again);
  }
  if (words[0] == "--version" || words[0] == "-V") return Parsed(WantsVersion{});
  if (words[0].front() == '-')
    return usage(fmt::format("the first word must be a verb, not {}", words[0]),
                 advice_for("", ""));
  if (is_group(words[0])) {
    const std::string second = words.size() > 1 ? words[1] : "";
    if (second == "--help" || second == "-h") return Parsed(WantsHelp{nullptr, words[0]});
    const auto* verb = find_verb(words[0] + " " + second);
    if (verb == nullptr) return unknown_sub_verb(words[0], second.starts_with("-") ? "" : second);
    return parse_verb(*verb, {words.begin() + 2, words.end()}, words);
  }
  const auto* verb = find_verb(words[0]);
  if (verb == nullptr) return unknown_verb(words[0]);
  return parse_verb(*verb, {words.begin() + 1, words.end()}, words);
}

}  // namespace seatrial::cli
