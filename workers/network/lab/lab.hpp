// SPDX-License-Identifier: Apache-2.0
#pragma once
// Lab: the lab network of one bench, as the bench host holds it. Starts seatrial-labnet, which
// makes the namespaces and everything in them, and speaks to its parts. Owned by the bench; lives
// on its io_context thread; its watcher and its listeners live in the nursery it was given. The
// destructor kills it; nothing is left behind, whatever kills the bench host.
//
// Failures are "network.*", blame bench, unless a case asked for what there is not. A part that
// dies by itself is told to `on_trouble` at once and stays dead until heal(): a DUT that got no
// answer from then on is not to blame.
//
// No address of the lab may be dialled but through dial() or endpoint(): outside the namespace it
// would be somebody else's.

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "core/base/clock.hpp"
#include "core/base/nursery.hpp"
#include "core/base/result.hpp"
#include "core/base/task.hpp"
#include "core/io/fd.hpp"
#include "workers/drivers/network/network.hpp"
#include "workers/guard/guard.hpp"
#include "workers/network/lab/settings.hpp"
#include "workers/network/switch/faults.hpp"

namespace seatrial::network {

class Lab final : public drivers::Network {
 public:
  using Trouble = std::function<void(const Failure&)>;

  /// "tap" or "veth" where a lab network is possible, else why not: "network.refused",
  /// "network.program_missing", "network.interface".
  static Task<Result<std::string>> probe();

  /// `wanted` names folder, segments, NICs (without sockets), relays and names; the rest is filled
  /// in. The DUT is what has the first NIC.
  static Task<Result<std::unique_ptr<Lab>>> start(Nursery& nursery, Guard* guard,
                                                  LabSettings wanted, Trouble on_trouble);
  ~Lab() override;
  Lab(const Lab&) = delete;
  Lab& operator=(const Lab&) = delete;

  /// Where QEMU shall listen for a NIC (qemu::StreamNic). The same over all power cycles.
  std::string nic_socket(const std::string& nic) const;
  /// To be called when QEMU listens: connects the ports that are not yet, at once. Fails with
  /// "network.not_connected".
  Task<Result<>> connect();

  // drivers::Network
  drivers::NetworkPlan plan() const override;
  std::string api_host() const override;
  /// A port on 127.0.0.1 that leads to the DUT, wherever it is. Port 0 when there is none to be
  /// had.
  drivers::Endpoint endpoint(std::uint16_t dut_port) const override;
  Task<Result<>> follow(std::string ipv4) override;
  Task<Result<drivers::NetworkSeen>> observed(double since) override;

  /// A connection to an address in the lab, made inside it.
  Task<Result<io::UniqueFd>> dial(std::string address, std::uint16_t port, Duration limit);

  /// Towards and from the port of a NIC or a segment.
  Task<Result<>> set_faults(std::string port, Faults to, Faults from);
  /// A dead network: all is dropped, the carrier stays.
  Task<Result<>> set_link(std::string port, bool up);
  /// No addresses: the name does not exist any more.
  Task<Result<>> set_name(std::string name, std::vector<std::string> addresses);
  /// `how`: answer, nxdomain, servfail, refused, silent; `name` "*" for all.
  Task<Result<>> set_dns(std::string name, std::string how, Duration delay);
  /// `how`: answer, silent, unsynchronised, go_away.
  Task<Result<>> set_time(std::string how, double offset_seconds);
  /// Segments without DHCP and router advertisements, and more lines for dnsmasq about DHCP.
  Task<Result<>> set_dhcp(std::vector<std::string> off, std::vector<std::string> extra);
  /// As at the start, for the next case.
  Task<Result<>> clear();

  /// All parts live, all NICs are connected, no frame with an unfinished checksum went by.
  Task<Result<>> check();
  /// Starts what has died.
  Task<Result<>> heal();
  /// Ends one part and starts it again: "switch", "services" or "dnsmasq".
  Task<Result<>> restart(std::string part);
  /// Counters and states of all parts, for the event log.
  Task<Result<nlohmann::json>> state();
  Task<> stop();

  int pid() const;
  const LabSettings& settings() const;

 private:
  struct Impl;
  explicit Lab(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
  static Task<Result<>> watch(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace seatrial::network
