// SPDX-License-Identifier: Apache-2.0
#include "core/cli/table.hpp"

#include "core/cli/verbs/verbs.hpp"

namespace seatrial::cli {

const std::vector<const Verb*>& verbs() {
  static const std::vector<const Verb*> table{
      &run_verb(),         &repro_verb(),        &list_verb(),          &prove_verb(),
      &report_verb(),      &image_build_verb(),  &image_inspect_verb(), &image_configure_verb(),
      &image_diff_verb(),  &image_prune_verb(),  &power_on_verb(),      &power_off_verb(),
      &power_cycle_verb(), &power_status_verb(), &console_verb(),       &shell_verb(),
      &release_verb(),     &doctor_verb(),       &completion_verb(),    &complete_verb(),
  };
  return table;
}

const Verb* find_verb(std::string_view name) {
  for (const auto* verb : verbs())
    if (verb->name == name) return verb;
  return nullptr;
}

std::vector<std::string> verb_names() {
  std::vector<std::string> out;
  for (const auto* verb : verbs()) out.emplace_back(verb->name);
  return out;
}

}  // namespace seatrial::cli
