// SPDX-License-Identifier: Apache-2.0
#include "workers/bench/desk.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio/this_coro.hpp>
#include <nlohmann/json.hpp>
#include <set>

#include "core/base/log.hpp"
#include "core/base/within.hpp"
#include "core/io/file.hpp"
#include "workers/bench/session.hpp"
#include "workers/bench/step_text.hpp"
#include "workers/console/turn.hpp"

namespace seatrial::bench {
namespace asio = boost::asio;
namespace fs = std::filesystem;
using namespace std::chrono_literals;
using nlohmann::json;

struct Desk::State {
  State(fs::path f, io::FileLock l) : folder(std::move(f)), lock(std::move(l)) {}
  fs::path folder;
  io::FileLock lock;
  std::optional<io::WebSocketListener> listener;
  std::optional<Notifier> changed;
  std::optional<console::Turn> turn;  ///< for what changes the power or the medium
  std::set<Session*> sessions;
  bool ending = false;
};

namespace {

Failure ended_by_somebody() {
  return Failure("desk.ended", Blame::bench, "the desk bench was ended: the device is off",
                 "'seatrial power on' starts another one");
}

/// Verbs whose effects would mix when two people ask at once.
bool wants_turn(std::string_view verb) {
  return verb.starts_with("power.") || verb.starts_with("storage.") ||
         verb.starts_with("checkpoint.");
}

/// One person's requests.
class Guest final : public SessionOwner {
 public:
  Guest(Bench& bench, console::Turn& turn, std::function<void()> end)
      : bench_(bench), turn_(turn), end_(std::move(end)) {}

  std::string bench_name() const override { return bench_.name(); }
  /// Whoever can open the socket is the user: it lies in a folder that nobody else can enter.
  Result<> admit(const model::ClientHello&) override { return {}; }
  void note(const model::Note&) override {}

  Task<Result<json>> call(const model::Verb& verb, json arguments, double deadline) override {
    if (verb.name == "bench.end") co_return co_await end();
    std::shared_ptr<void> mine;
    register_secrets(arguments);
    if (wants_turn(verb.name) && verb.name != "power.status") {
      bench_.events().write(
          "note", json{{"level", "info"}, {"text", "at the desk: " + step_text(verb, arguments)}});
      CO_TRY(mine, co_await turn_.take());
    }
    co_return co_await bench_.call(verb, std::move(arguments), deadline);
  }

  Task<Result<json>> stream(const model::Verb& verb, json arguments,
                            std::shared_ptr<Stream> stream) override {
    co_return co_await bench_.stream(verb, std::move(arguments), std::move(stream));
  }

 private:
  /// Waits for nobody's turn: pulling the plug is what ends whatever they do.
  Task<Result<json>> end() {
    bench_.events().write("note",
                          json{{"level", "info"}, {"text", "at the desk: the bench was ended"}});
    CO_CHECK_OK(co_await bench_.switch_off());
    end_();
    co_return json{{"state", "off"}};
  }

  Bench& bench_;
  console::Turn& turn_;
  std::function<void()> end_;
};

}  // namespace

struct DeskTasks {
  using StatePtr = std::shared_ptr<Desk::State>;

  /// A client that breaks the protocol, or dies, is no trouble of the desk.
  static Task<Result<>> serve_one(StatePtr state, Bench* bench, io::WebSocket socket) {
    Guest guest(*bench, *state->turn, [state] {
      state->ending = true;
      state->changed->notify();
    });
    Session session(std::move(socket), guest);
    struct Listed {
      Desk::State& state;
      Session* session;
      ~Listed() {
        state.sessions.erase(session);
        state.changed->notify();
      }
    } const listed{*state, &session};
    state->sessions.insert(&session);
    auto served = co_await session.serve();
    if (!served) log::debug("a client of the desk: {}", served.error().describe());
    co_return Result<>();
  }

  static Task<Result<>> accept(StatePtr state, Bench* bench, Nursery* sessions) {
    for (;;) {
      auto socket = co_await state->listener->accept();
      if (!socket) {
        log::warn("the desk: {}", socket.error().describe());
        co_await pause(200ms);  // out of descriptors: some client may leave
        continue;
      }
      sessions->start("a client of the desk", serve_one(state, bench, std::move(*socket)));
    }
  }

  static Task<Result<>> serve(StatePtr state, Bench* bench) {
    auto executor = co_await asio::this_coro::executor;
    auto* const s = state.get();
    Nursery sessions(executor);
    sessions.start("accepting clients of the desk", accept(state, bench, &sessions));
    std::exception_ptr thrown;
    try {
      (void)co_await s->changed->until([s] { return s->ending; });
    } catch (...) {  // cancelled: the clients are told all the same
      thrown = std::current_exception();
    }
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    for (auto* session : s->sessions) session->abort(ended_by_somebody());
    Budget soon(2s, "the clients of the desk to leave");
    (void)co_await within(std::move(soon), s->changed->until([s] { return s->sessions.empty(); }));
    sessions.cancel();
    auto joined = co_await sessions.join();
    if (thrown) std::rethrow_exception(thrown);
    co_return joined;
  }
};

Desk::Desk(std::shared_ptr<State> state) : state_(std::move(state)) {}

Desk::~Desk() {
  std::error_code ignored;  // at worst the next one at this desk removes it
  if (state_->listener) fs::remove(state_->folder / model::kDeskRecord, ignored);
}

Result<std::unique_ptr<Desk>> Desk::take(fs::path folder) {
  auto lock = io::FileLock::acquire(folder / model::kDeskLock, 500ms, "the desk");
  if (!lock && lock.error().code() == "lock.busy")
    return Failure("desk.busy", Blame::bench,
                   "another desk bench runs already, or is being started",
                   "'seatrial power status' tells; 'seatrial power off' ends it");
  if (!lock) return lock.error();
  return std::unique_ptr<Desk>(
      new Desk(std::make_shared<State>(std::move(folder), std::move(*lock))));
}

Result<> Desk::open(asio::any_io_executor executor, model::DeskRecord record) {
  state_->changed.emplace(executor);
  state_->turn.emplace(executor);
  TRY(state_->listener, io::WebSocketListener::listen(executor, record.socket));
  record.pid = ::getpid();
  record.since = iso8601(Clock::system().wall());
  return io::write_file_atomic(state_->folder / model::kDeskRecord,
                               model::to_json(record).dump(2) + "\n", 0600);
}

Task<Result<>> Desk::serve(Bench& bench) { co_return co_await DeskTasks::serve(state_, &bench); }

}  // namespace seatrial::bench
