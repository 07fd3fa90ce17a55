// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a person would read in a line of console bytes: ECMA-48 control sequences (colours, cursor
// movement, titles) and the carriage returns around a line removed. Pure functions over one line.
//
// A string sequence (title, device control) that never ends hides nothing but its introducer, so
// that garbage cannot swallow a kernel panic.

#include <cstddef>
#include <string>
#include <string_view>

namespace seatrial::model {

/// Length of the control sequence at text[0] == ESC; 0: broken off by the end of `text`.
std::size_t escape_length(std::string_view text);

/// The readable text of one line (no '\n' in it). Returns a part of `raw` when nothing within it
/// has to go, else `scratch`, rewritten.
std::string_view plain_line(std::string_view raw, std::string& scratch);
std::string plain_line(std::string_view raw);

/// Where raw[position] lies in plain_line(raw), and the other way round.
std::size_t plain_position(std::string_view raw, std::size_t position);
std::size_t raw_position(std::string_view raw, std::size_t plain);

}  // namespace seatrial::model
