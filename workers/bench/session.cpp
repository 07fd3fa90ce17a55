// SPDX-License-Identifier: Apache-2.0
#include "workers/bench/session.hpp"

#include <fmt/format.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "core/base/log.hpp"
#include "core/base/notifier.hpp"
#include "core/base/nursery.hpp"
#include "core/base/text.hpp"
#include "core/base/within.hpp"

namespace seatrial::bench {
namespace asio = boost::asio;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

// The client is not read while this much waits for it: an honest one takes its replies.
constexpr std::size_t kMostQueued = 256;              ///< messages
constexpr std::size_t kMostQueuedBytes = 8u << 20;    ///< of messages
constexpr double kLongestDeadline = 7 * 24 * 3600.0;  ///< seconds

}  // namespace

struct Session::State {
  State(io::WebSocket s, SessionOwner& o) : socket(std::move(s)), owner(o) {}

  void push(io::Frame frame) {
    if (mute) return;
    count(frame, 1);
    outbox.push_back(std::move(frame));
    notify();
  }
  /// A value that cannot be sent is answered with why.
  void push(const model::Message& message) {
    auto text = model::encode(message);
    if (const auto* reply = std::get_if<model::Reply>(&message); !text && reply)
      text = model::encode(model::Reply{reply->id, nullptr, text.error()});
    if (text) push(io::Frame{std::move(*text), false});
  }
  void notify() {
    if (changed) changed->notify();
  }
  io::Frame next_frame() {
    io::Frame frame = std::move(outbox.front());
    outbox.pop_front();
    count(frame, -1);
    return frame;
  }
  /// Bytes of streams are not counted: they have windows of their own.
  void count(const io::Frame& frame, int sign) {
    if (frame.binary) return;
    const auto signed_size = static_cast<std::ptrdiff_t>(frame.data.size()) * sign;
    queued += static_cast<std::size_t>(sign);
    queued_bytes += static_cast<std::size_t>(signed_size);
  }
  bool may_read() const {
    return mute || (queued < kMostQueued && queued_bytes < kMostQueuedBytes);
  }

  io::WebSocket socket;
  SessionOwner& owner;
  std::deque<io::Frame> outbox;
  std::size_t queued = 0, queued_bytes = 0;  ///< text frames in the outbox
  /// The newest note to acknowledge. One stands for all before it: a client may send any number of
  /// notes and read nothing.
  std::optional<std::uint64_t> acknowledge;
  std::optional<Notifier> changed;  ///< outbox, acknowledge, closing, mute
  std::set<std::uint64_t> open;     ///< requests without their reply
  std::map<std::uint64_t, std::unique_ptr<asio::cancellation_signal>> running;
  std::map<std::uint64_t, std::shared_ptr<Stream>> streams;
  int version = model::kOldestProtocol;  ///< agreed on
  bool closing = false;                  ///< close the connection when the outbox is empty
  bool mute = false;                     ///< nothing can be sent any more
};

double SessionOwner::patience(const model::Verb& verb, const json& arguments) const {
  return model::default_deadline(verb, arguments);
}

Task<Result<json>> SessionOwner::stream(const model::Verb& verb, json, std::shared_ptr<Stream>) {
  co_return Failure(
      "protocol.no_streams", Blame::suite,
      fmt::format("{} is a stream, and this bench has none for its client", verb.name),
      "streams are for people at a desk bench: seatrial console");
}

Session::Session(io::WebSocket socket, SessionOwner& owner)
    : state_(std::make_shared<State>(std::move(socket), owner)) {}
Session::~Session() = default;

void Session::abort(Failure failure) {
  model::Abort message{std::move(failure)};
  state_->push(std::move(message));
  state_->closing = true;
  state_->notify();
}

namespace {

Failure unknown_verb(const std::string& name) {
  std::vector<std::string> names;
  for (const auto& verb : model::verbs()) names.emplace_back(verb.name);
  return Failure("protocol.unknown_verb", Blame::suite,
                 fmt::format("this bench has no verb {}; {}", name, did_you_mean(name, names)),
                 "see docs/bench-protocol.md; an older bench host may need an upgrade");
}

Failure newer_verb(const model::Verb& verb) {
  return Failure("protocol.version", Blame::suite,
                 fmt::format("{} came with version {} of the bench protocol, and this client "
                             "speaks an older one",
                             verb.name, verb.since),
                 "rebuild the client with this version of Seatrial");
}

Failure second_hello() {
  return Failure("protocol.second_hello", Blame::suite,
                 "the client greeted a second time on one connection",
                 "open a connection for each case, and say hello once on it");
}

Failure too_many() {
  return Failure("protocol.too_many", Blame::suite,
                 fmt::format("this client has {} requests open, and no more are taken",
                             model::kMostOpenRequests),
                 "wait for replies before asking for more");
}

Failure stale_epoch(std::int64_t theirs, std::int64_t ours) {
  return Failure("lease.stale_epoch", Blame::cancelled,
                 fmt::format("the client works under lease epoch {}, and the bench is driven under "
                             "epoch {} now: it has another owner",
                             theirs, ours),
                 "lease the bench anew; what ran under the old lease is to be run again");
}

Failure unexpected(const std::exception& error) {
  return Failure("internal.exception", Blame::seatrial,
                 std::string("a verb ended with an unexpected exception: ") + error.what(),
                 "report this with bench.log of the run");
}

Failure cancelled_by_client() {
  return Failure("cancelled", Blame::cancelled, "the request was cancelled",
                 "nothing to do: it was asked for");
}

}  // namespace

