// SPDX-License-Identifier: Apache-2.0
#include "workers/network/pcapng.hpp"

#include <cmath>

#include "workers/network/bytes.hpp"

namespace seatrial::network {
namespace {

constexpr std::uint32_t kSection = 0x0a0d0d0a, kInterface = 1, kEnhancedPacket = 6;
constexpr std::uint32_t kOurOrder = 0x1a2b3c4d, kOtherOrder = 0x4d3c2b1a;
constexpr std::size_t kLargestBlock = 262144, kMostInterfaces = 4096;
constexpr std::size_t kFrame = 12, kPacketHead = 20, kInterfaceHead = 8;

std::size_t padded(std::size_t size) { return (size + 3) & ~std::size_t{3}; }

std::uint16_t le16(const Bytes& bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes.u8(at) | bytes.u8(at + 1) << 8);
}

/// Calls `take(code, value)` for each option.
template <class Take>
void each_option(std::string_view options, Take&& take) {
  const Bytes bytes(options);
  for (std::size_t at = 0; at + 4 <= options.size();) {
    const auto code = le16(bytes, at);
    const std::size_t length = le16(bytes, at + 2);
    if (code == 0 || at + 4 + length > options.size()) return;
    take(code, options.substr(at + 4, length));
    at += 4 + padded(length);
  }
}

}  // namespace

bool PcapngReader::begins(std::string_view bytes) { return Bytes(bytes).le32(0) == kSection; }

Result<std::size_t> PcapngReader::take(std::string_view bytes, const Take& packet) {
  const Bytes file(bytes);
  std::size_t at = 0;
  while (!broken_ && at + kFrame <= bytes.size()) {
    const auto type = file.le32(at);
    const std::size_t length = file.le32(at + 4);
    if (type == kSection && file.le32(at + 8) == kOtherOrder)
      return Failure("network.capture", Blame::bench,
                     "the packet capture is of a machine of the other byte order",
                     "convert it with editcap on that machine, or take it on this one");
    broken_ = length < kFrame || length % 4 != 0 || length > kLargestBlock ||
              (type == kSection && file.le32(at + 8) != kOurOrder);
    if (broken_ || at + length > bytes.size()) break;
    const auto body = bytes.substr(at + 8, length - kFrame);
    if (type == kSection) interfaces_.clear();
    if (type == kInterface) take_interface(body);
    if (type == kEnhancedPacket) take_packet(body, packet);
    at += length;
  }
  return at;
}

void PcapngReader::take_interface(std::string_view body) {
  Interface interface;
  if (body.size() > kInterfaceHead)
    each_option(body.substr(kInterfaceHead), [&](std::uint16_t code, std::string_view value) {
      if (code == 2) interface.name = value;
      if (code != 9 || value.size() != 1) return;
      const auto exponent = static_cast<std::uint8_t>(value[0]);
      interface.resolution = exponent & 0x80 ? std::pow(2.0, -(exponent & 0x7f))
                                             : std::pow(10.0, -static_cast<int>(exponent));
    });
  if (interfaces_.size() < kMostInterfaces) interfaces_.push_back(std::move(interface));
}

void PcapngReader::take_packet(std::string_view body, const Take& take) const {
  const Bytes head(body);
  const std::size_t number = head.le32(0), captured = head.le32(12);
  if (number >= interfaces_.size() || body.size() < kPacketHead ||
      captured > body.size() - kPacketHead)
    return;
  CapturedPacket packet;
  packet.interface = interfaces_[number].name;
  const auto ticks = static_cast<std::uint64_t>(head.le32(4)) << 32 | head.le32(8);
  packet.at = static_cast<double>(ticks) * interfaces_[number].resolution;
  packet.frame = body.substr(kPacketHead, captured);
  const auto options = kPacketHead + padded(captured);
  if (options < body.size())
    each_option(body.substr(options), [&](std::uint16_t code, std::string_view value) {
      if (code == 1 && packet.comment.empty()) packet.comment = value;
      if (code == 2 && value.size() == 4) packet.outbound = (value[0] & 3) == 2;
    });
  take(packet);
}

}  // namespace seatrial::network
