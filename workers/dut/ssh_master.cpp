// SPDX-License-Identifier: Apache-2.0
// The connection of Ssh: one master process, its control socket, and what its messages mean.
#include "workers/dut/ssh_master.hpp"

#include <fmt/format.h>
#include <signal.h>

#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/base/unless.hpp"
#include "core/io/file.hpp"

namespace seatrial::dut {
namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

/// A path as the value of an option: quoted, and with % doubled, because ssh expands it.
std::string option(std::string_view name, const fs::path& path) {
  std::string value;
  for (const char c : path.string()) {
    if (c == '"' || c == '\\') value += '\\';
    if (c == '%') value += '%';
    value += c;
  }
  return fmt::format("{}=\"{}\"", name, value);
}

bool has(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

Task<Result<>> until_ended(std::shared_ptr<io::Process> process) {
  auto ended = co_await process->wait();
  co_return Failure(ssh_code::unreachable, Blame::unknown,
                    ended ? ended->describe() : ended.error().what(), "see the message of ssh");
}

}  // namespace

io::Command Ssh::State::base() const {
  auto command = io::cmd("ssh").arg("-F").arg("none").arg("-T");
  command.unset = {"SSH_AUTH_SOCK", "SSH_ASKPASS", "DISPLAY"};
  for (const char* fixed :
       {"BatchMode=yes", "StrictHostKeyChecking=accept-new", "GlobalKnownHostsFile=/dev/null",
        "HostKeyAlias=dut", "CheckHostIP=no", "UpdateHostKeys=no", "IdentitiesOnly=yes",
        "IdentityAgent=none", "PreferredAuthentications=publickey", "GSSAPIAuthentication=no",
        "ForwardAgent=no", "ForwardX11=no", "PermitLocalCommand=no", "EscapeChar=none",
        "LogLevel=ERROR", "ServerAliveInterval=10", "ServerAliveCountMax=3", "TCPKeepAlive=yes",
        "StreamLocalBindUnlink=yes"})
    command.arg("-o").arg(fixed);
  command.arg("-o").arg(option("UserKnownHostsFile", known_hosts()));
  command.arg("-o").arg(options.key.empty() ? "IdentityFile=none"
                                            : option("IdentityFile", options.key));
  command.arg("-o").arg(option("ControlPath", control()));
  command.arg("-l").arg(options.user).arg("-p").arg(std::to_string(options.port()));
  return command;
}

io::Command Ssh::State::client() const {
  auto command = base();
  // Without a master ssh would quietly dial for itself: a proxy that is none makes that fail, and
  // says so in a word that nobody else says. ssh ends, and ends its proxy, as soon as the proxy's
  // stdout is closed: it is kept open until the word is out.
  command.arg("-o").arg("ControlMaster=no");
  command.arg("-o").arg(fmt::format("ProxyCommand=sh -c 'exec 3>&1; echo {} >&2'", kNoMaster));
  return command;
}

bool Ssh::State::connected() { return master && !dialling && master->running(); }

void Ssh::State::hang_up() {
  if (!master) return;
  if (guard) guard->del(master->pid());
  master->signal_group(SIGKILL);
  master.reset();
  std::error_code ignored;  // it may not have come to making it
  fs::remove(control(), ignored);
  changed.notify();
}

std::string Ssh::State::said() const {
  const auto text = io::read_file(log());
  if (!text) return {};
  return std::string(
      trim(std::string_view(*text).substr(std::min<std::size_t>(log_begin, text->size()))));
}

Failure Ssh::State::dial_failure(const std::string& how) const {
  const std::string text = said();
  const std::string where = fmt::format("{}@{}:{}", options.user, options.host(), options.port());
  const std::string because = text.empty() ? how : text;
  if (has(text, "IDENTIFICATION HAS CHANGED") || has(text, "Host key verification failed"))
    return Failure(
        ssh_code::host_key_changed, Blame::unknown,
        fmt::format("the DUT at {} shows another host key than before: {}", where, because),
        "an OS that keeps its identity keeps its key: see whether the state partition was "
        "lost; after a flash or factory reset the old key is to be forgotten");
  if (has(text, "Permission denied") || has(text, "Too many authentication failures"))
    return Failure(ssh_code::refused_key, Blame::unknown,
                   fmt::format("the DUT at {} does not let us in: {}", where, because),
                   "check that the run's public key, or development mode, is in the image's "
                   "config.json");
  for (const char* refusal : {"Connection refused", "kex_exchange_identification",
                              "Connection closed by", "Connection reset by"})
    if (has(text, refusal))
      return Failure(ssh_code::refused, Blame::unknown,
                     fmt::format("no SSH server at {}: {}", where, because),
                     "look at the console: did the OS boot, and did its SSH server start");
  return Failure(ssh_code::unreachable, Blame::unknown,
                 fmt::format("no SSH connection to {}: {}", where, because),
                 "look at the console: did the OS boot, is sshd up, is the network");
}

Task<Result<>> Ssh::State::master_ready(std::shared_ptr<State> self) {
  // ssh makes the control socket when it has logged in: its existence is the fact to wait for.
  std::error_code error;
  while (!fs::exists(self->control(), error)) co_await pause(10ms);
  co_return Result<>();
}

Task<Result<>> Ssh::State::dial(std::shared_ptr<State> self) {
  self->hang_up();
  std::error_code none_yet;
  const auto size = fs::file_size(self->log(), none_yet);
  self->log_begin = none_yet ? 0 : size;
  auto command = self->base();
  command.arg("-M").arg("-N").arg("-o").arg("ControlPersist=no");
  command.arg("-o").arg(
      fmt::format("ConnectTimeout={}",
                  std::max<long>(1, static_cast<long>(seconds(self->options.dial_budget)))));
  command.arg("--").arg(self->options.host());
  command.stdout_file = command.stderr_file = self->log();
  auto started = io::Process::start(self->executor, std::move(command));
  if (!started) {
    if (started.error().code() != "program.missing") co_return started.error();
    co_return Failure(ssh_code::missing, Blame::bench, "the OpenSSH client is not installed",
                      "install it: apt-get install openssh-client (or run ./sea setup)");
  }
  const auto process = std::make_shared<io::Process>(std::move(*started));
  self->master = process;
  ++self->dials;
  struct Unfinished {  // a dial that fails or is cancelled leaves no half-made master
    State& state;
    const std::shared_ptr<io::Process>& process;
    bool well = false;
    ~Unfinished() {
      if (!well && state.master == process) state.hang_up();
    }
  } dialled{*self, process};
  if (self->guard)
    if (auto added = self->guard->add(process->pid()); !added)
      log::debug("{}", added.error().describe());  // ended already: reported below
  const Budget budget(self->options.dial_budget, "an SSH login");
  auto ready = co_await within(budget, unless(until_ended(process), master_ready(self)));
  if (!ready) co_return self->dial_failure(ready.error().what());
  dialled.well = true;
  co_return Result<>();
}

Task<Result<>> Ssh::State::connect(std::shared_ptr<State> self) {
  State* const s = self.get();
  CO_CHECK_OK(co_await self->changed.until([s] { return !s->dialling; }));
  if (self->connected()) co_return Result<>();
  {
    struct Dialling {
      State& state;
      explicit Dialling(State& s) : state(s) { state.dialling = true; }
      ~Dialling() {
        state.dialling = false;
        state.changed.notify();
      }
    } const dialling(*self);
    CO_CHECK_OK(co_await dial(self));
  }
  const auto forwards = self->forwards;  // a copy: it may change while we wait
  for (const auto& forward : forwards)
    if (auto again = co_await control_command(self, "forward", forward); !again)
      log::warn("{}", again.error().describe());
  co_return Result<>();
}

Task<Result<>> Ssh::State::control_command(std::shared_ptr<State> self, std::string command,
                                           SshForward forward) {
  auto local = self->client();
  local.arg("-O").arg(command).arg("-L");
  local.arg(fmt::format("{}:127.0.0.1:{}", forward.listen, forward.port));
  local.arg("--").arg(self->options.host());
  const Budget budget(10s, "the SSH master's answer to " + command);
  CO_TRY(const auto output, co_await io::run(std::move(local), budget));
  if (output.status.ok()) co_return Result<>();
  co_return Failure(ssh_code::forward, Blame::bench,
                    fmt::format("cannot {} {} to port {} of the DUT: {}", command, forward.listen,
                                forward.port, trim(output.err)),
                    "check that nobody else uses the local port, and that sshd allows forwarding");
}

}  // namespace seatrial::dut
