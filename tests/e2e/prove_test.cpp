// SPDX-License-Identifier: Apache-2.0
// All the proofs: every case is green on the good OS and red on each of its mutants. An hour.
#include "tests/e2e/product.hpp"

namespace seatrial::e2e {
namespace {
using namespace std::chrono_literals;

TEST(Prove, every_case_is_green_on_the_good_os_and_red_on_each_of_its_mutants) {
  const auto dir = io::TempDir::make("e2e").value();
  const auto output = run({"prove", "--out", (dir.path() / "proof").string()}, 170min);
  EXPECT_EQ(output.status.code, 0) << output.out << output.err;
}

}  // namespace
}  // namespace seatrial::e2e
