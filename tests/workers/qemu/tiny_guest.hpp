// SPDX-License-Identifier: Apache-2.0
#pragma once
// A machine with the tiny guest of tiny_guest.S on a qcow2 overlay, its console collected as text.

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "core/io/file.hpp"
#include "tests/workers/support/tasks.hpp"
#include "workers/qemu/machine.hpp"
#include "workers/qemu/overlay.hpp"

namespace seatrial::test {

constexpr unsigned char kTinyGuest[] = {
#include "tests/workers/qemu/tiny_guest.inc"
};

inline std::string tiny_disk(std::size_t size = 8u << 20) {
  std::string disk(size, '\0');
  disk.replace(0, sizeof kTinyGuest, reinterpret_cast<const char*>(kTinyGuest), sizeof kTinyGuest);
  disk[510] = '\x55';
  disk[511] = '\xaa';
  return disk;
}

/// Everything that came from the console, and the way to write to it.
struct Line {
  std::string text;
  std::shared_ptr<io::ByteStream> stream;

  static Task<Result<>> collect(std::shared_ptr<Line> self, std::shared_ptr<io::ByteStream> from) {
    std::array<char, 4096> chunk;
    for (;;) {
      auto n = co_await from->read_some(chunk);
      if (!n || *n == 0) co_return Result<>();
      self->text.append(chunk.data(), *n);
    }
  }
  static Task<Result<>> write(std::shared_ptr<io::ByteStream> to, std::string letters) {
    co_return co_await to->write_all(letters);
  }
};

struct TinyMachine {
  TinyMachine(Loop& loop, std::filesystem::path folder, Guard* guard = nullptr)
      : loop(loop), folder(std::move(folder)) {
    std::filesystem::create_directories(this->folder);
    base = this->folder / "base.img";
    EXPECT_TRUE(io::write_file_atomic(base, tiny_disk()).has_value());
    fresh_overlay();
    machine = std::make_unique<qemu::Machine>(loop.nursery(), loop.executor(), spec(), guard);
    machine->on_console([this](io::ByteStream stream) {
      line->stream = std::make_shared<io::ByteStream>(std::move(stream));
      this->loop.nursery().start("console", Line::collect(line, line->stream));
    });
    machine->on_event("test", [this](const qemu::MachineEvent& event) {
      events += std::string(to_string(event.kind)) + (event.by_guest ? "(guest) " : " ");
      if (event.failure) failures.push_back(*event.failure);
    });
  }

  void fresh_overlay() {
    qemu::OverlayRequest request;
    request.base = base;
    request.base_format = "raw";
    request.overlay = folder / "disk.qcow2";
    const auto made = loop.run(qemu::make_overlay(request));
    ASSERT_TRUE(made.has_value()) << made.error().describe();
  }

  qemu::MachineSpec spec() const {
    qemu::MachineSpec spec;
    spec.memory_mb = 32;
    spec.folder = folder;
    qemu::Disk disk;
    disk.file = folder / "disk.qcow2";
    spec.disks.push_back(disk);
    return spec;
  }

  Result<> power_on() { return loop.run(machine->power_on()); }
  /// Powers on and waits until the guest says that it is there.
  ::testing::AssertionResult boots() {
    const auto before = line->text.size();
    const auto on = power_on();
    if (!on) return ::testing::AssertionFailure() << on.error().describe();
    return says("R", before);
  }
  ::testing::AssertionResult says(std::string_view words, std::size_t from) {
    if (loop.run_until([&] { return line->text.find(words, from) != std::string::npos; },
                       std::chrono::seconds(60)))
      return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << "no '" << words << "' on the console: " << line->text;
  }
  /// Sends letters and waits for an answer.
  ::testing::AssertionResult ask(std::string letters, std::string_view answer) {
    const auto before = line->text.size();
    const auto sent = loop.run(Line::write(line->stream, letters));
    if (!sent) return ::testing::AssertionFailure() << sent.error().describe();
    return answer.empty() ? ::testing::AssertionSuccess() : says(answer, before);
  }

  Loop& loop;
  std::filesystem::path folder, base;
  std::shared_ptr<Line> line = std::make_shared<Line>();
  std::string events;
  std::vector<Failure> failures;
  std::unique_ptr<qemu::Machine> machine;
};

}  // namespace seatrial::test
