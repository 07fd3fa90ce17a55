// SPDX-License-Identifier: Apache-2.0
#include "core/base/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdlib>

#include "core/base/redact.hpp"

namespace seatrial::log {
namespace {

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::trace: return spdlog::level::trace;
    case Level::debug: return spdlog::level::debug;
    case Level::info: return spdlog::level::info;
    case Level::warn: return spdlog::level::warn;
    case Level::error: return spdlog::level::err;
  }
  return spdlog::level::info;
}

spdlog::logger& logger() {
  static spdlog::logger instance = [] {
    spdlog::logger made("seatrial", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    const char* wanted = std::getenv("SEATRIAL_LOG");
    made.set_level(wanted ? spdlog::level::from_str(wanted) : spdlog::level::warn);
    made.set_pattern("%Y-%m-%dT%H:%M:%S.%e %l %v");
    made.flush_on(spdlog::level::trace);
    return made;
  }();
  return instance;
}

}  // namespace

void set_level(Level level) { logger().set_level(to_spdlog(level)); }

void init(std::string_view program) {
  logger().set_pattern("%Y-%m-%dT%H:%M:%S.%e " + std::string(program) + "[%P] %l: %v");
}

bool enabled(Level level) { return logger().should_log(to_spdlog(level)); }

void write(Level level, std::string_view line) {
  logger().log(to_spdlog(level), "{}", redact(std::string(line)));
}

}  // namespace seatrial::log
