// SPDX-License-Identifier: Apache-2.0
#pragma once
// Client: a disk server as a child of the bench host. Started with budgets, watched, and started
// again on the same files when it dies: QEMU waits for it meanwhile (reconnect-delay), nothing is
// lost, and what was being asked is asked again. Lives on the io_context thread; its watchers live
// in the nursery it was given and end with it. The destructor kills the server, and so does the
// guard when we are killed.
//
// Failures are the bench's: "disk.start", "disk.timeout", "disk.lost" (it died too often), or what
// the server answered ("disk.no_snapshot", "file.disk_full" ...).

#include <boost/asio/any_io_executor.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "core/base/nursery.hpp"
#include "core/base/result.hpp"
#include "core/base/task.hpp"
#include "workers/guard/guard.hpp"

namespace seatrial::cutdisk {

struct DiskSettings {
  std::filesystem::path base;    ///< raw (raw_base() makes it so); empty: a disk of zeros
  std::uint64_t size = 0;        ///< bytes; 0: as the base
  std::filesystem::path folder;  ///< private/ of the run: NAME.pages, NAME.log, NAME.err
  std::string name = "disk";
  bool retain = false;  ///< keep the data of every write
  std::string program;  ///< seatrial-disk; empty: beside the running program
};

struct CutDone {
  std::uint64_t pending = 0;  ///< writes that were not flushed
  std::uint64_t kept = 0;     ///< ... and survived all the same, by policy or FUA
};

struct DiskEvent {
  enum class Kind {
    cut,        ///< the power went off by itself: at the write that a fault waited for
    trouble,    ///< of the host's disk; see `failure`
    restarted,  ///< the server died and is back; `failure` says how it died
    lost,       ///< it will not come back; see `failure`
  };
  Kind kind = Kind::trouble;
  std::optional<Failure> failure;
};

class Client {
 public:
  /// `nursery` and `guard` (may be null) outlive it. Files of the same name are gone on with.
  static Task<Result<std::shared_ptr<Client>>> start(Nursery& nursery, Guard* guard,
                                                     DiskSettings settings);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Where QEMU finds it; the export is "dut".
  std::filesystem::path socket() const;
  /// Where the host finds it while no guest is there, for core/disk and QEMU's tools.
  std::string offline() const;

  /// The power is gone; no request of a guest is answered any more. Idempotent.
  Task<Result<CutDone>> cut();
  /// The power is back: guests are let in. What was pending still, however that came, is gone.
  Task<Result<>> revive();
  /// Flushes do nothing while ignored: QEMU's own, when it stops or migrates a guest.
  Task<Result<>> ignore_flushes(bool ignore);
  Task<Result<>> save(std::string snapshot);
  Task<Result<>> restore(std::string snapshot);
  Task<Result<>> forget(std::string snapshot);
  Task<Result<>> mark(std::string text);
  /// Any request of README.md; its "ok".
  Task<Result<nlohmann::json>> ask(nlohmann::json request);

  /// Called on the io_context thread, under a name; an empty function removes it.
  void on_event(std::string name, std::function<void(const DiskEvent&)> sink);
  unsigned restarts() const;
  int pid() const;
  const DiskSettings& settings() const;
  /// The files it makes, in the order pages, log, messages.
  std::vector<std::filesystem::path> files() const;
  /// Ends the server and removes its pages; the log stays.
  Task<Result<>> remove();

 private:
  struct State;
  explicit Client(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace seatrial::cutdisk
