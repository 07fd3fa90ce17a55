// SPDX-License-Identifier: Apache-2.0
#include "core/model/desk_record.hpp"

#include <nlohmann/json.hpp>

#include "core/model/json.hpp"

namespace seatrial::model {

nlohmann::json to_json(const DeskRecord& record) {
  return {{"schema", kDeskRecordSchema}, {"pid", record.pid},       {"guard", record.guard},
          {"run", record.run},           {"folder", record.folder}, {"socket", record.socket},
          {"device", record.device},     {"image", record.image},   {"version", record.version},
          {"since", record.since},       {"held", record.held}};
}

Result<DeskRecord> desk_record_from_file(const std::string& path) {
  TRY(const auto document, Document::load(path));
  DeskRecord record;
  Fields fields(document);
  fields.written_by_programs(kDeskRecordSchema);
  fields.required("pid", record.pid).optional("guard", record.guard).required("run", record.run);
  fields.required("folder", record.folder).required("socket", record.socket);
  fields.optional("device", record.device).optional("image", record.image);
  fields.optional("version", record.version).optional("since", record.since);
  fields.optional("held", record.held);
  CHECK_OK(fields.finish());
  return record;
}

}  // namespace seatrial::model
