// SPDX-License-Identifier: Apache-2.0
// A sample of the proofs: one case of each suite is green on the good OS and red on a mutant, for
// the reason that the mutant states. prove_test.cpp proves all of them.
#include <set>

#include "tests/e2e/product.hpp"

namespace seatrial::e2e {
namespace {
using namespace std::chrono_literals;
using nlohmann::json;

TEST(ProveSample, one_case_of_each_suite_is_green_on_the_good_os_and_red_on_a_mutant) {
  const auto dir = io::TempDir::make("e2e").value();
  const auto output = run({"prove", "--sample", "--json", "--out", (dir.path() / "proof").string(),
                           "smoke.os_release_and_slug", "provisioning.registers_and_reports",
                           "update.truncated_bundle_is_refused", "logging.volatile_by_default",
                           "network.hostname_default_and_by_config"},
                          30min);
  EXPECT_EQ(output.status.code, 0) << output.out << output.err;
  const auto table = json::parse(output.out, nullptr, false);
  ASSERT_TRUE(table.is_object()) << output.out;
  std::set<std::string> suites;
  for (const auto& pair : table.at("rows")) {
    EXPECT_TRUE(pair.at("proven").get<bool>()) << pair.dump(2);
    const auto name = pair.at("case").get<std::string>();
    suites.insert(name.substr(0, name.find('.')));
  }
  EXPECT_EQ(suites,
            (std::set<std::string>{"logging", "network", "provisioning", "smoke", "update"}));
}

}  // namespace
}  // namespace seatrial::e2e
