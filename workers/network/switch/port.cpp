// SPDX-License-Identifier: Apache-2.0
#include "workers/network/switch/port.hpp"

#include <fmt/format.h>

#include <cstring>

namespace seatrial::network {

Failure port_failure(const PortSettings& settings, std::string_view what, int error,
                     std::string advice) {
  const auto& where = settings.kind == "stream" ? settings.path : settings.interface;
  return Failure("network.port", Blame::bench,
                 fmt::format("port {} of the switch ({} {}): cannot {}: {}", settings.name,
                             settings.kind, where, what, std::strerror(error)),
                 std::move(advice));
}

Result<std::unique_ptr<PortIo>> open_port(Loop& loop, const PortSettings& settings,
                                          PortIo::Take take, std::function<void()> changed) {
  if (settings.kind == "stream")
    return make_stream_port(loop, settings, std::move(take), std::move(changed));
  if (settings.kind == "tap") return make_tap_port(loop, settings, std::move(take));
  return make_packet_port(loop, settings, std::move(take));
}

}  // namespace seatrial::network
