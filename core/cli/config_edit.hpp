// SPDX-License-Identifier: Apache-2.0
#pragma once
// Edits of config.json as the command line words them: KEY=VALUE with dots for nesting.

#include <string>
#include <utility>
#include <vector>

#include "core/base/result.hpp"

namespace seatrial::cli {

struct ConfigEdit {
  std::vector<std::pair<std::string, std::string>> set;  ///< key path, value as JSON text
  std::vector<std::string> remove;

  /// "a.b=5": VALUE is JSON where it reads as JSON, else text.
  Result<> add(const std::string& assignment);
  /// The edited document, compact. Fails with config.invalid when `text` is not a JSON object.
  Result<std::string> apply(const std::string& text, const std::string& where) const;
};

/// Indented, with the values of keys that hold secrets masked.
std::string masked_config(const std::string& text);

}  // namespace seatrial::cli
