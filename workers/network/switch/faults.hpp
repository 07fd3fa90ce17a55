// SPDX-License-Identifier: Apache-2.0
#pragma once
// Faults of one direction of a link, and the fate of each frame on it. All chance comes from a
// seed: what happens to the n-th frame after the faults were set depends on the seed, on n and on
// the faults alone, so that a run can be repeated; one fault does not shift the dice of another.
//
// Order is kept however the delay varies, but for frames that are reordered on purpose: such a one
// is held back by `reorder_by`, so that those after it overtake. A rate makes frames wait for those
// before them. What waits is bounded; what finds no room is lost ("queue full").

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string_view>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"

namespace seatrial::model {
class Fields;
}

namespace seatrial::network {

struct Faults {
  double loss = 0;  ///< these four: share of the frames, 0 to 1
  double duplicate = 0;
  double corrupt = 0;  ///< one bit behind the Ethernet header is flipped
  double reorder = 0;
  Duration reorder_by = std::chrono::milliseconds(5);
  Duration delay{};
  Duration jitter{};            ///< the delay varies by as much, evenly, up and down
  std::uint64_t rate_kbit = 0;  ///< kbit/s; 0: no limit
  bool any() const {
    return loss > 0 || duplicate > 0 || corrupt > 0 || reorder > 0 || delay.count() > 0 ||
           jitter.count() > 0 || rate_kbit > 0;
  }
};

/// {"loss","duplicate","corrupt","reorder","reorder_ms","delay_ms","jitter_ms","rate_kbit"}, all
/// optional. Leaves finish() to the caller.
void read_faults(model::Fields& fields, Faults& into);
nlohmann::json to_json(const Faults& faults);

struct Fate {
  enum class Loss { none, by_chance, queue_full };
  Loss lost = Loss::none;
  bool twice = false;
  std::optional<std::uint64_t> flip;  ///< a bit, modulo the size of the payload
  Duration at{};                      ///< when it goes on
};

/// One direction of one port.
class Path {
 public:
  explicit Path(std::uint64_t seed) : seed_(seed) {}
  /// Counts frames from here on anew.
  void set(const Faults& faults);
  void reseed(std::uint64_t seed);
  const Faults& faults() const { return faults_; }

  Fate decide(std::size_t bytes, Duration now);
  /// A frame begins to wait, or has waited.
  void waits(std::size_t bytes);
  void waited(std::size_t bytes);
  /// All that waited is dropped.
  void forget();
  std::size_t waiting() const { return waiting_; }

  static constexpr std::size_t kMostWaiting = 16384, kMostBytes = 16u << 20;

 private:
  double chance(unsigned die) const;
  std::uint64_t dice(unsigned die) const;

  std::uint64_t seed_;
  Faults faults_;
  std::uint64_t frames_ = 0;
  Duration free_at_{};  ///< the wire is busy until then
  Duration last_{};     ///< when the last one that kept its turn goes on
  std::size_t waiting_ = 0, waiting_bytes_ = 0;
};

/// A seed of its own for each path of a switch.
std::uint64_t path_seed(std::uint64_t seed, std::string_view port, bool towards);

}  // namespace seatrial::network
