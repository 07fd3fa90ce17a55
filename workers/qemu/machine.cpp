// SPDX-License-Identifier: Apache-2.0
#include "workers/qemu/machine.hpp"

#include <fmt/format.h>
#include <signal.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/io/file.hpp"
#include "workers/qemu/machine_state.hpp"

namespace seatrial::qemu {
using nlohmann::json;
using namespace std::chrono_literals;

namespace {

std::string text_of(const json& data, const char* key) {
  const auto found = data.find(key);
  return found != data.end() && found->is_string() ? found->get<std::string>() : std::string();
}
bool truth_of(const json& data, const char* key) {
  const auto found = data.find(key);
  return found != data.end() && found->is_boolean() && found->get<bool>();
}

}  // namespace

std::string_view to_string(PowerState state) {
  switch (state) {
    case PowerState::off: return "off";
    case PowerState::on: return "on";
    case PowerState::paused: return "paused";
    case PowerState::stopped: return "stopped";
  }
  return "?";
}

std::string_view to_string(MachineEvent::Kind kind) {
  using Kind = MachineEvent::Kind;
  switch (kind) {
    case Kind::powered_on: return "powered_on";
    case Kind::powered_off: return "powered_off";
    case Kind::reset: return "reset";
    case Kind::guest_panicked: return "guest_panicked";
    case Kind::stopped: return "stopped";
    case Kind::died: return "died";
    case Kind::watchdog: return "watchdog";
    case Kind::restored: return "restored";
  }
  return "?";
}

void Machine::State::emit(MachineEvent event) {
  // A sink may remove itself or another: call over a copy.
  const auto now = sinks;
  for (const auto& [name, sink] : now)
    if (sink) sink(event);
  changed.notify();
}

void Machine::State::on_qmp_event(const std::string& name, const json& data) {
  using Kind = MachineEvent::Kind;
  if (name == "SHUTDOWN") {
    const auto reason = text_of(data, "reason");
    guest_shut_down = truth_of(data, "guest");
    if (reason == "guest-reset" || reason == "host-qmp-system-reset")
      reset_seen = MachineEvent{.kind = Kind::reset, .by_guest = guest_shut_down, .detail = reason};
  } else if (name == "WATCHDOG") {
    watchdog_resets = text_of(data, "action") == "reset";
    emit({.kind = Kind::watchdog, .by_guest = true, .detail = text_of(data, "action")});
  } else if (name == "GUEST_PANICKED") {
    emit({.kind = Kind::guest_panicked, .by_guest = true, .detail = text_of(data, "action")});
  } else if (name == "BLOCK_IO_ERROR") {
    on_block_error(data);
  } else if (name == "MIGRATION") {
    migration = text_of(data, "status");
    changed.notify();
  } else if (name == "JOB_STATUS_CHANGE") {
    jobs[text_of(data, "id")] = text_of(data, "status");
    changed.notify();
  }
}

void Machine::State::on_block_error(const json& data) {
  const std::string what =
      fmt::format("QEMU could not {} the disk {} on this host: {}", text_of(data, "operation"),
                  text_of(data, "node-name"), text_of(data, "reason"));
  if (text_of(data, "action") != "stop") {
    log::warn("{} (reported to the guest)", what);
    return;
  }
  const bool full = truth_of(data, "nospace");
  stop_failure = full ? Failure("disk.full", Blame::bench, what + "; the machine was stopped",
                                "free disk space on the host, under " + spec.folder.string())
                      : Failure("disk.io", Blame::bench, what + "; the machine was stopped",
                                "check the host's disk and file system (dmesg)");
  emit({.kind = MachineEvent::Kind::stopped, .failure = stop_failure, .detail = what});
}

Failure Machine::State::died(io::ExitStatus status) const {
  const auto said = log_tail();
  return Failure(
      "qemu.died", Blame::bench,
      fmt::format("QEMU ended by itself with {}{}", status.describe(),
                  said.empty() ? std::string(", without a word") : ": " + said),
      status.signal == SIGKILL
          ? "find out who killed it: the host's out-of-memory killer (dmesg), or a person"
          : "read QEMU's message; the command line is in the run's events");
}

std::string Machine::State::log_tail() const {
  const auto text = io::read_file(spec.folder / "qemu.log");
  if (!text) return {};
  const std::string_view ours =
      std::string_view(*text).substr(std::min<std::size_t>(log_begin, text->size()));
  const auto words = trim(ours);
  return std::string(words.substr(words.size() - std::min<std::size_t>(words.size(), 1000)));
}

void Machine::State::forget_process() {
  finished = true;
  if (guard) guard->del(process->pid());
  if (qmp) qmp->close();
  process.reset();
  qmp.reset();
  sockets.reset();
  stop_failure.reset();
  jobs.clear();
}

void Machine::State::finish(io::ExitStatus status) {
  const auto reset = std::exchange(reset_seen, std::nullopt);
  const Failure death = died(status);
  forget_process();
  if (reloading && !asked) {
    restarting = true;
    changed.notify();
    return;
  }
  if (reset && !asked && status.ok()) {
    restarting = true;
    if (!std::exchange(watchdog_resets, false)) emit(*reset);  // else told as the watchdog already
    nursery.start("restarting QEMU", restart(shared_from_this()));
    return;
  }
  // A process that ended before its guest ran is told by the start that it was for.
  const bool quiet = !released && !asked;
  if (!quiet) restarting = false;
  if (asked)
    last_end = Result<End>(*asked);
  else if (guest_shut_down && status.ok())
    last_end = Result<End>(button_pressed ? End::soft_off : End::guest_off);
  else
    last_end = Result<End>(death);
  if (quiet) {
    changed.notify();
    return;
  }
  MachineEvent event{.kind = MachineEvent::Kind::powered_off};
  if (*last_end) {
    event.end = **last_end;
    event.by_guest = !asked;
  } else {
    event.kind = MachineEvent::Kind::died;
    event.end = End::died;
    event.failure = last_end->error();
    event.detail = last_end->error().what();
  }
  emit(std::move(event));
}

Task<Result<>> Machine::State::watch(std::shared_ptr<State> self) {
  const auto process = self->process;
  struct Watched {  // cancelled: whoever cancels the background wants the machine gone
    io::Process& process;
    ~Watched() { process.signal_group(SIGKILL); }
  } const watched{*process};
  auto status = co_await process->wait();
  // Helpers of QEMU are in its group and end when their connection does; make sure.
  ::kill(-process->pid(), SIGKILL);
  self->finish(status ? *status : io::ExitStatus{0, SIGKILL});
  co_return Result<>();
}

Failure Machine::State::not_on(std::string_view doing) const {
  if (last_end && !*last_end) return last_end->error();
  return Failure("power.off", Blame::suite,
                 fmt::format("cannot {}: {} is powered off", doing, spec.name),
                 "power it on first");
}

Task<Result<json>> Machine::State::ask(std::shared_ptr<State> self, std::string command,
                                       json arguments, Duration limit) {
  if (self->restarting && !self->qmp) {
    const Budget again(30s, "QEMU to go on after a reset");
    CO_CHECK_OK(co_await within(again, self->restarted()));
  }
  if (!self->on() || !self->qmp) co_return self->not_on(command);
  const auto qmp = self->qmp;
  Budget budget(limit, "QEMU's answer to " + command);
  budget.code = "qmp.timeout";
  budget.blame = Blame::bench;
  budget.advice = "look at the host's load and disk; QEMU stands still while it waits for them";
  const std::string doing = command;
  auto answer = co_await qmp->execute(std::move(command), std::move(arguments), std::move(budget));
  if (answer || answer.error().code() != "qmp.gone") co_return std::move(answer);
  // The socket ends a moment before the process does, and the process knows why.
  State* const s = self.get();
  const auto process = self->process;
  const Budget soon(2s, "the end of QEMU, whose control connection ended");
  auto ended = co_await within(soon, self->changed.until([s] { return !s->alive(); }));
  if (!ended) co_return std::move(answer);
  if (self->on())
    co_return Failure("machine.reset", Blame::unknown, "the guest was reset during: " + doing,
                      "ask again when it has started anew");
  co_return self->not_on(doing);
}

Machine::Machine(Nursery& nursery, boost::asio::any_io_executor executor, MachineSpec spec,
                 Guard* guard)
    : state_(std::make_shared<State>(nursery, executor, std::move(spec), guard)) {}

Machine::~Machine() {
  state_->sinks.clear();
  state_->take_console = nullptr;
  state_->connect_nics = nullptr;
  if (!state_->on()) return;
  state_->asked = End::hard_off;
  if (!state_->alive()) return;
  // Reaped by the watcher, which may come after the guard has gone.
  state_->process->signal_group(SIGKILL);
  if (state_->guard) state_->guard->del(state_->process->pid());
  state_->sockets.reset();
  state_->guard = nullptr;
}

void Machine::on_nics(std::function<Task<Result<>>()> connect) {
  state_->connect_nics = std::move(connect);
}
void Machine::on_console(std::function<void(io::ByteStream)> take) {
  state_->take_console = std::move(take);
}

void Machine::on_event(std::string name, std::function<void(const MachineEvent&)> sink) {
  if (sink)
    state_->sinks[std::move(name)] = std::move(sink);
  else
    state_->sinks.erase(name);
}

Task<Result<>> Machine::State::kill(std::shared_ptr<State> self) {
  if (self->on()) self->asked = End::hard_off;
  const auto cut = co_await cut_disks(self);
  if (!self->on()) co_return cut;
  if (self->alive()) self->process->signal_group(SIGKILL);
  State* const s = self.get();
  const Budget budget = Budget(10s, "the end of QEMU after SIGKILL").with_blame(Blame::bench);
  CO_CHECK_OK(co_await within(budget, self->changed.until([s] { return !s->on(); })));
  co_return cut;
}

Task<Result<>> Machine::hard_off() { return State::kill(state_); }

Task<Result<>> Machine::soft_off(Budget budget) {
  auto state = state_;
  State* const s = state.get();
  if (!state->on()) co_return state->not_on("press the power button");
  state->button_pressed = true;
  json none;
  CO_TRY(const auto pressed, co_await State::ask(state, "system_powerdown", std::move(none), 10s));
  (void)pressed;
  const Duration span = budget.span;
  auto ended = co_await within(std::move(budget), state->changed.until([s] { return !s->on(); }));
  if (!ended) {
    state->button_pressed = false;
    if (ended.error().blame() == Blame::cancelled) co_return ended.error();
    co_return Failure("power.soft_off", Blame::product,
                      fmt::format("the power button was pressed, and {} was still on after {}",
                                  state->spec.name, human_duration(span)),
                      "look at the console: what does the shutdown wait for");
  }
  if (state->last_end && !*state->last_end) co_return state->last_end->error();
  co_return Result<>();
}

Task<Result<>> Machine::pause() {
  auto state = state_;
  // QEMU flushes what the guest has not flushed when it stops it.
  const bool served = state->on_served_disks();
  if (served) CO_CHECK_OK(co_await State::ignore_flushes(state, true));
  json none;
  const auto done = co_await State::ask(state, "stop", std::move(none), 10s);
  if (served) CO_CHECK_OK(co_await State::ignore_flushes(state, false));
  if (!done) co_return done.error();
  co_return Result<>();
}

Task<Result<>> Machine::resume() {
  auto state = state_;
  state->stop_failure.reset();  // when the reason is still there, QEMU says so again
  json none;
  CO_TRY(const auto done, co_await State::ask(state, "cont", std::move(none), 10s));
  (void)done;
  co_return Result<>();
}

Task<Result<PowerState>> Machine::state() {
  auto state = state_;
  if (!state->on() || (state->alive() && !state->process->running())) co_return PowerState::off;
  if (state->restarting) co_return PowerState::on;
  json none, again;
  auto answer = co_await State::ask(state, "query-status", std::move(none), 10s);
  if (!answer && answer.error().code() == "machine.reset")
    answer = co_await State::ask(state, "query-status", std::move(again), 10s);
  if (!answer) {
    if (!state->on()) co_return PowerState::off;
    co_return answer.error();
  }
  const std::string word = text_of(*answer, "status");
  if (word == "running") co_return PowerState::on;
  for (const char* ours : {"paused", "prelaunch", "save-vm", "restore-vm", "suspended"})
    if (word == ours) co_return PowerState::paused;
  co_return PowerState::stopped;
}

Task<Result<End>> Machine::wait_end() {
  auto state = state_;
  State* const s = state.get();
  if (state->on()) {
    const unsigned which = state->power_ons;
    CO_CHECK_OK(
        co_await state->changed.until([s, which] { return !s->on() || s->power_ons != which; }));
  }
  if (!state->last_end) co_return state->not_on("wait for the end of the power");
  co_return *state->last_end;
}

Task<Result<>> Machine::State::fails_when_process_ends(std::shared_ptr<State> self) {
  State* const s = self.get();
  CO_CHECK_OK(co_await self->changed.until([s] { return !s->alive(); }));
  if (self->last_end && !*self->last_end) co_return self->last_end->error();
  co_return Result<>();
}

Task<Result<>> Machine::State::fails_when_dead(std::shared_ptr<State> self) {
  State* const s = self.get();
  CO_CHECK_OK(co_await self->changed.until([s] { return !s->on() || s->stop_failure; }));
  if (self->on()) co_return *self->stop_failure;
  if (self->last_end && !*self->last_end) co_return self->last_end->error();
  co_return Result<>();
}

Task<Result<>> Machine::fails_when_dead() { return State::fails_when_dead(state_); }

std::uint16_t Machine::port(std::string_view forward) const {
  const auto found = state_->ports.find(forward);
  return found == state_->ports.end() ? 0 : found->second;
}

int Machine::pid() const { return state_->alive() ? state_->process->pid() : 0; }
bool Machine::on() const { return state_->on(); }
const MachineSpec& Machine::spec() const { return state_->spec; }
unsigned Machine::power_ons() const { return state_->power_ons; }
std::string Machine::describe() const { return state_->last_command; }

Result<> Machine::respec(MachineSpec spec) {
  if (state_->on() || state_->starting)
    return Failure("power.on", Blame::suite, "the machine cannot be changed while it is on",
                   "power it off first");
  state_->spec = std::move(spec);
  return {};
}

Task<Result<json>> Machine::execute(std::string command, json arguments) {
  return State::ask(state_, std::move(command), std::move(arguments), 30s);
}

}  // namespace seatrial::qemu
