// SPDX-License-Identifier: Apache-2.0
#include "core/cli/verb.hpp"

#include <fmt/core.h>

#include <charconv>

#include "core/base/text.hpp"
#include "core/model/verdict.hpp"

namespace seatrial::cli {

const Option* Verb::option(std::string_view wanted) const {
  for (const auto& option : options)
    if (option.name == wanted) return &option;
  return nullptr;
}

std::string Invocation::value(std::string_view option, std::string fallback) const {
  const auto found = values.find(option);
  return found == values.end() || found->second.empty() ? fallback : found->second.back();
}

Result<int> Invocation::number(std::string_view option, int fallback, int least) const {
  if (!has(option)) return fallback;
  const auto text = value(option);
  int out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size() || out < least)
    return usage(fmt::format("--{} {}: not a whole number of at least {}", option, text, least),
                 fmt::format("write --{} {}", option, std::max(least, 3)));
  return out;
}

Failure usage(std::string what, std::string advice) {
  return Failure("usage", Blame::suite, std::move(what), std::string(trim(advice)));
}

int exit_code_of(const Failure& failure) {
  if (failure.blame() == Blame::cancelled) return model::exit_interrupted;
  return failure.blame() == Blame::suite ? model::exit_usage : model::exit_not_proven;
}

}  // namespace seatrial::cli
