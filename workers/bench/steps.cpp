// SPDX-License-Identifier: Apache-2.0
#include "workers/bench/steps.hpp"

#include <nlohmann/json.hpp>

#include "core/model/failure_json.hpp"

namespace seatrial::bench {

Steps::Step::Step(Steps& owner, std::string name, std::string text, double budget_seconds)
    : owner_(&owner), id_(owner.next_++), parent_(owner.current_), began_(owner.events_->now()) {
  nlohmann::json data{{"step", id_}, {"name", name}, {"text", text}};
  if (parent_) data["parent"] = parent_;
  if (budget_seconds > 0) data["budget_seconds"] = budget_seconds;
  owner_->events_->write("step_started", data);
  owner_->current_ = id_;
}

Steps::Step::~Step() {
  if (!open_) return;
  const Failure cut("cancelled", Blame::cancelled, "the step was cut short",
                    "see what ended the case");
  finish(false, &cut, {});
}

void Steps::Step::succeed(std::string result) { finish(true, nullptr, result); }
void Steps::Step::fail(const Failure& failure) { finish(false, &failure, {}); }

void Steps::Step::finish(bool ok, const Failure* failure, const std::string& result) {
  open_ = false;
  nlohmann::json data{{"step", id_}, {"ok", ok}, {"seconds", owner_->events_->now() - began_}};
  if (failure) data["failure"] = model::to_json(*failure);
  if (!result.empty()) data["result"] = result;
  owner_->events_->write("step_finished", data);
  owner_->current_ = parent_;
}

}  // namespace seatrial::bench
