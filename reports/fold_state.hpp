// SPDX-License-Identifier: Apache-2.0
#pragma once
// The half-built RunRecord behind Fold (private to it): where an event belongs, and what is put
// right at the end.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/model/event.hpp"
#include "reports/run_record.hpp"

namespace seatrial::reports {

/// An attempt by index; vectors may grow under it.
struct Place {
  std::size_t case_index = 0, attempt_index = 0;
  auto operator<=>(const Place&) const = default;
};

struct FoldState {
  RunRecord run;
  std::map<std::string, std::size_t> index_of_case;
  std::optional<Place> open;  ///< the attempt in flight: a bench runs one case at a time
  std::set<Place> done;
  std::map<Place, int> told;  ///< the number the log gave an attempt; two may share one
  /// Step id -> index in the steps of its place (no place: outside of all cases).
  std::map<std::pair<std::optional<Place>, std::string>, std::size_t> step_index;
  /// (number, console offset) -> where it is kept
  std::map<std::pair<std::string, std::uint64_t>, std::pair<std::optional<Place>, std::size_t>>
      boot_index;
  double last_mono = 0;

  Attempt& attempt(const Place& place) {
    return run.cases[place.case_index].attempts[place.attempt_index];
  }
  Happenings& happenings(const std::optional<Place>& place) {
    return place ? static_cast<Happenings&>(attempt(*place)) : run.outside;
  }
  std::size_t case_of(const std::string& full_name);
  Place begin_attempt(const model::Event& event);
  /// A new attempt at the case of the event, numbered so that no two of a case are alike.
  Place add_attempt(const model::Event& event);
  /// The latest attempt of its case and number; an event without a case belongs to the attempt in
  /// flight.
  std::optional<Place> place_of(const model::Event& event);

  /// A number or text under `key`, as text.
  static std::string id_of(const model::Event& event, const char* key);
  /// nullptr when the attempt has too many steps; then it is counted as left out.
  Step* add_step(const model::Event& event, Step step, bool beyond_the_cap = false);
  Step* find_step(const model::Event& event);

  /// The boot of this number that began at the same byte of the console, if it was told before.
  Boot* find_boot(const model::Event& event, const Boot& like);

  template <class T>
  void keep(const model::Event& event, std::vector<T> Happenings::*list, T item) {
    auto& into = happenings(place_of(event));
    if ((into.*list).size() < kMostItems)
      (into.*list).push_back(std::move(item));
    else
      ++into.left_out;
  }

  void warn(std::string text);
  RunRecord finish();

 private:
  void close_attempt(Case& of, Attempt& attempt, bool done);
  void settle_case(Case& of);
  void gather_suites();
};

}  // namespace seatrial::reports
