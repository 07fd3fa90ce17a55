// SPDX-License-Identifier: Apache-2.0
#include "core/cli/completion.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "core/base/text.hpp"
#include "core/cli/table.hpp"

namespace seatrial::cli {
namespace {

bool is_shown(const Verb& verb) { return verb.summary.front() != '('; }

std::vector<std::string> first_words() {
  std::vector<std::string> out;
  for (const auto* verb : verbs()) {
    std::string word(verb->name.substr(0, verb->name.find(' ')));
    if (is_shown(*verb) && std::find(out.begin(), out.end(), word) == out.end())
      out.push_back(std::move(word));
  }
  return out;
}

std::set<std::string> groups() {
  std::set<std::string> out;
  for (const auto* verb : verbs())
    if (const auto space = verb->name.find(' '); space != std::string_view::npos)
      out.emplace(verb->name.substr(0, space));
  return out;
}

std::vector<std::string> second_words(const std::string& group) {
  std::vector<std::string> out;
  for (const auto* verb : verbs())
    if (verb->name.starts_with(group + " ")) out.emplace_back(verb->name.substr(group.size() + 1));
  return out;
}

/// A bash command line that fills COMPREPLY for a kind of words.
std::string bash_reply(Words words, const std::vector<std::string_view>& choices) {
  if (!choices.empty())
    return fmt::format("COMPREPLY=($(compgen -W '{}' -- \"$cur\"))",
                       join({choices.begin(), choices.end()}, " "));
  if (words == Words::files) return "COMPREPLY=($(compgen -f -- \"$cur\"))";
  if (words == Words::folders) return "COMPREPLY=($(compgen -d -- \"$cur\"))";
  const auto kind = kind_word(words);
  if (kind.empty()) return ":";
  const std::string also =
      words == Words::images || words == Words::runs ? " $(compgen -f -- \"$cur\")" : "";
  return fmt::format(
      "COMPREPLY=($(compgen -W \"$(seatrial complete {} 2>/dev/null)\" -- \"$cur\"){})", kind,
      also);
}

std::string bash_case(const Verb& verb) {
  std::string values, names;
  for (const auto& option : verb.options) {
    names += fmt::format(" --{}", option.name);
    if (!option.value.empty())
      values +=
          fmt::format("        --{}) {}; return ;;\n", option.name, bash_reply(option.words, {}));
  }
  return fmt::format(
      "    '{}')\n      case $prev in\n{}      esac\n"
      "      if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W '{} --help' -- \"$cur\"))\n"
      "      else {}; fi ;;\n",
      verb.name, values, names.empty() ? "" : names.substr(1),
      bash_reply(verb.words, verb.choices));
}

std::string bash() {
  std::string grouped, cases;
  for (const auto& group : groups())
    grouped += fmt::format(
        "    if [[ $verb == {0} ]]; then\n"
        "      if [[ $COMP_CWORD -eq 2 ]]; then COMPREPLY=($(compgen -W '{1}' -- \"$cur\")); "
        "return; fi\n      verb=\"{0} ${{COMP_WORDS[2]}}\"\n    fi\n",
        group, join(second_words(group), " "));
  for (const auto* verb : verbs())
    if (is_shown(*verb)) cases += bash_case(*verb);
  return fmt::format(
      "# SPDX-License-Identifier: Apache-2.0\n"
      "# bash completion of seatrial; made by 'seatrial completion bash'.\n"
      "# shellcheck shell=bash disable=SC2207\n"
      "_seatrial() {{\n"
      "  local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD - 1]}}\n"
      "  local verb=${{COMP_WORDS[1]}}\n"
      "  COMPREPLY=()\n"
      "  if [[ $COMP_CWORD -eq 1 ]]; then\n"
      "    COMPREPLY=($(compgen -W '{} --help --version' -- \"$cur\"))\n"
      "    return\n  fi\n{}  case $verb in\n{}  esac\n}}\n"
      "complete -o filenames -F _seatrial seatrial\n",
      join(first_words(), " "), grouped, cases);
}

std::string zsh() {
  // zsh runs bash completions: one script, one behaviour.
  return "#compdef seatrial\n# SPDX-License-Identifier: Apache-2.0\n"
         "# zsh completion of seatrial; made by 'seatrial completion zsh'.\n"
         "autoload -U +X bashcompinit && bashcompinit\n" +
         bash();
}

std::string fish_words(Words words, const std::vector<std::string_view>& choices) {
  if (!choices.empty())
    return fmt::format(" -xa '{}'", join({choices.begin(), choices.end()}, " "));
  if (words == Words::files || words == Words::folders) return " -rF";
  const auto kind = kind_word(words);
  if (kind.empty()) return " -x";
  const bool also_files = words == Words::images || words == Words::runs;
  return fmt::format(" {} '(seatrial complete {} 2>/dev/null)'", also_files ? "-ra" : "-xa", kind);
}

std::string in_quotes(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return "'" + out + "'";
}

std::string fish_condition(const Verb& verb) {
  const auto space = verb.name.find(' ');
  if (space == std::string_view::npos)
    return fmt::format("__fish_seen_subcommand_from {}", verb.name);
  return fmt::format("__fish_seen_subcommand_from {}; and __fish_seen_subcommand_from {}",
                     verb.name.substr(0, space), verb.name.substr(space + 1));
}

std::string fish() {
  std::string out =
      "# SPDX-License-Identifier: Apache-2.0\n"
      "# fish completion of seatrial; made by 'seatrial completion fish'.\n"
      "complete -c seatrial -f\n";
  for (const auto& word : first_words()) {
    const auto* verb = find_verb(word);
    out += fmt::format("complete -c seatrial -n __fish_use_subcommand -a {} -d {}\n", word,
                       in_quotes(verb == nullptr ? join(second_words(word), ", ") : verb->summary));
  }
  for (const auto& group : groups())
    out += fmt::format("complete -c seatrial -n '__fish_seen_subcommand_from {}' -a '{}'\n", group,
                       join(second_words(group), " "));
  for (const auto* verb : verbs()) {
    if (!is_shown(*verb)) continue;
    const auto when = in_quotes(fish_condition(*verb));
    if (verb->words != Words::none || !verb->choices.empty())
      out += fmt::format("complete -c seatrial -n {}{}\n", when,
                         fish_words(verb->words, verb->choices));
    for (const auto& option : verb->options)
      out += fmt::format("complete -c seatrial -n {} -l {}{} -d {}\n", when, option.name,
                         option.value.empty() ? "" : fish_words(option.words, {}),
                         in_quotes(option.doc.substr(0, option.doc.find_first_of(".;"))));
  }
  return out;
}

}  // namespace

std::string_view kind_word(Words words) {
  switch (words) {
    case Words::cases: return "cases";
    case Words::devices: return "devices";
    case Words::images: return "images";
    case Words::formats: return "formats";
    case Words::profiles: return "profiles";
    case Words::mutants: return "mutants";
    case Words::runs: return "runs";
    case Words::none:
    case Words::files:
    case Words::folders: break;
  }
  return "";
}

Result<std::string> completion_script(const std::string& shell) {
  if (shell == "bash") return bash();
  if (shell == "zsh") return zsh();
  if (shell == "fish") return fish();
  return usage("there is no completion for '" + shell + "'", "use bash, zsh or fish");
}

}  // namespace seatrial::cli
