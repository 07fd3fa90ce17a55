// SPDX-License-Identifier: Apache-2.0
#pragma once
// Whole runs of the built `seatrial` that need no OS: a disk with a boot partition whose boot
// sector is the tiny guest, and a scripted suite that does what a test wants. A run takes a second
// or two, with the real command line, bench host, guard, API stand-in and QEMU.

#include <optional>

#include "tests/e2e/product.hpp"
#include "tests/e2e/tiny_image.hpp"
#include "tests/workers/support/tasks.hpp"

namespace seatrial::e2e {

namespace fs = std::filesystem;

/// make_tiny_os() for tests.
inline fs::path tiny_os(const fs::path& folder, const std::string& config = "{}") {
  const auto made = make_tiny_os(folder, config);
  EXPECT_TRUE(made.has_value()) << made.error().describe();
  return made.value_or(fs::path());
}

/// One folder with cache, suites and run folders; removed at the end. What runs in it is found by
/// its path in command lines.
class TinyRuns : public testing::Test {
 protected:
  static void SetUpTestSuite();
  static void TearDownTestSuite();
  void SetUp() override;
  void TearDown() override;

  /// `seatrial WORDS` with the scripted suite and a cache of its own.
  io::Command command(std::vector<std::string> words) const;
  /// `seatrial run CASES` on the tiny OS.
  io::Command run_command(std::vector<std::string> cases) const;
  /// Runs it to its end.
  io::Output finish(io::Command command);

  /// Starts it; one at a time.
  void start(io::Command command);
  /// Waits until the event log has an event of this kind (of this case).
  testing::AssertionResult sees(std::string_view kind, std::string_view case_name = {});
  /// The end of what was started; -1 in `code` when it never ended.
  io::ExitStatus ends();
  int pid() const { return process_->pid(); }
  /// The process of this test's run whose command line has `word`; 0 when there is none.
  int child(const std::string& word) const;
  bool wait_for(std::function<bool()> done, Duration limit = std::chrono::seconds(60));

  /// Nothing of the run lives, its log is readable and `seatrial report` renders it.
  void expect_clean_and_readable();
  std::vector<model::Event> events() const;
  /// The case_finished event of a case.
  std::optional<model::Event> finished(std::string_view case_name) const;

  fs::path out() const { return folder_->path() / "run"; }

  static inline std::optional<io::TempDir> home_;  ///< cache, suites, image
  static inline fs::path image_;
  std::optional<io::TempDir> folder_;
  test::Loop loop_;
  std::optional<io::Process> process_;
};

}  // namespace seatrial::e2e
