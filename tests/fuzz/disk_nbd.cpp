// SPDX-License-Identifier: Apache-2.0
// What a client sends to the server of a disk: the handshake, requests, and what a disk does with
// them; and what comes to its control socket.
#include <cstring>
#include <nlohmann/json.hpp>

#include "core/io/file.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "workers/disk/service.hpp"

namespace seatrial::fuzz {
namespace {

using namespace cutdisk;

/// A disk of its own for each input.
struct SmallDisk {
  static SmallDisk& fresh() {
    static SmallDisk disk;
    std::error_code ignored;
    disk.service.reset();
    std::filesystem::remove(disk.options.log, ignored);
    std::filesystem::remove(disk.options.store, ignored);
    disk.service.emplace(CutDisk::open(disk.options).value());
    return disk;
  }
  SmallDisk() {
    options.store = folder.path() / "pages";
    options.log = folder.path() / "log";
    options.size = 200'192;
  }
  io::TempDir folder = io::TempDir::make("fuzz_disk").value();
  CutDisk::Options options;
  std::optional<Service> service;
};

void serve(nbd::Session& session, Service& service) {
  while (const auto request = session.next()) {
    check(
        request->payload.size() == (request->command == nbd::Command::write ? request->length : 0),
        "a request with another payload than it says");
    std::string out;
    service.serve(*request, session.export_name() == kOfflineExport, out);
    check(out.empty() || out.size() == 16 || out.size() == 16 + std::size_t{request->length},
          "a reply of another size than was asked for");
    check(service.disk().pending_pages() < 1'000'000, "pending writes without end");
  }
}

void run(std::string_view bytes) {
  auto& service = *SmallDisk::fresh().service;
  nbd::Session session(
      [&](std::string_view name, bool entering) { return service.admit(name, entering); },
      {"dut", "offline"});
  for (std::string_view rest = bytes; !rest.empty();) {
    const auto room = session.room();
    check(room.size() < (64u << 20), "memory by the word of a client");
    const auto n = std::min(room.size(), rest.size());
    std::memcpy(room.data(), rest.data(), n);
    session.received(n);
    serve(session, service);
    rest.remove_prefix(n);
  }
  check(session.take_output().size() < (1u << 20), "a handshake without end");
  check(printable(session.trouble()), "trouble that is not fit to be shown");

  auto text = nlohmann::json::parse(bytes, nullptr, false);
  if (text.is_object() && text.value("do", nlohmann::json()) == "export") return;
  const auto answer = service.answer(text);
  check(answer.is_object() && (answer.contains("ok") || answer.contains("error")),
        "an answer that is none");
}

std::string number(std::uint64_t value, int bytes) {
  std::string out;
  nbd::put(out, value, bytes);
  return out;
}
std::string option(std::uint32_t which, const std::string& data) {
  return "IHAVEOPT" + number(which, 4) + number(data.size(), 4) + data;
}
std::string request(std::uint16_t command, std::uint64_t offset, std::uint32_t length,
                    const std::string& payload = {}, std::uint16_t flags = 0) {
  return number(0x25609513, 4) + number(flags, 2) + number(command, 2) + number(77, 8) +
         number(offset, 8) + number(length, 4) + payload;
}
std::string hello(const std::string& name) {
  return number(3, 4) + option(8, "") +
         option(7, number(name.size(), 4) + name + number(1, 2) + number(3, 2));
}

const Registration registration(
    {"disk_nbd",
     run,
     {hello("dut") + request(1, 1000, 5000, std::string(5000, 'w')) + request(0, 0, 8192) +
          request(3, 0, 0) + request(4, 4096, 100'000) + request(6, 0, 200'000, {}, 1) +
          request(2, 0, 0),
      hello("offline") + request(1, 512, 512, std::string(512, 'w'), 1) + request(0, 0, 200'192),
      number(0, 4) + option(1, "dut") + request(0, 0, 512),
      number(3, 4) + option(3, "") + option(2, ""),
      R"({"do":"fault","id":"x","op":"write","offset":0,"length":512,"errno":5,"cut_at":2})",
      R"({"do":"policy","seed":9,"permille":1000,"torn":true,"cut_at_eof":true})",
      R"({"do":"snapshot","save":"a"})", R"({"do":"stat"})", R"({"do":"mark","text":"here"})"},
     {number(0x25609513, 4), "IHAVEOPT", request(1, 0, 16, std::string(16, 'x')),
      request(0, 200'191, 1), request(4, 0, 0xffffffff), number(0xffffffffffffffff, 8),
      "\"do\":", "\"cut\"", "-1", "[]"},
     2000});

}  // namespace
}  // namespace seatrial::fuzz
