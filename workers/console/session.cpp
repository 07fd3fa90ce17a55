// SPDX-License-Identifier: Apache-2.0
#include "workers/console/session.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/ids.hpp"
#include "workers/console/session_script.hpp"

namespace seatrial::console {
namespace {

using std::chrono::seconds;

constexpr unsigned most_rounds = 12;   // of asking for damaged lines, in vain and in a row
constexpr unsigned most_refusals = 5;  // of the command itself
/// Typed ahead at most: a terminal in canonical mode holds 4095 bytes.
constexpr std::size_t burst = 1500;

Failure damaged(std::string_view what) {
  return Failure(
      "session.damaged", Blame::bench, fmt::format("the console damaged {} again and again", what),
      "check the serial cable and its speed, type slower (pace), or use SSH for large output");
}

Failure lost() {
  return Failure("session.lost", Blame::unknown,
                 "the shell on the console ended while a command ran",
                 "see in the console log whether the device restarted");
}

}  // namespace

/// What one command and its frame have come to. Shared by the coroutine and the subscription.
struct Session::Exchange {
  Exchange(boost::asio::any_io_executor executor, std::string id, std::string command,
           std::size_t blocks)
      : frame(id, blocks * 4096), command(std::move(command)), blocks(blocks), news(executor) {}
  FrameReader frame;
  std::string command;
  std::size_t blocks;
  Notifier news;
  Subscription watching;
  bool gone = false;  // a login prompt or a shell without our functions was seen
  unsigned repairs = 0, refusals = 0;
  unsigned rounds = 0;  // in a row that brought nothing
  std::size_t missing = SIZE_MAX;
  std::size_t asked = 0;  // number of the last request
  Duration patience = seconds(3);
};

Result<std::shared_ptr<Session::Exchange>> Session::exchange(std::string command,
                                                             std::size_t most) {
  const std::string id = random_hex(10);
  auto made = std::make_shared<Exchange>(console_.executor(), id, std::move(command),
                                         std::max<std::size_t>(1, (most + 4095) / 4096));
  std::vector<Pattern> patterns;
  patterns.emplace_back(id + R"(:(?:[aeknox]:.*|B)\.$)", Where::line);
  patterns.emplace_back(R"(\b_s[a-z]: (?:command )?not found)", Where::line);
  patterns.emplace_back(credentials_.login_prompt, Where::prompt);
  TRY(auto set, PatternSet::compile(std::move(patterns)));
  made->watching = console_.matcher().watch(std::move(set), [raw = made.get()](const Match& match) {
    if (match.pattern == 0)
      raw->frame.line(match.line);
    else
      raw->gone = true;
    raw->news.notify();
  });
  return made;
}

Session::Session(Console& console, Credentials credentials)
    : console_(console), credentials_(std::move(credentials)), turn_(console.executor()) {}

void Session::forget() {
  ready_ = false;
  dirty_ = false;
  guard_.reset();
}

Task<Result<CommandResult>> Session::run(std::string command, Budget budget, std::size_t most) {
  co_return co_await within(std::move(budget), run_once(std::move(command), most));
}

/// Types lines in bursts that the terminal can hold, waiting for an acknowledgement in between. A
/// lost one only costs time: the checksum of the whole decides.
Task<Result<>> Session::type_lines(std::shared_ptr<Exchange> exchange,
                                   std::vector<std::string> lines) {
  std::string typed;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    typed += lines[i] + "\n";
    if (i + 1 == lines.size() || typed.size() + lines[i + 1].size() < burst) continue;
    typed += fmt::format("_sa {} {}\n", exchange->frame.id(), i);
    CO_CHECK_OK(co_await console_.send(std::move(typed)));
    typed.clear();
    std::function<bool()> acknowledged = [exchange, i] {
      return exchange->frame.acknowledged() >= i || exchange->gone;
    };
    const auto taken = co_await within(Budget(seconds(3), "an acknowledgement"),
                                       exchange->news.until(std::move(acknowledged)));
    if (!taken && taken.error().blame() == Blame::cancelled) co_return taken;
  }
  co_return co_await console_.send(std::move(typed));
}

