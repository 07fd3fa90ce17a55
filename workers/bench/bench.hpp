// SPDX-License-Identifier: Apache-2.0
#pragma once
// Bench: one DUT with everything wired to it, and what can be asked of it. Assembles the rig, the
// console, the shell, the boot tracker and the API stand-in; brings the DUT to checkpoints; answers
// the verbs of the bench protocol (one file per group of verbs: verbs_*.cpp). Owned by the bench
// host; one io_context thread. What it started lives in the nursery it was given, which is
// cancelled and joined after make_safe() and before this object goes.

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/base/alarm.hpp"
#include "core/base/nursery.hpp"
#include "core/model/device_type.hpp"
#include "core/model/os_profile.hpp"
#include "core/model/run_plan.hpp"
#include "workers/bench/blame.hpp"
#include "workers/bench/case_runner.hpp"
#include "workers/bench/cloud_child.hpp"
#include "workers/bench/rig.hpp"
#include "workers/bench/stream.hpp"
#include "workers/console/console.hpp"
#include "workers/console/session.hpp"
#include "workers/dut/boots.hpp"
#include "workers/dut/os/family.hpp"
#include "workers/dut/ssh.hpp"

namespace seatrial::bench {

struct BenchParts {
  model::RunPlan plan;
  model::DeviceType device;
  model::OsProfile profile;
  std::filesystem::path sockets;  ///< short folder for unix sockets
  Guard* guard = nullptr;
};

/// How the names of states begin that a case saved for itself.
inline constexpr const char* kCaseStates = "case-";

class Bench final : public CaseBench {
 public:
  Bench(BenchParts parts, EventWriter& events, Steps& steps, Alarm& alarm, Nursery& nursery);
  /// Starts the API stand-in and the rig; the DUT stays off. When that fails half way, make_safe()
  /// is still to be called.
  Task<Result<>> assemble();
  ~Bench() override;

  // CaseBench
  std::string name() const override;
  std::int64_t epoch() const override { return parts_.plan.epoch; }
  std::optional<std::string> lacks(const std::string& capability) const override;
  Task<Result<>> reach(std::string checkpoint) override;
  double setup_budget() const override;
  Task<Result<nlohmann::json>> call(const model::Verb& verb, nlohmann::json arguments,
                                    double deadline) override;
  void begin_case() override;
  std::optional<Failure> unsettled() override;
  Task<> collect_evidence(std::string case_name, int attempt) override;
  double budget_scale() const override { return scale_; }

  /// A verb that streams, until it ends or is cancelled.
  Task<Result<nlohmann::json>> stream(const model::Verb& verb, nlohmann::json arguments,
                                      std::shared_ptr<Stream> stream);
  /// Power off, medium at the host, children gone.
  Task<Result<>> make_safe();
  nlohmann::json facts() const;
  nlohmann::json describe_boot(const dut::Boot& boot) const;

  // What the verbs work with.
  const BenchParts& parts() const { return parts_; }
  Rig& rig() { return *rig_; }
  CloudChild& cloud() { return *cloud_; }
  console::Console& console() { return *console_; }
  console::Session& console_session() { return *session_; }
  /// Commands and files on the DUT, over whatever carries them.
  dut::Shell& shell() { return *ssh_; }
  /// The connection behind it.
  dut::Ssh& ssh() { return *ssh_; }
  const dut::OsFamily& os() const { return *os_; }
  dut::BootTracker& boots() { return *boots_; }
  EventWriter& events() { return events_; }
  Steps& steps() { return steps_; }
  /// Calls for everything the instruments notice by themselves, while the subscription lives.
  [[nodiscard]] console::Subscription on_rig_event(std::function<void(const RigEvent&)> sink);
  /// How many people watch the console.
  std::shared_ptr<int> viewers() const { return viewers_; }
  /// What must not be shared lies there: keys, disks, packets.
  std::filesystem::path private_folder() const;
  /// Of the device API, as the DUT reaches it.
  std::string api_host() const;
  std::uint64_t case_offset() const { return case_offset_; }
  void allow_alarms(console::Subscription allowance) {
    allowances_.push_back(std::move(allowance));
  }

