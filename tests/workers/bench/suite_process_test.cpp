// SPDX-License-Identifier: Apache-2.0
// Real processes in the place of a suite: what of their output is kept.
#include "workers/bench/suite_process.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "core/base/redact.hpp"
#include "core/io/file.hpp"
#include "tests/workers/support/tasks.hpp"

namespace seatrial::bench {
namespace {
using namespace std::chrono_literals;
namespace fs = std::filesystem;

struct SuiteOutput : ::testing::Test {
  test::Loop loop;
  io::TempDir dir = io::TempDir::make("suite_process_test").value();
  const fs::path log = dir.path() / "suite.log";

  SuiteProcess start(const std::string& script) const {
    const auto path = dir.path() / "suite";
    EXPECT_TRUE(io::write_file_atomic(path, "#!/bin/sh\n" + script + "\n", 0755).has_value());
    SuiteCall call;
    call.binary = path.string();
    call.case_name = "fake.case";
    call.output = log;
    return SuiteProcess::start(const_cast<SuiteOutput*>(this)->loop.executor(), call).value();
  }
  std::string logged() const { return io::read_file(log).value_or(""); }
  static Task<Result<>> to_the_end(SuiteProcess* suite) {
    auto drained = co_await suite->drain();
    auto ended = co_await suite->wait();
    if (!ended) co_return ended.error();
    co_return drained;
  }
};

TEST_F(SuiteOutput, is_kept_without_the_secrets_in_it) {
  register_secret("suite-secret-0001");
  auto suite =
      start("echo out suite-secret-0001; echo err suite-secret-0001 >&2; printf suite-sec");
  ASSERT_TRUE(loop.run(to_the_end(&suite)).has_value());
  EXPECT_EQ(logged(), "out <redacted>\nerr <redacted>\nsuite-sec");
  EXPECT_EQ(suite.output_tail(600), logged());
  EXPECT_EQ(suite.output_tail(14), "ted>\nsuite-sec")
      << "cut after the secrets are gone, not before";
  EXPECT_EQ(suite.dropped(), 0u);
}

TEST_F(SuiteOutput, a_secret_that_comes_in_two_pieces_is_not_kept) {
  register_secret("suite-secret-0002");
  const auto go = dir.path() / "go";
  auto suite = start("printf 'begin suite-sec'; until [ -e " + go.string() +
                     " ]; do sleep 0.02; done; echo ret-0002 end");
  bool ended = false;
  loop.nursery().start("the suite", [](SuiteProcess* suite, bool* ended) -> Task<Result<>> {
    auto result = co_await to_the_end(suite);
    *ended = true;
    co_return result;
  }(&suite, &ended));
  ASSERT_TRUE(loop.run_until([&] { return !logged().empty(); }, 20s));
  EXPECT_EQ(logged(), "begin ") << "the beginning of a secret waits, the rest does not";
  ASSERT_TRUE(io::write_file_atomic(go, "x").has_value());
  ASSERT_TRUE(loop.run_until([&] { return ended; }, 20s));
  EXPECT_EQ(logged(), "begin <redacted> end\n");
}

TEST_F(SuiteOutput, beyond_its_limit_it_is_counted_and_dropped) {
  auto suite = start("head -c 6000000 /dev/zero | tr '\\0' x; echo the end");
  ASSERT_TRUE(loop.run(to_the_end(&suite)).has_value());
  EXPECT_LE(logged().size(), 4u << 20);
  EXPECT_EQ(logged().size() + suite.dropped(), 6000000u + 8);
  EXPECT_EQ(suite.output_tail(10), "xxthe end\n");
}

}  // namespace
}  // namespace seatrial::bench
