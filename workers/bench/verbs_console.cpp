// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "core/model/protocol_bytes.hpp"
#include "workers/bench/bench.hpp"
#include "workers/bench/console_view.hpp"
#include "workers/bench/handlers.hpp"

namespace seatrial::bench {
namespace {
using nlohmann::json;

constexpr double kExpectSeconds = 30;
constexpr double kCommandSeconds = 60;

double since_run_began(Bench& bench, Duration monotonic) {
  return bench.events().now() - seconds(Clock::system().monotonic() - monotonic);
}

Task<Result<json>> expect(Bench& bench, json arguments) {
  std::vector<console::Pattern> patterns;
  for (const auto& pattern : arguments.at("patterns"))
    patterns.emplace_back(pattern.get<std::string>());
  const auto since = arguments.contains("from")
                         ? console::Since::offset(arguments["from"].get<std::uint64_t>())
                         : console::Since::now();
  Budget budget(bench.span_or(arguments, kExpectSeconds),
                "the console to show " + arguments.at("patterns").dump());
  budget.code = "console.not_seen";
  budget.blame = Blame::product;
  budget.advice = "see the console log around this time";
  CO_TRY(auto match,
         co_await bench.console().expect(std::move(patterns), std::move(budget), since));
  json groups = json::array();
  for (std::size_t i = 1; i < match.groups.size(); ++i) groups.push_back(match.groups[i]);
  co_return model::readable({{"index", match.pattern},
                             {"text", match.text},
                             {"groups", groups},
                             {"offset", match.begin},
                             {"end", match.end},
                             {"at", since_run_began(bench, match.at)}});
}

Task<Result<json>> send(Bench& bench, json arguments) {
  CO_CHECK_OK(co_await bench.console().send(arguments.at("text").get<std::string>()));
  co_return json::object();
}

Task<Result<json>> login(Bench& bench, json arguments) {
  Budget budget(bench.span_or(arguments, kCommandSeconds), "a login on the console");
  budget.code = "console.login";
  budget.blame = Blame::product;
  CO_CHECK_OK(co_await bench.console_session().login(std::move(budget)));
  co_return json::object();
}

Task<Result<json>> run(Bench& bench, json arguments) {
  Budget budget(bench.span_or(arguments, kCommandSeconds), "a command on the console to end");
  budget.code = "deadline.console_command";  // a guard of ours: it accuses nobody
  CO_TRY(auto result, co_await bench.console_session().run(
                          arguments.at("command").get<std::string>(), std::move(budget)));
  co_return model::readable({{"exit", result.status}, {"out", result.out}});
}

Task<Result<json>> mark(Bench& bench, json arguments) {
  const auto offset = bench.console().mark();
  bench.events().write("console_mark", json{{"offset", offset},
                                            {"text", arguments.value("text", "mark of the case")}});
  co_return json{{"offset", offset}};
}

Task<Result<json>> read(Bench& bench, json arguments) {
  const auto from = arguments.at("from").get<std::uint64_t>();
  const auto most = arguments.value("most", kMostConsoleText);
  CO_TRY(auto text, console_text(bench.console().capture(), from, most));
  const auto end = from + text.size();
  co_return model::readable({{"text", std::move(text)}, {"end", end}});
}

Task<Result<json>> tail(Bench& bench, json arguments) {
  const auto lines = arguments.value("lines", std::size_t{40});
  const auto end = bench.console().mark();
  const std::uint64_t from = end > 65536 ? end - 65536 : 0;
  json request{{"from", from}};
  CO_TRY(auto text, co_await read(bench, std::move(request)));
  const auto all = text.at("text").get<std::string>();
  json kept = json::array();
  std::size_t begin = all.size();
  for (std::size_t n = 0; n < lines && begin > 0; ++n) {
    const auto cut = all.rfind('\n', begin - 1);
    const std::size_t start = cut == std::string::npos ? 0 : cut + 1;
    kept.insert(kept.begin(), all.substr(start, begin - start));
    begin = cut == std::string::npos ? 0 : cut;
  }
  co_return json{{"lines", kept}};
}

Task<Result<json>> sentinels(Bench& bench, json) {
  json hits = json::array();
  for (const auto& alarm : bench.console().sentinels().alarms(bench.case_offset()))
    hits.push_back({{"id", alarm.id},
                    {"severity", to_string(alarm.severity)},
                    {"line", alarm.line},
                    {"offset", alarm.offset},
                    {"allowed", alarm.allowed}});
  co_return model::readable({{"hits", hits}});
}

Task<Result<json>> allow(Bench& bench, json arguments) {
  CO_TRY(auto allowance,
         bench.console().sentinels().allow(arguments.at("ids").get<std::vector<std::string>>()));
  bench.allow_alarms(std::move(allowance));
  co_return json::object();
}

}  // namespace

void add_console_verbs(HandlerTable& table) {
  table["console.expect"] = expect;
  table["console.send"] = send;
  table["console.login"] = login;
  table["console.run"] = run;
  table["console.mark"] = mark;
  table["console.read"] = read;
  table["console.tail"] = tail;
  table["console.sentinels"] = sentinels;
  table["console.allow"] = allow;
}

}  // namespace seatrial::bench
