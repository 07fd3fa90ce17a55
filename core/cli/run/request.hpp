// SPDX-License-Identifier: Apache-2.0
#pragma once
// The words of `seatrial run` as a request, and the request carried out to the closing lines: what
// the verbs that make one run have in common.

#include "core/base/result.hpp"
#include "core/cli/run/perform.hpp"
#include "core/cli/verb.hpp"

namespace seatrial::cli {

/// `call` has the options of `seatrial run`, its operands name cases.
Result<RunRequest> request_of(const Invocation& call, const Installation& installation);

/// Runs it, prints what came of it, and says how a held device is reached; the exit code.
/// `call`: quiet, json, desk.
Result<int> carry_out(const Invocation& call, const Installation& installation, RunRequest request);

}  // namespace seatrial::cli
