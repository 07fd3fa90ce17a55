// SPDX-License-Identifier: Apache-2.0
#include "workers/bench/handlers.hpp"

#include <nlohmann/json.hpp>

namespace seatrial::bench {

const HandlerTable& handlers() {
  static const HandlerTable table = [] {
    HandlerTable made;
    add_power_verbs(made);
    add_storage_verbs(made);
    add_disk_verbs(made);
    add_console_verbs(made);
    add_shell_verbs(made);
    add_boot_verbs(made);
    add_os_verbs(made);
    add_cloud_verbs(made);
    add_network_verbs(made);
    add_checkpoint_verbs(made);
    return made;
  }();
  return table;
}

}  // namespace seatrial::bench
