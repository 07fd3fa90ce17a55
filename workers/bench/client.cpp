// SPDX-License-Identifier: Apache-2.0
#include "workers/bench/client.hpp"

#include <boost/asio/this_coro.hpp>
#include <deque>
#include <map>
#include <nlohmann/json.hpp>

#include "core/base/within.hpp"

namespace seatrial::bench {
namespace asio = boost::asio;
using namespace std::chrono_literals;
using nlohmann::json;

struct Client::State {
  State(asio::any_io_executor e, io::WebSocket s) : executor(e), socket(std::move(s)), changed(e) {}

  struct Asked {
    std::optional<model::Reply> reply;
    std::shared_ptr<Stream> stream;
  };

  void push(io::Frame frame) {
    if (gone) return;
    outbox.push_back(std::move(frame));
    changed.notify();
  }
  Result<> push(const model::Message& message) {
    TRY(auto text, model::encode(message));
    push(io::Frame{std::move(text), false});
    return {};
  }

  /// The first word about the end counts: an abort says why, the closing after it does not.
  void go(Failure why) {
    if (gone) return;
    gone = std::move(why);
    for (auto& [id, asked] : open)
      if (asked.stream) asked.stream->close(gone);
    changed.notify();
  }

  std::uint64_t ask(std::string verb, json arguments, double deadline) {
    model::Request request;
    request.id = ++last;
    request.verb = std::move(verb);
    request.args = std::make_shared<const json>(std::move(arguments));
    request.deadline = deadline;
    auto& asked = open[request.id];
    if (auto pushed = push(request); !pushed)
      asked.reply = model::Reply{request.id, nullptr, pushed.error()};
    return request.id;
  }

  asio::any_io_executor executor;
  io::WebSocket socket;
  Notifier changed;
  std::deque<io::Frame> outbox;
  std::map<std::uint64_t, Asked> open;
  std::uint64_t last = 0;
  std::optional<model::ServerHello> hello;
  std::optional<Failure> gone;
};

namespace {

Failure bench_gone() {
  return Failure("bench.gone", Blame::bench, "the bench host closed the connection, or was killed",
                 "see bench.log and the end of events.jsonl in the run folder");
}

}  // namespace

struct ClientTasks {
  using StatePtr = std::shared_ptr<Client::State>;

  static Task<Result<>> write(StatePtr state) {
    auto* const s = state.get();
    for (;;) {
      CO_CHECK_OK(co_await s->changed.until([s] { return s->gone || !s->outbox.empty(); }));
      if (s->gone) co_return Result<>();
      io::Frame frame = std::move(s->outbox.front());
      s->outbox.pop_front();
      auto sent = co_await s->socket.send(std::move(frame.data), frame.binary);
      // What the bench said last may still be unread: the reader tells the end.
      if (!sent) co_return Result<>();
    }
  }

  static Result<> take(Client::State& state, const io::Frame& frame) {
    if (frame.binary) {
      TRY(const auto part, model::decode_stream(frame.data));
      const auto it = state.open.find(part.id);
      if (it == state.open.end() || !it->second.stream) return {};
      return it->second.stream->on_bytes(part.bytes);
    }
    TRY(auto message, model::decode(frame.data, false));
    if (auto* hello = std::get_if<model::ServerHello>(&message)) {
      state.hello = std::move(*hello);
    } else if (auto* abort = std::get_if<model::Abort>(&message)) {
      state.go(abort->failure);
    } else if (auto* reply = std::get_if<model::Reply>(&message)) {
      const auto it = state.open.find(reply->id);
      if (it == state.open.end()) return {};
      if (it->second.stream) it->second.stream->close(reply->failure);
      it->second.reply = std::move(*reply);
    } else if (auto* event = std::get_if<model::StreamEvent>(&message)) {
      const auto it = state.open.find(event->id);
      if (it != state.open.end() && it->second.stream)
        it->second.stream->on_event(std::move(*event));
    } else if (auto* credit = std::get_if<model::Credit>(&message)) {
      const auto it = state.open.find(credit->id);
      if (it != state.open.end() && it->second.stream) it->second.stream->on_credit(credit->bytes);
    }
    return {};
  }

