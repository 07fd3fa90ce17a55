// SPDX-License-Identifier: Apache-2.0
#include "workers/bench/console_view.hpp"

#include <algorithm>
#include <deque>
#include <nlohmann/json.hpp>

#include "core/base/race.hpp"
#include "core/base/text.hpp"
#include "core/model/console_text.hpp"
#include "workers/bench/bench.hpp"
#include "workers/bench/handlers.hpp"

namespace seatrial::bench {
namespace {
using nlohmann::json;

constexpr std::size_t kBacklogLines = 20, kMostBacklogLines = 2000;
constexpr std::uint64_t kBacklogBytes = 64u << 10;
constexpr std::size_t kPiece = 32u << 10;

/// What happened, at its place among the bytes.
struct News {
  std::uint64_t offset = 0;
  std::string kind;
  json data;
};

struct View {
  explicit View(boost::asio::any_io_executor executor) : changed(executor) {}
  Notifier changed;
  std::uint64_t offset = 0;  ///< of the next byte to show
  std::deque<News> news;
  std::optional<Failure> trouble;
};

void note(View& view, std::uint64_t offset, const RigEvent& event) {
  switch (event.kind) {
    case RigEvent::Kind::powered_on:
      view.news.push_back({offset, "power", {{"state", "on"}, {"detail", event.detail}}});
      break;
    case RigEvent::Kind::powered_off:
      view.news.push_back({offset, "power", {{"state", "off"}, {"detail", event.detail}}});
      break;
    case RigEvent::Kind::reset:
      view.news.push_back(
          {offset, "reset", {{"by_guest", event.by_guest}, {"watchdog", event.watchdog}}});
      break;
    case RigEvent::Kind::restored: break;
    case RigEvent::Kind::trouble: view.trouble = event.failure; break;
  }
  view.changed.notify();
}

Task<Result<>> show(console::Console& console, std::shared_ptr<View> view,
                    std::shared_ptr<Stream> stream) {
  View* const v = view.get();
  for (;;) {
    const auto end = v->news.empty() ? console.mark() : v->news.front().offset;
    if (v->offset < end) {
      const auto most = std::min<std::uint64_t>(kPiece, end - v->offset);
      CO_TRY(auto piece, console.capture().read(v->offset, static_cast<std::size_t>(most)));
      if (piece.empty()) v->offset = end;  // a full disk has swallowed what no memory holds
      v->offset += piece.size();
      CO_CHECK_OK(co_await stream->send(std::move(piece)));
    } else if (!v->news.empty()) {
      stream->tell(v->news.front().kind, v->news.front().data);
      v->news.pop_front();
    } else if (v->trouble) {
      co_return *v->trouble;
    } else {
      CO_CHECK_OK(co_await v->changed.until(
          [v, c = &console] { return v->offset < c->mark() || !v->news.empty() || v->trouble; }));
    }
  }
}

Task<Result<>> type(console::Console& console, std::shared_ptr<View> view,
                    std::shared_ptr<Stream> stream) {
  bool told = false;
  for (;;) {
    CO_TRY(auto item, co_await stream->receive());
    if (item.kind == StreamItem::Kind::end) break;
    auto typed = co_await console.send(std::move(item.bytes));
    // Keys held down while the DUT is off are no news each time.
    if (!typed && !told) stream->tell("not_typed", json{{"why", typed.error().what()}});
    told = !typed;
  }
  co_return co_await view->changed.until([] { return false; });
}

struct Viewers {
  explicit Viewers(std::shared_ptr<int> count) : count(std::move(count)) { ++*this->count; }
  ~Viewers() { --*count; }
  std::shared_ptr<int> count;
};

}  // namespace

std::string backlog_of(std::string_view raw, std::size_t lines, bool raw_is_cut) {
  auto all = split(raw, '\n');
  if (raw_is_cut && !all.empty()) all.erase(all.begin());
  // The last one is what stands behind the last newline: a prompt, or nothing.
  const std::size_t keep = std::min(all.size(), lines + 1);
  std::string out;
  for (std::size_t i = all.size() - keep; i < all.size(); ++i) {
    out += model::plain_line(all[i]);
    if (i + 1 < all.size()) out += "\r\n";
  }
  return out;
}

Result<std::string> console_text(const console::Past& past, std::uint64_t from, std::size_t most) {
  most = std::min(most, kMostConsoleText);
  std::string text;
  while (text.size() < most) {
    TRY(const auto part, past.read(from + text.size(), most - text.size()));
    if (part.empty()) break;
    text += part;
  }
  return text;
}

Task<Result<json>> view_console(Bench& bench, json arguments, std::shared_ptr<Stream> stream) {
  auto executor = co_await boost::asio::this_coro::executor;
  const auto lines = std::clamp<std::int64_t>(
      arguments.value("backlog", static_cast<std::int64_t>(kBacklogLines)), 0, kMostBacklogLines);
  auto view = std::make_shared<View>(executor);
  const Viewers counted(bench.viewers());
  auto& console = bench.console();
  const auto bytes =
      console.capture().tap([view](std::uint64_t, std::string_view) { view->changed.notify(); });
  const auto power = bench.on_rig_event(
      [view, &console](const RigEvent& event) { note(*view, console.mark(), event); });

  CO_TRY(const auto state, co_await bench.rig().power().state());
  view->offset = console.mark();
  stream->tell(
      "attached",
      json{{"offset", view->offset}, {"viewers", *counted.count}, {"power", to_string(state)}});
  const auto from = view->offset > kBacklogBytes ? view->offset - kBacklogBytes : 0;
  std::string before;
  while (lines > 0 && from + before.size() < view->offset) {
    const auto at = from + before.size();
    CO_TRY(const auto piece,
           console.capture().read(at, static_cast<std::size_t>(view->offset - at)));
    if (piece.empty()) break;
    before += piece;
  }
  if (lines > 0)
    CO_CHECK_OK(
        co_await stream->send(backlog_of(before, static_cast<std::size_t>(lines), from > 0)));

  auto first = co_await race(show(console, view, stream), type(console, view, stream));
  auto& ended = first.index() == 0 ? std::get<0>(first) : std::get<1>(first);
  if (!ended) co_return ended.error();
  co_return json{{"offset", view->offset}};
}

const StreamHandlerTable& stream_handlers() {
  static const StreamHandlerTable table{{"console.attach", view_console}};
  return table;
}

}  // namespace seatrial::bench
