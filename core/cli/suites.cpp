// SPDX-License-Identifier: Apache-2.0
#include "core/cli/suites.hpp"

#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <random>

#include "core/base/text.hpp"
#include "core/cli/verb.hpp"
#include "core/io/file.hpp"
#include "core/io/hash.hpp"
#include "core/io/process.hpp"

namespace seatrial::cli {
namespace fs = std::filesystem;
namespace {

/// Size, times and inode: what changes when a file is built again.
std::string stamp_of(const fs::path& path) {
  struct stat st {};
  if (::stat(path.c_str(), &st) != 0) return {};
  return fmt::format("{}:{}:{}.{:09}", st.st_ino, st.st_size, st.st_mtim.tv_sec,
                     st.st_mtim.tv_nsec);
}

Result<std::string> ask(const fs::path& suite) {
  auto answer = io::run_checked(io::cmd(suite.string()).arg("--list"),
                                Budget(std::chrono::seconds(20), "the list of cases"), "suite.list",
                                Blame::suite);
  if (answer) return answer;
  return Failure(
      "suite.list", Blame::suite,
      fmt::format("{} did not say which cases it has: {}", suite.string(), answer.error().what()),
      "build it again, or move it out of the suites folder");
}

Result<model::SuiteInfo> load(const fs::path& path, const fs::path& cache) {
  model::SuiteInfo info;
  info.name = path.filename().string();
  info.path = path.string();
  const auto stamp = stamp_of(path);
  const auto remembered = cache / (io::sha256(path.string()).substr(0, 24) + ".json");
  if (const auto text = io::read_file(remembered)) {
    const auto known = nlohmann::json::parse(*text, nullptr, false);
    if (known.is_object() && known.value("stamp", "") == stamp && known.contains("cases")) {
      if (auto cases = model::cases_from_json(known["cases"].dump(), path.string())) {
        info.digest = known.value("digest", "");
        info.cases = std::move(*cases);
        return info;
      }
    }
  }
  TRY(info.digest, io::sha256_file(path));
  TRY(const auto answer, ask(path));
  TRY(info.cases, model::cases_from_json(answer, path.string()));
  // The cache is a convenience: one that cannot be written costs a process start per suite.
  nlohmann::json cases = nlohmann::json::array();
  for (const auto& one : info.cases) cases.push_back(model::to_json(one));
  if (io::make_dirs(cache))
    (void)io::write_file_atomic(
        remembered,
        nlohmann::json{{"stamp", stamp}, {"digest", info.digest}, {"cases", cases}}.dump());
  return info;
}

bool names(const std::string& pattern, const model::CaseInfo& info) {
  return glob_match(pattern, info.suite) || glob_match(pattern, info.full_name());
}

Failure names_nothing(const std::string& pattern, const std::vector<model::SuiteInfo>& all) {
  std::vector<std::string> suites;
  for (const auto& suite : all) suites.push_back(suite.name);
  auto names = case_names(all);
  names.insert(names.begin(), suites.begin(), suites.end());
  auto suggestion = did_you_mean(pattern, names);
  if (const auto dot = pattern.find('.'); suggestion.empty() && dot != std::string::npos) {
    // A long name that was begun, or has a slip in what was begun.
    std::vector<std::string> begun;
    for (const auto& name : names)
      if (name.size() > pattern.size()) begun.push_back(name.substr(0, pattern.size()));
    const auto near = nearest(pattern, begun, 1);
    const auto full = std::find_if(names.begin(), names.end(), [&](const auto& name) {
      return !near.empty() && name.starts_with(near.front());
    });
    if (full != names.end()) suggestion = "did you mean " + *full + "?";
  }
  return usage(fmt::format("no suite or case is called '{}'", pattern),
               suggestion.empty()
                   ? fmt::format("the suites are {}; 'seatrial list cases' shows every case",
                                 join(suites, ", "))
                   : suggestion + " 'seatrial list cases' shows every case");
}

/// Keeps of every suite the cases for which `keep` holds; drops suites that become empty.
template <class Keep>
std::vector<model::SuiteInfo> filtered(const std::vector<model::SuiteInfo>& suites, Keep keep) {
  std::vector<model::SuiteInfo> out;
  for (const auto& suite : suites) {
    auto copy = suite;
    copy.cases.clear();
    for (const auto& info : suite.cases)
      if (keep(info)) copy.cases.push_back(info);
    if (!copy.cases.empty()) out.push_back(std::move(copy));
  }
  return out;
}

struct Shard {
  std::size_t index = 1, of = 1;
};

Result<Shard> parse_shard(const std::string& text) {
  Shard out;
  const auto slash = text.find('/');
  const auto read = [](std::string_view part, std::size_t& into) {
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), into);
    return error == std::errc() && end == part.data() + part.size();
  };
  if (slash == std::string::npos || !read(std::string_view(text).substr(0, slash), out.index) ||
      !read(std::string_view(text).substr(slash + 1), out.of) || out.index < 1 ||
      out.index > out.of)
    return usage(fmt::format("--shard {}: not I/N with I from 1 to N", text),
                 "write --shard 1/3 on the first of three machines");
  return out;
}

