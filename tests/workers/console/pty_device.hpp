// SPDX-License-Identifier: Apache-2.0
#pragma once
// A device with a real shell on a real terminal: a login loop on a pty, relayed to a socket as
// QEMU's chardev does, by a thread that prints kernel-like noise into the stream at random bytes.

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <atomic>
#include <csignal>
#include <random>
#include <string>
#include <thread>

#include "core/io/fd.hpp"

namespace seatrial::console {

class PtyDevice {
 public:
  /// `shell`: "dash", "bash --norc", "busybox sh". `noise`: chance that a chunk of output is
  /// disturbed.
  PtyDevice(const std::string& shell, double noise, unsigned seed = 1)
      : noise_(noise), random_(seed) {
    int master = -1;
    child_ = ::forkpty(&master, nullptr, nullptr, nullptr);
    if (child_ == 0) {
      const std::string script =
          "while :; do stty sane; printf '\\nTest OS 1.0 device ttyS0\\n\\ndevice login: '\n"
          "IFS= read -r user; [ -n \"$user\" ] || continue; stty -echo; printf 'Password: '\n"
          "IFS= read -r word; stty echo; echo\n"
          "if [ \"$user/$word\" = root/hunter22 ]; then PS1='root@device:~# ' " +
          shell + " -i; else printf '\\nLogin incorrect\\n'; fi; done";
      ::setenv("ENV", "/dev/null", 1);
      ::setenv("TERM", "vt102", 1);
      ::execl("/bin/sh", "sh", "-c", script.c_str(), static_cast<char*>(nullptr));
      ::_exit(127);
    }
    master_ = io::UniqueFd(master);
    int fds[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) return;
    ours_ = io::UniqueFd(fds[0]);
    theirs_ = io::UniqueFd(fds[1]);
    relay_ = std::thread([this] { relay(); });
  }

  ~PtyDevice() {
    stop_ = true;
    if (relay_.joinable()) relay_.join();
    ours_.reset();
    ::kill(-child_, SIGKILL);
    master_.reset();
    ::waitpid(child_, nullptr, 0);
  }

  /// The console's end.
  io::UniqueFd take() { return std::move(theirs_); }
  unsigned disturbed() const { return disturbed_; }

 private:
  void relay() {
    char buffer[200];
    while (!stop_) {
      pollfd fds[2] = {{master_.get(), POLLIN, 0}, {ours_.get(), POLLIN, 0}};
      if (::poll(fds, 2, 20) <= 0) continue;
      if (fds[0].revents) {
        const ssize_t n = ::read(master_.get(), buffer, sizeof buffer);
        if (n <= 0) return;
        send(disturb(std::string(buffer, static_cast<std::size_t>(n))));
      }
      if (fds[1].revents) {
        const ssize_t n = ::read(ours_.get(), buffer, sizeof buffer);
        if (n <= 0) return;
        for (ssize_t at = 0; at < n;) {
          const ssize_t put = ::write(master_.get(), buffer + at, static_cast<std::size_t>(n - at));
          if (put <= 0) return;
          at += put;
        }
      }
    }
  }

  std::string disturb(std::string text) {
    if (std::uniform_real_distribution<>(0, 1)(random_) >= noise_) return text;
    ++disturbed_;
    const auto at = std::uniform_int_distribution<std::size_t>(0, text.size())(random_);
    return text.insert(at, "[   " + std::to_string(disturbed_) +
                               ".123456] virtio_net virtio1 eth0: carrier is "
                               "back: 0123456789+/=.\r\n");
  }

  void send(const std::string& text) {
    for (std::size_t at = 0; at < text.size();) {
      const ssize_t n = ::send(ours_.get(), text.data() + at, text.size() - at, MSG_NOSIGNAL);
      if (n <= 0) return;
      at += static_cast<std::size_t>(n);
    }
  }

  double noise_;
  std::mt19937 random_;
  pid_t child_ = -1;
  io::UniqueFd master_, ours_, theirs_;
  std::atomic<bool> stop_{false};
  std::atomic<unsigned> disturbed_{0};
  std::thread relay_;
};

}  // namespace seatrial::console
