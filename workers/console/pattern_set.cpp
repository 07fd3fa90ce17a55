// SPDX-License-Identifier: Apache-2.0
#include "workers/console/pattern_set.hpp"

#include <fmt/format.h>
#include <re2/filtered_re2.h>
#include <re2/re2.h>
#include <re2/set.h>

#include <algorithm>

namespace seatrial::console {
namespace {

constexpr auto npos = std::string_view::npos;
/// Shorter literals are found everywhere and filter nothing.
constexpr int shortest_atom = 4;

RE2::Options options() {
  RE2::Options options(RE2::Latin1);
  options.set_log_errors(false);
  options.set_max_mem(4 << 20);
  return options;
}

/// True for a newline and its spellings outside of [...]: what a line cannot hold.
bool asks_for_newline(std::string_view regex) {
  bool in_class = false;
  for (std::size_t i = 0; i < regex.size(); ++i) {
    const char c = regex[i];
    if (c == '[' && !in_class) {
      in_class = true;
      if (i + 1 < regex.size() && regex[i + 1] == '^') ++i;
      if (i + 1 < regex.size() && regex[i + 1] == ']') ++i;  // a literal one
    } else if (c == ']') {
      in_class = false;
    } else if (c == '\n' && !in_class) {
      return true;
    } else if (c == '\\') {
      const std::string_view rest = regex.substr(++i);
      for (const std::string_view newline : {"n", "x0a", "x0A", "012", "x{a}", "x{A}"})
        if (!in_class && rest.substr(0, newline.size()) == newline) return true;
    }
  }
  return false;
}

/// No quantifier, alternation or assertion: all matches have one length and more bytes after them
/// change nothing. Conservative: escapes of letters other than the character classes count as open.
bool fixed_shape(std::string_view regex) {
  for (std::size_t i = 0; i < regex.size(); ++i) {
    const char c = regex[i];
    if (std::string_view("*+?{|$^").find(c) != npos) return false;
    if (c != '\\') continue;
    if (++i == regex.size()) return false;
    const bool word = std::isalnum(static_cast<unsigned char>(regex[i])) != 0;
    if (word && std::string_view("dDsSwWrt").find(regex[i]) == npos) return false;
  }
  return true;
}

Duration settle(Where where) {
  return where == Where::prompt ? Duration(std::chrono::milliseconds(30))
                                : Duration(std::chrono::milliseconds(300));
}

}  // namespace

Pattern literal(std::string_view text, Where where) {
  return Pattern(RE2::QuoteMeta(re2::StringPiece(text.data(), text.size())), where);
}

struct PatternSet::Impl {
  std::vector<Pattern> patterns;
  Pick pick = Pick::leftmost;
  std::vector<std::unique_ptr<RE2>> each;
  std::vector<bool> fixed;
  std::unique_ptr<RE2::Set> set;   // when there are many: which ones match a line
  std::unique_ptr<RE2> atoms;      // the literals that the patterns need; null: unfiltered
  mutable std::vector<int> which;  // scratch of one thread

  /// The indices of the patterns that match somewhere in `line`, in ascending order.
  const std::vector<int>& matching(std::string_view line) const {
    which.clear();
    if (set) {
      RE2::Set::ErrorInfo error{RE2::Set::kNoError};
      const re2::StringPiece text(line.data(), line.size());
      if (!set->Match(text, nullptr, &error) && error.kind == RE2::Set::kNoError) return which;
      if (error.kind == RE2::Set::kNoError && set->Match(text, &which, &error)) {
        std::sort(which.begin(), which.end());
        return which;
      }
      which.clear();  // the automaton outgrew its memory: every pattern is tried by itself
    }
    for (std::size_t i = 0; i < each.size(); ++i) which.push_back(static_cast<int>(i));
    return which;
  }

  std::optional<Hit> find(std::size_t i, std::string_view line, std::size_t from) const {
    re2::StringPiece span;
    if (from > line.size() || !each[i]->Match(re2::StringPiece(line.data(), line.size()), from,
                                              line.size(), RE2::UNANCHORED, &span, 1))
      return std::nullopt;
    const auto begin = static_cast<std::size_t>(span.data() - line.data());
    return Hit{i, begin, begin + span.size()};
  }

  /// The best of the hits that `usable` lets through.
  template <class Usable>
  std::optional<Hit> best(std::string_view line, std::size_t from, Usable usable) const {
    std::optional<Hit> best;
    for (const int i : matching(line)) {
      const auto hit = find(static_cast<std::size_t>(i), line, from);
      if (!hit || !usable(*hit)) continue;
      if (!best || hit->begin < best->begin) best = hit;
      if (pick == Pick::first_pattern) break;
    }
    return best;
  }

