// SPDX-License-Identifier: Apache-2.0
#pragma once
// Part of BootTracker (workers/dut/boots.hpp): what one console line tells about a boot, by the
// patterns of the device type. Immutable after make().

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "workers/dut/boots.hpp"

namespace seatrial::dut {

/// The named groups of a loader line.
struct LoaderWords {
  std::string slot, part;
  std::optional<int> bootcount;
  std::optional<bool> upgrade_available;
};

struct LineMeaning {
  enum class What { nothing, loader, kernel, panic, restart, login, halt };
  What what = What::nothing;
  LoaderWords loader;  ///< of a loader line
};

class BootLines {
 public:
  /// Fails with "boots.rules" on a pattern that is not RE2.
  static Result<BootLines> make(const BootRules& rules);
  BootLines(BootLines&&) noexcept;
  ~BootLines();

  LineMeaning read(std::string_view line) const;

 private:
  struct Patterns;
  explicit BootLines(std::unique_ptr<Patterns> patterns);
  std::unique_ptr<Patterns> patterns_;
};

}  // namespace seatrial::dut
