// SPDX-License-Identifier: Apache-2.0
// seatrial-labnet run SETTINGS.json: the lab network of one bench, in namespaces of its own, until
// SIGTERM; everything in it dies with it. seatrial-labnet probe: is that allowed here? Prints
// {"ready":true,"link":"tap"} or the failure. seatrial-labnet services SETTINGS.json: what it
// starts inside. See labnet.hpp and README.md.
#include <fmt/core.h>
#include <signal.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <cstdio>
#include <exception>
#include <nlohmann/json.hpp>
#include <string>

#include "core/base/log.hpp"
#include "core/io/file.hpp"
#include "core/io/process.hpp"
#include "core/model/failure_json.hpp"
#include "workers/network/lab/labnet.hpp"
#include "workers/network/lab/namespaces.hpp"
#include "workers/network/lab/services.hpp"

namespace seatrial::network {
namespace {
namespace asio = boost::asio;

/// Runs it until it ends or a signal asks for its end.
Result<> run_until_told(asio::io_context& context, Task<Result<>> task) {
  asio::cancellation_signal cancel;
  asio::signal_set signals(context, SIGTERM, SIGINT);
  signals.async_wait([&](boost::system::error_code error, int) {
    if (!error) cancel.emit(asio::cancellation_type::all);
  });
  Result<> result;
  asio::co_spawn(
      context, std::move(task),
      asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr thrown, Result<> ended) {
        if (!thrown) result = std::move(ended);  // thrown: it was cancelled
        signals.cancel();
      }));
  context.run();
  return result;
}

void tell_failure(const Failure& failure) {
  const nlohmann::json line{{"ready", false}, {"failure", model::to_json(failure)}};
  std::puts(line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
  std::fflush(stdout);
}

/// Prints a failure; the exit code.
int code_of(const Result<>& done) {
  if (done || done.error().blame() == Blame::cancelled) return 0;
  tell_failure(done.error());
  return 1;
}

Result<> live(const LabSettings& settings, const std::string& file) {
  TRY(auto interfaces, make_interfaces(settings));
  asio::io_context context(1);
  return run_until_told(context, run_labnet(settings, std::move(interfaces), file));
}

Result<> probe_inside(const LabSettings& settings) {
  TRY(const auto interfaces, make_interfaces(settings));
  for (const char* program : {"dnsmasq"})
    if (!io::find_program(program)) return program_missing(program);
  fmt::print("{{\"ready\":true,\"link\":\"{}\"}}\n", interfaces.kind);
  std::fflush(stdout);
  return {};
}

/// Everything from here on is in the namespaces.
Result<int> inside(const LabSettings& settings, std::function<Result<>()> body) {
  CHECK_OK(enter_user_namespace());
  const auto prepare = [&](pid_t child) -> Result<> {
    for (const auto& nic : settings.nics)
      if (!nic.interface.empty()) CHECK_OK(move_interface(nic.interface, child));
    return {};
  };
  return run_first_process(prepare, [&] { return code_of(body()); });
}

int main(int argc, char** argv) {
  const std::string verb = argc > 1 ? argv[1] : "", file = argc > 2 ? argv[2] : "";
  ::signal(SIGPIPE, SIG_IGN);
  log::init("seatrial-labnet");
  LabSettings settings;
  if (verb == "run" || verb == "services") {
    auto text = io::read_file(file, 4u << 20);
    if (!text) return code_of(text.error());
    auto read = read_lab_settings(std::move(*text), file);
    if (!read) return code_of(read.error());
    settings = std::move(*read);
  } else if (verb != "probe") {
    fmt::print(stderr, "usage: seatrial-labnet run|services SETTINGS.json, or probe\n");
    return 2;
  }
  if (verb == "services") {
    asio::io_context context(1);
    return code_of(run_until_told(context, run_services(settings)));
  }
  std::function<Result<>()> body = [&] { return live(settings, file); };
  if (verb == "probe") body = [&] { return probe_inside(settings); };
  const auto ended = inside(settings, std::move(body));
  return ended ? *ended : code_of(ended.error());
}

}  // namespace
}  // namespace seatrial::network

int main(int argc, char** argv) { return seatrial::network::main(argc, argv); }
