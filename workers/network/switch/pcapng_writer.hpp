// SPDX-License-Identifier: Apache-2.0
#pragma once
// Blocks of a pcapng file (draft-ietf-opsawg-pcapng): a section header, one interface block for
// each port with its name and nanosecond stamps, one enhanced packet block for each frame, with the
// direction seen from the switch and, where the switch did something to the frame, a comment.
// Little-endian, as this machine.

#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"

namespace seatrial::network::pcapng {

/// `comment` says where the file comes from, e.g. the seed.
std::string header(const std::vector<std::string>& interfaces, std::string_view comment);
/// `inbound`: it came in at that port.
std::string packet(std::size_t interface, bool inbound, std::string_view frame, Duration wall,
                   std::string_view comment);

}  // namespace seatrial::network::pcapng
