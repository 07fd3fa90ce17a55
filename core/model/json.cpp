// SPDX-License-Identifier: Apache-2.0
#include "core/model/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/base/text.hpp"
#include "core/model/foreign_json.hpp"

namespace seatrial::model {
namespace {

using nlohmann::json;

constexpr const char* kAdvice = "correct the file; its fields are described under docs/schema";

int line_at(std::string_view text, std::size_t offset) {
  return 1 + static_cast<int>(std::count(
                 text.begin(),
                 text.begin() + static_cast<std::ptrdiff_t>(std::min(offset, text.size())), '\n'));
}

/// Walks valid JSON (with comments) and remembers the offset of the value at a key path or its
/// nearest parent.
class Locator {
 public:
  Locator(std::string_view text, std::string_view wanted) : text_(text), wanted_(wanted) {
    value("");
  }
  std::size_t found() const { return found_; }

 private:
  void skip() {
    for (;;) {
      while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
      if (text_.substr(at_, 2) == "//")
        at_ = std::min(text_.find('\n', at_), text_.size());
      else if (text_.substr(at_, 2) == "/*")
        at_ = std::min(text_.find("*/", at_), text_.size() - 2) + 2;
      else
        return;
    }
  }
  std::string string() {
    const std::size_t begin = ++at_;
    while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
    const auto raw = text_.substr(begin, std::min(at_, text_.size()) - begin);
    ++at_;
    return std::string(raw);
  }
  void consider(const std::string& path, std::size_t offset) {
    const bool on_the_way = wanted_.substr(0, path.size()) == path &&
                            (path.size() == wanted_.size() || path.empty() ||
                             wanted_[path.size()] == '.' || wanted_[path.size()] == '[');
    if (on_the_way && path.size() >= best_) {
      best_ = path.size();
      found_ = offset;
    }
  }
  void value(const std::string& path) {
    if (++depth_ > 200) return;  // deeper than any file of ours; the parser has its own limit
    skip();
    if (path.empty()) consider(path, at_);
    if (at_ >= text_.size()) return;
    const char open = text_[at_];
    if (open == '{' || open == '[')
      container(path, open);
    else if (open == '"')
      string();
    else
      while (at_ < text_.size() && !std::strchr(",]} \t\r\n/", text_[at_])) ++at_;
    --depth_;
  }
  void container(const std::string& path, char open) {
    ++at_;
    for (std::size_t index = 0;; ++index) {
      skip();
      if (at_ >= text_.size()) return;
      if (text_[at_] == (open == '{' ? '}' : ']')) break;
      if (text_[at_] == ',') {
        ++at_;
        --index;
        continue;
      }
      const std::size_t begin = at_;
      std::string child = fmt::format("{}[{}]", path, index);
      if (open == '{') {
        child = path.empty() ? string() : path + "." + string();
        skip();
        ++at_;  // ':'
      }
      consider(child, begin);
      const std::size_t before = at_;
      value(child);
      if (at_ == before) ++at_;
      if (open == '[') counted_ = index;
    }
    ++at_;
  }

