// SPDX-License-Identifier: Apache-2.0
#pragma once
// For tests: seatrial-switch as a process, asked over its control socket, and the other end of a
// stream port, as QEMU plays it.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <chrono>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "core/io/file.hpp"
#include "core/io/process.hpp"
#include "tests/workers/support/tasks.hpp"
#include "workers/network/switch/framing.hpp"

namespace seatrial::network {

inline sockaddr_un unix_address(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  return address;
}

inline bool readable(int fd, std::chrono::milliseconds limit) {
  pollfd wait{fd, POLLIN, 0};
  return ::poll(&wait, 1, static_cast<int>(limit.count())) == 1;
}

constexpr std::chrono::milliseconds kPatience = std::chrono::seconds(20);

/// QEMU's end of `-netdev stream,server=on`.
class FakeNic {
 public:
  explicit FakeNic(std::filesystem::path path) : path_(std::move(path)) {
    ::unlink(path_.c_str());
    listener_ = io::UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto address = unix_address(path_);
    EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
              0);
    EXPECT_EQ(::listen(listener_.get(), 1), 0);
  }
  void accept(std::chrono::milliseconds limit = kPatience) {
    ASSERT_TRUE(readable(listener_.get(), limit)) << "the switch does not connect";
    fd_ = io::UniqueFd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    unframer_ = {};
    waiting_.clear();
  }
  void send(std::string_view frame) {
    std::string bytes;
    append_framed(bytes, frame);
    send_raw(bytes);
  }
  void send_raw(std::string_view bytes) {
    EXPECT_EQ(::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  /// The next frame; nothing when none comes in time, or the connection has ended.
  std::optional<std::string> receive(std::chrono::milliseconds limit = kPatience) {
    while (waiting_.empty() && readable(fd_.get(), limit)) {
      char buffer[65536];
      const auto n = ::recv(fd_.get(), buffer, sizeof buffer, 0);
      if (n <= 0) {
        ended = true;
        break;
      }
      unframer_.feed(std::string_view(buffer, static_cast<std::size_t>(n)),
                     [&](std::string_view frame) { waiting_.emplace_back(frame); });
    }
    if (waiting_.empty()) return std::nullopt;
    auto first = waiting_.front();
    waiting_.erase(waiting_.begin());
    return first;
  }
  /// So many bytes as they come, for a plain server.
  std::string raw(std::size_t size) {
    std::string out(size, '\0');
    if (!readable(fd_.get(), kPatience)) return {};
    const auto n = ::recv(fd_.get(), out.data(), size, MSG_WAITALL);
    out.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return out;
  }
  void close() { fd_.reset(); }
  bool ended = false;

 private:
  std::filesystem::path path_;
  io::UniqueFd listener_, fd_;
  Unframer unframer_;
  std::vector<std::string> waiting_;
};

/// One connection, many requests.
class ControlLine {
 public:
  explicit ControlLine(const std::filesystem::path& path) {
    fd_ = io::UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto address = unix_address(path);
    EXPECT_EQ(::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0)
        << path;
  }
  void write(std::string_view text) {
    EXPECT_EQ(::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }
  /// "" when the other side has hung up.
  std::string line() {
    while (in_.find('\n') == std::string::npos) {
      char buffer[65536];
      if (!readable(fd_.get(), kPatience)) return "no answer";
      const auto n = ::recv(fd_.get(), buffer, sizeof buffer, 0);
      if (n <= 0) return {};
      in_.append(buffer, static_cast<std::size_t>(n));
    }
    const auto end = in_.find('\n');
    const auto first = in_.substr(0, end);
    in_.erase(0, end + 1);
    return first;
  }
  nlohmann::json ask(const nlohmann::json& request) {
    write(request.dump() + "\n");
    return nlohmann::json::parse(line(), nullptr, false);
  }

 private:
  io::UniqueFd fd_;
  std::string in_;
};

/// seatrial-switch with ports as told. `dir` is a short path: unix sockets go there.
class RunningSwitch {
 public:
  RunningSwitch(test::Loop& loop, const std::filesystem::path& dir, nlohmann::json settings)
      : loop_(loop), control_(dir / "switch.ctl") {
    settings["control"] = control_.string();
    const auto file = dir / "switch.json";
    EXPECT_TRUE(io::write_file_atomic(file, settings.dump()).has_value());
    auto command = io::cmd(io::own_program("seatrial-switch").value().string());
    command.arg(file.string());
    command.stdout_file = dir / "switch.out";
    command.stderr_file = dir / "switch.err";
    std::filesystem::remove(command.stdout_file);
    process_.emplace(io::Process::start(loop.executor(), std::move(command)).value());
    EXPECT_TRUE(loop.run_until(
        [&] {
          return io::read_file(dir / "switch.out").value_or("").find("true") != std::string::npos;
        },
        std::chrono::seconds(20)))
        << io::read_file(dir / "switch.err").value_or("");
  }
  nlohmann::json ask(nlohmann::json request) { return ControlLine(control_).ask(request); }
  nlohmann::json port(const std::string& name) {
    const auto state = ask({{"do", "state"}});
    for (const auto& port : state["ports"])
      if (port["name"] == name) return port;
    return nlohmann::json();
  }
  const std::filesystem::path& control() const { return control_; }
  io::Process& process() { return *process_; }

 private:
  test::Loop& loop_;
  std::filesystem::path control_;
  std::optional<io::Process> process_;
};

}  // namespace seatrial::network
