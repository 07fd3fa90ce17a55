// SPDX-License-Identifier: Apache-2.0
#pragma once
// Storage: the medium a DUT boots from: an SD card behind a mux, an internal disk behind a boot
// ROM, an overlay on a cached image. Owned by the bench, which calls it with the DUT off only.
// "Flash" succeeds only when the content is proven: read back from the medium, or an overlay on a
// base whose digest is known.
//
// The medium is with the host, with the DUT, or (in between) with neither, never with both:
// offline() brings it to the host, connect_dut() back.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/base/task.hpp"
#include "core/model/run_plan.hpp"

namespace seatrial::drivers {

/// A file of the image that gets other content before the DUT sees it. Where the medium can be
/// edited after it was written, that is done; where it cannot (an internal disk behind a boot ROM),
/// the change goes into the stream.
struct FileEdit {
  std::string partition;  ///< role of the device type ("boot") or label
  std::string path;       ///< within it: "/config.json"
  /// New content from the old one; nullopt when there is no such file yet.
  std::function<Result<std::string>(std::optional<std::string> old)> change;
};

struct FlashProgress {
  std::string state;  ///< of the flash method: "writing", "reading back", "waiting for power off"
  std::uint64_t bytes = 0, of = 0;  ///< 0 of 0: not known
};

struct FlashRequest {
  model::FileRef image;
  std::vector<FileEdit> edits;
  std::function<void(const FlashProgress&)> progress;  ///< may be empty
};

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
  virtual Task<Result<FlashReceipt>> flash(FlashRequest request) = 0;
  /// The medium at the host: where it can be read and edited, as core/disk opens it (a block
  /// device, a raw image, or a qcow2 file). Fails with "storage.in_use" while the DUT is on, with
  /// "storage.no_access" where the host cannot reach the medium.
  virtual Task<Result<std::string>> offline() = 0;
  /// The medium at the DUT, read back. Called before each power-on. No-op when it is there.
  virtual Task<Result<>> connect_dut() = 0;
};

}  // namespace seatrial::drivers
