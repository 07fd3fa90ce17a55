// SPDX-License-Identifier: Apache-2.0
#pragma once
// A bench that answers with what a test gives it, over a real socket and the real session.

#include <functional>
#include <nlohmann/json.hpp>
#include <set>

#include "core/io/file.hpp"
#include "tests/workers/support/tasks.hpp"
#include "workers/bench/client.hpp"
#include "workers/bench/session.hpp"

namespace seatrial::bench {

class LiveSession final : public SessionOwner {
 public:
  explicit LiveSession(test::Loop& loop) : loop_(loop) {
    auto folder = io::TempDir::make("session");
    EXPECT_TRUE(folder);
    folder_.emplace(std::move(*folder));
    auto listener = io::WebSocketListener::listen(loop.executor(), socket());
    EXPECT_TRUE(listener) << listener.error().describe();
    listener_.emplace(std::move(*listener));
    work_ = std::make_unique<Nursery>(loop.executor());
    work_->start("accepting", accept(this));
  }
  ~LiveSession() override {
    work_->cancel();
    (void)loop_.run(join(work_.get()));
  }

  std::filesystem::path socket() const { return folder_->path() / "s"; }
  std::shared_ptr<Client> client() {
    auto made = loop_.run(Client::connect(socket(), loop_.nursery()));
    EXPECT_TRUE(made) << made.error().describe();
    return made ? *made : nullptr;
  }

  // What the test scripts; plain functions that make coroutines.
  std::function<Task<Result<nlohmann::json>>(std::string, nlohmann::json)> on_call;
  std::function<Task<Result<nlohmann::json>>(std::shared_ptr<Stream>)> on_stream;
  std::set<Session*> sessions;
  int cancelled = 0, calls = 0;

  std::int64_t lease = 0;
  double default_deadline = 60;

  std::string bench_name() const override { return "scripted"; }
  std::int64_t epoch() const override { return lease; }
  double patience(const model::Verb&, const nlohmann::json&) const override {
    return default_deadline;
  }
  Result<> admit(const model::ClientHello&) override { return {}; }
  void note(const model::Note&) override {}
  Task<Result<nlohmann::json>> call(const model::Verb& verb, nlohmann::json arguments,
                                    double) override {
    ++calls;
    std::string name(verb.name);  // a temporary in a co_await is destroyed twice by g++ 12
    auto answer = on_call(std::move(name), std::move(arguments));
    co_return co_await std::move(answer);
  }
  Task<Result<nlohmann::json>> stream(const model::Verb&, nlohmann::json,
                                      std::shared_ptr<Stream> stream) override {
    struct Count {
      int& cancelled;
      bool ended = false;
      ~Count() { cancelled += ended ? 0 : 1; }
    } count{cancelled};
    auto result = co_await on_stream(std::move(stream));
    count.ended = true;
    co_return result;
  }

 private:
  static Task<Result<>> serve(LiveSession* self, io::WebSocket socket) {
    Session session(std::move(socket), *self);
    self->sessions.insert(&session);
    struct Gone {
      LiveSession* self;
      Session* session;
      ~Gone() { self->sessions.erase(session); }
    } const gone{self, &session};
    auto served = co_await session.serve();
    self->ended = served ? "well" : served.error().code();
    co_return Result<>();
  }
  static Task<Result<>> join(Nursery* work) { co_return co_await work->join(); }
  static Task<Result<>> accept(LiveSession* self) {
    for (;;) {
      CO_TRY(auto socket, co_await self->listener_->accept());
      self->work_->start("a session", serve(self, std::move(socket)));
    }
  }

  test::Loop& loop_;
  std::unique_ptr<Nursery> work_;
  std::optional<io::TempDir> folder_;
  std::optional<io::WebSocketListener> listener_;

 public:
  std::string ended;  ///< how the last session did
};

}  // namespace seatrial::bench
