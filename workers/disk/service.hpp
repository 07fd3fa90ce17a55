// SPDX-License-Identifier: Apache-2.0
#pragma once
// Service: what the disk server does, without its sockets: answers the requests of NBD clients and
// the verbs of the control socket over one CutDisk. Owned by the Server; one thread.
//
// Two exports. "dut" is for the guest: one connection at a time, refused while the power is off.
// "offline" is for the host while no guest is there: it reads what survived, and what it writes is
// durable at once. Who was connected when the power went off is never answered again.
//
// What the host's own disk does wrong is trouble: told to the control socket (`wait`, `stat`) and
// on stderr as a failure of the bench, and to the guest as ENOSPC or EIO.

#include <cstdint>
#include <deque>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/failure.hpp"
#include "workers/disk/cut_disk.hpp"
#include "workers/disk/faults.hpp"
#include "workers/disk/nbd.hpp"

namespace seatrial::cutdisk {

constexpr std::string_view kGuestExport = "dut", kOfflineExport = "offline";

class Service {
 public:
  /// Takes policy, faults and the like from the disk's log.
  explicit Service(CutDisk disk);

  // --- clients of the disk
  nbd::Admission admit(std::string_view name, bool entering) const;
  void entered(bool offline);
  void left(bool offline, bool polite);
  /// Counts power cuts and restores: a guest that came in another epoch is as good as gone.
  unsigned epoch() const { return epoch_; }
  struct Answer {
    std::uint64_t delay_ms = 0;
    bool silent = false;  ///< no answer at all: the power went off
  };
  /// Appends the reply to `out`.
  Answer serve(const nbd::Request& request, bool offline, std::string& out);

  // --- the control socket
  /// One request, one answer: {"ok": ...} or {"error": {...}}. Events newer than request.after are
  /// the answer of "wait"; nullopt: none yet, ask again until wait_ms are over.
  nlohmann::json answer(const nlohmann::json& request);
  std::optional<nlohmann::json> events_after(std::uint64_t number) const;
  nlohmann::json events() const;

  void trouble(const Failure& failure);
  const CutDisk& disk() const { return disk_; }

 private:
  std::optional<std::uint32_t> perform(const nbd::Request& request, bool offline, std::string& out);
  std::uint32_t outcome(const Result<>& done);
  Result<CutReport> cut(std::string why);

  using Verb = Result<nlohmann::json> (Service::*)(const nlohmann::json&);
  static Verb verb(const std::string& name);
  Result<nlohmann::json> stat(const nlohmann::json& request);
  Result<nlohmann::json> mark(const nlohmann::json& request);
  Result<nlohmann::json> policy(const nlohmann::json& request);
  Result<nlohmann::json> cut_verb(const nlohmann::json& request);
  Result<nlohmann::json> revive(const nlohmann::json& request);
  Result<nlohmann::json> fault(const nlohmann::json& request);
  Result<nlohmann::json> clear_faults(const nlohmann::json& request);
  Result<nlohmann::json> host_flushes(const nlohmann::json& request);
  Result<nlohmann::json> snapshot(const nlohmann::json& request);
  Result<nlohmann::json> export_view(const nlohmann::json& request);
  nlohmann::json policy_json() const;
  Result<> remember();
  void learn(const std::string& settings);
  void event(const char* kind, nlohmann::json data);

  CutDisk disk_;
  Policy policy_;
  bool cut_at_eof_ = false;
  bool ignore_flushes_ = false;
  Faults faults_;
  unsigned epoch_ = 0;
  unsigned guests_ = 0, offline_ = 0;
  std::deque<std::pair<std::uint64_t, std::string>> events_;  ///< number and JSON, the newest
  std::uint64_t event_count_ = 0;
  std::uint64_t troubles_ = 0;
  std::string last_trouble_;
};

/// {"error": {...}}
nlohmann::json refusal(const Failure& failure);

}  // namespace seatrial::cutdisk
