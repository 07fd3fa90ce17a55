// SPDX-License-Identifier: Apache-2.0
#pragma once
// How a suite body ends early. BenchFailure: a bench call failed; the case runner turns it into a
// verdict by its blame, a body normally lets it pass. CaseEnded: the bench host told us to stop or
// is gone; on purpose no std::exception, so that no body swallows it.

#include <exception>
#include <string>
#include <utility>

#include "core/base/failure.hpp"

namespace seatrial::kit {

class BenchFailure : public std::exception {
 public:
  explicit BenchFailure(Failure failure)
      : failure_(std::move(failure)), text_(failure_.describe()) {}
  const Failure& failure() const { return failure_; }
  const char* what() const noexcept override { return text_.c_str(); }

 private:
  Failure failure_;
  std::string text_;
};

struct CaseEnded {
  Failure failure;
};

}  // namespace seatrial::kit
