// SPDX-License-Identifier: Apache-2.0
#pragma once
// LineServer: a unix socket on a Loop that takes JSON lines and answers each with one line. For a
// bench host and for people with socat. Bounded: a few clients, lines of 64 KiB; who sends more is
// hung up on. Whoever does not read its answers is, too.

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "workers/network/switch/loop.hpp"

namespace seatrial::network {

class LineServer {
 public:
  using Answer = std::function<std::string(std::string_view line)>;
  /// Listens at once; a socket left there by a dead process is replaced. Fails with
  /// "network.control".
  static Result<std::unique_ptr<LineServer>> listen(Loop& loop, std::filesystem::path path,
                                                    Answer answer);
  ~LineServer();

 private:
  struct Client {
    io::UniqueFd fd;
    std::string in;
    Loop::Watched watched;
  };
  LineServer(Loop& loop, io::UniqueFd fd, std::filesystem::path path, Answer answer);
  void accept();
  void serve(int client);

  Loop& loop_;
  io::UniqueFd fd_;
  std::filesystem::path path_;
  Answer answer_;
  std::map<int, Client> clients_;
  Loop::Watched watched_;
};

}  // namespace seatrial::network
