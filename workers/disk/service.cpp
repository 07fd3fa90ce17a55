// SPDX-License-Identifier: Apache-2.0
// What clients of the disk get.
#include "workers/disk/service.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/base/log.hpp"
#include "core/model/failure_json.hpp"

namespace seatrial::cutdisk {
using nbd::Command;
using nbd::Refusal;
using nlohmann::json;

namespace {
constexpr std::size_t kMostEvents = 256;
}

Service::Service(CutDisk disk) : disk_(std::move(disk)) { learn(disk_.settings()); }

nbd::Admission Service::admit(std::string_view name, bool entering) const {
  if (name == kOfflineExport) {
    if (guests_ > 0 && entering)
      return {Refusal::policy, "the guest has the disk: switch it off first", 0};
    return {Refusal::none, {}, disk_.size()};
  }
  if (name != kGuestExport && !name.empty())
    return {Refusal::unknown, "there are dut and offline", 0};
  if (disk_.off()) return {Refusal::shutdown, "the power is off", 0};
  if (entering && guests_ > 0) return {Refusal::policy, "a guest is here already", 0};
  if (entering && offline_ > 0) return {Refusal::policy, "the host is at the disk", 0};
  return {Refusal::none, {}, disk_.size()};
}

void Service::entered(bool offline) {
  ++(offline ? offline_ : guests_);
  if (const auto noted = disk_.note(Kind::connect, offline ? kOffline : std::uint16_t{0}); !noted)
    trouble(noted.error());
  if (!offline) event("connected", json::object());
}

void Service::left(bool offline, bool polite) {
  auto& count = offline ? offline_ : guests_;
  if (count > 0) --count;
  const auto kind = polite ? Kind::polite : Kind::eof;
  if (const auto noted = disk_.note(kind, offline ? kOffline : std::uint16_t{0}); !noted)
    trouble(noted.error());
  if (offline) return;
  event("left", {{"polite", polite}});
  if (polite || !cut_at_eof_) return;
  auto done = cut("the guest was gone");
  if (done)
    if (auto revived = disk_.revive(); !revived) done = revived.error();
  if (!done) trouble(done.error());
}

Result<CutReport> Service::cut(std::string why) {
  const bool was_off = disk_.off();
  TRY(const auto report, disk_.cut(policy_));
  if (was_off) return report;
  ++epoch_;
  guests_ = 0;
  event("cut", {{"why", std::move(why)}, {"pending", report.pending}, {"kept", report.kept}});
  return report;
}

Service::Answer Service::serve(const nbd::Request& request, bool offline, std::string& out) {
  Answer answer;
  std::uint32_t error = 0;
  if (!offline) {
    const auto op = request.command == Command::read    ? Op::read
                    : request.command == Command::flush ? Op::flush
                                                        : Op::write;
    const auto verdict = faults_.judge(op, request.offset, request.length);
    if (verdict.cut) {
      if (const auto done = cut("at the request that a fault waited for"); !done)
        trouble(done.error());
      answer.silent = true;
    }
    if (verdict.changed)
      if (const auto kept = remember(); !kept) trouble(kept.error());
    if (answer.silent) return answer;
    answer.delay_ms = verdict.delay_ms;
    error = verdict.error;
  }
  const auto begin = out.size();
  out += nbd::simple_reply(request.handle, error);
  if (error != 0) return answer;
  const auto failed = perform(request, offline, out);
  if (!failed) return answer;
  out.resize(begin);
  out += nbd::simple_reply(request.handle, *failed);
  return answer;
}

/// nullopt: done; else the error for the client.
std::optional<std::uint32_t> Service::perform(const nbd::Request& request, bool offline,
                                              std::string& out) {
  const bool fua = offline || (request.flags & nbd::kFlagFua) != 0;
  const bool has_place = request.command != Command::flush;
  if (has_place &&
      (request.offset > disk_.size() || request.length > disk_.size() - request.offset))
    return nbd::kEinval;  // before memory is taken for it
  Result<> done;
  switch (request.command) {
    case Command::read: {
      const auto at = out.size();
      out.resize(at + request.length);
      done = disk_.read(request.offset, std::span(out.data() + at, request.length));
      break;
    }
    case Command::write: done = disk_.write(request.offset, request.payload, fua); break;
    case Command::flush: done = disk_.flush(ignore_flushes_ && !offline); break;
    case Command::trim: done = disk_.zero(request.offset, request.length, fua, true); break;
    case Command::zero: done = disk_.zero(request.offset, request.length, fua, false); break;
    default: return nbd::kEinval;
  }
  if (done) return std::nullopt;
  return outcome(done);
}

std::uint32_t Service::outcome(const Result<>& done) {
  trouble(done.error());
  return done.error().code() == "file.disk_full" ? nbd::kEnospc : nbd::kEio;
}

void Service::trouble(const Failure& failure) {
  ++troubles_;
  // A host that is full makes thousands of one trouble: each kind in a row is told once.
  const auto text = failure.describe();
  if (text == last_trouble_) return;
  last_trouble_ = text;
  log::error("{}", text);
  event("trouble", {{"failure", model::to_json(failure)}});
}

void Service::event(const char* kind, json data) {
  data["event"] = kind;
  data["number"] = ++event_count_;
  events_.emplace_back(event_count_, data.dump());
  if (events_.size() > kMostEvents) events_.pop_front();
}

std::optional<json> Service::events_after(std::uint64_t number) const {
  if (event_count_ <= number) return std::nullopt;
  json list = json::array();
  for (const auto& [count, text] : events_)
    if (count > number) list.push_back(json::parse(text));
  return json{{"ok", {{"events", std::move(list)}, {"last", event_count_}}}};
}

json Service::events() const {
  return {{"ok", {{"events", json::array()}, {"last", event_count_}}}};
}

}  // namespace seatrial::cutdisk
