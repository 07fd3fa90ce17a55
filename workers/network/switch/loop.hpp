// SPDX-License-Identifier: Apache-2.0
#pragma once
// Loop: epoll and one timer, for the switch alone: its start and each frame should cost little. One
// thread; it sleeps until there is something to do. A Watched belongs to whoever made it and is
// taken off the loop by its destructor; it may be destroyed inside any call of the loop.

#include <sys/epoll.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/io/fd.hpp"

namespace seatrial::network {

class Loop {
 public:
  static Result<Loop> make();
  Loop(Loop&&) = default;

  /// One descriptor on a loop. `call` gets the epoll events.
  class Watched {
   public:
    Watched() = default;
    Watched(Loop& loop, int fd, std::uint32_t events, std::function<void(std::uint32_t)> call);
    Watched(Watched&& other) noexcept;
    Watched& operator=(Watched&& other) noexcept;
    ~Watched() { reset(); }
    void events(std::uint32_t wanted);
    void reset();

   private:
    Loop* loop_ = nullptr;
    int fd_ = -1;
    std::uint64_t id_ = 0;
    std::uint32_t wanted_ = 0;
  };

  /// Runs until stop(). `turn` is called after each batch of events and says when it wants to be
  /// called again at the latest (monotonic time).
  Result<> run(std::function<std::optional<Duration>()> turn);
  void stop() { stopped_ = true; }

 private:
  Loop(io::UniqueFd epoll, io::UniqueFd timer)
      : epoll_(std::move(epoll)), timer_(std::move(timer)) {}
  void arm(std::optional<Duration> at);

  io::UniqueFd epoll_, timer_;
  std::unordered_map<std::uint64_t, std::function<void(std::uint32_t)>> calls_;
  std::uint64_t ids_ = 0;
  std::optional<Duration> armed_;
  bool stopped_ = false;
};

/// Of CLOCK_MONOTONIC, which the loop's timer goes by.
Duration monotonic_now();

}  // namespace seatrial::network