Task<Result<>> Session::type_command(std::shared_ptr<Exchange> exchange) {
  std::vector<std::string> lines;
  for (const auto& piece : printf_arguments(exchange->command)) lines.push_back("_sp " + piece);
  lines.push_back(fmt::format("_sr {} {} '{}' {}", exchange->frame.id(), ++exchange->asked,
                              cksum_line(exchange->command), exchange->blocks));
  exchange->frame.forget_answers();
  co_return co_await type_lines(exchange, std::move(lines));
}

/// Asks for the lines that are missing, and for the end.
Task<Result<>> Session::ask_again(std::shared_ptr<Exchange> exchange) {
  auto& frame = exchange->frame;
  std::string typed;
  if (frame.ended())
    for (const auto& range : frame.missing())
      typed += fmt::format("_sl {} {} {} {}; ", frame.id(), range.stream, range.first, range.last);
  typed += fmt::format("_sq {} {}\n", frame.id(), ++exchange->asked);
  frame.forget_answers();
  co_return co_await console_.send(std::move(typed));
}

/// True when the last request is answered, false when the console has no more to say about it.
Task<Result<bool>> Session::answered(std::shared_ptr<Exchange> exchange) {
  std::function<bool()> done = [exchange] {
    return exchange->gone || exchange->frame.answered() >= exchange->asked;
  };
  for (;;) {
    const auto lines = exchange->frame.lines();
    Budget patience(exchange->patience, "an answer of the shell on the console");
    patience.code = "session.quiet";
    const auto came = co_await within(patience, exchange->news.until(done));
    if (exchange->gone) {
      forget();
      co_return lost();
    }
    if (came) co_return true;
    if (came.error().code() != "session.quiet") co_return came.error();
    if (exchange->frame.lines() == lines) co_return false;
  }
}

/// One step towards the result; true when it is complete and proven.
Task<Result<bool>> Session::progress(std::shared_ptr<Exchange> exchange) {
  auto& frame = exchange->frame;
  CO_TRY(const bool came, co_await answered(exchange));
  if (!came) {
    // The command still runs, then the question waits behind it; or its end was damaged.
    exchange->patience = std::min<Duration>(exchange->patience * 2, seconds(60));
    CO_CHECK_OK(co_await ask_again(exchange));
    co_return false;
  }
  exchange->patience = seconds(1);
  if (frame.refused() || (frame.begun() && *frame.begun() != frame.id())) {
    ++exchange->repairs;
    if (++exchange->refusals > most_refusals) co_return damaged("a command");
    CO_CHECK_OK(co_await type_command(exchange));
    co_return false;
  }
  if (frame.begun() && !frame.ended())
    co_return Failure("session.interrupted", Blame::suite, "the command was interrupted",
                      "do not type on the console while a command runs there");
  if (frame.ended() && frame.missing().empty() && frame.complete()) co_return true;
  const std::size_t missing = frame.lines_missing();
  exchange->rounds = missing < exchange->missing ? 0 : exchange->rounds + 1;
  exchange->missing = missing;
  if (exchange->rounds > most_rounds) co_return damaged("the output of a command");
  ++exchange->repairs;
  CO_CHECK_OK(co_await ask_again(exchange));
  co_return false;
}

Task<Result<CommandResult>> Session::run_once(std::string command, std::size_t most) {
  if (command.find('\0') != std::string::npos)
    co_return Failure("session.command", Blame::suite, "a command cannot hold a zero byte",
                      "write the bytes to a file first");
  CO_TRY(const auto turn, co_await turn_.take());
  CO_CHECK_OK(co_await ready_shell());
  CO_TRY(const auto exchange, this->exchange(std::move(command), most));
  dirty_ = true;
  CO_CHECK_OK(co_await type_command(exchange));
  for (;;) {
    CO_TRY(const bool complete, co_await progress(exchange));
    if (complete) break;
  }
  dirty_ = false;
  CommandResult result;
  result.status = exchange->frame.status();
  result.out = exchange->frame.out();
  result.err = exchange->frame.err();
  result.truncated = exchange->frame.truncated();
  result.repairs = exchange->repairs;
  co_return result;
}

}  // namespace seatrial::console
