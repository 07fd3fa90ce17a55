// SPDX-License-Identifier: Apache-2.0
#include "workers/console/channel.hpp"

#include <termios.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>

namespace seatrial::console {
namespace asio = boost::asio;
namespace {

Failure no_break() {
  return Failure("console.no_break", Blame::bench, "this console cannot send a serial break",
                 "use a console with break support, or another way to reach the loader");
}

class SocketChannel final : public Channel {
 public:
  SocketChannel(io::ByteStream stream, SendBreak send_break)
      : stream_(std::move(stream)), send_break_(std::move(send_break)) {}
  Task<Result<std::size_t>> read_some(std::span<char> into) override {
    return stream_.read_some(into);
  }
  Task<Result<>> write_all(std::string_view data) override { return stream_.write_all(data); }
  Task<Result<>> send_break() override {
    if (!send_break_) co_return no_break();
    co_return co_await send_break_();
  }
  void close() override { stream_.close(); }

 private:
  io::ByteStream stream_;
  SendBreak send_break_;
};

class FdChannel final : public Channel {
 public:
  FdChannel(asio::any_io_executor executor, io::UniqueFd fd) : fd_(executor, fd.release()) {}

  Task<Result<std::size_t>> read_some(std::span<char> into) override {
    boost::system::error_code error;
    const auto n = co_await fd_.async_read_some(asio::buffer(into.data(), into.size()),
                                                asio::redirect_error(asio::use_awaitable, error));
    // A pty whose other side has closed says EIO.
    if (error == asio::error::eof || error.value() == EIO) co_return std::size_t{0};
    if (error) co_return failure("read from", error);
    co_return n;
  }

  Task<Result<>> write_all(std::string_view data) override {
    boost::system::error_code error;
    co_await asio::async_write(fd_, asio::buffer(data.data(), data.size()),
                               asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return failure("write to", error);
    co_return Result<>();
  }

  Task<Result<>> send_break() override {
    if (::tcsendbreak(fd_.native_handle(), 0) != 0) co_return no_break();
    co_return Result<>();
  }

  void close() override {
    boost::system::error_code ignored;  // closing what is gone is what was wanted
    fd_.close(ignored);
  }

 private:
  static Failure failure(std::string_view doing, const boost::system::error_code& error) {
    if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
    return Failure("console.io", Blame::bench,
                   "cannot " + std::string(doing) + " the console: " + error.message(),
                   "check that the console's cable or adapter is still there");
  }

  asio::posix::stream_descriptor fd_;
};

}  // namespace

std::shared_ptr<Channel> socket_channel(io::ByteStream stream, SendBreak send_break) {
  return std::make_shared<SocketChannel>(std::move(stream), std::move(send_break));
}

std::shared_ptr<Channel> fd_channel(asio::any_io_executor executor, io::UniqueFd fd) {
  return std::make_shared<FdChannel>(executor, std::move(fd));
}

}  // namespace seatrial::console
