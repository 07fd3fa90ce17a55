// SPDX-License-Identifier: Apache-2.0
#include "core/cli/desk/console.hpp"

#include <fmt/core.h>
#include <poll.h>
#include <unistd.h>

#include <boost/asio/signal_set.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>
#include <nlohmann/json.hpp>

#include "core/base/race.hpp"
#include "core/base/within.hpp"
#include "core/cli/desk/input.hpp"
#include "core/cli/desk/keys.hpp"
#include "core/cli/desk/raw_terminal.hpp"

namespace seatrial::cli {
namespace asio = boost::asio;
using namespace std::chrono_literals;
using nlohmann::json;
namespace {

/// Between two lines from a pipe: the console has answered and is quiet, or says nothing at all.
constexpr auto kQuiet = 300ms;
constexpr auto kNoAnswer = 5s;

/// A terminal that has hung up takes nothing, and that is no trouble of ours.
void to_stderr(const std::string& text) {
  [[maybe_unused]] const auto n = ::write(2, text.data(), text.size());
}

/// What the parts of one console share.
struct Watched {
  ConsoleOptions options;
  ClientPtr client;
  std::shared_ptr<bench::Stream> stream;
  bool raw = false;            ///< our terminal: lines of ours need their own carriage return
  std::uint64_t shown = 0;     ///< bytes
  Duration last_output{};      ///< when
  bool out_is_gone = false;    ///< nobody reads us any more
  bool in_the_middle = false;  ///< of a line

  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto n = ::write(options.out, bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0 && errno == EAGAIN) {  // somebody made it non-blocking
        pollfd ready{options.out, POLLOUT, 0};
        ::poll(&ready, 1, 1000);
        continue;
      }
      if (n <= 0) {
        out_is_gone = true;
        return;
      }
      in_the_middle = bytes[static_cast<std::size_t>(n) - 1] != '\n';
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
  }

