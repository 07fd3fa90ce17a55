// SPDX-License-Identifier: Apache-2.0
// seatrial run: cases on a bench.
#include <fmt/core.h>

#include <charconv>

#include "core/cli/desk/place.hpp"
#include "core/cli/mutants.hpp"
#include "core/cli/run/outcome.hpp"
#include "core/cli/run/perform.hpp"
#include "core/cli/verbs/verbs.hpp"
#include "core/io/cache.hpp"
#include "fixtures/refos/builder.hpp"

namespace seatrial::cli {
namespace {

Result<Order> order_of(const Invocation& call) {
  Order order;
  order.from = call.value("from");
  order.shard = call.value("shard");
  order.shuffle = call.has("shuffle");
  if (order.shuffle) {
    const auto text = call.value("shuffle");
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), order.seed);
    if (error != std::errc() || end != text.data() + text.size())
      return usage(fmt::format("--shuffle {}: not a whole number", text), "write --shuffle 1");
  }
  return order;
}

Result<double> scale_of(const Invocation& call) {
  if (!call.has("budget-scale")) return 0.0;
  const auto text = call.value("budget-scale");
  double out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size() || !(out >= 0.1 && out <= 100))
    return usage(fmt::format("--budget-scale {}: not a number from 0.1 to 100", text),
                 "write --budget-scale 2 on a machine that is twice as slow");
  return out;
}

Result<RunRequest> request_of(const Invocation& call, const Installation& installation) {
  RunRequest request;
  TRY(const auto all, load_suites(installation, io::cache_root()));
  TRY(const auto chosen, choose(all, call.operands));
  TRY(const auto order, order_of(call));
  TRY(request.cases, arrange(chosen, order));
  request.image = {call.value("image"), call.value("mutant"), call.value("next")};
  if (call.has("mutant")) {
    TRY(const auto mutants, load_mutants(all, refos::default_data()));
    for (const auto& one : mutants)
      if (one.name == request.image.mutant) request.image.mutant_in = one.applies_to;
  }
  request.device = call.value("device", request.device);
  request.profile = call.value("profile");
  request.folder = call.value("out");
  request.argv = {"seatrial"};
  request.argv.insert(request.argv.end(), call.argv.begin(), call.argv.end());
  // What the environment chose is said too: the command repeats the run elsewhere.
  request.argv.insert(request.argv.end(), call.from_environment.begin(),
                      call.from_environment.end());
  TRY(request.formats, format_names(call.value("format", "html,junit")));
  TRY(request.repeat, call.number("repeat", call.has("until-fail") ? 1000 : 1));
  request.until_fail = call.has("until-fail");
  request.hold_on_fail = call.has("hold-on-fail");
  if (request.hold_on_fail) {
    TRY(const auto place, DeskPlace::of(call));
    request.desk = place.folder;
  }
  TRY(request.budget_scale, scale_of(call));
  return request;
}

/// At the desk, unless another bench had it.
Result<> tell_how_to_reach(const Invocation& call, const std::filesystem::path& folder) {
  TRY(const auto place, DeskPlace::of(call));
  TRY(const auto found, look(place));
  if (found.record && found.record->folder == folder)
    fmt::print(stderr, "The device is held for you: '{}', '{}'; '{}' ends that.\n",
               place.command("console"), place.command("shell"), place.command("power off"));
  else
    fmt::print(stderr, "The device is held, but another bench has the desk; '{}' ends the hold.\n",
               "seatrial release " + shown_path(folder));
  return {};
}

Result<int> run(const Invocation& call) {
  const auto installation = Installation::find();
  TRY(auto request, request_of(call, installation));
  const auto display = display_for_stderr(call.has("quiet"));
  TRY(const auto done, perform(installation, std::move(request), *display));
  if (call.has("json"))
    fmt::print("{}", outcome_json(done.record, done.folder, done.reports));
  else
    fmt::print("{}", closing_lines(done.record, done.reports, Terminal::of(1)));
  if (done.end.held) CHECK_OK(tell_how_to_reach(call, done.folder));
  return done.exit_code();
}

}  // namespace

const Verb& run_verb() {
  static const Verb verb{
      .name = "run",
      .summary = "run cases on a bench",
      .operands = "[SUITE|SUITE.CASE|GLOB ...]",
      .most_operands = -1,
      .words = Words::cases,
      .description =
          "Runs the named cases, or all of them, on a bench: without further options a virtual "
          "device in QEMU with the reference OS, which is built the first time.\n\n"
          "The evidence of the run is in runs/ID of the current folder: events.jsonl (what "
          "happened), console.log (every byte of the console) and the reports. It is complete at "
          "any instant, whatever is killed when.\n\n"
          "Ctrl-C ends the run in good order: the bench goes to its safe state, what was not run "
          "is recorded as such, and the reports are written. A second Ctrl-C ends it at once.",
      .options = {{"image", "FILE|NAME",
                   "Image under test: a disk image (raw, qcow2, or packed with gz, "
                   "xz, zst, bz2, zip), or a name of 'seatrial list images'.",
                   Words::images, "SEATRIAL_IMAGE"},
                  {"next", "FILE",
                   "Update bundle for the cases that install the next version; needed when the "
                   "image is a file, else they are skipped.",
                   Words::files},
                  {"device", "SLUG", "Device type; see 'seatrial list devices'.", Words::devices,
                   "SEATRIAL_DEVICE"},
                  {"profile", "NAME", "OS profile, when it is not the device type's own.",
                   Words::profiles, "SEATRIAL_PROFILE"},
                  {"mutant", "NAME",
                   "Run against this deliberately broken OS; red is what is wanted.",
                   Words::mutants},
                  {"repeat", "N",
                   "Run the chosen cases N times over; attempts that differ are flaky."},
                  {"until-fail", "",
                   "Repeat until a case is not green (at most --repeat times, else "
                   "1000)."},
                  {"shard", "I/N", "Only part I of N, to spread cases over machines."},
                  {"from", "CASE", "Leave out the cases before this one."},
                  {"shuffle", "SEED", "Mix the order; the same seed gives the same order."},
                  {"hold-on-fail", "",
                   "Stop at the first case that is not green and leave the device "
                   "running for you, as the desk bench: 'seatrial console', 'seatrial shell', "
                   "'seatrial power off'."},
                  desk_option(),
                  {"budget-scale", "X", "Multiply all budgets, instead of measuring this machine."},
                  {"out", "DIR", "Run folder; the default is runs/ID in the current folder.",
                   Words::folders, "SEATRIAL_OUT"},
                  {"format", "LIST",
                   "Reports to write, by name with commas, or all; see 'seatrial list "
                   "formats'. The default is html,junit.",
                   Words::formats},
                  {"json", "",
                   "Print one JSON object with verdicts, cases and the folder, instead of "
                   "lines for people."},
                  {"quiet", "", "No progress."}},
      .examples = {{"seatrial run", "Everything, on the default virtual device."},
                   {"seatrial run smoke 'update.*rolls_back'", "One suite, and cases by glob."},
                   {"seatrial run --image my-os.img.gz --device generic-amd64 smoke",
                    "An image of your own."},
                   {"seatrial run update --until-fail --hold-on-fail",
                    "Hunt a flaky case and keep the device when it shows."}},
      .exits =
          "0    every chosen case passed (or was skipped, and at least one passed)\n"
          "1    a case failed, or passed in some attempts only\n"
          "2    wrong usage or input\n"
          "3    otherwise not all proven: errors, timeouts, cases not run\n"
          "130  interrupted",
      .run = run};
  return verb;
}

}  // namespace seatrial::cli
