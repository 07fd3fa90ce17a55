// SPDX-License-Identifier: Apache-2.0
#include "workers/bench/content.hpp"

#include <openssl/evp.h>

#include <nlohmann/json.hpp>

#include "core/model/foreign_json.hpp"
#include "workers/dut/os/config_edit.hpp"

namespace seatrial::bench {

bool is_utf8(std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size();) {
    const auto lead = static_cast<unsigned char>(bytes[i]);
    const std::size_t length = lead < 0x80         ? 1
                               : (lead >> 5) == 6  ? 2
                               : (lead >> 4) == 14 ? 3
                               : (lead >> 3) == 30 ? 4
                                                   : 0;
    if (length == 0 || i + length > bytes.size() || lead == 0) return false;
    for (std::size_t k = 1; k < length; ++k)
      if ((static_cast<unsigned char>(bytes[i + k]) >> 6) != 2) return false;
    i += length;
  }
  return true;
}

std::string base64(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

nlohmann::json content_json(std::string bytes) {
  // A suite may compare what it read, and then it stands in the event log: keys must not.
  if (bytes.starts_with('{') && bytes.size() < (1u << 20))
    if (const auto config = model::parse_foreign(bytes); config.is_object())
      dut::register_config_secrets(config);
  if (is_utf8(bytes)) return {{"content", std::move(bytes)}, {"base64", false}};
  return {{"content", base64(bytes)}, {"base64", true}};
}

}  // namespace seatrial::bench
