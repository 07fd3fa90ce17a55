// SPDX-License-Identifier: Apache-2.0
// Requests that a DUT sends to the lab's own servers: DNS questions (through dnsmasq) and NTP.
#include "tests/fuzz/fuzz.hpp"
#include "workers/network/lab/dns.hpp"
#include "workers/network/lab/ntp.hpp"

namespace seatrial::fuzz {
namespace {

using namespace std::chrono_literals;

void run(std::string_view bytes) {
  network::DnsZone zone;
  check(zone.set("api.test", {"10.77.0.1", "fd77::1"}).has_value(), "the zone");
  zone.behave("slow.test", {network::DnsManner::How::servfail, 1s});
  if (const auto reply = zone.answer(bytes)) {
    check(printable(reply->name) && printable(reply->said), "not fit to be logged");
    check(reply->bytes.size() <= bytes.size() + 2 * 28, "an answer that amplifies");
    check(reply->bytes.empty() || reply->bytes.substr(0, 2) == bytes.substr(0, 2), "another's id");
  }
  if (const auto answer = network::ntp_answer(bytes, {}, 1'700'000'000s))
    check(answer->size() == 48 && answer->size() <= bytes.size(), "an answer that amplifies");
}

const Registration registration(
    {"lab_servers",
     run,
     {std::string("\x12\x34\1\0\0\1\0\0\0\0\0\0\3api\4test\0\0\1\0\1", 26),
      std::string("\x12\x34\1\0\0\1\0\0\0\0\0\0\4slow\4test\0\0\x1c\0\1", 27),
      "\x23" + std::string(47, '\0')},
     {std::string("\3api\4test", 9), "\xc0\x0c", "\x3f", std::string("\0\xff\0\1", 4)},
     20000});

}  // namespace
}  // namespace seatrial::fuzz
