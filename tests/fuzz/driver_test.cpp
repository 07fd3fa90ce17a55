// SPDX-License-Identifier: Apache-2.0
// Every target on its seeds, its corpus and deterministic mutations of them. A failure prints the
// input in hexadecimal, ready for corpus/TARGET/*.hex.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <random>

#include "tests/fuzz/fuzz.hpp"

namespace seatrial::fuzz {
namespace {

constexpr std::size_t kLongest = 64u << 10;

std::string hex(std::string_view bytes) {
  std::string out;
  for (const unsigned char c : bytes.substr(0, 2000)) out += fmt::format("{:02x}", c);
  return bytes.size() > 2000 ? out + "..." : out;
}

/// The input that is being tried, for the handler of a crash.
std::string trying;

void tell_and_die(int signal) {
  // Formatting is not safe here in general, but the process is lost already.
  const std::string said = "\nfuzz: crashed by input " + hex(trying) + "\n";
  [[maybe_unused]] const auto n = ::write(2, said.data(), said.size());
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

class Mutator {
 public:
  Mutator(const Target& target, const std::vector<std::string>& seeds)
      : target_(target), seeds_(seeds), dice_(std::hash<std::string>()(target.name)) {}

  std::string next() {
    std::string input = seeds_[below(seeds_.size())];
    for (std::size_t changes = 1 + below(4); changes > 0; --changes) change(input);
    input.resize(std::min(input.size(), kLongest));
    return input;
  }

 private:
  std::size_t below(std::size_t limit) { return limit == 0 ? 0 : dice_() % limit; }

  void change(std::string& input) {
    static constexpr unsigned char kEdges[] = {0, 1, 0x0a, 0x1b, 0x20, 0x7f, 0x80, 0xfe, 0xff};
    const auto at = below(input.size() + 1);
    const auto span = std::min(input.size() - at, below(below(2) ? 8 : 256) + 1);
    switch (below(8)) {
      case 0:
        if (at < input.size()) input[at] = static_cast<char>(input[at] ^ (1 << below(8)));
        break;
      case 1:
        if (at < input.size()) input[at] = static_cast<char>(kEdges[below(std::size(kEdges))]);
        break;
      case 2: input.erase(at, span); break;
      case 3: input.insert(at, input.substr(at, span)); break;
      case 4: input.resize(at); break;
      case 5: {  // the tail of another seed
        const auto& other = seeds_[below(seeds_.size())];
        input = input.substr(0, at) + other.substr(below(other.size() + 1));
        break;
      }
      case 6:
        for (std::size_t i = at; i < at + std::min<std::size_t>(span, 4); ++i)
          input[i] = static_cast<char>(dice_());
        break;
      default:
        if (!target_.words.empty()) input.insert(at, target_.words[below(target_.words.size())]);
    }
  }

  const Target& target_;
  const std::vector<std::string>& seeds_;
  std::mt19937_64 dice_;
};

const Target& target(const std::string& name) {
  for (const auto& one : targets())
    if (one.name == name) return one;
  throw std::logic_error("no target " + name);
}

std::vector<std::string> names() {
  std::vector<std::string> out;
  for (const auto& one : targets()) out.push_back(one.name);
  return out;
}

class Fuzz : public testing::TestWithParam<std::string> {};

TEST_P(Fuzz, breaks_nothing) {
  for (const int signal : {SIGSEGV, SIGABRT, SIGFPE, SIGBUS}) std::signal(signal, tell_and_die);
  const auto& chosen = target(GetParam());
  auto inputs = chosen.seeds;
  for (auto& more : corpus(chosen.name)) inputs.push_back(std::move(more));
  ASSERT_FALSE(inputs.empty());
  const auto attempt = [&](std::string input) {
    trying = std::move(input);
    try {
      chosen.run(trying);
    } catch (const std::exception& error) {
      ADD_FAILURE() << error.what() << "\nby input " << hex(trying);
    }
  };
  attempt("");
  for (const auto& input : inputs) attempt(input);
  Mutator mutator(chosen, inputs);
  for (int round = 0; round < chosen.rounds && !HasFailure(); ++round) attempt(mutator.next());
  for (const int signal : {SIGSEGV, SIGABRT, SIGFPE, SIGBUS}) std::signal(signal, SIG_DFL);
}

INSTANTIATE_TEST_SUITE_P(Target, Fuzz, testing::ValuesIn(names()),
                         [](const auto& info) { return info.param; });

TEST(FuzzCorpus, hexadecimal_files_are_read_with_comments) {
  EXPECT_EQ(from_hex("41 42 # 43\n44"), "ABD");
}

}  // namespace
}  // namespace seatrial::fuzz
