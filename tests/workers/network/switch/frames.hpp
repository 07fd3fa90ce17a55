// SPDX-License-Identifier: Apache-2.0
#pragma once
// For tests of the switch: frames made by hand, and a world that keeps what the switch does to it.

#include <map>
#include <string>
#include <vector>

#include "workers/network/switch/frame.hpp"
#include "workers/network/switch/switch.hpp"

namespace seatrial::network {

inline std::string mac(int last) {
  return std::string("\x52\x54\0\0\0", 5) + static_cast<char>(last);
}
inline const std::string kAll(6, '\xff');

/// From one host to another, with a payload that tells it from others.
inline std::string frame(const std::string& to, const std::string& from,
                         const std::string& payload = "payload") {
  return to + from + std::string("\x08\x00", 2) + payload;
}

struct World final : Outside {
  struct Seen {
    std::size_t port;
    bool inbound;
    std::string frame, comment;
  };
  bool emit(std::size_t port, std::string_view frame) override {
    if (full) return false;
    sent[port].emplace_back(frame);
    return true;
  }
  void seen(std::size_t port, bool inbound, std::string_view frame,
            std::string_view comment) override {
    capture.push_back({port, inbound, std::string(frame), std::string(comment)});
  }
  std::size_t comments(std::string_view wanted) const {
    std::size_t n = 0;
    for (const auto& one : capture) n += one.comment == wanted;
    return n;
  }
  std::map<std::size_t, std::vector<std::string>> sent;
  std::vector<Seen> capture;
  bool full = false;
};

}  // namespace seatrial::network
