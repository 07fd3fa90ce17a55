// SPDX-License-Identifier: Apache-2.0
// docs/schema is what people write files by, the loaders are what refuses them: neither may know a
// key that the other does not, or ask for one that the other leaves out. The example of a schema
// has every key; it is changed one key at a time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>

#include "core/base/text.hpp"
#include "core/cli/mutants.hpp"
#include "core/io/file.hpp"
#include "core/io/process.hpp"
#include "core/model/device_type.hpp"
#include "core/model/os_profile.hpp"
#include "tests/repo/tree.hpp"

namespace seatrial::repo {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;
using Pointer = json::json_pointer;

struct Kind {
  const char* schema;
  std::vector<fs::path> files;  ///< of this tree
  /// What the loader says to a document.
  std::function<Result<>(const fs::path& folder, const json& document)> load;
};

void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.schema; }

fs::path written(const fs::path& file, const json& document) {
  EXPECT_TRUE(io::make_dirs(file.parent_path()));
  EXPECT_TRUE(io::write_file_atomic(file, document.dump(2)));
  return file;
}

std::vector<fs::path> below(const fs::path& folder, const char* name) {
  std::vector<fs::path> out;
  for (const auto& entry : fs::directory_iterator(root() / folder))
    if (fs::exists(entry.path() / name)) out.push_back(entry.path() / name);
  return out;
}

std::vector<Kind> kinds() {
  const auto device = [](const fs::path& folder, const json& document) -> Result<> {
    CHECK_OK(model::load_device_type(written(folder / "device.json", document)));
    return {};
  };
  const auto profile = [](const fs::path& folder, const json& document) -> Result<> {
    CHECK_OK(model::load_os_profile(written(folder / "profile.json", document)));
    return {};
  };
  const auto mutant = [](const fs::path& folder, const json& document) -> Result<> {
    written(folder / "mutants/one/mutant.json", document);
    CHECK_OK(cli::load_mutants({}, folder));
    return {};
  };
  return {{"device", below("devices", "device.json"), device},
          {"profile", below("devices/profiles", "profile.json"), profile},
          {"mutant", below("fixtures/refos/mutants", "mutant.json"), mutant}};
}

json parsed(const fs::path& file) {
  std::ifstream in(file);
  return json::parse(in, nullptr, /*allow_exceptions=*/true, /*ignore_comments=*/true);
}

json schema_of(const Kind& kind) {
  return parsed(root() / "docs/schema" / (std::string(kind.schema) + ".schema.json"));
}

/// Objects of a document whose keys a schema lists: where they are, and their schema.
void visit(const json& schema, const Pointer& at,
           const std::function<void(const json& schema, const Pointer& at)>& see) {
  if (schema.contains("items")) visit(schema["items"], at / 0, see);
  if (!schema.contains("properties")) return;
  see(schema, at);
  for (const auto& [key, inner] : schema["properties"].items()) visit(inner, at / key, see);
}

class Schemas : public testing::TestWithParam<Kind> {
 protected:
  Result<> load(const json& document) { return GetParam().load(folder_.path(), document); }
  json schema_ = schema_of(GetParam());
  json example_ = schema_.at("examples").at(0);
  io::TempDir folder_ = io::TempDir::make("schemas").value();
};

TEST_P(Schemas, have_no_key_that_the_loader_refuses) {
  const auto loaded = load(example_);
  EXPECT_TRUE(loaded) << loaded.error().describe();
  visit(schema_, Pointer(), [&](const json& schema, const Pointer& at) {
    EXPECT_EQ(schema.value("additionalProperties", true), false) << at;
    for (const auto& [key, inner] : schema["properties"].items()) {
      EXPECT_TRUE(example_.at(at).contains(key)) << "the example lacks " << at / key;
      EXPECT_TRUE(inner.contains("description")) << at / key;
    }
  });
}

TEST_P(Schemas, have_every_key_that_the_loader_knows) {
  visit(schema_, Pointer(), [&](const json& schema, const Pointer& at) {
    auto document = example_;
    document[at]["zzz"] = 1;
    const auto refused = load(document);
    ASSERT_FALSE(refused) << at << " takes any key";
    const auto& advice = refused.error().advice();
    constexpr std::string_view before = "fields known here: ";
    ASSERT_TRUE(advice.starts_with(before)) << refused.error().describe();
    std::set<std::string> known, listed;
    for (const auto& name :
         split(advice.substr(before.size(), advice.find(';') - before.size()), ','))
      known.insert(std::string(trim(name)));
    for (const auto& [key, inner] : schema["properties"].items())
      if (key != "$schema") listed.insert(key);
    EXPECT_EQ(known, listed) << "at \"" << at << '"';
  });
}

TEST_P(Schemas, require_what_the_loader_requires) {
  visit(schema_, Pointer(), [&](const json& schema, const Pointer& at) {
    std::set<std::string> required = schema.value("required", std::set<std::string>());
    for (const auto& [key, inner] : schema["properties"].items()) {
      auto document = example_;
      document[at].erase(key);
      EXPECT_EQ(load(document).has_value(), !required.contains(key)) << at / key;
    }
  });
}

TEST_P(Schemas, say_the_types_that_the_loader_takes) {
  visit(schema_, Pointer(), [&](const json& schema, const Pointer& at) {
    for (const auto& [key, inner] : schema["properties"].items()) {
      if (key == "$schema") continue;
      auto document = example_;
      document[at][key] = true;  // no field is a boolean
      EXPECT_FALSE(load(document)) << at / key;
    }
  });
}

TEST_P(Schemas, hold_for_every_file_of_the_tree) {
  // One process for all: Python takes a while to start.
  json task{{"schema", schema_}, {"documents", {{"the example", example_}}}};
  ASSERT_FALSE(GetParam().files.empty());
  for (const auto& file : GetParam().files) task["documents"][file.string()] = parsed(file);
  auto validate = io::cmd("python3").arg("-c").arg(R"(
import json, sys, jsonschema
task = json.load(sys.stdin)
Validator = jsonschema.validators.validator_for(task["schema"])
Validator.check_schema(task["schema"])
for name, document in task["documents"].items():
    for error in Validator(task["schema"]).iter_errors(document):
        print(name, error.json_path, error.message)
)");
  validate.input = task.dump();
  const auto said = io::run_blocking(validate, Budget(std::chrono::seconds(60), "jsonschema"));
  ASSERT_TRUE(said) << said.error().describe();
  ASSERT_TRUE(said->status.ok()) << "is python3-jsonschema installed?\n" << said->err;
  EXPECT_EQ(said->out, "");
}

INSTANTIATE_TEST_SUITE_P(All, Schemas, testing::ValuesIn(kinds()),
                         [](const auto& info) { return std::string(info.param.schema); });

}  // namespace
}  // namespace seatrial::repo
