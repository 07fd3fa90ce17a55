// SPDX-License-Identifier: Apache-2.0
// Figures of Seatrial itself, in one table: figures [console|disk|program|overhead|boot ...]
// [quick] Without a name all of them; `boot` takes minutes and wants a quiet machine. A figure
// beyond its limit is marked, no more: it is a measurement. Exit 1 when something could not be
// measured.
#include "tests/bench/figures.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <cstring>
#include <thread>

namespace seatrial::figures {
namespace {

struct Group {
  const char* name;
  Result<> (*measure)(const Scope&, Table&);
};
constexpr Group kGroups[] = {{"console", console_figures},
                             {"disk", disk_figures},
                             {"program", program_figures},
                             {"overhead", overhead_figures},
                             {"boot", boot_figures}};

int usage() {
  fmt::print(stderr, "usage: figures [console|disk|program|overhead|boot ...] [quick]\n");
  return 2;
}

std::string load_of_the_machine() {
  double load[1] = {0};
  ::getloadavg(load, 1);
  return fmt::format("{} processors, load {:.1f} at the start", std::thread::hardware_concurrency(),
                     load[0]);
}

bool wanted(int argc, char** argv, const char* name) {
  bool named = false;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], name) == 0) return true;
    named = named || std::strcmp(argv[i], "quick") != 0;
  }
  return !named;
}

bool known(const char* word) {
  if (std::strcmp(word, "quick") == 0) return true;
  for (const auto& group : kGroups)
    if (std::strcmp(word, group.name) == 0) return true;
  return false;
}

}  // namespace

Result<std::string> output_of(io::Command command, std::chrono::minutes most) {
  return io::run_checked(std::move(command), Budget(most, "a measurement"), "bench.program",
                         Blame::bench);
}

Result<std::vector<double>> seconds_outside_steps(const std::filesystem::path& run_folder) {
  std::vector<double> out;
  double in_steps = 0;
  int open = 0;
  TRY(const auto log,
      model::for_each_event(run_folder / "events.jsonl", [&](const model::Event& event) {
        if (event.kind == "case_started") in_steps = open = 0;
        if (event.kind == "step_started") ++open;
        // A step within another is part of it.
        if (event.kind == "step_finished" && --open == 0) in_steps += event.number("seconds");
        if (event.kind == "case_finished") out.push_back(event.number("seconds") - in_steps);
      }));
  if (out.empty() || log.torn)
    return Failure("bench.no_case", Blame::bench, "no case ended in " + run_folder.string(),
                   "look at events.jsonl there");
  return out;
}

}  // namespace seatrial::figures

int main(int argc, char** argv) {
  using namespace seatrial::figures;
  Scope scope;
  for (int i = 1; i < argc; ++i) {
    if (!known(argv[i])) return usage();
    scope.quick = scope.quick || std::strcmp(argv[i], "quick") == 0;
  }
  Table table;
  table.note(load_of_the_machine());
  bool broken = false;
  for (const auto& group : kGroups) {
    if (!wanted(argc, argv, group.name)) continue;
    fmt::print(stderr, "{}\n", group.name);
    if (auto measured = group.measure(scope, table); !measured) {
      fmt::print(stderr, "{}: {}\n", group.name, measured.error().describe());
      table.note(std::string(group.name) + " could not be measured: " + measured.error().what());
      broken = true;
    }
  }
  fmt::print("{}", table.text());
  return broken ? 1 : 0;
}
