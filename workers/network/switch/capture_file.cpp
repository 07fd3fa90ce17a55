// SPDX-License-Identifier: Apache-2.0
#include "workers/network/switch/capture_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>

#include "core/base/text.hpp"
#include "core/io/file.hpp"
#include "workers/network/switch/pcapng_writer.hpp"

namespace seatrial::network {
namespace {
constexpr std::size_t kBuffer = 256 * 1024;
}

Result<SwitchCapture> SwitchCapture::open(std::filesystem::path file, std::uint64_t most_bytes,
                                          const std::vector<std::string>& ports,
                                          std::string_view comment) {
  io::UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!fd) return io::file_failure("write the packet capture", file, errno);
  SwitchCapture capture(std::move(fd), std::move(file), most_bytes);
  capture.buffer_ = pcapng::header(ports, comment);
  capture.flush();
  if (capture.trouble_) return *capture.trouble_;
  return capture;
}

void SwitchCapture::packet(std::size_t port, bool inbound, std::string_view frame, Duration wall,
                           std::string_view comment) {
  if (trouble_) {
    ++left_out_;
    return;
  }
  if (bytes() + frame.size() > most_) {
    ++left_out_;
    flush();
    trouble_ = Failure("network.capture_full", Blame::bench,
                       fmt::format("the packet capture {} has reached {} and ends there",
                                   file_.string(), human_bytes(static_cast<double>(most_))),
                       "give the capture more room (limit_mb), or look at what floods the network");
    return;
  }
  buffer_ += pcapng::packet(port, inbound, frame, wall, comment);
  ++packets_;
  if (buffer_.size() >= kBuffer) flush();
}

void SwitchCapture::flush() {
  std::string_view rest = buffer_;
  while (!rest.empty() && fd_) {
    const auto n = ::write(fd_.get(), rest.data(), rest.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      trouble_ = io::file_failure("write the packet capture", file_, errno);
      break;
    }
    written_ += static_cast<std::uint64_t>(n);
    rest.remove_prefix(static_cast<std::size_t>(n));
  }
  buffer_.clear();
}

}  // namespace seatrial::network