/// Coroutines of a session; a struct so that they may see its private state.
struct SessionTasks {
  using StatePtr = std::shared_ptr<Session::State>;

  static Task<Result<>> send_loop(StatePtr state) {
    auto* const s = state.get();
    struct Mute {  // on every way out: who waits for room in the outbox waits in vain
      Session::State& state;
      ~Mute() {
        state.mute = true;
        state.notify();
      }
    } const mute{*s};
    for (;;) {
      CO_CHECK_OK(co_await s->changed->until(
          [s] { return !s->outbox.empty() || s->acknowledge || s->closing; }));
      if (s->acknowledge) {
        const model::Ack ack{*std::exchange(s->acknowledge, std::nullopt)};
        CO_TRY(auto text, model::encode(ack));
        CO_CHECK_OK(co_await send(state, std::move(text), false));
      }
      if (!s->outbox.empty()) {
        io::Frame frame = s->next_frame();
        CO_CHECK_OK(co_await send(state, std::move(frame.data), frame.binary));
        s->notify();
      } else if (s->closing) {
        s->socket.abort();
        co_return Result<>();
      }
    }
  }

  /// A connection that takes nothing any more is over for the reader too.
  static Task<Result<>> send(StatePtr state, std::string data, bool binary) {
    auto sent = co_await state->socket.send(std::move(data), binary);
    if (!sent) state->socket.abort();
    co_return sent;
  }

  /// There before the next frame is read: a client may send bytes right behind its request.
  static void open_stream(StatePtr state, asio::any_io_executor executor, std::uint64_t id) {
    const std::weak_ptr<Session::State> weak = state;
    state->streams[id] = std::make_shared<Stream>(executor, id, [weak](io::Frame frame) {
      if (const auto alive = weak.lock()) alive->push(std::move(frame));
    });
  }

  static void close_stream(StatePtr state, std::uint64_t id) {
    const auto it = state->streams.find(id);
    if (it == state->streams.end()) return;
    it->second->close(std::nullopt);
    state->streams.erase(it);
  }

  static Task<Result<json>> guarded(StatePtr state, const model::Verb* verb, json arguments,
                                    double deadline, std::uint64_t id) {
    if (verb->streams)
      co_return co_await state->owner.stream(*verb, std::move(arguments), state->streams.at(id));
    const double patience = deadline > 0 ? deadline : state->owner.patience(*verb, arguments);
    Budget budget(from_seconds(std::min(patience, kLongestDeadline)), std::string(verb->name));
    budget.code = "deadline.request";
    budget.advice =
        deadline > 0
            ? "the caller gave this deadline; see the step trail for what the bench was doing"
            : "this is the verb's default deadline; see the step trail for what the bench was "
              "doing, and name a longer one if that is normal";
    co_return co_await within(std::move(budget),
                              state->owner.call(*verb, std::move(arguments), deadline));
  }

  static Task<Result<>> answer(StatePtr state, model::Request request) {
    model::Reply reply;
    reply.id = request.id;
    const model::Verb* verb = model::find_verb(request.verb);
    if (!verb) {
      reply.failure = unknown_verb(request.verb);
    } else if (verb->since > state->version) {
      reply.failure = newer_verb(*verb);
    } else if (auto checked = model::check_arguments(*verb, *request.args); !checked) {
      reply.failure = checked.error();
    } else {
      auto executor = co_await asio::this_coro::executor;
      auto& signal = *(state->running[request.id] = std::make_unique<asio::cancellation_signal>());
      try {
        auto value = co_await asio::co_spawn(
            executor, guarded(state, verb, *request.args, request.deadline, request.id),
            asio::bind_cancellation_slot(signal.slot(), asio::use_awaitable));
        if (value)
          reply.value = std::make_shared<const json>(std::move(*value));
        else
          reply.failure = value.error();
      } catch (const boost::system::system_error& error) {
        reply.failure = error.code() == asio::error::operation_aborted ? cancelled_by_client()
                                                                       : unexpected(error);
      } catch (const std::exception& error) {
        reply.failure = unexpected(error);
      }
      state->running.erase(request.id);
    }
    close_stream(state, request.id);
    state->open.erase(request.id);
    state->push(reply);
    co_return Result<>();
  }

