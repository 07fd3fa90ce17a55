// SPDX-License-Identifier: Apache-2.0
#include "workers/qemu/qmp.hpp"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/base/notifier.hpp"
#include "core/io/socket.hpp"

namespace seatrial::qemu {
using nlohmann::json;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kLongestLine = 16u << 20;
constexpr std::size_t kMostInFlight = 64;

Failure gone() {
  return Failure("qmp.gone", Blame::bench, "the control connection to QEMU ended",
                 "look at why QEMU ended: its messages are in private/qemu.log of the run");
}
Failure protocol(std::string what) {
  return Failure("qmp.protocol", Blame::bench, "QEMU's control socket: " + std::move(what),
                 "check that the program is a QEMU of version 5 or newer");
}

}  // namespace

struct Qmp::State {
  State(boost::asio::any_io_executor executor, io::ByteStream stream, EventSink sink)
      : stream(std::move(stream)), sink(std::move(sink)), changed(executor) {}

  void end(Failure why) {
    if (!ended) ended = std::move(why);
    stream.close();
    changed.notify();
  }

  /// One line from QEMU: the greeting, a reply, or an event.
  void take(std::string_view text) {
    const json message = json::parse(text, nullptr, false);
    if (!message.is_object()) return end(protocol("a line that is not a JSON object"));
    if (message.contains("QMP")) {
      greeted = true;
      return changed.notify();
    }
    if (const auto event = message.find("event"); event != message.end()) {
      static const json kNothing = json::object();
      const auto data = message.find("data");
      if (event->is_string() && sink)
        sink(event->get<std::string>(), data == message.end() ? kNothing : *data);
      return;
    }
    const auto id = message.find("id");
    if (id == message.end() || !id->is_number_unsigned()) return;
    const auto waiting = replies.find(id->get<unsigned>());
    if (waiting == replies.end()) return;  // its caller gave up
    waiting->second = message;
    changed.notify();
  }

  static Task<Result<>> read(std::shared_ptr<State> self) {
    struct AtEnd {  // on cancellation too: nobody may wait for a reader that is gone
      State& state;
      ~AtEnd() { state.end(gone()); }
    } const at_end{*self};
    std::string pending, chunk(65536, '\0');
    while (!self->ended) {
      const auto n = co_await self->stream.read_some(chunk);
      if (!n || *n == 0) break;
      pending.append(chunk, 0, *n);
      std::size_t begin = 0, newline;
      while ((newline = pending.find('\n', begin)) != pending.npos) {
        self->take(std::string_view(pending).substr(begin, newline - begin));
        begin = newline + 1;
      }
      pending.erase(0, begin);
      if (pending.size() > kLongestLine) self->end(protocol("a line of more than 16 MiB"));
    }
    co_return Result<>();
  }

  /// Sends one command and waits for its reply. The state is held: the client object may go.
  static Task<Result<json>> ask(std::shared_ptr<State> self, std::string line, unsigned id) {
    struct Entry {
      State& state;
      unsigned id;
      ~Entry() { state.replies.erase(id); }
    } const entry{*self, id};
    State* const s = self.get();
    self->replies[id] = std::nullopt;
    CO_CHECK_OK(co_await self->changed.until([s] { return !s->writing || s->ended; }));
    if (self->ended) co_return *self->ended;
    {
      struct Writing {  // half a line would ruin the ones after it: a broken write ends everything
        State& state;
        bool whole = false;
        explicit Writing(State& s) : state(s) { state.writing = true; }
        ~Writing() {
          state.writing = false;
          if (!whole) state.end(gone());
          state.changed.notify();
        }
      } writing(*self);
      auto written = co_await self->stream.write_all(line);
      writing.whole = written.has_value();
    }
    CO_CHECK_OK(
        co_await self->changed.until([s, id] { return s->ended || s->replies[id].has_value(); }));
    if (!self->replies[id]) co_return *self->ended;
    json reply = std::move(*self->replies[id]);
    if (const auto value = reply.find("return"); value != reply.end()) co_return std::move(*value);
    co_return refused(reply, line);
  }

  static Failure refused(const json& reply, const std::string& line) {
    const auto error = reply.find("error");
    if (error == reply.end() || !error->is_object())
      return protocol("a reply with neither return nor error");
    return Failure("qmp.error", Blame::bench,
                   fmt::format("QEMU refused {}: {}", line.substr(0, line.find('\n')),
                               error->value("desc", error->dump())),
                   "check the command against the machine's devices and state");
  }

  io::ByteStream stream;
  EventSink sink;
  Notifier changed;
  std::map<unsigned, std::optional<json>> replies;
  std::optional<Failure> ended;
  unsigned next_id = 1;
  bool greeted = false;
  bool writing = false;
};

Qmp::Qmp(std::shared_ptr<State> state) : state_(std::move(state)) {}
Qmp::~Qmp() {
  state_->sink = nullptr;
  close();
}

namespace {

Task<Result<io::ByteStream>> connect_when_there(std::filesystem::path socket) {
  for (;;) {
    auto stream = co_await io::ByteStream::connect_unix(socket);
    if (stream) co_return std::move(stream);
    co_await pause(5ms);  // QEMU makes the socket 30-100 ms after its start
  }
}

}  // namespace

Task<Result<std::shared_ptr<Qmp>>> Qmp::connect(Nursery& nursery, std::filesystem::path socket,
                                                EventSink sink, Budget budget) {
  const auto executor = co_await boost::asio::this_coro::executor;
  const Budget greeting(budget.span, "QEMU's greeting on its control socket");
  auto connected = co_await within(std::move(budget), connect_when_there(std::move(socket)));
  if (!connected) co_return connected.error();
  auto state = std::make_shared<State>(executor, std::move(*connected), std::move(sink));
  std::shared_ptr<Qmp> qmp(new Qmp(state));
  nursery.start("reading QEMU's events", State::read(state));
  State* const s = state.get();
  CO_CHECK_OK(
      co_await within(greeting, state->changed.until([s] { return s->greeted || s->ended; })));
  if (state->ended) co_return *state->ended;
  CO_CHECK_OK(co_await qmp->execute("qmp_capabilities"));
  co_return std::move(qmp);
}

Task<Result<json>> Qmp::execute(std::string command) {
  json none;
  co_return co_await execute(std::move(command), std::move(none));
}

Task<Result<json>> Qmp::execute(std::string command, json arguments) {
  Budget budget(10s, "QEMU's answer to " + command);
  budget.code = "qmp.timeout";
  budget.blame = Blame::bench;
  co_return co_await execute(std::move(command), std::move(arguments), std::move(budget));
}

Task<Result<json>> Qmp::execute(std::string command, json arguments, Budget budget) {
  auto state = state_;
  if (state->ended) co_return *state->ended;
  if (state->replies.size() >= kMostInFlight)
    co_return Failure("qmp.busy", Blame::seatrial, "too many commands to QEMU at a time",
                      "await the ones before");
  const unsigned id = state->next_id++;
  json message = {{"execute", std::move(command)}, {"id", id}};
  if (!arguments.is_null()) message["arguments"] = std::move(arguments);
  co_return co_await within(std::move(budget), State::ask(state, message.dump() + "\n", id));
}

Task<Result<std::string>> Qmp::human(std::string line) {
  json arguments = {{"command-line", std::move(line)}};
  CO_TRY(auto text, co_await execute("human-monitor-command", std::move(arguments)));
  co_return text.is_string() ? text.get<std::string>() : text.dump();
}

bool Qmp::open() const { return !state_->ended; }
void Qmp::close() { state_->end(gone()); }

}  // namespace seatrial::qemu
