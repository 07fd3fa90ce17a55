// SPDX-License-Identifier: Apache-2.0
#include "workers/network/switch/switch_program.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/clock.hpp"
#include "core/base/text.hpp"

namespace seatrial::network {
namespace {

using namespace std::chrono_literals;

/// What a SIGKILL may cost the capture.
constexpr Duration kLongestUnwritten = 100ms;

void sooner(std::optional<Duration>& at, std::optional<Duration> other) {
  if (other && (!at || *other < *at)) at = other;
}

}  // namespace

Result<std::unique_ptr<SwitchProgram>> SwitchProgram::make(Loop& loop,
                                                           const SwitchSettings& settings) {
  std::unique_ptr<SwitchProgram> program(new SwitchProgram(loop, settings.seed));
  for (const auto& port : settings.ports) {
    const auto number = program->switch_.add_port(port.io.name, port.vlan);
    auto* self = program.get();
    TRY(auto io, open_port(
                     loop, port.io,
                     [self, number](std::string_view frame) {
                       self->switch_.receive(number, frame, monotonic_now());
                     },
                     [self, number] { self->switch_.forget_port(number); }));
    program->ports_.push_back(std::move(io));
    program->written_.push_back(false);
  }
  if (!settings.capture.file.empty()) CHECK_OK(program->start_capture(settings.capture));
  TRY(program->control_,
      LineServer::listen(loop, settings.control, [self = program.get()](std::string_view line) {
        return self->answer(line);
      }));
  return program;
}

Result<> SwitchProgram::run() {
  auto ended = loop_.run([this] { return turn(); });
  flush();
  return ended;
}

void SwitchProgram::flush() {
  if (capture_) capture_->flush();
  flush_at_.reset();
}

std::optional<Duration> SwitchProgram::turn() {
  const auto now = monotonic_now();
  switch_.advance(now);
  std::optional<Duration> next;
  for (std::size_t i = 0; i < ports_.size(); ++i) {
    if (written_[i]) ports_[i]->flush();
    written_[i] = false;
    sooner(next, ports_[i]->tend(now));
  }
  if (capture_ && capture_->unwritten() && !flush_at_) flush_at_ = now + kLongestUnwritten;
  if (flush_at_ && *flush_at_ <= now) flush();
  sooner(next, flush_at_);
  sooner(next, switch_.next_due());
  return next;
}

bool SwitchProgram::emit(std::size_t port, std::string_view frame) {
  written_[port] = true;
  return ports_[port]->send(frame);
}

void SwitchProgram::seen(std::size_t port, bool inbound, std::string_view frame,
                         std::string_view comment) {
  if (capture_) capture_->packet(port, inbound, frame, wall_at_zero_ + monotonic_now(), comment);
}

Result<> SwitchProgram::start_capture(const CaptureSettings& settings) {
  capture_.reset();
  flush_at_.reset();
  if (settings.file.empty()) return {};
  std::vector<std::string> names;
  for (std::size_t i = 0; i < switch_.ports(); ++i) names.push_back(switch_.name(i));
  TRY(auto capture, SwitchCapture::open(settings.file, settings.most_bytes, names,
                                        fmt::format("seatrial-switch, seed {}", switch_.seed())));
  capture_.emplace(std::move(capture));
  return {};
}

Result<std::size_t> SwitchProgram::find_port(const std::string& name) const {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < switch_.ports(); ++i) {
    if (switch_.name(i) == name) return i;
    names.push_back(switch_.name(i));
  }
  return Failure("network.no_port", Blame::suite, "the switch has no port named '" + name + "'",
                 "it has " + join(names, ", "));
}

}  // namespace seatrial::network
