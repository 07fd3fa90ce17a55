// SPDX-License-Identifier: Apache-2.0
// Power on: from the spec to a guest that runs its first instruction.
#include <fmt/format.h>
#include <signal.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "core/base/log.hpp"
#include "core/io/file.hpp"
#include "workers/qemu/machine_state.hpp"

namespace seatrial::qemu {
using nlohmann::json;
using namespace std::chrono_literals;

namespace {

constexpr int kMostPortClashes = 5;

Failure qemu_missing(const std::string& program) {
  return Failure("qemu.missing", Blame::bench, fmt::format("{} is not installed", program),
                 "install it: apt-get install qemu-system-x86 qemu-utils (or run ./sea setup)");
}

/// QEMU says so when a host port of a forward is taken.
bool is_port_clash(const Failure& failure) {
  return failure.code() == "qemu.died" &&
         failure.what().find("Could not set up host forwarding rule") != std::string::npos;
}

}  // namespace

Task<Result<>> Machine::State::launch(std::shared_ptr<State> self) {
  CO_TRY(auto folder, SocketFolder::make(self->spec.folder, self->guard));
  self->paths.qmp = folder.path() / "qmp";
  self->paths.console = folder.path() / "console";
  self->paths.packets = self->spec.folder / fmt::format("packets-{}.pcap", ++self->launches);
  MachineSpec spec = self->spec;
  if (spec.network)
    for (auto& forward : spec.network->forwards)  // the ports of the last time, if they are free
      if (const auto known = self->ports.find(forward.name);
          forward.host_port == 0 && known != self->ports.end())
        forward.host_port = known->second;
  CO_TRY(auto words, command_line(spec, self->paths));
  if (self->incoming) words.insert(words.end(), {"-incoming", "defer"});

  io::Command command = io::cmd(qemu_program(spec));
  command.args = std::move(words);
  command.stdout_file = command.stderr_file = spec.folder / "qemu.log";
  std::error_code none_yet;
  const auto size = std::filesystem::file_size(command.stderr_file, none_yet);
  self->log_begin = none_yet ? 0 : size;
  self->last_command = command.describe();
  auto process = io::Process::start(self->executor, std::move(command));
  if (!process) {
    if (process.error().code() == "program.missing") co_return qemu_missing(qemu_program(spec));
    co_return process.error();
  }
  self->process = std::make_shared<io::Process>(std::move(*process));
  self->sockets.emplace(std::move(folder));
  self->finished = self->guest_shut_down = self->watchdog_resets = false;
  self->reset_seen.reset();
  self->released = false;
  if (self->guard)
    if (auto added = self->guard->add(self->process->pid()); !added)
      log::warn("{}", added.error().describe());  // it is dead already: the watcher will say why
  self->nursery.start("watching QEMU", watch(self));
  co_return Result<>();
}

Task<Result<>> Machine::State::read_ports(std::shared_ptr<State> self) {
  if (!self->spec.network) co_return Result<>();
  json arguments = {{"command-line", "info usernet"}};
  CO_TRY(const auto table, co_await ask(self, "human-monitor-command", std::move(arguments), 10s));
  // TCP[HOST_FORWARD]  8  127.0.0.1 34865  10.0.2.15  22  0  0
  std::istringstream lines(table.is_string() ? table.get<std::string>() : std::string());
  std::map<unsigned, unsigned> host_of_guest;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string protocol, source, destination;
    unsigned fd = 0, host = 0, guest = 0;
    if (words >> protocol >> fd >> source >> host >> destination >> guest &&
        protocol.find("HOST_FORWARD") != protocol.npos)
      host_of_guest[guest] = host;
  }
  for (const auto& forward : self->spec.network->forwards) {
    const auto found = host_of_guest.find(forward.guest_port);
    if (found == host_of_guest.end())
      co_return Failure(
          "qemu.start", Blame::bench,
          fmt::format("QEMU does not list the forward to guest port {}", forward.guest_port),
          "check that this QEMU has user-mode networking (libslirp)");
    self->ports[forward.name] = static_cast<std::uint16_t>(found->second);
  }
  co_return Result<>();
}

Task<Result<>> Machine::State::until_nics_are_joined(std::shared_ptr<State> self) {
  for (;;) {
    json arguments = {{"command-line", "info network"}};
    CO_TRY(const auto answer,
           co_await ask(self, "human-monitor-command", std::move(arguments), 10s));
    const std::string table = answer.is_string() ? answer.get<std::string>() : std::string();
    bool all = true;
    for (const auto& nic : self->spec.nics)  //  \ nic0: index=0,type=stream,unix:/run/x/nic0
      all = all && table.find(nic.id + ": index=0,type=stream,unix:") != table.npos;
    if (all) co_return Result<>();
    co_await seatrial::pause(20ms);
  }
}

