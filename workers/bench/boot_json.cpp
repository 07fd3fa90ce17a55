// SPDX-License-Identifier: Apache-2.0
#include "workers/bench/boot_json.hpp"

#include <nlohmann/json.hpp>

#include "core/model/protocol_bytes.hpp"

namespace seatrial::bench {

nlohmann::json boot_json(const dut::Boot& boot) {
  nlohmann::json out{{"number", boot.number},
                     {"boot_id", boot.boot_id},
                     {"slot", boot.slot},
                     {"part", boot.part},
                     {"reason", to_string(boot.reason)},
                     {"why", boot.why},
                     {"os_version", boot.os_version},
                     {"loader_line", boot.loader_line},
                     {"ended_by", boot.ended_by},
                     {"panicked", boot.panicked},
                     {"restored", boot.restored}};
  if (boot.bootcount) out["bootcount"] = *boot.bootcount;
  if (boot.upgrade_available) out["upgrade_available"] = *boot.upgrade_available;
  const auto span = [&](const char* key, const std::optional<Duration>& at) {
    if (at) out[key] = seconds(*at - boot.started_at);
  };
  span("seconds_to_loader", boot.loader_at);
  span("seconds_to_kernel", boot.kernel_at);
  span("seconds_to_login", boot.login_at);
  span("seconds_to_shell", boot.shell_at);
  span("seconds_to_end", boot.ended_at);
  return model::readable(std::move(out));  // the loader line is what a console said
}

}  // namespace seatrial::bench
