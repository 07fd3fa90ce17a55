// SPDX-License-Identifier: Apache-2.0
#pragma once
// Work on the medium of a DUT that is off, aside of the io_context thread.

#include <functional>

#include "core/base/aside.hpp"
#include "workers/bench/bench.hpp"
#include "workers/flash/medium.hpp"

namespace seatrial::bench {

/// The medium at the host; fails with "storage.in_use" while the DUT is on.
Task<Result<flash::Medium>> open_medium(Bench& bench);

template <class T>
Task<Result<T>> on_medium(Bench& bench, std::function<Result<T>(const flash::Medium&)> work) {
  CO_TRY(auto medium, co_await open_medium(bench));
  std::function<Result<T>()> aside_work = [medium = std::move(medium), work = std::move(work)] {
    return work(medium);
  };
  co_return co_await aside(std::move(aside_work));
}

}  // namespace seatrial::bench
