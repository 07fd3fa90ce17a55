// SPDX-License-Identifier: Apache-2.0
#pragma once
// Frames: how the result of a command travels over a console on which the kernel may print at any
// byte. The DUT's side is session_script.hpp. Every line of a frame carries the command's random id
// and ends in a full stop:
//
//   ID:o:N:DATA.      line N (from 1) of standard output, encoded; ID:e:N:DATA. of standard error
//   ID:x:STATUS:SIZE:CKSUM:SIZE:CKSUM:CODEC:SEAL.   the end: exit status, sizes of all output and
//                     error, POSIX cksum ("crc size") of the parts sent, codec, cksum of these
//                     fields
//   ID:k:K.           all of the answer to request number K has been sent
//   ID:a:N.           N pieces of a long command have been taken
//   ID:B.             the command arrived damaged and was not run
//   ID:n:BEGUN.       there is no end yet; BEGUN: id of the last command that began
//
// A message in the middle of a line breaks that line's form, so the line counts as missing and is
// asked for again; each line's length is known, and the checksum proves the whole. Pure, no I/O.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace seatrial::console {

/// CRC of POSIX cksum over the bytes and their number.
std::uint32_t posix_cksum(std::string_view bytes);
/// As cksum prints it for its standard input: "4294967295 0".
std::string cksum_line(std::string_view bytes);
std::optional<std::string> hex_decode(std::string_view text);  ///< blanks between bytes allowed

/// Lines of one stream that are still missing, first and last.
struct MissingLines {
  char stream = 'o';
  std::size_t first = 0, last = 0;
};

class FrameReader {
 public:
  /// `most`: bytes of each stream that the DUT sends at most.
  FrameReader(std::string id, std::size_t most) : id_(std::move(id)), most_(most) {}

  /// One plain line of the console; false when it is no sound line of this frame.
  bool line(std::string_view text);
  const std::string& id() const { return id_; }

  bool refused() const { return refused_; }                           ///< ID:B.
  const std::optional<std::string>& begun() const { return begun_; }  ///< of the last ID:n:
  /// Number of the last request that was answered; 0: none.
  std::size_t answered() const { return answered_; }
  void forget_answers() {
    refused_ = false;
    begun_.reset();
  }
  std::size_t acknowledged() const { return acknowledged_; }
  /// Sound lines so far: does it still come in?
  std::uint64_t lines() const { return lines_; }
  bool ended() const { return end_.has_value(); }

  /// What to ask for again; empty when complete() can be tried. Only after ended().
  std::vector<MissingLines> missing() const;
  /// How many lines those are; SIZE_MAX before ended().
  std::size_t lines_missing() const;
  /// Decodes and proves the checksums; a stream that fails is forgotten, so that missing() names
  /// it.
  bool complete();

  int status() const { return end_->status; }
  const std::string& out() const { return out_; }
  const std::string& err() const { return err_; }
  bool truncated() const { return end_->out.size > most_ || end_->err.size > most_; }

 private:
  struct Stream {
    std::uint64_t size = 0;  // of all of it
    std::string cksum;       // of what is sent
  };
  struct End {
    int status = 0;
    Stream out, err;
    bool base64 = true;
  };
  bool end_line(std::string_view fields);
  std::size_t line_bytes() const { return end_->base64 ? 57 : 16; }
  std::size_t sent(const Stream& stream) const;
  bool right_length(const std::string& data, std::size_t bytes) const;
  bool decode(const Stream& stream, std::map<std::size_t, std::string>& lines, std::string& into);
  void missing_of(char name, const Stream& stream, const std::map<std::size_t, std::string>& lines,
                  std::vector<MissingLines>& into) const;

  std::string id_;
  std::size_t most_;
  std::map<std::size_t, std::string> out_lines_, err_lines_;
  std::optional<End> end_;
  bool refused_ = false;
  std::size_t acknowledged_ = 0;
  std::size_t answered_ = 0;
  std::uint64_t lines_ = 0;
  std::optional<std::string> begun_;
  std::string out_, err_;
};

}  // namespace seatrial::console
