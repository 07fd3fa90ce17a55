// SPDX-License-Identifier: Apache-2.0
#include "workers/network/lab/services.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/base/log.hpp"
#include "core/base/within.hpp"
#include "core/model/json.hpp"
#include "workers/network/lab/dns.hpp"
#include "workers/network/lab/dnsmasq.hpp"
#include "workers/network/lab/lines.hpp"
#include "workers/network/lab/ntp.hpp"
#include "workers/network/lab/relay.hpp"

namespace seatrial::network {
namespace asio = boost::asio;
using asio::ip::tcp;
using asio::ip::udp;
using nlohmann::json;

namespace {

constexpr std::uint64_t kMostLogged = 20'000;
constexpr std::size_t kMostAtOnce = 512;

void rethrow_cancelled(const boost::system::error_code& error) {
  if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
}

/// What the coroutines of the services share; on one thread.
struct Shared {
  Shared(LabSettings s, asio::any_io_executor executor)
      : settings(std::move(s)), executor(executor), nursery(executor) {
    for (const auto& [name, addresses] : settings.names) (void)zone.set(name, addresses);
  }
  template <class... Args>
  void note(fmt::format_string<Args...> text, Args&&... args) {
    if (++logged <= kMostLogged) log::info(text, std::forward<Args>(args)...);
    if (logged == kMostLogged) log::warn("no more requests are logged; they are counted");
  }

