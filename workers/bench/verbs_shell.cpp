// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "core/io/file.hpp"
#include "core/model/protocol_bytes.hpp"
#include "workers/bench/bench.hpp"
#include "workers/bench/content.hpp"
#include "workers/bench/handlers.hpp"

namespace seatrial::bench {
namespace {
using nlohmann::json;

constexpr double kCommandSeconds = 60;
constexpr double kFileSeconds = 60;

Task<Result<json>> wait(Bench& bench, json arguments) {
  const double began = bench.events().now();
  const unsigned now = bench.boots().current().number;
  Budget budget(bench.span_or(arguments, bench.parts().device.budgets.boot_to_ssh),
                "a shell on the DUT");
  budget.code = "shell.not_ready";
  budget.blame = Blame::product;
  budget.advice = "see the console log: did the OS boot, and did its SSH server start?";
  const unsigned before = now > 0 ? now - 1 : 0;
  CO_TRY(auto boot, co_await bench.shell_after(before, std::move(budget)));
  (void)boot;
  co_return json{{"seconds", bench.events().now() - began}};
}

Task<Result<json>> run(Bench& bench, json arguments) {
  dut::RunRequest request(arguments.at("command").get<std::string>(),
                          bench.span_or(arguments, kCommandSeconds));
  CO_TRY(request.input, bytes_of(arguments, "stdin", "stdin_base64"));
  CO_TRY(auto result, co_await bench.shell().run(std::move(request)));
  co_return command_json(std::move(result), arguments.value("base64", false));
}

Task<Result<json>> put(Bench& bench, json arguments) {
  CO_TRY(const auto folder, io::TempDir::make("put", bench.private_folder()));
  const auto local = folder.path() / "content";
  CO_TRY(const auto content, bytes_of(arguments, "content", "base64"));
  CO_CHECK_OK(io::write_file_atomic(local, content, 0600));
  const auto mode = static_cast<unsigned>(std::stoul(arguments.value("mode", "644"), nullptr, 8));
  CO_CHECK_OK(co_await bench.shell().put(local, arguments.at("path").get<std::string>(), mode,
                                         bench.scaled(kFileSeconds)));
  co_return json::object();
}

Task<Result<json>> get(Bench& bench, json arguments) {
  CO_TRY(const auto folder, io::TempDir::make("get", bench.private_folder()));
  const auto local = folder.path() / "content";
  CO_CHECK_OK(co_await bench.shell().get(arguments.at("path").get<std::string>(), local,
                                         bench.scaled(kFileSeconds)));
  CO_TRY(auto content, io::read_file(local));
  co_return content_json(std::move(content));
}

Task<Result<json>> forward(Bench& bench, json arguments) {
  const auto wanted = arguments.at("port").get<std::int64_t>();
  if (wanted < 1 || wanted > 65535)
    co_return Failure("protocol.argument", Blame::suite,
                      "shell.forward: there is no TCP port " + std::to_string(wanted),
                      "ports go from 1 to 65535");
  CO_TRY(const auto port, co_await bench.ssh().forward(static_cast<std::uint16_t>(wanted)));
  co_return json{{"host", "127.0.0.1"}, {"port", port}};
}

Task<Result<json>> access(Bench& bench, json) {
  CO_TRY(auto access, co_await bench.ssh().access());
  co_return json{{"program", access.program},
                 {"arguments", std::move(access.arguments)},
                 {"host", std::move(access.host)}};
}

}  // namespace

void add_shell_verbs(HandlerTable& table) {
  table["shell.wait"] = wait;
  table["shell.run"] = run;
  table["shell.put"] = put;
  table["shell.get"] = get;
  table["shell.forward"] = forward;
  table["shell.access"] = access;
}

}  // namespace seatrial::bench
