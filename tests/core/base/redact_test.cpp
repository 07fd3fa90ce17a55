// SPDX-License-Identifier: Apache-2.0
#include "core/base/redact.hpp"

#include <gtest/gtest.h>

namespace seatrial {
namespace {

TEST(Redact, registered_secrets_never_leave) {
  register_secret("hunter2hunter2");
  EXPECT_EQ(redact("key=hunter2hunter2; again hunter2hunter2"), "key=<redacted>; again <redacted>");
}

TEST(Redact, short_words_are_not_taken_for_secrets) {
  register_secret("root");
  EXPECT_EQ(redact("root logs in"), "root logs in");
}

}  // namespace
}  // namespace seatrial
