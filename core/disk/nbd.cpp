// SPDX-License-Identifier: Apache-2.0
#include "core/disk/nbd.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/disk/bytes.hpp"

namespace seatrial::disk {
namespace {

constexpr std::string_view kScheme = "nbd+unix:///", kSocket = "?socket=";
constexpr std::uint32_t kGo = 7, kAck = 1, kInfo = 3, kErrors = 0x80000000u,
                        kRefusedByPolicy = 0x80000002u;
constexpr std::uint16_t kRead = 0, kWrite = 1, kDisconnect = 2, kFlush = 3;
constexpr std::size_t kLongest = 1u << 20;  ///< of one request of ours
constexpr std::size_t kLongestReply = 64u << 10;
constexpr timeval kPatience{30, 0};

void put(std::string& out, std::uint64_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i));
}

}  // namespace

bool is_nbd_url(std::string_view text) { return text.starts_with(kScheme); }

std::string nbd_url(std::string_view export_name, std::string_view socket) {
  return fmt::format("{}{}{}{}", kScheme, export_name, kSocket, socket);
}

Failure NbdClient::broken(std::string_view why) const {
  return Failure("image.nbd", Blame::bench, fmt::format("{}: {}", url_, why),
                 "check that the server of the disk runs (its log is in the run folder)");
}

Result<NbdClient> NbdClient::connect(const std::string& url) {
  const auto rest = std::string_view(url).substr(std::min(url.size(), kScheme.size()));
  const auto mark = rest.find(kSocket);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto path = mark == rest.npos ? rest.substr(0, 0) : rest.substr(mark + kSocket.size());
  if (!is_nbd_url(url) || path.empty() || path.size() >= sizeof address.sun_path ||
      url.find('%') != url.npos)
    return Failure("image.nbd", Blame::suite, "not the address of a disk: " + url,
                   "it looks like nbd+unix:///EXPORT?socket=PATH");
  std::memcpy(address.sun_path, path.data(), path.size());
  NbdClient client(io::UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)), url);
  const int fd = client.fd_.get();
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    return Failure("image.missing", Blame::bench,
                   fmt::format("nobody serves {}: {}", url, std::strerror(errno)),
                   "check that the server of the disk runs");
  CHECK_OK(client.handshake(rest.substr(0, mark)));
  return client;
}

NbdClient::~NbdClient() {
  if (!fd_ || size_ == 0) return;
  std::string bye;  // without it the server would take it for a crash
  put(bye, 0x25609513, 4);
  put(bye, kDisconnect, 4);
  bye.append(20, '\0');
  (void)send(bye);
}

Result<> NbdClient::handshake(std::string_view export_name) {
  TRY(const auto hello, receive(18));
  if (!hello.starts_with("NBDMAGICIHAVEOPT") || (hello[17] & 1) == 0)
    return broken("this is no NBD server, or an old one");
  std::string out;
  put(out, 3, 4);  // fixed newstyle, no zeroes
  out += "IHAVEOPT";
  put(out, kGo, 4);
  put(out, export_name.size() + 6, 4);
  put(out, export_name.size(), 4);
  out += export_name;
  put(out, 0, 2);
  CHECK_OK(send(out));
  std::string refusal;
  for (bool more = true; more;) {
    TRY(more, option_reply(refusal));
  }
  if (refusal.empty()) return {};
  return Failure("image.in_use", Blame::bench,
                 fmt::format("the server does not give {} now: {}", url_, refusal),
                 "power the device off first");
}

/// False when it was the last one.
Result<bool> NbdClient::option_reply(std::string& refusal) {
  TRY(const auto head, receive(20));
  const auto type = be32(head, 12);
  if (be64(head, 0) != 0x3e889045565a9ULL || be32(head, 16) > kLongestReply)
    return broken("a malformed answer to the handshake");
  TRY(const auto data, receive(be32(head, 16)));
  if (type == kAck) {
    if (size_ == 0) return broken("a disk without a size");
    return false;
  }
  // u16 kind of information (0: the export), u64 size, u16 flags
  if (type == kInfo && data.size() >= 12 && data[0] == 0 && data[1] == 0) size_ = be64(data, 2);
  if ((type & kErrors) == 0) return true;
  if (type != kRefusedByPolicy) return broken("refused: " + data);
  size_ = 0;
  refusal = data.empty() ? "it is in use" : data;
  return false;
}

Result<> NbdClient::perform(std::uint16_t command, std::uint64_t offset, std::uint32_t length,
                            std::string_view payload, std::span<char> into) {
  std::string out;
  put(out, 0x25609513, 4);
  put(out, command, 4);
  put(out, ++handle_, 8);
  put(out, offset, 8);
  put(out, length, 4);
  CHECK_OK(send(out));
  CHECK_OK(send(payload));
  TRY(const auto head, receive(16));
  if (be32(head, 0) != 0x67446698 || be64(head, 8) != handle_) return broken("a malformed reply");
  if (const auto error = be32(head, 4); error != 0)
    return broken(std::string("an I/O error: ") + std::strerror(static_cast<int>(error)));
  return receive(into);
}

Result<> NbdClient::read(std::uint64_t offset, std::span<char> into) {
  while (!into.empty()) {
    const auto part = into.first(std::min(into.size(), kLongest));
    CHECK_OK(perform(kRead, offset, static_cast<std::uint32_t>(part.size()), {}, part));
    into = into.subspan(part.size());
    offset += part.size();
  }
  return {};
}

Result<> NbdClient::write(std::uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto part = bytes.substr(0, kLongest);
    CHECK_OK(perform(kWrite, offset, static_cast<std::uint32_t>(part.size()), part, {}));
    bytes.remove_prefix(part.size());
    offset += part.size();
  }
  return {};
}

Result<> NbdClient::flush() { return perform(kFlush, 0, 0, {}, {}); }

Result<> NbdClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return broken(std::strerror(errno));
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

Result<> NbdClient::receive(std::span<char> into) {
  while (!into.empty()) {
    const auto n = ::recv(fd_.get(), into.data(), into.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return broken(std::strerror(errno));
    if (n == 0) return broken("the server is gone");
    into = into.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

Result<std::string> NbdClient::receive(std::size_t bytes) {
  std::string out(bytes, '\0');
  CHECK_OK(receive(std::span<char>(out)));
  return out;
}

}  // namespace seatrial::disk
