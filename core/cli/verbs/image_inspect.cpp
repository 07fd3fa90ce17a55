// SPDX-License-Identifier: Apache-2.0
// seatrial image inspect and configure: into an image without mounting it.
#include <fmt/core.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/base/text.hpp"
#include "core/cli/config_edit.hpp"
#include "core/cli/images.hpp"
#include "core/cli/inspect.hpp"
#include "core/cli/terminal.hpp"
#include "core/cli/verbs/verbs.hpp"
#include "core/disk/fat.hpp"
#include "core/io/file.hpp"
#include "core/io/process.hpp"
#include "fixtures/refos/builder.hpp"

namespace seatrial::cli {
namespace {

namespace fs = std::filesystem;

/// The file behind a path or a catalogue name; never builds anything.
Result<std::string> file_of(const std::string& word) {
  if (looks_like_a_path(word)) {
    TRY(const auto file, open_image_file(word, {}));
    return file.path;
  }
  TRY(const auto builder, refos::Builder::open({}));
  TRY(const auto entry, builder.catalogue().resolve(word));
  return entry.path.string();
}

Result<std::string> one_operand(const Invocation& call) {
  if (call.operands.empty())
    return usage(fmt::format("'{}' needs an image", call.verb->name),
                 "give a file, or a name of 'seatrial list images'");
  return call.operands.front();
}

Result<int> inspect(const Invocation& call) {
  TRY(const auto word, one_operand(call));
  TRY(const auto file, file_of(word));
  TRY(const auto seen, inspect_image(file));
  fmt::print("{}", call.has("json") ? to_json(seen).dump(2) + "\n" : to_text(seen));
  return 0;
}

/// The file to edit: the image itself, or a copy of it at --out.
Result<std::string> editable(const Invocation& call) {
  const auto& word = call.operands.front();
  if (call.has("out")) {
    TRY(const auto file, file_of(word));
    const auto out = fs::absolute(call.value("out")).string();
    auto copy = io::cmd("cp").arg("--sparse=always").arg("--reflink=auto").arg(file).arg(out);
    CHECK_OK(io::run_checked(std::move(copy), Budget(std::chrono::minutes(10), "the copy"),
                             "image.copy", Blame::bench));
    return out;
  }
  if (!looks_like_a_path(word))
    return usage(word + " is an image of the catalogue, which is never changed",
                 "add --out FILE to configure a copy");
  TRY(const auto file, open_image_file(word, {}));
  if (file.path != fs::absolute(word).lexically_normal().string())
    return usage(word + " is packed", "add --out FILE to configure an unpacked copy");
  return file.path;
}

Result<int> configure(const Invocation& call) {
  if (call.operands.size() < 2 && !call.has("remove"))
    return usage("'image configure' needs an image and at least one KEY=VALUE",
                 "write seatrial image configure my.img hostname=probe");
  ConfigEdit edit;
  for (std::size_t i = 1; i < call.operands.size(); ++i) CHECK_OK(edit.add(call.operands[i]));
  if (const auto found = call.values.find("remove"); found != call.values.end())
    edit.remove = found->second;
  TRY(const auto file, editable(call));
  TRY(const auto disk, disk::Disk::open(file));
  TRY(const auto boot, disk::find_boot_partition(disk));
  TRY(const auto window, disk.window(boot));
  const disk::Fat fat(window);
  TRY(const auto before, fat.read("/config.json"));
  TRY(const auto after, edit.apply(before, file));
  CHECK_OK(fat.write("/config.json", after));
  CHECK_OK(disk.write_back(boot, window));
  fmt::print("{}\n", masked_config(after));
  return 0;
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
          "on the boot partition, the OS it holds, and its config.json with secrets "
          "masked.",
      .options = {{"json", "", "Print one JSON object."}},
      .examples = {{"seatrial image inspect refos-1.0.0", "The reference OS."},
                   {"seatrial image inspect download.img.gz", "A packed image works too."}},
      .run = inspect};
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
          "\"5\"), else text. A file is changed in place; an image of the catalogue never is: "
          "give --out.",
      .options = {{"remove", "KEY", "Remove a key; may be given more than once."},
                  {"out", "FILE", "Configure a copy at FILE.", Words::files}},
      .examples = {{"seatrial image configure my.img hostname=probe developmentMode=true",
                    "Two keys, one of them a boolean."},
                   {"seatrial image configure refos-1.0.0 --out probe.img persistentLogging=true",
                    "A configured copy of the reference OS."}},
      .run = configure};
  return verb;
}

}  // namespace seatrial::cli
