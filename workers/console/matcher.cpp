// SPDX-License-Identifier: Apache-2.0
#include "workers/console/matcher.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include "core/model/console_text.hpp"
#include "workers/console/scanner.hpp"

namespace seatrial::console {
namespace asio = boost::asio;
namespace {

constexpr std::size_t longest_line_told = 4u << 10;
constexpr std::size_t replay_piece = 64u << 10;

Match to_match(const PatternSet& set, const Found& found) {
  Match match;
  match.pattern = found.hit.pattern;
  match.text = found.line.substr(found.hit.begin, found.hit.end - found.hit.begin);
  match.groups = set.groups(found.line, found.hit);
  match.line = found.line.substr(0, longest_line_told);
  match.line_offset = found.line_offset;
  match.begin = found.begin;
  match.end = found.end;
  match.at = found.at;
  match.finished = found.finished;
  return match;
}

/// Someone who looks at the live stream.
struct Consumer {
  Consumer(PatternSet::Ptr set, std::uint64_t from, Scanner::Mode mode)
      : scanner(std::move(set), from, mode) {}
  Scanner scanner;
  OnFound on_found;
  std::function<void(const Failure&)> on_failure;  // waiters only
  std::weak_ptr<void> owner;                       // gone: never called again
};

}  // namespace

struct Matcher::State : std::enable_shared_from_this<State> {
  State(asio::any_io_executor executor, const Clock& clock, const Past& past, std::uint64_t offset)
      : clock(clock), past(past), lines(offset), timer(executor) {}

  template <class Call>
  void each(Call call) {
    ++depth;  // a call may lead back here: only the outermost one tidies up
    for (std::size_t i = 0; i < consumers.size(); ++i) {  // by index: a call may add consumers
      const auto consumer = consumers[i];
      if (const auto alive = consumer->owner.lock()) call(*consumer);
    }
    if (--depth > 0) return;
    std::erase_if(consumers, [](const auto& c) { return c->owner.expired() || c->scanner.done(); });
  }

  void on_block(const Block& block) {
    each([&](Consumer& c) { c.scanner.block(block, c.on_found); });
  }

  void look_at_tail(Duration quiet) {
    const Tail tail = lines.tail();
    if (tail.raw.empty()) return;
    each([&](Consumer& c) { c.scanner.tail(tail, quiet, lines.full(), c.on_found); });
    if (lines.full()) lines.trim();
  }

  /// Looks at the tail again once the console has been quiet for long enough to matter. A timer
  /// that is early finds out and is set again, so that bytes that keep coming do not set it each
  /// time.
  void arm() {
    if (consumers.empty() || lines.tail().raw.empty()) return;
    const Duration now = clock.monotonic();
    const Duration last = lines.tail().at;
    if (now - last >= Scanner::long_quiet) return;
    const Duration due =
        last + (now - last < Scanner::short_quiet ? Scanner::short_quiet : Scanner::long_quiet);
    if (armed && armed_for <= due) return;
    armed = true;
    armed_for = due;
    timer.expires_after(std::chrono::duration_cast<asio::steady_timer::duration>(due - now));
    timer.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const auto self = weak.lock();
      if (!self || error) return;  // set anew, or the end
      self->armed = false;
      self->look_at_tail(self->clock.monotonic() - self->lines.tail().at);
      self->arm();
    });
  }

  const Clock& clock;
  const Past& past;
  LineFeed lines;
  std::vector<std::shared_ptr<Consumer>> consumers;
  asio::steady_timer timer;
  bool armed = false;
  Duration armed_for{};
  int depth = 0;
};

Matcher::Matcher(asio::any_io_executor executor, const Clock& clock, const Past& past,
                 std::uint64_t offset)
    : state_(std::make_shared<State>(executor, clock, past, offset)) {}

Matcher::~Matcher() { state_->timer.cancel(); }

std::uint64_t Matcher::end() const { return state_->lines.end(); }

std::uint64_t Matcher::line_begin() const { return state_->lines.tail().offset; }

std::string Matcher::unfinished_line() const { return model::plain_line(state_->lines.tail().raw); }

std::size_t Matcher::waiters() const {
  return static_cast<std::size_t>(
      std::count_if(state_->consumers.begin(), state_->consumers.end(),
                    [](const auto& c) { return c->on_failure && !c->owner.expired(); }));
}

void Matcher::feed(std::string_view bytes, Duration now) {
  const auto state = state_;
  state->lines.feed(bytes, now, [&](const Block& block) { state->on_block(block); });
  state->look_at_tail(Duration(0));
  state->arm();
}

void Matcher::end_of_stream(Duration) {
  const auto state = state_;
  state->lines.end_line([&](const Block& block) { state->on_block(block); });
}

