// SPDX-License-Identifier: Apache-2.0
#include "workers/bench/on_medium.hpp"

namespace seatrial::bench {

Task<Result<flash::Medium>> open_medium(Bench& bench) {
  auto* storage = bench.rig().storage();
  if (!storage)
    co_return Failure("bench.lacks", Blame::suite, "this bench cannot reach the medium of its DUT",
                      "declare the need: needs(storage)");
  CO_TRY(auto path, co_await storage->offline());
  co_return flash::Medium(std::move(path), bench.parts().device);
}

}  // namespace seatrial::bench
