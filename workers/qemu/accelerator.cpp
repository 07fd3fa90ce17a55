// SPDX-License-Identifier: Apache-2.0
#include "workers/qemu/accelerator.hpp"

#include <fmt/format.h>
#include <grp.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/base/within.hpp"
#include "core/io/file.hpp"
#include "core/io/process.hpp"

namespace seatrial::qemu {
namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

constexpr unsigned char kProbeGuest[] = {
#include "workers/qemu/probe_guest.inc"
};
constexpr int kProbeExit = 99;  ///< isa-debug-exit: (0x31 << 1) | 1

Failure qemu_missing(const std::string& program) {
  return Failure("qemu.missing", Blame::bench, fmt::format("{} is not installed", program),
                 "install it: apt-get install qemu-system-x86 qemu-utils (or run ./sea setup)");
}

/// Enough for SeaBIOS to boot from: it refuses a disk of one sector.
std::string probe_disk() {
  std::string disk(1u << 20, '\0');
  disk.replace(0, sizeof kProbeGuest, reinterpret_cast<const char*>(kProbeGuest),
               sizeof kProbeGuest);
  disk[510] = '\x55';
  disk[511] = '\xaa';
  return disk;
}

struct Trial {
  bool works = false;
  Duration took{};
  std::string said;
};

/// Runs the probe guest once.
Task<Result<Trial>> trial(std::string qemu, std::string accelerator, fs::path disk,
                          Duration deadline) {
  auto command = io::cmd(std::move(qemu)).arg("-accel").arg(accelerator);
  for (const char* word : {"-machine", "q35", "-m", "32", "-no-user-config", "-nodefaults",
                           "-display", "none", "-serial", "stdio", "-no-reboot"})
    command.arg(word);
  command.arg("-device").arg("isa-debug-exit,iobase=0xf4,iosize=4");
  command.arg("-drive").arg("if=none,id=probe,format=raw,snapshot=on,file=" + disk.string());
  command.arg("-device").arg("virtio-blk-pci,drive=probe,bootindex=0");
  const auto begin = Clock::system().monotonic();
  const Budget budget(deadline, "the probe guest");
  auto output = co_await io::run(std::move(command), budget);
  Trial result;
  result.took = Clock::system().monotonic() - begin;
  if (!output) {
    if (output.error().code() != "deadline") co_return output.error();
    result.said = fmt::format("the probe guest did not end within {}", human_duration(deadline));
    co_return std::move(result);
  }
  result.works = output->status.code == kProbeExit && output->out == "OK";
  if (!result.works)
    result.said = fmt::format("{}: {}", output->status.describe(),
                              trim(output->err.empty() ? output->out : output->err));
  co_return std::move(result);
}

/// By the rights that the node really gives.
std::string how_to_open(const fs::path& node) {
  struct stat info {};
  if (::stat(node.c_str(), &info) != 0) return "look at the rights of " + node.string();
  const group* owners = ::getgrgid(info.st_gid);
  if ((info.st_mode & S_IRGRP) != 0 && (info.st_mode & S_IWGRP) != 0 && info.st_gid != 0 && owners)
    return fmt::format("join the group of the node: sudo usermod -aG {} $USER, then log in again",
                       owners->gr_name);
  return fmt::format(
      "only root may open it; whoever owns this machine can give it to a group: sudo "
      "groupadd -f kvm; sudo chgrp kvm {0}; sudo chmod g+rw {0}",
      node.string());
}

/// Why KVM need not even be tried, or nothing.
std::string obstacle(const AcceleratorQuery& query, std::string& advice) {
  utsname host{};
  ::uname(&host);
  const std::string arch = query.qemu.substr(query.qemu.rfind('-') + 1);
  if (query.forced_tcg) return "emulation (TCG) was asked for";
  if (arch != host.machine)
    return fmt::format("a guest of {} has to be emulated on {}", arch, host.machine);
  if (arch != "x86_64") return "there is no probe guest for this architecture yet";
  if (::access(query.kvm_node.c_str(), F_OK) != 0) {
    advice = "enable virtualisation in the firmware, or the nested one of this virtual machine";
    return fmt::format("{} does not exist", query.kvm_node.string());
  }
  if (::access(query.kvm_node.c_str(), R_OK | W_OK) != 0) {
    advice = how_to_open(query.kvm_node);
    return fmt::format("{} may not be opened by this user", query.kvm_node.string());
  }
  return {};
}

/// Everything the answer depends on.
std::string cache_key(const AcceleratorQuery& query, const fs::path& program) {
  struct stat binary {};
  struct stat node {};
  const bool has_node = ::stat(query.kvm_node.c_str(), &node) == 0;
  ::stat(program.c_str(), &binary);
  const auto boot = io::read_file("/proc/sys/kernel/random/boot_id");
  const bool usable = has_node && ::access(query.kvm_node.c_str(), R_OK | W_OK) == 0;
  return fmt::format("{} {} {} {} {} {} {}", boot ? trim(*boot) : std::string_view("?"),
                     program.string(), binary.st_ino, binary.st_mtime, binary.st_size,
                     query.kvm_node.string(),
                     usable     ? "usable"
                     : has_node ? "there"
                                : "absent");
}

Result<AcceleratorAnswer> from_cache(const fs::path& file, const std::string& key) {
  TRY(const auto text, io::read_file(file));
  const auto cached = nlohmann::json::parse(text, nullptr, false);
  if (!cached.is_object() || cached.value("key", "") != key)
    return Failure("cache.miss", Blame::unknown, "nothing is cached for this host", "probe it");
  AcceleratorAnswer answer;
  answer.accelerator =
      cached.value("accelerator", "") == "kvm" ? Accelerator::kvm : Accelerator::tcg;
  answer.why = cached.value("why", "");
  answer.advice = cached.value("advice", "");
  answer.qemu_version = cached.value("qemu_version", "");
  answer.probe_took = from_seconds(cached.value("probe_took", 0.0));
  answer.from_cache = true;
  return answer;
}

Result<> to_cache(const fs::path& file, const std::string& key, const AcceleratorAnswer& answer) {
  const nlohmann::json cached = {{"key", key},
                                 {"accelerator", to_string(answer.accelerator)},
                                 {"why", answer.why},
                                 {"advice", answer.advice},
                                 {"qemu_version", answer.qemu_version},
                                 {"probe_took", seconds(answer.probe_took)}};
  return io::write_file_atomic(file, cached.dump(2) + "\n");
}

/// The verdict of the two trials. KVM has to be at least about as quick as emulation.
void judge(const Trial& tcg, const Trial& kvm, AcceleratorAnswer& answer) {
  answer.probe_took = tcg.took + kvm.took;
  if (kvm.works && kvm.took <= tcg.took + 500ms) {
    answer.accelerator = Accelerator::kvm;
    answer.why = fmt::format("KVM works: the probe guest ended in {} (emulated: {})",
                             human_duration(kvm.took), human_duration(tcg.took));
    return;
  }
  answer.why = kvm.works
                   ? fmt::format(
                         "KVM runs guests slower than emulation: the probe guest took {}, "
                         "emulated {}",
                         human_duration(kvm.took), human_duration(tcg.took))
                   : fmt::format("KVM opens but does not run guests: {} (emulated it took {})",
                                 kvm.said, human_duration(tcg.took));
  answer.advice =
      "nothing has to be done: emulation is used, several times slower; a host with hardware "
      "virtualisation (not a nested or filtered one) would be quicker";
}

Task<Result<AcceleratorAnswer>> probe(AcceleratorQuery query) {
  AcceleratorAnswer answer;
  CO_TRY(answer.qemu_version, co_await qemu_version(query.qemu));
  answer.why = obstacle(query, answer.advice);
  if (!answer.why.empty()) co_return std::move(answer);

  CO_TRY(const auto folder, io::TempDir::make("seatrial-probe"));
  const fs::path disk = folder.path() / "probe.img";
  CO_CHECK_OK(io::write_file_atomic(disk, probe_disk()));
  CO_TRY(const auto tcg, co_await trial(query.qemu, "tcg", disk, 60s));
  if (!tcg.works)
    co_return Failure(
        "qemu.broken", Blame::bench,
        fmt::format("{} does not run the probe guest: {}", query.qemu, tcg.said),
        "check the installation of QEMU and its firmware (seabios), and the host's load");
  // A host that is busy is so for both.
  const Duration deadline = std::max(query.deadline, 2 * tcg.took);
  CO_TRY(const auto kvm, co_await trial(query.qemu, "kvm", disk, deadline));
  judge(tcg, kvm, answer);
  co_return std::move(answer);
}

}  // namespace

