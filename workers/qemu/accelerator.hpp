// SPDX-License-Identifier: Apache-2.0
#pragma once
// Which accelerator QEMU gets: KVM when a guest really runs under it, else TCG. The existence of
// /dev/kvm proves nothing: nested or filtered KVM may open, run the firmware, and then interpret
// each instruction (measured: 20 million loop rounds by TCG 0.2 s, by such a KVM 10 s,
// so that a stock kernel seems to hang while it unpacks itself). The probe guest is one boot sector
// that does what a kernel does first: waits for timer interrupts in HLT, enters protected mode,
// builds page tables, enters long mode, and runs 40 million rounds of a loop; then writes "OK" to
// the serial port and leaves through isa-debug-exit. It needs QEMU and its firmware, nothing else.
//
// The answer is cached under `cache_root`, keyed by host boot id, QEMU binary and the state of
// /dev/kvm, under a file lock, so that parallel starts probe once.

#include <filesystem>
#include <string>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/base/task.hpp"

namespace seatrial::qemu {

enum class Accelerator { kvm, tcg };
std::string_view to_string(Accelerator accelerator);

struct AcceleratorQuery {
  std::string qemu = "qemu-system-x86_64";  ///< program; its architecture is read from the name
  std::filesystem::path cache_root;         ///< "$XDG_CACHE_HOME/seatrial"; created when missing
  Duration deadline = std::chrono::seconds(4);  ///< for the probe guest under KVM
  bool ignore_cache = false;
  std::filesystem::path kvm_node = "/dev/kvm";  ///< for tests
  bool forced_tcg = false;                      ///< SEATRIAL_ACCEL=tcg: do not even look
};

struct AcceleratorAnswer {
  Accelerator accelerator = Accelerator::tcg;
  std::string why;     ///< one sentence for people: "KVM works: the probe guest ended in 0.2 s"
  std::string advice;  ///< what would make it faster; empty when there is nothing to do
  std::string qemu_version;
  Duration probe_took{};
  bool from_cache = false;

  /// The value of QEMU's -accel.
  std::string option() const;
};

/// Never fails because KVM does not work; fails with "qemu.missing" or "qemu.broken" (QEMU itself
/// cannot be run, or the probe guest does not even run under TCG).
Task<Result<AcceleratorAnswer>> probe_accelerator(AcceleratorQuery query);

/// Is QEMU there, and which one: "QEMU emulator version 7.2.22 (Debian ...)". Fails with
/// "qemu.missing".
Task<Result<std::string>> qemu_version(std::string program);

}  // namespace seatrial::qemu
