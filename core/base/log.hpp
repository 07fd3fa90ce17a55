// SPDX-License-Identifier: Apache-2.0
#pragma once
// The diagnostic log of a process, on stderr (spdlog behind it, in log.cpp alone). Not evidence:
// what a report needs is an event. Every line passes through the redactor, so a registered secret
// never appears.

#include <fmt/core.h>

#include <string>
#include <string_view>

namespace seatrial::log {

enum class Level { trace, debug, info, warn, error };

/// Sets the process-wide level; SEATRIAL_LOG=trace|debug|info|warn|error is the default's override.
void set_level(Level level);
/// Starts the log with the program's name as prefix of each line.
void init(std::string_view program);
bool enabled(Level level);
void write(Level level, std::string_view line);

template <class... Args>
void at(Level level, fmt::format_string<Args...> text, Args&&... args) {
  if (enabled(level)) write(level, fmt::format(text, std::forward<Args>(args)...));
}
template <class... Args>
void debug(fmt::format_string<Args...> text, Args&&... args) {
  at(Level::debug, text, std::forward<Args>(args)...);
}
template <class... Args>
void info(fmt::format_string<Args...> text, Args&&... args) {
  at(Level::info, text, std::forward<Args>(args)...);
}
template <class... Args>
void warn(fmt::format_string<Args...> text, Args&&... args) {
  at(Level::warn, text, std::forward<Args>(args)...);
}
template <class... Args>
void error(fmt::format_string<Args...> text, Args&&... args) {
  at(Level::error, text, std::forward<Args>(args)...);
}

}  // namespace seatrial::log
