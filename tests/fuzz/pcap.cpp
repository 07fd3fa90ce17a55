// SPDX-License-Identifier: Apache-2.0
// A packet capture: whatever a DUT sends ends up in one.
#include "workers/network/pcap.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "workers/network/switch/pcapng_writer.hpp"

namespace seatrial::fuzz {
namespace {

void run(std::string_view bytes) {
  for (const double since : {0.0, 1.5e9}) {
    const auto seen = network::observe_pcap_bytes(bytes, since);
    if (!seen) {
      check(!seen.error().advice().empty(), "a refusal without advice");
      continue;
    }
    for (const auto& dhcp : seen->dhcp)
      check(printable(dhcp.mac) && printable(dhcp.address) && printable(dhcp.type),
            "a DHCP message is not fit to be shown");
    check(seen->sources.size() <= bytes.size() && seen->mdns.size() <= bytes.size() &&
              seen->asked.size() <= bytes.size(),
          "too many");
  }
}

std::string number(std::uint64_t value, int size, bool big = true) {
  std::string out;
  for (int i = 0; i < size; ++i) out += static_cast<char>(value >> 8 * (big ? size - 1 - i : i));
  return out;
}

std::string mac() { return std::string("\x52\x54\x00\x12\x34\x56", 6); }

std::string udp(std::uint32_t from, std::uint32_t to, int source, int target,
                const std::string& body) {
  const auto length = static_cast<std::uint64_t>(body.size());
  return std::string(6, '\xff') + mac() + number(0x0800, 2) + number(0x4500, 2) +
         number(28 + length, 2) + number(0, 4) + number(0x4011, 2) + number(0, 2) +
         number(from, 4) + number(to, 4) + number(source, 2) + number(target, 2) +
         number(8 + length, 2) + number(0, 2) + body;
}

std::string dhcp() {
  std::string out = number(0x01010600, 4) + number(7, 4) + std::string(20, '\0') + mac() +
                    std::string(10 + 192, '\0') + number(0x63825363, 4);
  out += number(0x350101, 3) +
         std::string(
             "\x0c\x05"
             "refos",
             7) +
         number(0x32040a00020f, 6) + "\xff";
  return out;
}

std::string mdns() {
  return number(0, 4) + number(0, 2) + number(1, 2) + number(0, 4) +
         std::string("\x05refos\x05local\x00", 13) + number(1, 2) + number(0x8001, 2) +
         number(120, 4) + number(4, 2) + number(0x0a00020f, 4) + "\xc0\x0c";
}

std::string capture(std::initializer_list<std::string> packets) {
  std::string out = number(0xa1b2c3d4, 4, false) + number(2, 2, false) + number(4, 2, false) +
                    number(0, 8, false) + number(65535, 4, false) + number(1, 4, false);
  for (const auto& packet : packets)
    out += number(1'600'000'000, 4, false) + number(5, 4, false) + number(packet.size(), 4, false) +
           number(packet.size(), 4, false) + packet;
  return out;
}

std::string captured_by_the_switch() {
  using namespace std::chrono_literals;
  namespace pcapng = network::pcapng;
  return pcapng::header({"nic0", "lab0"}, "seed 7") +
         pcapng::packet(0, true, udp(0, 0xffffffff, 68, 67, dhcp()), 1'600'000'000s, "") +
         pcapng::packet(1, false, udp(0x0a4d0001, 0x0a4d0032, 67, 68, dhcp()), 1'600'000'001s,
                        "lost on purpose") +
         pcapng::packet(0, true, udp(0x0a4d0032, 0x0a4d0001, 9999, 53, mdns()), 1'600'000'002s, "");
}

const Registration registration(
    {"pcap",
     run,
     {capture({udp(0, 0xffffffff, 68, 67, dhcp()),
               udp(0x0a00020f, 0xe00000fb, 5353, 5353, mdns())}),
      capture({udp(0x0a00020f, 0x0a000202, 1, 2, "x")}), capture({}), captured_by_the_switch()},
     {"\xc0\x0c", "\xc0\xff", "\x3f", "\xff\xff", std::string(4, '\0'), "\x35\x01\x05", "\x0c\xff"},
     20000});

}  // namespace
}  // namespace seatrial::fuzz
