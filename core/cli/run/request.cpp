// SPDX-License-Identifier: Apache-2.0
#include "core/cli/run/request.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "core/base/text.hpp"
#include "core/cli/desk/place.hpp"
#include "core/cli/mutants.hpp"
#include "core/cli/run/outcome.hpp"
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

/// Known before minutes are spent on images.
Result<> can_be_made(const std::filesystem::path& folder) {
  namespace fs = std::filesystem;
  if (folder.empty()) return usage("--out has no folder", "write --out DIR, or leave it out");
  std::error_code error;
  auto there = fs::absolute(folder);
  while (!fs::exists(there, error) && there.has_relative_path()) there = there.parent_path();
  if (!fs::is_directory(there, error))
    return usage(fmt::format("--out {}: {} is no folder", folder.string(), there.string()),
                 "give a folder, or the name of one to be made");
  if (::access(there.c_str(), W_OK | X_OK) != 0)
    return usage(fmt::format("--out {}: {} may not be written", folder.string(), there.string()),
                 "give a folder of yours");
  return {};
}

}  // namespace

Result<RunRequest> request_of(const Invocation& call, const Installation& installation) {
  RunRequest request;
  TRY(const auto all, load_suites(installation, io::cache_root()));
  TRY(const auto chosen, choose(all, call.operands));
  TRY(const auto order, order_of(call));
  TRY(request.cases, arrange(chosen, order));
  request.image = {call.value("image"), call.value("mutant"), call.value("next")};
  if (call.has("mutant")) {
    TRY(const auto mutants, load_mutants(all, refos::default_data()));
    std::vector<std::string> names;
    for (const auto& one : mutants) {
      names.push_back(one.name);
      if (one.name == request.image.mutant) request.image.mutant_in = one.applies_to;
    }
    if (std::find(names.begin(), names.end(), request.image.mutant) == names.end())
      return usage("there is no mutant named '" + request.image.mutant + "'",
                   did_you_mean(request.image.mutant, names) +
                       " 'seatrial list mutants' says what each one breaks");
  }
  request.device = call.value("device", request.device);
  request.profile = call.value("profile");
  request.folder = call.value("out");
  if (call.has("out")) CHECK_OK(can_be_made(request.folder));
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

namespace {

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

}  // namespace

Result<int> carry_out(const Invocation& call, const Installation& installation,
                      RunRequest request) {
  const auto display = display_for_stderr(call.has("quiet"));
  TRY(const auto done, perform(installation, std::move(request), *display));
  if (call.has("json"))
    fmt::print("{}", outcome_json(done.record, done.folder, done.reports));
  else
    fmt::print("{}", closing_lines(done.record, done.reports, Terminal::of(1)));
  if (done.end.held) CHECK_OK(tell_how_to_reach(call, done.folder));
  return done.exit_code();
}

}  // namespace seatrial::cli
