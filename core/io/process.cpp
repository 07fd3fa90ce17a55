// SPDX-License-Identifier: Apache-2.0
#include "core/io/process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>
#include <boost/process/v2/process.hpp>
#include <boost/process/v2/stdio.hpp>
#include <cstring>
#include <optional>

#include "core/base/nursery.hpp"
#include "core/base/text.hpp"
#include "core/base/unless.hpp"
#include "core/io/file.hpp"
#include "core/io/interrupt.hpp"

extern char** environ;

namespace seatrial::io {
namespace asio = boost::asio;
namespace bp = boost::process::v2;

namespace {

/// Launcher hook: sets the environment, and in the child a process group, the death signal and the
/// folder.
struct ChildSetup {
  const std::vector<std::string>& environment;
  const char* folder;  ///< nullptr: stay
  bool new_session;
  bool die_with_parent;
  const std::vector<int>& ignored_signals;
  pid_t parent = ::getpid();
  std::vector<const char*> pointers{};

  template <class Launcher>
  bp::error_code on_setup(Launcher& launcher, const bp::filesystem::path&, const char* const*&) {
    for (const auto& entry : environment) pointers.push_back(entry.c_str());
    pointers.push_back(nullptr);
    launcher.env = pointers.data();
    return {};
  }

  // Between fork and exec: async-signal-safe calls only.
  template <class Launcher>
  bp::error_code on_exec_setup(Launcher&, const bp::filesystem::path&, const char* const*) {
    if (new_session)
      ::setsid();
    else
      ::setpgid(0, 0);
    if (die_with_parent) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (::getppid() != parent) ::_exit(127);  // the parent died before prctl took hold
    }
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::signal(SIGPIPE, SIG_DFL);
    for (const int signal : ignored_signals) ::signal(signal, SIG_IGN);
    if (folder && ::chdir(folder) != 0)
      return bp::error_code(errno, boost::system::system_category());
    return {};
  }
};

Result<UniqueFd> open_stdio(int given, const fs::path& file, bool input, bool inherit, int own) {
  if (given >= 0) return UniqueFd(::fcntl(given, F_DUPFD_CLOEXEC, 3));
  if (inherit && file.empty()) return UniqueFd(::fcntl(own, F_DUPFD_CLOEXEC, 3));
  const fs::path path = file.empty() ? fs::path("/dev/null") : file;
  const int flags = input ? O_RDONLY : O_WRONLY | O_CREAT | O_APPEND;
  UniqueFd fd(::open(path.c_str(), flags | O_CLOEXEC, 0644));
  if (!fd) return file_failure("open", path, errno);
  return fd;
}

std::vector<std::string> environment_of(const Command& command) {
  std::vector<std::string> result;
  const auto overridden = [&](std::string_view entry) {
    const auto key = entry.substr(0, entry.find('='));
    for (const auto& [name, value] : command.env)
      if (name == key) return true;
    for (const auto& name : command.unset)
      if (name == key) return true;
    return false;
  };
  for (char** entry = environ; *entry; ++entry)
    if (!overridden(*entry)) result.emplace_back(*entry);
  for (const auto& [name, value] : command.env) result.push_back(name + "=" + value);
  return result;
}

ExitStatus decode(int native) {
  if (WIFSIGNALED(native)) return {0, WTERMSIG(native)};
  return {WEXITSTATUS(native), 0};
}

}  // namespace

std::string Command::describe() const {
  std::string text = program;
  for (const auto& word : args)
    text += word.find(' ') == std::string::npos ? " " + word : " '" + word + "'";
  return text;
}

std::string ExitStatus::describe() const {
  if (signal) return fmt::format("killed by signal {} ({})", signal, ::strsignal(signal));
  return fmt::format("exit code {}", code);
}

Result<fs::path> find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) {
    if (::access(name.c_str(), X_OK) == 0) return fs::path(name);
  } else {
    const char* path = std::getenv("PATH");
    for (const auto& folder :
         split(std::string(path ? path : "/usr/bin:/bin") + ":/usr/local/sbin:/usr/sbin:/sbin",
               ':')) {
      const fs::path candidate = fs::path(folder.empty() ? "." : folder) / name;
      if (::access(candidate.c_str(), X_OK) == 0 && !fs::is_directory(candidate)) return candidate;
    }
  }
  return Failure("program.missing", Blame::bench,
                 fmt::format("the program {} is not installed", name),
                 "run ./sea setup, or install the package that holds it");
}

