// SPDX-License-Identifier: Apache-2.0
// Cases that do everything a case can do, right and wrong.
#include <stdexcept>

#include "suites/kit/suite.hpp"

SUITE(fixture, needs(Cap::power), budget(30s))

namespace {

int asserting_helper() {
  [] { ASSERT_EQ(1, 2) << "deep down"; }();
  return 7;
}

}  // namespace

CASE(fixture, passes, from(Checkpoint::fresh), needs(Cap::shell), images("{next}"),
     mutants("slow_boot", "wrong_slug"), doc("It passes.")) {
  EXPECT_EQ(1, 1);
  bench.note("all is well");
}

CASE(fixture, fails_two_expectations, budget(1min)) {
  EXPECT_EQ(bench.info().image.version, "2.0.0") << "the wrong version";
  EXPECT_TRUE(false) << "and more";
  bench.note("still here");
}

CASE(fixture, fails_an_assertion_in_a_helper) {
  bench.measure("reached", asserting_helper(), "");
  bench.note("never here");
}

CASE(fixture, calls) {
  const auto result = bench.run("uname", within(5s));
  EXPECT_EQ(result.line(), "Linux") << result.err;
}

CASE(fixture, calls_after_a_failed_expectation) {
  EXPECT_TRUE(false) << "first";
  bench.run("uname");
}

CASE(fixture, swallows_every_exception) {
  try {
    bench.run("uname");
  } catch (const std::exception&) {
    bench.note("swallowed");
  }
}

CASE(fixture, skips) { GTEST_SKIP() << "no moon tonight"; }

CASE(fixture, needs_what_is_not_there, needs("sonar")) { FAIL() << "must not run"; }

CASE(fixture, throws) { throw std::runtime_error("oh no"); }

CASE(fixture, throws_a_number) { throw 7; }

CASE(fixture, measures) {
  bench.measure("boot", Seconds(9), at_most(5s));  // the scripted bench scales by 2
  bench.measure("space", 9, "MB", at_most(8));
  bench.measure("free", 9, "MB", at_least(1));
}

CASE(fixture, waits_for_a_boot) {
  const Boot before = bench.current_boot();
  const Boot boot = bench.next_boot(before, within(1min));
  EXPECT_EQ(boot.slot, before.slot.other());
}

CASE(fixture, installs) { bench.install({}, within(1min)); }

CASE(fixture, waits_until) { bench.wait_until("it's quiet", "test 'a' = b", within(2s)); }

CASE(fixture, looks_at_alarms_and_ports) {
  const auto alarms = bench.console().alarms();
  ASSERT_EQ(alarms.size(), 2u);
  EXPECT_EQ(alarms[0].id, "fs.ext4");
  EXPECT_EQ(alarms[0].severity, "fatal");
  EXPECT_EQ(alarms[0].line, "EXT4-fs error");
  EXPECT_EQ(alarms[0].offset, 9);
  EXPECT_TRUE(alarms[0].allowed);
  EXPECT_FALSE(alarms[1].allowed);
  const auto address = bench.forward(48484);
  EXPECT_EQ(address.host, "127.0.0.1");
  EXPECT_EQ(address.port, 40001);
}

CASE(fixture, moves_bytes) {
  bench.put("/tmp/words", "words");
  bench.put("/tmp/bytes", "a\xff");
  bench.write_medium("boot", "bytes", "a\xff");
  const auto result = bench.run("cat /tmp/bytes");
  EXPECT_EQ(result.out, "a\xff");
  EXPECT_EQ(result.out_dropped, 0);
}

CASE(fixture, reads_a_long_output) {
  const auto result = bench.run("cat log");
  EXPECT_TRUE(result.cut());
  EXPECT_EQ(result.out_dropped, 7);
  bench.output("cat log");
}

CASE(fixture, prints_and_exits) {
  printf("words of its own\n");
  exit(7);
}