std::string_view to_string(Accelerator accelerator) {
  return accelerator == Accelerator::kvm ? "kvm" : "tcg";
}

std::string AcceleratorAnswer::option() const {
  return accelerator == Accelerator::kvm ? "kvm" : "tcg,thread=multi";
}

Task<Result<std::string>> qemu_version(std::string program) {
  auto command = io::cmd(program).arg("--version");
  const Budget budget = Budget(30s, "the version of " + program).with_blame(Blame::bench);
  auto output = co_await io::run(std::move(command), budget);
  if (!output) {
    if (output.error().code() == "program.missing") co_return qemu_missing(program);
    co_return output.error();
  }
  if (!output->status.ok())
    co_return Failure(
        "qemu.broken", Blame::bench,
        fmt::format("{} --version: {}: {}", program, output->status.describe(), trim(output->err)),
        "reinstall QEMU: apt-get install --reinstall qemu-system-x86");
  co_return std::string(trim(split(output->out, '\n').front()));
}

Task<Result<AcceleratorAnswer>> probe_accelerator(AcceleratorQuery query) {
  if (query.qemu.find('/') == query.qemu.npos && !io::find_program(query.qemu))
    co_return qemu_missing(query.qemu);
  if (query.forced_tcg) co_return co_await probe(query);  // an answer that depends on no host
  CO_TRY(const auto program, io::find_program(query.qemu));
  CO_CHECK_OK(io::make_dirs(query.cache_root));
  const fs::path file =
      query.cache_root / ("accelerator-" + fs::path(query.qemu).filename().string() + ".json");
  const std::string key = cache_key(query, program);
  if (!query.ignore_cache)
    if (auto cached = from_cache(file, key)) co_return std::move(*cached);

  // One process probes, the others wait for its answer, without blocking their loop.
  for (int tries = 0;; ++tries) {
    auto lock = io::FileLock::acquire(file.string() + ".lock", 0s, "the accelerator probe");
    if (!lock && lock.error().code() == "lock.busy" && tries < 600) {
      co_await pause(100ms);
      continue;
    }
    if (!lock) co_return lock.error();
    if (!query.ignore_cache)
      if (auto cached = from_cache(file, key)) co_return std::move(*cached);
    CO_TRY(auto answer, co_await probe(query));
    if (auto kept = to_cache(file, key, answer); !kept)
      log::warn("the accelerator is probed again next time: {}", kept.error().describe());
    co_return std::move(answer);
  }
}

}  // namespace seatrial::qemu
