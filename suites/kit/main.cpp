// SPDX-License-Identifier: Apache-2.0
#include "suites/kit/runner.hpp"

int main(int count, char** arguments) {
  return seatrial::kit::run_suite({arguments + 1, arguments + count});
}
