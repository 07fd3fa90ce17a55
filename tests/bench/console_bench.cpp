// SPDX-License-Identifier: Apache-2.0
// How fast a console can be watched. A child process prints lines like those of a kernel and
// systemd into a unix socket; this process reads them in one of the ways below. One line of figures
// per run; tests/bench/console.sh makes a table of them, with pexpect beside it.
//
//   raw       read(2) and nothing else: the channel's limit in this very run
//   search    read(2), newlines counted, one literal searched: a loop written by hand
//   capture   console.log, console.idx and ring written, no patterns
//   watch     the same and the sentinels (67 patterns and banners) armed
//   expect    the same and an expectation of 50 further patterns, found in the last line
//   memory    the 50 patterns in memory, without channel and log: the engine alone
//   serve     prints to a socket that somebody else reads (for other tools)
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "core/base/nursery.hpp"
#include "core/io/file.hpp"
#include "workers/console/console.hpp"
#include "workers/console/scanner.hpp"

namespace seatrial::console {
namespace {

constexpr std::string_view last_line = "[ 9999.123456] marker: the run ends here\r\n";

/// About 1 MB of lines; `escapes`: systemd's colours in one of four.
std::string make_lines(bool escapes) {
  std::string out;
  for (unsigned i = 0; out.size() < (1u << 20); ++i) {
    const auto time = fmt::format("[{:5}.{:06}] ", i / 40, i * 7919 % 1000000);
    switch (i % 4) {
      case 0:
        out +=
            time + fmt::format("virtio_blk virtio{}: [vda] {} 512-byte logical blocks", i % 7, i);
        break;
      case 1:
        out += time + fmt::format("systemd[1]: Started unit number {} - a service of the OS.", i);
        break;
      case 2:
        out +=
            escapes
                ? fmt::format(
                      "[\x1b[0;32m  OK  \x1b[0m] Reached target \x1b[0;1;39mnetwork {}\x1b[0m.", i)
                : fmt::format("[  OK  ] Reached target network {} of the system.", i);
        break;
      default:
        out += time + fmt::format("audit: type={} audit({}.123:{}): pid=1 uid=0 res=1",
                                  1000 + i % 300, i, i);
    }
    out += "\r\n";
  }
  return out;
}

std::vector<Pattern> fifty_patterns() {
  static const char* const things[] = {
      "mmc\\d: error -\\d+", "U-Boot SPL",          "Unable to mount",  "login incorrect",
      "thermal shutdown",    "link is not ready",   "firmware: failed", "i2c timeout",
      "usb disconnect",      "clocksource unstable"};
  std::vector<Pattern> out;
  for (int i = 0; i < 49; ++i) out.emplace_back(fmt::format("{}.*unit{:02}", things[i % 10], i));
  out.emplace_back("marker: the run ends here");
  return out;
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto of = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

double peak_megabytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

/// Writes `bytes` of lines, then the marker.
void print_all(int fd, std::uint64_t bytes, const std::string& lines) {
  const auto put = [&](std::string_view data) {
    while (!data.empty()) {
      const ssize_t n = ::send(fd, data.data(), data.size(), MSG_NOSIGNAL);
      if (n <= 0) ::_exit(1);
      data.remove_prefix(static_cast<std::size_t>(n));
    }
  };
  for (std::uint64_t sent = 0; sent < bytes;) {
    const std::string_view chunk = std::string_view(lines).substr(0, bytes - sent);
    put(chunk);
    sent += chunk.size();
  }
  if (lines.size() && bytes % lines.size() != 0) put("\r\n");
  put(last_line);
}

/// A device that prints: a child with the other end of a socketpair.
class Device {
 public:
  Device(std::uint64_t bytes, const std::string& lines) {
    int fds[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) std::abort();
    child_ = ::fork();
    if (child_ == 0) {
      ::close(fds[0]);
      print_all(fds[1], bytes, lines);
      ::_exit(0);
    }
    ::close(fds[1]);
    fd_ = io::UniqueFd(fds[0]);
  }
  ~Device() { ::waitpid(child_, nullptr, 0); }
  io::UniqueFd take() { return std::move(fd_); }

 private:
  pid_t child_;
  io::UniqueFd fd_;
};

std::uint64_t read_raw(int fd, bool search) {
  std::vector<char> buffer(Capture::read_size);
  std::uint64_t bytes = 0, newlines = 0, hits = 0;
  for (;;) {
    const ssize_t n = ::read(fd, buffer.data(), buffer.size());
    if (n <= 0) break;
    bytes += static_cast<std::uint64_t>(n);
    if (!search) continue;
    const char* at = buffer.data();
    const char* end = at + n;
    hits += ::memmem(at, static_cast<std::size_t>(n), "the run ends here", 17) != nullptr;
    while (
        (at = static_cast<const char*>(std::memchr(at, '\n', static_cast<std::size_t>(end - at)))))
      ++at, ++newlines;
  }
  if (search && hits == 0) fmt::print(stderr, "the marker lay across a cut\n");
  return bytes;
}

[[noreturn]] void fail(const std::string& what) {
  fmt::print(stderr, "console_bench: {}\n", what);
  std::exit(1);
}

/// Reads the device through Capture; `expect`: with an expectation that ends in the last line.
std::uint64_t read_captured(io::UniqueFd fd, bool sentinels, bool expect,
                            const std::filesystem::path& folder) {
  boost::asio::io_context io(1);
  std::uint64_t bytes = 0;
  bool found = !expect;
  const auto all = [&](Capture& capture) -> Task<> {
    Nursery nursery(io.get_executor());
    if (expect) {
      const auto wait = [&]() -> Task<Result<>> {
        auto set = PatternSet::compile(fifty_patterns());
        const auto match = co_await capture.matcher().expect(
            *set, Budget(std::chrono::hours(1), "the marker"), Since::offset(0));
        found = match && match->pattern == 49;
        co_return Result<>();
      };
      nursery.start("expect", wait());
    }
    nursery.start("capture", capture.run(fd_channel(io.get_executor(), std::move(fd))));
    if (!co_await nursery.join()) fail("the capture failed");
    bytes = capture.stats().bytes;
  };
  auto log = ConsoleLog::open(folder);
  if (!log) fail(log.error().describe());
  Capture capture(io.get_executor(), Clock::system(), std::move(*log), nullptr);
  std::unique_ptr<Sentinels> armed;
  if (sentinels) armed = std::move(*Sentinels::arm(capture.matcher()));
  boost::asio::co_spawn(io, all(capture), [](std::exception_ptr e) {
    if (e) std::rethrow_exception(e);
  });
  io.run();
  if (!found) fail("the marker was not found");
  if (armed && !armed->alarms().empty()) fail("an alarm was raised: " + armed->alarms()[0].line);
  return bytes;
}

std::uint64_t read_memory(std::uint64_t bytes, const std::string& lines) {
  LineFeed feed;
  Scanner scanner(*PatternSet::compile(fifty_patterns()), 0, Scanner::Mode::every_line);
  std::uint64_t hits = 0, fed = 0;
  const OnFound found = [&](const Found&) { ++hits; };
  while (fed < bytes)
    for (std::size_t at = 0; at < lines.size() && fed < bytes; at += 65536) {
      const auto chunk = std::string_view(lines).substr(at, 65536);
      feed.feed(chunk, Duration(0), [&](const Block& block) { scanner.block(block, found); });
      fed += chunk.size();
    }
  if (hits) fail("hits where there are none");
  return fed;
}

int serve(const char* path, std::uint64_t bytes, const std::string& lines) {
  const io::UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  ::unlink(path);
  if (::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener.get(), 1) != 0)
    fail("cannot listen");
  const io::UniqueFd fd(::accept(listener.get(), nullptr, nullptr));
  print_all(fd.get(), bytes, lines);
  return 0;
}

}  // namespace
}  // namespace seatrial::console