Result<fs::path> own_program(const std::string& name) {
  std::vector<fs::path> folders;
  if (const char* given = std::getenv("SEATRIAL_BIN")) folders.emplace_back(given);
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error).parent_path();
  if (!error) {
    folders.push_back(self);
    folders.push_back(self.parent_path() / "bin");  // suites and tests lie beside bin
    folders.push_back(self.parent_path());
  }
  for (const auto& folder : folders)
    if (::access((folder / name).c_str(), X_OK) == 0) return folder / name;
  return Failure("program.missing", Blame::seatrial,
                 fmt::format("{} is not beside the running program ({})", name, self.string()),
                 "build it with ./sea build, or name its folder in SEATRIAL_BIN");
}

struct Process::Impl {
  explicit Impl(bp::process child)
      : process(std::move(child)), pid(static_cast<pid_t>(process.id())) {}
  bp::process process;
  pid_t pid;
  std::optional<ExitStatus> ended;

  bool running() {
    if (ended) return false;
    boost::system::error_code error;
    if (process.running(error)) return true;
    if (!error) ended = decode(process.native_exit_code());
    return false;
  }
};

Process::Process(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Process::Process(Process&&) noexcept = default;
Process& Process::operator=(Process&& other) noexcept {
  std::swap(impl_, other.impl_);
  return *this;
}

Process::~Process() {
  if (!impl_ || !impl_->running()) return;
  ::kill(-impl_->pid, SIGKILL);
  boost::system::error_code ignored;  // it was just killed: the only thing left is to reap it
  impl_->process.wait(ignored);
}

Result<Process> Process::start(asio::any_io_executor executor, Command command) {
  TRY(const auto path, find_program(command.program));
  TRY(auto in, open_stdio(command.stdin_fd, command.stdin_file, true, command.inherit_stdio, 0));
  TRY(auto out,
      open_stdio(command.stdout_fd, command.stdout_file, false, command.inherit_stdio, 1));
  TRY(auto err,
      open_stdio(command.stderr_fd, command.stderr_file, false, command.inherit_stdio, 2));

  bp::default_process_launcher launcher;
  for (const int fd : command.pass_fds) launcher.fd_whitelist.push_back(fd);
  bp::process_stdio stdio;
  stdio.in = in.get();
  stdio.out = out.get();
  stdio.err = err.get();
  const auto environment = environment_of(command);
  boost::system::error_code error;
  const std::string folder = command.cwd.string();
  ChildSetup setup{environment, folder.empty() ? nullptr : folder.c_str(), command.new_session,
                   command.die_with_parent, command.ignored_signals};
  bp::process child =
      launcher(executor, error, bp::filesystem::path(path.string()), command.args, setup, stdio);
  if (error)
    return Failure("process.start", Blame::bench,
                   fmt::format("cannot start {}: {}", command.describe(), error.message()),
                   "check that the program can be run on this machine");
  return Process(std::make_unique<Impl>(std::move(child)));
}

int Process::pid() const { return impl_->pid; }

bool Process::running() { return impl_->running(); }

Task<Result<ExitStatus>> Process::wait() {
  if (impl_->ended) co_return *impl_->ended;
  boost::system::error_code error;
  co_await impl_->process.async_wait(asio::redirect_error(asio::use_awaitable, error));
  if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
  if (!impl_->ended) impl_->ended = decode(impl_->process.native_exit_code());
  co_return *impl_->ended;
}

void Process::signal_group(int signal) {
  if (impl_->running()) ::kill(-impl_->pid, signal);
}

Task<ExitStatus> Process::stop(Duration grace) {
  if (impl_->running()) {
    ::kill(-impl_->pid, SIGTERM);
    auto ended = co_await within(Budget(grace, "the end of a child"), wait());
    if (!ended) {
      ::kill(-impl_->pid, SIGKILL);
      auto reaped = co_await wait();
      co_return reaped ? *reaped : ExitStatus{0, SIGKILL};
    }
    co_return *ended;
  }
  co_return impl_->ended.value_or(ExitStatus{0, SIGKILL});
}

void Process::release() {
  if (impl_) impl_->process.detach();
  impl_.reset();
}

namespace {

struct Kept {
  std::string& head;
  std::uint64_t& dropped;
  std::string* tail;

  void take(std::string_view bytes, std::size_t most) {
    constexpr std::size_t kTail = 4096;
    const std::size_t fits = std::min(bytes.size(), most - std::min(most, head.size()));
    head.append(bytes.substr(0, fits));
    bytes.remove_prefix(fits);
    dropped += bytes.size();
    if (!tail || bytes.empty()) return;
    tail->append(bytes.substr(bytes.size() - std::min(bytes.size(), kTail)));
    if (tail->size() > kTail) tail->erase(0, tail->size() - kTail);
  }
};

Task<Result<>> collect(asio::posix::stream_descriptor from, Kept into, std::size_t most) {
  std::string chunk(65536, '\0');
  for (;;) {
    boost::system::error_code error;
    const std::size_t n = co_await from.async_read_some(
        asio::buffer(chunk), asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
    if (error) co_return Result<>();
    into.take(std::string_view(chunk).substr(0, n), most);
  }
}

Task<Result<>> feed(asio::posix::stream_descriptor to, std::string input) {
  boost::system::error_code
      ignored;  // a child that does not read its input says so by its exit status
  co_await asio::async_write(to, asio::buffer(input),
                             asio::redirect_error(asio::use_awaitable, ignored));
  co_return Result<>();
}

struct Pipe {
  UniqueFd read, write;
  static Pipe make() {
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) != 0) return {};
    return {UniqueFd(ends[0]), UniqueFd(ends[1])};
  }
};

/// For a child to clean up after itself when it is not wanted any more.
constexpr Duration kGrace = std::chrono::seconds(2);

Task<Result<Output>> run_unbounded(Command command, std::size_t most) {
  auto executor = co_await asio::this_coro::executor;
  Pipe in = Pipe::make(), out = Pipe::make(), err = Pipe::make();
  const std::string input = std::move(command.input);
  if (!input.empty()) command.stdin_fd = in.read.get();
  if (command.stdout_fd < 0 && command.stdout_file.empty()) command.stdout_fd = out.write.get();
  if (command.stderr_fd < 0 && command.stderr_file.empty()) command.stderr_fd = err.write.get();
  CO_TRY(auto process, Process::start(executor, command));
  in.read.reset();
  out.write.reset();
  err.write.reset();

  Output output;
  Nursery readers(executor);
  const Kept kept_out{output.out, output.out_dropped, nullptr};
  const Kept kept_err{output.err, output.err_dropped, &output.err_tail};
  readers.start(
      "reading stdout",
      collect(asio::posix::stream_descriptor(executor, out.read.release()), kept_out, most));
  readers.start(
      "reading stderr",
      collect(asio::posix::stream_descriptor(executor, err.read.release()), kept_err, most));
  if (input.empty())
    in.write.reset();
  else
    readers.start("writing stdin",
                  feed(asio::posix::stream_descriptor(executor, in.write.release()), input));

  std::exception_ptr thrown;
  try {
    auto status = co_await process.wait();
    output.status = *status;
  } catch (...) {  // cancelled: the readers must be joined before their buffers go
    thrown = std::current_exception();
  }
  if (thrown) {
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    co_await process.stop(kGrace);
    readers.cancel();
  }
  ::kill(-process.pid(), SIGKILL);  // grandchildren that still hold the pipes
  auto joined = co_await readers.join();
  if (thrown) std::rethrow_exception(thrown);
  if (!joined) co_return joined.error();
  co_return output;
}

}  // namespace

Task<Result<Output>> run(Command command, Budget budget, std::size_t most) {
  co_return co_await within(std::move(budget), run_unbounded(std::move(command), most));
}

Result<Output> run_blocking(Command command, Budget budget, std::size_t most) {
  asio::io_context context;
  auto task = unless(until_interrupted(), run(std::move(command), std::move(budget), most));
  auto done = asio::co_spawn(context, std::move(task), asio::use_future);
  context.run();
  return done.get();
}

Result<std::string> run_checked(Command command, Budget budget, std::string code, Blame blame) {
  const std::string line = command.describe();
  TRY(auto output, run_blocking(std::move(command), std::move(budget)));
  if (output.status.ok()) return std::move(output.out);
  const auto text = trim(output.err.empty() ? output.out : output.err);
  const auto tail = text.substr(text.size() > 600 ? text.size() - 600 : 0);
  return Failure(std::move(code), blame,
                 fmt::format("{} ended with {}: {}", line, output.status.describe(), tail),
                 "read the message of the program above");
}

}  // namespace seatrial::io
