// SPDX-License-Identifier: Apache-2.0
#pragma once
// The server's half of the NBD protocol, as bytes in and bytes out, without a socket: fixed
// newstyle handshake, options GO, INFO, EXPORT_NAME, LIST and ABORT, simple replies, and the
// requests READ, WRITE, FLUSH, TRIM, WRITE_ZEROES, DISC. All else is refused, as the protocol wants
// it, which QEMU 7.2 takes in its stride (source: doc/proto.md of the NBD project). What it reads
// is foreign: nothing is believed before it is checked, and memory is bounded by the 32 MiB of one
// request. One connection each; plain value; one thread.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace seatrial::cutdisk::nbd {

constexpr std::uint32_t kLongestRequest = 32u << 20;
constexpr std::uint16_t kFlagFua = 1;

enum class Command : std::uint16_t { read = 0, write = 1, disc = 2, flush = 3, trim = 4, zero = 6 };
/// Error numbers of the protocol, equal to Linux's.
constexpr std::uint32_t kEio = 5, kEinval = 22, kEnospc = 28;

struct Request {
  Command command = Command::read;
  std::uint16_t flags = 0;
  std::uint64_t handle = 0, offset = 0;
  std::uint32_t length = 0;
  std::string_view payload;  ///< of a write; valid until the session gets more bytes
};

/// Why an export is not served, as the protocol counts it.
enum class Refusal : std::uint32_t {
  none = 0,
  policy = 0x80000002u,
  unknown = 0x80000006u,
  shutdown = 0x80000007u,
};
struct Admission {
  Refusal refusal = Refusal::none;
  std::string why;  ///< for people at the other side
  std::uint64_t size = 0;
};

class Session {
 public:
  /// `gate` is asked for an export by name, with `entering` when the client means to use it.
  using Gate = std::function<Admission(std::string_view name, bool entering)>;
  Session(Gate gate, std::vector<std::string> names);

  /// Where to receive into, and how much came.
  std::span<char> room();
  void received(std::size_t bytes);
  /// The next whole request; answers handshakes on the way. nullopt: more bytes are needed, or it
  /// is over().
  std::optional<Request> next();
  /// What the client is to be told during the handshake.
  std::string take_output();

  bool entered() const { return phase_ == Phase::transmission || polite_; }
  bool over() const { return phase_ == Phase::over; }
  bool polite() const { return polite_; }
  const std::string& export_name() const { return name_; }
  /// Why it is over, when the client did what no client does.
  const std::string& trouble() const { return trouble_; }

 private:
  enum class Phase { flags, options, transmission, over };
  std::string_view held() const { return {buffer_.data() + begin_, end_ - begin_}; }
  bool client_flags();
  bool option();
  void answer(std::uint32_t option, std::string_view data);
  void export_option(std::uint32_t option, std::string_view data);
  void reply(std::uint32_t option, std::uint32_t type, std::string_view data);
  std::optional<Request> request();
  void end(std::string why);

  Gate gate_;
  std::vector<std::string> names_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0, end_ = 0, wanted_ = 0;
  std::string out_, name_, trouble_;
  Phase phase_ = Phase::flags;
  unsigned options_ = 0;
  bool no_zeroes_ = false, polite_ = false;
};

std::string simple_reply(std::uint64_t handle, std::uint32_t error);

/// Big-endian numbers.
void put(std::string& out, std::uint64_t value, int bytes);
std::uint64_t get(std::string_view bytes, std::size_t at, int count);

}  // namespace seatrial::cutdisk::nbd
