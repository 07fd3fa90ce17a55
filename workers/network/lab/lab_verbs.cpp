// SPDX-License-Identifier: Apache-2.0
// What a Lab is asked for.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/base/log.hpp"
#include "core/base/within.hpp"
#include "workers/network/lab/lab_process.hpp"
#include "workers/network/lab/lines.hpp"
#include "workers/network/lab/relay.hpp"

namespace seatrial::network {
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

/// Taken by nobody: not the lab's, not given out by DHCP.
constexpr int kFree[] = {20, 21};
constexpr Duration kDialLimit = 30s;
/// Those that answer on a control socket.
constexpr const char* kParts[] = {"labnet", "switch", "services"};

json milliseconds(Duration value) { return seconds(value) * 1e3; }

}  // namespace

Task<Result<json>> Lab::Impl::ask(std::string part, json request, Duration limit) {
  Budget budget(limit, part + " of the lab network to answer");
  budget.code = "network.control";
  budget.blame = Blame::bench;
  budget.advice = "see its log in the run folder, and the host's load";
  co_return co_await ask_line(sockets.path() / (part + ".ctl"), request.dump(), std::move(budget));
}

Task<Result<>> Lab::Impl::tell(std::string part, json request) {
  CO_TRY(const auto answer, co_await ask(std::move(part), std::move(request), 30s));
  (void)answer;
  co_return Result<>();
}

std::string Lab::nic_socket(const std::string& name) const {
  for (const auto& nic : impl_->settings.nics)
    if (nic.name == name) return nic.socket;
  return {};
}

drivers::NetworkPlan Lab::plan() const {
  const auto& segment = impl_->settings.segments.front();
  drivers::NetworkPlan plan{24, segment.lab4(), segment.lab4(), impl_->fixed_address(), {}};
  for (const int last : kFree) plan.free.push_back(fmt::format("{}.{}", segment.net4, last));
  return plan;
}

std::string Lab::api_host() const { return impl_->settings.segments.front().lab4(); }

drivers::Endpoint Lab::endpoint(std::uint16_t dut_port) const {
  if (const auto known = impl_->listening.find(dut_port); known != impl_->listening.end())
    return {"127.0.0.1", known->second};
  auto listener = listen_tcp("127.0.0.1", 0);
  if (!listener) {
    log::warn("{}", listener.error().describe());
    return {"127.0.0.1", 0};
  }
  const auto port = listener->port;
  Dial dial = [impl = std::weak_ptr(impl_), dut_port]() -> Task<Result<io::UniqueFd>> {
    const auto lab = impl.lock();
    if (!lab)
      co_return Failure("network.died", Blame::bench, "the lab network is gone", "nothing to do");
    json request{{"do", "dial"},
                 {"address", lab->dut()},
                 {"port", dut_port},
                 {"limit_ms", milliseconds(kDialLimit).get<int>()}};
    Budget budget(kDialLimit + 5s, "a connection to the DUT");
    auto path = lab->sockets.path() / "labnet.ctl";
    auto fd = co_await ask_for_fd(std::move(path), request.dump(), std::move(budget));
    if (!fd) log::debug("{}", fd.error().describe());
    co_return fd;
  };
  auto& nursery = impl_->nursery;
  nursery.start("forwarding to the DUT", carry(nursery, std::move(*listener), std::move(dial)));
  impl_->listening[dut_port] = port;
  return {"127.0.0.1", port};
}

Task<Result<>> Lab::follow(std::string ipv4) {
  impl_->address = std::move(ipv4);
  co_return Result<>();
}

Task<Result<drivers::NetworkSeen>> Lab::observed(double since) {
  json flush{{"do", "flush"}};
  CO_CHECK_OK(co_await impl_->tell("switch", std::move(flush)));
  co_return impl_->captures.observe(since);
}

Task<Result<io::UniqueFd>> Lab::dial(std::string address, std::uint16_t port, Duration limit) {
  json request{{"do", "dial"},
               {"address", std::move(address)},
               {"port", port},
               {"limit_ms", static_cast<std::int64_t>(seconds(limit) * 1e3)}};
  Budget budget(limit + 10s, "the lab network to dial");
  budget.code = "network.control";
  budget.blame = Blame::bench;
  co_return co_await ask_for_fd(impl_->sockets.path() / "labnet.ctl", request.dump(),
                                std::move(budget));
}

