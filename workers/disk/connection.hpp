// SPDX-License-Identifier: Apache-2.0
#pragma once
// The two kinds of connections of the disk's server, each with its buffers; for server.cpp alone.
// Non-blocking; owned by the server.

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "core/io/fd.hpp"
#include "workers/disk/nbd.hpp"
#include "workers/disk/service.hpp"

namespace seatrial::cutdisk {

/// What is to be sent; parts of it later.
class Outbox {
 public:
  std::string& bytes() { return bytes_; }
  /// Takes what was appended to bytes() since `begin`, and lets it out at `due` (monotonic ns).
  void hold_back(std::size_t begin, std::uint64_t due);
  void release_due(std::uint64_t now);
  std::optional<std::uint64_t> next_due() const;
  /// Sends what it can; false: the other side is gone.
  bool send(int fd);
  bool waiting() const { return sent_ < bytes_.size(); }
  std::size_t size() const { return bytes_.size() - sent_ + late_bytes_; }

 private:
  std::string bytes_;
  std::size_t sent_ = 0, late_bytes_ = 0;
  std::multimap<std::uint64_t, std::string> late_;
};

/// One that does not read gets no more than this, and the request it is in.
constexpr std::size_t kMostUnsent = 32u << 20;

class DiskConnection {
 public:
  DiskConnection(io::UniqueFd fd, Service& service);

  int fd() const { return fd_.get(); }
  bool wants_input() const { return out_.size() < kMostUnsent; }
  bool wants_output() const { return out_.waiting(); }
  std::optional<std::uint64_t> next_due() const { return out_.next_due(); }
  /// Reads what is there and answers it; false: it is over.
  bool receive(std::uint64_t now);
  /// Lets out what is due, and sends; false: it is over.
  bool flush(std::uint64_t now);
  /// Says good bye to the service.
  void close();

 private:
  void enter_when_admitted();
  /// Answers whole requests, as long as the replies are taken.
  bool work(std::uint64_t now);
  bool powered() const { return epoch_ == service_.epoch() || offline_; }

  io::UniqueFd fd_;
  Service& service_;
  nbd::Session session_;
  Outbox out_;
  bool entered_ = false, offline_ = false;
  unsigned epoch_ = 0;
};

class ControlConnection {
 public:
  ControlConnection(io::UniqueFd fd, Service& service) : fd_(std::move(fd)), service_(service) {}

  int fd() const { return fd_.get(); }
  bool wants_input() const { return !waits_ && out_.size() < kMostUnsent; }
  bool wants_output() const { return out_.waiting(); }
  /// When the wait for events, if there is one, is over.
  std::optional<std::uint64_t> next_due() const;
  bool receive(std::uint64_t now);
  /// Answers a wait when there is something to say, and sends; false: it is over.
  bool flush(std::uint64_t now);

 private:
  void answer_lines(std::uint64_t now);
  void answer(const std::string& line, std::uint64_t now);
  void say(const nlohmann::json& answer);

  struct Wait {
    std::uint64_t after = 0, until = 0;
  };
  io::UniqueFd fd_;
  Service& service_;
  std::string in_;
  Outbox out_;
  std::optional<Wait> waits_;
};

}  // namespace seatrial::cutdisk
