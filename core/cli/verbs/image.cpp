// SPDX-License-Identifier: Apache-2.0
// seatrial image build and prune: what lies in the catalogue.
#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "core/base/text.hpp"
#include "core/cli/run/display.hpp"
#include "core/cli/verbs/verbs.hpp"
#include "fixtures/refos/builder.hpp"

namespace seatrial::cli {
namespace {

Result<int> build(const Invocation& call) {
  refos::BuildOptions options;
  options.refresh = call.has("refresh");
  TRY(auto builder, refos::Builder::open(options));
  auto names = call.operands;
  if (call.has("all")) names = builder.known_names();
  if (names.empty()) names = {"refos-1.0.0", "bundle:refos-1.1.0"};
  for (const auto& name : names) CHECK_OK(refos::parse_image_name(name));
  const auto display = display_for_stderr(call.has("quiet"));
  auto made = nlohmann::json::array();
  std::size_t number = 0;
  for (const auto& name : names) {
    ++number;
    auto entry = builder.ensure(name, [&](const refos::ProgressEvent& event) {
      display->busy({fmt::format("[{}/{}] building {}: {}", number, names.size(), name, event.text),
                     event.fraction, seconds(event.elapsed), seconds(event.left)});
    });
    if (!entry) return std::move(entry.error()).with("making " + name);
    display->end();
    made.push_back(refos::to_json(*entry));
    if (!call.has("json"))
      fmt::print("{}  {}  {}\n", entry->name, entry->digest.substr(0, 16), entry->path.string());
  }
  if (call.has("json")) fmt::print("{}\n", made.dump(2));
  return 0;
}

Result<int> prune(const Invocation& call) {
  TRY(const int days, call.number("days", 30, 0));
  TRY(auto builder, refos::Builder::open({}));
  TRY(const auto pruned, builder.prune(days));
  fmt::print("{} folders removed, {} freed\n", pruned.folders,
             human_bytes(static_cast<double>(pruned.bytes)));
  return 0;
}

}  // namespace

const Verb& image_build_verb() {
  static const Verb verb{
      .name = "image build",
      .summary = "make images and bundles of the reference OS",
      .operands = "[NAME ...]",
      .most_operands = -1,
      .words = Words::images,
      .description =
          "Makes catalogue images from Debian packages: about two minutes the first time, nothing "
          "when nothing changed. Without a name: refos-1.0.0 and the bundle of 1.1.0. Needs root, "
          "or user namespaces with sub-uids; 'seatrial doctor' says what is missing.\n\n"
          "NAME@MUTANT is an image with a deliberate defect; bundle:NAME+SABOTAGE an update that "
          "cannot work; bundle:NAME~truncated and ~bitflip are damaged bundles.",
      .options = {{"all", "", "Everything that can be made, with every mutant."},
                  {"refresh", "", "Fetch the Debian packages again first."},
                  {"json", "", "Print the catalogue entries as a JSON array."},
                  {"quiet", "", "No progress."}},
      .examples = {{"seatrial image build", "What a run needs."},
                   {"seatrial image build refos-1.0.0@other_slug", "One mutant."}},
      .run = build};
  return verb;
}

const Verb& image_prune_verb() {
  static const Verb verb{
      .name = "image prune",
      .summary = "remove images that were not used for a while",
      .description =
          "Empties the cache of what was not used for --days days. It is made again "
          "when it is needed.",
      .options = {{"days", "N", "How long unused; the default is 30, 0 removes everything."}},
      .run = prune};
  return verb;
}

}  // namespace seatrial::cli
