// SPDX-License-Identifier: Apache-2.0
#include "core/model/desk_record.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/io/file.hpp"

namespace seatrial::model {
namespace {

class DeskRecords : public testing::Test {
 protected:
  Result<DeskRecord> read(const nlohmann::json& document) {
    const auto path = dir_.path() / "desk.json";
    EXPECT_TRUE(io::write_file_atomic(path, document.dump()));
    return desk_record_from_file(path.string());
  }
  static nlohmann::json some_record() {
    DeskRecord record;
    record.pid = 17;
    record.run = "r";
    record.folder = "/runs/r";
    record.socket = "/s";
    record.held = "smoke.boots";
    return to_json(record);
  }
  io::TempDir dir_ = io::TempDir::make("desk-record").value();
};

TEST_F(DeskRecords, are_read_as_they_are_written) {
  const auto document = some_record();
  EXPECT_EQ(document["schema"], 1);
  const auto back = read(document);
  ASSERT_TRUE(back) << back.error().describe();
  EXPECT_EQ(back->pid, 17);
  EXPECT_EQ(back->held, "smoke.boots");
}

TEST_F(DeskRecords, of_a_newer_bench_host_may_say_more_but_not_mean_other_things) {
  auto document = some_record();
  document["more"] = true;
  EXPECT_TRUE(read(document));
  document["schema"] = 2;
  const auto refused = read(document);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), "input.newer_schema");
}

}  // namespace
}  // namespace seatrial::model
