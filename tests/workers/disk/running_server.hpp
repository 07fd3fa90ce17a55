// SPDX-License-Identifier: Apache-2.0
#pragma once
// A real seatrial-disk on files of its own, for tests that talk to its sockets.

#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "core/disk/nbd.hpp"
#include "core/io/process.hpp"
#include "tests/workers/disk/disk_files.hpp"

namespace seatrial::cutdisk::test {

struct RunningServer {
  explicit RunningServer(std::uint64_t size, const std::string& base = {}) : files(size, base) {
    start();
  }
  ~RunningServer() { kill(); }

  std::filesystem::path nbd() const { return files.dir.path() / "nbd"; }
  std::filesystem::path control() const { return files.dir.path() / "control"; }
  std::string url(const char* export_name = "dut") const {
    return disk::nbd_url(export_name, nbd().string());
  }

  /// Starts it; the first line that it said.
  nlohmann::json start() {
    const auto program = io::own_program("seatrial-disk").value().string();
    std::vector<std::string> words{program,
                                   "--store",
                                   files.options.store,
                                   "--log",
                                   files.options.log,
                                   "--nbd",
                                   nbd(),
                                   "--control",
                                   control(),
                                   "--size",
                                   std::to_string(files.options.size)};
    if (!files.options.base.empty()) words.insert(words.end(), {"--base", files.options.base});
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    pid = ::fork();
    if (pid == 0) {
      std::vector<char*> argv;
      for (auto& word : words) argv.push_back(word.data());
      argv.push_back(nullptr);
      ::dup2(ends[1], 1);
      ::execv(program.c_str(), argv.data());
      ::_exit(127);
    }
    ::close(ends[1]);
    std::string line;
    for (char c = 0; ::read(ends[0], &c, 1) == 1 && c != '\n';) line += c;
    ::close(ends[0]);
    return nlohmann::json::parse(line, nullptr, false);
  }
  void kill(int signal = SIGKILL) {
    if (pid <= 0) return;
    ::kill(pid, signal);
    ::waitpid(pid, &status, 0);
    pid = 0;
  }

  /// Raw bytes to a socket, and what came back until a newline or the end.
  static std::string talk(const std::filesystem::path& socket, const std::string& bytes) {
    const io::UniqueFd fd(connect(socket));
    if (::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0) return "cannot send";
    std::string out;
    for (char c = 0; ::recv(fd.get(), &c, 1, 0) == 1 && c != '\n';) out += c;
    return out;
  }
  static io::UniqueFd connect(const std::filesystem::path& socket) {
    io::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socket.string().copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    const timeval patience{20, 0};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return fd;
  }
  nlohmann::json ask(const std::string& request) const {
    const auto answer = nlohmann::json::parse(talk(control(), request + "\n"), nullptr, false);
    EXPECT_TRUE(answer.is_object() && answer.contains("ok")) << answer.dump();
    return answer.is_object() ? answer.value("ok", nlohmann::json()) : nlohmann::json();
  }

  DiskFiles files;
  pid_t pid = 0;
  int status = 0;
};

}  // namespace seatrial::cutdisk::test
