// SPDX-License-Identifier: Apache-2.0
#pragma once
// Failure: what went wrong, whose fault it is, and what the reader does next. A value, freely
// copied; it travels through every layer, over the bench protocol and into reports. It cannot be
// made without blame and advice. `code` is stable and dotted ("mux.no_card"): reports group by it,
// people search for it.

#include <source_location>
#include <string>
#include <string_view>
#include <vector>

namespace seatrial {

/// Who has to act. Decides between a red build, a retry on another bench, and a page to the lab
/// owner.
enum class Blame { product, bench, suite, seatrial, cancelled, unknown };

std::string_view to_string(Blame blame);
/// Unknown words read as Blame::unknown, so that an older side can read a newer one.
Blame blame_from_string(std::string_view word);

class Failure {
 public:
  /// All four are mandatory; an empty code, what or advice is a programming mistake and aborts.
  Failure(std::string code, Blame blame, std::string what, std::string advice,
          std::source_location where = std::source_location::current());

  /// Adds context on the way up, outermost last: fail.with("flashing slot B").
  Failure with(std::string note) &&;
  Failure with(std::string note) const&;

  const std::string& code() const { return code_; }
  Blame blame() const { return blame_; }
  const std::string& what() const { return what_; }
  const std::string& advice() const { return advice_; }
  const std::vector<std::string>& context() const { return context_; }
  const std::source_location& where() const { return where_; }

  /// "what (while flashing slot B) [code, blame: bench]; advice"
  std::string describe() const;

 private:
  std::string code_;
  Blame blame_;
  std::string what_;
  std::string advice_;
  std::vector<std::string> context_;
  std::source_location where_;
};

}  // namespace seatrial
