// SPDX-License-Identifier: Apache-2.0
#pragma once
// The inside of Lab, shared by lab.cpp (life) and lab_verbs.cpp (what it is asked for), and by
// nobody else.

#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <utility>

#include "core/io/process.hpp"
#include "workers/network/lab/lab.hpp"
#include "workers/network/pcap.hpp"

namespace seatrial::network {

struct Lab::Impl {
  struct Output;  ///< what seatrial-labnet prints
  Impl(Nursery& n, Guard* g, LabSettings s, SocketFolder f, io::Process p,
       std::shared_ptr<Output> o, Trouble t)
      : nursery(n),
        guard(g),
        settings(std::move(s)),
        sockets(std::move(f)),
        process(std::move(p)),
        out(std::move(o)),
        on_trouble(std::move(t)),
        captures(settings.folder, &Clock::system(), "lab-", ".pcapng") {}

  /// `part`: "switch", "services" or "labnet".
  Task<Result<nlohmann::json>> ask(std::string part, nlohmann::json request, Duration limit);
  Task<Result<>> tell(std::string part, nlohmann::json request);
  std::string dut() const { return address.empty() ? fixed_address() : address; }
  std::string fixed_address() const {
    return settings.nics.empty() ? std::string() : settings.address4(settings.nics.front());
  }

  Nursery& nursery;
  Guard* guard;
  LabSettings settings;
  SocketFolder sockets;
  io::Process process;
  std::shared_ptr<Output> out;
  Trouble on_trouble;
  CaptureFolder captures;
  std::string address;                               ///< of the DUT; empty: what DHCP gives it
  std::map<std::uint16_t, std::uint16_t> listening;  ///< port of the DUT -> port of 127.0.0.1
  bool stopping = false;
};

}  // namespace seatrial::network
