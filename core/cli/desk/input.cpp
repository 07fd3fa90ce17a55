// SPDX-License-Identifier: Apache-2.0
#include "core/cli/desk/input.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace seatrial::cli {
namespace asio = boost::asio;

struct Input::State {
  explicit State(asio::any_io_executor executor) : descriptor(executor) {}
  ~State() {
    if (shared_fd < 0) return;
    boost::system::error_code ignored;  // put back what we have found
    descriptor.close(ignored);
    ::fcntl(shared_fd, F_SETFL, flags);
  }
  asio::posix::stream_descriptor descriptor;
  int file_fd = -1;    ///< a file: always ready, and epoll refuses it
  int shared_fd = -1;  ///< could not be opened anew: its flags are restored at the end
  int flags = 0;
};

Input::Input(asio::any_io_executor executor, int fd) : state_(std::make_unique<State>(executor)) {
  struct stat status {};
  if (::fstat(fd, &status) == 0 &&
      (S_ISREG(status.st_mode) || (S_ISCHR(status.st_mode) && ::isatty(fd) == 0))) {
    state_->file_fd = fd;  // also /dev/null and its like
    return;
  }
  // Opened anew it has flags of its own. Sockets, and terminals of another user, cannot be.
  const int own = ::open(fmt::format("/proc/self/fd/{}", fd).c_str(),
                         O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (own < 0) {
    state_->shared_fd = fd;
    state_->flags = ::fcntl(fd, F_GETFL);
  }
  state_->descriptor.assign(own >= 0 ? own : ::fcntl(fd, F_DUPFD_CLOEXEC, 3));
}

Input::~Input() = default;

Task<std::optional<std::string>> Input::read() {
  std::string chunk(4096, '\0');
  if (state_->file_fd >= 0) {
    const auto n = ::read(state_->file_fd, chunk.data(), chunk.size());
    if (n <= 0) co_return std::nullopt;
    chunk.resize(static_cast<std::size_t>(n));
    co_return chunk;
  }
  boost::system::error_code error;
  const auto n = co_await state_->descriptor.async_read_some(
      asio::buffer(chunk), asio::redirect_error(asio::use_awaitable, error));
  if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
  if (error || n == 0) co_return std::nullopt;
  chunk.resize(n);
  co_return chunk;
}

}  // namespace seatrial::cli