Task<Result<>> Machine::State::join_nics(std::shared_ptr<State> self) {
  if (self->spec.nics.empty()) co_return Result<>();
  if (const auto connect = self->connect_nics) CO_CHECK_OK(co_await connect());
  Budget budget(10s, "the lab network's switch to connect to QEMU's NICs");
  budget.code = "network.not_connected";
  budget.blame = Blame::bench;
  budget.advice = "does the switch run? See switch.log and `info network`";
  auto joined = until_nics_are_joined(self);
  co_return co_await within(std::move(budget), std::move(joined));
}

namespace {

/// From a fresh process to a machine that stands before its first instruction.
Task<Result<std::shared_ptr<Qmp>>> first_contact(Nursery& nursery, std::filesystem::path socket,
                                                 Qmp::EventSink sink) {
  Budget budget(20s, "QEMU's control socket");
  budget.code = "qemu.start";
  budget.blame = Blame::bench;
  budget.advice = "look at the host's load, and at private/qemu.log of the run";
  return Qmp::connect(nursery, std::move(socket), std::move(sink), std::move(budget));
}

}  // namespace

Task<Result<>> Machine::State::launch_and_connect(std::shared_ptr<State> self) {
  for (int clash = 0;; ++clash) {
    CO_CHECK_OK(co_await launch(self));
    const std::weak_ptr<State> weak = self;
    Qmp::EventSink sink = [weak](const std::string& name, const json& data) {
      if (const auto state = weak.lock()) state->on_qmp_event(name, data);
    };
    auto contact = first_contact(self->nursery, self->paths.qmp, std::move(sink));
    // The process knows better than its socket why there is no connection.
    auto qmp = co_await unless(fails_when_process_ends(self), std::move(contact));
    if (qmp) {
      self->qmp = std::move(*qmp);
      co_return Result<>();
    }
    if (qmp.error().code() != "qemu.died") {
      // The socket ends a moment before the process, which may be ending.
      State* const s = self.get();
      const Budget soon(2s, "the end of QEMU, whose control connection ended");
      auto ended = co_await within(soon, self->changed.until([s] { return !s->alive(); }));
      if (ended && self->last_end && !*self->last_end) qmp = self->last_end->error();
    }
    if (!is_port_clash(qmp.error()) || clash == kMostPortClashes) co_return qmp.error();
    log::info("a forwarded port was taken by somebody else; trying another");
    self->ports.clear();
  }
}

Task<Result<>> Machine::State::start_to_release(std::shared_ptr<State> self, std::string snapshot) {
  self->incoming = !snapshot.empty() && self->on_served_disks();
  const bool receives = self->incoming;
  CO_CHECK_OK(co_await launch_and_connect(self));
  CO_TRY(auto console, co_await io::ByteStream::connect_unix(self->paths.console));
  if (self->take_console) self->take_console(std::move(console));
  CO_CHECK_OK(co_await read_ports(self));
  CO_CHECK_OK(co_await join_nics(self));
  if (receives) {
    CO_CHECK_OK(co_await receive(self, std::move(snapshot)));
  } else if (!snapshot.empty()) {
    CO_CHECK_OK(co_await snapshot_job(self, "snapshot-load", std::move(snapshot), 120s));
  }
  if (!self->restarting) self->emit({.kind = MachineEvent::Kind::powered_on});
  json none;
  CO_TRY(const auto released, co_await ask(self, "cont", std::move(none), 10s));
  (void)released;
  self->released = true;
  co_return Result<>();
}

void Machine::State::begin_power_on() {
  button_pressed = false;
  asked.reset();
  last_end.reset();
  stop_failure.reset();
  ++power_ons;
}

Task<Result<>> Machine::State::start(std::shared_ptr<State> self, std::string snapshot) {
  if (self->on() || self->starting)
    co_return Failure("power.on", Blame::suite, self->spec.name + " is powered on already",
                      "power it off first, or use a power cycle");
  self->begin_power_on();
  follow_disks(self);
  struct Starting {  // a start that is cancelled leaves nothing running
    State& state;
    bool ended = false;
    explicit Starting(State& s) : state(s) { state.starting = true; }
    ~Starting() {
      state.starting = false;
      if (ended || !state.on()) return;
      state.asked = End::hard_off;
      state.process->signal_group(SIGKILL);
    }
  } starting(*self);
  Result<> started;
  if (!snapshot.empty() && self->on_served_disks())
    started = co_await restore_disks(self, snapshot);
  else
    started = co_await power_disks(self);
  if (started) started = co_await start_to_release(self, std::move(snapshot));
  starting.ended = true;
  if (!started) {
    if (auto killed = co_await kill(self); !killed) co_return killed.error();
  }
  co_return std::move(started);
}

Task<Result<>> Machine::power_on() { return State::start(state_, {}); }
Task<Result<>> Machine::power_on_from(std::string snapshot) {
  return State::start(state_, std::move(snapshot));
}

}  // namespace seatrial::qemu
