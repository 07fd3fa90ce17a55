// SPDX-License-Identifier: Apache-2.0
#include "core/io/http_session.hpp"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <ctime>

#include "core/base/within.hpp"

namespace seatrial::io {
namespace {
namespace http = boost::beast::http;
using boost::system::error_code;
using Parser = http::request_parser<http::buffer_body>;
constexpr std::size_t piece_size = 64 * 1024;

std::string http_date() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 64> text{};
  std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return text.data();
}

Failure closed(std::string_view what) {
  return Failure("http.closed", Blame::unknown, std::string(what),
                 "nothing to do here: the client ended the connection");
}

bool has_no_body(int status) { return status == 204 || status == 304 || status / 100 == 1; }

/// What every exchange of one connection shares.
struct Wire {
  Wire(HttpStreamPtr s, HttpPeer p, HttpServerOptions o)
      : stream(std::move(s)), peer(std::move(p)), options(o) {}

  HttpStreamPtr stream;
  HttpPeer peer;
  HttpServerOptions options;
  std::string unparsed;  ///< bytes read and not yet given to the parser

  Task<Result<std::size_t>> fill(Duration budget, std::string waited_for) {
    std::string chunk(piece_size, '\0');
    Budget limit(budget, std::move(waited_for));
    auto got = co_await within(limit, stream->read_some(chunk.data(), chunk.size()));
    if (got) unparsed.append(chunk, 0, *got);
    co_return got;
  }

  Task<Result<>> write(std::string_view text) {
    Budget limit(options.write_budget, "the client to take the answer");
    co_return co_await within(limit, stream->write_all(text));
  }
};

class Exchange final : public HttpExchange {
 public:
  Exchange(Wire& wire, Parser& parser) : wire_(wire), parser_(parser) {}

  const HttpRequest& request() const override { return request_; }
  std::string_view listener() const override { return wire_.peer.listener; }
  const std::string& peer() const override { return wire_.peer.name; }
  bool answered() const override { return status_ != 0; }
  int status() const override { return status_; }
  std::uint64_t bytes_in() const override { return bytes_in_; }
  std::uint64_t bytes_out() const override { return bytes_out_; }
  bool broken() const { return dropped_; }

  void fill_request();
  Task<Result<std::string>> read_some() override;
  Task<Result<>> respond(HttpResponse response, HttpSending sending,
                         std::optional<std::uint64_t> promised) override;
  Task<Result<>> respond_stream(HttpResponse head, std::optional<std::uint64_t> length,
                                HttpBodySource source, HttpSending sending) override;
  Task<bool> wait_or_gone(Duration span) override;
  void drop() override {
    dropped_ = true;
    wire_.stream->close(true);
  }

  /// Reads what the handler left of the body; false when it is too much to be worth it.
  Task<bool> drain();
  void close_after() { keep_alive_ = false; }
  bool keep_alive() const { return !dropped_ && keep_alive_; }

 private:
  std::string head_text(const HttpResponse& response, std::optional<std::uint64_t> length);
  Task<Result<>> send_piece(std::string_view piece, HttpSending sending, std::uint64_t& sent);

