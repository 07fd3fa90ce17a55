// SPDX-License-Identifier: Apache-2.0
#pragma once
// Secrets (tokens, keys, passwords, provisioning keys) must never appear in logs, reports or
// events. Code that learns one registers it; everything that leaves the process as text passes
// through redact(). One set per process, guarded by a mutex; a secret is never unregistered.

#include <string>

namespace seatrial {

/// Registers a secret. Shorter than 6 characters is ignored: it would blank out ordinary words.
void register_secret(std::string secret);

/// The text with every registered secret replaced by "<redacted>".
std::string redact(std::string text);

}  // namespace seatrial
