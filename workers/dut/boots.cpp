// SPDX-License-Identifier: Apache-2.0
#include "workers/dut/boots.hpp"

#include <fmt/format.h>

#include <utility>

#include "workers/dut/boots_lines.hpp"
#include "workers/dut/boots_story.hpp"

namespace seatrial::dut {

bool Boot::reached(BootStage stage) const {
  const bool shell = shell_at.has_value(), login = shell || login_at, kernel = login || kernel_at;
  switch (stage) {
    case BootStage::started: return number > 0;
    case BootStage::loader: return kernel || loader_at;
    case BootStage::kernel: return kernel;
    case BootStage::login: return login;
    case BootStage::shell: return shell;
  }
  return false;
}

struct BootTracker::State {
  State(boost::asio::any_io_executor executor, BootLines lines, int attempt_limit)
      : lines(std::move(lines)), changed(executor), story(attempt_limit, [this](const Boot& boot) {
          if (sink) sink(boot);
          changed.notify();
        }) {}

  BootLines lines;
  Notifier changed;
  std::function<void(const Boot&)> sink;
  BootStory story;
  Boot none;
};

BootTracker::BootTracker(std::unique_ptr<State> state) : state_(std::move(state)) {}
BootTracker::~BootTracker() = default;

Result<std::unique_ptr<BootTracker>> BootTracker::make(boost::asio::any_io_executor executor,
                                                       BootRules rules) {
  TRY(auto lines, BootLines::make(rules));
  return std::unique_ptr<BootTracker>(
      new BootTracker(std::make_unique<State>(executor, std::move(lines), rules.attempt_limit)));
}

void BootTracker::console_line(Duration at, std::string_view line, std::uint64_t offset) {
  state_->story.console_line(at, line, state_->lines.read(line), offset);
}

void BootTracker::powered_on(Duration at) { state_->story.powered_on(at); }

void BootTracker::powered_off(Duration at, std::string how) {
  state_->story.powered_off(at, std::move(how));
}

void BootTracker::reset(Duration at, bool by_guest, bool watchdog) {
  state_->story.reset(at, by_guest, watchdog);
}

void BootTracker::expect_restart(Duration) { state_->story.expect_restart(); }

void BootTracker::restored(Duration at, unsigned number) { state_->story.restored(at, number); }

void BootTracker::shell(Duration asked_at, Duration at, ShellFacts facts) {
  state_->story.shell(asked_at, at, facts);
}

const Boot& BootTracker::current() const {
  return state_->story.any() ? std::as_const(state_->story).current() : state_->none;
}
const std::vector<Boot>& BootTracker::history() const { return state_->story.all(); }
void BootTracker::on_change(std::function<void(const Boot&)> sink) {
  state_->sink = std::move(sink);
}

namespace {

const Boot* find_next(const std::vector<Boot>& boots, unsigned after, BootStage stage) {
  for (const auto& boot : boots)
    if (boot.number > after && (boot.reached(stage) || boot.ended())) return &boot;
  return nullptr;
}

std::string how_far(const std::vector<Boot>& boots, unsigned after) {
  if (boots.empty() || boots.back().number <= after)
    return after ? fmt::format("no boot began after boot {}", after) : "no boot began";
  const Boot& boot = boots.back();
  return fmt::format("boot {} began and came to {}", boot.number,
                     boot.reached(BootStage::login)    ? "the login"
                     : boot.reached(BootStage::kernel) ? "the kernel"
                     : boot.loader_at                  ? "the loader"
                                                       : "nothing on the console");
}

}  // namespace

Task<Result<Boot>> BootTracker::next(unsigned after, BootStage stage, Budget budget) {
  State* const state = state_.get();
  const Budget asked = budget;
  auto waited = co_await within(std::move(budget), state->changed.until([state, after, stage] {
    return find_next(state->story.all(), after, stage) != nullptr;
  }));
  if (waited) co_return *find_next(state->story.all(), after, stage);
  if (waited.error().blame() == Blame::cancelled) co_return waited.error();
  co_return Failure(asked.code, asked.blame,
                    waited.error().what() + ": " + how_far(state->story.all(), after),
                    asked.advice);
}

}  // namespace seatrial::dut
