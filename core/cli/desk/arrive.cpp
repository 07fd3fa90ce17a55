// SPDX-License-Identifier: Apache-2.0
#include "core/cli/desk/arrive.hpp"

#include <fmt/core.h>

#include <filesystem>

#include "core/cli/desk/start.hpp"
#include "core/cli/run/outcome.hpp"

namespace seatrial::cli {

Result<model::DeskRecord> the_desk_bench(const DeskPlace& place) {
  TRY(auto settled, settle(place));
  if (settled.killed) return *settled.killed;
  if (!settled.record) return no_desk_bench(place);
  return std::move(*settled.record);
}

Result<Arrival> arrive(const DeskPlace& place, const Invocation& call) {
  auto there = the_desk_bench(place);
  if (there) {
    const auto image = std::filesystem::path(call.value("image", there->image)).filename();
    if (image != there->image)
      fmt::print(stderr, "seatrial: the desk bench has {}; '{}' first to start another image\n",
                 there->image, place.command("power off"));
    return Arrival{std::move(*there), false};
  }
  if (there.error().code() != "desk.none") return there.error();
  fmt::print(stderr, "no desk bench runs: starting one\n");
  TRY(auto record, start_desk(place, call, false));
  fmt::print(stderr, "it stays until '{}'; evidence in {}\n", place.command("power off"),
             shown_path(record.folder));
  return Arrival{std::move(record), true};
}

}  // namespace seatrial::cli
