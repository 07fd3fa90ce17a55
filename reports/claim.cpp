// SPDX-License-Identifier: Apache-2.0
#include "reports/claim.hpp"

#include <fmt/format.h>

#include <optional>
#include <vector>

#include "core/base/text.hpp"
#include "reports/escape.hpp"

namespace seatrial::reports {
namespace {

constexpr std::size_t kLongestValue = 120;

/// The lines of a message, taken from the front.
class Lines {
 public:
  explicit Lines(std::string_view text) : lines_(split(text.substr(0, 8000), '\n')) {}

  bool done() const { return at_ >= lines_.size(); }
  std::string_view peek() const { return done() ? std::string_view() : lines_[at_]; }
  std::string_view take() { return done() ? std::string_view() : lines_[at_++]; }
  /// The text behind `word` when the next line begins with it, blanks aside.
  std::optional<std::string> field(std::string_view word) {
    const auto line = trim(peek());
    if (line.substr(0, word.size()) != word) return std::nullopt;
    take();
    return std::string(trim(line.substr(word.size())));
  }
  std::string rest() {
    std::string text;
    while (!done()) text += std::string(take()) + "\n";
    return text;
  }

 private:
  std::vector<std::string> lines_;
  std::size_t at_ = 0;
};

std::string value(std::string_view text) { return one_line(text, kLongestValue); }

/// "Expected equality of these values:" and two expressions, each perhaps with its value.
std::string equality(Lines& lines) {
  const std::string left(trim(lines.take()));
  const auto left_value = lines.field("Which is:");
  const std::string right(trim(lines.take()));
  const auto right_value = lines.field("Which is:");
  if (left.empty() || right.empty()) return {};
  if (lines.field("With diff:"))
    while (!lines.done() &&
           std::string_view("@+- ").find(lines.peek().substr(0, 1)) != std::string_view::npos &&
           !lines.peek().empty())
      lines.take();
  if (left_value)
    return fmt::format("{} is {}, not {}", value(left), value(*left_value),
                       value(right_value.value_or(right)));
  if (right_value)
    return fmt::format("{} is {}, not {}", value(right), value(*right_value), value(left));
  return fmt::format("{} is not {}", value(left), value(right));
}

/// "Value of:", then "Expected:" and "Actual:" in either order.
std::string value_of(const std::string& what, Lines& lines) {
  std::optional<std::string> expected, actual;
  for (int i = 0; i < 2; ++i) {
    if (auto text = lines.field("Expected:")) expected = text;
    if (auto text = lines.field("Actual:")) actual = text;
  }
  std::string text = value(what);
  if (actual) text += " is " + value(*actual);
  if (expected) text += (actual ? ", expected " : " is not what was expected: ") + value(*expected);
  return text;
}

}  // namespace

std::string claim_sentence(std::string_view gtest_text) {
  Lines lines(trim(gtest_text));
  std::string fact;
  if (lines.field("Expected equality of these values:"))
    fact = equality(lines);
  else if (const auto what = lines.field("Value of:"))
    fact = value_of(*what, lines);
  else if (trim(lines.peek()) == "Failed")
    lines.take();
  else if (lines.peek().substr(0, 10) == "Expected: ")
    fact = value(lines.take());
  else
    return one_line(gtest_text, 400);
  const std::string said = one_line(lines.rest(), 240);
  if (said.empty()) return fact.empty() ? one_line(gtest_text, 400) : fact;
  return fact.empty() ? said : said + ": " + fact;
}

}  // namespace seatrial::reports
