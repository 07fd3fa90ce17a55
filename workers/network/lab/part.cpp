// SPDX-License-Identifier: Apache-2.0
#include "workers/network/lab/part.hpp"

#include <fmt/format.h>

#include <boost/asio/this_coro.hpp>

#include "core/base/within.hpp"
#include "core/io/file.hpp"

namespace seatrial::network {

using namespace std::chrono_literals;

namespace {

std::string tail_of(const std::string& file) {
  const auto text = io::read_file(file);
  if (!text || text->empty()) return "it printed nothing";
  return text->substr(text->size() - std::min<std::size_t>(text->size(), 400));
}

}  // namespace

Part::Part(Nursery& nursery, PartPlan plan, Died died)
    : nursery_(nursery),
      state_(std::make_shared<State>(State{std::move(plan), std::move(died), nullptr})) {}

bool Part::running() const { return state_->process && state_->process->running(); }
int Part::pid() const { return running() ? state_->process->pid() : 0; }

Task<Result<>> Part::watch(std::shared_ptr<State> state, std::shared_ptr<io::Process> process) {
  auto status = co_await process->wait();
  if (state->process != process) co_return Result<>();  // it was to end
  ++state->deaths;
  state->died(state->plan.name, status ? status->describe() : "unknown");
  co_return Result<>();
}

Task<Result<>> Part::until_it_answers(std::shared_ptr<State> state) {
  for (;;) {
    const bool answers = co_await state->plan.answers();
    if (answers) co_return Result<>();
    if (!state->process || !state->process->running())
      co_return Failure("network.part", Blame::bench,
                        fmt::format("{} of the lab network ended at its start: {}",
                                    state->plan.name, tail_of(state->plan.log)),
                        "see " + state->plan.log);
    co_await pause(5ms);
  }
}

Task<Result<>> Part::start() {
  co_await stop();
  CO_TRY(auto command, state_->plan.command());
  auto executor = co_await boost::asio::this_coro::executor;
  CO_TRY(auto process, io::Process::start(executor, std::move(command)));
  state_->process = std::make_shared<io::Process>(std::move(process));
  nursery_.start("watching " + name(), watch(state_, state_->process));
  Budget budget(20s, name() + " of the lab network to answer");
  budget.code = "network.part";
  budget.blame = Blame::bench;
  budget.advice = "see " + state_->plan.log + " and the host's load";
  co_return co_await within(std::move(budget), until_it_answers(state_));
}

Task<> Part::stop() {
  const auto process = std::move(state_->process);
  state_->process.reset();
  if (process) co_await process->stop(2s);
}

}  // namespace seatrial::network
