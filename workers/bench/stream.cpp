// SPDX-License-Identifier: Apache-2.0
#include "workers/bench/stream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace seatrial::bench {
namespace {

constexpr std::size_t kLargestFrame = 64u << 10;

Failure over() {
  return Failure("protocol.stream_over", Blame::cancelled, "the stream has ended",
                 "nothing to do: the other side has ended it");
}

}  // namespace

Stream::Stream(boost::asio::any_io_executor executor, std::uint64_t id, Push push)
    : id_(id), push_(std::move(push)), changed_(executor) {}

Task<Result<>> Stream::send(std::string bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    CO_CHECK_OK(co_await changed_.until([this] { return closed_ || window_ > 0; }));
    if (closed_) co_return why_ ? *why_ : over();
    const auto size = std::min<std::size_t>(
        {bytes.size() - at, kLargestFrame, static_cast<std::size_t>(window_)});
    window_ -= size;
    push_(io::Frame{model::encode_stream(id_, std::string_view(bytes).substr(at, size)), true});
    at += size;
  }
  co_return Result<>();
}

void Stream::finish() {
  if (!closed_) push_(io::Frame{model::encode_stream(id_, {}), true});
}

void Stream::tell(std::string kind, const nlohmann::json& data) {
  if (closed_) return;
  model::StreamEvent event{id_, std::move(kind), std::make_shared<const nlohmann::json>(data)};
  if (auto text = model::encode(event)) push_(io::Frame{std::move(*text), false});
}

void Stream::took(std::size_t bytes) {
  unread_ -= bytes;
  owed_ += bytes;
  if (closed_ || owed_ < model::kStreamWindow / 4) return;
  const model::Credit credit{id_, owed_};
  owed_ = 0;
  if (auto text = model::encode(credit)) push_(io::Frame{std::move(*text), false});
}

Task<Result<StreamItem>> Stream::receive() {
  CO_CHECK_OK(co_await changed_.until([this] { return closed_ || ended_ || !inbox_.empty(); }));
  if (!inbox_.empty()) {
    StreamItem item = std::move(inbox_.front());
    inbox_.pop_front();
    if (item.kind == StreamItem::Kind::bytes) took(item.bytes.size());
    co_return item;
  }
  if (closed_ && why_) co_return *why_;
  co_return StreamItem();
}

Result<> Stream::on_bytes(std::string_view bytes) {
  if (closed_ || ended_) return {};
  if (bytes.empty()) {
    ended_ = true;
    changed_.notify();
    return {};
  }
  if (unread_ + owed_ + bytes.size() > model::kStreamWindow)
    return Failure("protocol.window", Blame::suite,
                   fmt::format("the other side sent more than {} bytes ahead of stream {}",
                               model::kStreamWindow, id_),
                   "a client waits for credit: see docs/bench-protocol.md");
  unread_ += bytes.size();
  // Small pieces are put together: an item per typed key would cost more than the key.
  if (!inbox_.empty() && inbox_.back().kind == StreamItem::Kind::bytes &&
      inbox_.back().bytes.size() < kLargestFrame) {
    inbox_.back().bytes.append(bytes);
  } else {
    auto& item = inbox_.emplace_back();
    item.kind = StreamItem::Kind::bytes;
    item.bytes = bytes;
  }
  changed_.notify();
  return {};
}

void Stream::on_event(model::StreamEvent event) {
  if (closed_) return;
  auto& item = inbox_.emplace_back();
  item.kind = StreamItem::Kind::event;
  item.name = std::move(event.kind);
  item.data = std::move(event.data);
  changed_.notify();
}

void Stream::on_credit(std::uint64_t bytes) {
  // A peer cannot widen its window beyond what was agreed.
  window_ = std::min<std::uint64_t>(window_ + std::min<std::uint64_t>(bytes, model::kStreamWindow),
                                    model::kStreamWindow);
  changed_.notify();
}

void Stream::close(std::optional<Failure> why) {
  if (closed_) return;
  closed_ = true;
  why_ = std::move(why);
  changed_.notify();
}

}  // namespace seatrial::bench
