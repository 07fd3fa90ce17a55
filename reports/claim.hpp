// SPDX-License-Identifier: Apache-2.0
#pragma once
// A failed expectation in one sentence. The text of an assertion event is what GoogleTest prints,
// which is exact and long; a headline wants "the device stayed on the broken OS: back.slot is B,
// not A". Text of another shape comes back on one line.

#include <string>
#include <string_view>

namespace seatrial::reports {

std::string claim_sentence(std::string_view gtest_text);

}  // namespace seatrial::reports
