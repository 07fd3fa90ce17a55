// SPDX-License-Identifier: Apache-2.0
#include "suites/kit/nouns.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <ostream>

#include "core/base/text.hpp"

namespace seatrial::kit {
namespace {

long milliseconds(Seconds span) { return std::lround(span.count() * 1000); }

constexpr std::size_t kShown = 2000;  // of a command's output, in an expectation

std::string shortened(const std::string& text) {
  if (text.size() <= kShown) return text;
  return "... " + text.substr(text.size() - kShown);
}

}  // namespace

void PrintTo(const Slot& slot, std::ostream* out) {
  *out << "slot " << (slot.name().empty() ? "?" : slot.name());
}

void PrintTo(const Boot& boot, std::ostream* out) {
  *out << "boot " << boot.number << " (slot " << boot.slot.name() << ", OS "
       << (boot.os_version.empty() ? "?" : boot.os_version) << ", bootcount " << boot.bootcount
       << ", " << boot.reason << ")";
}

std::string CommandResult::line() const { return std::string(trim(out)); }

std::vector<std::string> CommandResult::lines() const {
  std::vector<std::string> all;
  for (auto& text : split(out, '\n'))
    if (!trim(text).empty()) all.push_back(std::move(text));
  return all;
}

void PrintTo(const CommandResult& result, std::ostream* out) {
  *out << "`" << result.command << "` ended with " << result.exit;
  if (!result.out.empty()) *out << "\nstdout: " << shortened(result.out);
  if (!result.err.empty()) *out << "\nstderr: " << shortened(result.err);
  if (result.cut())
    *out << "\ncut: " << result.out_dropped << " bytes more of stdout and " << result.err_dropped
         << " of stderr were not kept";
}

void PrintTo(const InstallResult& result, std::ostream* out) {
  *out << "the updater ended with " << result.exit << " after the phases "
       << join(result.phases, ", ") << "; it said:\n"
       << shortened(result.out);
}

void PrintTo(const ApiRequest& request, std::ostream* out) {
  *out << request.method << " " << request.path << " -> " << request.status << " (" << request.seq
       << ") " << request.body.dump();
}

void PrintTo(const ConsoleAlarm& alarm, std::ostream* out) {
  *out << "the alarm " << alarm.id << " (" << alarm.severity << (alarm.allowed ? ", allowed" : "")
       << "): " << alarm.line;
}

bool UpdateState::has(std::string_view file) const {
  return std::find(files.begin(), files.end(), file) != files.end();
}

std::string UpdateState::variable(std::string_view name) const {
  return std::string(trim(variables[name].text()));  // the OS itself writes "bootcount=0 "
}

std::string os_release_field(std::string_view os_release, std::string_view name) {
  for (const auto& line : split(os_release, '\n')) {
    const auto equals = line.find('=');
    if (equals == std::string::npos || std::string_view(line).substr(0, equals) != name) continue;
    const auto value = trim(std::string_view(line).substr(equals + 1));
    if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'') &&
        value.back() == value.front())
      return std::string(value.substr(1, value.size() - 2));
    return std::string(value);
  }
  return "";
}

Fault Fault::answer(int status) {
  Fault fault;
  fault.action_ = nlohmann::json{{"status", status}}.dump();
  return fault;
}

Fault Fault::slow(Seconds delay) {
  Fault fault;
  fault.action_ = nlohmann::json{{"delay_ms", milliseconds(delay)}}.dump();
  return fault;
}

Fault Fault::silent(Seconds span) {
  Fault fault;
  fault.action_ = nlohmann::json{{"hang_ms", milliseconds(span)}}.dump();
  return fault;
}

Fault Fault::drop(std::string when) {
  Fault fault;
  fault.action_ = nlohmann::json{{"drop", when}}.dump();
  return fault;
}

Fault Fault::outage(Seconds span) {
  Fault fault;
  fault.action_ = nlohmann::json{{"outage", "reset"}, {"for_ms", milliseconds(span)}}.dump();
  return fault;
}

Fault&& Fault::to(std::string method, std::string path) && {
  method_ = std::move(method);
  path_ = std::move(path);
  return std::move(*this);
}

Fault&& Fault::body(std::string text) && {
  body_ = std::move(text);
  return std::move(*this);
}

Fault&& Fault::times(int count) && {
  count_ = count;
  return std::move(*this);
}

Fault&& Fault::after(int requests) && {
  skip_ = requests;
  return std::move(*this);
}

Value Fault::rule() const {
  nlohmann::json rule{{"action", nlohmann::json::parse(action_)}};
  if (!body_.empty()) rule["action"]["body"] = body_;
  if (!method_.empty()) rule["match"]["method"] = method_;
  if (!path_.empty()) rule["match"]["path"] = path_;
  if (count_ > 0) rule["count"] = count_;
  if (skip_ > 0) rule["skip"] = skip_;
  return Value::parse(rule.dump());
}

}  // namespace seatrial::kit
