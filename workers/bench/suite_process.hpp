// SPDX-License-Identifier: Apache-2.0
#pragma once
// SuiteProcess: one suite binary running one case. What it prints goes to a file of bounded size (a
// suite may print a gigabyte), redacted; the rest is counted and dropped. Ends by itself or when
// told to; what it started and left behind ends with it.

#include <boost/asio/any_io_executor.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "core/base/result.hpp"
#include "core/base/task.hpp"
#include "core/io/process.hpp"
#include "workers/guard/guard.hpp"

namespace seatrial::bench {

struct SuiteCall {
  std::string binary, case_name, socket, token, run, digest;
  int attempt = 1;
  std::int64_t epoch = 0;        ///< of the lease
  std::filesystem::path output;  ///< where its stdout and stderr go
  Guard* guard = nullptr;        ///< ends it when we are killed
};

class SuiteProcess {
 public:
  static Result<SuiteProcess> start(boost::asio::any_io_executor executor, const SuiteCall& call);
  SuiteProcess(SuiteProcess&&) noexcept;
  ~SuiteProcess();

  Task<Result<io::ExitStatus>> wait();
  /// Ends the process and everything else in its group.
  Task<io::ExitStatus> stop(Duration grace);
  int pid() const;
  /// Copies its output until it is closed; run beside wait().
  Task<Result<>> drain();
  /// The end of what it printed, at most `bytes`.
  std::string output_tail(std::size_t bytes) const;
  std::uint64_t dropped() const;

 private:
  struct Impl;
  explicit SuiteProcess(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace seatrial::bench
