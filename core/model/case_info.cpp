// SPDX-License-Identifier: Apache-2.0
#include "core/model/case_info.hpp"

#include <nlohmann/json.hpp>

#include "core/base/text.hpp"
#include "core/model/json.hpp"

namespace seatrial::model {

nlohmann::json to_json(const CaseInfo& info) {
  return {{"suite", info.suite},
          {"case", info.name},
          {"doc", info.doc},
          {"needs", info.needs},
          {"checkpoint", info.checkpoint},
          {"budget_seconds", info.budget_seconds},
          {"images", info.images},
          {"mutants", info.mutants}};
}

nlohmann::json to_json(const std::vector<CaseInfo>& cases) {
  nlohmann::json list = nlohmann::json::array();
  for (const auto& info : cases) list.push_back(to_json(info));
  return {{"schema", kCasesSchema}, {"cases", list}};
}

std::string role_of(const std::string& declared) {
  std::string out;
  for (const char c : declared)
    if (c != '{' && c != '}') out += c;
  return out;
}

Result<std::vector<CaseInfo>> cases_from_json(std::string_view text, const std::string& source) {
  std::string whole(text);
  if (trim(text).starts_with('[')) whole = "{\"cases\":" + whole + "}";
  TRY(const auto document, Document::parse(std::move(whole), source));
  std::vector<CaseInfo> cases;
  Fields top(document);
  top.written_by_programs(kCasesSchema);
  for (auto& fields : top.objects("cases", true)) {
    auto& info = cases.emplace_back();
    fields.required("suite", info.suite).required("case", info.name).optional("doc", info.doc);
    fields.optional("needs", info.needs).optional("checkpoint", info.checkpoint);
    fields.optional("budget_seconds", info.budget_seconds).optional("images", info.images);
    fields.optional("mutants", info.mutants);
    CHECK_OK(fields.finish());
  }
  CHECK_OK(top.finish());
  return cases;
}

}  // namespace seatrial::model