  LabSettings settings;
  asio::any_io_executor executor;
  Nursery nursery;
  DnsZone zone;
  NtpManner time;
  std::uint64_t dns_questions = 0, ntp_requests = 0, logged = 0;
  std::size_t answering = 0;
};
using All = std::shared_ptr<Shared>;

template <class Protocol>
Result<typename Protocol::socket> bound(const All& all, const std::string& address,
                                        std::uint16_t port) {
  typename Protocol::socket socket(all->executor);
  boost::system::error_code error;
  const typename Protocol::endpoint endpoint(asio::ip::make_address(address, error), port);
  if (!error) socket.open(endpoint.protocol(), error);
  if (!error) socket.bind(endpoint, error);
  if (error)
    return Failure("network.listen", Blame::bench,
                   fmt::format("cannot listen on {} port {}: {}", address, port, error.message()),
                   "see labnet.log: are the lab's interfaces up?");
  return socket;
}

Task<Result<>> send_late(All all, std::shared_ptr<udp::socket> socket, udp::endpoint to,
                         DnsReply reply) {
  ++all->answering;
  co_await pause(reply.delay);
  boost::system::error_code ignored;  // who asked may be gone
  co_await socket->async_send_to(asio::buffer(reply.bytes), to,
                                 asio::redirect_error(asio::use_awaitable, ignored));
  --all->answering;
  co_return Result<>();
}

Task<Result<>> serve_dns(All all, std::shared_ptr<udp::socket> socket) {
  std::string buffer(4096, '\0');
  for (;;) {
    udp::endpoint from;
    boost::system::error_code error;
    const auto n = co_await socket->async_receive_from(
        asio::buffer(buffer), from, asio::redirect_error(asio::use_awaitable, error));
    rethrow_cancelled(error);
    if (error) continue;
    auto reply = all->zone.answer(std::string_view(buffer).substr(0, n));
    if (!reply) continue;
    ++all->dns_questions;
    all->note("dns {}: {}", reply->name, reply->said);
    if (!reply->bytes.empty() && all->answering < kMostAtOnce)
      all->nursery.start("a DNS answer", send_late(all, socket, from, std::move(*reply)));
  }
}

/// DNS over TCP, as dnsmasq asks when it was asked so: two bytes of length before each message.
Task<Result<>> serve_dns_client(All all, tcp::socket socket) {
  boost::system::error_code error;
  while (!error) {
    unsigned char size[2];
    co_await asio::async_read(socket, asio::buffer(size),
                              asio::redirect_error(asio::use_awaitable, error));
    rethrow_cancelled(error);
    if (error) break;
    std::string question(static_cast<std::size_t>(size[0] << 8 | size[1]), '\0');
    co_await asio::async_read(socket, asio::buffer(question),
                              asio::redirect_error(asio::use_awaitable, error));
    rethrow_cancelled(error);
    if (error) break;
    auto reply = all->zone.answer(question);
    if (!reply) break;
    ++all->dns_questions;
    all->note("dns over TCP {}: {}", reply->name, reply->said);
    if (reply->bytes.empty()) continue;
    co_await pause(reply->delay);
    const auto length = reply->bytes.size();
    reply->bytes.insert(0, {static_cast<char>(length >> 8), static_cast<char>(length)});
    co_await asio::async_write(socket, asio::buffer(reply->bytes),
                               asio::redirect_error(asio::use_awaitable, error));
    rethrow_cancelled(error);
  }
  co_return Result<>();
}

Task<Result<>> serve_dns_tcp(All all, io::UniqueFd listener) {
  asio::basic_socket_acceptor<tcp> acceptor(all->executor);
  boost::system::error_code error;
  acceptor.assign(tcp::v4(), listener.release(), error);
  for (;;) {
    tcp::socket client(all->executor);
    co_await acceptor.async_accept(client, asio::redirect_error(asio::use_awaitable, error));
    rethrow_cancelled(error);
    if (error) co_await pause(std::chrono::milliseconds(50));
    if (!error && all->nursery.running() < kMostAtOnce)
      all->nursery.start("DNS over TCP", serve_dns_client(all, std::move(client)));
  }
}

Task<Result<>> serve_time(All all, std::shared_ptr<udp::socket> socket) {
  std::string buffer(1024, '\0');
  for (;;) {
    udp::endpoint from;
    boost::system::error_code error;
    const auto n = co_await socket->async_receive_from(
        asio::buffer(buffer), from, asio::redirect_error(asio::use_awaitable, error));
    rethrow_cancelled(error);
    if (error) continue;
    ++all->ntp_requests;
    const auto answer =
        ntp_answer(std::string_view(buffer).substr(0, n), all->time, Clock::system().wall());
    all->note("ntp {}: {}", from.address().to_string(),
              answer ? fmt::format("offset {} s", all->time.offset) : "silence");
    if (!answer) continue;
    co_await socket->async_send_to(asio::buffer(*answer), from,
                                   asio::redirect_error(asio::use_awaitable, error));
    rethrow_cancelled(error);
  }
}

Result<json> set_names(Shared& all, model::Fields& fields) {
  auto set = fields.object("set", true);
  std::map<std::string, std::vector<std::string>> names;
  if (set)
    for (const auto& [name, addresses] : fields.raw("set")->items())
      set->optional(name.c_str(), names[name]);
  if (set) CHECK_OK(set->finish());
  CHECK_OK(fields.finish());
  for (const auto& [name, addresses] : names) CHECK_OK(all.zone.set(name, addresses));
  return json::object();
}

Result<json> set_dns(Shared& all, model::Fields& fields) {
  std::string name, how = "answer";
  double delay = 0;
  fields.required("name", name).optional("how", how).optional("delay_ms", delay);
  if (!(delay >= 0 && delay <= 600'000)) fields.complain("delay_ms", "must be from 0 to 600000");
  CHECK_OK(fields.finish());
  TRY(const auto manner, dns_how(how));
  all.zone.behave(name, {manner, from_seconds(delay / 1e3)});
  return json::object();
}

Result<json> set_time(Shared& all, model::Fields& fields) {
  std::string how = "answer";
  NtpManner manner;
  fields.optional("how", how)
      .optional("offset_s", manner.offset)
      .optional("stratum", manner.stratum);
  if (!(std::abs(manner.offset) <= 4e9)) fields.complain("offset_s", "must be within 4e9");
  if (manner.stratum < 1 || manner.stratum > 15) fields.complain("stratum", "must be from 1 to 15");
  CHECK_OK(fields.finish());
  TRY(manner.how, ntp_how(how));
  all.time = manner;
  return json::object();
}

Result<json> perform(Shared& all, const std::string& line) {
  TRY(const auto document, model::Document::parse(line, "request"));
  model::Fields fields(document);
  std::string verb;
  fields.required("do", verb);
  if (verb == "names") return set_names(all, fields);
  if (verb == "dns") return set_dns(all, fields);
  if (verb == "time") return set_time(all, fields);
  CHECK_OK(fields.finish());
  if (verb == "clear") {
    all.zone = DnsZone();
    all.time = {};
    for (const auto& [name, addresses] : all.settings.names)
      CHECK_OK(all.zone.set(name, addresses));
    return json::object();
  }
  if (verb == "state")
    return json{{"dns_questions", all.dns_questions},
                {"ntp_requests", all.ntp_requests},
                {"offset_s", all.time.offset}};
  return Failure("network.request", Blame::suite, "the services do not know '" + verb + "'",
                 "they know names, dns, time, clear and state");
}

Task<Result<LineAnswer>> answer(All all, std::string line) {
  CO_TRY(const auto done, perform(*all, line));
  co_return LineAnswer{done.dump(), {}};
}

Result<> start_all(const All& all) {
  auto& nursery = all->nursery;
  TRY(auto dns, bound<udp>(all, "127.0.0.1", kDnsBehind));
  nursery.start("DNS", serve_dns(all, std::make_shared<udp::socket>(std::move(dns))));
  TRY(auto dns_tcp, listen_tcp("127.0.0.1", kDnsBehind));
  nursery.start("DNS over TCP", serve_dns_tcp(all, std::move(dns_tcp.fd)));
  // One socket for each address: the answer comes from where the question went.
  for (const auto& segment : all->settings.segments)
    for (const auto& address :
         {segment.net4.empty() ? "" : segment.lab4(), segment.net6.empty() ? "" : segment.lab6()}) {
      if (address.empty()) continue;
      TRY(auto ntp, bound<udp>(all, address, 123));
      nursery.start("NTP", serve_time(all, std::make_shared<udp::socket>(std::move(ntp))));
    }
  for (const auto& one : all->settings.relays) {
    auto six = listen_tcp("::", one.port);
    if (!six) six = listen_tcp("0.0.0.0", one.port);  // a kernel without IPv6
    TRY(auto listener, std::move(six));
    Dial dial = [socket = one.socket] { return dial_unix(socket); };
    nursery.start("a relay", carry(nursery, std::move(listener), std::move(dial)));
  }
  // last: whoever reaches it knows that the others are there
  LineHandler handler = [all](std::string line) { return answer(all, std::move(line)); };
  nursery.start("control",
                serve_lines(nursery, all->settings.sockets / "services.ctl", std::move(handler)));
  return {};
}

}  // namespace

Task<Result<>> run_services(LabSettings settings) {
  auto all = std::make_shared<Shared>(std::move(settings), co_await asio::this_coro::executor);
  auto started = start_all(all);
  if (!started) all->nursery.cancel();
  auto ended = co_await all->nursery.join();
  if (!started) co_return started;
  co_return ended;
}

}  // namespace seatrial::network
