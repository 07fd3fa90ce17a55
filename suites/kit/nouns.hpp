// SPDX-License-Identifier: Apache-2.0
#pragma once
// The nouns of a case: plain values that bench calls return. They own what they hold and never
// change behind the case's back. Which fields exist is decided by core/model/verbs_*.cpp.

#include <iosfwd>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "suites/kit/budget.hpp"
#include "suites/kit/value.hpp"

namespace seatrial::kit {

/// One of the two roots of the OS.
class Slot {
 public:
  Slot() = default;
  explicit Slot(std::string name) : name_(std::move(name)) {}
  Slot other() const { return Slot(name_ == "A" ? "B" : name_ == "B" ? "A" : ""); }
  const std::string& name() const { return name_; }
  /// Role of its partition, for disk calls: "slot_a".
  std::string role() const { return name_ == "A" ? "slot_a" : "slot_b"; }
  friend bool operator==(const Slot&, const Slot&) = default;

 private:
  std::string name_;
};
void PrintTo(const Slot& slot, std::ostream* out);

/// One boot of the DUT, numbered from 1 since it was flashed.
struct Boot {
  int number = 0;
  std::string boot_id;  ///< empty when it never reached a shell
  Slot slot;
  int bootcount = 0;
  std::string reason;
  std::string os_version;
  Seconds at{0};  ///< since the run began: when the boot loader spoke
  std::int64_t console_offset = 0;
  double seconds_to_login = 0;
};
void PrintTo(const Boot& boot, std::ostream* out);

struct CommandResult {
  std::string command;
  int exit = 0;
  std::string out, err;
  Seconds took{0};
  /// Bytes that the command printed beyond what the bench keeps (4 MiB of each): not in out, err.
  std::int64_t out_dropped = 0, err_dropped = 0;
  bool ok() const { return exit == 0; }
  /// Half an output proves nothing: see also Bench::output().
  bool cut() const { return out_dropped > 0 || err_dropped > 0; }
  /// stdout without the white space at its ends.
  std::string line() const;
  std::vector<std::string> lines() const;
};
void PrintTo(const CommandResult& result, std::ostream* out);

/// An image or bundle as the DUT can fetch it.
struct Image {
  std::string role, url, version, digest;
};

struct InstallResult {
  int exit = 0;
  std::string out;
  std::vector<std::string> phases;
  Seconds took{0};
  bool ok() const { return exit == 0; }
};
void PrintTo(const InstallResult& result, std::ostream* out);

/// Roots and update counters as the OS sees them.
struct Slots {
  Slot active, inactive;
  Value counters;  ///< by slot name
  std::int64_t counter(const Slot& slot) const { return counters[slot.name()].whole(-1); }
};

/// State files and loader variables of an update.
struct UpdateState {
  std::vector<std::string> files;
  Value variables;
  bool has(std::string_view file) const;
  std::string variable(std::string_view name) const;
};

struct Partition {
  int number = 0;
  std::string label, filesystem;
  std::int64_t start = 0, size = 0;
};

struct ConsoleMatch {
  int index = 0;
  std::string text;
  std::vector<std::string> groups;
  std::int64_t offset = 0, end = 0;
  Seconds at{0};
};

/// What a kernel or its hardware complained about on the console. One that is not allowed fails the
/// case by itself: a fatal one at once, a suspicious one at its end.
struct ConsoleAlarm {
  std::string id;        ///< "fs.ext4", as Console::allow() takes it
  std::string severity;  ///< "fatal" or "suspicious"
  std::string line;
  std::int64_t offset = 0;
  bool allowed = false;  ///< the case had said that it provokes it
};
void PrintTo(const ConsoleAlarm& alarm, std::ostream* out);

/// Where a program on the machine of the bench, and so the case, reaches a TCP port of the DUT.
struct LocalAddress {
  std::string host;
  int port = 0;
};

/// A request that the device API has seen; keys in it are fingerprints ("key:1a2b3c4d").
struct ApiRequest {
  std::int64_t seq = 0;
  std::string method, path;
  int status = 0;
  std::string auth_kind, key;  ///< none|unknown|provisioning|device|user; fingerprint
  Value headers, body;
  Seconds arrived{0};  ///< monotonic, of the API's clock: for spans between requests
  Seconds took{0};
  bool client_left = false;
};
void PrintTo(const ApiRequest& request, std::ostream* out);

struct DhcpExchange {
  std::string type, mac, hostname, address;
  std::string gateway;           ///< in an ack: the router it names; empty: none
  std::vector<std::string> dns;  ///< in an ack: the name servers it names
};
struct Observed {
  std::vector<DhcpExchange> dhcp;
  std::vector<std::string> sources;  ///< IPv4 addresses the DUT sent from
  std::vector<std::string> mdns;
};

/// VERSION_ID="1.0.0" -> 1.0.0; empty when os-release has no such field.
std::string os_release_field(std::string_view os_release, std::string_view name);

/// Dotted keys of config.json and their values.
using SettingValue = std::variant<std::string, bool, std::int64_t, double>;
struct Setting {
  Setting(std::string key, std::string value) : key(std::move(key)), value(std::move(value)) {}
  Setting(std::string key, const char* value) : key(std::move(key)), value(std::string(value)) {}
  Setting(std::string key, bool value) : key(std::move(key)), value(value) {}
  Setting(std::string key, int value) : key(std::move(key)), value(std::int64_t{value}) {}
  Setting(std::string key, double value) : key(std::move(key)), value(value) {}
  std::string key;
  SettingValue value;
};
using Settings = std::vector<Setting>;

/// How the device API misbehaves; see fixtures/cloud/README.md.
///   Fault::answer(500).to("POST", "/device/register").times(3)
class Fault {
 public:
  static Fault answer(int status);
  /// The server takes the request and answers only after this long.
  static Fault slow(Seconds delay);
  /// No answer at all; the connection ends after this long, and nothing was stored.
  static Fault silent(Seconds span);
  /// "before_reading", "before_answer", "after_storing", "mid_body"
  static Fault drop(std::string when);
  /// Connections are reset for so long, whatever they ask.
  static Fault outage(Seconds span);
  Fault&& to(std::string method, std::string path) &&;
  Fault&& body(std::string text) &&;
  Fault&& times(int count) &&;
  Fault&& after(int requests) &&;
  Value rule() const;

 private:
  std::string action_, method_, path_, body_;
  int count_ = 0, skip_ = 0;
};

}  // namespace seatrial::kit