  /// A span of reference seconds on this bench now.
  Duration scaled(double reference_seconds) const;
  /// A request's own timeout if given, else reference seconds scaled.
  Duration span_or(const nlohmann::json& arguments, double reference_seconds) const;

  // Whole actions that several verbs and checkpoints share.
  Task<Result<>> switch_on();
  Task<Result<>> switch_off();
  Task<Result<drivers::FlashReceipt>> flash(std::string role, std::vector<drivers::FileEdit> edits);
  /// Edits the settings on the medium of a DUT that is off; the settings without secrets.
  Task<Result<nlohmann::json>> configure_offline(nlohmann::json set,
                                                 std::vector<std::string> remove);
  /// A shell on a boot with a number above `after`, within the budget (product's, as given).
  Task<Result<dut::Boot>> shell_after(unsigned after, Budget budget);
  Task<Result<>> save_checkpoint(std::string name);
  Task<Result<>> restore_checkpoint(std::string name);

 private:
  Task<Result<>> save_together(drivers::Checkpoints& checkpoints, std::string name);
  std::vector<std::string> offers() const;
  Task<Result<>> start_cloud();
  Task<Result<>> need_cloud();
  Task<Result<>> start_rig();
  Task<Result<>> start_console();
  /// Boots are counted from 1 since the medium was flashed or a state was restored.
  Result<> start_boots(boost::asio::any_io_executor executor);
  Result<> start_ssh(boost::asio::any_io_executor executor);
  void take_rig_event(const RigEvent& event);
  void take_console(std::shared_ptr<drivers::Channel> channel);
  Task<Result<>> read_console(std::shared_ptr<drivers::Channel> channel, unsigned number);
  Task<Result<>> need_console(unsigned number);
  Then now() const;
  /// The result of something that needs the shell; a failure whose blame nobody knew with what the
  /// DUT did since `then`.
  Task<Result<>> blamed(Result<> result, Then then);
  Task<Failure> blamed(Failure failure, Then then);
  Task<Result<nlohmann::json>> handled(const model::Verb& verb, nlohmann::json arguments);
  void on_alarm(const console::Alarm& alarm);
  void record_boot(const dut::Boot& boot);
  Task<Result<>> read_shell_facts(unsigned boot);
  Task<Result<dut::Boot>> shell_after_unbounded(unsigned after, std::optional<Failure>* last);
  Task<Result<>> prepare_fresh();
  Task<Result<>> boot_settled();
  Task<Result<>> wait_provisioned();
  Task<Result<>> build_booted();
  /// Goes back to a saved state; false when there is none that could be gone back to.
  Task<Result<bool>> went_back(std::string checkpoint);
  dut::BenchOffer offer() const;

  BenchParts parts_;
  EventWriter& events_;
  Steps& steps_;
  Alarm& alarm_;
  Nursery& nursery_;
  std::unique_ptr<dut::OsFamily> os_;
  std::unique_ptr<CloudChild> cloud_;
  std::unique_ptr<Rig> rig_;
  std::unique_ptr<console::Console> console_;
  std::unique_ptr<console::Session> session_;
  std::unique_ptr<dut::Ssh> ssh_;
  std::unique_ptr<dut::BootTracker> boots_;
  dut::SshKey key_;
  console::Subscription alarms_subscription_, boot_lines_;
  std::vector<console::Subscription> allowances_;
  std::uint64_t case_offset_ = 0;
  double scale_ = 1;       ///< of budgets; one value for an attempt
  bool powered_ = false;   ///< as the rig's events tell
  unsigned consoles_ = 0;  ///< channels that the console source has delivered
  std::map<std::string, nlohmann::json> saved_cloud_;
  std::map<std::string, dut::Boot> saved_boot_;
  std::map<std::string, std::string> saved_host_key_;
  std::map<unsigned, std::string> recorded_boots_;
  std::map<unsigned, std::uint64_t> boot_offsets_;
  std::uint64_t next_boot_offset_ = 0;
  struct RigTap {
    std::weak_ptr<void> owner;
    std::function<void(const RigEvent&)> sink;
  };
  std::vector<std::shared_ptr<RigTap>> rig_taps_;
  std::shared_ptr<int> viewers_ = std::make_shared<int>(0);
};

}  // namespace seatrial::bench
