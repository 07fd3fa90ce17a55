// SPDX-License-Identifier: Apache-2.0
#include "core/disk/grubenv.hpp"

#include <gtest/gtest.h>

namespace seatrial::disk {
namespace {

TEST(Grubenv, survives_its_block) {
  const auto block = format_grubenv({{"bootcount", "0"}, {"resin_root_part", "2"}});
  ASSERT_TRUE(block.has_value());
  EXPECT_EQ(block->size(), 1024u);
  EXPECT_EQ(parse_grubenv(*block)->at("resin_root_part"), "2");
}

TEST(Grubenv, trailing_spaces_and_other_sizes_are_accepted) {
  const auto variables =
      parse_grubenv("# GRUB Environment Block\nbootcount=0 \nupgrade_available=1\n####");
  ASSERT_TRUE(variables.has_value());
  EXPECT_EQ(variables->at("bootcount"), "0");
  EXPECT_EQ(variables->size(), 2u);
}

TEST(Grubenv, a_block_without_signature_is_refused) {
  EXPECT_FALSE(parse_grubenv(std::string(1024, '\0')).has_value());
}

TEST(Grubenv, what_does_not_fit_is_refused) {
  EXPECT_FALSE(format_grubenv({{"x", std::string(1100, 'y')}}).has_value());
}

}  // namespace
}  // namespace seatrial::disk
