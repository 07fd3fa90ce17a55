// SPDX-License-Identifier: Apache-2.0
#include "workers/network/lab/lines.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "core/model/failure_json.hpp"

namespace seatrial::network {
namespace asio = boost::asio;
using Local = asio::local::stream_protocol;
using nlohmann::json;

namespace {

constexpr std::size_t kLongestLine = 64 * 1024, kLongestAnswer = 4u << 20;

void rethrow_cancelled(const boost::system::error_code& error) {
  if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
}

Failure no_contact(const std::filesystem::path& path, std::string_view why) {
  return Failure(
      "network.control", Blame::bench,
      fmt::format("{} does not answer: {}", path.filename().string(), why),
      "see labnet.log and switch.log in the run folder: has a part of the lab network died?");
}

std::string answer_line(Result<LineAnswer>& answer) {
  json out = answer ? json::parse(answer->json, nullptr, false)
                    : json{{"failure", model::to_json(answer.error())}};
  if (!out.is_object()) out = json::object();
  out["ok"] = answer.has_value();
  return out.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

/// All of a short line and a descriptor in one message.
bool send_with_fd(int socket, const std::string& line, int fd) {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  iovec part{const_cast<char*>(line.data()), line.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  return ::sendmsg(socket, &message, MSG_NOSIGNAL) == static_cast<ssize_t>(line.size());
}

Task<Result<>> serve_client(Local::socket socket, LineHandler handler) {
  std::string in;
  for (;;) {
    boost::system::error_code error;
    const auto end =
        co_await asio::async_read_until(socket, asio::dynamic_buffer(in, kLongestLine), '\n',
                                        asio::redirect_error(asio::use_awaitable, error));
    rethrow_cancelled(error);
    if (error) co_return Result<>();  // hung up, or a line without end
    std::string line = in.substr(0, end - 1);
    in.erase(0, end);
    auto answer = co_await handler(std::move(line));
    const auto out = answer_line(answer);
    if (answer && answer->fd) {
      if (!send_with_fd(socket.native_handle(), out, answer->fd.get())) co_return Result<>();
      continue;
    }
    co_await asio::async_write(socket, asio::buffer(out),
                               asio::redirect_error(asio::use_awaitable, error));
    rethrow_cancelled(error);
    if (error) co_return Result<>();
  }
}

struct Heard {
  json answer;
  io::UniqueFd fd;
};

/// Reads up to the end of a line, and a descriptor that comes with its beginning.
Task<Result<Heard>> hear(Local::socket& socket, std::filesystem::path path) {
  Heard heard;
  std::string line;
  while (!line.ends_with('\n')) {
    boost::system::error_code error;
    co_await socket.async_wait(Local::socket::wait_read,
                               asio::redirect_error(asio::use_awaitable, error));
    rethrow_cancelled(error);
    char buffer[65536];
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    iovec part{buffer, sizeof buffer};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const auto n = ::recvmsg(socket.native_handle(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (n <= 0 || line.size() > kLongestAnswer) co_return no_contact(path, "it hung up");
    line.append(buffer, static_cast<std::size_t>(n));
    for (cmsghdr* c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
      if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(c), sizeof fd);
      heard.fd = io::UniqueFd(fd);
    }
  }
  heard.answer = json::parse(line, nullptr, false);
  co_return heard;
}

Task<Result<Heard>> ask(std::filesystem::path path, std::string request) {
  Local::socket socket(co_await asio::this_coro::executor);
  boost::system::error_code error;
  const Local::endpoint endpoint(path.string());
  co_await socket.async_connect(endpoint, asio::redirect_error(asio::use_awaitable, error));
  rethrow_cancelled(error);
  if (error) co_return no_contact(path, error.message());
  request += '\n';
  co_await asio::async_write(socket, asio::buffer(request),
                             asio::redirect_error(asio::use_awaitable, error));
  rethrow_cancelled(error);
  if (error) co_return no_contact(path, error.message());
  CO_TRY(auto heard, co_await hear(socket, path));
  if (!heard.answer.is_object()) co_return no_contact(path, "it does not speak JSON");
  if (!heard.answer.value("ok", false))
    co_return model::failure_from_json(heard.answer.value("failure", json::object()));
  co_return heard;
}

}  // namespace

Task<Result<>> serve_lines(Nursery& clients, std::filesystem::path path, LineHandler handler) {
  auto executor = co_await asio::this_coro::executor;
  std::error_code absent;  // the usual case; a dead process has left its socket
  std::filesystem::remove(path, absent);
  Local::acceptor acceptor(executor);
  boost::system::error_code error;
  acceptor.open(Local(), error);
  if (!error) acceptor.bind(Local::endpoint(path.string()), error);
  if (!error) acceptor.listen(16, error);
  if (error)
    co_return Failure("network.control", Blame::bench,
                      fmt::format("cannot listen on {}: {}", path.string(), error.message()),
                      "check the folder of the sockets");
  for (;;) {
    Local::socket client(executor);
    co_await acceptor.async_accept(client, asio::redirect_error(asio::use_awaitable, error));
    rethrow_cancelled(error);
    if (!error) clients.start("a control connection", serve_client(std::move(client), handler));
  }
}

Task<Result<json>> ask_line(std::filesystem::path path, std::string request, Budget budget) {
  auto asked = ask(std::move(path), std::move(request));
  CO_TRY(auto heard, co_await within(std::move(budget), std::move(asked)));
  co_return std::move(heard.answer);
}

Task<Result<io::UniqueFd>> ask_for_fd(std::filesystem::path path, std::string request,
                                      Budget budget) {
  auto asked = ask(path, std::move(request));
  CO_TRY(auto heard, co_await within(std::move(budget), std::move(asked)));
  if (!heard.fd) co_return no_contact(path, "it sent no descriptor");
  co_return std::move(heard.fd);
}

}  // namespace seatrial::network
