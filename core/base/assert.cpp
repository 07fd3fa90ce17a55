// SPDX-License-Identifier: Apache-2.0
#include "core/base/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace seatrial {

void assertion_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "seatrial: programming mistake: %s does not hold (%s:%d)\n", expression,
               file, line);
  std::abort();
}

}  // namespace seatrial