Subscription Matcher::watch(PatternSet::Ptr set, OnMatch on_match) {
  auto consumer = std::make_shared<Consumer>(set, end(), Scanner::Mode::every_line);
  auto owner = std::make_shared<int>(0);
  consumer->owner = owner;
  consumer->on_found = [set, on_match = std::move(on_match)](const Found& found) {
    on_match(to_match(*set, found));
  };
  state_->consumers.push_back(std::move(consumer));
  state_->arm();
  return owner;
}

void Matcher::fail_waiters(const Failure& failure) {
  state_->each([&](Consumer& c) {
    if (c.on_failure) c.on_failure(failure);
  });
}

namespace {

/// Where to begin reading back so that `from` lies in a line whose beginning is known, if it is
/// near.
struct Beginning {
  std::uint64_t offset;
  bool head_cut;
};

Result<Beginning> line_beginning(const Past& past, std::uint64_t from) {
  const std::uint64_t back = std::min<std::uint64_t>(from, LineFeed::overlap);
  if (back == 0) return Beginning{from, false};
  TRY(const std::string before, past.read(from - back, static_cast<std::size_t>(back)));
  const auto newline = before.rfind('\n');
  if (newline != std::string::npos) return Beginning{from - back + newline + 1, false};
  return Beginning{from - back, from != back};
}

std::string last_words(const Past& past, std::uint64_t begin, std::uint64_t end) {
  if (begin == end) return "waiting on the console, which has printed nothing since";
  const auto back = std::min<std::uint64_t>(end, 4096);
  const auto bytes = past.read(end - back, static_cast<std::size_t>(back));
  std::string line = bytes ? *bytes : std::string();
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
  if (const auto newline = line.rfind('\n'); newline != std::string::npos)
    line.erase(0, newline + 1);
  return fmt::format("waiting on the console, whose last line is '{}'",
                     model::plain_line(line).substr(0, 200));
}

}  // namespace

Task<Result<Match>> Matcher::expect(PatternSet::Ptr set, Budget budget, Since since) {
  const auto state = state_;
  const std::uint64_t from = since.value().value_or(end());
  const std::string code = budget.code;
  auto result = co_await within(std::move(budget), wait_for(std::move(set), Since::offset(from)));
  if (result || result.error().code() != code) co_return result;
  co_return std::move(result).with(last_words(state->past, from, state->lines.end()));
}

Task<Result<Match>> Matcher::wait_for(PatternSet::Ptr set, Since since) {
  const auto state = state_;
  const auto executor = co_await asio::this_coro::executor;
  const std::uint64_t from = since.value().value_or(end());
  auto consumer = std::make_shared<Consumer>(set, from, Scanner::Mode::first);
  std::optional<Result<Match>> outcome;
  asio::steady_timer wake(executor, asio::steady_timer::time_point::max());
  consumer->on_found = [&](const Found& found) {
    outcome.emplace(to_match(*set, found));
    wake.cancel();
  };
  consumer->on_failure = [&](const Failure& failure) {
    if (!outcome) outcome.emplace(failure);
    wake.cancel();
  };

  if (from < state->lines.tail().offset) {
    CO_TRY(const Beginning begin, line_beginning(state->past, from));
    LineFeed lines(begin.offset, begin.head_cut);
    while (!outcome && lines.end() < state->lines.tail().offset) {
      const auto most =
          std::min<std::uint64_t>(replay_piece, state->lines.tail().offset - lines.end());
      CO_TRY(const std::string piece,
             state->past.read(lines.end(), static_cast<std::size_t>(most)));
      lines.feed(piece, Duration(0),
                 [&](const Block& block) { consumer->scanner.block(block, consumer->on_found); });
      if (!lines.tail().raw.empty())
        consumer->scanner.tail(lines.tail(), Duration(0), lines.full(), consumer->on_found);
      if (lines.full()) lines.trim();
      co_await asio::post(executor, asio::use_awaitable);  // let the capture have its turn
    }
    if (outcome && *outcome) (*outcome)->at = state->past.time_of((*outcome)->begin);
    if (outcome) co_return std::move(*outcome);
  }

  const auto owner = std::make_shared<int>(0);  // dies with this frame, also when cancelled
  consumer->owner = owner;
  const Tail tail = state->lines.tail();
  consumer->scanner.tail(tail, state->clock.monotonic() - tail.at, false, consumer->on_found);
  if (!outcome) {
    state->consumers.push_back(consumer);
    state->arm();
  }
  while (!outcome) {
    boost::system::error_code ignored;
    co_await wake.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    const auto mine = co_await asio::this_coro::cancellation_state;
    if (!outcome && mine.cancelled() != asio::cancellation_type::none)
      throw boost::system::system_error(asio::error::operation_aborted);
  }
  co_return std::move(*outcome);
}

}  // namespace seatrial::console
