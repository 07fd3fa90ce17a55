// SPDX-License-Identifier: Apache-2.0
#include "core/base/redact.hpp"

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

namespace seatrial {
namespace {

constexpr std::string_view kMask = "<redacted>";

struct Secrets {
  std::mutex mutex;
  std::vector<std::string> values;
};

Secrets& secrets() {
  static Secrets instance;
  return instance;
}

/// Bytes [begin, end) of a text.
struct Span {
  std::size_t begin, end;
};

/// Where secrets lie in the text, in order; those that overlap (not those that touch) are one. The
/// first `masked` bytes count as one that was found before.
std::vector<Span> find_secrets(std::string_view text, std::size_t masked,
                               const std::vector<std::string>& values) {
  std::vector<Span> found;
  for (const auto& secret : values)
    for (auto at = text.find(secret); at != text.npos; at = text.find(secret, at + 1))
      found.push_back({at, at + secret.size()});
  if (masked > 0) found.push_back({0, masked});
  std::sort(found.begin(), found.end(),
            [](const Span& a, const Span& b) { return a.begin < b.begin; });
  std::vector<Span> merged;
  for (const auto& span : found)
    if (!merged.empty() && span.begin < merged.back().end)
      merged.back().end = std::max(merged.back().end, span.end);
    else
      merged.push_back(span);
  return merged;
}

/// Where the longest end of the text begins that may go on as a secret; its size when there is
/// none.
std::size_t open_end(std::string_view text, const std::vector<std::string>& values) {
  std::size_t longest = 0;
  for (const auto& secret : values)
    for (auto size = std::min(secret.size() - 1, text.size()); size > longest; --size)
      if (text.ends_with(std::string_view(secret).substr(0, size))) longest = size;
  return text.size() - longest;
}

/// The text up to `until`, with masks. `masked` bytes at its beginning have theirs; afterwards it
/// is the number of bytes after `until` that the last mask stands for.
std::string mask(std::string_view text, std::size_t until, std::size_t& masked,
                 const std::vector<std::string>& values) {
  std::string out;
  if (until == 0) return out;
  std::size_t at = 0, beyond = 0;
  for (const auto& [begin, end] : find_secrets(text, masked, values)) {
    if (begin >= until) break;
    out += text.substr(at, begin - at);
    if (begin > 0 || masked == 0) out += kMask;
    at = end;
    if (end > until) beyond = end - until;
  }
  if (at < until) out += text.substr(at, until - at);
  masked = beyond;
  return out;
}

}  // namespace

void register_secret(std::string secret) {
  if (secret.size() < 6) return;
  const std::lock_guard lock(secrets().mutex);
  for (const auto& known : secrets().values)
    if (known == secret) return;
  secrets().values.push_back(std::move(secret));
}

std::string redact(std::string text) {
  const std::lock_guard lock(secrets().mutex);
  std::size_t masked = 0;
  return mask(text, text.size(), masked, secrets().values);
}

std::string Redactor::take(std::string_view piece) {
  held_ += piece;
  const std::lock_guard lock(secrets().mutex);
  const auto until = open_end(held_, secrets().values);
  auto out = mask(held_, until, masked_, secrets().values);
  held_.erase(0, until);
  return out;
}

std::string Redactor::finish() {
  const std::lock_guard lock(secrets().mutex);
  auto out = mask(held_, held_.size(), masked_, secrets().values);
  held_.clear();
  masked_ = 0;
  return out;
}

}  // namespace seatrial
