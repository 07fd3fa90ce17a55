// SPDX-License-Identifier: Apache-2.0
#include "workers/bench/content.hpp"

#include <nlohmann/json.hpp>

#include "core/model/foreign_json.hpp"
#include "core/model/protocol_bytes.hpp"
#include "workers/dut/os/config_edit.hpp"

namespace seatrial::bench {

nlohmann::json content_json(std::string bytes) {
  // A suite may compare what it read, and then it stands in the event log: keys must not.
  if (bytes.starts_with('{') && bytes.size() < (1u << 20))
    if (const auto config = model::parse_foreign(bytes); config.is_object())
      dut::register_config_secrets(config);
  if (bytes.find('\0') != std::string::npos)  // a file with one is no text
    return {{"content", model::to_base64(bytes)}, {"base64", true}};
  nlohmann::json value;
  model::put_bytes(value, "content", "base64", std::move(bytes));
  return value;
}

Result<nlohmann::json> command_json(dut::RunResult result, bool takes_base64) {
  nlohmann::json value{{"exit", result.exit_code},
                       {"seconds", seconds(result.took)},
                       {"out_dropped", result.out_dropped},
                       {"err_dropped", result.err_dropped}};
  model::put_bytes(value, "out", "out_base64", std::move(result.out));
  model::put_bytes(value, "err", "err_base64", std::move(result.err));
  if (takes_base64 || !(value["out_base64"].get<bool>() || value["err_base64"].get<bool>()))
    return value;
  return Failure("protocol.not_text", Blame::suite,
                 "the command printed bytes that are not UTF-8, and the client did not say that it "
                 "takes base64",
                 "rebuild the suite with this version of Seatrial, or have the command print text");
}

Result<std::string> bytes_of(const nlohmann::json& arguments, const char* name, const char* flag) {
  auto text = arguments.value(name, std::string());
  if (!arguments.value(flag, false)) return text;
  return model::from_base64(text).with(name);
}

}  // namespace seatrial::bench
