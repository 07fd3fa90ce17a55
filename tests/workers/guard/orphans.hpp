// SPDX-License-Identifier: Apache-2.0
#pragma once
// For tests of the guard: children that outlive their parent, and a guard with a log.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "core/io/file.hpp"
#include "core/io/process.hpp"
#include "tests/workers/support/tasks.hpp"
#include "workers/guard/guard.hpp"

namespace seatrial {

inline bool lives(int pid) {
  const auto stat = io::read_file(fmt::format("/proc/{}/stat", pid));
  return stat && stat->find(") Z ") == std::string::npos;
}

inline io::Command sh(std::string script) { return io::cmd("sh").arg("-c").arg(std::move(script)); }

/// A child that survives its parent: what the guard is for.
inline io::Process start_orphan(test::Loop& loop, std::string script) {
  auto command = sh(std::move(script));
  command.die_with_parent = false;
  return io::Process::start(loop.executor(), std::move(command)).value();
}

struct GuardTest : ::testing::Test {
  test::Loop loop;
  io::TempDir dir = io::TempDir::make("guard_test").value();
  std::unique_ptr<Guard> guard =
      Guard::start(loop.nursery(), loop.executor(), dir.path() / "log").value();

  void finish() {
    if (guard) {
      EXPECT_TRUE(loop.run(done(guard.get())).has_value());
    }
    guard.reset();
  }
  void TearDown() override { finish(); }
  static Task<Result<>> done(Guard* guard) {
    co_await guard->done();
    co_return Result<>();
  }
};

}  // namespace seatrial