  /// A line of ours among those of the DUT.
  void say(const std::string& text) {
    const char* const end = raw ? "\r\n" : "\n";
    const auto line = options.notices.paint(Colour::blue, "[seatrial] " + text);
    to_stderr((raw && in_the_middle ? "\r\n" : "") + line + end);
    if (raw) in_the_middle = false;
  }
};

void tell(Watched& watched, const bench::StreamItem& event) {
  const auto& data = *event.data;
  if (event.name == "attached") {
    const int others = data.value("viewers", 1) - 1;
    const auto leave = watched.options.leave_key && watched.raw
                           ? key_name(*watched.options.leave_key) + " leaves"
                           : std::string("attached");
    const auto with = others > 0 ? fmt::format("; {} more attached", others) : std::string();
    const bool off = data.value("power", "") == "off" && !watched.options.power_on;
    watched.say(fmt::format("console of {}; {}{}{}", watched.client->bench_name(), leave, with,
                            off ? "; the device is off" : ""));
  } else if (event.name == "power") {
    const auto detail = data.value("detail", "");
    watched.say(
        fmt::format("power {}{}", data.value("state", "?"), detail.empty() ? "" : ": " + detail));
  } else if (event.name == "reset") {
    watched.say(data.value("watchdog", false)   ? "reset by a watchdog"
                : data.value("by_guest", false) ? "the OS restarts the device"
                                                : "reset");
  } else if (event.name == "not_typed") {
    watched.say(data.value("why", "what was typed was not taken"));
  }
}

Task<Result<int>> show(Watched* watched) {
  for (;;) {
    auto item = co_await watched->stream->receive();
    if (!item && item.error().code() == "desk.ended") {
      watched->say("the desk bench was ended");
      co_return 0;
    }
    if (!item) co_return item.error();
    if (item->kind == bench::StreamItem::Kind::end) co_return 0;
    if (item->kind == bench::StreamItem::Kind::event) {
      tell(*watched, *item);
      continue;
    }
    watched->write(item->bytes);
    watched->shown += item->bytes.size();
    watched->last_output = Clock::system().monotonic();
    if (watched->out_is_gone) co_return 0;
  }
}

Task<Result<int>> type_keys(Watched* watched, Input* input) {
  for (;;) {
    const auto chunk = co_await input->read();
    if (!chunk) co_return 0;  // the terminal has hung up
    auto keys = typed(*chunk, watched->options.leave_key);
    if (!keys.bytes.empty()) CO_CHECK_OK(co_await watched->stream->send(std::move(keys.bytes)));
    if (keys.leave) co_return 0;
  }
}

/// Until the boot that runs has shown its login prompt: what is typed into a boot loader stops it.
Task<Result<>> until_login(Watched* watched) {
  json nothing = json::object();
  CO_TRY(const auto info, co_await watched->client->call("bench.info", nothing));
  CO_TRY(const auto current, co_await watched->client->call("boot.current", nothing));
  const auto& device = info.at("device");
  const auto prompt = device.at("console").value("login_prompt", "");
  if (prompt.empty()) co_return Result<>();
  const double budget =
      device.at("budgets").value("boot_to_login", 60.0) * info.value("budget_scale", 1.0);
  json arguments{{"patterns", {prompt}},
                 {"from", current.at("boot").value("console_offset", 0u)},
                 {"timeout", budget}};
  auto seen = co_await watched->client->call("console.expect", std::move(arguments));
  if (!seen && seen.error().blame() != Blame::product) co_return seen.error();
  if (!seen)
    watched->say(fmt::format("no login prompt within {}: the input is typed all the same",
                             human_duration(from_seconds(budget))));
  co_return Result<>();
}

Task<> until_answered(Watched* watched, std::uint64_t before) {
  const auto end = Clock::system().monotonic() + kNoAnswer;
  for (;;) {
    const auto now = Clock::system().monotonic();
    if (now >= end) co_return;
    if (watched->shown > before && now - watched->last_output >= kQuiet) co_return;
    co_await pause(50ms);
  }
}

Task<Result<int>> type_lines(Watched* watched, Input* input) {
  bool waited = false;
  for (std::string rest;;) {
    auto chunk = co_await input->read();
    if (!chunk && rest.empty()) break;
    if (!waited) CO_CHECK_OK(co_await until_login(watched));
    waited = true;
    rest += chunk.value_or("");
    while (!rest.empty()) {
      const auto end = rest.find('\n');
      if (end == std::string::npos && chunk) break;
      auto line = rest.substr(0, end == std::string::npos ? end : end + 1);
      rest.erase(0, line.size());
      const auto before = watched->shown;
      CO_CHECK_OK(co_await watched->stream->send(std::move(line)));
      co_await until_answered(watched, before);
    }
    if (!chunk) break;
  }
  watched->stream->finish();
  const auto ended = Clock::system().monotonic();
  const auto linger = from_seconds(watched->options.linger);
  for (;;) {
    const auto silent = Clock::system().monotonic() - std::max(ended, watched->last_output);
    if (!watched->options.follow && silent >= linger) co_return 0;
    const Duration rest = watched->options.follow ? Duration(1h) : linger - silent;
    co_await pause(rest);
  }
}

/// SIGTSTP from outside (the key goes to the DUT): the shell we return to gets its terminal.
Task<Result<int>> stop_and_go(RawTerminal* terminal) {
  asio::signal_set signals(co_await asio::this_coro::executor, SIGTSTP);
  for (;;) {
    co_await signals.async_wait(asio::use_awaitable);
    terminal->suspend();
    std::raise(SIGSTOP);
    terminal->resume();
  }
}

Task<Result<int>> first_to_end(Task<Result<int>> a, Task<Result<int>> b) {
  auto first = co_await race(std::move(a), std::move(b));
  co_return first.index() == 0 ? std::get<0>(first) : std::get<1>(first);
}

Task<Result<int>> with_keys(Watched* watched, Input* input) {
  CO_TRY(auto terminal, RawTerminal::enter(watched->options.in));
  watched->raw = true;
  struct Tidy {  // what programs on the DUT may have left: colours, a hidden cursor
    Watched& watched;
    ~Tidy() {
      if (::isatty(watched.options.out)) watched.write("\033[m\033[?25h");
      if (watched.in_the_middle) to_stderr("\r\n");
      watched.raw = false;
    }
  } const tidy{*watched};
  co_return co_await first_to_end(show(watched),
                                  first_to_end(type_keys(watched, input), stop_and_go(&terminal)));
}

}  // namespace

Task<Result<int>> watch_console(ClientPtr client, ConsoleOptions options) {
  auto executor = co_await asio::this_coro::executor;
  Watched watched;
  watched.options = options;
  watched.client = client;
  watched.last_output = Clock::system().monotonic();
  watched.stream = client->open("console.attach", json{{"backlog", options.backlog}});
  if (options.power_on) {
    json nothing = json::object();
    CO_TRY(const auto on, co_await client->call("power.on", std::move(nothing)));
    (void)on;
  }
  Input input(executor, options.in);
  if (::isatty(options.in)) co_return co_await with_keys(&watched, &input);
  co_return co_await first_to_end(show(&watched), type_lines(&watched, &input));
}

}  // namespace seatrial::cli
