// SPDX-License-Identifier: Apache-2.0
#pragma once
// Faults that a case puts into a disk: errors, delays, and the power that goes off at one exact
// request. Plain value; one thread. JSON:
//   {"id":"x","op":"write","offset":0,"length":4096,"errno":5,"delay_ms":0,"count":-1,"cut_at":0}

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "core/base/result.hpp"

namespace seatrial::cutdisk {

enum class Op { read, write, flush };

struct Fault {
  std::string id;
  std::string op = "*";      ///< "read", "write" (zeros and trims, too), "flush" or "*"
  std::uint64_t offset = 0;  ///< a flush has no place: it always matches
  std::uint64_t length = 0;  ///< 0: to the end of the disk
  std::uint32_t error = 0;   ///< EIO (5), EINVAL (22) ...; 0: none
  std::uint64_t delay_ms = 0;
  std::int64_t count = -1;   ///< how often it strikes; -1: for ever
  std::uint64_t cut_at = 0;  ///< the power goes off at the n-th request that matches; 0: never
  std::uint64_t hits = 0;    ///< requests that matched so far
};

/// Fails with "disk.fault".
Result<Fault> fault_from_json(const nlohmann::json& value);
nlohmann::json to_json(const Fault& fault);

class Faults {
 public:
  struct Verdict {
    std::uint32_t error = 0;
    std::uint64_t delay_ms = 0;
    bool cut = false;      ///< before the request does anything
    bool changed = false;  ///< a count went on: worth remembering
  };
  /// One of the same id is replaced.
  void add(Fault fault);
  /// An empty id: all.
  void clear(const std::string& id);
  Verdict judge(Op op, std::uint64_t offset, std::uint64_t length);
  const std::vector<Fault>& all() const { return faults_; }

 private:
  std::vector<Fault> faults_;
};

}  // namespace seatrial::cutdisk
