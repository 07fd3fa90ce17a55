// SPDX-License-Identifier: Apache-2.0
#pragma once
// The first process of a lab network's namespace: makes the interfaces and holds their descriptors,
// runs the parts, dials addresses of the lab for those outside. What it tells goes to stdout, a
// JSON line each: {"ready":true,"link":"tap"} or {"ready":false,"failure":{...}}, then
// {"died":PART,"how":...}.
//
// Control (labnet.ctl): {"do":"dial","address":A,"port":N,"limit_ms":5000} gets a connected socket,
// {"do":"restart","part":P}, {"do":"heal"} starts what has died, {"do":"dhcp","off":[SEGMENT...],
// "extra":[LINE...]} sets dnsmasq up anew, {"do":"state"}.

#include "core/base/result.hpp"
#include "core/base/task.hpp"
#include "workers/network/lab/interfaces.hpp"
#include "workers/network/lab/settings.hpp"

namespace seatrial::network {

/// The switch's settings for a lab: a port for each NIC and each segment. `start` numbers its
/// captures: lab-1.pcapng ...
std::string switch_settings_for(const LabSettings& settings, const LabInterfaces& interfaces,
                                int start);

/// Until it is cancelled (SIGTERM).
Task<Result<>> run_labnet(LabSettings settings, LabInterfaces interfaces, std::string own_file);

}  // namespace seatrial::network
