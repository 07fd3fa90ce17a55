// SPDX-License-Identifier: Apache-2.0
#pragma once
// Small helpers for words: suggestions for a misspelt name, glob matching, splitting, joining.

#include <string>
#include <string_view>
#include <vector>

namespace seatrial {

/// The names nearest to `wrong` (edit distance, at most `most`, none that are far off).
std::vector<std::string> nearest(std::string_view wrong, const std::vector<std::string>& names,
                                 std::size_t most = 3);
/// "did you mean smoke, network?" or "" when nothing is near.
std::string did_you_mean(std::string_view wrong, const std::vector<std::string>& names);
/// `*` and `?` as in a shell; the whole text must match.
bool glob_match(std::string_view pattern, std::string_view text);
std::vector<std::string> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::string_view trim(std::string_view text);
/// "45.2 MB"
std::string human_bytes(double bytes);

}  // namespace seatrial