Result<> drop_before(std::vector<model::SuiteInfo>& suites, const std::string& from) {
  bool begun = false;
  auto rest = filtered(suites, [&](const model::CaseInfo& info) {
    begun = begun || names(from, info);
    return begun;
  });
  if (!begun) return names_nothing(from, suites);
  suites = std::move(rest);
  return {};
}

}  // namespace

Result<std::vector<model::SuiteInfo>> load_suites(const Installation& installation,
                                                  const fs::path& cache_root) {
  std::vector<model::SuiteInfo> out;
  for (const auto& path : installation.suites()) {
    TRY(auto info, load(path, cache_root / "suites"));
    out.push_back(std::move(info));
  }
  if (out.empty())
    return Failure("installation.incomplete", Blame::seatrial,
                   fmt::format("there is no suite in {}", installation.suites_folder().string()),
                   "build the suites: ./sea build");
  return out;
}

Result<std::vector<model::SuiteInfo>> choose(const std::vector<model::SuiteInfo>& all,
                                             const std::vector<std::string>& patterns) {
  if (patterns.empty()) return all;
  for (const auto& pattern : patterns) {
    const auto hit = filtered(all, [&](const auto& info) { return names(pattern, info); });
    if (hit.empty()) return names_nothing(pattern, all);
  }
  return filtered(all, [&](const model::CaseInfo& info) {
    return std::any_of(patterns.begin(), patterns.end(),
                       [&](const auto& pattern) { return names(pattern, info); });
  });
}

Result<std::vector<model::SuiteInfo>> arrange(std::vector<model::SuiteInfo> chosen,
                                              const Order& order) {
  if (!order.from.empty()) CHECK_OK(drop_before(chosen, order.from));
  if (order.shuffle) {
    std::mt19937_64 dice(order.seed);
    for (auto& suite : chosen) std::shuffle(suite.cases.begin(), suite.cases.end(), dice);
    std::shuffle(chosen.begin(), chosen.end(), dice);
  }
  if (!order.shard.empty()) {
    TRY(const auto shard, parse_shard(order.shard));
    std::size_t number = 0;
    chosen = filtered(chosen, [&](const auto&) { return number++ % shard.of == shard.index - 1; });
    if (chosen.empty())
      return usage(fmt::format("--shard {} holds no case", order.shard),
                   "use at most as many shards as there are cases");
  }
  return chosen;
}

std::size_t count_cases(const std::vector<model::SuiteInfo>& suites) {
  std::size_t out = 0;
  for (const auto& suite : suites) out += suite.cases.size();
  return out;
}

std::vector<std::string> case_names(const std::vector<model::SuiteInfo>& suites) {
  std::vector<std::string> out;
  for (const auto& suite : suites)
    for (const auto& info : suite.cases) out.push_back(info.full_name());
  return out;
}

}  // namespace seatrial::cli