Task<Result<>> Lab::set_faults(std::string port, Faults to, Faults from) {
  json request{{"do", "faults"}, {"port", port}, {"to", to_json(to)}, {"from", to_json(from)}};
  co_return co_await impl_->tell("switch", std::move(request));
}

Task<Result<>> Lab::set_link(std::string port, bool up) {
  json request{{"do", "link"}, {"port", port}, {"up", up}};
  co_return co_await impl_->tell("switch", std::move(request));
}

Task<Result<>> Lab::set_name(std::string name, std::vector<std::string> addresses) {
  json names = json::object();
  names[name] = std::move(addresses);
  json request{{"do", "names"}, {"set", std::move(names)}};
  co_return co_await impl_->tell("services", std::move(request));
}

Task<Result<>> Lab::set_dns(std::string name, std::string how, Duration delay) {
  json request{{"do", "dns"}, {"name", name}, {"how", how}, {"delay_ms", milliseconds(delay)}};
  co_return co_await impl_->tell("services", std::move(request));
}

Task<Result<>> Lab::set_time(std::string how, double offset_seconds) {
  json request{{"do", "time"}, {"how", how}, {"offset_s", offset_seconds}};
  co_return co_await impl_->tell("services", std::move(request));
}

Task<Result<>> Lab::set_dhcp(std::vector<std::string> off, std::vector<std::string> extra) {
  json request{{"do", "dhcp"}, {"off", std::move(off)}, {"extra", std::move(extra)}};
  co_return co_await impl_->tell("labnet", std::move(request));
}

Task<Result<>> Lab::clear() {
  json clear{{"do", "clear"}};
  json again = clear;
  CO_CHECK_OK(co_await impl_->tell("switch", std::move(clear)));
  CO_CHECK_OK(co_await impl_->tell("services", std::move(again)));
  json usual{{"do", "dhcp"}, {"only_if_changed", true}};
  co_return co_await impl_->tell("labnet", std::move(usual));
}

Task<Result<>> Lab::heal() {
  json request{{"do", "heal"}};
  co_return co_await impl_->tell("labnet", std::move(request));
}

Task<Result<>> Lab::restart(std::string part) {
  json request{{"do", "restart"}, {"part", std::move(part)}};
  co_return co_await impl_->tell("labnet", std::move(request));
}

Task<Result<json>> Lab::state() {
  json request{{"do", "state"}}, out = json::object();
  for (const char* const part : kParts) {
    json copy = request;
    CO_TRY(auto answer, co_await impl_->ask(part, std::move(copy), 10s));
    out[part] = std::move(answer);
  }
  co_return out;
}

Task<Result<>> Lab::connect() {
  for (const auto& nic : impl_->settings.nics) {
    if (!nic.interface.empty()) continue;
    json request{{"do", "dial"}, {"port", nic.name}};
    CO_CHECK_OK(co_await impl_->tell("switch", std::move(request)));
  }
  co_return co_await check();
}

Task<Result<>> Lab::check() {
  CO_TRY(const auto all, co_await state());
  for (const auto& [name, part] : all["labnet"]["parts"].items())
    if (!part.value("running", false))
      co_return Failure("network.part_died", Blame::bench,
                        name + " of the lab network does not run", "see its log; heal() starts it");
  for (const auto& port : all["switch"]["ports"]) {
    const auto name = port.value("name", "");
    if (!port.value("connected", false))
      co_return Failure("network.not_connected", Blame::bench,
                        fmt::format("{} of the DUT is not connected to the lab network", name),
                        "does QEMU run, with -netdev stream,server=on for it? See `info network`");
    if (port.value("partial_checksums", 0) > 0)
      co_return Failure("network.checksums", Blame::bench,
                        fmt::format("frames with unfinished checksums came in at {}: their "
                                    "receivers drop them",
                                    name),
                        "switch off transmit checksum offload (ethtool -K IF tx off) on the "
                        "interface that sends them");
  }
  co_return Result<>();
}

}  // namespace seatrial::network
