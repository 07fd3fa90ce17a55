// SPDX-License-Identifier: Apache-2.0
#pragma once
// Part: a program that the lab network consists of (the switch, dnsmasq, our services), as a child
// of the process that holds the namespace. Starting ends when it answers. One that dies by itself
// is told; it is started again when asked, not by itself: what a case saw must not be patched over.

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <string>

#include "core/base/nursery.hpp"
#include "core/base/result.hpp"
#include "core/base/task.hpp"
#include "core/io/process.hpp"

namespace seatrial::network {

struct PartPlan {
  std::string name;
  /// Made anew for each start; fails with what is missing.
  std::function<Result<io::Command>()> command;
  /// Does it answer yet?
  std::function<Task<bool>()> answers;
  std::string log;  ///< file, for advice
};

class Part {
 public:
  using Died = std::function<void(const std::string& name, const std::string& how)>;
  Part(Nursery& nursery, PartPlan plan, Died died);

  /// Starts it, again if it runs. Fails with "network.part".
  Task<Result<>> start();
  /// Ends it in good order; it has not died then.
  Task<> stop();
  const std::string& name() const { return state_->plan.name; }
  bool running() const;
  int pid() const;
  int deaths() const { return state_->deaths; }

 private:
  struct State {
    PartPlan plan;
    Died died;
    std::shared_ptr<io::Process> process;
    int deaths = 0;
  };
  static Task<Result<>> watch(std::shared_ptr<State> state, std::shared_ptr<io::Process> process);
  static Task<Result<>> until_it_answers(std::shared_ptr<State> state);
  Nursery& nursery_;
  std::shared_ptr<State> state_;
};

}  // namespace seatrial::network
