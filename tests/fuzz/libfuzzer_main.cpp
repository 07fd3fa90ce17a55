// SPDX-License-Identifier: Apache-2.0
// Entry of a libFuzzer program of one target. With SEATRIAL_FUZZ_SEEDS=DIR its seeds are written
// there first, so that DIR can be given as the corpus.
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  const char* folder = std::getenv("SEATRIAL_FUZZ_SEEDS");
  if (folder == nullptr) return 0;
  std::filesystem::create_directories(folder);
  const auto& target = seatrial::fuzz::targets().front();
  auto seeds = target.seeds;
  for (auto& more : seatrial::fuzz::corpus(target.name)) seeds.push_back(std::move(more));
  for (std::size_t i = 0; i < seeds.size(); ++i)
    std::ofstream(std::filesystem::path(folder) / ("seed-" + std::to_string(i)), std::ios::binary)
        << seeds[i];
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  seatrial::fuzz::targets().front().run({reinterpret_cast<const char*>(data), size});
  return 0;
}
