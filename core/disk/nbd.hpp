// SPDX-License-Identifier: Apache-2.0
#pragma once
// NbdClient: a disk that another process serves over NBD on a unix socket, such as seatrial-disk
// with its "offline" export. The few verbs that reading and editing a disk needs: simple replies,
// one request at a time (protocol: doc/proto.md of the NBD project). Blocking, with a limit of 30 s
// for each answer; owned by a Disk; ends with it, in good order.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/io/fd.hpp"

namespace seatrial::disk {

/// "nbd+unix:///EXPORT?socket=PATH", as QEMU's tools write it.
bool is_nbd_url(std::string_view text);
std::string nbd_url(std::string_view export_name, std::string_view socket);

class NbdClient {
 public:
  /// Fails with "image.in_use" when the server does not let us in now, with "image.missing" when
  /// nobody serves it.
  static Result<NbdClient> connect(const std::string& url);
  NbdClient(NbdClient&&) noexcept = default;
  NbdClient& operator=(NbdClient&&) noexcept = default;
  ~NbdClient();

  std::uint64_t size() const { return size_; }
  Result<> read(std::uint64_t offset, std::span<char> into);
  Result<> write(std::uint64_t offset, std::string_view bytes);
  Result<> flush();

 private:
  NbdClient(io::UniqueFd fd, std::string url) : fd_(std::move(fd)), url_(std::move(url)) {}
  Result<> handshake(std::string_view export_name);
  Result<bool> option_reply(std::string& refusal);
  Result<> perform(std::uint16_t command, std::uint64_t offset, std::uint32_t length,
                   std::string_view payload, std::span<char> into);
  Result<> send(std::string_view bytes);
  Result<> receive(std::span<char> into);
  Result<std::string> receive(std::size_t bytes);
  Failure broken(std::string_view why) const;

  io::UniqueFd fd_;
  std::string url_;
  std::uint64_t size_ = 0;
  std::uint64_t handle_ = 0;
};

}  // namespace seatrial::disk