  Wire& wire_;
  Parser& parser_;
  HttpRequest request_;
  int status_ = 0;
  std::uint64_t bytes_in_ = 0, bytes_out_ = 0;
  bool dropped_ = false, keep_alive_ = true, continued_ = false;
};

void Exchange::fill_request() {
  const auto& message = parser_.get();
  request_.method = std::string(message.method_string());
  request_.target = std::string(message.target());
  for (const auto& field : message)
    request_.headers.add(std::string(field.name_string()), std::string(field.value()));
  split_target(request_);
  keep_alive_ = message.keep_alive();
}

Task<Result<std::string>> Exchange::read_some() {
  const std::string* expect = request_.headers.find("Expect");
  if (expect && !continued_ && !parser_.is_done() && wire_.unparsed.empty()) {
    continued_ = true;
    CO_CHECK_OK(co_await wire_.write("HTTP/1.1 100 Continue\r\n\r\n"));
  }
  std::string piece(piece_size, '\0');
  while (!parser_.is_done()) {
    auto& body = parser_.get().body();
    body.data = piece.data();
    body.size = piece.size();
    error_code error;
    const std::size_t used =
        parser_.put(boost::asio::buffer(wire_.unparsed.data(), wire_.unparsed.size()), error);
    wire_.unparsed.erase(0, used);
    const std::size_t got = piece.size() - body.size;
    bytes_in_ += got;
    if (error && error != http::error::need_buffer && error != http::error::need_more)
      co_return closed("the body of the request is malformed: " + error.message());
    if (got > 0) {
      piece.resize(got);
      co_return piece;
    }
    if (parser_.is_done()) break;
    if (used > 0 && !wire_.unparsed.empty()) continue;
    CO_TRY(const std::size_t more,
           co_await wire_.fill(wire_.options.idle_budget, "the body of a request"));
    if (more == 0) co_return closed("the client left in the middle of a body");
  }
  co_return std::string();
}

std::string Exchange::head_text(const HttpResponse& response, std::optional<std::uint64_t> length) {
  std::string text = "HTTP/1.1 " + std::to_string(response.status) + " ";
  text += http_reason(response.status);
  text += "\r\n";
  for (const auto& [name, value] : response.headers.all())
    if (http_safe(name) && http_safe(value)) text += name + ": " + value + "\r\n";
  text += "Date: " + http_date() + "\r\n";
  if (length && !(has_no_body(response.status) && *length == 0))
    text += "Content-Length: " + std::to_string(*length) + "\r\n";
  else if (!length && !has_no_body(response.status))
    text += "Transfer-Encoding: chunked\r\n";
  text += keep_alive_ ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
  return text;
}

Task<Result<>> Exchange::send_piece(std::string_view piece, HttpSending sending,
                                    std::uint64_t& sent) {
  while (!piece.empty()) {
    std::size_t size = piece.size();
    if (sending.bytes_per_second > 0)
      size = std::min(size, static_cast<std::size_t>(sending.bytes_per_second / 20) + 1);
    if (sending.stop_after) {
      if (sent >= *sending.stop_after) {
        // Let what was written reach the client before the reset throws it away.
        co_await wait_or_gone(std::chrono::milliseconds(50));
        drop();
        co_return closed("the connection was broken on purpose");
      }
      size = std::min<std::uint64_t>(size, *sending.stop_after - sent);
    }
    CO_CHECK_OK(co_await wire_.write(piece.substr(0, size)));
    sent += size;
    bytes_out_ += size;
    piece.remove_prefix(size);
    if (sending.bytes_per_second <= 0 || piece.empty()) continue;
    const bool gone =
        co_await wait_or_gone(from_seconds(static_cast<double>(size) / sending.bytes_per_second));
    if (gone) co_return closed("the client left before the answer was complete");
  }
  if (sending.stop_after && sent >= *sending.stop_after) {
    co_await wait_or_gone(std::chrono::milliseconds(50));
    drop();
    co_return closed("the connection was broken on purpose");
  }
  co_return Result<>();
}

Task<Result<>> Exchange::respond(HttpResponse response, HttpSending sending,
                                 std::optional<std::uint64_t> promised) {
  const bool bodiless = request_.method == "HEAD" || has_no_body(response.status);
  const std::uint64_t length =
      promised.value_or(has_no_body(response.status) ? 0 : response.body.size());
  // A broken promise about the length must end the connection, or the next answer would be taken
  // for the rest of this one.
  if (promised && *promised != response.body.size()) keep_alive_ = false;
  status_ = response.status;
  std::string text = head_text(response, length);
  std::uint64_t sent = 0;
  const bool plain = sending.bytes_per_second <= 0 && !sending.stop_after;
  if (plain && !bodiless && response.body.size() < piece_size) text += response.body;
  CO_CHECK_OK(co_await wire_.write(text));
  if (bodiless) co_return Result<>();
  if (plain && response.body.size() < piece_size) {
    bytes_out_ += response.body.size();
    co_return Result<>();
  }
  co_return co_await send_piece(response.body, sending, sent);
}

Task<Result<>> Exchange::respond_stream(HttpResponse head, std::optional<std::uint64_t> length,
                                        HttpBodySource source, HttpSending sending) {
  status_ = head.status;
  CO_CHECK_OK(co_await wire_.write(head_text(head, length)));
  if (request_.method == "HEAD") co_return Result<>();
  std::uint64_t sent = 0;
  for (;;) {
    auto piece = co_await source();
    if (!piece) {
      drop();  // the length was promised and cannot be kept
      co_return piece.error();
    }
    if (piece->empty()) break;
    if (length) {
      if (sent + piece->size() > *length) piece->resize(*length - sent);
      CO_CHECK_OK(co_await send_piece(*piece, sending, sent));
      continue;
    }
    char size[24];
    std::snprintf(size, sizeof size, "%zx\r\n", piece->size());
    const std::string chunk = size + *piece + "\r\n";
    CO_CHECK_OK(co_await send_piece(chunk, sending, sent));
  }
  if (length && sent < *length) drop();
  if (!length) CO_CHECK_OK(co_await wire_.write("0\r\n\r\n"));
  co_return Result<>();
}

Task<bool> Exchange::wait_or_gone(Duration span) {
  const auto& clock = Clock::system();
  const Duration end = clock.monotonic() + span;
  while (!wire_.stream->peer_gone()) {
    Duration step = std::chrono::milliseconds(50);
    if (span >= Duration::zero()) step = std::min(step, end - clock.monotonic());
    if (step <= Duration::zero()) co_return false;
    co_await pause(step);
  }
  co_return true;
}

Task<bool> Exchange::drain() {
  constexpr std::uint64_t worth_it = 1 << 20;
  std::uint64_t drained = 0;
  // A client that waits for "100 Continue" after a final answer will not send the body.
  if (request_.headers.find("Expect") && !continued_ && !parser_.is_done()) co_return false;
  while (!parser_.is_done() && drained < worth_it) {
    auto piece = co_await read_some();
    if (!piece) co_return false;
    drained += piece->size();
  }
  co_return parser_.is_done();
}

enum class Head { good, end, bad };

Task<Head> read_head(Wire& wire, Parser& parser, std::string& why) {
  bool first = wire.unparsed.empty();
  for (;;) {
    if (!wire.unparsed.empty()) {
      error_code error;
      const std::size_t used =
          parser.put(boost::asio::buffer(wire.unparsed.data(), wire.unparsed.size()), error);
      wire.unparsed.erase(0, used);
      if (error && error != http::error::need_more) {
        why = error.message();
        co_return Head::bad;
      }
      if (parser.is_header_done()) co_return Head::good;
    }
    const Duration patience = first ? wire.options.idle_budget : wire.options.head_budget;
    auto got = co_await wire.fill(patience, "the head of a request");
    first = false;
    if (!got || *got == 0) co_return Head::end;
  }
}

/// Closing with unread bytes would reset the connection and take the last answer with it (RFC 9112,
/// 9.6): end our side, then read what still comes, for a moment.
Task<> linger(Wire& wire) {
  wire.stream->shutdown_send();
  for (int pieces = 0; pieces < 64; ++pieces) {
    wire.unparsed.clear();
    auto got = co_await wire.fill(std::chrono::milliseconds(500), "the client to close");
    if (!got || *got == 0) co_return;
  }
}

Task<Result<>> serve_requests(Wire& wire, const HttpHandler& handler) {
  for (;;) {
    Parser parser;
    parser.header_limit(64 * 1024);
    parser.body_limit(boost::none);
    std::string why;
    const Head head = co_await read_head(wire, parser, why);
    if (head == Head::end) co_return Result<>();
    auto exchange = std::make_shared<Exchange>(wire, parser);
    if (head == Head::bad) {
      const int status = why.find("limit") != std::string::npos ? 431 : 400;
      HttpResponse refusal(status, "text/plain", "malformed request: " + why + "\n");
      exchange->close_after();
      (void)co_await exchange->respond(std::move(refusal), HttpSending(), std::nullopt);
      co_return Result<>();
    }
    exchange->fill_request();
    CO_CHECK_OK(co_await handler(exchange));
    if (!exchange->answered() && !exchange->broken()) exchange->drop();
    if (!exchange->keep_alive()) co_return Result<>();
    const bool drained = co_await exchange->drain();
    if (!drained) co_return Result<>();
  }
}

}  // namespace

