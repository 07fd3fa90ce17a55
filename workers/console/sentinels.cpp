// SPDX-License-Identifier: Apache-2.0
#include "workers/console/sentinels.hpp"

#include <algorithm>

#include "core/base/text.hpp"

namespace seatrial::console {
namespace {

/// "fs" covers "fs" and "fs.ext4", not "fsck".
bool covers(std::string_view allowed, std::string_view id) {
  return id.substr(0, allowed.size()) == allowed &&
         (id.size() == allowed.size() || id[allowed.size()] == '.');
}

std::vector<std::string> known_ids() {
  std::set<std::string> ids{std::string(unexpected_reset)};
  for (const auto& rule : sentinel_rules()) ids.emplace(rule.id);
  std::set<std::string> all = ids;
  for (const auto& id : ids)
    for (auto dot = id.find('.'); dot != std::string::npos; dot = id.find('.', dot + 1))
      all.insert(id.substr(0, dot));
  return {all.begin(), all.end()};
}

}  // namespace

/// One set, in this order: alarms, banners, restarts.
Result<std::unique_ptr<Sentinels>> Sentinels::arm(Matcher& matcher,
                                                  std::vector<std::string> first_lines) {
  std::unique_ptr<Sentinels> self(new Sentinels());
  self->first_lines_ = std::move(first_lines);
  self->banners_.assign(banner_rules().begin(), banner_rules().end());
  for (const auto& line : self->first_lines_)
    self->banners_.push_back(BannerRule{BootStage::loader, false, line});
  std::vector<Pattern> patterns;
  for (const auto& rule : sentinel_rules()) patterns.emplace_back(std::string(rule.pattern));
  for (const auto& rule : self->banners_) patterns.emplace_back(std::string(rule.pattern));
  for (const auto& rule : restart_rules()) patterns.emplace_back(std::string(rule));
  TRY(auto set, PatternSet::compile(std::move(patterns), PatternSet::Pick::first_pattern));
  self->watching_ =
      matcher.watch(std::move(set), [raw = self.get()](const Match& match) { raw->hit(match); });
  return self;
}

void Sentinels::hit(const Match& match) {
  const auto rules = sentinel_rules();
  if (match.pattern < rules.size()) {
    const auto& rule = rules[match.pattern];
    raise(rule.id, rule.severity, match);
  } else if (match.pattern < rules.size() + banners_.size()) {
    banner(match.pattern - rules.size(), match);
  } else {
    announce_reset();
  }
}

void Sentinels::banner(std::size_t index, const Match& match) {
  const auto& rule = banners_[index];
  const bool again = !rule.repeats && banners_seen_.contains(index);
  if (again || rule.stage < stage_) {
    announce_reset();  // whatever it was, the next stages belong to this new start
    raise(unexpected_reset, Severity::fatal, match);
  }
  stage_ = rule.stage;
  banners_seen_.insert(index);
}

void Sentinels::announce_reset() {
  stage_ = BootStage::none;
  banners_seen_.clear();
}

void Sentinels::begin_scope() {
  raised_.clear();
  suppressed_.clear();
}

bool Sentinels::allowed(std::string_view id) {
  std::erase_if(allowances_, [](const Allowance& a) { return a.owner.expired(); });
  for (const auto& allowance : allowances_)
    for (const auto& wanted : allowance.ids)
      if (covers(wanted, id)) return true;
  return false;
}

void Sentinels::raise(std::string_view id, Severity severity, const Match& match) {
  if (raised_[std::string(id)]++ >= most_per_id) {
    ++suppressed_[std::string(id)];
    return;
  }
  Alarm alarm;
  alarm.id = id;
  alarm.severity = severity;
  alarm.line = match.line;
  alarm.offset = match.line_offset;
  alarm.at = match.at;
  alarm.allowed = allowed(id);
  alarms_.push_back(alarm);
  if (alarms_.size() > most_kept) alarms_.pop_front();
  for (std::size_t i = 0; i < listeners_.size(); ++i) {  // by index: a call may add listeners
    const auto listener = listeners_[i];
    if (const auto alive = listener->owner.lock()) listener->on_alarm(alarm);
  }
  std::erase_if(listeners_, [](const auto& l) { return l->owner.expired(); });
}

Subscription Sentinels::on_alarm(OnAlarm on_alarm) {
  auto owner = std::make_shared<int>(0);
  auto listener = std::make_shared<Listener>();
  listener->owner = owner;
  listener->on_alarm = std::move(on_alarm);
  listeners_.push_back(std::move(listener));
  return owner;
}

Result<Subscription> Sentinels::allow(std::vector<std::string> ids) {
  static const std::vector<std::string> known = known_ids();
  for (const auto& id : ids)
    if (std::find(known.begin(), known.end(), id) == known.end())
      return Failure("console.unknown_sentinel", Blame::suite,
                     "there is no console sentinel '" + id + "'",
                     "use an id of the sentinel table; " + did_you_mean(id, known));
  auto owner = std::make_shared<int>(0);
  Allowance allowance;
  allowance.owner = owner;
  allowance.ids = std::move(ids);
  allowances_.push_back(std::move(allowance));
  return Subscription(owner);
}

std::vector<Alarm> Sentinels::alarms(std::uint64_t since) const {
  std::vector<Alarm> out;
  for (const auto& alarm : alarms_)
    if (alarm.offset >= since) out.push_back(alarm);
  return out;
}

}  // namespace seatrial::console
