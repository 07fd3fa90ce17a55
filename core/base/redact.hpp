// SPDX-License-Identifier: Apache-2.0
#pragma once
// Secrets (tokens, keys, passwords, provisioning keys) must never appear in logs, reports or
// events. Code that learns one registers it; everything that leaves the process as text passes
// through redact(), what comes in pieces through a Redactor. One set per process, guarded by a
// mutex; a secret is never unregistered.

#include <cstddef>
#include <string>
#include <string_view>

namespace seatrial {

/// Registers a secret. Shorter than 6 characters is ignored: it would blank out ordinary words.
void register_secret(std::string secret);

/// The text with every registered secret replaced by "<redacted>"; secrets that overlap in it by
/// one.
std::string redact(std::string text);

/// redact() for a stream, wherever it is cut into pieces. Holds back what may be the beginning of a
/// secret, which is less than the longest one. A secret that is registered later is looked for from
/// then on. Used by one thread at a time.
class Redactor {
 public:
  /// What is known to be fit to be seen of the stream up to here, without what was returned before.
  std::string take(std::string_view piece);
  /// The rest, at the end of the stream. Can be used anew afterwards.
  std::string finish();

 private:
  std::string held_;
  std::size_t masked_ = 0;  ///< bytes at the beginning of held_ that a mask stands for already
};

}  // namespace seatrial
