// SPDX-License-Identifier: Apache-2.0
#pragma once
// The inside of Client, shared by client.cpp (its face) and client_process.cpp (the child, its
// death, its answers), and by nobody else. Kept alive by the client and by its watchers.

#include <map>
#include <nlohmann/json_fwd.hpp>

#include "core/base/notifier.hpp"
#include "core/io/process.hpp"
#include "workers/disk/client.hpp"

namespace seatrial::cutdisk {

struct Client::State {
  State(Nursery& nursery, boost::asio::any_io_executor executor, DiskSettings settings,
        Guard* guard)
      : nursery(nursery),
        executor(executor),
        settings(std::move(settings)),
        guard(guard),
        changed(executor) {}

  std::filesystem::path file(const char* kind) const {
    return settings.folder / (settings.name + "." + kind);
  }
  std::filesystem::path control() const { return sockets->path() / "ctl"; }
  void tell(const DiskEvent& event);
  void end_process();

  /// A server that is ready.
  static Task<Result<>> launch(std::shared_ptr<State> self);
  /// Until it dies for good, or is not wanted any more.
  static Task<Result<>> watch(std::shared_ptr<State> self);
  static Task<Result<>> listen(std::shared_ptr<State> self);
  static Task<Result<>> listen_once(std::shared_ptr<State> self);
  /// One line, one answer; over a restart of the server.
  static Task<Result<nlohmann::json>> ask(std::shared_ptr<State> self, std::string line);
  static Task<Result<nlohmann::json>> ask_once(std::shared_ptr<State> self, std::string line);
  static Task<Result<>> perform(std::shared_ptr<State> self, nlohmann::json request);
  static Task<Result<>> ready_again(std::shared_ptr<State> self, unsigned after);
  void hear(const nlohmann::json& event);

  Nursery& nursery;
  boost::asio::any_io_executor executor;
  DiskSettings settings;
  Guard* guard;
  Notifier changed;

  std::optional<SocketFolder> sockets;
  std::shared_ptr<io::Process> process;  ///< shared: whoever waits for it keeps it
  std::map<std::string, std::function<void(const DiskEvent&)>> sinks;
  std::optional<Failure> lost;
  unsigned generation = 0;  ///< servers that were ready
  unsigned restarts = 0;
  bool stopping = false;
  bool dead = false;  ///< between two servers
};

}  // namespace seatrial::cutdisk
