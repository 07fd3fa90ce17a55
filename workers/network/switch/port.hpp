// SPDX-License-Identifier: Apache-2.0
#pragma once
// Ports of the switch: where frames come from and go to. Each lives on the loop of its switch,
// never blocks, and keeps a bounded queue or none. What a port says about itself goes into the
// switch's answer to "state".

#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "workers/network/switch/loop.hpp"

namespace seatrial::network {

struct PortSettings {
  std::string name;
  std::string kind;       ///< "stream", "tap" or "packet"
  std::string path;       ///< stream: the unix socket that QEMU listens on
  std::string interface;  ///< tap, packet
  int fd = -1;            ///< tap: one that is open already, in place of `interface`
};

class PortIo {
 public:
  /// A frame came in.
  using Take = std::function<void(std::string_view)>;

  virtual ~PortIo() = default;
  /// False when there is no room or nobody is there.
  virtual bool send(std::string_view frame) = 0;
  /// After each batch of events: sends on what has been gathered.
  virtual void flush() {}
  virtual bool connected() const = 0;
  /// Connects anew if need be; when it wants to be asked again if that did not work.
  virtual std::optional<Duration> tend(Duration /*now*/) { return std::nullopt; }
  /// Does so at once, at another path if one is given.
  virtual void dial(std::string /*path*/) {}
  virtual void describe(nlohmann::json& into) = 0;
};

/// `changed` is called when the other end of the port has come or gone. Fails with
/// "network.port".
Result<std::unique_ptr<PortIo>> open_port(Loop& loop, const PortSettings& settings,
                                          PortIo::Take take, std::function<void()> changed);

Failure port_failure(const PortSettings& settings, std::string_view what, int error,
                     std::string advice);

std::unique_ptr<PortIo> make_stream_port(Loop& loop, const PortSettings& settings,
                                         PortIo::Take take, std::function<void()> changed);
Result<std::unique_ptr<PortIo>> make_tap_port(Loop& loop, const PortSettings& settings,
                                              PortIo::Take take);
Result<std::unique_ptr<PortIo>> make_packet_port(Loop& loop, const PortSettings& settings,
                                                 PortIo::Take take);

}  // namespace seatrial::network
