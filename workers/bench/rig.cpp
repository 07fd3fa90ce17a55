// SPDX-License-Identifier: Apache-2.0
#include "workers/bench/rig.hpp"

#include "core/base/text.hpp"
#include "workers/bench/qemu_rig.hpp"

namespace seatrial::bench {
namespace {

using Make = Task<Result<std::unique_ptr<Rig>>> (*)(Nursery&, Guard*, RigParts);

/// One line for each kind.
constexpr std::pair<std::string_view, Make> kRigs[] = {
    {"qemu", make_qemu_rig},
};

}  // namespace

Task<Result<std::unique_ptr<Rig>>> make_rig(Nursery& nursery, Guard* guard, RigParts parts) {
  std::vector<std::string> kinds;
  for (const auto& [kind, make] : kRigs) {
    if (kind == parts.kind) co_return co_await make(nursery, guard, std::move(parts));
    kinds.emplace_back(kind);
  }
  co_return Failure("bench.unknown_rig", Blame::suite, "there is no kind of rig " + parts.kind,
                    "known: " + join(kinds, ", "));
}

}  // namespace seatrial::bench
