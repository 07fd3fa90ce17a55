// SPDX-License-Identifier: Apache-2.0
#pragma once
// SEATRIAL_ASSERT: for programming mistakes only. Aborts with a message, in every build. What can
// happen to a correct program (a cable, a file, a peer, a product) is a Failure, never this.

namespace seatrial {

[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);

}  // namespace seatrial

#define SEATRIAL_ASSERT(expression) \
  ((expression) ? void(0) : ::seatrial::assertion_failed(#expression, __FILE__, __LINE__))
