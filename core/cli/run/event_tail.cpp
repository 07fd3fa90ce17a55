// SPDX-License-Identifier: Apache-2.0
#include "core/cli/run/event_tail.hpp"

#include <fcntl.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>

#include "core/io/file.hpp"

namespace seatrial::cli {
namespace asio = boost::asio;

EventTail::EventTail(io::UniqueFd file, io::UniqueFd watch, std::filesystem::path path,
                     OnEvent on_event)
    : file_(std::move(file)),
      watch_(std::move(watch)),
      path_(std::move(path)),
      on_event_(std::move(on_event)) {}

Result<EventTail> EventTail::open(const std::filesystem::path& path, OnEvent on_event) {
  io::UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return io::file_failure("open", path, errno);
  io::UniqueFd watch(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!watch || ::inotify_add_watch(watch.get(), path.c_str(), IN_MODIFY) < 0)
    return Failure("watch.inotify", Blame::seatrial, io::file_failure("watch", path, errno).what(),
                   "raise fs.inotify.max_user_instances or max_user_watches (sysctl)");
  return EventTail(std::move(file), std::move(watch), path, std::move(on_event));
}

void EventTail::hand_on(std::string_view line) {
  if (const auto event = model::event_from_line(line)) on_event_(*event);
}

Result<> EventTail::drain() {
  std::array<char, 65536> buffer{};
  for (;;) {
    const auto n = ::read(file_.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return io::file_failure("read", path_, errno);
    if (n == 0) return {};
    rest_.append(buffer.data(), static_cast<std::size_t>(n));
    std::size_t begin = 0;
    for (auto end = rest_.find('\n'); end != std::string::npos; end = rest_.find('\n', begin)) {
      hand_on(std::string_view(rest_).substr(begin, end - begin));
      begin = end + 1;
    }
    rest_.erase(0, begin);
  }
}

Task<Result<>> EventTail::follow() {
  asio::posix::stream_descriptor watch(co_await asio::this_coro::executor, ::dup(watch_.get()));
  std::array<char, 4096> notices{};
  for (;;) {
    CO_CHECK_OK(drain());
    // What the notices say does not matter: the file grew.
    co_await watch.async_read_some(asio::buffer(notices), asio::use_awaitable);
  }
}

}  // namespace seatrial::cli