  static Task<Result<>> read(StatePtr state) {
    for (;;) {
      auto frame = co_await state->socket.receive();
      if (!frame || !*frame) {
        state->go(bench_gone());
        co_return Result<>();
      }
      if (auto taken = take(*state, **frame); !taken) state->go(taken.error());
      state->changed.notify();
      if (state->gone) co_return Result<>();
    }
  }

  /// The reply to a request; an early end of the wait cancels the request.
  static Task<Result<json>> reply(StatePtr state, std::uint64_t id) {
    auto* const s = state.get();
    struct Forget {
      Client::State& state;
      std::uint64_t id;
      bool answered = false;
      ~Forget() {
        if (!answered && !state.gone) (void)state.push(model::Cancel{id});
        state.open.erase(id);
      }
    } forget{*s, id};
    CO_CHECK_OK(co_await s->changed.until([s, id] { return s->gone || s->open[id].reply; }));
    const auto& answer = s->open[id].reply;
    if (!answer) co_return *s->gone;
    forget.answered = true;
    if (answer->failure) co_return *answer->failure;
    co_return answer->value ? *answer->value : json::object();
  }

  static Task<Result<>> greeted(StatePtr state) {
    auto* const s = state.get();
    CO_CHECK_OK(co_await s->changed.until([s] { return s->gone || s->hello; }));
    if (s->gone) co_return *s->gone;
    CO_TRY(const auto version,
           model::agree_on_version(model::kProtocolVersion, model::kStreamsSince, s->hello->version,
                                   s->hello->oldest));
    (void)version;
    co_return Result<>();
  }
};

Client::Client(std::shared_ptr<State> state) : state_(std::move(state)) {}
Client::~Client() {
  state_->go(Failure("cancelled", Blame::cancelled, "we have left", "nothing to do"));
  state_->socket.abort();
}

Task<Result<std::shared_ptr<Client>>> Client::connect(std::filesystem::path socket,
                                                      Nursery& nursery) {
  auto executor = co_await asio::this_coro::executor;
  CO_TRY(auto connection, co_await io::WebSocket::connect(std::move(socket)));
  auto state = std::make_shared<State>(executor, std::move(connection));
  std::shared_ptr<Client> client(new Client(state));
  nursery.start("reading from the bench", ClientTasks::read(state));
  nursery.start("writing to the bench", ClientTasks::write(state));
  model::ClientHello hello;
  hello.run = "desk";
  CO_CHECK_OK(state->push(hello));
  Budget budget(10s, "the hello of the bench host");
  budget.code = "bench.silent";
  budget.blame = Blame::bench;
  budget.advice = "look whether the bench host is stopped or the machine overloaded";
  CO_CHECK_OK(co_await within(std::move(budget), ClientTasks::greeted(state)));
  co_return client;
}

const std::string& Client::bench_name() const { return state_->hello->bench; }

Task<Result<json>> Client::call(std::string verb, json arguments, double deadline) {
  auto state = state_;
  const auto id = state->ask(std::move(verb), std::move(arguments), deadline);
  co_return co_await ClientTasks::reply(state, id);
}

std::shared_ptr<Stream> Client::open(std::string verb, json arguments) {
  const auto id = state_->ask(std::move(verb), std::move(arguments), 0);
  const std::weak_ptr<State> weak = state_;
  auto stream = std::make_shared<Stream>(state_->executor, id, [weak](io::Frame frame) {
    if (const auto alive = weak.lock()) alive->push(std::move(frame));
  });
  state_->open[id].stream = stream;
  if (state_->gone) stream->close(state_->gone);
  return stream;
}

Task<Result<json>> Client::ended(std::shared_ptr<Stream> stream) {
  co_return co_await ClientTasks::reply(state_, stream->id());
}

void Client::cancel(const Stream& stream) { (void)state_->push(model::Cancel{stream.id()}); }

}  // namespace seatrial::bench
