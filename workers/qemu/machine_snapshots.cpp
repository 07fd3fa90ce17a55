// SPDX-License-Identifier: Apache-2.0
// Internal snapshots: RAM, devices and disks in the qcow2 overlay, by QEMU's background jobs. Those
// of machines on served disks are in machine_migrate.cpp.
#include <fmt/format.h>

#include <ctime>
#include <nlohmann/json.hpp>

#include "core/base/log.hpp"
#include "workers/qemu/machine_state.hpp"

namespace seatrial::qemu {
using nlohmann::json;
using namespace std::chrono_literals;

namespace {

constexpr Duration kLimit =
    120s;  // 512 MB take 0.2 s quiet; a loaded host with a slow disk, much more

Failure snapshot_failure(std::string what, const std::string& why) {
  if (why.find("No space left") != std::string::npos)
    return Failure("disk.full", Blame::bench, std::move(what), "free disk space on the host");
  return Failure("machine.snapshot", Blame::bench, std::move(what),
                 "every writable disk must be qcow2 and every device migratable (virtio, no NVMe)");
}

json writable_disks(const MachineSpec& spec) {
  json ids = json::array();
  for (const auto& disk : spec.disks)
    if (!disk.read_only) ids.push_back(disk.id);
  return ids;
}

std::string rfc3339(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

bool ended(const std::string& status) { return status == "concluded" || status == "null"; }

}  // namespace

Task<Result<>> Machine::State::snapshot_job(std::shared_ptr<State> self, std::string kind,
                                            std::string snapshot, Duration limit) {
  if (!self->on()) co_return self->not_on(kind);
  const json disks = writable_disks(self->spec);
  if (disks.empty())
    co_return snapshot_failure("a snapshot needs a writable qcow2 disk to live in", {});
  const std::string id = fmt::format("job{}", self->next_job++);
  json arguments = {{"job-id", id}, {"tag", snapshot}, {"devices", disks}};
  if (kind != "snapshot-delete") arguments["vmstate"] = disks.front();
  auto begun = co_await ask(self, kind, std::move(arguments), limit);
  if (!begun) co_return begun.error();

  State* const s = self.get();
  const std::string* const job = &id;  // outlives the wait
  Budget budget(limit, "the end of QEMU's " + kind);
  budget.code = "machine.snapshot";
  budget.blame = Blame::bench;
  CO_CHECK_OK(co_await within(
      std::move(budget), s->changed.until([s, job] { return !s->on() || ended(s->jobs[*job]); })));
  json none;
  CO_TRY(const auto jobs, co_await ask(self, "query-jobs", std::move(none), 10s));
  std::string error;
  for (const auto& entry : jobs)
    if (entry.value("id", "") == id) error = entry.value("error", "");
  json dismissed = {{"id", id}};
  if (auto gone = co_await ask(self, "job-dismiss", std::move(dismissed), 10s); !gone)
    log::debug("{}", gone.error().describe());  // a job that ended without a trace
  self->jobs.erase(id);
  if (!error.empty())
    co_return snapshot_failure(fmt::format("{} '{}': {}", kind, snapshot, error), error);
  co_return Result<>();
}

Task<Result<>> Machine::save(std::string snapshot) {
  auto state = state_;
  if (state->on_served_disks()) co_return co_await State::save_served(state, std::move(snapshot));
  CO_TRY(const auto known, co_await snapshots());
  for (const auto& old : known)  // QEMU refuses a name that is taken
    if (old.name == snapshot)
      CO_CHECK_OK(co_await State::snapshot_job(state, "snapshot-delete", snapshot, kLimit));
  co_return co_await State::snapshot_job(state, "snapshot-save", std::move(snapshot), kLimit);
}

Task<Result<>> Machine::load(std::string snapshot) {
  auto state = state_;
  if (state->on_served_disks()) co_return co_await State::load_served(state, std::move(snapshot));
  const std::string name = snapshot;
  CO_TRY(const auto before, co_await this->state());
  auto loaded = co_await State::snapshot_job(state, "snapshot-load", std::move(snapshot), kLimit);
  if (!loaded) {
    // QEMU 7.2 leaves the machine stopped where it was.
    if (before == PowerState::on)
      if (auto again = co_await resume(); !again) log::debug("{}", again.error().describe());
    co_return std::move(loaded);
  }
  state->emit({.kind = MachineEvent::Kind::restored, .detail = name});
  co_return Result<>();
}

Task<Result<>> Machine::remove(std::string snapshot) {
  if (state_->on_served_disks()) return State::remove_served(state_, std::move(snapshot));
  return State::snapshot_job(state_, "snapshot-delete", std::move(snapshot), kLimit);
}

Task<Result<std::vector<Snapshot>>> Machine::snapshots() {
  auto state = state_;
  if (state->on_served_disks()) {
    std::vector<Snapshot> all;
    for (const auto& [name, saved] : state->saved) all.push_back(saved.info);
    co_return all;
  }
  json arguments = {{"flat", true}};
  CO_TRY(const auto nodes,
         co_await State::ask(state, "query-named-block-nodes", std::move(arguments), 10s));
  const json disks = writable_disks(state->spec);
  std::vector<Snapshot> result;
  for (const auto& node : nodes) {
    if (disks.empty() || node.value("node-name", "") != disks.front()) continue;
    const auto image = node.find("image");
    if (image == node.end() || !image->contains("snapshots")) continue;
    for (const auto& entry : (*image)["snapshots"])
      result.push_back({.name = entry.value("name", ""),
                        .vm_state_bytes = entry.value("vm-state-size", std::uint64_t{0}),
                        .when = rfc3339(entry.value("date-sec", std::int64_t{0}))});
  }
  co_return std::move(result);
}

}  // namespace seatrial::qemu
