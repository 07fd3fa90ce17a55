// SPDX-License-Identifier: Apache-2.0
#include "suites/kit/registry.hpp"

#include <utility>

namespace seatrial::kit {
namespace {

struct Registry {
  model::CaseInfo suite;
  std::vector<Trait> suite_traits;
  std::vector<std::pair<CaseEntry, std::vector<Trait>>> cases;
};

Registry& registry() {
  static Registry instance;
  return instance;
}

void append(std::vector<std::string>& to, const std::vector<std::string>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

}  // namespace

std::string_view to_string(Checkpoint checkpoint) {
  switch (checkpoint) {
    case Checkpoint::fresh: return "fresh";
    case Checkpoint::booted: return "booted";
    case Checkpoint::provisioned: return "provisioned";
  }
  return "fresh";
}

Trait from(Checkpoint checkpoint) {
  return {[=](model::CaseInfo& info) { info.checkpoint = to_string(checkpoint); }};
}

Trait doc(std::string text) {
  return {[text = std::move(text)](model::CaseInfo& info) { info.doc = text; }};
}

Trait budget(Seconds span) {
  return {[=](model::CaseInfo& info) { info.budget_seconds = span.count(); }};
}

Trait add_needs(std::vector<std::string> capabilities) {
  return {[more = std::move(capabilities)](model::CaseInfo& info) { append(info.needs, more); }};
}

Trait add_images(std::vector<std::string> names) {
  return {[more = std::move(names)](model::CaseInfo& info) { append(info.images, more); }};
}

Trait add_mutants(std::vector<std::string> names) {
  return {[more = std::move(names)](model::CaseInfo& info) { append(info.mutants, more); }};
}

bool add_suite(const char* name, std::initializer_list<Trait> traits) {
  registry().suite.suite = name;
  registry().suite_traits.assign(traits);
  return true;
}

bool add_case(const char* suite, const char* name, const char* file, int line, void (*body)(Bench&),
              std::initializer_list<Trait> traits) {
  CaseEntry entry;
  entry.info.suite = suite;
  entry.info.name = name;
  entry.info.checkpoint = to_string(Checkpoint::booted);
  entry.file = file;
  entry.line = line;
  entry.body = body;
  registry().cases.emplace_back(entry, std::vector<Trait>(traits));
  return true;
}

std::vector<CaseEntry> all_cases() {
  std::vector<CaseEntry> all;
  for (const auto& [entry, traits] : registry().cases) {
    all.push_back(entry);
    for (const auto& trait : registry().suite_traits) trait.apply(all.back().info);
    for (const auto& trait : traits) trait.apply(all.back().info);
  }
  return all;
}

std::string suite_name() { return registry().suite.suite; }

}  // namespace seatrial::kit
