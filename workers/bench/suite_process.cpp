// SPDX-License-Identifier: Apache-2.0
#include "workers/bench/suite_process.hpp"

#include <fcntl.h>
#include <signal.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "core/base/redact.hpp"
#include "core/io/file.hpp"

namespace seatrial::bench {
namespace asio = boost::asio;

namespace {
constexpr std::size_t kKept = 4u << 20;   ///< bytes of output kept in the file
constexpr std::size_t kTail = 16u << 10;  ///< bytes kept in memory for messages
}  // namespace

struct SuiteProcess::Impl {
  Impl(io::Process p, asio::posix::stream_descriptor r, io::AppendFile f, Guard* g)
      : process(std::move(p)), reader(std::move(r)), file(std::move(f)), guard(g) {
    // One that has ended already needs no guard.
    if (guard) (void)guard->add(process.pid());
  }
  ~Impl() {
    if (guard) guard->del(process.pid());
  }

  /// `text` is redacted; it stands for `read` bytes of output.
  void keep(std::string_view text, std::size_t read) {
    const bool fits = file.size() + text.size() <= kKept;
    if (!fits || !file.append(text)) dropped += read;
    tail.append(text.substr(text.size() > kTail ? text.size() - kTail : 0));
    if (tail.size() > 2 * kTail) tail.erase(0, tail.size() - kTail);
  }

  io::Process process;
  asio::posix::stream_descriptor reader;
  io::AppendFile file;
  Guard* guard;
  Redactor redactor;
  std::string tail;
  std::uint64_t dropped = 0;
};

SuiteProcess::SuiteProcess(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SuiteProcess::SuiteProcess(SuiteProcess&&) noexcept = default;
SuiteProcess::~SuiteProcess() = default;

Result<SuiteProcess> SuiteProcess::start(asio::any_io_executor executor, const SuiteCall& call) {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return io::file_failure("make a pipe for", call.binary, errno);
  io::UniqueFd read(ends[0]), write(ends[1]);
  TRY(auto file, io::AppendFile::open(call.output, true));
  auto command = io::cmd(call.binary).arg("--case").arg(call.case_name);
  command.env = {{"SEATRIAL_BENCH", call.socket},
                 {"SEATRIAL_TOKEN", call.token},
                 {"SEATRIAL_RUN", call.run},
                 {"SEATRIAL_ATTEMPT", std::to_string(call.attempt)},
                 {"SEATRIAL_SUITE_DIGEST", call.digest},
                 {"SEATRIAL_EPOCH", std::to_string(call.epoch)}};
  // What somebody set for tests of his own must not choose, repeat or silence cases here.
  command.unset = {"GTEST_OUTPUT",
                   "GTEST_FILTER",
                   "GTEST_REPEAT",
                   "GTEST_SHUFFLE",
                   "GTEST_TOTAL_SHARDS",
                   "GTEST_SHARD_INDEX",
                   "GTEST_ALSO_RUN_DISABLED_TESTS"};
  command.stdout_fd = write.get();
  command.stderr_fd = write.get();
  TRY(auto process, io::Process::start(executor, std::move(command)));
  asio::posix::stream_descriptor reader(executor, read.release());
  return SuiteProcess(
      std::make_unique<Impl>(std::move(process), std::move(reader), std::move(file), call.guard));
}

Task<Result<io::ExitStatus>> SuiteProcess::wait() { co_return co_await impl_->process.wait(); }
Task<io::ExitStatus> SuiteProcess::stop(Duration grace) {
  const auto status = co_await impl_->process.stop(grace);
  // A group whose leader is gone lives on as long as it has members, and its number is theirs.
  ::kill(-impl_->process.pid(), SIGKILL);
  co_return status;
}
int SuiteProcess::pid() const { return impl_->process.pid(); }
std::uint64_t SuiteProcess::dropped() const { return impl_->dropped; }

Task<Result<>> SuiteProcess::drain() {
  std::string chunk(256u << 10, '\0');
  for (;;) {
    boost::system::error_code error;
    const std::size_t n = co_await impl_->reader.async_read_some(
        asio::buffer(chunk), asio::redirect_error(asio::use_awaitable, error));
    if (error) impl_->keep(impl_->redactor.finish(), 0);
    if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
    if (error) co_return Result<>();
    impl_->keep(impl_->redactor.take(std::string_view(chunk).substr(0, n)), n);
  }
}

std::string SuiteProcess::output_tail(std::size_t bytes) const {
  const auto& tail = impl_->tail;
  const auto safe = redact(tail);  // a secret may have been learnt since
  return safe.substr(safe.size() > bytes ? safe.size() - bytes : 0);
}

}  // namespace seatrial::bench
