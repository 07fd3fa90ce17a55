// SPDX-License-Identifier: Apache-2.0
#include "workers/console/sentinel_rules.hpp"

// Where a kernel message begins: at the line's start, after its time stamp "[  1.234567] ", or
// after a shell prompt that it interrupted. Keeps quoted text (a log being printed, a command being
// typed) out.
#define KERNEL R"((?:^|\] |[#$>] |\b(?:kernel|rcu|traps|(?:NMI )?watchdog): ))"
// A block device other than a floppy: probing the empty floppy of a virtual machine fails as it
// should.
#define DISK R"((?:[a-eg-z]|f[a-ce-z])[\w!-]*)"
#define IN_PARENTHESES R"(\([^()]{1,40}\))"

namespace seatrial::console {
namespace {

constexpr auto fatal = Severity::fatal;
constexpr auto suspicious = Severity::suspicious;

constexpr SentinelRule rules[] = {
    {"panic.init_killed", fatal, KERNEL "Kernel panic - not syncing: Attempted to kill init!"},
    {"panic", fatal, KERNEL "Kernel panic - not syncing"},
    {"lockup.soft", fatal, KERNEL R"(BUG: soft lockup - CPU#\d+ stuck for )"},
    {"lockup.hard", fatal, KERNEL R"((?:CPU\d+: )?Watchdog detected hard LOCKUP on cpu )"},
    {"lockup.workqueue", suspicious, KERNEL "BUG: workqueue lockup - pool "},
    {"oops", fatal, KERNEL "BUG: (?:unable to handle |kernel NULL pointer dereference)"},
    {"oops", fatal, KERNEL "(?:Internal error: )?Oops(?:: | - )"},
    {"oops", fatal, KERNEL R"(Internal error: .*\[#\d+\])"},
    {"oops", fatal, KERNEL "Unable to handle kernel "},
    {"oops", fatal, KERNEL "Unhandled fault: "},
    {"oops", fatal,
     KERNEL "(?:general protection fault|invalid opcode|divide error|stack segment|double fault)"
            R"(.*\[#\d+\])"},
    {"bug.sanitizer", suspicious, KERNEL "BUG: K(?:ASAN|FENCE|CSAN|MSAN): "},
    {"bug.sanitizer", suspicious, KERNEL R"(UBSAN: [\w-]+ in )"},
    {"bug", fatal, KERNEL R"(kernel BUG at \S+:\d+!)"},
    {"bug", suspicious, KERNEL "BUG: "},
    {"warning", suspicious, KERNEL R"(WARNING: CPU: \d+ PID: \d+ at )"},
    {"warning", suspicious, KERNEL R"(WARNING: [\w./-]+:\d+ at )"},
    {"warning.lockdep", suspicious,
     KERNEL "WARNING: (?:possible (?:circular|recursive|irq lock)|suspicious RCU usage|bad unlock "
            "balance|inconsistent lock state)"},
    {"warning.cut_here", suspicious, KERNEL R"(-+\[ cut here \]-+)"},
    {"hung_task", suspicious,
     KERNEL R"(INFO: task .+:\d+ blocked (?:in I/O wait |on .{1,80} )?for more than \d+ seconds)"},
    {"rcu_stall", suspicious,
     KERNEL R"((?:rcu: )?INFO: rcu_\w+ (?:self-)?detected (?:expedited )?stalls? on )"},
    {"rcu_stall", suspicious,
     KERNEL R"((?:rcu: )?rcu_\w+ kthread (?:starved|timer wakeup didn't happen) for )"},
    {"watchdog.fired", fatal, KERNEL "softdog: Initiating system reboot"},
    {"watchdog.service", suspicious, R"(systemd\[1\]: .+: Watchdog timeout \(limit )"},
    {"oom.cgroup", suspicious, KERNEL R"(Memory cgroup out of memory: Kill(?:ed)? process \d+)"},
    {"oom", suspicious, KERNEL R"(Out of memory(?: \([\w ]+\))?: Kill(?:ed)? process \d+)"},
    {"segfault.init", fatal,
     KERNEL R"((?:init|systemd)\[1\]:? (?:segfault at |unhandled |general protection|trap ))"},
    {"segfault.init", fatal, R"(systemd\[1\]: (?:Caught <[A-Z]+>|Freezing execution))"},
    {"segfault.init", fatal, R"(^(?:\[!!!!!!\]|!!!!!!) .+, freezing\.)"},
    {"segfault", suspicious, KERNEL R"([^\[\]]{1,40}\[\d+\]: segfault at [0-9a-f]+ ip )"},
    {"segfault", suspicious,
     KERNEL R"([^\[\]]{1,40}\[\d+\] (?:general protection|trap [a-z ]+) ip:)"},
    {"segfault", suspicious, KERNEL R"([^\[\]]{1,40}\[\d+\]: unhandled exception: )"},
    {"boot.emergency", fatal, "You are in (?:emergency|rescue) mode"},
    {"boot.emergency", fatal, "^(?:Give|Press Enter for) (?:root password for )?maintenance"},
    {"boot.emergency", fatal, "Dropping to a shell!"},
    {"fs.ext4", suspicious, KERNEL R"(EXT4-fs (?:error|warning|panic) \(device )"},
    {"fs.ext4", suspicious,
     KERNEL "EXT4-fs " IN_PARENTHESES ": (?:Remounting filesystem read-only|error count since last "
            "fsck|Delayed block allocation failed|"
            "error loading journal|.*corrupt)"},
    {"fs.ext4", suspicious,
     KERNEL "(?:EXT4-fs.*: )?(?:Aborting journal on device |Detected aborted journal)"},
    {"fs.ext4", suspicious,
     KERNEL "JBD2: (?:Error |.*(?:recovery failed|[Cc]orrupt|[Ii]nvalid checksum))"},
    {"fs.fat.unclean", suspicious,
     KERNEL "FAT-fs " IN_PARENTHESES ": Volume was not properly unmounted"},
    {"fs.fat", suspicious,
     KERNEL "FAT-fs " IN_PARENTHESES
            ": (?:error, |Filesystem has been set read-only|bread failed)"},
    {"fs.squashfs", suspicious, KERNEL "SQUASHFS error: "},
    {"fs.erofs", suspicious,
     KERNEL "erofs: " IN_PARENTHESES ": .*(?:corrupt|fail|bogus|err(?:or)? )"},
    {"fs.btrfs", suspicious, KERNEL "BTRFS (?:error|critical) "},
    {"fs.xfs", suspicious, KERNEL "XFS " IN_PARENTHESES ": .*[Cc]orrupt"},
    {"fs.f2fs", suspicious, KERNEL "F2FS-fs " IN_PARENTHESES ": .*(?:[Cc]orrupt|[Ii]nconsisten)"},
    {"fs.verity", suspicious,
     KERNEL "device-mapper: verity: .*(?:is corrupted|reached maximum errors)"},
    {"fs.fsck", suspicious, "UNEXPECTED INCONSISTENCY; RUN fsck MANUALLY"},
    {"io", suspicious, "I/O error, dev " DISK ", sector "},
    {"io", suspicious, KERNEL "Buffer I/O error on (?:dev(?:ice)? )?" DISK ", "},
    {"io", suspicious,
     "critical (?:medium|target|nexus|space allocation) error, dev " DISK ", sector "},
    {"io.mmc", suspicious,
     KERNEL R"(mmc\d+: (?:error -\d+ |Timeout waiting for hardware |cache flush error))"},
    {"io.mmc", suspicious,
     KERNEL R"((?:mmc\d+: )?mmcblk\d+\w*: (?:error -\d+ |timed out sending |recovery failed))"},
    {"io.nvme", suspicious, KERNEL R"(nvme nvme\d+: (?:I/O .*timeout|controller is down))"},
    {"io.ata", suspicious,
     KERNEL R"(ata\d+(?:\.\d+)?: (?:exception Emask|failed command: |hard resetting link))"},
    {"io.ubi", suspicious, KERNEL R"((?:UBIFS|ubi\d*) error )"},
    {"hardware", suspicious, KERNEL R"((?:mce: )?\[Hardware Error\]: )"},
    {"hardware.temperature", fatal, "critical temperature reached"},
    {"hardware.undervoltage", suspicious, KERNEL "(?:.+: )?Under-?voltage detected!"},
    {"loader.halted", fatal, "### ERROR ### Please RESET the board ###"},
    {"loader.halted", fatal, "^grub rescue> "},
    {"loader.error", suspicious,
     "^error: (?:file [`'].+ not found|no such (?:device|partition)|unknown filesystem|you need to "
     "load the "
     "kernel first|attempt to read or write outside of disk)"},
};

constexpr BannerRule banners[] = {
    {BootStage::firmware, false, R"(SeaBIOS \(version )"},
    {BootStage::firmware, false, "UEFI firmware \\(version "},
    {BootStage::firmware, true, "^BdsDxe: (?:loading|starting) "},
    {BootStage::firmware, false, R"(^U-Boot (?:SPL|TPL) 20\d\d\.)"},
    {BootStage::firmware, false, "^NOTICE:  BL1: v"},
    {BootStage::firmware, false, "^coreboot-"},
    {BootStage::loader, false, R"(^U-Boot 20\d\d\.)"},
    {BootStage::loader, false, "Welcome to GRUB!"},
    {BootStage::loader, true, "GNU GRUB  version "},
    {BootStage::loader, false, R"(^barebox 20\d\d\.)"},
    {BootStage::kernel, false, KERNEL R"(Linux version \d+\.\d+)"},
};

constexpr std::string_view restarts[] = {
    KERNEL "reboot: (?:Restarting system|Power down|System halted)",
    R"(^(?:\[.{1,20}\] )?Rebooting in \d+ seconds)",
    KERNEL "kexec_core: Starting new kernel",
};

}  // namespace

std::string_view to_string(Severity severity) {
  return severity == Severity::fatal ? "fatal" : "suspicious";
}

std::span<const SentinelRule> sentinel_rules() { return rules; }
std::span<const BannerRule> banner_rules() { return banners; }
std::span<const std::string_view> restart_rules() { return restarts; }

}  // namespace seatrial::console
