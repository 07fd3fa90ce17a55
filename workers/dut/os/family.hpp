// SPDX-License-Identifier: Apache-2.0
#pragma once
// OsFamily: what an operating system family does in its own way, where data (its profile) is not
// enough: how it is told where the bench is, how it is configured, updated, restarted, and how it
// says which root it runs. One small class for each family; a profile names its own by "adapter".
// Knows no bench: it works through a Shell, or says how a file on the medium changes. Owned by the
// bench. Spans are real time, already scaled by the caller. Families: workers/dut/os/families.cpp.

#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/task.hpp"
#include "core/model/device_type.hpp"
#include "core/model/os_profile.hpp"
#include "workers/drivers/storage/storage.hpp"
#include "workers/dut/boots.hpp"
#include "workers/dut/shell.hpp"

namespace seatrial::dut {

/// What an OS must know of the bench it runs on.
struct BenchOffer {
  std::string api_host;  ///< of the device API, as the DUT reaches it
  std::string provisioning_key;
  int application = 0;
  std::string ssh_key;  ///< public line that is let in
};

struct InstallOutcome {
  int exit_code = 0;
  std::string out;
  std::vector<std::string> phases;  ///< that it went through, in order
  Duration took{};
};

struct Slots {
  std::string active, inactive;          ///< "A", "B"
  std::map<std::string, long> counters;  ///< by slot; where the OS counts its updates
};

struct UpdateState {
  std::vector<std::string> files;                ///< breadcrumbs of an update under way
  std::map<std::string, std::string> variables;  ///< of the boot loader
};

/// Seconds; 0: as the OS has it.
struct RollbackTimings {
  double settle = 0, count = 0, interval = 0, reboot_delay = 0;
};

struct EvidenceCommand {
  std::string file, command;
};

class OsFamily {
 public:
  virtual ~OsFamily() = default;

  /// The settings that lead a fresh OS to this bench.
  virtual nlohmann::json settings(const BenchOffer& offer) const = 0;
  /// Settings on the medium of a DUT that is off. Dotted keys nest; nobody reads secrets from it.
  virtual drivers::FileEdit configuration(nlohmann::json set,
                                          std::vector<std::string> remove) const = 0;
  /// Settings without secrets, for reports.
  virtual Result<nlohmann::json> shown(std::string_view configuration) const = 0;
  /// The request to the device API that registers a device: "method=...&path=...&status=...".
  virtual std::string registration() const = 0;
  /// What is worth keeping of a device after a case went red.
  virtual std::vector<EvidenceCommand> evidence() const = 0;

  /// Boot id and version.
  virtual Task<Result<ShellFacts>> identify(Shell& shell, Duration span) const = 0;
  /// Ends when the service manager has nothing more to start. "boot.not_settled".
  virtual Task<Result<>> settle(Shell& shell, Duration span) const = 0;
  /// Ends when a registration is written to the device's own settings. "provisioning.not_written".
  virtual Task<Result<>> registered(Shell& shell, Duration span) const = 0;
  virtual Task<Result<>> configure(Shell& shell, nlohmann::json set,
                                   std::vector<std::string> remove, Duration span) const = 0;
  /// An update that is refused is an outcome, not a failure.
  virtual Task<Result<InstallOutcome>> install(Shell& shell, std::string url,
                                               Duration span) const = 0;
  /// Asks for a restart; the connection may end before the answer.
  virtual Task<Result<>> restart(Shell& shell, Duration span) const = 0;
  virtual Task<Result<Slots>> slots(Shell& shell, Duration span) const = 0;
  virtual Task<Result<UpdateState>> update_state(Shell& shell, Duration span) const = 0;
  virtual Task<Result<>> shorten_rollback(Shell& shell, RollbackTimings timings,
                                          Duration span) const = 0;
};

/// The family that a profile names; fails with "profile.adapter" and the known names.
Result<std::unique_ptr<OsFamily>> make_os_family(model::OsProfile profile,
                                                 model::DeviceType device);

}  // namespace seatrial::dut
