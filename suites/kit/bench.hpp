// SPDX-License-Identifier: Apache-2.0
#pragma once
// Bench: the one name a case knows. Every call is a request to the bench host, a step in the
// report, and returns a value or throws BenchFailure, which ends the case with a verdict by its
// blame. Used by the one thread of the suite; lives for one case.

#include <memory>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

#include "suites/kit/budget.hpp"
#include "suites/kit/failure.hpp"
#include "suites/kit/nouns.hpp"
#include "suites/kit/parts.hpp"

namespace seatrial::kit {

class Link;

/// The OS family as data (devices/profiles): a case asks for names instead of knowing them.
class Profile {
 public:
  explicit Profile(Value value) : value_(std::move(value)) {}
  std::string path(std::string_view name) const { return named("paths", name).text(); }
  std::string unit(std::string_view name) const { return named("units", name).text(); }
  double limit(std::string_view name) const { return named("limits", name).number(); }
  /// A journal line that the contract promises.
  std::string message(std::string_view name) const { return named("messages", name).text(); }
  /// What the contract calls a state file or a variable of the boot loader.
  std::string name_of(std::string_view thing) const { return named("names", thing).text(); }
  std::vector<std::string> expected_active() const { return value_["expected_active"].texts(); }
  std::vector<std::string> os_release_fields() const { return value_["os_release_fields"].texts(); }
  int supervisor_port() const { return static_cast<int>(value_["supervisor_port"].whole()); }

 private:
  Value named(std::string_view group, std::string_view name) const;  ///< throws when absent
  Value value_;
};

struct BenchInfo {
  Value device;
  Profile profile{Value()};
  Image image;  ///< under test
  Value files;
  std::vector<std::string> capabilities;
  double budget_scale = 1;
  std::string mutant;
};

class Bench {
 public:
  explicit Bench(Link& link);
  ~Bench();
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  // What it is. Asked once, when the case begins.
  const BenchInfo& info();
  const Profile& profile() { return info().profile; }
  bool offers(std::string_view capability);
  /// Budget of the device type: "boot_to_login", "boot_to_ssh", "shutdown", "update",
  /// "provisioning".
  Within budget(std::string_view name);
  /// Failed boots of a new root before the loader falls back.
  int attempt_limit();
  /// Number of the partition with a role, as the boot loader names it.
  int partition_number(std::string_view role);
  /// What a case relies on before it proves anything; when it does not hold, the rig has prepared
  /// the case wrongly, and the product is not accused.
  void require(bool holds, const std::string& what);

  // The parts beside the OS.
  Disk disk() { return Disk(*caller_); }
  Console console() { return Console(*caller_); }
  Cloud cloud() { return Cloud(*caller_); }
  Network network() { return Network(*caller_); }

  // Power and medium.
  void power_on();
  void power_off();  ///< cuts it
  void power_cycle();
  Seconds soft_off(Within budget);  ///< presses the button; how long the OS took
  /// Edits config.json on the medium while the DUT is off.
  void configure_medium(const Settings& set, const std::vector<std::string>& remove = {});
  void write_medium(std::string_view partition, std::string_view path, std::string_view content);

  // Boots.
  Boot current_boot();
  /// The first boot after `boot` that reached a shell.
  Boot next_boot(const Boot& boot, Within budget);
  /// The first boot numbered above `number` that reached a shell.
  Boot boot_after(int number, Within budget);
  std::vector<Boot> boots();
  void wait_for_shell(Within budget);
  /// A reboot by hand: the power button, off, on again; returns the boot that reached a shell.
  Boot restart();

  // The running OS.
  /// A command that is not done in its budget accuses nobody (verdict timeout): use wait_until()
  /// for what the product owes by then. Its output may be any bytes; of more than 4 MiB the rest is
  /// missing, and CommandResult::cut() says so.
  CommandResult run(const std::string& command, Within budget = within(Seconds(30)));
  /// The trimmed output of a command that must succeed; anything else is the product's failure.
  /// One that printed more than is kept is the suite's (suite.output_cut).
  std::string output(const std::string& command, Within budget = within(Seconds(30)));
  /// Waits until a shell condition holds on the DUT; the product's failure when the budget ends.
  void wait_until(const std::string& what, const std::string& condition, Within budget);
  /// A file with these bytes, whatever they are; get() is the way back.
  void put(std::string_view path, std::string_view content, std::string_view mode = "644");
  std::string get(std::string_view path);
  /// A way to a TCP port on the DUT's own loopback; a later boot is reached by it too.
  LocalAddress forward(int port);
  bool has_file(const std::string& path);
  /// config.json as the running OS sees it.
  Value config();
  void configure(const Settings& set, const std::vector<std::string>& remove = {});
  /// Messages of a unit, oldest first; of every boot that the journal holds.
  std::vector<std::string> journal(const std::string& unit);
  std::string unit_state(const std::string& unit);  ///< ActiveState
  /// Asks the running OS to reboot.
  void reboot();

  // Updates.
  Image image(const std::string& role, const std::string& damage = {});
  InstallResult install(const Image& image, Within budget);
  Slots slots();
  UpdateState update_state();
  /// Shortens the waits of the health check where the OS offers it; 0 leaves a wait as it is.
  void shorten_rollback(Seconds settle, int count, Seconds interval, Seconds reboot_delay);

  // What the report shall hold.
  void measure(std::string_view name, double value, std::string_view unit, Limit limit = {},
               std::source_location where = std::source_location::current());
  void measure(std::string_view name, Seconds span, Limit limit = {},
               std::source_location where = std::source_location::current());
  void note(std::string_view text);

 private:
  std::unique_ptr<Caller> caller_;
  std::unique_ptr<BenchInfo> info_;
};

}  // namespace seatrial::kit
