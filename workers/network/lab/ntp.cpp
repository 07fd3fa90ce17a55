// SPDX-License-Identifier: Apache-2.0
#include "workers/network/lab/ntp.hpp"

#include <cmath>

#include "workers/network/bytes.hpp"

namespace seatrial::network {
namespace {

constexpr std::size_t kPacket = 48;
/// From the epoch of NTP (1900) to that of Unix.
constexpr double kEpochs = 2208988800.0;
constexpr std::uint8_t kClient = 3, kServer = 4;

void put32(std::string& out, std::size_t at, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) out[at + i] = static_cast<char>(value >> (24 - 8 * i));
}

/// Seconds of the current era and their fraction. Exact to a microsecond: the whole seconds and the
/// fraction are shifted apart, a double of 1900's seconds would not hold both.
void put_stamp(std::string& out, std::size_t at, Duration wall, double offset) {
  const double whole = std::floor(offset);
  const auto rest = wall + from_seconds(offset - whole);
  const auto secs = rest.count() / 1'000'000'000;
  const auto nanos = rest.count() % 1'000'000'000;
  const double full = static_cast<double>(secs) + kEpochs + whole;
  put32(out, at, static_cast<std::uint32_t>(static_cast<std::int64_t>(full)));
  put32(out, at + 4,
        static_cast<std::uint32_t>((static_cast<std::uint64_t>(nanos) << 32) / 1'000'000'000));
}

}  // namespace

Result<NtpManner::How> ntp_how(std::string_view word) {
  if (word == "answer") return NtpManner::How::answer;
  if (word == "silent") return NtpManner::How::silent;
  if (word == "unsynchronised") return NtpManner::How::unsynchronised;
  if (word == "go_away") return NtpManner::How::go_away;
  return Failure("network.ntp", Blame::suite,
                 "the time server cannot be '" + std::string(word) + "'",
                 "it knows answer, silent, unsynchronised and go_away");
}

std::optional<std::string> ntp_answer(std::string_view request, const NtpManner& manner,
                                      Duration wall) {
  const Bytes bytes(request);
  const auto version = bytes.u8(0) >> 3 & 7;
  if (request.size() < kPacket || (bytes.u8(0) & 7) != kClient || version < 1 || version > 4)
    return std::nullopt;
  if (manner.how == NtpManner::How::silent) return std::nullopt;
  const bool lost = manner.how == NtpManner::How::unsynchronised;
  const bool away = manner.how == NtpManner::How::go_away;
  std::string out(kPacket, '\0');
  out[0] = static_cast<char>((lost || away ? 3 : 0) << 6 | version << 3 | kServer);
  out[1] = static_cast<char>(lost ? 16 : away ? 0 : manner.stratum);
  out[2] = static_cast<char>(bytes.u8(2));  // poll, as asked
  out[3] = static_cast<char>(-20);          // precision: a microsecond
  put32(out, 4, 1 << 16 >> 8);              // root delay and dispersion: 1/256 s
  put32(out, 8, 1 << 16 >> 8);
  out.replace(12, 4, away ? "DENY" : std::string("\x7f\x7f\x01\x01", 4));  // a local clock
  put_stamp(out, 16, wall, manner.offset - 1);
  out.replace(24, 8, std::string(request.substr(40, 8)));  // the client's transmit time, as it came
  put_stamp(out, 32, wall, manner.offset);
  put_stamp(out, 40, wall, manner.offset);
  return out;
}

}  // namespace seatrial::network