  std::string_view text_, wanted_;
  std::size_t at_ = 0, found_ = 0, best_ = 0, counted_ = 0;
  int depth_ = 0;
};

}  // namespace

Result<Document> Document::load(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  if (!file)
    return Failure("input.unreadable", Blame::suite,
                   fmt::format("cannot read {}: {}", path.string(), std::strerror(errno)),
                   "check the path and its permissions");
  return parse(std::move(text).str(), path.string());
}

Result<Document> Document::parse(std::string text, std::string name) {
  Document document;
  if (nested_too_deep(text))
    return Failure("input.not_json", Blame::suite,
                   fmt::format("{}: nested deeper than {} levels", name, kDeepestJson), kAdvice);
  try {
    document.root_ = std::make_shared<const json>(json::parse(text, nullptr, true, true));
  } catch (const json::parse_error& error) {
    const std::string_view full = error.what();
    const auto colon = full.rfind("; ");
    const auto message = full.substr(colon == std::string_view::npos ? 0 : colon + 2);
    const int line = line_at(text, error.byte > 0 ? error.byte - 1 : 0);
    return Failure("input.not_json", Blame::suite,
                   fmt::format("{}:{}: not valid JSON: {}", name, line, message), kAdvice);
  } catch (const json::exception& error) {  // a number beyond what a double holds
    return Failure("input.not_json", Blame::suite,
                   fmt::format("{}: not valid JSON: {}", name, error.what()), kAdvice);
  }
  document.name_ = std::move(name);
  document.text_ = std::move(text);
  return document;
}

int Document::line_of(std::string_view key_path) const {
  return line_at(text_, Locator(text_, key_path).found());
}

Failure Document::complaint(std::string_view key_path, std::string_view message) const {
  const std::string where = key_path.empty() ? std::string("the document") : std::string(key_path);
  return Failure("input.invalid", Blame::suite,
                 fmt::format("{}:{}: {}: {}", name_, line_of(key_path), where, message), kAdvice);
}

Fields::Fields(const Document& document) : Fields(document, document.root(), "") {}

Fields::Fields(const Document& document, const json& object, std::string path)
    : document_(&document),
      object_(&object),
      path_(std::move(path)),
      failure_(std::make_shared<std::optional<Failure>>()) {
  if (!object.is_object()) note(path_, "must be an object { ... }");
}

std::string Fields::path_of(std::string_view key) const {
  return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
}

void Fields::note(const std::string& path, std::string_view message) {
  if (!*failure_) *failure_ = document_->complaint(path, message);
}

const json* Fields::take(const char* key, bool is_required) {
  known_.emplace_back(key);
  if (object_->is_object())
    if (const auto it = object_->find(key); it != object_->end()) return &*it;
  if (is_required) note(path_of(key), "is missing");
  return nullptr;
}

Fields& Fields::written_by_programs(int newest) {
  lenient_ = true;
  int schema = 1;
  optional("schema", schema);
  if (schema > newest && !*failure_)
    *failure_ =
        Failure("input.newer_schema", Blame::seatrial,
                fmt::format("{}:{}: schema {} is newer than this program reads ({})",
                            document_->name(), document_->line_of("schema"), schema, newest),
                "use a seatrial that is at least as new as the program that wrote it");
  return *this;
}

Fields& Fields::ignore(const char* key) {
  known_.emplace_back(key);
  return *this;
}

const json* Fields::raw(const char* key) { return take(key, false); }

std::optional<Fields> Fields::object(const char* key, bool is_required) {
  const json* value = take(key, is_required);
  if (!value) return std::nullopt;
  Fields nested(*document_, *value, path_of(key));
  if (*nested.failure_ && !*failure_) *failure_ = *nested.failure_;
  nested.failure_ = failure_;
  nested.lenient_ = lenient_;
  return nested;
}

std::vector<Fields> Fields::objects(const char* key, bool is_required) {
  std::vector<Fields> result;
  const json* value = take(key, is_required);
  if (!value) return result;
  if (!value->is_array())
    note(path_of(key), "must be a list [ ... ]");
  else
    for (std::size_t i = 0; i < value->size(); ++i) {
      Fields nested(*document_, (*value)[i], fmt::format("{}[{}]", path_of(key), i));
      if (*nested.failure_ && !*failure_) *failure_ = *nested.failure_;
      nested.failure_ = failure_;
      nested.lenient_ = lenient_;
      result.push_back(std::move(nested));
    }
  return result;
}

Fields& Fields::complain(const char* key, std::string_view message) {
  note(path_of(key), message);
  return *this;
}

Result<> Fields::finish() const {
  if (*failure_) return **failure_;
  if (lenient_ || !object_->is_object()) return {};
  for (const auto& [key, value] : object_->items()) {
    if (key == "$schema" || std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    const auto hint = did_you_mean(key, known_);
    const auto complaint = document_->complaint(
        path_of(key), "is not a known field" + (hint.empty() ? std::string() : "; " + hint));
    return Failure(complaint.code(), complaint.blame(), complaint.what(),
                   "fields known here: " + join(known_, ", ") + "; see docs/schema");
  }
  return {};
}

void Fields::read(const json& value, const std::string& path, std::string& into) {
  if (value.is_string())
    into = value.get<std::string>();
  else
    note(path, "must be text");
}
void Fields::read(const json& value, const std::string& path, bool& into) {
  if (value.is_boolean())
    into = value.get<bool>();
  else
    note(path, "must be true or false");
}
void Fields::read(const json& value, const std::string& path, int& into) {
  if (value.is_number_integer())
    into = value.get<int>();
  else
    note(path, "must be a whole number");
}
void Fields::read(const json& value, const std::string& path, std::int64_t& into) {
  if (value.is_number_integer())
    into = value.get<std::int64_t>();
  else
    note(path, "must be a whole number");
}
void Fields::read(const json& value, const std::string& path, double& into) {
  if (value.is_number())
    into = value.get<double>();
  else
    note(path, "must be a number");
}
void Fields::read(const json& value, const std::string& path, std::vector<std::string>& into) {
  if (!value.is_array()) return note(path, "must be a list of texts");
  into.clear();
  for (std::size_t i = 0; i < value.size(); ++i)
    if (value[i].is_string())
      into.push_back(value[i].get<std::string>());
    else
      note(fmt::format("{}[{}]", path, i), "must be text");
}

}  // namespace seatrial::model
