// SPDX-License-Identifier: Apache-2.0
// seatrial run: cases on a bench.
#include "core/cli/desk/place.hpp"
#include "core/cli/run/request.hpp"
#include "core/cli/verbs/verbs.hpp"

namespace seatrial::cli {
namespace {

Result<int> run(const Invocation& call) {
  const auto installation = Installation::find();
  TRY(auto request, request_of(call, installation));
  return carry_out(call, installation, std::move(request));
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
