// SPDX-License-Identifier: Apache-2.0
#include "workers/network/switch/loop.hpp"

#include <fmt/format.h>
#include <sys/timerfd.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace seatrial::network {
namespace {

Failure no_loop(const char* what) {
  return Failure("network.switch_start", Blame::bench,
                 fmt::format("cannot make {}: {}", what, std::strerror(errno)),
                 "check the limits of open files of this machine");
}

constexpr std::uint64_t kTimer = 0;

}  // namespace

Duration monotonic_now() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

Result<Loop> Loop::make() {
  io::UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return no_loop("an epoll descriptor");
  io::UniqueFd timer(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
  if (!timer) return no_loop("a timer");
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kTimer;
  if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, timer.get(), &event) != 0) return no_loop("a timer");
  return Loop(std::move(epoll), std::move(timer));
}

Loop::Watched::Watched(Loop& loop, int fd, std::uint32_t events,
                       std::function<void(std::uint32_t)> call)
    : loop_(&loop), fd_(fd), id_(++loop.ids_), wanted_(events) {
  loop.calls_[id_] = std::move(call);
  epoll_event event{};
  event.events = events;
  event.data.u64 = id_;
  ::epoll_ctl(loop.epoll_.get(), EPOLL_CTL_ADD, fd, &event);
}

Loop::Watched::Watched(Watched&& other) noexcept
    : loop_(std::exchange(other.loop_, nullptr)),
      fd_(std::exchange(other.fd_, -1)),
      id_(other.id_),
      wanted_(other.wanted_) {}

Loop::Watched& Loop::Watched::operator=(Watched&& other) noexcept {
  if (this == &other) return *this;
  reset();
  loop_ = std::exchange(other.loop_, nullptr);
  fd_ = std::exchange(other.fd_, -1);
  id_ = other.id_;
  wanted_ = other.wanted_;
  return *this;
}

void Loop::Watched::events(std::uint32_t wanted) {
  if (!loop_ || wanted == wanted_) return;
  wanted_ = wanted;
  epoll_event event{};
  event.events = wanted;
  event.data.u64 = id_;
  ::epoll_ctl(loop_->epoll_.get(), EPOLL_CTL_MOD, fd_, &event);
}

void Loop::Watched::reset() {
  if (!loop_) return;
  ::epoll_ctl(loop_->epoll_.get(), EPOLL_CTL_DEL, fd_, nullptr);
  loop_->calls_.erase(id_);
  loop_ = nullptr;
}

void Loop::arm(std::optional<Duration> at) {
  if (at == armed_) return;
  armed_ = at;
  itimerspec when{};
  if (at) {  // zero would disarm it
    const auto ns = std::max<std::int64_t>(1, at->count());
    when.it_value.tv_sec = ns / 1'000'000'000;
    when.it_value.tv_nsec = ns % 1'000'000'000;
  }
  ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
}

Result<> Loop::run(std::function<std::optional<Duration>()> turn) {
  arm(turn());
  while (!stopped_) {
    epoll_event events[64];
    const int n = ::epoll_wait(epoll_.get(), events, 64, -1);
    if (n < 0 && errno != EINTR) return no_loop("a wait for events");
    for (int i = 0; i < n; ++i) {
      if (events[i].data.u64 == kTimer) {
        std::uint64_t expirations = 0;
        (void)!::read(timer_.get(), &expirations, sizeof expirations);
        armed_.reset();  // it has fired: the same time would have to be set again
        continue;
      }
      const auto found = calls_.find(events[i].data.u64);
      if (found == calls_.end()) continue;  // gone since the events were fetched
      const auto call = found->second;      // it may take itself off the loop
      call(events[i].events);
    }
    arm(turn());
  }
  return {};
}

}  // namespace seatrial::network