  static Result<> refuse(StatePtr state, Failure why) {
    model::Abort refusal{why};
    state->push(std::move(refusal));
    state->closing = true;
    state->notify();
    return why;
  }

  static Result<> greet(StatePtr state, const model::ClientHello& hello) {
    auto version = model::agree_on_version(model::kProtocolVersion, model::kOldestProtocol,
                                           hello.version, hello.oldest);
    Result<> admitted;
    if (!version)
      admitted = version.error();
    else if (hello.epoch < state->owner.epoch())
      admitted = stale_epoch(hello.epoch, state->owner.epoch());
    else
      admitted = state->owner.admit(hello);
    if (!admitted) return refuse(state, admitted.error());
    state->version = *version;
    model::ServerHello welcome;
    welcome.version = *version;
    welcome.bench = state->owner.bench_name();
    state->push(std::move(welcome));
    return {};
  }

  /// Bytes of a stream that has just ended are nobody's fault, and nobody's any more.
  static Result<> take_bytes(StatePtr state, std::string_view frame) {
    if (state->version < model::kStreamsSince) return {};
    TRY(const auto part, model::decode_stream(frame));
    const auto it = state->streams.find(part.id);
    return it == state->streams.end() ? Result<>() : it->second->on_bytes(part.bytes);
  }

  static Task<Result<>> receive_loop(StatePtr state, Nursery* requests) {
    auto executor = co_await asio::this_coro::executor;
    auto* const s = state.get();
    bool greeted = false;
    for (;;) {
      CO_CHECK_OK(co_await s->changed->until([s] { return s->may_read(); }));
      auto frame = co_await state->socket.receive();
      if (!frame) co_return state->closing ? Result<>() : Result<>(frame.error());
      if (!*frame) co_return Result<>();
      if ((*frame)->binary) {
        CO_CHECK_OK(take_bytes(state, (*frame)->data));
        continue;
      }
      CO_TRY(auto message, model::decode((*frame)->data, true));
      if (auto* hello = std::get_if<model::ClientHello>(&message)) {
        CO_CHECK_OK(greeted ? refuse(state, second_hello()) : greet(state, *hello));
        greeted = true;
      } else if (!greeted) {
        co_return Failure("protocol.no_hello", Blame::suite, "the client spoke before its hello",
                          "check that the client is a Seatrial suite");
      } else if (auto* request = std::get_if<model::Request>(&message)) {
        const auto id = request->id;
        if (state->open.count(id)) continue;
        if (state->open.size() >= model::kMostOpenRequests) {
          state->push(model::Reply{id, nullptr, too_many()});
          continue;
        }
        state->open.insert(id);
        const auto* verb = model::find_verb(request->verb);
        if (verb && verb->streams) open_stream(state, executor, id);
        requests->start("request", answer(state, std::move(*request)));
      } else if (auto* note = std::get_if<model::Note>(&message)) {
        state->owner.note(*note);
        state->acknowledge = note->seq;
        state->notify();
      } else if (auto* cancel = std::get_if<model::Cancel>(&message)) {
        if (auto it = state->running.find(cancel->id); it != state->running.end())
          it->second->emit(asio::cancellation_type::all);
      } else if (auto* credit = std::get_if<model::Credit>(&message)) {
        if (auto it = state->streams.find(credit->id); it != state->streams.end())
          it->second->on_credit(credit->bytes);
      }
    }
  }

  static Task<Result<>> serve(StatePtr state) {
    auto executor = co_await asio::this_coro::executor;
    auto* const s = state.get();
    s->changed.emplace(executor);
    Nursery work(executor);
    work.start("sending", send_loop(state));
    Result<> ended;
    std::exception_ptr thrown;
    try {
      ended = co_await receive_loop(state, &work);
    } catch (...) {  // cancelled: the children must be joined before this frame goes
      thrown = std::current_exception();
    }
    // The sender closes the socket under the reader: that is an end, nobody cancelled us.
    const auto cancelled = co_await asio::this_coro::cancellation_state;
    if ((s->closing || s->mute) && cancelled.cancelled() == asio::cancellation_type::none)
      thrown = nullptr;
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    if (state->closing && !thrown) {  // it may still read why
      Budget soon(2s, "the client to read why it is refused");
      (void)co_await within(std::move(soon), s->changed->until([s] { return s->mute; }));
    }
    // Requests listen to signals of their own, so that a client may cancel one of them.
    std::vector<asio::cancellation_signal*> signals;
    for (const auto& [id, signal] : state->running) signals.push_back(signal.get());
    for (auto* signal : signals) signal->emit(asio::cancellation_type::all);
    work.cancel();
    auto joined = co_await work.join();
    if (thrown) std::rethrow_exception(thrown);
    if (!ended) co_return ended;
    co_return joined;
  }
};

Task<Result<>> Session::serve() { co_return co_await SessionTasks::serve(state_); }

}  // namespace seatrial::bench
