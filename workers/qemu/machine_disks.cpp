// SPDX-License-Identifier: Apache-2.0
// The power of cut-aware disks is the machine's: it goes off with the machine's, and comes back
// with it.
#include <signal.h>

#include <nlohmann/json.hpp>

#include "core/base/log.hpp"
#include "workers/disk/client.hpp"
#include "workers/qemu/machine_state.hpp"

namespace seatrial::qemu {

Task<Result<>> Machine::State::cut_disks(std::shared_ptr<State> self) {
  Result<> all;
  const auto disks = self->spec.disks;
  for (const auto& disk : disks) {
    if (!disk.server) continue;
    const auto done = co_await disk.server->cut();
    if (done)
      log::debug("power cut of {}: {} writes pending, {} kept", disk.id, done->pending, done->kept);
    else if (all)
      all = Failure(done.error()).with("cutting the power of " + disk.id);
  }
  co_return all;
}

Task<Result<>> Machine::State::power_disks(std::shared_ptr<State> self) {
  const auto disks = self->spec.disks;
  for (const auto& disk : disks)
    if (disk.server) CO_CHECK_OK(co_await disk.server->revive());
  co_return Result<>();
}

void Machine::State::follow_disks(std::shared_ptr<State> self) {
  const std::weak_ptr<State> weak = self;
  for (const auto& disk : self->spec.disks)
    if (disk.server)
      disk.server->on_event("machine", [weak](const cutdisk::DiskEvent& event) {
        const auto state = weak.lock();
        if (state && event.kind == cutdisk::DiskEvent::Kind::cut) state->on_disk_cut();
      });
}

void Machine::State::on_disk_cut() {
  if (!alive() || asked) return;
  asked = End::hard_off;
  process->signal_group(SIGKILL);  // the watcher tells it
}

}  // namespace seatrial::qemu