Task<Result<std::string>> HttpExchange::read_all(std::size_t limit) {
  std::string whole;
  for (;;) {
    CO_TRY(const std::string piece, co_await read_some());
    if (piece.empty()) co_return whole;
    if (whole.size() + piece.size() > limit)
      co_return Failure("http.too_large", Blame::unknown,
                        "the body is larger than " + std::to_string(limit) + " bytes",
                        "send less, or in pieces");
    whole += piece;
  }
}

Task<Result<>> run_http_session(HttpStreamPtr stream, HttpPeer peer, HttpServerOptions options,
                                HttpHandler handler, std::shared_ptr<HttpSessions> sessions) {
  Wire wire(std::move(stream), std::move(peer), options);
  struct Entry {  // also when cancelled: the set must never hold a dead stream
    HttpSessions& sessions;
    HttpStream* stream;
    ~Entry() { sessions.remove(stream); }
  } entry{*sessions, wire.stream.get()};
  sessions->add(wire.stream.get());
  Budget budget(options.head_budget, "a TLS handshake");
  CO_CHECK_OK(co_await within(budget, wire.stream->accept_handshake()));
  auto result = co_await serve_requests(wire, handler);
  co_await linger(wire);
  wire.stream->close(false);
  co_return result;
}

}  // namespace seatrial::io
