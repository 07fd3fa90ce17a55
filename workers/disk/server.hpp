// SPDX-License-Identifier: Apache-2.0
#pragma once
// Server: the two sockets of a disk, in one thread and one poll loop. NBD clients come to the one,
// the bench to the other (JSON lines: a request, an answer, the next request). A reply that a fault
// delays delays no other one. Memory is bounded: who does not read its replies is not listened to
// any more until it has. Ends with SIGTERM or SIGINT; a SIGKILL loses nothing.

#include <filesystem>
#include <memory>

#include "core/base/result.hpp"
#include "workers/disk/service.hpp"

namespace seatrial::cutdisk {

class Server {
 public:
  /// Listens on both when it returns: a path is there only once it can be connected to, and
  /// replaces the one that a killed server left.
  static Result<std::unique_ptr<Server>> open(Service service, const std::filesystem::path& nbd,
                                              const std::filesystem::path& control);
  ~Server();
  /// Until a signal that asks for the end.
  Result<> run();
  const Service& service() const;

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace seatrial::cutdisk
