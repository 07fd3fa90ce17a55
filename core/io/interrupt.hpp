// SPDX-License-Identifier: Apache-2.0
#pragma once
// Being interrupted (Ctrl-C, SIGTERM, SIGHUP) while a child process works for us. A child leads a
// process group of its own, so a terminal's Ctrl-C never reaches it: whoever waits for it must end
// it. Signals that were ignored when this process began (nohup, a background job) stay ignored.

#include "core/base/result.hpp"
#include "core/base/task.hpp"

namespace seatrial::io {

/// Ends with the failure "cancelled" when a signal comes; waits for ever otherwise. For unless().
Task<Result<>> until_interrupted();

}  // namespace seatrial::io
