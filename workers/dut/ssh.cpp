// SPDX-License-Identifier: Apache-2.0
#include "workers/dut/ssh.hpp"

#include <fmt/format.h>

#include <array>
#include <optional>

#include "core/base/ids.hpp"
#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/io/file.hpp"
#include "core/io/socket.hpp"
#include "workers/dut/ssh_master.hpp"

namespace seatrial::dut {
namespace fs = std::filesystem;
using namespace std::chrono_literals;

std::string shell_quote(std::string_view word) {
  std::string result = "'";
  for (const char c : word) {
    if (c == '\'')
      result += "'\\''";
    else
      result += c;
  }
  return result + "'";
}

Task<Result<SshKey>> make_ssh_key(fs::path folder) {
  CO_CHECK_OK(io::make_dirs(folder));
  std::error_code error;
  fs::permissions(folder, fs::perms::owner_all, error);
  if (error) co_return io::file_failure("protect", folder, error.value());
  SshKey key{.private_key = folder / "id_ed25519"};
  const fs::path public_file = key.private_key.string() + ".pub";
  if (!fs::exists(public_file, error)) {
    auto command = io::cmd("ssh-keygen").arg("-q").arg("-t").arg("ed25519");
    command.arg("-N").arg("").arg("-C").arg("seatrial").arg("-f").arg(key.private_key.string());
    const Budget budget(30s, "a new SSH key");
    auto output = co_await io::run(std::move(command), budget);
    if (!output && output.error().code() == "program.missing")
      co_return Failure(ssh_code::missing, Blame::bench, "ssh-keygen is not installed",
                        "install it: apt-get install openssh-client (or run ./sea setup)");
    if (!output) co_return output.error();
    if (!output->status.ok())
      co_return Failure(ssh_code::keygen, Blame::bench,
                        fmt::format("ssh-keygen made no key: {}", trim(output->err)),
                        "check the folder " + folder.string());
  }
  CO_TRY(const auto line, io::read_file(public_file));
  key.public_line = std::string(trim(line));
  co_return std::move(key);
}

namespace {

/// One try: connects and reads the first line. The failure does not matter to anybody.
Task<Result<std::string>> read_banner(std::string host, std::uint16_t port) {
  CO_TRY(auto stream, co_await io::ByteStream::connect_tcp(std::move(host), port));
  std::string line;
  std::array<char, 256> chunk;
  while (line.find('\n') == line.npos && line.size() < 1024) {
    CO_TRY(const auto n, co_await stream.read_some(chunk));
    if (n == 0) break;
    line.append(chunk.data(), n);
  }
  // Servers may send other lines first (RFC 4253 4.2); ours do not.
  if (line.starts_with("SSH-") && line.find('\n') != line.npos)
    co_return std::string(trim(line.substr(0, line.find('\n'))));
  co_return Failure(ssh_code::unreachable, Blame::unknown, "no SSH banner yet", "wait");
}

Task<Result<std::string>> banner_of(std::string host, std::function<std::uint16_t()> port,
                                    Duration first_try) {
  for (Duration limit = first_try;;) {
    const Budget budget(limit, "the SSH banner");
    auto banner = co_await within(budget, read_banner(host, port()));
    if (banner) co_return std::move(banner);
    if (banner.error().code() == "deadline") limit = std::min<Duration>(limit * 3 / 2, 6s);
    co_await pause(100ms);
  }
}

constexpr int kBusyTries = 20;
constexpr int kSendTries = 3;

/// A client that fails goes on to the proxy that is none, whose word says only that it got nothing
/// done: what it had said before tells whether its command had been handed to the master.
bool never_sent(std::string_view err) {
  const auto has = [err](std::string_view part) { return err.find(part) != err.npos; };
  if (!has(kNoMaster)) return false;
  return !has("mux_client_request_session") || has("master alive request failed");
}

/// What the exit code 255 of ssh meant, when the remote command did not say that it was its own.
Failure transport_failure(const std::string& command, std::string_view err) {
  if (err.find("open refused by peer") != err.npos ||
      err.find("session request failed") != err.npos)
    return Failure(ssh_code::busy, Blame::unknown, "the DUT refuses another SSH session",
                   "run fewer commands at a time, or raise MaxSessions of its sshd");
  if (never_sent(err))
    return Failure(ssh_code::not_sent, Blame::unknown,
                   fmt::format("the SSH connection was gone before the DUT was sent: {} ({})",
                               command.substr(0, 200), trim(err)),
                   "look at the boots: the device may have restarted, crashed or lost its network");
  return Failure(ssh_code::lost, Blame::unknown,
                 fmt::format("the SSH connection broke while the DUT ran: {} ({})",
                             command.substr(0, 200), trim(err)),
                 "look at the boots: the device may have restarted, crashed or lost its network");
}

}  // namespace

Task<Result<RunResult>> Ssh::State::execute(std::shared_ptr<State> self, std::string command,
                                            Streams streams, Duration budget, std::size_t most) {
  State* const s = self.get();
  const auto end = Clock::system().monotonic() + budget;
  const Budget turn(budget, "a free SSH session for: " + command.substr(0, 200));
  CO_CHECK_OK(co_await within(
      turn, self->changed.until([s] { return s->sessions < s->options.sessions; })));
  struct Session {
    State& state;
    explicit Session(State& s) : state(s) { ++state.sessions; }
    ~Session() {
      --state.sessions;
      state.changed.notify();
    }
  } const session(*self);

  for (int tries = 1, refused = 0;; ++tries) {
    const Budget dialled(end - Clock::system().monotonic(),
                         "an SSH connection to run: " + command.substr(0, 200));
    CO_CHECK_OK(co_await within(dialled, connect(self)));
    const auto master = self->master;
    auto local = self->client();
    local.input = streams.input;
    local.stdin_file = streams.from;
    local.stdout_file = streams.to;
    const Duration rest = end - Clock::system().monotonic();
    auto result = co_await execute_connected(self, command, std::move(local), rest, most);
    // sshd frees a session a moment after its command has ended here.
    if (!result && result.error().code() == ssh_code::busy && ++refused <= kBusyTries) {
      --tries;
      co_await pause(100ms);
      continue;
    }
    // The master died before it took the command: once more, with a new one. It may still be about
    // to end; one that takes no commands although it runs on is none either.
    if (result || result.error().code() != ssh_code::not_sent || tries == kSendTries)
      co_return std::move(result);
    if (master && master->running()) co_await pause(50ms);
    const bool dead = master && (tries > 1 || !master->running());
    if (dead && self->master == master) self->hang_up();
  }
}

Task<Result<RunResult>> Ssh::State::execute_connected(std::shared_ptr<State> self,
                                                      std::string command, io::Command local,
                                                      Duration budget, std::size_t most) {
  // ssh says 255 for its own failures: a command that ends with 255 says so in a word of its own.
  const std::string mark = "seatrial-exit-255-" + random_hex(8);
  const std::string remote = fmt::format(
      "/bin/sh -c {}; r=$?; [ $r -ne 255 ] || echo {} >&2; exit $r", shell_quote(command), mark);
  local.arg("--").arg(self->options.host()).arg(remote);
  const auto begin = Clock::system().monotonic();
  const Budget limit(budget, "the end of a command on the DUT: " + command.substr(0, 200));
  CO_TRY(auto output, co_await io::run(std::move(local), limit, most));
  RunResult result;
  result.took = Clock::system().monotonic() - begin;
  result.exit_code = output.status.code;
  if (output.status.signal) co_return transport_failure(command, output.status.describe());
  if (result.exit_code == 255) {
    std::string& where = output.err_dropped ? output.err_tail : output.err;
    const auto at = where.rfind(mark);
    if (at == where.npos) co_return transport_failure(command, where);
    where.erase(at, mark.size() + 1);
  }
  result.out = std::move(output.out);
  result.err = std::move(output.err);
  result.out_dropped = output.out_dropped;
  result.err_dropped = output.err_dropped;
  co_return std::move(result);
}

Ssh::Ssh(boost::asio::any_io_executor executor, SshOptions options, Guard* guard)
    : state_(std::make_shared<State>(executor, std::move(options), guard)) {}

Ssh::~Ssh() { state_->hang_up(); }

Task<Result<std::string>> Ssh::wait_banner(Budget budget) {
  auto state = state_;
  auto work = banner_of(state->options.host(), state->options.port, state->options.banner_try);
  co_return co_await within(std::move(budget), std::move(work));
}

Task<Result<>> Ssh::wait_ready(Budget budget) {
  auto state = state_;
  const auto end = Clock::system().monotonic() + budget.span;
  const Budget whole = budget;
  CO_TRY(const auto banner, co_await wait_banner(std::move(budget)));
  log::debug("the DUT answers with {}", banner);
  std::optional<Failure> last;
  for (;;) {
    Budget rest = whole;
    rest.span = end - Clock::system().monotonic();
    auto connected = co_await within(std::move(rest), State::connect(state));
    if (connected || connected.error().code() == ssh_code::host_key_changed ||
        connected.error().code() == ssh_code::missing)
      co_return std::move(connected);
    // What the tries before said is worth more than that the time is over.
    const bool over = Clock::system().monotonic() >= end;
    if (over) co_return last ? *last : connected.error();
    last = connected.error();
    co_await pause(200ms);
  }
}

Task<Result<RunResult>> Ssh::run(RunRequest request) {
  auto state = state_;
  State::Streams streams;
  streams.input = std::move(request.input);
  co_return co_await State::execute(state, std::move(request.command), std::move(streams),
                                    request.budget, request.most);
}

Task<Result<std::uint16_t>> Ssh::forward(std::uint16_t port, std::uint16_t local) {
  auto state = state_;
  CO_CHECK_OK(co_await State::connect(state));
  for (int tries = 0;; ++tries) {
    std::uint16_t chosen = local;
    if (chosen == 0) {
      CO_TRY(chosen, io::free_local_port());
    }
    const SshForward forward{fmt::format("127.0.0.1:{}", chosen), port};
    auto made = co_await State::control_command(state, "forward", forward);
    if (made) {
      state->forwards.push_back(forward);
      co_return chosen;
    }
    if (local != 0 || tries == 4) co_return made.error();
  }
}

Task<Result<>> Ssh::forward_unix(fs::path socket, std::uint16_t port) {
  auto state = state_;
  CO_CHECK_OK(co_await State::connect(state));
  const SshForward forward{socket.string(), port};
  CO_CHECK_OK(co_await State::control_command(state, "forward", forward));
  state->forwards.push_back(forward);
  co_return Result<>();
}

Task<Result<>> Ssh::end_forward(std::uint16_t local) {
  auto state = state_;
  const std::string listen = fmt::format("127.0.0.1:{}", local);
  for (auto it = state->forwards.begin(); it != state->forwards.end(); ++it) {
    if (it->listen != listen) continue;
    const SshForward forward = *it;
    state->forwards.erase(it);
    if (!state->connected()) co_return Result<>();
    co_return co_await State::control_command(state, "cancel", forward);
  }
  co_return Failure(ssh_code::forward, Blame::suite, fmt::format("port {} is not forwarded", local),
                    "use the port that forward() returned");
}

Task<Result<Ssh::Access>> Ssh::access() {
  auto state = state_;
  CO_CHECK_OK(co_await State::connect(state));
  auto client = state->client();
  Access access;
  access.program = std::move(client.program);
  access.arguments = std::move(client.args);
  access.host = state->options.host();
  co_return access;
}

void Ssh::drop() { state_->hang_up(); }

void Ssh::forget_host_key() {
  state_->hang_up();
  std::error_code ignored;  // no contact yet: nothing to forget
  fs::remove(state_->known_hosts(), ignored);
}

std::string Ssh::host_key() const {
  const auto text = io::read_file(state_->known_hosts());
  if (!text) return {};
  const std::string line = split(*text, '\n').front();  // "dut ssh-ed25519 AAAA..."
  return line.substr(std::min(line.size(), line.find(' ') + 1));
}

bool Ssh::connected() const { return state_->connected(); }
unsigned Ssh::dials() const { return state_->dials; }

}  // namespace seatrial::dut
