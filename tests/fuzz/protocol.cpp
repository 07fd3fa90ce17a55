// SPDX-License-Identifier: Apache-2.0
// Frames of the bench protocol, from either side.
#include <nlohmann/json.hpp>

#include "core/model/protocol.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace seatrial::fuzz {
namespace {

void run(std::string_view frame) {
  for (const bool from_client : {false, true}) {
    const auto message = model::decode(frame, from_client);
    if (!message) {
      check(message.error().code().starts_with("protocol."), "a strange code for a bad frame");
      check(!message.error().advice().empty(), "a refusal without advice");
      continue;
    }
    const auto bytes = model::encode(*message);
    check(bytes.has_value(), "a message that was read cannot be written");
    const auto again = model::decode(*bytes, from_client);
    check(again.has_value(), "a message cannot be read after it was written");
    check(again->index() == message->index() && *model::encode(*again) == *bytes,
          "a message changed when it was written and read");
    if (const auto* request = std::get_if<model::Request>(&*message))
      if (const auto* verb = model::find_verb(request->verb))
        if (const auto good = model::check_arguments(*verb, *request->args); !good)
          check(good.error().blame() == Blame::suite, "bad arguments are the suite's fault");
  }
}

const Registration registration(
    {"protocol",
     run,
     {R"({"hello":{"version":1,"oldest":1,"run":"r","attempt":1,"case":"c","suite_digest":"d","epoch":7,"token":"t"}})",
      R"({"hello":{"version":1,"oldest":1,"bench":"qemu:qemu-amd64"}})",
      R"({"id":1,"verb":"shell.run","args":{"command":"true","timeout":5},"deadline":30.0})",
      R"({"id":2,"verb":"console.expect","args":{"patterns":["a","b"],"from":10},"deadline":1})",
      R"({"id":1,"value":{"out":"","exit":0}})",
      R"({"id":1,"failure":{"code":"a.b","blame":"bench","what":"w","advice":"a","context":["x"]}})",
      R"({"cancel":1})", R"({"ack":5})",
      R"({"note":{"seq":5,"kind":"measurement","data":{"name":"n","value":1}}})",
      R"({"note":{"seq":5,"kind":"note","data":{"a":)" + std::string(60'000, '['),
      R"({"note":{"seq":5,"kind":"note","data":{"a":)" + std::string(30'000, '[') +
          std::string(30'000, ']') + "}}}",
      R"({"abort":{"code":"a","blame":"product","what":"w","advice":"a"}})"},
     {"\"id\":-1", "\"id\":1e30", "null", "[]", "{}", "\"verb\":\"power.on\"", "\"args\":[]",
      "\"deadline\":1e999", "\"ack\":-3", "\"\\ud800\"", "\xff\xfe"},
     20000});

}  // namespace
}  // namespace seatrial::fuzz
