// SPDX-License-Identifier: Apache-2.0
#include "core/base/failure.hpp"

#include <array>
#include <utility>

#include "core/base/assert.hpp"
#include "core/base/result.hpp"

namespace seatrial {
namespace {

constexpr std::array<std::pair<Blame, std::string_view>, 6> kBlames{{
    {Blame::product, "product"},
    {Blame::bench, "bench"},
    {Blame::suite, "suite"},
    {Blame::seatrial, "seatrial"},
    {Blame::cancelled, "cancelled"},
    {Blame::unknown, "unknown"},
}};

}  // namespace

std::string_view to_string(Blame blame) {
  for (const auto& [value, word] : kBlames)
    if (value == blame) return word;
  return "unknown";
}

Blame blame_from_string(std::string_view word) {
  for (const auto& [value, name] : kBlames)
    if (name == word) return value;
  return Blame::unknown;
}

Failure::Failure(std::string code, Blame blame, std::string what, std::string advice,
                 std::source_location where)
    : code_(std::move(code)),
      blame_(blame),
      what_(std::move(what)),
      advice_(std::move(advice)),
      where_(where) {
  SEATRIAL_ASSERT(!code_.empty() && !what_.empty() && !advice_.empty());
}

Failure unset_failure() {
  return Failure("internal.no_value", Blame::seatrial, "a result was used that nobody gave a value",
                 "report this with the log of the process");
}

Failure Failure::with(std::string note) && {
  context_.push_back(std::move(note));
  return std::move(*this);
}

Failure Failure::with(std::string note) const& { return Failure(*this).with(std::move(note)); }

std::string Failure::describe() const {
  std::string text = what_;
  for (const auto& note : context_) text += " (while " + note + ")";
  text += " [" + code_ + ", blame: " + std::string(to_string(blame_)) + "]; " + advice_;
  return text;
}

}  // namespace seatrial
