// SPDX-License-Identifier: Apache-2.0
// docs/bench-protocol.md is generated from the verb table; SEATRIAL_UPDATE=1 writes it anew.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "core/model/verbs.hpp"

namespace seatrial::model {
namespace {

constexpr const char* kIntroduction = R"(<!-- SPDX-License-Identifier: Apache-2.0 -->
<!-- Generated from the table core/model/verbs_*.cpp: edit there, then run model_test with SEATRIAL_UPDATE=1. -->

# The bench protocol, version 3

A suite process (or the desk) is the client of a bench host. Both speak WebSocket frames over a unix
socket; each text frame is one JSON object. `core/model/protocol.hpp` has the exact members.

1. The client says `hello` with its protocol versions, run, attempt, case, suite digest, lease epoch and
   the token it was started with. The host answers with its own `hello`, or `abort` and closes. A client
   whose epoch is older than the bench's is refused with `lease.stale_epoch`.
2. The client sends requests: `{"id":1,"verb":"shell.run","args":{...},"deadline":30}`. The deadline
   (seconds) is enforced by the host: beyond it the reply is the failure `deadline.request`, which accuses
   nobody. A request without one gets the default deadline of its verb (below), or a minute more than its
   `timeout` where that is longer; both are generous guards, not budgets of the product. The reply is
   `{"id":1,"value":{...}}` or `{"id":1,"failure":{code,blame,what,advice,context}}`. Of one client 64
   requests are worked on at a time, the next are answered with `protocol.too_many`; a client that does not
   read its replies is not read either.
3. `{"cancel":1}` ends a request early; its reply still comes, with blame `cancelled`.
4. One-way notes carry a sequence number and are acknowledged when they are in the event log:
   `assertion`, `measurement`, `note`, `artifact`, and `case_result` (verdict `pass`, `fail`, `skip`,
   `error` or `timeout`), which is the last one; a second result is ignored. `{"ack":5}` acknowledges all
   notes up to 5.
5. The host may send `{"abort":failure}` at any time: the case is over.
6. A verb marked *a stream* carries bytes both ways while its request is open, in binary frames: 8 bytes
   request id (little endian), then the bytes; a frame without bytes says that its sender has no more. A
   side may be 256 KiB ahead of what the other has taken; `{"credit":{"id":1,"bytes":65536}}` says how
   much more was taken. `{"event":{"id":1,"kind":"power","data":{...}}}` tells the client what happened at
   this place of the stream. The reply ends the stream.

All text is UTF-8; an argument or a value that is not is a failure `protocol.not_text` of the side that
would send it. Bytes that may be anything (files, what commands read and print) go as base64, and a truth
beside them says so.

A parameter marked *since version N* may be sent only to a host that speaks version N, as its `hello` says;
a suite of the kit fails with `protocol.version` instead of sending it to an older one. A connection has
one `hello`; a second one ends it with `protocol.second_hello`.

An unknown verb, a missing, misspelt or wrongly typed argument is answered with a failure that names the
nearest valid one. Arguments marked *optional* may be left out; times are seconds.

## Verbs

)";

TEST(VerbsPage, says_what_the_table_says) {
  const std::string path = SEATRIAL_SOURCE_DIR "/docs/bench-protocol.md";
  std::string page = kIntroduction + verbs_as_markdown();
  while (page.size() > 1 && page[page.size() - 2] == '\n') page.pop_back();
  if (std::getenv("SEATRIAL_UPDATE")) std::ofstream(path) << page;
  std::ostringstream written;
  written << std::ifstream(path).rdbuf();
  EXPECT_EQ(written.str(), page)
      << "docs/bench-protocol.md is out of date: SEATRIAL_UPDATE=1 build/tests/model_test";
}

}  // namespace
}  // namespace seatrial::model
