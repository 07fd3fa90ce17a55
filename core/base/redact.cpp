// SPDX-License-Identifier: Apache-2.0
#include "core/base/redact.hpp"

#include <mutex>
#include <string_view>
#include <vector>

namespace seatrial {
namespace {

struct Secrets {
  std::mutex mutex;
  std::vector<std::string> values;
};

Secrets& secrets() {
  static Secrets instance;
  return instance;
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
  static constexpr std::string_view kMask = "<redacted>";
  const std::lock_guard lock(secrets().mutex);
  for (const auto& secret : secrets().values)
    for (auto at = text.find(secret); at != std::string::npos;
         at = text.find(secret, at + kMask.size()))
      text.replace(at, secret.size(), kMask);
  return text;
}

}  // namespace seatrial
