// SPDX-License-Identifier: Apache-2.0
#include "core/model/case_info.hpp"

#include <nlohmann/json.hpp>

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

Result<std::vector<CaseInfo>> cases_from_json(std::string_view text, const std::string& source) {
  TRY(const auto document, Document::parse("{\"cases\":" + std::string(text) + "}", source));
  std::vector<CaseInfo> cases;
  Fields top(document);
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
