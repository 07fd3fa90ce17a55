// SPDX-License-Identifier: Apache-2.0
// Console: watched against read alone and against pexpect, over a unix socket.
#include <fmt/format.h>

#include <cstdio>
#include <map>

#include "core/io/file.hpp"
#include "tests/bench/figures.hpp"

namespace seatrial::figures {
namespace {

struct Speed {
  double wall = 0, cpu = 0;  ///< MB/s
  double peak = 0;           ///< MB
  double megabytes = 0;
};

Result<Speed> parse(const std::string& line) {
  Speed out;
  char mode[32];
  if (std::sscanf(line.c_str(), "%31s %lf MB %lf MB/s wall %lf MB/s cpu %lf MB peak", mode,
                  &out.megabytes, &out.wall, &out.cpu, &out.peak) == 5)
    return out;
  return Failure("bench.program", Blame::bench, "not a line of figures: " + line, "run it by hand");
}

Result<Speed> measure(const Scope& scope, const std::string& mode, double megabytes) {
  auto run = io::cmd((scope.parts / "console_bench").string());
  run.arg(mode).arg(fmt::format("{}", megabytes));
  TRY(const auto line, output_of(std::move(run), std::chrono::minutes(10)));
  return parse(line);
}

/// The best of several turns, the modes one after another in each.
Result<std::map<std::string, Speed>> best_of(const Scope& scope, int turns, double megabytes,
                                             const std::vector<std::string>& modes) {
  std::map<std::string, Speed> best;
  for (int turn = 0; turn < turns; ++turn)
    for (const auto& mode : modes) {
      TRY(const auto speed, measure(scope, mode, megabytes));
      auto& kept = best[mode];
      kept.wall = std::max(kept.wall, speed.wall);
      kept.cpu = std::max(kept.cpu, speed.cpu);
      kept.peak = std::max(kept.peak, speed.peak);
    }
  return best;
}

/// pexpect on the same lines; window 0: its defaults.
Result<Speed> pexpect(const Scope& scope, double megabytes, int patterns, int window) {
  TRY(auto dir, io::TempDir::make("console-figures"));
  const auto socket = (dir.path() / "socket").string();
  auto run = io::cmd("bash").arg("-c").arg(
      "\"$1\" serve \"$2\" \"$3\" & python3 \"$4\" \"$3\" \"$5\" \"$6\"; kill %1 2>/dev/null; exit "
      "0");
  for (const auto& word : {std::string("pexpect"), (scope.parts / "console_bench").string(),
                           fmt::format("{}", megabytes), socket,
                           (scope.sources / "tests/bench/console_pexpect.py").string(),
                           std::to_string(patterns), std::to_string(window)})
    run.arg(word);
  TRY(const auto line, output_of(std::move(run), std::chrono::minutes(15)));
  return parse(line);
}

Result<> against_pexpect(const Scope& scope, double ours, Table& table) {
  if (!io::run_checked(io::cmd("python3").arg("-c").arg("import pexpect"),
                       Budget(std::chrono::seconds(30), "python3"), "bench.program",
                       Blame::bench)) {
    table.note("pexpect is not installed (python3-pexpect): no comparison");
    return {};
  }
  TRY(const auto defaults, pexpect(scope, 1, 50, 0));
  table.add({"pexpect, its defaults, 50 patterns, 1 MB", defaults.wall, "MB/s", {}, {}});
  table.add({"watch against pexpect with its defaults", ours / defaults.wall, "x", {}, 100});
  TRY(const auto window, pexpect(scope, scope.quick ? 3 : 10, 50, 2000));
  table.add({"pexpect, window of 2000 bytes, 50 patterns", window.wall, "MB/s", {}, {}});
  table.add({"watch against pexpect with a window", ours / window.wall, "x", {}, 10});
  return {};
}

Result<> growth(const Scope& scope, Table& table) {
  const double small = 10, large = scope.quick ? 100 : 1000;
  TRY(const auto before, best_of(scope, 2, small, {"expect"}));
  TRY(const auto after, measure(scope, "expect", large));
  const auto& first = before.at("expect");
  table.add({fmt::format("time of {:.0f} MB against {:.0f} times that of {:.0f} MB", large,
                         large / small, small),
             first.wall / after.wall,
             "x",
             1.2,
             {}});
  table.add({fmt::format("memory of a watch of {:.0f} MB", large), after.peak, "MB", 24, {}});
  table.add({fmt::format("memory of {:.0f} MB beyond that of {:.0f} MB", large, small),
             after.peak - first.peak,
             "MB",
             2,
             {}});
  return {};
}

}  // namespace

Result<> console_figures(const Scope& scope, Table& table) {
  const double size = scope.quick ? 30 : 100;
  TRY(const auto best,
      best_of(scope, scope.quick ? 2 : 3, size, {"raw", "search", "capture", "watch", "expect"}));
  table.add({"raw read loop on a unix socket", best.at("raw").wall, "MB/s", {}, {}});
  table.add({"read loop that searches one literal", best.at("search").wall, "MB/s", {}, {}});
  table.add(
      {"console.log and index written, no patterns", best.at("capture").wall, "MB/s", {}, {}});
  table.add({"the same, all sentinels watched", best.at("watch").wall, "MB/s", {}, {}});
  table.add({"the same, 50 further patterns watched", best.at("expect").wall, "MB/s", {}, 100});
  table.add({"the same, per CPU second", best.at("expect").cpu, "MB/s", {}, {}});
  table.add(
      {"share of the raw read loop", best.at("expect").wall / best.at("raw").wall, "x", {}, {}});
  TRY(const auto engine, measure(scope, "memory", size));
  table.add({"the 50 patterns alone, in memory", engine.wall, "MB/s", {}, {}});
  CHECK_OK(growth(scope, table));
  return against_pexpect(scope, best.at("expect").wall, table);
}

}  // namespace seatrial::figures
