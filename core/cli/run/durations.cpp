// SPDX-License-Identifier: Apache-2.0
#include "core/cli/run/durations.hpp"

#include <nlohmann/json.hpp>

#include "core/base/log.hpp"
#include "core/io/file.hpp"

namespace seatrial::cli {
namespace {

nlohmann::json whole_file(const std::filesystem::path& file) {
  const auto text = io::read_file(file, 4u << 20);
  auto parsed = text ? nlohmann::json::parse(*text, nullptr, false) : nlohmann::json::object();
  return parsed.is_object() ? parsed : nlohmann::json::object();
}

}  // namespace

Durations Durations::load(const std::filesystem::path& cache_root, std::string device) {
  Durations out;
  out.file_ = cache_root / "durations.json";
  out.device_ = std::move(device);
  const auto all = whole_file(out.file_);
  const auto mine = all.find(out.device_);
  if (mine == all.end() || !mine->is_object()) return out;
  for (const auto& [name, value] : mine->items())
    if (value.is_number()) out.seconds_[name] = value.get<double>();
  return out;
}

double Durations::expected(const model::CaseInfo& info) const {
  const auto known = seconds_.find(info.full_name());
  return known != seconds_.end() ? known->second : info.budget_seconds / 5;
}

void Durations::learn(const std::string& full_name, double seconds) {
  const auto [known, fresh] = seconds_.try_emplace(full_name, seconds);
  if (!fresh) known->second = (known->second + seconds) / 2;
}

void Durations::save() const {
  auto all = whole_file(file_);
  all[device_] = seconds_;
  if (auto made = io::make_dirs(file_.parent_path()); made) {
    if (auto written = io::write_file_atomic(file_, all.dump(1)); !written)
      log::debug("durations are not remembered: {}", written.error().describe());
  }
}

}  // namespace seatrial::cli
