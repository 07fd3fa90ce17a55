// SPDX-License-Identifier: Apache-2.0
#include "workers/network/switch/faults.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/model/json.hpp"

namespace seatrial::network {
namespace {

/// splitmix64: each input gives an unrelated output.
std::uint64_t mixed(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
  x = (x ^ x >> 27) * 0x94d049bb133111eb;
  return x ^ x >> 31;
}

enum Die : unsigned { kLoss, kTwice, kCorrupt, kBit, kReorder, kJitter, kDice };

constexpr double kLongestMs = 60'000;

void share(model::Fields& fields, const char* key, double& into) {
  fields.optional(key, into);
  if (!(into >= 0 && into <= 1)) fields.complain(key, "must be a share from 0 to 1");
}

void span(model::Fields& fields, const char* key, Duration& into) {
  double ms = seconds(into) * 1e3;
  fields.optional(key, ms);
  if (!(ms >= 0 && ms <= kLongestMs))
    fields.complain(key, "must be milliseconds from 0 to 60000");
  else
    into = from_seconds(ms / 1e3);
}

double ms(Duration value) { return seconds(value) * 1e3; }

}  // namespace

void read_faults(model::Fields& fields, Faults& into) {
  share(fields, "loss", into.loss);
  share(fields, "duplicate", into.duplicate);
  share(fields, "corrupt", into.corrupt);
  share(fields, "reorder", into.reorder);
  span(fields, "reorder_ms", into.reorder_by);
  span(fields, "delay_ms", into.delay);
  span(fields, "jitter_ms", into.jitter);
  auto rate = static_cast<std::int64_t>(into.rate_kbit);
  fields.optional("rate_kbit", rate);
  if (rate < 0 || rate > 100'000'000)
    fields.complain("rate_kbit", "must be kbit/s from 1 to 100000000, or 0 for no limit");
  else
    into.rate_kbit = static_cast<std::uint64_t>(rate);
}

nlohmann::json to_json(const Faults& faults) {
  return {{"loss", faults.loss},
          {"duplicate", faults.duplicate},
          {"corrupt", faults.corrupt},
          {"reorder", faults.reorder},
          {"reorder_ms", ms(faults.reorder_by)},
          {"delay_ms", ms(faults.delay)},
          {"jitter_ms", ms(faults.jitter)},
          {"rate_kbit", faults.rate_kbit}};
}

std::uint64_t path_seed(std::uint64_t seed, std::string_view port, bool towards) {
  std::uint64_t out = mixed(seed ^ (towards ? 1 : 2));
  for (const unsigned char c : port) out = mixed(out ^ c);
  return out;
}

void Path::set(const Faults& faults) {
  faults_ = faults;
  frames_ = 0;
}

void Path::reseed(std::uint64_t seed) {
  seed_ = seed;
  frames_ = 0;
}

std::uint64_t Path::dice(unsigned die) const { return mixed(seed_ ^ mixed(frames_ * kDice + die)); }

double Path::chance(unsigned die) const { return static_cast<double>(dice(die) >> 11) * 0x1p-53; }

Fate Path::decide(std::size_t bytes, Duration now) {
  Fate fate;
  fate.at = now;
  ++frames_;
  if (!faults_.any() && waiting_ == 0) return fate;
  if (chance(kLoss) < faults_.loss) {
    fate.lost = Fate::Loss::by_chance;
    return fate;
  }
  if (waiting_ >= kMostWaiting || waiting_bytes_ + bytes > kMostBytes) {
    fate.lost = Fate::Loss::queue_full;
    return fate;
  }
  fate.twice = chance(kTwice) < faults_.duplicate;
  if (chance(kCorrupt) < faults_.corrupt) fate.flip = dice(kBit);
  if (faults_.rate_kbit > 0) {
    const double wire = static_cast<double>(bytes) * 8 / static_cast<double>(faults_.rate_kbit);
    free_at_ = std::max(now, free_at_) + from_seconds(wire / 1e3);
    fate.at = free_at_;
  }
  const double shift = faults_.jitter.count() > 0 ? 2 * chance(kJitter) - 1 : 0;
  const auto delay = faults_.delay + from_seconds(shift * seconds(faults_.jitter));
  fate.at += std::max(delay, Duration::zero());
  if (chance(kReorder) < faults_.reorder) {
    fate.at += faults_.reorder_by;  // whoever comes next does not wait for it
  } else {
    if (waiting_ > 0) fate.at = std::max(fate.at, last_);
    last_ = fate.at;
  }
  return fate;
}

void Path::waits(std::size_t bytes) {
  ++waiting_;
  waiting_bytes_ += bytes;
}

void Path::waited(std::size_t bytes) {
  --waiting_;
  waiting_bytes_ -= bytes;
}

void Path::forget() {
  waiting_ = waiting_bytes_ = 0;
  free_at_ = last_ = {};
}

}  // namespace seatrial::network
