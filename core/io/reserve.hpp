// SPDX-License-Identifier: Apache-2.0
#pragma once
// Reserve: disk space set aside beside a file that must not end in the middle of a word. When the
// disk is full it is released, and what has to be said last (why the run ended, its report) still
// finds room. The space belongs to a file without a name, so nothing is left behind when its owner
// is killed. Best effort: where no space can be set aside there is none to release. Plain value,
// one thread.

#include <cstdint>
#include <filesystem>

#include "core/io/fd.hpp"

namespace seatrial::io {

class Reserve {
 public:
  Reserve() = default;
  /// Sets `bytes` aside on the file system of `folder`.
  static Reserve make(const std::filesystem::path& folder, std::uint64_t bytes);
  bool held() const { return static_cast<bool>(fd_); }
  /// Gives the space back. Idempotent.
  void release() { fd_.reset(); }

 private:
  UniqueFd fd_;
};

}  // namespace seatrial::io
