// SPDX-License-Identifier: Apache-2.0
#include "workers/bench/cloud_child.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>

#include "core/base/ids.hpp"
#include "core/base/redact.hpp"
#include "core/base/unless.hpp"
#include "core/base/within.hpp"
#include "core/io/file.hpp"
#include "core/io/http_client.hpp"
#include "core/io/process.hpp"

namespace seatrial::bench {
namespace asio = boost::asio;
using namespace std::chrono_literals;
using nlohmann::json;

struct CloudChild::Impl {
  Impl(CloudSettings s, io::Process p, Guard* g)
      : settings(std::move(s)), process(std::move(p)), guard(g) {}
  CloudSettings settings;
  io::Process process;
  Guard* guard;
  std::string key;
  io::UniqueFd stdin_end;  ///< closing it ends the child
  bool stopping = false;
};

CloudChild::CloudChild(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

CloudChild::~CloudChild() {
  impl_->stopping = true;
  if (impl_->guard) impl_->guard->del(impl_->process.pid());
  impl_->stdin_end.reset();
}

std::filesystem::path CloudChild::http_socket(const std::filesystem::path& sockets) {
  return sockets / "api.sock";
}
std::filesystem::path CloudChild::https_socket(const std::filesystem::path& sockets) {
  return sockets / "apis.sock";
}
const std::string& CloudChild::provisioning_key() const { return impl_->key; }

std::string CloudChild::ca_pem() const {
  auto text = io::read_file(impl_->settings.tls / "ca.pem");
  return text ? *text : std::string();
}

namespace {

json seed_for(const std::string& key, const std::string& device_type) {
  json aliases = json::array({"generic-amd64", "qemu-amd64"});
  if (device_type != "generic-amd64" && device_type != "qemu-amd64") aliases.push_back(device_type);
  return {{"device_types", json::array({{{"slug", "generic-amd64"}, {"aliases", aliases}}})},
          {"applications", json::array({{{"id", 1},
                                         {"uuid", random_hex(32)},
                                         {"name", "voyage"},
                                         {"slug", "seatrial/voyage"},
                                         {"device_type", "generic-amd64"},
                                         {"provisioning_keys", json::array({key})}}})}};
}

/// The ready line of the child, or what stopped it.
Task<Result<>> read_ready(asio::posix::stream_descriptor from) {
  std::string line;
  boost::system::error_code error;
  co_await asio::async_read_until(from, asio::dynamic_buffer(line, 65536), '\n',
                                  asio::redirect_error(asio::use_awaitable, error));
  if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
  const json ready = json::parse(line.substr(0, line.find('\n')), nullptr, false);
  if (error || !ready.is_object() || !ready.value("ready", false))
    co_return Failure("cloud.start", Blame::seatrial, "the device API stand-in did not start",
                      "see cloud.log in the run folder");
  co_return Result<>();
}

}  // namespace

Task<Result<>> CloudChild::watch(std::shared_ptr<Impl> impl,
                                 std::function<void(const Failure&)> on_trouble) {
  auto status = co_await impl->process.wait();
  if (impl->stopping) co_return Result<>();
  on_trouble(Failure("cloud.died", Blame::bench,
                     "the device API stand-in ended by itself" +
                         (status ? ": " + status->describe() : std::string()),
                     "see cloud.log in the run folder; the DUT had no API from then on"));
  co_return Result<>();
}

Task<Result<std::unique_ptr<CloudChild>>> CloudChild::start(
    CloudSettings settings, Guard* guard, Nursery& nursery,
    std::function<void(const Failure&)> on_trouble) {
  auto executor = co_await asio::this_coro::executor;
  const std::string key = random_hex(32);
  register_secret(key);
  CO_CHECK_OK(io::make_dirs(settings.tls));
  std::error_code absent;  // the usual case; one that died has left its sockets
  for (const char* socket : {"api.sock", "apis.sock", "ctl.sock"})
    std::filesystem::remove(settings.sockets / socket, absent);
  const auto seed = settings.tls / "seed.json";
  CO_CHECK_OK(io::write_file_atomic(seed, seed_for(key, settings.device_type).dump(), 0600));

  int in[2] = {-1, -1}, out[2] = {-1, -1};
  if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0)
    co_return io::file_failure("make a pipe for", settings.program, errno);
  io::UniqueFd in_read(in[0]), in_write(in[1]), out_read(out[0]), out_write(out[1]);
  auto command = io::cmd(settings.program);
  command.arg("--listen").arg("unix:" + http_socket(settings.sockets).string());
  command.arg("--listen-tls").arg("unix:" + https_socket(settings.sockets).string());
  command.arg("--tls-dir").arg(settings.tls.string()).arg("--tls-name").arg(settings.address);
  command.arg("--control").arg("unix:" + (settings.sockets / "ctl.sock").string());
  command.arg("--seed").arg(seed.string()).arg("--dir").arg(settings.files.string());
  command.arg("--journal").arg((settings.folder / "cloud.jsonl").string()).arg("--die-with-stdin");
  command.stdin_fd = in_read.get();
  command.stdout_fd = out_write.get();
  command.stderr_file = settings.folder / "cloud.log";
  CO_TRY(auto process, io::Process::start(executor, std::move(command)));
  if (guard) (void)guard->add(process.pid());
  out_write.reset();
  in_read.reset();
  Budget budget(20s, "the device API stand-in to start");
  budget.code = "cloud.start";
  budget.blame = Blame::seatrial;
  CO_CHECK_OK(co_await within(
      std::move(budget), read_ready(asio::posix::stream_descriptor(executor, out_read.release()))));
  std::error_code ignored;  // the seed holds the provisioning key; the child has read it
  std::filesystem::remove(seed, ignored);
  auto impl = std::make_shared<Impl>(std::move(settings), std::move(process), guard);
  impl->key = key;
  impl->stdin_end = std::move(in_write);
  nursery.start("watching the device API stand-in", watch(impl, std::move(on_trouble)));
  co_return std::unique_ptr<CloudChild>(new CloudChild(std::move(impl)));
}

Task<Result<json>> CloudChild::control(std::string method, std::string path, json body,
                                       Duration budget) {
  io::HttpCall call(std::move(method),
                    "http+unix:" + (impl_->settings.sockets / "ctl.sock").string() + ":" + path);
  if (!body.is_null()) {
    call.body = body.dump();
    call.headers.set("Content-Type", "application/json");
  }
  call.budget = budget;
  call.max_body = 64u << 20;
  CO_TRY(auto response, co_await io::http_call(std::move(call)));
  const json answer = json::parse(response.body, nullptr, false);
  if (response.status < 200 || response.status > 299) {
    const std::string words =
        answer.is_object() ? answer.value("error", response.body) : response.body;
    co_return Failure("cloud.control", Blame::suite,
                      fmt::format("the API stand-in refused {}: {}", path, words),
                      answer.is_object() ? answer.value("advice", "see fixtures/cloud/README.md")
                                         : "see fixtures/cloud/README.md");
  }
  co_return answer.is_discarded() ? json::object() : answer;
}

bool CloudChild::running() const { return impl_->process.running(); }

Task<> CloudChild::stop() {
  impl_->stopping = true;
  impl_->stdin_end.reset();
  co_await impl_->process.stop(3s);
}

}  // namespace seatrial::bench
