// SPDX-License-Identifier: Apache-2.0
#include "workers/disk/nbd.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace seatrial::cutdisk::nbd {
namespace {

constexpr std::string_view kOptionMagic = "IHAVEOPT";
constexpr std::uint64_t kReplyMagic = 0x3e889045565a9ULL;
constexpr std::uint32_t kRequestMagic = 0x25609513, kSimpleReplyMagic = 0x67446698;
constexpr std::uint32_t kExportName = 1, kAbort = 2, kList = 3, kInfo = 6, kGo = 7;
constexpr std::uint32_t kAck = 1, kServer = 2, kInfoReply = 3, kUnsupported = 0x80000001u,
                        kInvalid = 0x80000003u;
constexpr std::uint32_t kNoZeroes = 2;
/// has flags, flush, FUA, trim, write zeroes; not multi-conn: a flush is for its own connection.
constexpr std::uint16_t kTransmissionFlags = 1 | 4 | 8 | 32 | 64;
constexpr std::size_t kRequestHeader = 28, kOptionHeader = 16, kLongestOption = 64u << 10;
constexpr unsigned kMostOptions = 64;
constexpr std::size_t kChunk = 1u << 20;

}  // namespace

void put(std::string& out, std::uint64_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i));
}

std::uint64_t get(std::string_view bytes, std::size_t at, int count) {
  std::uint64_t out = 0;
  for (int i = 0; i < count; ++i)
    out = out << 8 | static_cast<unsigned char>(bytes[at + static_cast<std::size_t>(i)]);
  return out;
}

std::string simple_reply(std::uint64_t handle, std::uint32_t error) {
  std::string out;
  put(out, kSimpleReplyMagic, 4);
  put(out, error, 4);
  put(out, handle, 8);
  return out;
}

Session::Session(Gate gate, std::vector<std::string> names)
    : gate_(std::move(gate)), names_(std::move(names)), out_("NBDMAGICIHAVEOPT") {
  put(out_, 3, 2);  // fixed newstyle, no zeroes
}

std::span<char> Session::room() {
  if (begin_ == end_) begin_ = end_ = 0;
  if (begin_ > 0 && (buffer_.size() - end_ < kChunk || begin_ + wanted_ > buffer_.size())) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  const auto least = std::max(end_ + kChunk / 4, begin_ + wanted_);
  if (buffer_.size() < least) buffer_.resize(std::max(least, kChunk));
  return {buffer_.data() + end_, buffer_.size() - end_};
}

void Session::received(std::size_t bytes) { end_ += bytes; }

std::string Session::take_output() { return std::exchange(out_, {}); }

void Session::end(std::string why) {
  phase_ = Phase::over;
  trouble_ = std::move(why);
}

std::optional<Request> Session::next() {
  wanted_ = 0;
  for (;;) switch (phase_) {
      case Phase::flags:
        if (!client_flags()) return std::nullopt;
        break;
      case Phase::options:
        if (!option()) return std::nullopt;
        break;
      case Phase::transmission: return request();
      case Phase::over: return std::nullopt;
    }
}

bool Session::client_flags() {
  if (held().size() < 4) return false;
  no_zeroes_ = (get(held(), 0, 4) & kNoZeroes) != 0;
  begin_ += 4;
  phase_ = Phase::options;
  return true;
}

bool Session::option() {
  const auto bytes = held();
  if (bytes.size() < kOptionHeader) return false;
  const auto option = static_cast<std::uint32_t>(get(bytes, 8, 4));
  const auto length = static_cast<std::size_t>(get(bytes, 12, 4));
  if (!bytes.starts_with(kOptionMagic) || length > kLongestOption || ++options_ > kMostOptions) {
    end("this is no NBD handshake");
    return false;
  }
  if (bytes.size() < kOptionHeader + length) {
    --options_;  // the same one, again
    return false;
  }
  answer(option, bytes.substr(kOptionHeader, length));
  begin_ += kOptionHeader + length;
  return true;
}

void Session::reply(std::uint32_t option, std::uint32_t type, std::string_view data) {
  put(out_, kReplyMagic, 8);
  put(out_, option, 4);
  put(out_, type, 4);
  put(out_, data.size(), 4);
  out_ += data;
}

void Session::answer(std::uint32_t option, std::string_view data) {
  switch (option) {
    case kAbort: reply(option, kAck, {}); return end({});
    case kList:
      if (!data.empty()) return reply(option, kInvalid, "LIST takes no data");
      for (const auto& name : names_) {
        std::string entry;
        put(entry, name.size(), 4);
        reply(option, kServer, entry + name);
      }
      return reply(option, kAck, {});
    case kExportName: {
      const auto admission = gate_(data, true);
      if (admission.refusal != Refusal::none) return end(admission.why);  // it has no other answer
      put(out_, admission.size, 8);
      put(out_, kTransmissionFlags, 2);
      if (!no_zeroes_) out_.append(124, '\0');
      name_ = data;
      phase_ = Phase::transmission;
      return;
    }
    case kInfo:
    case kGo: return export_option(option, data);
    default: return reply(option, kUnsupported, "not offered");
  }
}

void Session::export_option(std::uint32_t option, std::string_view data) {
  // u32 length, name, u16 count, u16 for each kind of information that is asked for
  const auto length = data.size() < 4 ? data.size() : static_cast<std::size_t>(get(data, 0, 4));
  if (data.size() < 6 || length > data.size() - 6 ||
      data.size() != 6 + length + 2 * get(data, 4 + length, 2))
    return reply(option, kInvalid, "malformed");
  const auto name = data.substr(4, length);
  const auto admission = gate_(name, option == kGo);
  if (admission.refusal != Refusal::none)
    return reply(option, static_cast<std::uint32_t>(admission.refusal), admission.why);
  std::string disk, blocks;
  put(disk, 0, 2);
  put(disk, admission.size, 8);
  put(disk, kTransmissionFlags, 2);
  reply(option, kInfoReply, disk);
  put(blocks, 3, 2);
  put(blocks, 512, 4);
  put(blocks, 4096, 4);
  put(blocks, kLongestRequest, 4);
  reply(option, kInfoReply, blocks);
  reply(option, kAck, {});
  if (option != kGo) return;
  name_ = name;
  phase_ = Phase::transmission;
}

std::optional<Request> Session::request() {
  const auto bytes = held();
  wanted_ = kRequestHeader;
  if (bytes.size() < kRequestHeader) return std::nullopt;
  if (get(bytes, 0, 4) != kRequestMagic) {
    end("this is no NBD request");
    return std::nullopt;
  }
  Request out;
  out.flags = static_cast<std::uint16_t>(get(bytes, 4, 2));
  out.command = static_cast<Command>(get(bytes, 6, 2));
  out.handle = get(bytes, 8, 8);
  out.offset = get(bytes, 16, 8);
  out.length = static_cast<std::uint32_t>(get(bytes, 24, 4));
  const bool moves = out.command == Command::read || out.command == Command::write;
  if (moves && out.length > kLongestRequest) {
    end(fmt::format("a request of {} bytes", out.length));
    return std::nullopt;
  }
  const auto size = kRequestHeader + (out.command == Command::write ? out.length : 0);
  wanted_ = size;
  if (bytes.size() < size) return std::nullopt;
  out.payload = bytes.substr(kRequestHeader, size - kRequestHeader);
  begin_ += size;
  wanted_ = 0;
  if (out.command != Command::disc) return out;
  polite_ = true;
  end({});
  return std::nullopt;
}

}  // namespace seatrial::cutdisk::nbd
