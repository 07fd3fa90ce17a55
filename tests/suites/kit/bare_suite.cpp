// SPDX-License-Identifier: Apache-2.0
// Cases without needs: nothing makes the kit ask what the bench is, except its budgets.
#include "suites/kit/suite.hpp"

SUITE(bare, budget(30s))

CASE(bare, runs_with_a_budget) { bench.run("uname", within(10s)); }
