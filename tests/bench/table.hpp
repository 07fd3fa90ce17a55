// SPDX-License-Identifier: Apache-2.0
#pragma once
// The table of figures that ./sea bench prints: what was measured, its limit, and how far from it.

#include <optional>
#include <string>
#include <vector>

namespace seatrial::figures {

struct Row {
  std::string figure;
  double value = 0;
  std::string unit;
  std::optional<double> at_most, at_least;  ///< no limit: for information
};

class Table {
 public:
  void add(Row row);
  void note(std::string text) { notes_.push_back(std::move(text)); }
  std::string text() const;

 private:
  std::vector<Row> rows_;
  std::vector<std::string> notes_;
};

double smallest(const std::vector<double>& values);
double median(std::vector<double> values);

}  // namespace seatrial::figures
