// SPDX-License-Identifier: Apache-2.0
#pragma once
// The proof that cases are tests: each is green on the good OS and red on its mutants for the
// stated reason. Pure judgement over the records of the runs; the verb makes them.

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/cli/mutants.hpp"
#include "core/cli/suites.hpp"
#include "core/cli/terminal.hpp"
#include "reports/run_record.hpp"

namespace seatrial::cli {

/// One run to make: these cases against this mutant.
struct ProofRun {
  Mutant mutant;
  std::vector<model::SuiteInfo> cases;
};

struct ProofRow {
  std::string case_name, mutant;  ///< mutant "": the case has none
  std::string good, bad;          ///< verdicts; "" = not run
  bool neighbour = false;         ///< must stay green on the mutant
  bool proven = false;
  std::string why;  ///< what the mutant's failure said, or what is wrong
};

struct Proof {
  std::vector<ProofRow> rows;
  std::size_t proven() const;
  /// 0 all proven, 1 a case that no mutant turns red or that is red on the good OS, 3 not judged.
  int exit_code() const;
};

/// The runs for the chosen cases, by mutant; with their neighbours in the suite when asked for.
std::vector<ProofRun> plan_proof(const std::vector<model::SuiteInfo>& all,
                                 const std::vector<model::SuiteInfo>& chosen,
                                 const std::vector<Mutant>& mutants, bool neighbours);

/// Keeps of every suite its first case that has a mutant, and of that case one mutant.
std::vector<model::SuiteInfo> sample_of(const std::vector<model::SuiteInfo>& chosen,
                                        std::vector<Mutant>& mutants);

Proof judge(const std::vector<model::SuiteInfo>& chosen, const std::vector<ProofRun>& runs,
            const reports::RunRecord& good,
            const std::map<std::string, reports::RunRecord>& by_mutant);

std::string to_text(const Proof& proof, const Terminal& terminal);
nlohmann::json to_json(const Proof& proof);

}  // namespace seatrial::cli
