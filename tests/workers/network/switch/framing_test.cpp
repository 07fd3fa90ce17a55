// SPDX-License-Identifier: Apache-2.0
// Frames on QEMU's byte stream.
#include "workers/network/switch/framing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace seatrial::network {
namespace {
using testing::ElementsAre;
using testing::IsEmpty;

struct Collector {
  Unframer unframer;
  std::vector<std::string> frames;
  bool feed(std::string_view bytes) {
    return unframer.feed(bytes, [this](std::string_view frame) { frames.emplace_back(frame); });
  }
};

TEST(Framing, frames_are_whole_wherever_the_stream_is_cut) {
  std::string stream;
  const std::vector<std::string> wanted{"first", std::string(1514, 'x'), "", "last"};
  for (const auto& frame : wanted) append_framed(stream, frame);
  for (const std::size_t piece : {1u, 2u, 3u, 7u, 1000u, 10000u}) {
    Collector got;
    for (std::size_t at = 0; at < stream.size(); at += piece)
      ASSERT_TRUE(got.feed(std::string_view(stream).substr(at, piece)));
    EXPECT_EQ(got.frames, wanted) << "in pieces of " << piece;
    EXPECT_EQ(got.unframer.held(), 0u);
  }
}

TEST(Framing, the_largest_frame_of_QEMU_passes_and_one_byte_more_is_lost_framing) {
  std::string largest, more;
  append_framed(largest, std::string(kLargestFrame, 'x'));
  append_framed(more, std::string(kLargestFrame + 1, 'x'));
  Collector good, bad;
  EXPECT_TRUE(good.feed(largest));
  EXPECT_EQ(good.frames.size(), 1u);
  EXPECT_FALSE(bad.feed(more));
  EXPECT_THAT(bad.frames, IsEmpty());
  EXPECT_FALSE(bad.feed(largest)) << "there is no way back";
}

TEST(Framing, frames_before_the_bad_length_were_good) {
  std::string stream;
  append_framed(stream, "good");
  Collector got;
  EXPECT_FALSE(got.feed(stream + "\xff\xff\xff\xff"));
  EXPECT_THAT(got.frames, ElementsAre("good"));
  EXPECT_EQ(got.unframer.held(), 0u);
}

}  // namespace
}  // namespace seatrial::network
