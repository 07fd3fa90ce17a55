// SPDX-License-Identifier: Apache-2.0
#pragma once
// The services of the lab that are our own, as one process inside its namespace: the DNS answerer
// behind dnsmasq, the time server, and the relays of TCP ports to unix sockets outside. They read
// foreign bytes, so they are no part of the process that holds the namespace. What each request was
// and got is in the log, up to a limit.
//
// Control (services.ctl): {"do":"names","set":{NAME:[ADDRESS...]}},
// {"do":"dns","name":NAME|"*","how":"answer|nxdomain|servfail|refused|silent","delay_ms":0},
// {"do":"time","how":"answer|silent|unsynchronised|go_away","offset_s":0,"stratum":5},
// {"do":"clear"}, {"do":"state"}.

#include "core/base/result.hpp"
#include "core/base/task.hpp"
#include "workers/network/lab/settings.hpp"

namespace seatrial::network {

/// Until it is cancelled, or something cannot be listened on.
Task<Result<>> run_services(LabSettings settings);

}  // namespace seatrial::network
