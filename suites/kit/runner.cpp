// SPDX-License-Identifier: Apache-2.0
#include "suites/kit/runner.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/base/text.hpp"
#include "core/model/failure_json.hpp"
#include "core/model/verdict.hpp"
#include "suites/kit/bench.hpp"
#include "suites/kit/link.hpp"
#include "suites/kit/registry.hpp"
#include "suites/kit/reporter.hpp"

namespace seatrial::kit {
namespace {
using nlohmann::json;

enum Exit { delivered = 0, usage = 2, not_delivered = 3 };

/// What a body came to beside its assertions.
struct Outcome {
  std::optional<Failure> failure;  ///< of a bench call, or an exception of the body
  std::optional<Failure> ended;    ///< the host wants no result any more
  std::string not_applicable;
};

class CaseTest : public testing::Test {
 public:
  CaseTest(const CaseEntry& entry, Link& link, Outcome& outcome)
      : entry_(entry), link_(link), outcome_(outcome) {}

  void TestBody() override {
    try {
      Bench bench(link_);
      for (const auto& need : entry_.info.needs)
        if (!bench.offers(need)) outcome_.not_applicable = "the bench does not offer " + need;
      if (outcome_.not_applicable.empty()) entry_.body(bench);
    } catch (const testing::AssertionException&) {
      // ASSERT_*: already on record.
    } catch (const BenchFailure& failure) {
      outcome_.failure = failure.failure();
    } catch (const CaseEnded& ended) {
      outcome_.ended = ended.failure;
    } catch (const std::exception& error) {
      outcome_.failure = Failure("suite.exception", Blame::suite,
                                 std::string("the case threw an exception: ") + error.what(),
                                 "mend the case: it must not let exceptions of its own escape");
    } catch (...) {
      outcome_.failure =
          Failure("suite.exception", Blame::suite, "the case threw something that is no exception",
                  "mend the case: it must not let exceptions of its own escape");
    }
  }

 private:
  const CaseEntry& entry_;
  Link& link_;
  Outcome& outcome_;
};

/// What a case comes to that ended with this failure.
model::Verdict verdict_of(const Failure& failure, bool expectations_failed) {
  using enum model::Verdict;
  const bool rig_failed = failure.blame() == Blame::bench || failure.blame() == Blame::seatrial;
  // A failed expectation stays the product's, unless the rig broke: then it proves nothing.
  if (expectations_failed && !rig_failed) return fail;
  const auto verdict = model::verdict_of(failure);
  // A cancelled run is the host's to tell; a case that was running has not "not run".
  return verdict == not_run ? error : verdict;
}

json verdict_of_case(const Outcome& outcome, const Reporter& reporter) {
  if (outcome.failure) {
    const auto& failure = *outcome.failure;
    const auto verdict = verdict_of(failure, reporter.failed() > 0);
    json result{{"verdict", to_string(verdict)}, {"failure", model::to_json(failure)}};
    if (reporter.failed() > 0)
      result["reason"] = fmt::format("{} expectation(s) had failed before, first at {}: {}",
                                     reporter.failed(), reporter.where(), reporter.first());
    return result;
  }
  if (reporter.failed() > 0) {
    const Failure failure("expectation.failed", Blame::product,
                          reporter.first().empty() ? "an expectation failed" : reporter.first(),
                          fmt::format("read {} and the steps before it", reporter.where()));
    json result{{"verdict", "fail"}, {"failure", model::to_json(failure)}};
    result["failure"]["where"] = reporter.where();
    if (reporter.failed() > 1)
      result["reason"] = fmt::format("{} expectations failed", reporter.failed());
    return result;
  }
  if (!outcome.not_applicable.empty())
    return {{"verdict", "skip"}, {"reason", outcome.not_applicable}};
  if (reporter.skipped())
    return {{"verdict", "skip"},
            {"reason", reporter.skip_reason().empty() ? "the case says it does not apply"
                                                      : reporter.skip_reason()}};
  return {{"verdict", "pass"}};
}

int complain(const Failure& failure) {
  fmt::print(stderr, "{}\n", failure.describe());
  return not_delivered;
}

int run_case(const CaseEntry& entry, const Environment& environment) {
  auto link = Link::open(environment, entry.info.name);
  if (!link) return complain(link.error());

  testing::InitGoogleTest();  // without our arguments: nothing of gtest's own is on offer
  auto& listeners = testing::UnitTest::GetInstance()->listeners();
  delete listeners.Release(listeners.default_result_printer());
  auto* reporter = new Reporter(**link);  // the listeners own it
  listeners.Append(reporter);
  Outcome outcome;
  testing::RegisterTest(entry.info.suite.c_str(), entry.info.name.c_str(), nullptr, nullptr,
                        entry.file, entry.line,
                        [&] { return new CaseTest(entry, **link, outcome); });
  [[maybe_unused]] const int ignored = RUN_ALL_TESTS();  // the verdict goes to the host

  if (outcome.ended) return complain(*outcome.ended);
  try {
    (*link)->deliver(verdict_of_case(outcome, *reporter));
  } catch (const CaseEnded& ended) {
    return complain(ended.failure);
  }
  (*link)->close();
  return delivered;
}

int list(const std::vector<CaseEntry>& cases) {
  std::vector<model::CaseInfo> all;
  for (const auto& entry : cases) all.push_back(entry.info);
  fmt::print("{}\n", model::to_json(all).dump(2));
  return delivered;
}

int explain(const std::vector<CaseEntry>& cases) {
  const auto suite = suite_name();
  fmt::print(stderr,
             "This is the suite \"{0}\" with {1} cases. It runs against a bench, which starts it:\n"
             "  seatrial run {0}            all of its cases\n"
             "  seatrial run {0}.{2}\n"
             "By itself it only says what it holds: {0} --list\n",
             suite, cases.size(), cases.empty() ? "CASE" : cases.front().info.name);
  return usage;
}

int unknown_case(const std::string& wanted, const std::vector<CaseEntry>& cases) {
  std::vector<std::string> names;
  for (const auto& entry : cases) names.push_back(entry.info.name);
  const auto hint = did_you_mean(wanted, names);
  fmt::print(stderr, "the suite \"{}\" has no case \"{}\"; {}\n", suite_name(), wanted,
             hint.empty() ? "its cases are: " + join(names, ", ") : hint);
  return usage;
}

}  // namespace

int run_suite(const std::vector<std::string>& arguments) {
  const auto cases = all_cases();
  if (arguments.size() == 1 && arguments[0] == "--list") return list(cases);
  if (arguments.size() != 2 || arguments[0] != "--case") return explain(cases);

  std::string wanted = arguments[1];
  if (wanted.rfind(suite_name() + ".", 0) == 0) wanted.erase(0, suite_name().size() + 1);
  const auto entry = std::find_if(cases.begin(), cases.end(),
                                  [&](const auto& each) { return each.info.name == wanted; });
  if (entry == cases.end()) return unknown_case(wanted, cases);
  const auto environment = Environment::read();
  if (environment.socket.empty()) return explain(cases);
  return run_case(*entry, environment);
}

}  // namespace seatrial::kit
