// SPDX-License-Identifier: Apache-2.0
#include "workers/disk/connection.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>

#include "core/base/log.hpp"
#include "workers/disk/fields.hpp"

namespace seatrial::cutdisk {
using nlohmann::json;

namespace {

constexpr std::uint64_t kMillisecond = 1'000'000;
constexpr std::size_t kLongestLine = 64u << 10;
constexpr std::uint64_t kLongestWait = 60'000;

}  // namespace

void Outbox::hold_back(std::size_t begin, std::uint64_t due) {
  late_bytes_ += bytes_.size() - begin;
  late_.emplace(due, bytes_.substr(begin));
  bytes_.resize(begin);
}

void Outbox::release_due(std::uint64_t now) {
  while (!late_.empty() && late_.begin()->first <= now) {
    bytes_ += late_.begin()->second;
    late_bytes_ -= late_.begin()->second.size();
    late_.erase(late_.begin());
  }
}

std::optional<std::uint64_t> Outbox::next_due() const {
  if (late_.empty()) return std::nullopt;
  return late_.begin()->first;
}

bool Outbox::send(int fd) {
  while (waiting()) {
    const auto n = ::send(fd, bytes_.data() + sent_, bytes_.size() - sent_, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
    sent_ += static_cast<std::size_t>(n);
  }
  bytes_.clear();
  sent_ = 0;
  return true;
}

DiskConnection::DiskConnection(io::UniqueFd fd, Service& service)
    : fd_(std::move(fd)),
      service_(service),
      session_([&service](std::string_view name,
                          bool entering) { return service.admit(name, entering); },
               {std::string(kGuestExport), std::string(kOfflineExport)}) {
  out_.bytes() = session_.take_output();
}

void DiskConnection::enter_when_admitted() {
  if (entered_ || !session_.entered()) return;
  entered_ = true;
  offline_ = session_.export_name() == kOfflineExport;
  epoch_ = service_.epoch();
  service_.entered(offline_);
}

bool DiskConnection::receive(std::uint64_t now) {
  const auto room = session_.room();
  const auto n = ::recv(fd_.get(), room.data(), room.size(), 0);
  if (n < 0) return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
  if (n == 0) return false;
  session_.received(static_cast<std::size_t>(n));
  return work(now);
}

bool DiskConnection::work(std::uint64_t now) {
  while (wants_input()) {
    const auto request = session_.next();
    enter_when_admitted();
    out_.bytes() += session_.take_output();
    if (!request) break;
    if (!powered()) continue;  // the power went off under it: it never hears again
    const auto begin = out_.bytes().size();
    const auto answer = service_.serve(*request, offline_, out_.bytes());
    if (answer.delay_ms > 0 && !answer.silent)
      out_.hold_back(begin, now + answer.delay_ms * kMillisecond);
  }
  if (!session_.trouble().empty())
    log::warn("a client of the disk was sent away: {}", session_.trouble());
  return !session_.over();
}

bool DiskConnection::flush(std::uint64_t now) {
  if (entered_ && !powered()) {
    out_ = Outbox();
    return true;
  }
  out_.release_due(now);
  const bool was_full = !wants_input();
  if (!out_.send(fd_.get())) return false;
  return !was_full || work(now);  // what it had asked for when its replies were too many
}

void DiskConnection::close() {
  out_.send(fd_.get());  // the end of a handshake that was refused
  if (entered_ && powered()) service_.left(offline_, session_.polite());
}

std::optional<std::uint64_t> ControlConnection::next_due() const {
  if (!waits_) return std::nullopt;
  return waits_->until;
}

void ControlConnection::say(const json& answer) {
  out_.bytes() += answer.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

bool ControlConnection::receive(std::uint64_t now) {
  char chunk[16384];
  const auto n = ::recv(fd_.get(), chunk, sizeof chunk, 0);
  if (n < 0) return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
  if (n == 0) return false;
  in_.append(chunk, static_cast<std::size_t>(n));
  answer_lines(now);
  return in_.size() <= kLongestLine;
}

void ControlConnection::answer_lines(std::uint64_t now) {
  std::size_t end;
  while (!waits_ && (end = in_.find('\n')) != std::string::npos) {
    const auto line = in_.substr(0, end);
    in_.erase(0, end + 1);
    answer(line, now);
  }
}

void ControlConnection::answer(const std::string& line, std::uint64_t now) {
  const auto request = json::parse(line, nullptr, false);
  if (!request.is_object() || request.value("do", json()) != "wait")
    return say(service_.answer(request));
  std::string ignored;
  Wait wait;
  std::uint64_t ms = 1000;
  Fields fields(request);
  fields.take("do", ignored);
  fields.take("after", wait.after);
  fields.take("ms", ms);
  if (const auto good = fields.done(); !good) return say(refusal(good.error()));
  wait.until = now + std::min(ms, kLongestWait) * kMillisecond;
  waits_ = wait;
}

bool ControlConnection::flush(std::uint64_t now) {
  if (waits_) {
    auto events = service_.events_after(waits_->after);
    if (!events && now >= waits_->until) events = service_.events();
    if (events) {
      say(*events);
      waits_.reset();
      answer_lines(now);
    }
  }
  return out_.send(fd_.get());
}

}  // namespace seatrial::cutdisk
