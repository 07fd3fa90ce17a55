// SPDX-License-Identifier: Apache-2.0
// A sample of the proofs: one case of each suite is green on the good OS and red on its mutant.
// `./sea test --all` proves all of them.
#include "tests/e2e/product.hpp"

namespace seatrial::e2e {
namespace {
using namespace std::chrono_literals;

class Prove : public testing::TestWithParam<const char*> {};

TEST_P(Prove, the_case_is_green_on_the_good_os_and_red_on_its_mutant) {
  const auto dir = io::TempDir::make("e2e").value();
  const auto output = run({"prove", GetParam(), "--out", (dir.path() / "proof").string()}, 15min);
  EXPECT_EQ(output.status.code, 0) << output.out << output.err;
}

INSTANTIATE_TEST_SUITE_P(OnePerSuite, Prove,
                         testing::Values("smoke.os_release_and_slug",
                                         "provisioning.registers_and_reports",
                                         "update.truncated_bundle_is_refused",
                                         "logging.volatile_by_default",
                                         "network.hostname_default_and_by_config"),
                         [](const auto& info) {
                           std::string name = info.param;
                           for (auto& c : name)
                             if (c == '.') c = '_';
                           return name;
                         });

}  // namespace
}  // namespace seatrial::e2e