/// console_bench MODE MEGABYTES [--escapes] [--socket PATH]
int main(int argc, char** argv) {
  using namespace seatrial;
  using namespace seatrial::console;
  if (argc < 3) {
    fmt::print(stderr,
               "usage: console_bench raw|search|capture|watch|expect|memory|serve MB [--escapes] "
               "[PATH]\n");
    return 2;
  }
  const std::string mode = argv[1];
  const auto bytes = static_cast<std::uint64_t>(std::atof(argv[2]) * 1e6);
  const bool escapes = argc > 3 && std::string_view(argv[3]) == "--escapes";
  const std::string lines = make_lines(escapes);
  if (mode == "serve") return serve(argv[argc - 1], bytes, lines);
  auto dir = io::TempDir::make("console-bench");
  if (!dir) fail(dir.error().describe());

  std::optional<Device> device;
  if (mode != "memory") device.emplace(bytes, lines);
  const double cpu = cpu_seconds();
  const Duration begin = Clock::system().monotonic();
  std::uint64_t read = 0;
  if (mode == "raw" || mode == "search") {
    const auto fd = device->take();
    read = read_raw(fd.get(), mode == "search");
  } else if (mode == "capture" || mode == "watch" || mode == "expect") {
    read = read_captured(device->take(), mode != "capture", mode == "expect", dir->path());
  } else if (mode == "memory") {
    read = read_memory(bytes, lines);
  } else {
    fail("unknown mode " + mode);
  }
  const double wall = seconds(Clock::system().monotonic() - begin);
  const double used = cpu_seconds() - cpu;
  if (read < bytes) fail("bytes are missing");
  const double megabytes = static_cast<double>(read) / 1e6;
  fmt::print("{:8} {:6.0f} MB {:8.1f} MB/s wall {:8.1f} MB/s cpu {:6.1f} MB peak{}\n", mode,
             megabytes, megabytes / wall, megabytes / used, peak_megabytes(),
             escapes ? " (colours)" : "");
  return 0;
}
