// SPDX-License-Identifier: Apache-2.0
#include "workers/dut/boots_lines.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include <charconv>
#include <map>
#include <vector>

namespace seatrial::dut {
namespace {

/// One pattern; an empty one never matches.
class Pattern {
 public:
  explicit Pattern(const std::string& text) {
    if (text.empty()) return;
    RE2::Options options;
    options.set_log_errors(false);
    regex_ = std::make_unique<RE2>(text, options);
  }
  bool ok() const { return !regex_ || regex_->ok(); }
  std::string error() const { return regex_ ? regex_->error() : std::string(); }
  bool matches(std::string_view line) const {
    return regex_ && RE2::PartialMatch(view(line), *regex_);
  }

  /// The named groups of the first match; nullopt: no match.
  std::optional<std::map<std::string, std::string>> groups(std::string_view line) const {
    if (!regex_) return std::nullopt;
    std::vector<re2::StringPiece> parts(
        static_cast<std::size_t>(regex_->NumberOfCapturingGroups()) + 1);
    if (!regex_->Match(view(line), 0, line.size(), RE2::UNANCHORED, parts.data(),
                       static_cast<int>(parts.size())))
      return std::nullopt;
    std::map<std::string, std::string> result;
    for (const auto& [index, name] : regex_->CapturingGroupNames())
      result[name] = std::string(parts[static_cast<std::size_t>(index)]);
    return result;
  }

 private:
  static re2::StringPiece view(std::string_view text) { return {text.data(), text.size()}; }
  std::unique_ptr<RE2> regex_;
};

std::optional<int> number_of(const std::string& text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

LoaderWords words_of(const std::map<std::string, std::string>& groups) {
  const auto take = [&](const char* name) {
    const auto found = groups.find(name);
    return found == groups.end() ? std::string() : found->second;
  };
  LoaderWords words;
  words.slot = take("slot");
  words.part = take("part");
  words.bootcount = number_of(take("bootcount"));
  const auto upgrade =
      number_of(take("upgrade").empty() ? take("upgrade_available") : take("upgrade"));
  if (upgrade) words.upgrade_available = *upgrade != 0;
  return words;
}

}  // namespace

struct BootLines::Patterns {
  explicit Patterns(const BootRules& rules)
      : loader(rules.loader),
        kernel(rules.kernel),
        login(rules.login),
        panic(rules.panic),
        restart(rules.restart),
        halt(rules.halt) {}
  Pattern loader, kernel, login, panic, restart, halt;
};

BootLines::BootLines(std::unique_ptr<Patterns> patterns) : patterns_(std::move(patterns)) {}
BootLines::BootLines(BootLines&&) noexcept = default;
BootLines::~BootLines() = default;

Result<BootLines> BootLines::make(const BootRules& rules) {
  auto made = std::make_unique<Patterns>(rules);
  const std::pair<const char*, const Pattern*> patterns[] = {
      {"loader", &made->loader}, {"kernel", &made->kernel},   {"login", &made->login},
      {"panic", &made->panic},   {"restart", &made->restart}, {"halt", &made->halt}};
  for (const auto& [name, pattern] : patterns)
    if (!pattern->ok())
      return Failure(
          "boots.rules", Blame::bench,
          fmt::format("the {} pattern of the device type is not RE2: {}", name, pattern->error()),
          "correct it in the device's device.json");
  return BootLines(std::move(made));
}

LineMeaning BootLines::read(std::string_view line) const {
  using What = LineMeaning::What;
  LineMeaning meaning;
  if (const auto groups = patterns_->loader.groups(line)) {
    meaning.what = What::loader;
    meaning.loader = words_of(*groups);
  } else if (patterns_->kernel.matches(line)) {
    meaning.what = What::kernel;
  } else if (patterns_->panic.matches(line)) {
    meaning.what = What::panic;
  } else if (patterns_->restart.matches(line)) {
    meaning.what = What::restart;
  } else if (patterns_->halt.matches(line)) {
    meaning.what = What::halt;
  } else if (patterns_->login.matches(line)) {
    meaning.what = What::login;
  }
  return meaning;
}

BootRules boot_rules(const model::DeviceType& device) {
  BootRules rules;
  rules.loader = device.boot_loader.line;
  rules.attempt_limit = device.boot_loader.attempt_limit;
  if (!device.console.login_prompt.empty()) rules.login = device.console.login_prompt;
  return rules;
}

}  // namespace seatrial::dut
