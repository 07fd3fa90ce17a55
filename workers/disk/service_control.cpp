// SPDX-License-Identifier: Apache-2.0
// The verbs of the control socket. README.md lists them for people.
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <nlohmann/json.hpp>

#include "core/base/clock.hpp"
#include "core/base/log.hpp"
#include "core/model/failure_json.hpp"
#include "workers/disk/fields.hpp"
#include "workers/disk/service.hpp"

namespace seatrial::cutdisk {
using nlohmann::json;

namespace {

constexpr std::size_t kLongestText = 4096;

Failure bad_request(std::string what) {
  return Failure("disk.request", Blame::seatrial, std::move(what),
                 "see workers/disk/README.md for the requests and their members");
}

json report_json(const CutReport& report) {
  return {{"pending", report.pending}, {"kept", report.kept}, {"seq", report.seq}};
}

}  // namespace

json refusal(const Failure& failure) { return {{"error", model::to_json(failure)}}; }

Service::Verb Service::verb(const std::string& name) {
  static constexpr std::array<std::pair<std::string_view, Verb>, 10> verbs{{
      {"stat", &Service::stat},
      {"mark", &Service::mark},
      {"policy", &Service::policy},
      {"cut", &Service::cut_verb},
      {"revive", &Service::revive},
      {"fault", &Service::fault},
      {"clear_faults", &Service::clear_faults},
      {"host_flushes", &Service::host_flushes},
      {"snapshot", &Service::snapshot},
      {"export", &Service::export_view},
  }};
  for (const auto& [known, function] : verbs)
    if (known == name) return function;
  return nullptr;
}

json Service::answer(const json& request) {
  if (!request.is_object()) return refusal(bad_request("a request that is no JSON object"));
  const auto found = request.find("do");
  const std::string name =
      found != request.end() && found->is_string() ? found->get<std::string>() : std::string();
  const auto function = verb(name);
  if (!function) return refusal(bad_request(fmt::format("a request to do '{}'", name)));
  json members = request;
  members.erase("do");
  auto done = (this->*function)(members);
  if (!done) return refusal(done.error());
  return {{"ok", std::move(*done)}};
}

json Service::policy_json() const {
  return {{"seed", policy_.seed},
          {"permille", policy_.permille},
          {"torn", policy_.torn},
          {"cut_at_eof", cut_at_eof_}};
}

Result<json> Service::stat(const json& request) {
  CHECK_OK(Fields(request).done());
  const auto& counts = disk_.stat();
  json faults = json::array();
  for (const auto& fault : faults_.all()) faults.push_back(to_json(fault));
  return json{{"size", disk_.size()},
              {"writes", counts.writes},
              {"flushes", counts.flushes},
              {"ignored_flushes", counts.ignored_flushes},
              {"fua", counts.fua},
              {"trims", counts.trims},
              {"bytes_written", counts.bytes},
              {"cuts", counts.cuts},
              {"destaged", counts.destaged},
              {"replayed", counts.replayed},
              {"pending", {{"writes", disk_.pending_writes()}, {"pages", disk_.pending_pages()}}},
              {"off", disk_.off()},
              {"guest", guests_ > 0},
              {"seq", disk_.sequence()},
              {"log_bytes", disk_.log_bytes()},
              {"store", {{"pages", disk_.store().used()}, {"most", disk_.store().ever_used()}}},
              {"snapshots", disk_.snapshots()},
              {"policy", policy_json()},
              {"host_flushes_ignored", ignore_flushes_},
              {"faults", std::move(faults)},
              {"troubles", troubles_},
              {"last_trouble", last_trouble_},
              {"pid", ::getpid()}};
}

Result<json> Service::mark(const json& request) {
  std::string text;
  Fields fields(request);
  fields.take("text", text);
  CHECK_OK(fields.done());
  TRY(const auto seq, disk_.mark(text.substr(0, kLongestText)));
  return json{{"seq", seq}};
}

Result<json> Service::policy(const json& request) {
  std::uint32_t permille = policy_.permille;
  Policy wanted = policy_;
  bool cut_at_eof = cut_at_eof_;
  Fields fields(request);
  fields.take("seed", wanted.seed);
  fields.take("permille", permille);
  fields.take("torn", wanted.torn);
  fields.take("cut_at_eof", cut_at_eof);
  CHECK_OK(fields.done());
  if (permille > 1000) return bad_request("more than 1000 of 1000 writes cannot be kept");
  wanted.permille = permille;
  policy_ = wanted;
  cut_at_eof_ = cut_at_eof;
  CHECK_OK(remember());
  return policy_json();
}

Result<json> Service::cut_verb(const json& request) {
  CHECK_OK(Fields(request).done());
  TRY(const auto report, cut("asked for"));
  return report_json(report);
}

Result<json> Service::revive(const json& request) {
  CHECK_OK(Fields(request).done());
  // However the last guest ended, its power is gone now: so is what it had not flushed.
  if (disk_.pending_writes() > 0) {
    TRY(const auto report, cut("the power came back"));
    log::info("{} writes were pending when the power came back", report.pending);
  }
  CHECK_OK(disk_.revive());
  return json::object();
}

Result<json> Service::fault(const json& request) {
  TRY(auto fault, fault_from_json(request));
  if (fault.id.empty()) fault.id = fmt::format("fault{}", disk_.sequence());
  const auto id = fault.id;
  faults_.add(std::move(fault));
  CHECK_OK(remember());
  return json{{"id", id}};
}

Result<json> Service::clear_faults(const json& request) {
  std::string id;
  Fields fields(request);
  fields.take("id", id);
  CHECK_OK(fields.done());
  faults_.clear(id);
  CHECK_OK(remember());
  return json::object();
}

Result<json> Service::host_flushes(const json& request) {
  Fields fields(request);
  fields.take("ignore", ignore_flushes_);
  CHECK_OK(fields.done());
  CHECK_OK(remember());
  return json{{"ignored", ignore_flushes_}};
}

Result<json> Service::snapshot(const json& request) {
  std::string save, restore, forget;
  Fields fields(request);
  fields.take("save", save);
  fields.take("restore", restore);
  fields.take("forget", forget);
  CHECK_OK(fields.done());
  if (save.empty() + restore.empty() + forget.empty() != 2)
    return bad_request("a snapshot to save, to restore or to forget, by its name");
  if (save.size() + restore.size() + forget.size() > kLongestText)
    return bad_request("a name of a snapshot that is too long");
  const auto began = Clock::system().monotonic();
  if (!save.empty()) CHECK_OK(disk_.save(save));
  if (!forget.empty()) CHECK_OK(disk_.forget(forget));
  if (!restore.empty()) {
    CHECK_OK(disk_.restore(restore));
    ++epoch_;
    guests_ = 0;
  }
  return json{{"pending", disk_.pending_writes()},
              {"seconds", seconds(Clock::system().monotonic() - began)}};
}

Result<json> Service::export_view(const json& request) {
  std::string file, view = "durable";
  std::uint64_t offset = 0, length = UINT64_MAX;
  Fields fields(request);
  fields.take("file", file);
  fields.take("view", view);
  fields.take("offset", offset);
  fields.take("length", length);
  CHECK_OK(fields.done());
  if (view != "durable" && view != "live") return bad_request("there is no view " + view);
  if (length == UINT64_MAX) length = disk_.size() - std::min(offset, disk_.size());
  TRY(const auto bytes,
      disk_.export_to(file, view == "live" ? Side::live : Side::durable, offset, length));
  return json{{"bytes", bytes}};
}

Result<> Service::remember() {
  json faults = json::array();
  for (const auto& fault : faults_.all()) faults.push_back(to_json(fault));
  const json settings{{"policy", policy_json()},
                      {"ignore_flushes", ignore_flushes_},
                      {"faults", std::move(faults)}};
  return disk_.keep_settings(settings.dump());
}

void Service::learn(const std::string& settings) {
  const auto value = json::parse(settings, nullptr, false);
  if (!value.is_object()) return;
  if (const auto found = value.find("policy"); found != value.end()) {
    std::uint32_t permille = 0;
    Fields fields(*found);
    fields.take("seed", policy_.seed);
    fields.take("permille", permille);
    fields.take("torn", policy_.torn);
    fields.take("cut_at_eof", cut_at_eof_);
    policy_.permille = std::min(permille, 1000u);
  }
  Fields(value).take("ignore_flushes", ignore_flushes_);
  if (const auto found = value.find("faults"); found != value.end() && found->is_array())
    for (const auto& one : *found)
      if (auto fault = fault_from_json(one)) faults_.add(std::move(*fault));
}

}  // namespace seatrial::cutdisk
