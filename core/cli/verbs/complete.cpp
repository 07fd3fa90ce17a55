// SPDX-License-Identifier: Apache-2.0
// seatrial completion: the script for a shell; seatrial complete: the words such a script asks for.
#include <fmt/core.h>

#include <filesystem>

#include "core/cli/completion.hpp"
#include "core/cli/mutants.hpp"
#include "core/cli/suites.hpp"
#include "core/cli/verbs/verbs.hpp"
#include "core/io/cache.hpp"
#include "devices/catalog.hpp"
#include "fixtures/refos/builder.hpp"
#include "reports/format.hpp"

namespace seatrial::cli {
namespace {

namespace fs = std::filesystem;

Result<int> completion(const Invocation& call) {
  TRY(const auto script, completion_script(call.operands.empty() ? "bash" : call.operands.front()));
  fmt::print("{}", script);
  return 0;
}

Result<std::vector<std::string>> words(const std::string& kind) {
  const auto installation = Installation::find();
  const devices::Catalog catalog(installation.devices());
  std::vector<std::string> out;
  if (kind == "devices") return catalog.slugs();
  if (kind == "profiles") return catalog.profile_names();
  if (kind == "formats") {
    for (const auto& format : reports::formats()) out.emplace_back(format.name);
    return out;
  }
  if (kind == "images") {
    TRY(const auto builder, refos::Builder::open({}));
    return builder.known_names();
  }
  if (kind == "runs") {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator("runs", error))
      out.push_back("runs/" + entry.path().filename().string());
    return out;
  }
  TRY(const auto suites, load_suites(installation, io::cache_root()));
  if (kind == "mutants") {
    TRY(const auto mutants, load_mutants(suites, refos::default_data()));
    for (const auto& mutant : mutants) out.push_back(mutant.name);
    return out;
  }
  out = case_names(suites);
  for (const auto& suite : suites) out.push_back(suite.name);
  return out;
}

Result<int> complete(const Invocation& call) {
  TRY(const auto all, words(call.operands.empty() ? "cases" : call.operands.front()));
  for (const auto& word : all) fmt::print("{}\n", word);
  return 0;
}

}  // namespace

const Verb& completion_verb() {
  static const Verb verb{
      .name = "completion",
      .summary = "print the completion script for a shell",
      .operands = "bash|zsh|fish",
      .most_operands = 1,
      .choices = {"bash", "zsh", "fish"},
      .description =
          "Prints a script that completes verbs, options, cases, images and more. It is "
          "made from the same table as this help.",
      .examples = {{"source <(seatrial completion bash)", "In this bash."},
                   {"seatrial completion fish > ~/.config/fish/completions/seatrial.fish",
                    "In every fish."}},
      .run = completion};
  return verb;
}

const Verb& complete_verb() {
  static const Verb verb{
      .name = "complete",
      .summary = "(words for completion scripts)",
      .operands = "cases|devices|profiles|formats|images|mutants|runs",
      .most_operands = 1,
      .choices = {"cases", "devices", "profiles", "formats", "images", "mutants", "runs"},
      .description = "Prints the words that a completion script asks for, one per line.",
      .run = complete};
  return verb;
}

}  // namespace seatrial::cli
