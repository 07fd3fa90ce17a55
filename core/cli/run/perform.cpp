// SPDX-License-Identifier: Apache-2.0
#include "core/cli/run/perform.hpp"

#include <fmt/core.h>

#include "core/base/clock.hpp"
#include "core/base/ids.hpp"
#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/cli/run/durations.hpp"
#include "core/cli/verb.hpp"
#include "core/io/cache.hpp"
#include "core/io/file.hpp"
#include "core/io/reserve.hpp"
#include "devices/catalog.hpp"
#include "reports/format.hpp"

namespace seatrial::cli {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kLeastSpace = 500'000'000;
/// Set aside for the reports of a run that filled its disk.
constexpr std::uint64_t kReportSpace = 8u << 20;

Result<fs::path> make_run_folder(const fs::path& wanted, const std::string& id, bool latest) {
  std::error_code error;
  const auto folder = fs::absolute(wanted.empty() ? fs::path("runs") / id : wanted);
  if (fs::exists(folder / "events.jsonl", error))
    return usage(folder.string() + " holds a run already",
                 "give another folder with --out, or remove it");
  CHECK_OK(io::make_dirs(folder));
  TRY(const auto space, io::free_space(folder));
  if (space < kLeastSpace)
    return Failure("disk.full", Blame::bench,
                   fmt::format("only {} are free in {}", human_bytes(static_cast<double>(space)),
                               folder.string()),
                   "free at least 500 MB there, or give another folder with --out; "
                   "'seatrial image prune' empties the cache");
  if (wanted.empty() && latest) {
    // "latest" is a convenience; two runs at once may race for it.
    const auto link = folder.parent_path() / "latest";
    fs::remove(link, error);
    fs::create_directory_symlink(id, link, error);
  }
  return folder;
}

Result<> set_programs(const Installation& installation, model::RunPlan& plan) {
  const auto set = [&](const char* name, std::string& into) -> Result<> {
    TRY(const auto path, installation.program(name));
    into = path.string();
    return {};
  };
  CHECK_OK(set("seatrial-cloud", plan.cloud_program));
  CHECK_OK(set("seatrial-guard", plan.guard_program));
  CHECK_OK(set("seatrial-guestfwd", plan.relay_program));
  return {};
}

std::string end_of_log(const fs::path& folder) {
  const auto text = io::read_file(folder / "bench.log");
  if (!text) return {};
  const auto all = trim(*text);
  return std::string(all.substr(all.size() > 600 ? all.size() - 600 : 0));
}

std::string join_nonempty(const std::string& how, const std::string& words) {
  return words.empty() ? how : how + "; it wrote last: " + words;
}

Failure no_events(const fs::path& folder, const HostEnd& end) {
  return Failure(
      "bench.no_events", Blame::seatrial,
      fmt::format("the bench host ended ({}) before it recorded anything: {}",
                  end.trouble.empty() ? "exit code 0" : end.trouble, end_of_log(folder)),
      "see " + (folder / "bench.log").string() + "; 'seatrial doctor' checks what it needs");
}

/// A failure is repeated with what it failed with, or not at all.
Result<> same_as_then(const std::optional<model::RunPlan>& then, const Images& now) {
  if (!then) return {};
  const auto check = [](const model::FileRef& was, const model::FileRef& is) -> Result<> {
    if (was.digest == is.digest) return {};
    return Failure(
        "repro.other_image", Blame::suite,
        fmt::format("{} is not what it was in that run: its digest is {}, and was {}",
                    is.name.empty() ? is.path : is.name, is.digest.substr(0, 12),
                    was.digest.substr(0, 12)),
        "go back to the version that made it, or repeat the case with what is there now: "
        "'seatrial run' with the options of the report");
  };
  CHECK_OK(check(then->image, now.image));
  for (const auto& [role, file] : now.files)
    if (const auto was = then->files.find(role); was != then->files.end())
      CHECK_OK(check(was->second, file));
  return {};
}

void learn(const reports::RunRecord& record, Durations& durations) {
  for (const auto& one : record.cases)
    if (one.verdict == model::Verdict::pass) durations.learn(one.full_name(), one.seconds());
  durations.save();
}

}  // namespace

Result<model::RunPlan> make_plan(const Installation& installation, RunRequest& request,
                                 Display& display) {
  const devices::Catalog catalog(installation.devices());
  TRY(auto device, catalog.device(request.device));
  TRY(const auto profile,
      catalog.profile(request.profile.empty() ? device.profile : request.profile));
  device = model::layout(std::move(device), profile);
  request.device = device.slug;
  if (request.image.image.empty()) request.image.image = device.image;
  TRY(const auto images,
      resolve_images(request.image, request.cases, [&](const Busy& busy) { display.busy(busy); }));
  CHECK_OK(same_as_then(request.then, images));
  model::RunPlan plan;
  plan.argv = request.argv;
  plan.device = device.file.string();
  plan.profile = profile.file.string();
  plan.image = images.image;
  plan.files = images.files;
  plan.mutant = request.image.mutant;
  plan.suites = request.cases;
  plan.repeat = request.repeat;
  plan.until_fail = request.until_fail;
  plan.hold_on_fail = request.hold_on_fail;
  plan.budget_scale = request.budget_scale;
  plan.desk = request.desk.string();
  plan.cache = io::cache_root().string();
  CHECK_OK(set_programs(installation, plan));
  plan.run = make_run_id(Clock::system());
  // What "latest" names has verdicts: no bench that was merely used.
  TRY(const auto folder, make_run_folder(request.folder, plan.run, !request.cases.empty()));
  plan.out = folder.string();
  return plan;
}

int RunDone::exit_code() const {
  if (end.interrupted || record.interrupted) return model::exit_interrupted;
  const int code = record.exit_code();
  return code == model::exit_proven && end.signalled ? int{model::exit_not_proven} : code;
}

Result<RunDone> perform(const Installation& installation, RunRequest request, Display& display) {
  TRY(const auto host, installation.program("seatrial-bench"));
  TRY(const auto plan, make_plan(installation, request, display));
  CHECK_OK(write_plan(plan));
  auto durations = Durations::load(io::cache_root(), request.device);
  Scene scene(plan.suites, plan.repeat, durations);
  RunDone done;
  done.folder = plan.out;
  auto for_reports = io::Reserve::make(done.folder, kReportSpace);
  TRY(done.end, run_bench_host(host, plan, scene, display));
  auto record = reports::read_run_record(done.folder);
  if (!record) return no_events(done.folder, done.end);
  done.record = std::move(*record);
  learn(done.record, durations);
  for_reports.release();
  TRY(done.reports, reports::write_reports(done.folder, request.formats));
  if (done.end.signalled)
    log::warn("the bench host ended: {}", join_nonempty(done.end.trouble, end_of_log(done.folder)));
  return done;
}

Result<fs::path> latest_run() {
  std::error_code error;
  const auto latest = fs::canonical("runs/latest", error);
  if (!error && fs::exists(latest / "events.jsonl", error)) return latest;
  return usage("there is no run in ./runs", "name a run folder, or start one: seatrial run");
}

Result<fs::path> run_folder(const std::string& named) {
  if (named.empty()) return latest_run();
  fs::path path = named;
  std::error_code error;
  if (path.filename() == "events.jsonl") path = path.parent_path();
  if (fs::exists(path / "events.jsonl", error)) return fs::absolute(path);
  if (fs::exists("runs" / path / "events.jsonl", error)) return fs::absolute("runs" / path);
  return usage(path.string() + " is not a run folder: it has no events.jsonl",
               "give the folder that 'seatrial run' named, such as runs/latest");
}

}  // namespace seatrial::cli
