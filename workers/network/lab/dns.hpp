// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the lab's DNS says: the records and the misbehaviour behind dnsmasq, which forwards every
// question to it. RFC 1035, no I/O. The questions are foreign bytes.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"

namespace seatrial::network {

/// How questions for a name are met.
struct DnsManner {
  enum class How { answer, nxdomain, servfail, refused, silent };
  How how = How::answer;
  Duration delay{};
};
Result<DnsManner::How> dns_how(std::string_view word);

struct DnsReply {
  std::string bytes;  ///< empty: none at all
  Duration delay{};
  std::string name;  ///< what was asked for, lower case
  std::string said;  ///< "10.77.0.1", "NXDOMAIN", "silence" ...; for the log
};

class DnsZone {
 public:
  /// Addresses of both kinds; an empty list forgets the name. "*.pool.test" stands for all names
  /// that end so and have none of their own. Fails with "network.dns" on what is no name or no
  /// address.
  Result<> set(const std::string& name, const std::vector<std::string>& addresses);
  /// `name` "*": for all names that have none of their own. The manner of a fresh zone forgets it.
  void behave(const std::string& name, DnsManner manner);
  /// Names that are not known do not exist. Nothing for bytes that are no question.
  std::optional<DnsReply> answer(std::string_view question) const;

 private:
  const DnsManner& manner(const std::string& name) const;
  const std::vector<std::string>* find(const std::string& name) const;
  std::map<std::string, std::vector<std::string>> names_;  ///< addresses as bytes, 4 or 16 each
  std::map<std::string, DnsManner> manners_;
};

}  // namespace seatrial::network
