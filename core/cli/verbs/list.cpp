// SPDX-License-Identifier: Apache-2.0
// seatrial list: what there is to run, on what, against what.
#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/text.hpp"
#include "core/cli/mutants.hpp"
#include "core/cli/suites.hpp"
#include "core/cli/terminal.hpp"
#include "core/cli/verbs/verbs.hpp"
#include "core/io/cache.hpp"
#include "devices/catalog.hpp"
#include "fixtures/refos/builder.hpp"
#include "reports/format.hpp"

namespace seatrial::cli {
namespace {

using nlohmann::json;

/// What is listed: a JSON array of objects, and how one of them reads as a line.
struct Listing {
  json items = json::array();
  std::vector<std::pair<std::string, std::string>> lines;  ///< name, what it is
};

Result<Listing> suites() {
  TRY(const auto all, load_suites(Installation::find(), io::cache_root()));
  Listing out;
  for (const auto& suite : all) {
    out.items.push_back({{"suite", suite.name},
                         {"cases", suite.cases.size()},
                         {"path", suite.path},
                         {"digest", suite.digest}});
    out.lines.emplace_back(suite.name, fmt::format("{} {}", suite.cases.size(),
                                                   suite.cases.size() == 1 ? "case" : "cases"));
  }
  return out;
}

Result<Listing> cases() {
  TRY(const auto all, load_suites(Installation::find(), io::cache_root()));
  Listing out;
  for (const auto& suite : all)
    for (const auto& info : suite.cases) {
      out.items.push_back(model::to_json(info));
      out.lines.emplace_back(info.full_name(), info.doc);
    }
  return out;
}

Result<Listing> devices_there() {
  const devices::Catalog catalog(Installation::find().devices());
  Listing out;
  for (const auto& slug : catalog.slugs()) {
    TRY(auto device, catalog.device(slug));
    TRY(const auto profile, catalog.profile(device.profile));
    device = model::layout(std::move(device), profile);
    out.items.push_back({{"slug", device.slug},
                         {"name", device.name},
                         {"aliases", device.aliases},
                         {"arch", device.arch},
                         {"profile", device.profile},
                         {"image", device.image},
                         {"capabilities", device.capabilities},
                         {"virtual", device.machine.has_value()}});
    std::string text = device.name;
    if (!device.aliases.empty()) text += "; also " + join(device.aliases, ", ");
    out.lines.emplace_back(device.slug, text);
  }
  return out;
}

Result<Listing> mutants_there() {
  TRY(const auto all, load_suites(Installation::find(), io::cache_root()));
  Listing out;
  TRY(const auto mutants, load_mutants(all, refos::default_data()));
  for (const auto& mutant : mutants) {
    out.items.push_back({{"mutant", mutant.name},
                         {"cases", mutant.cases},
                         {"description", mutant.description},
                         {"expected", mutant.expect.verdict},
                         {"code", mutant.expect.code},
                         {"why", mutant.expect.why},
                         {"step", mutant.expect.step}});
    out.lines.emplace_back(mutant.name, join(mutant.cases, ", ") + ": " + mutant.description);
  }
  return out;
}

Result<Listing> images() {
  TRY(const auto builder, refos::Builder::open({}));
  const auto made = builder.catalogue().list();
  Listing out;
  for (const auto& name : builder.known_names()) {
    const auto found = std::find_if(made.begin(), made.end(),
                                    [&](const auto& entry) { return entry.name == name; });
    const bool there = found != made.end();
    json item{{"name", name}, {"made", there}};
    if (there) item.update(refos::to_json(*found));
    out.items.push_back(item);
    out.lines.emplace_back(name, there ? fmt::format("{}, {}", found->kind,
                                                     human_bytes(static_cast<double>(found->size)))
                                       : "not made yet");
  }
  return out;
}

Result<Listing> formats() {
  Listing out;
  for (const auto& format : reports::formats()) {
    out.items.push_back({{"format", format.name},
                         {"file", format.file},
                         {"media_type", format.media_type},
                         {"doc", format.doc}});
    out.lines.emplace_back(format.name, fmt::format("{} ({})", format.doc, format.file));
  }
  return out;
}

Result<Listing> drivers() {
  Listing out;
  out.items.push_back({{"driver", "qemu"},
                       {"kinds", {"power", "storage", "console", "network", "checkpoint"}},
                       {"doc", "a virtual device in QEMU"}});
  out.lines.emplace_back("qemu",
                         "power, storage, console, network, checkpoint of a virtual device");
  return out;
}

Result<int> list(const Invocation& call) {
  static const std::vector<std::pair<std::string_view, Result<Listing> (*)()>> kinds{
      {"suites", suites},         {"cases", cases},   {"devices", devices_there},
      {"mutants", mutants_there}, {"images", images}, {"formats", formats},
      {"drivers", drivers}};
  const std::string kind = call.operands.empty() ? "cases" : call.operands.front();
  const auto found = std::find_if(kinds.begin(), kinds.end(),
                                  [&](const auto& entry) { return entry.first == kind; });
  TRY(const auto listing, found->second());
  if (call.has("json")) {
    fmt::print("{}\n", listing.items.dump(2));
    return 0;
  }
  const auto terminal = Terminal::of(1);
  std::size_t width = 0;
  for (const auto& [name, text] : listing.lines) width = std::max(width, name.size());
  for (const auto& [name, text] : listing.lines)
    fmt::print("{}  {}\n", fitted(name, width), terminal.paint(Colour::dim, text));
  return 0;
}

}  // namespace

const Verb& list_verb() {
  static const Verb verb{
      .name = "list",
      .summary = "list suites, cases, devices, mutants, images, formats or drivers",
      .operands = "[suites|cases|devices|mutants|images|formats|drivers]",
      .most_operands = 1,
      .choices = {"suites", "cases", "devices", "mutants", "images", "formats", "drivers"},
      .description =
          "Lists what there is; without a word, the cases. Lines are for people, --json "
          "is for scripts: one array of objects.",
      .options = {{"json", "", "Print one JSON array."}},
      .examples = {{"seatrial list cases --json",
                    "Every case with needs, checkpoint and mutants."}},
      .run = list};
  return verb;
}

}  // namespace seatrial::cli
