// SPDX-License-Identifier: Apache-2.0
#include "workers/bench/qemu_rig.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/base/aside.hpp"
#include "core/base/log.hpp"
#include "workers/console/channel.hpp"
#include "workers/disk/base_file.hpp"
#include "workers/disk/client.hpp"
#include "workers/flash/medium.hpp"
#include "workers/flash/verified.hpp"
#include "workers/network/pcap.hpp"
#include "workers/qemu/machine.hpp"

namespace seatrial::bench {
namespace fs = std::filesystem;
using namespace std::chrono_literals;
using drivers::PowerState;

namespace {

/// Where the DUT finds the API stand-in in QEMU's user-mode network; .2 to .4 are QEMU's own.
constexpr const char* kApiHost = "10.0.2.100";

class QemuRig final : public Rig,
                      drivers::Power,
                      drivers::Storage,
                      drivers::ConsoleSource,
                      drivers::Network,
                      drivers::Checkpoints {
 public:
  QemuRig(Nursery& nursery, boost::asio::any_io_executor executor, Guard* guard, RigParts settings,
          qemu::AcceleratorAnswer accelerator)
      : nursery_(nursery),
        guard_(guard),
        settings_(std::move(settings)),
        accelerator_(std::move(accelerator)),
        machine_(nursery, executor, spec(), guard) {
    machine_.on_event("rig", [this](const qemu::MachineEvent& event) { translate(event); });
  }

  drivers::Power& power() override { return *this; }
  Task<Result<RunState>> run_state() override {
    CO_TRY(const auto state, co_await machine_.state());
    co_return state == qemu::PowerState::off ? RunState::stopped : RunState::running;
  }
  drivers::Storage* storage() override { return this; }
  drivers::ConsoleSource* console() override { return this; }
  drivers::Network* network() override { return this; }
  drivers::Checkpoints* checkpoints() override { return this; }
  void on_event(std::function<void(const RigEvent&)> sink) override { sink_ = std::move(sink); }

  Task<Result<>> make_safe() override { co_return co_await machine_.hard_off(); }

  std::vector<std::pair<std::string, std::string>> facts() const override {
    return {{"accelerator", std::string(to_string(accelerator_.accelerator))},
            {"accelerator_why", accelerator_.why},
            {"qemu", accelerator_.qemu_version},
            {"command", machine_.describe()}};
  }
  std::vector<std::pair<std::string, std::string>> lacks() const override { return {}; }
  double slowness() const override {
    // A loaded host emulates slower about in proportion to its run queue. Budgets are several times
    // what a quiet machine takes, so that the first doubling is in them; beyond sixfold load
    // nothing is told by waiting longer.
    double load[1] = {0};
    if (::getloadavg(load, 1) != 1) return 1;
    const double cores = std::max(1u, std::thread::hardware_concurrency());
    return std::clamp(load[0] / cores / 2, 1.0, 3.0);
  }

  // Power
  Task<Result<>> on() override {
    if (machine_.on()) co_return Result<>();
    co_return co_await machine_.power_on();
  }
  Task<Result<>> off() override { co_return co_await machine_.hard_off(); }
  Task<Result<>> press_button() override {
    CO_TRY(auto ignored, co_await machine_.execute("system_powerdown", nlohmann::json::object()));
    (void)ignored;
    co_return Result<>();
  }
  Task<Result<PowerState>> state() override {
    CO_TRY(const auto state, co_await machine_.state());
    co_return state == qemu::PowerState::off ? PowerState::off : PowerState::on;
  }

  // Storage
  Task<Result<drivers::FlashReceipt>> flash(drivers::FlashRequest wanted) override {
    if (machine_.on()) co_return in_use("flashed");
    const auto began = Clock::system().monotonic();
    CO_CHECK_OK(co_await drop_disk());
    cutdisk::DiskSettings disk;
    disk.folder = fs::absolute(settings_.folder);
    disk.name = fmt::format("disk-{}", ++disks_);
    disk.size = static_cast<std::uint64_t>(settings_.device.machine->disk_mb) << 20;
    std::function<Result<fs::path>()> verified = [image = wanted.image,
                                                  cache = settings_.cache]() -> Result<fs::path> {
      CHECK_OK(flash::verify_base(image.path, image.digest, cache));
      TRY(auto converted, io::Cache::open(cache));
      return cutdisk::raw_base(image.path, image.digest, converted);
    };
    CO_TRY(disk.base, co_await aside(std::move(verified)));
    std::error_code error;
    disk.size = std::max<std::uint64_t>(disk.size, fs::file_size(disk.base, error));
    const auto size = disk.size;
    CO_TRY(disk_, co_await cutdisk::Client::start(nursery_, guard_, std::move(disk)));
    disk_->on_event("rig", [this](const cutdisk::DiskEvent& event) { translate(event); });
    CO_CHECK_OK(machine_.respec(spec()));
    address_.clear();
    CO_CHECK_OK(co_await edit(std::move(wanted.edits)));
    drivers::FlashReceipt receipt;
    receipt.image_digest = wanted.image.digest;
    receipt.medium = disk_->settings().name;
    receipt.verify_mode = "served from a verified base";
    receipt.bytes = size;
    receipt.seconds = seconds(Clock::system().monotonic() - began);
    co_return receipt;
  }
  Task<Result<std::string>> offline() override {
    if (machine_.on()) co_return in_use("read or edited");
    if (!disk_)
      co_return Failure("storage.empty", Blame::suite, "nothing has been flashed yet",
                        "flash an image first");
    // A QEMU that died took nothing with it: what it had not flushed goes now.
    CO_TRY(const auto cut, co_await disk_->cut());
    (void)cut;
    co_return disk_->offline();
  }
  Task<Result<>> connect_dut() override { co_return Result<>(); }  // a machine that is off has it

  // Console
  void deliver_to(std::function<void(std::shared_ptr<drivers::Channel>)> take) override {
    machine_.on_console([this, take = std::move(take)](io::ByteStream stream) {
      take(console::socket_channel(std::move(stream), [this] { return send_break(); }));
    });
  }

  // Network
  drivers::NetworkPlan plan() const override {
    return {24, "10.0.2.2", "10.0.2.3", "10.0.2.15", {"10.0.2.77", "10.0.2.78"}};
  }
  std::string api_host() const override { return kApiHost; }
  drivers::Endpoint endpoint(std::uint16_t dut_port) const override {
    return {"127.0.0.1",
            machine_.port(dut_port == settings_.ssh_port ? "ssh" : fmt::format("tcp{}", dut_port))};
  }
  Task<Result<>> follow(std::string ipv4) override {
    if (ipv4 == address_) co_return Result<>();
    address_ = ipv4;
    co_return co_await machine_.forward_to(std::move(ipv4));
  }
  Task<Result<drivers::NetworkSeen>> observed(double since) override {
    co_return captures_.observe(since);
  }

  // Checkpoints
  Task<Result<>> hold() override { return machine_.pause(); }
  Task<Result<>> go_on() override { return machine_.resume(); }
  Task<Result<>> save(std::string name) override {
    CO_CHECK_OK(co_await machine_.save(name));
    saved_[name] = disk_;
    co_return Result<>();
  }
  Task<Result<>> restore(std::string name) override {
    const auto it = saved_.find(name);
    if (it == saved_.end())
      co_return Failure("checkpoint.unknown", Blame::suite,
                        "no state was saved under the name " + name, "save it first");
    if (machine_.on() && disk_ == it->second) co_return co_await machine_.load(name);
    CO_CHECK_OK(co_await machine_.hard_off());
    const auto saved = it->second;
    if (disk_ != saved) CO_CHECK_OK(co_await drop_disk());
    disk_ = saved;
    CO_CHECK_OK(machine_.respec(spec()));
    co_return co_await machine_.power_on_from(name);
  }
  bool has(const std::string& name) const override { return saved_.count(name) != 0; }
  void forget_all(const std::string& prefix) override {
    std::erase_if(saved_, [&](const auto& saved) { return saved.first.rfind(prefix, 0) == 0; });
  }

 private:
  Task<Result<>> send_break() {
    nlohmann::json which{{"id", "console"}};
    CO_TRY(auto ignored, co_await machine_.execute("chardev-send-break", std::move(which)));
    (void)ignored;
    co_return Result<>();
  }

  Task<Result<>> edit(std::vector<drivers::FileEdit> edits) {
    std::function<Result<bool>()> all = [medium = flash::Medium(disk_->offline(), settings_.device),
                                         edits = std::move(edits)]() -> Result<bool> {
      for (const auto& edit : edits) {
        TRY(const auto written, medium.apply(edit));
        (void)written;
      }
      return true;
    };
    CO_TRY(const auto done, co_await aside(std::move(all)));
    (void)done;
    co_return Result<>();
  }

  static Failure in_use(const char* what) {
    return Failure("storage.in_use", Blame::suite,
                   fmt::format("the medium cannot be {} while the DUT is on", what),
                   "switch the DUT off first");
  }

  /// A disk that no checkpoint needs is removed when it is replaced.
  Task<Result<>> drop_disk() {
    const auto old = std::exchange(disk_, nullptr);
    if (!old) co_return Result<>();
    for (const auto& [name, disk] : saved_)
      if (disk == old) co_return Result<>();
    CO_CHECK_OK(machine_.respec(spec()));
    co_return co_await old->remove();
  }

  qemu::MachineSpec spec() const {
    qemu::MachineSpec spec;
    const auto& machine = *settings_.device.machine;
    spec.name = settings_.device.slug;
    spec.machine = machine.type;
    spec.cpu = machine.cpu;
    spec.memory_mb = static_cast<unsigned>(machine.memory_mb);
    spec.cpus = static_cast<unsigned>(machine.cpus);
    spec.accelerator = accelerator_.accelerator;
    spec.qemu = machine.qemu;
    spec.folder = settings_.folder;
    spec.guestfwd = settings_.relay_program;
    if (disk_) {
      qemu::Disk disk;
      disk.nbd_socket = disk_->socket();
      disk.server = disk_;
      spec.disks.push_back(disk);
    }
    qemu::UserNetwork network;
    network.forwards.push_back({"ssh", static_cast<std::uint16_t>(settings_.ssh_port), 0});
    network.forwards.push_back({fmt::format("tcp{}", settings_.supervisor_port),
                                static_cast<std::uint16_t>(settings_.supervisor_port), 0});
    network.guest_forwards.push_back({kApiHost, 80, "unix:" + settings_.http_api.string()});
    network.guest_forwards.push_back({kApiHost, 443, "unix:" + settings_.https_api.string()});
    spec.network = network;
    spec.capture = true;
    return spec;
  }

  /// When a capture begins, so that its stamps are told apart from the host's wall clock.
  void look_at_capture() {
    if (auto seen = captures_.observe(1e18); !seen) log::warn("{}", seen.error().describe());
  }

  void translate(const cutdisk::DiskEvent& event) {
    using Kind = cutdisk::DiskEvent::Kind;
    if (event.kind == Kind::restarted && event.failure)
      log::warn("nothing of the disk is lost: {}", event.failure->describe());
    const bool bad = event.kind == Kind::trouble || event.kind == Kind::lost;
    if (bad && event.failure && sink_)
      sink_({RigEvent::Kind::trouble, false, false, "the served disk", event.failure});
  }

  void translate(const qemu::MachineEvent& event) {
    if (!sink_) return;
    using Kind = qemu::MachineEvent::Kind;
    RigEvent out{RigEvent::Kind::trouble, event.by_guest, false, event.detail, event.failure};
    switch (event.kind) {
      case Kind::powered_on:
        look_at_capture();
        out.kind = RigEvent::Kind::powered_on;
        break;
      case Kind::powered_off: out.kind = RigEvent::Kind::powered_off; break;
      case Kind::reset: out.kind = RigEvent::Kind::reset; break;
      case Kind::restored:
        look_at_capture();
        out.kind = RigEvent::Kind::restored;
        break;
      case Kind::watchdog:
        out.kind = RigEvent::Kind::reset;
        out.watchdog = true;
        break;
      case Kind::guest_panicked: return;  // the console's sentinels tell it with the line
      case Kind::stopped: break;
      case Kind::died:  // the power is gone too, and everybody shall know
        sink_({RigEvent::Kind::powered_off, false, false, "QEMU died", std::nullopt});
        break;
    }
    if (out.kind == RigEvent::Kind::trouble && !out.failure) return;
    sink_(out);
  }

  Nursery& nursery_;
  Guard* guard_;
  RigParts settings_;
  qemu::AcceleratorAnswer accelerator_;
  network::CaptureFolder captures_{settings_.folder, &Clock::system()};
  std::shared_ptr<cutdisk::Client> disk_;
  int disks_ = 0;
  std::string address_;
  std::map<std::string, std::shared_ptr<cutdisk::Client>> saved_;
  std::function<void(const RigEvent&)> sink_;
  qemu::Machine machine_;
};

}  // namespace

Task<Result<std::unique_ptr<Rig>>> make_qemu_rig(Nursery& nursery, Guard* guard, RigParts parts) {
  if (!parts.device.machine)
    co_return Failure("device.no_machine", Blame::suite,
                      parts.device.slug + " cannot be played by QEMU: device.json has no machine",
                      "take a device type with a machine; `seatrial list devices` shows them");
  qemu::AcceleratorQuery query;
  query.qemu = parts.device.machine->qemu;
  query.cache_root = parts.cache;
  const char* wanted = std::getenv("SEATRIAL_ACCEL");
  query.forced_tcg = wanted != nullptr && std::string_view(wanted) == "tcg";
  CO_TRY(auto answer, co_await qemu::probe_accelerator(query));
  auto executor = co_await boost::asio::this_coro::executor;
  co_return std::unique_ptr<Rig>(
      std::make_unique<QemuRig>(nursery, executor, guard, std::move(parts), std::move(answer)));
}

}  // namespace seatrial::bench
