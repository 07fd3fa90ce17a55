// SPDX-License-Identifier: Apache-2.0
// Snapshots of machines on served disks: RAM and devices by a migration into a file, the disks by
// their servers. QEMU flushes its disks when it stops a guest and when a migration ends, which the
// guest never asked for and which would hide what it forgot to flush: the disks are deaf meanwhile.
// Loading is a new process that receives the file; to everybody else it is the one of before.
#include <fmt/format.h>
#include <signal.h>

#include <nlohmann/json.hpp>

#include "core/base/log.hpp"
#include "core/io/file.hpp"
#include "workers/disk/client.hpp"
#include "workers/qemu/machine_state.hpp"

namespace seatrial::qemu {
using nlohmann::json;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

constexpr Duration kLimit = 120s;
constexpr std::uint64_t kUnlimited = 1ull << 40;  ///< bytes per second; the default is 128 MB

Failure bad_snapshot(std::string what) {
  return Failure("machine.snapshot", Blame::bench, std::move(what),
                 "see private/qemu.log in the run folder; every device must be migratable");
}

std::string shell_word(const std::string& word) {
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

bool over(const std::string& status) {
  return status == "completed" || status == "failed" || status == "cancelled";
}

}  // namespace

/// QEMU says "completed" a moment before the guest may go on, and has no event for that moment.
Task<Result<>> Machine::State::left_migration(std::shared_ptr<State> self) {
  for (;;) {
    json none;
    CO_TRY(const auto status, co_await ask(self, "query-status", std::move(none), 10s));
    if (status.value("status", "") == "postmigrate") co_return Result<>();
    co_await seatrial::pause(2ms);
  }
}

bool Machine::State::on_served_disks() const {
  for (const auto& disk : spec.disks)
    if (disk.server && !disk.read_only) return true;
  return false;
}

Result<> Machine::State::can_restore(const std::string& snapshot) const {
  for (const auto& disk : spec.disks)
    if (!disk.read_only && !disk.server)
      return bad_snapshot(fmt::format("{} is no served disk, but another one is", disk.id));
  if (!snapshot.empty() && !saved.count(snapshot))
    return bad_snapshot("there is no snapshot named " + snapshot);
  return {};
}

Task<Result<>> Machine::State::ignore_flushes(std::shared_ptr<State> self, bool ignore) {
  Result<> all;
  const auto disks = self->spec.disks;
  for (const auto& disk : disks)
    if (disk.server)
      if (auto done = co_await disk.server->ignore_flushes(ignore); !done && all)
        all = done.error();
  co_return all;
}

/// A migration in either direction, to its end.
Task<Result<>> Machine::State::migrate(std::shared_ptr<State> self, std::string command,
                                       std::string shell_line) {
  json events{{"capabilities", json::array({{{"capability", "events"}, {"state", true}}})}};
  CO_TRY(auto ignored, co_await ask(self, "migrate-set-capabilities", std::move(events), 10s));
  json limits{{"max-bandwidth", kUnlimited}};
  CO_TRY(ignored, co_await ask(self, "migrate-set-parameters", std::move(limits), 10s));
  self->migration.clear();
  json arguments{{"uri", "exec:" + shell_line}};
  CO_TRY(ignored, co_await ask(self, command, std::move(arguments), 10s));
  State* const s = self.get();
  Budget budget(kLimit, "the end of QEMU's " + command);
  budget.code = "machine.snapshot";
  budget.blame = Blame::bench;
  CO_CHECK_OK(co_await within(
      std::move(budget), self->changed.until([s] { return !s->alive() || over(s->migration); })));
  if (!self->alive() || self->migration.empty())
    co_return bad_snapshot(fmt::format("QEMU ended during {}: {}", command, self->log_tail()));
  if (self->migration == "completed") co_return Result<>();
  json none;  // a QEMU that could not receive ends, and its log knows why
  const auto told = co_await ask(self, "query-migrate", std::move(none), 10s);
  std::string why = told ? told->value("error-desc", std::string()) : std::string();
  if (why.empty()) why = self->log_tail();
  co_return bad_snapshot(fmt::format("{} {}: {}", command, self->migration, why));
}

Task<Result<>> Machine::State::save_stopped(std::shared_ptr<State> self, std::string snapshot) {
  json none;
  CO_TRY(const auto stopped, co_await ask(self, "stop", std::move(none), 10s));
  (void)stopped;
  SavedState state;
  state.file = fs::absolute(self->spec.folder / fmt::format("state-{}.vm", self->next_state++));
  // As large as the memory in use, and of no use without the disk.
  if (self->guard) self->guard->unlink_at_end(state.file);
  CO_CHECK_OK(co_await migrate(self, "migrate", "exec cat > " + shell_word(state.file.string())));
  const Budget soon = Budget(20s, "QEMU to leave its migration").with_blame(Blame::bench);
  CO_CHECK_OK(co_await within(soon, left_migration(self)));
  const auto disks = self->spec.disks;
  for (const auto& disk : disks)
    if (disk.server) CO_CHECK_OK(co_await disk.server->save(snapshot));
  std::error_code error;
  state.info.name = snapshot;
  state.info.vm_state_bytes = fs::file_size(state.file, error);
  state.info.when = iso8601(Clock::system().wall());
  if (error || state.info.vm_state_bytes == 0)
    co_return bad_snapshot("QEMU wrote nothing into " + state.file.string());
  if (const auto old = self->saved.find(snapshot); old != self->saved.end())
    fs::remove(old->second.file, error);  // at worst a stale file stays in the run folder
  self->saved[snapshot] = std::move(state);
  co_return Result<>();
}

Task<Result<>> Machine::State::save_served(std::shared_ptr<State> self, std::string snapshot) {
  if (!self->on()) co_return self->not_on("save");
  CO_CHECK_OK(self->can_restore({}));
  json none, again;
  CO_TRY(const auto status, co_await ask(self, "query-status", std::move(none), 10s));
  const bool ran = status.value("status", "") == "running";
  auto done = co_await ignore_flushes(self, true);
  if (done) done = co_await save_stopped(self, snapshot);
  // Before the guest runs again, whose flushes count.
  auto heard = co_await ignore_flushes(self, false);
  if (!heard) co_return std::move(heard.error()).with("saving " + snapshot);
  if (ran && self->on()) {
    auto resumed = co_await ask(self, "cont", std::move(again), 10s);
    if (!resumed && done) done = resumed.error();
  }
  co_return done;
}

Task<Result<>> Machine::State::receive(std::shared_ptr<State> self, std::string snapshot) {
  const auto file = self->saved[snapshot].file.string();
  co_return co_await migrate(self, "migrate-incoming", "exec cat " + shell_word(file));
}

Task<Result<>> Machine::State::restore_disks(std::shared_ptr<State> self, std::string snapshot) {
  CO_CHECK_OK(self->can_restore(snapshot));
  const auto disks = self->spec.disks;
  for (const auto& disk : disks)
    if (disk.server) CO_CHECK_OK(co_await disk.server->restore(snapshot));
  co_return Result<>();
}

/// What the machine is after a load that went well, or did not, or was overtaken by hard_off().
Result<> Machine::State::after_reload(Result<> done, const std::string& snapshot) {
  restarting = reloading = false;
  if (asked || !done) {
    if (alive()) {
      if (!asked) asked = End::hard_off;
      process->signal_group(SIGKILL);  // the watcher tells how it ended
    } else if (asked) {
      last_end = Result<End>(*asked);
      emit({.kind = MachineEvent::Kind::powered_off, .end = *asked});
    } else {
      last_end = done.error();
      emit({.kind = MachineEvent::Kind::died,
            .end = End::died,
            .failure = done.error(),
            .detail = done.error().what()});
    }
    changed.notify();
    return done ? Result<>(not_on("load " + snapshot)) : done;
  }
  emit({.kind = MachineEvent::Kind::restored, .detail = snapshot});
  return {};
}

Task<Result<>> Machine::State::load_served(std::shared_ptr<State> self, std::string snapshot) {
  if (!self->on()) co_return self->not_on("load " + snapshot);
  CO_CHECK_OK(self->can_restore(snapshot));
  if (self->restarting) {
    const Budget again(30s, "QEMU to go on after a reset");
    CO_CHECK_OK(co_await within(again, self->restarted()));
    if (!self->alive()) co_return self->not_on("load " + snapshot);
  }
  struct Reloading {  // cancelled: nobody waits for it any longer
    State& state;
    explicit Reloading(State& s) : state(s) { state.reloading = true; }
    ~Reloading() {
      if (!state.reloading) return;
      state.restarting = state.reloading = false;
      if (state.alive()) state.process->signal_group(SIGKILL);
      state.changed.notify();
    }
  } const reloading{*self};
  State* const s = self.get();
  self->process->signal_group(SIGKILL);
  const Budget budget = Budget(10s, "the end of QEMU after SIGKILL").with_blame(Blame::bench);
  CO_CHECK_OK(co_await within(budget, self->changed.until([s] { return !s->alive(); })));
  Result<> done;
  if (!self->asked) done = co_await restore_disks(self, snapshot);
  if (done && !self->asked) done = co_await start_to_release(self, snapshot);
  co_return self->after_reload(std::move(done), snapshot);
}

Task<Result<>> Machine::State::remove_served(std::shared_ptr<State> self, std::string snapshot) {
  CO_CHECK_OK(self->can_restore(snapshot));
  const auto disks = self->spec.disks;
  for (const auto& disk : disks)
    if (disk.server) CO_CHECK_OK(co_await disk.server->forget(snapshot));
  const auto file = self->saved[snapshot].file;
  self->saved.erase(snapshot);
  std::error_code error;
  fs::remove(file, error);
  if (self->guard) self->guard->keep(file);
  if (error) co_return io::file_failure("remove", file, error.value());
  co_return Result<>();
}

}  // namespace seatrial::qemu
