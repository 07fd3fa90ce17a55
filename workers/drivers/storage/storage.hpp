// SPDX-License-Identifier: Apache-2.0
#pragma once
// Storage: the medium a DUT boots from, as seen by the bench while the DUT is off: an SD card
// behind a mux, an internal disk behind a boot ROM, an overlay on a cached image. Owned by the
// bench. "Flash" succeeds only when the content is proven: read back from the medium, or an overlay
// on a base whose digest is known.

#include <string>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/base/task.hpp"
#include "core/model/run_plan.hpp"

namespace seatrial::drivers {

struct FlashReceipt {
  std::string image_digest;
  std::string medium;       ///< identity: card CID, serial, or the overlay's path
  std::string verify_mode;  ///< "read back", "overlay on verified base"
  std::uint64_t bytes = 0;
  double seconds = 0;
};

class Storage {
 public:
  virtual ~Storage() = default;
  virtual Task<Result<FlashReceipt>> flash(model::FileRef image) = 0;
  /// Where the medium can be read and edited while the DUT is off: a block device, a raw image, or
  /// a qcow2 file, as core/disk opens them. Fails with "storage.in_use" while the DUT is on.
  virtual Task<Result<std::string>> offline() = 0;
};

}  // namespace seatrial::drivers
