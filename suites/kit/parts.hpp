// SPDX-License-Identifier: Apache-2.0
#pragma once
// The parts of a bench that a case speaks to beside the OS: disk, console, device API, network.
// Cheap handles, valid as long as the bench; get them as bench.disk(), bench.console(), ...

#include <string>
#include <string_view>
#include <vector>

#include "suites/kit/budget.hpp"
#include "suites/kit/nouns.hpp"

namespace seatrial::kit {

class Caller;

/// The medium read without the OS; the DUT must be off. Partitions go by role ("boot", "slot_a",
/// "state", "data") or label.
class Disk {
 public:
  explicit Disk(Caller& caller) : caller_(&caller) {}
  std::vector<Partition> partitions() const;
  std::string read(std::string_view partition, std::string_view path) const;
  std::vector<std::string> list(std::string_view partition, std::string_view path) const;
  bool has(std::string_view partition, std::string_view folder, std::string_view name) const;
  /// config.json of the boot partition.
  Value config() const;
  /// Variables of the boot loader, without the spaces that the OS appends.
  UpdateState loader() const;
  std::int64_t environment_bytes() const;
  /// Where a text occurs in the raw bytes of a partition, free space included.
  std::vector<std::int64_t> search(std::string_view partition, std::string_view text) const;

 private:
  Caller* caller_;
};

class Console {
 public:
  explicit Console(Caller& caller) : caller_(&caller) {}
  ConsoleMatch expect(const std::string& pattern, Within budget) const;
  ConsoleMatch expect(const std::vector<std::string>& patterns, Within budget) const;
  /// The same, looking at everything from an offset on.
  ConsoleMatch expect_from(std::int64_t offset, const std::string& pattern, Within budget) const;
  std::int64_t mark(std::string_view text) const;
  std::string read(std::int64_t from) const;
  std::vector<std::string> tail(int lines) const;
  void login(Within budget) const;
  CommandResult run(const std::string& command, Within budget) const;
  /// Alarms of the kernel and the hardware since the case began, oldest first.
  std::vector<ConsoleAlarm> alarms() const;
  /// Alarms that this case provokes on purpose.
  void allow(const std::vector<std::string>& sentinels) const;

 private:
  Caller* caller_;
};

/// The device API that the DUT provisions against, its journal and its fault knobs.
class Cloud {
 public:
  struct Endpoint {
    std::string url, https, ca, provisioning_key;
    std::int64_t application = 0;
  };
  explicit Cloud(Caller& caller) : caller_(&caller) {}
  Endpoint endpoint() const;
  /// Sequence number to look from later.
  std::int64_t mark() const;
  std::vector<ApiRequest> requests(std::int64_t since, const std::string& method = {},
                                   const std::string& path = {}) const;
  /// Waits until `count` requests of that kind were answered, with `status` when it is not 0.
  std::vector<ApiRequest> wait(std::int64_t since, const std::string& method,
                               const std::string& path, Within budget, int count = 1,
                               int status = 0) const;
  std::vector<Value> devices() const;
  Value device(std::string_view uuid) const;
  Value add_device(std::string_view uuid, std::string_view api_key) const;
  void misbehave(const Fault& fault) const;
  void behave() const;

 private:
  Caller* caller_;
};

class Network {
 public:
  /// How the bench's network is laid out, for a DUT that sets itself up.
  struct Plan {
    int prefix = 0;
    std::string gateway, dns, dhcp;
    std::vector<std::string> free;  ///< addresses that the DUT may take
  };
  explicit Network(Caller& caller) : caller_(&caller) {}
  Plan plan() const;
  /// What the network saw of the DUT since then (seconds of the run, as Boot::at says them).
  Observed observed(Seconds since) const;
  /// Waits until the DUT announces a name by mDNS, from now on.
  void wait_for_name(std::string_view name, Within budget) const;
  /// The DUT answers at another address now.
  void follow(std::string_view address) const;

 private:
  Caller* caller_;
};

}  // namespace seatrial::kit
