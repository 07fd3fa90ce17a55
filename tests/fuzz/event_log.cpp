// SPDX-License-Identifier: Apache-2.0
// events.jsonl as a killed bench host, a full disk or a hostile suite may leave it: read, written
// again, folded, and rendered in every format.
#include <nlohmann/json.hpp>

#include "core/base/text.hpp"
#include "core/model/event.hpp"
#include "reports/fold.hpp"
#include "reports/format.hpp"
#include "reports/run_folder.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace seatrial::fuzz {
namespace {

void run(std::string_view bytes) {
  reports::Fold fold;
  std::size_t events = 0;
  for (const auto& line : split(std::string(bytes), '\n')) {
    const auto event = model::event_from_line(line);
    if (!event) continue;
    const auto again = model::event_from_line(model::to_line(*event));
    check(again.has_value(), "an event cannot be read after it was written");
    check(again->kind == event->kind && again->case_name == event->case_name &&
              again->seq == event->seq && again->data->dump() == event->data->dump(),
          "an event changed when it was written and read");
    fold.add(*event);
    ++events;
  }
  if (events == 0) return;
  const auto record = std::move(fold).finish();
  check(record.tally.total() == record.cases.size(), "cases were lost in the tally");
  for (const auto& one : record.cases) check(!one.attempts.empty(), "a case without attempts");
  const auto code = record.exit_code();
  check(code != model::exit_proven || (record.finished && !record.failure),
        "an unfinished run counts as proven");
  const reports::RunFolder folder("/nonexistent");
  for (const auto& format : reports::formats())
    check(!format.render(record, folder).empty(), "an empty report");
}

const char* const kWhole =
    R"({"v":1,"seq":1,"mono":0,"wall":"2026-01-01T00:00:00.000Z","run":"r","kind":"run_started","data":{"schema":1,"argv":["seatrial","run"],"versions":{"seatrial":"1"},"image":{"name":"i","version":"1","digest":"ab"},"suites":[{"name":"smoke","digest":"d","path":"p"}],"cases":["smoke.a","smoke.b"],"repeat":2,"budget_scale":1.5}}
{"v":1,"seq":2,"mono":1,"wall":"2026-01-01T00:00:01.000Z","run":"r","attempt":1,"case":"smoke.a","kind":"case_started","data":{"checkpoint":"fresh","budget_seconds":10,"doc":"d"}}
{"v":1,"seq":3,"mono":1.5,"wall":"2026-01-01T00:00:01.500Z","run":"r","attempt":1,"case":"smoke.a","kind":"step_started","data":{"step":1,"name":"shell.run","text":"run: x","budget_seconds":5}}
{"v":1,"seq":4,"mono":2,"wall":"2026-01-01T00:00:02.000Z","run":"r","attempt":1,"case":"smoke.a","kind":"step_started","data":{"step":2,"parent":1,"name":"n","text":"t"}}
{"v":1,"seq":5,"mono":2,"wall":"","run":"r","attempt":1,"case":"smoke.a","kind":"sentinel","data":{"id":"panic","severity":"fatal","line":"Kernel panic \u001b[31m<b>","offset":12,"allowed":false}}
{"v":1,"seq":6,"mono":2,"wall":"","run":"r","attempt":1,"case":"smoke.a","kind":"boot","data":{"number":1,"slot":"A","reason":"power on","console_offset":0}}
{"v":1,"seq":7,"mono":2,"wall":"","run":"r","attempt":1,"case":"smoke.a","kind":"measurement","data":{"name":"boot","value":3.5,"unit":"s","limit":{"at_most":3},"ok":false}}
{"v":1,"seq":8,"mono":2,"wall":"","run":"r","attempt":1,"case":"smoke.a","kind":"assertion","data":{"ok":false,"text":"1 is not 2","file":"a.cpp","line":3}}
{"v":1,"seq":9,"mono":3,"wall":"","run":"r","attempt":1,"case":"smoke.a","kind":"step_finished","data":{"step":1,"ok":false,"seconds":1,"failure":{"code":"x.y","blame":"product","what":"w","advice":"a","context":["c"]}}}
{"v":1,"seq":10,"mono":3,"wall":"","run":"r","attempt":1,"case":"smoke.a","kind":"artifact","data":{"name":"journal.txt","path":"../../etc/passwd","media_type":"text/plain","bytes":10}}
{"v":1,"seq":11,"mono":3,"wall":"","run":"r","attempt":1,"case":"smoke.a","kind":"case_finished","data":{"verdict":"fail","seconds":2,"setup_seconds":1,"failure":{"code":"x","blame":"product","what":"w","advice":"a"}}}
{"v":1,"seq":12,"mono":3,"wall":"","run":"r","attempt":1,"case":"smoke.b","kind":"case_finished","data":{"verdict":"skip","seconds":0,"reason":"no shell"}}
{"v":1,"seq":13,"mono":4,"wall":"","run":"r","kind":"power","data":{"action":"off","state":"off"}}
{"v":1,"seq":14,"mono":4,"wall":"","run":"r","kind":"note","data":{"level":"warn","text":"]]> <script>"}}
{"v":1,"seq":15,"mono":5,"wall":"2026-01-01T00:00:05.000Z","run":"r","kind":"run_finished","data":{"verdicts":{"fail":1,"skip":1},"seconds":5,"interrupted":false}}
)";

const Registration registration(
    {"event_log",
     run,
     {kWhole, R"({"v":1,"seq":1,"kind":"note","data":{"a":)" + std::string(30'000, '[') +
                  std::string(30'000, ']') + "}}"},
     {"\"attempt\":2", "\"attempt\":-1", "1e309", "-9e99", "null", "[]", "{}", "\n",
      "\"case\":\"smoke.b\"", "\"verdict\":\"pass\"", "\\u0000", "\"mono\":-5",
      "18446744073709551616", "case_started", "run_finished", "step_finished", "\"parent\":2"},
     1200});

}  // namespace
}  // namespace seatrial::fuzz