  Result<> add(const Pattern& pattern, re2::FilteredRE2& filter) {
    std::string problem;
    auto regex = std::make_unique<RE2>(pattern.regex, options());
    if (!regex->ok())
      problem = regex->error();
    else if (pattern.regex.empty())
      problem = "it is empty and matches everywhere";
    else if (asks_for_newline(pattern.regex))
      problem = "a pattern is matched line by line and cannot hold a newline";
    if (!problem.empty())
      return Failure(
          "console.bad_pattern", Blame::suite,
          fmt::format("the pattern '{}' cannot be used: {}", pattern.regex, problem),
          "write it in RE2 syntax for one line; for several lines expect one after the other");
    int ignored = 0;
    filter.Add(pattern.regex, options(), &ignored);
    each.push_back(std::move(regex));
    fixed.push_back(fixed_shape(pattern.regex));
    return {};
  }

  void build_filter(re2::FilteredRE2& filter) {
    std::vector<std::string> strings;
    filter.Compile(&strings);
    std::vector<int> always;
    filter.AllPotentials({}, &always);
    if (!always.empty() || strings.empty()) return;
    std::string any;
    for (const auto& text : strings) any += (any.empty() ? "" : "|") + RE2::QuoteMeta(text);
    auto with_case = options();
    with_case.set_case_sensitive(false);  // FilteredRE2 gives its strings in lower case
    auto regex = std::make_unique<RE2>(any, with_case);
    if (regex->ok()) atoms = std::move(regex);
  }

  void build_set() {
    if (patterns.size() < 2) return;
    auto all = std::make_unique<RE2::Set>(options(), RE2::UNANCHORED);
    for (const auto& pattern : patterns)
      if (all->Add(pattern.regex, nullptr) < 0) return;
    if (all->Compile()) set = std::move(all);
  }
};

PatternSet::PatternSet(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PatternSet::~PatternSet() = default;

Result<PatternSet::Ptr> PatternSet::compile(std::vector<Pattern> patterns, Pick pick) {
  if (patterns.empty())
    return Failure("console.bad_pattern", Blame::suite, "nothing to expect: no pattern was given",
                   "give at least one pattern");
  auto impl = std::make_unique<Impl>();
  impl->pick = pick;
  re2::FilteredRE2 filter(shortest_atom);
  for (const auto& pattern : patterns) CHECK_OK(impl->add(pattern, filter));
  impl->patterns = std::move(patterns);
  impl->build_filter(filter);
  impl->build_set();
  return Ptr(new PatternSet(std::move(impl)));
}

Result<PatternSet::Ptr> PatternSet::compile(Pattern pattern) {
  return compile(std::vector<Pattern>{std::move(pattern)});
}

std::size_t PatternSet::size() const { return impl_->patterns.size(); }
const Pattern& PatternSet::at(std::size_t i) const { return impl_->patterns.at(i); }

std::string PatternSet::describe() const {
  if (size() == 1) return fmt::format("'{}'", at(0).regex);
  std::string out = "one of";
  for (std::size_t i = 0; i < std::min<std::size_t>(size(), 4); ++i)
    out += fmt::format("{} '{}'", i ? "," : "", at(i).regex);
  if (size() > 4) out += fmt::format(" and {} more", size() - 4);
  return out;
}

std::optional<Hit> PatternSet::match(std::string_view line, std::size_t from) const {
  return impl_->best(line, from, [](const Hit&) { return true; });
}

std::optional<Hit> PatternSet::match_unfinished(std::string_view line, std::size_t from,
                                                Duration quiet) const {
  return impl_->best(line, from, [&](const Hit& hit) {
    const Where where = at(hit.pattern).where;
    if (where == Where::line) return false;
    return hit.end < line.size() || impl_->fixed[hit.pattern] || quiet >= settle(where);
  });
}

std::vector<std::string> PatternSet::groups(std::string_view line, const Hit& hit) const {
  const RE2& regex = *impl_->each[hit.pattern];
  std::vector<re2::StringPiece> spans(static_cast<std::size_t>(regex.NumberOfCapturingGroups()) +
                                      1);
  std::vector<std::string> out;
  if (!regex.Match(re2::StringPiece(line.data(), line.size()), hit.begin, line.size(),
                   RE2::UNANCHORED, spans.data(), static_cast<int>(spans.size())))
    return out;
  for (const auto& span : spans) out.emplace_back(span.data(), span.size());
  return out;
}

bool PatternSet::filtered() const { return impl_->atoms != nullptr; }

std::size_t PatternSet::candidate(std::string_view block, std::size_t from) const {
  re2::StringPiece span;
  if (!impl_->atoms->Match(re2::StringPiece(block.data(), block.size()), from, block.size(),
                           RE2::UNANCHORED, &span, 1))
    return npos;
  return static_cast<std::size_t>(span.data() - block.data());
}

}  // namespace seatrial::console
