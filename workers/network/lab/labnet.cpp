// SPDX-License-Identifier: Apache-2.0
#include "workers/network/lab/labnet.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "core/base/within.hpp"
#include "core/io/file.hpp"
#include "core/io/process.hpp"
#include "core/io/socket.hpp"
#include "core/model/json.hpp"
#include "workers/network/lab/dnsmasq.hpp"
#include "workers/network/lab/lines.hpp"
#include "workers/network/lab/part.hpp"
#include "workers/network/lab/relay.hpp"

namespace seatrial::network {
namespace asio = boost::asio;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

void tell(const json& what) {
  std::puts(what.dump(-1, ' ', false, json::error_handler_t::replace).c_str());
  std::fflush(stdout);
}

Task<bool> accepts(std::filesystem::path socket) {
  const auto stream = co_await io::ByteStream::connect_unix(std::move(socket));
  co_return stream.has_value();
}

/// Does anybody answer a DNS question there? Which way is all the same.
Task<bool> answers_dns(std::string address) {
  using asio::ip::udp;
  udp::socket socket(co_await asio::this_coro::executor);
  boost::system::error_code error;
  const udp::endpoint server(asio::ip::make_address(address), 53);
  socket.open(server.protocol(), error);
  socket.connect(server, error);
  const std::string question("\0\1\1\0\0\1\0\0\0\0\0\0\5ready\3lab\0\0\1\0\1", 27);
  co_await socket.async_send(asio::buffer(question),
                             asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return false;
  std::string buffer(512, '\0');
  const auto heard = [](udp::socket& from, std::string& into) -> Task<Result<>> {
    boost::system::error_code refused;
    co_await from.async_receive(asio::buffer(into),
                                asio::redirect_error(asio::use_awaitable, refused));
    if (refused == asio::error::operation_aborted) throw boost::system::system_error(refused);
    if (refused)
      co_return Failure("network.part", Blame::bench, "nobody answers DNS", "wait for dnsmasq");
    co_return Result<>();
  };
  Budget budget(250ms, "an answer of dnsmasq");
  const auto answer = co_await within(std::move(budget), heard(socket, buffer));
  co_return answer.has_value();
}

class Labnet {
 public:
  Labnet(asio::any_io_executor executor, LabSettings settings, LabInterfaces interfaces,
         std::string own_file)
      : settings_(std::move(settings)),
        interfaces_(std::move(interfaces)),
        own_file_(std::move(own_file)),
        nursery_(executor) {
    const auto add = [this](PartPlan plan) {
      parts_.emplace_back(nursery_, std::move(plan), [](const auto& name, const auto& how) {
        tell({{"died", name}, {"how", how}});
      });
    };
    add({"switch", [this] { return switch_command(); },
         [this] { return accepts(settings_.sockets / "switch.ctl"); }, file("switch.log")});
    add({"services", [this] { return services_command(); },
         [this] { return accepts(settings_.sockets / "services.ctl"); }, file("services.log")});
    add({"dnsmasq", [this] { return dnsmasq(); }, [this] { return answers_dns(dns_address()); },
         file("dnsmasq.log")});
  }

  Task<Result<>> run() {
    for (auto& part : parts_)
      if (auto started = co_await part.start(); !started) co_return co_await end(started.error());
    LineHandler handler = [this](std::string line) { return answer(std::move(line)); };
    nursery_.start("control",
                   serve_lines(nursery_, settings_.sockets / "labnet.ctl", std::move(handler)));
    tell({{"ready", true}, {"link", interfaces_.kind}});
    co_return co_await end(std::nullopt);
  }

 private:
  std::string file(const char* name) const { return (settings_.folder / name).string(); }
  std::string dns_address() const {
    const auto& first = settings_.segments.front();
    return first.net4.empty() ? first.lab6() : first.lab4();
  }

  /// Waits for the end, which is a cancellation, and ends the parts in good order.
  Task<Result<>> end(std::optional<Failure> failure) {
    std::exception_ptr cancelled;
    Result<> ended;
    try {
      if (failure) nursery_.cancel();
      ended = co_await nursery_.join();
    } catch (...) {
      cancelled = std::current_exception();
    }
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    for (auto part = parts_.rbegin(); part != parts_.rend(); ++part) co_await part->stop();
    nursery_.cancel();
    (void)co_await nursery_.join();
    if (failure) co_return *failure;
    co_return ended;
  }

  Result<io::Command> switch_command() {
    const auto settings = settings_.sockets / "switch.json";
    CHECK_OK(io::write_file_atomic(settings,
                                   switch_settings_for(settings_, interfaces_, ++switch_starts_)));
    auto command = io::cmd(settings_.switch_program).arg(settings.string());
    for (const auto& one : interfaces_.all)
      if (one.tap) command.pass_fds.push_back(one.tap.get());
    command.stdout_file = command.stderr_file = file("switch.log");
    return command;
  }
  Result<io::Command> services_command() {
    auto command = io::cmd(std::filesystem::read_symlink("/proc/self/exe").string());
    command.arg("services").arg(own_file_);
    command.stdout_file = command.stderr_file = file("services.log");
    command.env.emplace_back("SEATRIAL_LOG", "info");
    return command;
  }
  Result<io::Command> dnsmasq() {
    const auto conf = settings_.sockets / "dnsmasq.conf";
    TRY(const auto text, dnsmasq_conf(settings_, dhcp_, file("dnsmasq.log")));
    CHECK_OK(io::write_file_atomic(conf, text));
    if (!io::find_program("dnsmasq")) return program_missing("dnsmasq");
    auto command = dnsmasq_command(conf);
    command.stdout_file = command.stderr_file = file("dnsmasq.log");
    return command;
  }

  Task<Result<LineAnswer>> answer(std::string line) {
    CO_TRY(const auto document, model::Document::parse(std::move(line), "request"));
    model::Fields fields(document);
    std::string verb;
    fields.required("do", verb);
    if (verb == "dial") {
      std::string address;
      int port = 0, limit = 5000;
      fields.required("address", address).required("port", port).optional("limit_ms", limit);
      if (port < 1 || port > 65535) fields.complain("port", "must be from 1 to 65535");
      CO_CHECK_OK(fields.finish());
      Budget budget(std::chrono::milliseconds(limit),
                    fmt::format("a connection to {} port {}", address, port));
      budget.code = "network.dial";
      budget.advice = "is the DUT up, and does the packet capture show its answers?";
      auto dialled = dial_tcp(std::move(address), static_cast<std::uint16_t>(port));
      CO_TRY(auto fd, co_await within(std::move(budget), std::move(dialled)));
      co_return LineAnswer{"{}", std::move(fd)};
    }
    if (verb == "dhcp") co_return co_await set_dhcp(fields);
    std::string part;
    fields.optional("part", part);
    CO_CHECK_OK(fields.finish());
    if (verb == "restart" || verb == "heal") co_return co_await restart(verb == "heal", part);
    if (verb == "state") co_return LineAnswer{state().dump(), {}};
    co_return Failure("network.request", Blame::suite, "the lab does not know '" + verb + "'",
                      "it knows dial, restart, heal, dhcp and state");
  }

  Task<Result<LineAnswer>> set_dhcp(model::Fields& fields) {
    std::vector<std::string> off;
    DhcpManner manner;
    bool only_if_changed = false;
    fields.optional("off", off).optional("extra", manner.extra);
    fields.optional("only_if_changed", only_if_changed);
    CO_CHECK_OK(fields.finish());
    manner.off = {off.begin(), off.end()};
    CO_TRY(const auto fine, dnsmasq_conf(settings_, manner, ""));
    (void)fine;
    if (only_if_changed && manner == dhcp_) co_return LineAnswer{"{}", {}};
    const auto before = std::exchange(dhcp_, manner);
    for (auto& part : parts_)
      if (part.name() == "dnsmasq")
        if (auto started = co_await part.start(); !started) {
          dhcp_ = before;
          co_return started.error();
        }
    co_return LineAnswer{"{}", {}};
  }

  Task<Result<LineAnswer>> restart(bool dead_only, std::string wanted) {
    bool known = wanted.empty();
    for (auto& part : parts_) {
      if (!wanted.empty() && part.name() != wanted) continue;
      known = true;
      if (dead_only && part.running()) continue;
      CO_CHECK_OK(co_await part.start());
    }
    if (!known)
      co_return Failure("network.request", Blame::suite, "the lab has no part '" + wanted + "'",
                        "its parts are switch, services and dnsmasq");
    co_return LineAnswer{"{}", {}};
  }

  json state() const {
    json out{{"link", interfaces_.kind}, {"parts", json::object()}};
    for (const auto& part : parts_)
      out["parts"][part.name()] = {
          {"running", part.running()}, {"pid", part.pid()}, {"deaths", part.deaths()}};
    return out;
  }

  LabSettings settings_;
  LabInterfaces interfaces_;
  std::string own_file_;
  DhcpManner dhcp_;
  int switch_starts_ = 0;
  Nursery nursery_;
  std::vector<Part> parts_;
};

}  // namespace

std::string switch_settings_for(const LabSettings& settings, const LabInterfaces& interfaces,
                                int start) {
  json out{
      {"control", (settings.sockets / "switch.ctl").string()},
      {"seed", static_cast<std::int64_t>(settings.seed)},
      {"capture", {{"file", (settings.folder / fmt::format("lab-{}.pcapng", start)).string()}}},
      {"ports", json::array()}};
  for (const auto& nic : settings.nics) {
    json port{{"name", nic.name}, {"vlan", settings.segment(nic.segment)->vlan}};
    port["kind"] = nic.interface.empty() ? "stream" : "packet";
    port[nic.interface.empty() ? "path" : "interface"] =
        nic.interface.empty() ? nic.socket : nic.interface;
    out["ports"].push_back(std::move(port));
  }
  for (const auto& one : interfaces.all) {
    json port{{"name", one.name}, {"vlan", settings.segment(one.name)->vlan}};
    port["kind"] = one.tap ? "tap" : "packet";
    port["interface"] = one.tap ? one.name : one.far;
    if (one.tap) port["fd"] = one.tap.get();
    out["ports"].push_back(std::move(port));
  }
  return out.dump();
}

Task<Result<>> run_labnet(LabSettings settings, LabInterfaces interfaces, std::string own_file) {
  Labnet labnet(co_await asio::this_coro::executor, std::move(settings), std::move(interfaces),
                std::move(own_file));
  co_return co_await labnet.run();
}

}  // namespace seatrial::network
