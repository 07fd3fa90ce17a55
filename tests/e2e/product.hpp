// SPDX-License-Identifier: Apache-2.0
#pragma once
// Runs the built `seatrial` the way a user does and collects what it leaves behind.

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/io/file.hpp"
#include "core/io/process.hpp"
#include "core/model/event.hpp"

namespace seatrial::e2e {

inline io::Command seatrial(std::vector<std::string> words) {
  auto command = io::cmd(SEATRIAL_BINARY_DIR "/bin/seatrial");
  for (auto& word : words) command.arg(std::move(word));
  return command;
}

inline io::Output run(std::vector<std::string> words, std::chrono::minutes most) {
  auto output = io::run_blocking(seatrial(std::move(words)), Budget(most, "seatrial"));
  EXPECT_TRUE(output.has_value()) << output.error().describe();
  return output ? *output : io::Output{};
}

/// The processes whose command line mentions `word`: what a run left behind.
inline std::vector<std::string> left_over(const std::string& word) {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const auto name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos ||
        name == std::to_string(::getpid()))
      continue;
    const auto line = io::read_file(entry.path() / "cmdline");
    if (line && line->find(word) != std::string::npos) found.push_back(name + ": " + *line);
  }
  return found;
}

inline int count(const std::vector<model::Event>& events, std::string_view kind) {
  int n = 0;
  for (const auto& event : events) n += event.kind == kind;
  return n;
}

}  // namespace seatrial::e2e
