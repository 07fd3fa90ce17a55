// SPDX-License-Identifier: Apache-2.0
// Resets, each a new process (README.md says why), and the forwards that outlive them.
#include <fmt/format.h>
#include <signal.h>

#include <array>
#include <nlohmann/json.hpp>

#include "core/base/log.hpp"
#include "workers/qemu/machine_state.hpp"

namespace seatrial::qemu {
using nlohmann::json;
using namespace std::chrono_literals;

Task<Result<>> Machine::State::restart(std::shared_ptr<State> self) {
  struct Restarting {  // cancelled: nobody waits for it any longer
    State& state;
    ~Restarting() {
      state.restarting = false;
      state.changed.notify();
    }
  } const restarting{*self};
  Result<> again;
  if (!self->asked) again = co_await start_to_release(self, {});
  if (!again) log::warn("{}", again.error().describe());
  ++self->resets;
  if (again && !self->asked) co_return Result<>();
  if (!again && !self->alive() && !self->asked) {  // its guest never ran: told here
    self->restarting = false;
    self->last_end = again.error();
    self->emit({.kind = MachineEvent::Kind::died,
                .end = End::died,
                .failure = again.error(),
                .detail = again.error().what()});
    co_return Result<>();
  }
  if (self->alive()) {
    self->process->signal_group(SIGKILL);  // the watcher tells how it ended
  } else if (self->asked) {                // switched off between the two processes
    self->restarting = false;
    self->last_end = Result<End>(*self->asked);
    self->emit({.kind = MachineEvent::Kind::powered_off, .end = *self->asked});
  }
  co_return Result<>();
}

Task<Result<>> Machine::reset() {
  auto state = state_;
  State* const s = state.get();
  const unsigned before = state->resets;
  json none;
  const auto done = co_await State::ask(state, "system_reset", std::move(none), 10s);
  if (!done && done.error().code() != "machine.reset") co_return done.error();
  const Budget budget = Budget(30s, "the machine to start anew").with_blame(Blame::bench);
  CO_CHECK_OK(co_await within(budget, state->changed.until([s, before] {
    return !s->on() || (s->resets != before && !s->restarting);
  })));
  if (!state->on()) co_return state->not_on("reset");
  co_return Result<>();
}

Task<Result<>> Machine::forward_to(std::string address) {
  auto state = state_;
  if (!state->spec.network) co_return Result<>();
  for (auto& forward : state->spec.network->forwards) forward.guest_address = address;
  if (!state->on()) co_return Result<>();
  if (address.empty()) address = kUserNetworkGuest;
  const auto forwards = state->spec.network->forwards;
  for (const auto& forward : forwards) {
    const auto host = port(forward.name);
    const std::array<std::string, 2> lines{
        fmt::format("hostfwd_remove net0 tcp:127.0.0.1:{}", host),
        fmt::format("hostfwd_add net0 tcp:127.0.0.1:{}-{}:{}", host, address, forward.guest_port)};
    for (const auto& line : lines) {
      json arguments{{"command-line", line}};
      CO_TRY(const auto said,
             co_await State::ask(state, "human-monitor-command", std::move(arguments), 10s));
      const std::string words = said.is_string() ? said.get<std::string>() : std::string();
      if (&line == &lines.back() && !words.empty())
        co_return Failure("network.forward", Blame::bench, "QEMU refused a port forward: " + words,
                          "see private/qemu.log in the run folder");
    }
  }
  co_return Result<>();
}

}  // namespace seatrial::qemu
