// SPDX-License-Identifier: Apache-2.0
// seatrial power on, off, cycle, status: a bench on the desk that stays.
#include <fmt/core.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/cli/desk/arrive.hpp"
#include "core/cli/desk/power.hpp"
#include "core/cli/desk/start.hpp"
#include "core/cli/desk/visit.hpp"
#include "core/cli/verbs/verbs.hpp"

namespace seatrial::cli {
namespace {

using nlohmann::json;

Option json_option() { return {"json", "", "Print one JSON object, for scripts."}; }
Option quiet_option() { return {"quiet", "", "No progress."}; }

Result<int> print_status(const DeskPlace& place, const Invocation& call) {
  TRY(const auto status, desk_status(place));
  if (call.has("json"))
    fmt::print("{}\n", status.dump(2));
  else
    fmt::print("{}", status_lines(place, status));
  return 0;
}

Result<> must_be_off(const DeskPlace& place, const Invocation& call,
                     const model::DeskRecord& record) {
  TRY(const auto state, switch_power(record, "power.status"));
  if (state != "off")
    return Failure(
        "desk.busy", Blame::bench,
        fmt::format("the desk bench is {} already: {} with {}", state, record.device, record.image),
        fmt::format("attach to it with '{}', end it with '{}', or start one beside it "
                    "with --desk NAME",
                    place.command("console"), place.command("power off")));
  const auto image = std::filesystem::path(call.value("image", record.image)).filename();
  if (image != record.image || call.has("out"))
    return usage(
        fmt::format("the desk bench is there already, off, with the disk of {}", record.image),
        fmt::format("leave --image and --out away, or '{}' first", place.command("power off")));
  return {};
}

Result<int> on(const Invocation& call) {
  TRY(const auto place, DeskPlace::of(call));
  TRY(auto settled, settle(place));
  if (settled.killed) fmt::print(stderr, "seatrial: {}\n", settled.killed->what());
  if (settled.record) {
    CHECK_OK(must_be_off(place, call, *settled.record));
    TRY(const auto state, switch_power(*settled.record, "power.on"));
    (void)state;
  } else {
    CHECK_OK(start_desk(place, call, true));
  }
  return print_status(place, call);
}

Result<> soft_off(const model::DeskRecord& record) {
  fmt::print(stderr, "the power button is pressed; waiting for the OS to switch the device off\n");
  TRY(const auto state, switch_power(record, "power.soft_off"));
  (void)state;
  return {};
}

Result<int> off(const Invocation& call) {
  TRY(const auto place, DeskPlace::of(call));
  TRY(const auto settled, settle(place));
  if (settled.killed) {
    fmt::print(stderr, "seatrial: {}\n", settled.killed->what());
  } else if (settled.record) {
    const auto& record = *settled.record;
    TRY(const auto before, switch_power(record, "power.status"));
    if (call.has("soft") && before == "on") CHECK_OK(soft_off(record));
    if (call.has("keep")) {
      TRY(const auto state, switch_power(record, "power.off"));
      (void)state;
      return print_status(place, call);
    }
    CHECK_OK(end_desk(place, record));
  }
  TRY(const auto left, look(place));
  if (left.standing != Standing::nobody)
    return Failure("desk.not_ended", Blame::bench, "something holds the desk still",
                   fmt::format("ask again with '{}'", place.command("power status")));
  if (call.has("json"))
    fmt::print("{}\n", json{{"desk", place.name}, {"state", "none"}}.dump(2));
  else
    fmt::print("off: {}\n", settled.record ? "the desk bench has ended, nothing of it runs"
                                           : "no desk bench runs");
  return 0;
}

Result<int> cycle(const Invocation& call) {
  TRY(const auto place, DeskPlace::of(call));
  TRY(const auto record, the_desk_bench(place));
  TRY(const auto before, switch_power(record, "power.status"));
  if (call.has("soft") && before == "on") {
    CHECK_OK(soft_off(record));
    TRY(const auto state, switch_power(record, "power.on"));
    (void)state;
  } else {
    TRY(const auto state, switch_power(record, "power.cycle"));
    (void)state;
  }
  return print_status(place, call);
}

Result<int> status(const Invocation& call) {
  TRY(const auto place, DeskPlace::of(call));
  return print_status(place, call);
}

std::vector<Option> on_options() {
  std::vector<Option> out = start_options();
  for (auto option : {desk_option(), json_option(), quiet_option()}) out.push_back(option);
  return out;
}

constexpr std::string_view kExits =
    "0    done, and read back\n"
    "2    wrong usage or input\n"
    "3    not done: the desk is taken, the bench does not answer, the OS did not stop\n"
    "130  interrupted";

}  // namespace

const Verb& power_on_verb() {
  static const Verb verb{
      .name = "power on",
      .summary = "start a device on the desk, that stays",
      .description =
          "Brings up a desk bench: a device with a fresh copy of an image, its power on, and a "
          "bench host in the background that records its console (console.log in the run folder). "
          "It outlives this terminal and stays until 'seatrial power off'. 'seatrial console' and "
          "'seatrial shell' go there, from any folder and any terminal of the same user.\n\n"
          "A desk bench that is there with its power off is switched on again, with the disk it "
          "has. One that is on already is an error: there is one per name.",
      .options = on_options(),
      .examples = {{"seatrial power on", "The reference OS in QEMU."},
                   {"seatrial power on --image my-os.img.gz --device generic-amd64",
                    "An image of your own."},
                   {"seatrial power on --desk old --image refos-1.0.0", "One more, by name."}},
      .exits = kExits,
      .run = on};
  return verb;
}

const Verb& power_off_verb() {
  static const Verb verb{
      .name = "power off",
      .summary = "cut the power, and end the desk bench",
      .description =
          "Cuts the power of the device on the desk bench without telling its OS, ends the bench "
          "host, and returns when nothing of it is left but the evidence in its run folder. "
          "Everybody at its console is told. It is no error when there is none.",
      .options = {{"soft", "",
                   "Press the power button first and wait until the OS has switched the device "
                   "off; when it does not, nothing is ended."},
                  {"keep", "", "Keep the desk bench with its disk: 'power on' boots it again."},
                  desk_option(),
                  json_option()},
      .examples = {{"seatrial power off", "Pull the plug; everything is gone."},
                   {"seatrial power off --soft --keep", "Shut down; the disk stays."}},
      .exits = kExits,
      .run = off};
  return verb;
}

const Verb& power_cycle_verb() {
  static const Verb verb{
      .name = "power cycle",
      .summary = "cut the power of the device and switch it on again",
      .description = "The disk stays as it is, as when the plug is pulled and put back.",
      .options = {{"soft", "", "Shut the OS down by the power button first."},
                  desk_option(),
                  json_option()},
      .examples = {{"seatrial power cycle", "A crash test by hand."}},
      .exits = kExits,
      .run = cycle};
  return verb;
}

const Verb& power_status_verb() {
  static const Verb verb{
      .name = "power status",
      .summary = "what is on the desk, read back",
      .description =
          "Says whether the device on the desk bench is on, as its instrument reads now, how far "
          "it has booted, and how to reach it. With --json, state is on, off or none.",
      .options = {desk_option(), json_option()},
      .examples = {{"seatrial power status --json", "For scripts."}},
      .exits = kExits,
      .run = status};
  return verb;
}

}  // namespace seatrial::cli
