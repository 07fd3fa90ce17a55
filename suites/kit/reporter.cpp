// SPDX-License-Identifier: Apache-2.0
#include "suites/kit/reporter.hpp"

#include <nlohmann/json.hpp>
#include <string_view>

#include "core/base/text.hpp"
#include "suites/kit/link.hpp"

namespace seatrial::kit {
namespace {

constexpr std::size_t kLongestText = 16u << 10;
constexpr std::size_t kLongestLine = 600;

/// The path from the root of the sources on: what is stable between checkouts.
std::string short_path(const char* file) {
  const std::string path = file ? file : "";
  const auto at = path.rfind("suites/");
  return at == std::string::npos ? path : path.substr(at);
}

std::string cut(std::string text, std::size_t most) {
  if (text.size() <= most) return text;
  return text.substr(0, most) + " ... (cut)";
}

std::string one_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const bool space = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (!space) line.push_back(c);
    if (space && !line.empty() && line.back() != ' ') line.push_back(' ');
  }
  return cut(std::string(trim(line)), kLongestLine);
}

}  // namespace

void Reporter::OnTestPartResult(const testing::TestPartResult& result) {
  if (result.skipped()) {
    skipped_ = true;
    skip_reason_ = one_line(result.message());
    return;
  }
  if (result.passed()) return;
  const auto file = short_path(result.file_name());
  link_.note("assertion", {{"ok", false},
                           {"text", cut(result.message(), kLongestText)},
                           {"file", file},
                           {"line", result.line_number()}});
  if (failed_++ == 0) {
    first_ = one_line(result.message());
    where_ = file + ":" + std::to_string(result.line_number());
  }
  if (result.fatally_failed()) throw testing::AssertionException(result);
}

}  // namespace seatrial::kit
