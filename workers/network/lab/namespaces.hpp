// SPDX-License-Identifier: Apache-2.0
#pragma once
// The namespaces of a lab network: a network of its own, a PID namespace so that nothing in it
// outlives its first process, and, for an ordinary user, a user namespace in which that user is
// root. Plain system calls, before there is any thread or event loop.

#include <sys/types.h>

#include <functional>
#include <string>

#include "core/base/result.hpp"

namespace seatrial::network {

/// Makes the user namespace, where one is needed. Fails with "network.refused" where this machine
/// does not allow it.
Result<> enter_user_namespace();

/// Runs `inside` in a child that is the first process of the new PID namespace, has a network of
/// its own, dies with this process, whatever kills it, and takes everything in the namespace along.
/// `prepare` gets the child's PID before `inside` begins, and is still in the network of before.
/// SIGTERM and SIGINT go on to the child. The exit code of the child, 128 + signal when it was
/// killed; or "network.refused".
Result<int> run_first_process(std::function<Result<>(pid_t)> prepare, std::function<int()> inside);

}  // namespace seatrial::network
