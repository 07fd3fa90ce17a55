// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a verb of `seatrial` is: data for parsing, help, completion and documentation, and the
// function behind it. All verbs stand in one table (table.cpp), each in its own file under verbs/.
// Everything here runs on the main thread.

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace seatrial::cli {

/// What completes a value in a shell; the words come from `seatrial complete KIND`.
enum class Words { none, files, folders, cases, devices, images, formats, profiles, mutants, runs };

struct Option {
  std::string_view name;   ///< "image", for --image
  std::string_view value;  ///< "FILE|NAME"; "" makes it a flag
  std::string_view doc;
  Words words = Words::none;
  std::string_view variable = {};  ///< environment variable that stands in for the option
};

struct Example {
  std::string_view command, doc;
};

struct Invocation;

struct Verb {
  std::string_view name;                       ///< "run", "image build"
  std::string_view summary;                    ///< one line
  std::string_view operands;                   ///< "[SUITE|SUITE.CASE|GLOB ...]"; "" takes none
  int most_operands = 0;                       ///< -1: any number
  Words words = Words::none;                   ///< what completes an operand
  std::vector<std::string_view> choices = {};  ///< fixed words for the first operand
  bool passes_rest = false;                    ///< takes "-- WORDS" untouched
  std::string_view description = {};
  std::vector<Option> options = {};
  std::vector<Example> examples = {};
  std::string_view exits = {};  ///< what its exit codes mean, when not 0/2/3 as everywhere
  Result<int> (*run)(const Invocation& call) = nullptr;

  const Option* option(std::string_view wanted) const;
};

/// One parsed command line.
struct Invocation {
  const Verb* verb = nullptr;
  std::vector<std::string> argv;              ///< as typed, for the record
  std::vector<std::string> from_environment;  ///< options that variables stood in for, as words
  std::vector<std::string> operands;
  std::vector<std::string> rest;  ///< after "--"
  std::map<std::string, std::vector<std::string>, std::less<>> values;

  bool has(std::string_view option) const { return values.contains(option); }
  /// The last value given, else the fallback.
  std::string value(std::string_view option, std::string fallback = {}) const;
  /// A whole number of at least `least`; a usage failure otherwise.
  Result<int> number(std::string_view option, int fallback, int least = 1) const;
};

/// Wrong use of the command line: exit code 2.
Failure usage(std::string what, std::string advice);
/// 2 for wrong usage or input, 130 for an interruption, 3 for all else.
int exit_code_of(const Failure& failure);

}  // namespace seatrial::cli
