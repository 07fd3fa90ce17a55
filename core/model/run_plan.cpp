// SPDX-License-Identifier: Apache-2.0
#include "core/model/run_plan.hpp"

#include <nlohmann/json.hpp>

#include "core/model/json.hpp"

namespace seatrial::model {
namespace {

nlohmann::json file_json(const FileRef& file) {
  return {
      {"name", file.name}, {"version", file.version}, {"path", file.path}, {"digest", file.digest}};
}

Result<> read_file_ref(Fields& fields, FileRef& into) {
  fields.required("name", into.name).optional("version", into.version);
  fields.required("path", into.path).optional("digest", into.digest);
  return fields.finish();
}

}  // namespace

nlohmann::json to_json(const RunPlan& plan) {
  nlohmann::json files = nlohmann::json::array();
  for (const auto& [role, file] : plan.files) {
    auto entry = file_json(file);
    files.push_back({{"role", role}, {"file", entry}});
  }
  nlohmann::json suites = nlohmann::json::array();
  for (const auto& suite : plan.suites) {
    nlohmann::json cases = nlohmann::json::array();
    for (const auto& info : suite.cases) cases.push_back(to_json(info));
    suites.push_back(
        {{"name", suite.name}, {"path", suite.path}, {"digest", suite.digest}, {"cases", cases}});
  }
  return {{"schema", kRunPlanSchema},
          {"run", plan.run},
          {"epoch", plan.epoch},
          {"out", plan.out},
          {"argv", plan.argv},
          {"device", plan.device},
          {"profile", plan.profile},
          {"bench", plan.bench},
          {"image", file_json(plan.image)},
          {"files", files},
          {"mutant", plan.mutant},
          {"suites", suites},
          {"repeat", plan.repeat},
          {"until_fail", plan.until_fail},
          {"hold_on_fail", plan.hold_on_fail},
          {"budget_scale", plan.budget_scale},
          {"desk", plan.desk},
          {"cloud_program", plan.cloud_program},
          {"guard_program", plan.guard_program},
          {"relay_program", plan.relay_program},
          {"cache", plan.cache}};
}

Result<RunPlan> run_plan_from_file(const std::string& path) {
  TRY(const auto document, Document::load(path));
  RunPlan plan;
  Fields fields(document);
  fields.written_by_programs(kRunPlanSchema);
  fields.required("run", plan.run).required("out", plan.out).optional("argv", plan.argv);
  fields.optional("epoch", plan.epoch);
  fields.required("device", plan.device)
      .required("profile", plan.profile)
      .optional("bench", plan.bench);
  if (auto image = fields.object("image", true)) CHECK_OK(read_file_ref(*image, plan.image));
  for (auto& entry : fields.objects("files")) {
    std::string role;
    entry.required("role", role);
    if (auto file = entry.object("file", true)) CHECK_OK(read_file_ref(*file, plan.files[role]));
    CHECK_OK(entry.finish());
  }
  fields.optional("mutant", plan.mutant);
  for (auto& entry : fields.objects("suites", true)) {
    auto& suite = plan.suites.emplace_back();
    entry.required("name", suite.name)
        .required("path", suite.path)
        .optional("digest", suite.digest);
    if (const auto* cases = entry.raw("cases")) {
      TRY(suite.cases, cases_from_json(cases->dump(), path));
    }
    CHECK_OK(entry.finish());
  }
  fields.optional("repeat", plan.repeat).optional("until_fail", plan.until_fail);
  fields.optional("hold_on_fail", plan.hold_on_fail).optional("budget_scale", plan.budget_scale);
  fields.optional("desk", plan.desk);
  fields.optional("cloud_program", plan.cloud_program)
      .optional("guard_program", plan.guard_program);
  fields.optional("relay_program", plan.relay_program).optional("cache", plan.cache);
  CHECK_OK(fields.finish());
  return plan;
}

}  // namespace seatrial::model
