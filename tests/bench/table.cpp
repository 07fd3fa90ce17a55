// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

namespace seatrial::figures {
namespace {

std::string number(double value) {
  return fmt::format("{:.{}f}", value, value >= 100 ? 0 : value >= 10 ? 1 : 2);
}

bool within(const Row& row) {
  return !(row.at_most && row.value > *row.at_most) && !(row.at_least && row.value < *row.at_least);
}

std::string limit(const Row& row) {
  if (row.at_most) return "at most " + number(*row.at_most);
  if (row.at_least) return "at least " + number(*row.at_least);
  return "";
}

std::string ratio(const Row& row) {
  const auto bound = row.at_most ? row.at_most : row.at_least;
  return bound && *bound != 0 ? fmt::format("{:.2f}", row.value / *bound) : "";
}

}  // namespace

void Table::add(Row row) {
  // Told at once: the next figure may take minutes.
  fmt::print(stderr, "  {}: {} {}\n", row.figure, number(row.value), row.unit);
  rows_.push_back(std::move(row));
}

std::string Table::text() const {
  std::string out =
      fmt::format("{:<58} {:>9} {:<6} {:<15} {:>6}\n", "figure", "value", "", "limit", "ratio");
  for (const auto& row : rows_)
    out += fmt::format("{:<58} {:>9} {:<6} {:<15} {:>6}{}\n", row.figure, number(row.value),
                       row.unit, limit(row), ratio(row), within(row) ? "" : "  MISSED");
  for (const auto& text : notes_) out += "note: " + text + "\n";
  return out;
}

double smallest(const std::vector<double>& values) {
  return *std::min_element(values.begin(), values.end());
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace seatrial::figures
