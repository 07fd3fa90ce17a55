// SPDX-License-Identifier: Apache-2.0
#pragma once
// SwitchProgram: a Switch with its ports, its capture and its control socket, on one Loop. What
// seatrial-switch runs. Control: one JSON object per line, one answer for each:
//
//   {"do":"state"}                                       all there is to know, counters included
//   {"do":"faults","port":P,"to":{...},"from":{...}}     faults towards and from a port; {} for
//   none
//   {"do":"link","port":P,"up":false}                    drops all, both ways; carrier stays
//   {"do":"vlan","port":P,"vlan":20} or "trunk":{...}
//   {"do":"clear"}                                       no faults, links up
//   {"do":"seed","seed":7}
//   {"do":"capture","file":PATH,"limit_mb":512}          a new file; "" ends it
//   {"do":"flush"}                                       the capture's file is complete up to here
//   {"do":"dial","port":P,"path":PATH}                   a stream port connects at once
//
// Answers: {"ok":true,...} or {"ok":false,"failure":{"code","blame","what","advice"}}.

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "workers/network/switch/capture_file.hpp"
#include "workers/network/switch/line_server.hpp"
#include "workers/network/switch/settings.hpp"

namespace seatrial::model {
class Fields;
}

namespace seatrial::network {

class SwitchProgram final : Outside {
 public:
  static Result<std::unique_ptr<SwitchProgram>> make(Loop& loop, const SwitchSettings& settings);
  /// Runs until the loop is stopped.
  Result<> run();
  /// The answer to one line of control.
  std::string answer(std::string_view line);
  void flush();

 private:
  struct Request;
  SwitchProgram(Loop& loop, std::uint64_t seed) : loop_(loop), switch_(*this, seed) {}

  bool emit(std::size_t port, std::string_view frame) override;
  void seen(std::size_t port, bool inbound, std::string_view frame,
            std::string_view comment) override;

  std::optional<Duration> turn();
  Result<> start_capture(const CaptureSettings& settings);
  Result<std::size_t> find_port(const std::string& name) const;
  Result<nlohmann::json> perform(std::string_view line);
  Result<> on_port(const std::string& verb, const std::string& name, model::Fields& fields);
  nlohmann::json state();
  nlohmann::json port_state(std::size_t port);

  Loop& loop_;
  Switch switch_;
  std::vector<std::unique_ptr<PortIo>> ports_;
  std::vector<bool> written_;  ///< ports that have been sent something in this turn
  std::optional<SwitchCapture> capture_;
  /// Stamps follow the wall clock as it was at the start: one that steps does not shuffle frames.
  Duration wall_at_zero_ = Clock::system().wall() - monotonic_now();
  std::optional<Duration> flush_at_;
  std::unique_ptr<LineServer> control_;
};

}  // namespace seatrial::network
