// SPDX-License-Identifier: Apache-2.0
#pragma once
// Reading JSON that people write: comments allowed, and every complaint names file, line and key
// path and suggests the nearest valid key. Also the small accessors that the types of this folder
// use.
//
//   TRY(auto document, Document::load(path));
//   Fields f(document);
//   f.required("slug", type.slug).optional("aliases", type.aliases);
//   CHECK_OK(f.finish());              // first complaint, or an unknown key

#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace seatrial::model {

/// A parsed file with its text, so that a key path can be turned into a line.
class Document {
 public:
  static Result<Document> load(const std::filesystem::path& path);
  static Result<Document> parse(std::string text, std::string name);
  const nlohmann::json& root() const { return *root_; }
  const std::string& name() const { return name_; }
  /// Line (from 1) of a key path such as "partitions[2].label"; the nearest parent's when it is
  /// absent.
  int line_of(std::string_view key_path) const;
  /// "devices/x/device.json:12: partitions[2].label: must be text"
  Failure complaint(std::string_view key_path, std::string_view message) const;

 private:
  std::string name_;
  std::string text_;
  std::shared_ptr<const nlohmann::json> root_;
};

/// Reads the fields of one object. The first complaint wins; finish() also refuses keys that nobody
/// asked for, unless the file is one that only programs write.
class Fields {
 public:
  explicit Fields(const Document& document);
  Fields(const Document& document, const nlohmann::json& object, std::string path);

  template <class T>
  Fields& required(const char* key, T& into) {
    if (const auto* value = take(key, true)) read(*value, path_of(key), into);
    return *this;
  }
  template <class T>
  Fields& optional(const char* key, T& into) {
    if (const auto* value = take(key, false)) read(*value, path_of(key), into);
    return *this;
  }
  /// A file that only programs write: its "schema" (absent: 1) is refused when it is newer than
  /// `newest`, and keys that nobody asks for, here and below, are what a newer program says more.
  Fields& written_by_programs(int newest);
  /// Marks a key as known without reading it ("$schema", free-form data).
  Fields& ignore(const char* key);
  /// The raw value of a key, or nullptr.
  const nlohmann::json* raw(const char* key);
  /// A nested object's fields; reads nothing when the key is absent.
  std::optional<Fields> object(const char* key, bool is_required = false);
  /// The objects of an array.
  std::vector<Fields> objects(const char* key, bool is_required = false);
  Fields& complain(const char* key, std::string_view message);
  Result<> finish() const;
  const std::string& path() const { return path_; }

 private:
  const nlohmann::json* take(const char* key, bool is_required);
  std::string path_of(std::string_view key) const;
  void note(const std::string& path, std::string_view message);
  void read(const nlohmann::json& value, const std::string& path, std::string& into);
  void read(const nlohmann::json& value, const std::string& path, bool& into);
  void read(const nlohmann::json& value, const std::string& path, int& into);
  void read(const nlohmann::json& value, const std::string& path, std::int64_t& into);
  void read(const nlohmann::json& value, const std::string& path, double& into);
  void read(const nlohmann::json& value, const std::string& path, std::vector<std::string>& into);

  const Document* document_;
  const nlohmann::json* object_;
  std::string path_;
  std::vector<std::string> known_;
  bool lenient_ = false;
  std::shared_ptr<std::optional<Failure>> failure_;
};

}  // namespace seatrial::model
