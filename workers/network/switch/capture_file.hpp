// SPDX-License-Identifier: Apache-2.0
#pragma once
// CaptureFile of the switch: what it writes about every frame, as pcapng. Buffered; written when
// the buffer is full, when asked, and at the end. A full or broken disk ends the capture, not the
// switch: trouble() says why. So does the limit of its size.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/failure.hpp"
#include "core/base/result.hpp"
#include "core/io/fd.hpp"

namespace seatrial::network {

class SwitchCapture {
 public:
  static Result<SwitchCapture> open(std::filesystem::path file, std::uint64_t most_bytes,
                                    const std::vector<std::string>& ports,
                                    std::string_view comment);
  SwitchCapture(SwitchCapture&&) = default;
  SwitchCapture& operator=(SwitchCapture&&) = default;
  ~SwitchCapture() { flush(); }

  void packet(std::size_t port, bool inbound, std::string_view frame, Duration wall,
              std::string_view comment);
  void flush();
  bool unwritten() const { return !buffer_.empty(); }
  const std::filesystem::path& file() const { return file_; }
  std::uint64_t bytes() const { return written_ + buffer_.size(); }
  std::uint64_t packets() const { return packets_; }
  /// Packets that are not in the file.
  std::uint64_t left_out() const { return left_out_; }
  const std::optional<Failure>& trouble() const { return trouble_; }

 private:
  SwitchCapture(io::UniqueFd fd, std::filesystem::path file, std::uint64_t most)
      : fd_(std::move(fd)), file_(std::move(file)), most_(most) {}
  io::UniqueFd fd_;
  std::filesystem::path file_;
  std::uint64_t most_;
  std::string buffer_;
  std::uint64_t written_ = 0, packets_ = 0, left_out_ = 0;
  std::optional<Failure> trouble_;
};

}  // namespace seatrial::network
