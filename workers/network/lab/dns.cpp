// SPDX-License-Identifier: Apache-2.0
#include "workers/network/lab/dns.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "core/base/text.hpp"
#include "workers/network/bytes.hpp"

namespace seatrial::network {
namespace {

constexpr std::size_t kHeader = 12, kLongestName = 253;
constexpr std::uint16_t kA = 1, kAaaa = 28, kAny = 255;
constexpr std::uint8_t kNoError = 0, kServfail = 2, kNxdomain = 3, kRefused = 5;
constexpr std::size_t kMostAnswers = 16;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (text.ends_with('.')) text.pop_back();
  return text;
}

void be16(std::string& out, std::size_t value) {
  out += static_cast<char>(value >> 8);
  out += static_cast<char>(value);
}

struct Question {
  std::string name;
  std::uint16_t type = 0;
  std::size_t end = 0;  ///< of the question section
};

/// One question, its name without compression, as every resolver asks.
std::optional<Question> read_question(std::string_view bytes) {
  const Bytes message(bytes);
  if (bytes.size() < kHeader || message.u8(2) & 0x80 || message.be16(4) != 1) return std::nullopt;
  Question question;
  std::size_t at = kHeader;
  for (std::uint8_t length = 0; (length = message.u8(at)) != 0; at += 1u + length) {
    if (length > 63 || at + 1 + length >= bytes.size()) return std::nullopt;
    for (const unsigned char c : bytes.substr(at + 1, length))
      if (c <= 0x20 || c >= 0x7f) return std::nullopt;  // fit to be logged
    question.name += (question.name.empty() ? "" : ".") + message.text(at + 1, length);
    if (question.name.size() > kLongestName) return std::nullopt;
  }
  if (at + 5 > bytes.size()) return std::nullopt;
  question.name = lower(std::move(question.name));
  question.type = message.be16(at + 1);
  question.end = at + 5;
  return question;
}

std::string reply_to(std::string_view bytes, const Question& question, std::uint8_t code,
                     const std::vector<std::string>& records) {
  std::string out(bytes.substr(0, question.end));
  // an answer, authoritative, recursion as desired and available
  out[2] = static_cast<char>(0x84 | (out[2] & 0x01));
  out[3] = static_cast<char>(0x80 | code);
  std::string counts;
  for (const std::size_t count : {std::size_t{1}, records.size(), std::size_t{0}, std::size_t{0}})
    be16(counts, count);
  out.replace(4, counts.size(), counts);
  for (const auto& address : records) {
    be16(out, 0xc000 | kHeader);  // the name of the question
    be16(out, address.size() == 4 ? kA : kAaaa);
    be16(out, 1);
    out.append(4, '\0');  // a time to live of 0: what is changed holds at once
    be16(out, address.size());
    out += address;
  }
  return out;
}

std::string readable(const std::string& address) {
  char text[INET6_ADDRSTRLEN] = {};
  ::inet_ntop(address.size() == 4 ? AF_INET : AF_INET6, address.data(), text, sizeof text);
  return text;
}

struct Refusal {
  DnsManner::How how;
  const char* word;
  std::uint8_t code;
  const char* said;
};
constexpr std::array<Refusal, 5> kManners{{
    {DnsManner::How::answer, "answer", kNoError, "answer"},
    {DnsManner::How::nxdomain, "nxdomain", kNxdomain, "NXDOMAIN"},
    {DnsManner::How::servfail, "servfail", kServfail, "SERVFAIL"},
    {DnsManner::How::refused, "refused", kRefused, "REFUSED"},
    {DnsManner::How::silent, "silent", kNoError, "silence"},
}};

}  // namespace

Result<DnsManner::How> dns_how(std::string_view word) {
  for (const auto& one : kManners)
    if (word == one.word) return one.how;
  return Failure("network.dns", Blame::suite, "DNS cannot behave '" + std::string(word) + "'",
                 "it knows answer, nxdomain, servfail, refused and silent");
}

Result<> DnsZone::set(const std::string& name, const std::vector<std::string>& addresses) {
  std::vector<std::string> records;
  for (const auto& address : addresses) {
    std::string bytes(16, '\0');
    if (::inet_pton(AF_INET, address.c_str(), bytes.data()) == 1)
      bytes.resize(4);
    else if (::inet_pton(AF_INET6, address.c_str(), bytes.data()) != 1)
      return Failure("network.dns", Blame::suite, "'" + address + "' is no IP address",
                     "give the addresses of " + name + " as numbers");
    records.push_back(std::move(bytes));
  }
  if (name.empty() || name.size() > kLongestName || records.size() > kMostAnswers)
    return Failure("network.dns", Blame::suite, "'" + name + "' cannot have these records",
                   "a name has 1 to 253 characters and at most 16 addresses");
  names_[lower(name)] = std::move(records);
  if (addresses.empty()) names_.erase(lower(name));
  return {};
}

void DnsZone::behave(const std::string& name, DnsManner manner) {
  if (manner.how == DnsManner::How::answer && manner.delay.count() == 0)
    manners_.erase(lower(name));
  else
    manners_[lower(name)] = manner;
}

const DnsManner& DnsZone::manner(const std::string& name) const {
  static const DnsManner usual;
  for (const auto& wanted : {name, std::string("*")})
    if (const auto found = manners_.find(wanted); found != manners_.end()) return found->second;
  return usual;
}

const std::vector<std::string>* DnsZone::find(const std::string& name) const {
  if (const auto known = names_.find(name); known != names_.end()) return &known->second;
  for (auto dot = name.find('.'); dot != name.npos; dot = name.find('.', dot + 1))
    if (const auto known = names_.find("*" + name.substr(dot)); known != names_.end())
      return &known->second;
  return nullptr;
}

std::optional<DnsReply> DnsZone::answer(std::string_view bytes) const {
  const auto question = read_question(bytes);
  if (!question) return std::nullopt;
  const auto& manners = manner(question->name);
  const auto& how = kManners[static_cast<std::size_t>(manners.how)];
  DnsReply reply{{}, manners.delay, question->name, how.said};
  if (how.how == DnsManner::How::silent) return reply;
  if (how.how != DnsManner::How::answer) {
    reply.bytes = reply_to(bytes, *question, how.code, {});
    return reply;
  }
  const auto* known = find(question->name);
  std::vector<std::string> records;
  if (known)
    for (const auto& address : *known)
      if (question->type == kAny || question->type == (address.size() == 4 ? kA : kAaaa))
        records.push_back(address);
  reply.said = !known ? "NXDOMAIN" : records.empty() ? "no such record" : "";
  for (const auto& record : records)
    reply.said += (reply.said.empty() ? "" : " ") + readable(record);
  reply.bytes = reply_to(bytes, *question, known ? kNoError : kNxdomain, records);
  return reply;
}

}  // namespace seatrial::network
