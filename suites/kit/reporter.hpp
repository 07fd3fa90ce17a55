// SPDX-License-Identifier: Apache-2.0
#pragma once
// Listens to GoogleTest and turns what fails into assertion notes; keeps what the verdict needs.
// A fatal failure (ASSERT_*) leaves the body at once, from however deep. Used by the case runner.

#include <gtest/gtest.h>

#include <string>

namespace seatrial::kit {

class Link;

class Reporter : public testing::EmptyTestEventListener {
 public:
  explicit Reporter(Link& link) : link_(link) {}
  void OnTestPartResult(const testing::TestPartResult& result) override;

  int failed() const { return failed_; }
  const std::string& first() const { return first_; }  ///< one line of the first failure
  const std::string& where() const { return where_; }  ///< "smoke/boot.cpp:31" of the first failure
  const std::string& skip_reason() const { return skip_reason_; }
  bool skipped() const { return skipped_; }

 private:
  Link& link_;
  int failed_ = 0;
  bool skipped_ = false;
  std::string first_, where_, skip_reason_;
};

}  // namespace seatrial::kit
