// SPDX-License-Identifier: Apache-2.0
#pragma once
// The inside of Machine, shared by machine.cpp (life cycle) and the other machine_*.cpp (start,
// resets, disks, snapshots of both kinds), and by nobody else. Kept alive by the machine and by the
// watcher of its process.

#include <map>

#include "core/base/notifier.hpp"
#include "core/io/process.hpp"
#include "workers/qemu/machine.hpp"
#include "workers/qemu/qmp.hpp"

namespace seatrial::qemu {

struct Machine::State : std::enable_shared_from_this<Machine::State> {
  State(Nursery& nursery, boost::asio::any_io_executor executor, MachineSpec spec, Guard* guard)
      : nursery(nursery),
        executor(executor),
        spec(std::move(spec)),
        guard(guard),
        changed(executor) {}

  // --- life cycle (machine.cpp)
  void emit(MachineEvent event);
  void on_qmp_event(const std::string& name, const nlohmann::json& data);
  void on_block_error(const nlohmann::json& data);
  void on_stop(std::string why);
  /// The process is gone: works out how, tells everybody, forgets it.
  void finish(io::ExitStatus status);
  void forget_process();
  /// Goes on after a reset with a new process.
  static Task<Result<>> restart(std::shared_ptr<State> self);
  Task<Result<>> restarted() {
    return changed.until([this] { return !restarting; });
  }
  Failure died(io::ExitStatus status) const;
  static Task<Result<>> watch(std::shared_ptr<State> self);
  static Task<Result<>> fails_when_process_ends(std::shared_ptr<State> self);
  static Task<Result<>> fails_when_dead(std::shared_ptr<State> self);
  /// SIGKILL, and waits until the process is reaped. The power of served disks is cut before it.
  static Task<Result<>> kill(std::shared_ptr<State> self);
  /// The failure for "it is off": how it died, or "power.off".
  Failure not_on(std::string_view doing) const;
  /// A command, with a connection that ended explained by how the process ended.
  static Task<Result<nlohmann::json>> ask(std::shared_ptr<State> self, std::string command,
                                          nlohmann::json arguments, Duration limit);

  // --- start (machine_start.cpp)
  static Task<Result<>> start(std::shared_ptr<State> self, std::string snapshot);
  static Task<Result<>> start_to_release(std::shared_ptr<State> self, std::string snapshot);
  void begin_power_on();
  /// A process that answers on QMP; other ports are tried when one is taken.
  static Task<Result<>> launch_and_connect(std::shared_ptr<State> self);
  static Task<Result<>> launch(std::shared_ptr<State> self);
  static Task<Result<>> read_ports(std::shared_ptr<State> self);
  /// Has the switch connect, and reads back that every NIC is.
  static Task<Result<>> join_nics(std::shared_ptr<State> self);
  static Task<Result<>> until_nics_are_joined(std::shared_ptr<State> self);

  // --- served disks (machine_disks.cpp)
  /// After it nothing that the guest does reaches its disks.
  static Task<Result<>> cut_disks(std::shared_ptr<State> self);
  static Task<Result<>> power_disks(std::shared_ptr<State> self);
  /// A power cut that a fault of a disk made is one of the machine.
  static void follow_disks(std::shared_ptr<State> self);
  void on_disk_cut();

  // --- snapshots (machine_snapshots.cpp)
  static Task<Result<>> snapshot_job(std::shared_ptr<State> self, std::string kind,
                                     std::string snapshot, Duration limit);

  // --- snapshots of machines on served disks (machine_migrate.cpp): a migration into a file, and
  // snapshots of the disks at the same moment
  bool on_served_disks() const;
  /// Fails when there is no such snapshot, or the disks are of both kinds.
  Result<> can_restore(const std::string& snapshot) const;
  static Task<Result<>> save_served(std::shared_ptr<State> self, std::string snapshot);
  static Task<Result<>> save_stopped(std::shared_ptr<State> self, std::string snapshot);
  /// Goes back in a new process, which to others is the one of before.
  static Task<Result<>> load_served(std::shared_ptr<State> self, std::string snapshot);
  static Task<Result<>> restore_disks(std::shared_ptr<State> self, std::string snapshot);
  static Task<Result<>> remove_served(std::shared_ptr<State> self, std::string snapshot);
  /// Into a process that was started to receive it.
  static Task<Result<>> receive(std::shared_ptr<State> self, std::string snapshot);
  static Task<Result<>> migrate(std::shared_ptr<State> self, std::string command,
                                std::string shell_line);
  static Task<Result<>> left_migration(std::shared_ptr<State> self);
  static Task<Result<>> ignore_flushes(std::shared_ptr<State> self, bool ignore);
  Result<> after_reload(Result<> done, const std::string& snapshot);

  /// The end of QEMU's log, for failures.
  std::string log_tail() const;
  bool alive() const { return process && !finished; }
  /// Between two processes of a reset it is on, too.
  bool on() const { return alive() || restarting; }

  Nursery& nursery;
  boost::asio::any_io_executor executor;
  MachineSpec spec;
  Guard* guard;
  Notifier changed;

  std::shared_ptr<io::Process> process;
  std::shared_ptr<Qmp> qmp;
  std::optional<SocketFolder> sockets;
  Sockets paths;
  std::map<std::string, std::uint16_t, std::less<>> ports;
  std::function<void(io::ByteStream)> take_console;
  std::function<Task<Result<>>()> connect_nics;
  std::map<std::string, std::function<void(const MachineEvent&)>> sinks;
  std::map<std::string, std::string> jobs;  ///< id -> last status seen

  struct SavedState {
    std::filesystem::path file;
    Snapshot info;
  };
  std::map<std::string, SavedState> saved;  ///< of a machine on served disks
  std::string migration;                    ///< the last status that QEMU told
  std::string last_command;
  std::uint64_t log_begin = 0;  ///< where this start's part of qemu.log begins
  unsigned power_ons = 0;
  unsigned launches = 0;  ///< processes: more than power-ons where the guest was reset
  unsigned resets = 0;
  unsigned next_job = 1;
  unsigned next_state = 1;
  bool starting = false;
  bool finished = false;                   ///< process is set, but has been reaped
  bool watchdog_resets = false;            ///< the next RESET event is the one of a watchdog
  bool button_pressed = false;             ///< soft_off is under way
  bool guest_shut_down = false;            ///< SHUTDOWN event by the guest
  bool released = false;                   ///< the guest of this process runs, or has run
  bool restarting = false;                 ///< the process of before a reset is gone
  bool reloading = false;                  ///< it goes because a snapshot is to be loaded
  bool incoming = false;                   ///< the next process is started to receive a snapshot
  std::optional<MachineEvent> reset_seen;  ///< the process ends because of a reset
  std::optional<End> asked;                ///< what we did to end it
  std::optional<Result<End>> last_end;     ///< of the last power-on that ended
  std::optional<Failure> stop_failure;     ///< QEMU stopped the guest by itself
};

}  // namespace seatrial::qemu
