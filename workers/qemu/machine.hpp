// SPDX-License-Identifier: Apache-2.0
#pragma once
// Machine: one QEMU machine with the power semantics of a board on a relay. Power on is a new
// process (started stopped, console connected, then released), hard off is SIGKILL, soft off is the
// ACPI button. The state that is reported is read from the process and from QMP, never assumed.
// Owned by the bench; lives on its io_context thread; its watchers live in the nursery it was given
// and end with the process. The destructor kills QEMU; nothing is left behind.
//
// A QEMU that dies, at start or in mid-run, is a failure "qemu.died" (blame bench) with its exit
// status and the end of its stderr: every call in flight gets it, wait_end() gets it, and it is an
// event. Other codes: "qemu.missing", "qemu.start", "disk.full" and "disk.io" (the host's disk, not
// the guest's: the machine is stopped), "power.off" (asked for something that needs power),
// "machine.snapshot".

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/base/nursery.hpp"
#include "core/base/result.hpp"
#include "core/base/task.hpp"
#include "core/base/unless.hpp"
#include "core/base/within.hpp"
#include "core/io/socket.hpp"
#include "workers/guard/guard.hpp"
#include "workers/qemu/spec.hpp"

namespace seatrial::qemu {

enum class PowerState {
  off,      ///< no process
  on,       ///< the guest runs
  paused,   ///< the process is there, the guest stands still (by us)
  stopped,  ///< QEMU stopped the guest by itself (host I/O error, internal error)
};
std::string_view to_string(PowerState state);

/// How the last power-on ended.
enum class End { hard_off, guest_off, soft_off, died };

struct MachineEvent {
  enum class Kind {
    powered_on,      ///< the first instruction is about to run
    powered_off,     ///< the process is gone; see `end`
    reset,           ///< the machine was reset; by_guest tells who asked
    guest_panicked,  ///< seen by pvpanic, where the machine has one
    stopped,         ///< QEMU stopped the guest; see `failure`
    died,            ///< the process is gone and nobody asked; see `failure`
    watchdog,        ///< an emulated watchdog fired; detail "reset": in place of the reset event
    restored,        ///< a snapshot was loaded: time and memory went back
  };
  Kind kind;
  bool by_guest = false;
  std::optional<End> end;
  std::optional<Failure> failure;
  std::string detail;
};
std::string_view to_string(MachineEvent::Kind kind);

struct Snapshot {
  std::string name;
  std::uint64_t vm_state_bytes = 0;
  std::string when;  ///< RFC 3339, host time
};

class Machine {
 public:
  /// `nursery` and `guard` outlive the machine; guard may be null (tests of one process).
  Machine(Nursery& nursery, boost::asio::any_io_executor executor, MachineSpec spec,
          Guard* guard = nullptr);
  ~Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  /// Called at each power-on with the connected console, before the guest's first instruction.
  void on_console(std::function<void(io::ByteStream)> take);
  /// Called whenever QEMU listens for its NICs on the lab network, before the guest runs: at each
  /// power-on and after each reset. Shall have the switch connect; that each NIC is connected is
  /// read back from QEMU then ("network.not_connected").
  void on_nics(std::function<Task<Result<>>()> connect);
  /// Called for each event, in order, on the io_context thread; must not throw or block. At most
  /// one per name; an empty function removes it.
  void on_event(std::string name, std::function<void(const MachineEvent&)> sink);

  /// Returns when the guest has been released. No-op failure "power.on" when it already is on.
  Task<Result<>> power_on();
  /// Power on with a saved state, in place of a boot.
  Task<Result<>> power_on_from(std::string snapshot);
  /// Pulls the plug; returns when the process is reaped. No-op when off.
  Task<Result<>> hard_off();
  /// Presses the power button and waits for the guest to end by itself. A guest that does not is a
  /// failure "power.soft_off" of the product; it is still on then.
  Task<Result<>> soft_off(Budget budget);
  /// Presses the reset button.
  Task<Result<>> reset();
  Task<Result<>> pause();
  Task<Result<>> resume();

  /// Read back: is the process there, and what does QMP's query-status say.
  Task<Result<PowerState>> state();
  /// Waits for the process to end: End, or the failure that it died of. For an off machine: how the
  /// last power-on ended, at once.
  Task<Result<End>> wait_end();
  /// Runs a task that depends on this machine: a QEMU that dies ends it at once with qemu.died.
  template <class T>
  Task<Result<T>> while_alive(Task<Result<T>> work);
  /// Waits for the death of the process, or for QEMU to stop the guest: that failure. Ends well
  /// when the machine goes off as asked.
  Task<Result<>> fails_when_dead();

  /// Saves RAM, devices and disks into the qcow2 overlay.
  Task<Result<>> save(std::string snapshot);
  /// Goes back to it, in the running process. Network flows are gone, the guest's clock is old.
  Task<Result<>> load(std::string snapshot);
  Task<Result<>> remove(std::string snapshot);
  Task<Result<std::vector<Snapshot>>> snapshots();

  /// The host port of a forward of the spec, 0 before the first power-on. It stays the same over
  /// power cycles as long as nobody else takes it.
  std::uint16_t port(std::string_view forward) const;
  /// Points all forwards at another address of the guest, now and at later starts; empty: the one
  /// that DHCP gives.
  Task<Result<>> forward_to(std::string address);
  /// Powered on, also while a reset is under way.
  bool on() const;
  /// Of the process; 0 when there is none.
  int pid() const;
  const MachineSpec& spec() const;
  /// May be changed while off only (disks, memory ...).
  Result<> respec(MachineSpec spec);
  /// How often it was powered on; identifies a power-on.
  unsigned power_ons() const;
  /// The command line of the last start, for the record.
  std::string describe() const;
  /// For what has no verb here (device_del, block jobs, keys ...).
  Task<Result<nlohmann::json>> execute(std::string command, nlohmann::json arguments);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

template <class T>
Task<Result<T>> Machine::while_alive(Task<Result<T>> work) {
  co_return co_await unless(fails_when_dead(), std::move(work));
}

}  // namespace seatrial::qemu
