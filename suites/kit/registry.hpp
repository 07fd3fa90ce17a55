// SPDX-License-Identifier: Apache-2.0
#pragma once
// The cases of this binary. SUITE and CASE (suite.hpp) add to it from static initialisers, which is
// safe because suite sources are compiled straight into their binary; the runner reads it.

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/case_info.hpp"
#include "suites/kit/budget.hpp"

namespace seatrial::kit {

class Bench;

/// Where a case starts. The bench host has brought the bench there before the case runs.
enum class Checkpoint {
  fresh,        ///< image flashed and configured, powered off
  booted,       ///< booted to a shell; may be a restored snapshot
  provisioned,  ///< booted and registered with the device API; may be a restored snapshot
};
std::string_view to_string(Checkpoint checkpoint);

/// Capabilities a bench may offer. Device types may have others: any text will do in needs().
namespace Cap {
inline constexpr const char* power = "power";
inline constexpr const char* storage = "storage";
inline constexpr const char* offline_disk = "offline_disk";
inline constexpr const char* console = "console";
inline constexpr const char* shell = "shell";
inline constexpr const char* boots = "boots";
inline constexpr const char* cloud = "cloud";
inline constexpr const char* network = "network";
inline constexpr const char* observe_network = "observe_network";
inline constexpr const char* ab_slots = "ab_slots";
/// The OS keeps its settings in config.json and its identity in device-type.json, on "boot".
inline constexpr const char* config_json = "config_json";
}  // namespace Cap

struct CaseEntry {
  model::CaseInfo info;
  const char* file = "";
  int line = 0;
  void (*body)(Bench&) = nullptr;
};

/// What stands in the brackets of SUITE and CASE.
struct Trait {
  std::function<void(model::CaseInfo&)> apply;
};
Trait from(Checkpoint checkpoint);
Trait doc(std::string text);
Trait budget(Seconds span);
Trait add_needs(std::vector<std::string> capabilities);
Trait add_images(std::vector<std::string> names);
Trait add_mutants(std::vector<std::string> names);
template <class... Texts>
Trait needs(Texts... capabilities) {
  return add_needs({std::string(capabilities)...});
}
/// Catalogue names beside the image under test: "{next}", "{next}+init_broken".
template <class... Texts>
Trait images(Texts... names) {
  return add_images({std::string(names)...});
}
/// Mutants that must turn the case red; data in fixtures/refos/mutants.
template <class... Texts>
Trait mutants(Texts... names) {
  return add_mutants({std::string(names)...});
}

bool add_suite(const char* name, std::initializer_list<Trait> traits);
bool add_case(const char* suite, const char* name, const char* file, int line, void (*body)(Bench&),
              std::initializer_list<Trait> traits);

/// All cases in the order of their definition, with the traits of their suite.
std::vector<CaseEntry> all_cases();
/// Name of the suite of this binary.
std::string suite_name();

}  // namespace seatrial::kit
