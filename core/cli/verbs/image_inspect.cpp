// SPDX-License-Identifier: Apache-2.0
// seatrial image inspect, diff and configure: into an image without mounting it.
#include <fmt/core.h>

#include <string>

#include "core/cli/run/display.hpp"
#include "core/cli/verbs/verbs.hpp"
#include "fixtures/refos/image_cli.hpp"

namespace seatrial::cli {
namespace {

Result<int> print(const Result<std::string>& text) {
  if (!text) return text.error();
  fmt::print("{}", *text);
  return 0;
}

/// What making an image that is not there yet looks like.
refos::ProgressFn shown(Display& display, const std::string& name) {
  return [&display, name](const refos::ProgressEvent& event) {
    display.busy({fmt::format("building {}: {}", name, event.text), event.fraction,
                  seconds(event.elapsed), seconds(event.left)});
  };
}

Result<int> inspect(const Invocation& call) {
  if (call.operands.empty())
    return usage("'image inspect' needs an image",
                 "give a file, or a name of 'seatrial list images'");
  const auto& image = call.operands.front();
  const auto display = display_for_stderr(false);
  const auto text = refos::image_inspect(image, call.has("json"), shown(*display, image));
  display->end();
  return print(text);
}

Result<int> diff(const Invocation& call) {
  if (call.operands.size() < 2)
    return usage("'image diff' needs two images", "write seatrial image diff refos-1.0.0 my.img");
  const auto display = display_for_stderr(false);
  const auto compared = refos::image_diff(call.operands[0], call.operands[1],
                                          shown(*display, "an image that is compared"));
  display->end();
  TRY(const auto lines, compared);
  fmt::print("{}", lines);
  return lines.empty() ? 0 : 1;
}

Result<int> configure(const Invocation& call) {
  refos::ImageConfigureOptions options;
  if (const auto found = call.values.find("remove"); found != call.values.end())
    for (const auto& key : found->second) options.settings.push_back(key + "=");
  for (std::size_t i = 1; i < call.operands.size(); ++i)
    options.settings.push_back(call.operands[i]);
  if (call.operands.empty() || options.settings.empty())
    return usage("'image configure' needs an image and at least one KEY=VALUE",
                 "write seatrial image configure my.img hostname=probe");
  options.image = call.operands.front();
  options.as_string = call.has("string");
  if (call.has("out")) options.out = call.value("out");
  const auto display = display_for_stderr(false);
  const auto text = refos::image_configure(options, shown(*display, options.image));
  display->end();
  return print(text);
}

}  // namespace

const Verb& image_inspect_verb() {
  static const Verb verb{
      .name = "image inspect",
      .summary = "show partitions, versions and configuration of an image",
      .operands = "FILE|NAME",
      .most_operands = 1,
      .words = Words::images,
      .description =
          "Reads an image without mounting it: partition table, file systems, what is "
          "on the boot partition, the OS in each root, and its config.json with secrets "
          "masked. An image of the catalogue is made when it is not there yet.",
      .options = {{"json", "", "Print one JSON object."}},
      .examples = {{"seatrial image inspect refos-1.0.0", "The reference OS."},
                   {"seatrial image inspect download.img.gz", "A packed image works too."}},
      .run = inspect};
  return verb;
}

const Verb& image_diff_verb() {
  static const Verb verb{
      .name = "image diff",
      .summary = "show what differs between two images",
      .operands = "FILE|NAME FILE|NAME",
      .most_operands = 2,
      .words = Words::images,
      .description =
          "Compares what 'image inspect' sees of two images: one line for each partition, boot "
          "file (by digest), loader variable, version and key of config.json that differs. The "
          "exit code is 0 when nothing does and 1 when something does.",
      .examples = {{"seatrial image diff refos-1.0.0 refos-1.1.0", "Two versions."}},
      .run = diff};
  return verb;
}

const Verb& image_configure_verb() {
  static const Verb verb{
      .name = "image configure",
      .summary = "edit config.json inside an image",
      .operands = "FILE|NAME KEY=VALUE ...",
      .most_operands = -1,
      .words = Words::images,
      .description =
          "Sets keys of config.json on the boot partition, without mounting the image. Dots in "
          "KEY go into nested objects. VALUE is JSON where it reads as JSON (true, 5, [1,2], "
          "\"5\"), else text; KEY= removes the key. A file is changed in place; an image of the "
          "catalogue never is: give --out.",
      .options = {{"remove", "KEY", "Remove a key; may be given more than once."},
                  {"string", "", "Store every VALUE as a string, as balena's own tools do."},
                  {"out", "FILE", "Configure a copy at FILE.", Words::files}},
      .examples = {{"seatrial image configure my.img hostname=probe developmentMode=true",
                    "Two keys, one of them a boolean."},
                   {"seatrial image configure refos-1.0.0 --out probe.img persistentLogging=true",
                    "A configured copy of the reference OS."}},
      .run = configure};
  return verb;
}

}  // namespace seatrial::cli
