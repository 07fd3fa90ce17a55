// SPDX-License-Identifier: Apache-2.0
#pragma once
// Step: one thing the bench does for a case, with its place in the trail, its duration and how it
// ended. Begins with step_started, ends with step_finished exactly once, also when the coroutine it
// lives in is cancelled.

#include <optional>
#include <string>

#include "core/base/result.hpp"
#include "workers/bench/event_writer.hpp"

namespace seatrial::bench {

class Steps {
 public:
  explicit Steps(EventWriter& events) : events_(&events) {}

  class Step {
   public:
    Step(Steps& owner, std::string name, std::string text, double budget_seconds);
    ~Step();
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;
    void succeed(std::string result = {});
    void fail(const Failure& failure);

   private:
    void finish(bool ok, const Failure* failure, const std::string& result);
    Steps* owner_;
    int id_, parent_;
    double began_;
    bool open_ = true;
  };

 private:
  EventWriter* events_;
  int next_ = 1;
  int current_ = 0;
};

}  // namespace seatrial::bench
