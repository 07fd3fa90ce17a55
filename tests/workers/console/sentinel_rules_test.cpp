// SPDX-License-Identifier: Apache-2.0
// Sample lines for every rule, and lines that look alike and are none.
#include "workers/console/sentinel_rules.hpp"

#include <gtest/gtest.h>

#include <set>

#include "workers/console/pattern_set.hpp"

namespace seatrial::console {
namespace {

struct Sample {
  const char* id;
  const char* line;
};

const Sample samples[] = {
    {"panic.init_killed",
     "[    1.9] Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100"},
    {"panic",
     "[    2.305401] Kernel panic - not syncing: VFS: Unable to mount root fs on "
     "unknown-block(0,0)"},
    {"panic", "Kernel panic - not syncing: Fatal exception in interrupt"},
    {"panic", "root@seatrial:~# [   93.1] Kernel panic - not syncing: sysrq triggered crash"},
    {"panic", "# Kernel panic - not syncing: softlockup: hung tasks"},
    {"lockup.soft", "[  120.1] watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [stress:412]"},
    {"lockup.soft",
     "[  120.1] NMI watchdog: BUG: soft lockup - CPU#1 stuck for 23s! [kworker/1:0:15]"},
    {"lockup.hard", "[  140.1] NMI watchdog: Watchdog detected hard LOCKUP on cpu 3"},
    {"lockup.hard", "[  140.1] watchdog: CPU3: Watchdog detected hard LOCKUP on cpu 3"},
    {"lockup.workqueue",
     "[  190.1] BUG: workqueue lockup - pool cpus=0 node=0 flags=0x0 nice=0 stuck for 31s!"},
    {"oops", "[    5.1] BUG: kernel NULL pointer dereference, address: 0000000000000008"},
    {"oops", "[    5.1] BUG: unable to handle page fault for address: ffffa12300000000"},
    {"oops", "[    5.1] Oops: 0002 [#1] PREEMPT SMP NOPTI"},
    {"oops", "[    5.1] Internal error: Oops: 0000000096000004 [#1] SMP"},
    {"oops", "[    5.1] Internal error: Oops - undefined instruction: 0 [#1] SMP ARM"},
    {"oops",
     "[    5.1] Internal error: synchronous external abort: 0000000096000210 [#1] PREEMPT SMP"},
    {"oops",
     "[    5.1] Unable to handle kernel NULL pointer dereference at virtual address "
     "0000000000000010"},
    {"oops", "[    5.1] Unhandled fault: external abort on non-linefetch (0x1008) at 0xb6f4a000"},
    {"oops",
     "[    5.1] general protection fault, probably for non-canonical address 0xdead000000000100: "
     "0000 [#1]"},
    {"oops", "[    5.1] invalid opcode: 0000 [#1] PREEMPT SMP"},
    {"bug.sanitizer", "[    6.1] BUG: KASAN: slab-out-of-bounds in ext4_search_dir+0x1a1/0x2b0"},
    {"bug.sanitizer", "[    6.1] BUG: KFENCE: use-after-free read in foo+0x12/0x40"},
    {"bug.sanitizer", "[    6.1] UBSAN: array-index-out-of-bounds in drivers/net/foo.c:121:12"},
    {"bug", "[    7.1] kernel BUG at fs/ext4/inode.c:2741!"},
    {"bug", "[    7.1] BUG: scheduling while atomic: swapper/0/0/0x00000002"},
    {"bug", "[    7.1] BUG: Bad page state in process systemd  pfn:12345"},
    {"warning",
     "[    8.1] WARNING: CPU: 0 PID: 1 at kernel/workqueue.c:3083 __flush_work+0x2d9/0x300"},
    {"warning",
     "[    8.1] WARNING: kernel/workqueue.c:3083 at __flush_work+0x2d9/0x300, CPU#0: init/1"},
    {"warning.lockdep", "[    8.1] WARNING: possible circular locking dependency detected"},
    {"warning.lockdep", "[    8.1] WARNING: suspicious RCU usage"},
    {"warning.cut_here", "[    8.1] ------------[ cut here ]------------"},
    {"hung_task", "[  242.1] INFO: task jbd2/vda3-8:181 blocked for more than 120 seconds."},
    {"hung_task",
     "[  242.1] INFO: task kworker/u4:2:33 blocked in I/O wait for more than 122 seconds."},
    {"rcu_stall", "[   60.1] rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:"},
    {"rcu_stall", "[   60.1] rcu: INFO: rcu_sched self-detected stall on CPU"},
    {"rcu_stall",
     "[   60.1] INFO: rcu_preempt self-detected stall on CPU { 1}  (t=5250 jiffies g=12 c=11 "
     "q=32)"},
    {"rcu_stall",
     "[   60.1] rcu: INFO: rcu_preempt detected expedited stalls on CPUs/tasks: { 1-... }"},
    {"rcu_stall", "[   60.1] rcu: rcu_preempt kthread starved for 5251 jiffies! g-1195 f0x0"},
    {"watchdog.fired", "[   61.1] softdog: Initiating system reboot"},
    {"watchdog.service", "[  200.1] systemd[1]: balena.service: Watchdog timeout (limit 6min)!"},
    {"oom",
     "[   70.1] Out of memory: Killed process 512 (stress) total-vm:1049372kB, anon-rss:400000kB"},
    {"oom", "[   70.1] Out of memory: Kill process 512 (stress) score 900 or sacrifice child"},
    {"oom.cgroup",
     "[   70.1] Memory cgroup out of memory: Killed process 600 (node) total-vm:1000kB"},
    {"segfault.init",
     "[    3.1] init[1]: segfault at 0 ip 0000000000401136 sp 00007ffd3a5 error 6 in "
     "init[401000+1000]"},
    {"segfault.init",
     "[    3.1] traps: systemd[1] general protection fault ip:7f12 sp:7ffe error:0 in libc.so.6"},
    {"segfault.init", "[    3.1] systemd[1]: Caught <SEGV>, dumped core as pid 812."},
    {"segfault.init", "[    3.1] systemd[1]: Freezing execution."},
    {"segfault.init", "[!!!!!!] Failed to mount API filesystems, freezing."},
    {"segfault",
     "[   30.1] supervisor[733]: segfault at 8 ip 000055d5 sp 00007ffc error 4 in "
     "supervisor[55d5+1000]"},
    {"segfault",
     "[   30.1] traps: chronyd[411] trap invalid opcode ip:55d5 sp:7ffc error:0 in "
     "chronyd[55d5+9000]"},
    {"segfault",
     "[   30.1] agent[733]: unhandled exception: DABT (lower EL), ESR 0x92000046, level 2 "
     "translation fault"},
    {"boot.emergency",
     "You are in emergency mode. After logging in, type \"journalctl -xb\" to view"},
    {"boot.emergency", "Give root password for maintenance"},
    {"boot.emergency", "ALERT!  /dev/vda2 does not exist.  Dropping to a shell!"},
    {"fs.ext4",
     "[    4.1] EXT4-fs error (device vda2): ext4_lookup:1855: inode #131: comm cat: iget: "
     "checksum invalid"},
    {"fs.ext4",
     "[    4.1] EXT4-fs warning (device vda2): ext4_end_bio:343: I/O error 10 writing to inode 12"},
    {"fs.ext4", "[    4.1] EXT4-fs (vda2): Remounting filesystem read-only"},
    {"fs.ext4", "[  304.1] EXT4-fs (vda2): error count since last fsck: 3"},
    {"fs.ext4", "[    4.1] Aborting journal on device vda2-8."},
    {"fs.ext4", "[    4.1] JBD2: Error -5 detected when updating journal superblock for vda2-8."},
    {"fs.fat.unclean",
     "[    4.1] FAT-fs (vda1): Volume was not properly unmounted. Some data may be corrupt. Please "
     "run fsck."},
    {"fs.fat", "[    4.1] FAT-fs (vda1): error, corrupted directory (invalid entries)"},
    {"fs.fat", "[    4.1] FAT-fs (mmcblk0p1): Filesystem has been set read-only"},
    {"fs.squashfs", "[    4.1] SQUASHFS error: Unable to read page, block 1a2b, size 3c4"},
    {"fs.erofs",
     "[    4.1] erofs: (device loop0): z_erofs_lz4_decompress_mem: failed to decompress -24 in[46, "
     "0] out[9000]"},
    {"fs.btrfs", "[    4.1] BTRFS error (device vda3): bad tree block start, want 123 have 0"},
    {"fs.xfs", "[    4.1] XFS (vda3): Metadata corruption detected at xfs_agf_verify+0x1/0x2"},
    {"fs.f2fs", "[    4.1] F2FS-fs (mmcblk0p2): Inconsistent error blkaddr:123"},
    {"fs.verity", "[    4.1] device-mapper: verity: 254:0: data block 12 is corrupted"},
    {"fs.fsck", "/dev/vda4: UNEXPECTED INCONSISTENCY; RUN fsck MANUALLY."},
    {"io",
     "[   40.1] blk_update_request: I/O error, dev sda, sector 2048 op 0x0:(READ) flags 0x0 "
     "phys_seg 1 prio class 0"},
    {"io",
     "[   40.1] I/O error, dev vda, sector 1445888 op 0x1:(WRITE) flags 0x800 phys_seg 12 prio "
     "class 2"},
    {"io",
     "[   40.1] Buffer I/O error on dev mmcblk0p2, logical block 1024, lost async page write"},
    {"io", "[   40.1] critical medium error, dev sdb, sector 99 op 0x0:(READ)"},
    {"io.mmc", "[    1.1] mmc0: error -110 whilst initialising SD card"},
    {"io.mmc", "[    1.1] mmcblk0: error -110 sending stop command, original cmd response 0x900"},
    {"io.nvme", "[    9.1] nvme nvme0: I/O 12 QID 1 timeout, aborting"},
    {"io.ata", "[    9.1] ata1.00: exception Emask 0x0 SAct 0x0 SErr 0x0 action 0x6 frozen"},
    {"io.ubi", "[    9.1] UBIFS error (ubi0:1 pid 112): ubifs_read_node: bad node type"},
    {"hardware", "[   11.1] mce: [Hardware Error]: Machine check events logged"},
    {"hardware.temperature",
     "[   12.1] thermal thermal_zone0: critical temperature reached (90 C), shutting down"},
    {"hardware.undervoltage", "[   13.1] hwmon hwmon1: Undervoltage detected!"},
    {"hardware.undervoltage", "[   13.1] Under-voltage detected! (0x00050005)"},
    {"loader.halted", "### ERROR ### Please RESET the board ###"},
    {"loader.halted", "grub rescue> "},
    {"loader.error", "error: file `/boot/bzImage' not found."},
    {"loader.error", "error: you need to load the kernel first."},
};

const char* const harmless[] = {
    "[    0.0] Command line: root=PARTLABEL=resin-rootA console=ttyS0 quiet panic=3",
    "[    1.9] ---[ end Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100 "
    "]---",
    "root@seatrial:~# echo Kernel panic - not syncing: typed by a person",
    "Mar 01 12:00:00 seatrial app[12]: saw the text Kernel panic - not syncing in a log",
    "kernel.panic = 3",
    "[    5.1] DEBUG: nothing to see",
    "please file a BUG: report at the tracker",
    "Whoops: the cat is out",
    "oops, wrong window",
    "[   30.1] systemd[1]: Started Panic handler.",
    "[   30.2] traps: enabled",
    "WARNING: this terminal is not fully functional",
    "[   10.0] app[12]: WARNING: low disk space",
    "Internal error: please try again",
    "[    0.1] softdog: initialized. soft_noboot=0 soft_margin=60 sec soft_panic=0 (nowayout=0)",
    "[   99.1] watchdog: watchdog0: watchdog did not stop!",
    "[    0.1] NMI watchdog: Enabled. Permanently consumes one hw-PMU counter.",
    "[    0.1] rcu: Preemptible hierarchical RCU implementation.",
    "[    0.1] rcu: RCU calculated value of scheduler-enlistment delay is 25 jiffies.",
    "INFO: task scheduler started",
    "systemd-oomd[300]: Swap is currently not detected; memory pressure usage will be degraded",
    "[    2.1] EXT4-fs (vda2): mounted filesystem with ordered data mode. Quota mode: none.",
    "[    2.1] EXT4-fs (vda6): recovery complete",
    "[    2.1] EXT4-fs (vda2): re-mounted. Quota mode: none.",
    "[    2.1] EXT4-fs (vda3): VFS: Can't find ext4 filesystem",
    "[    2.1] FAT-fs (vda1): utf8 is not a recommended IO charset for FAT filesystems",
    "[    2.1] I/O error, dev fd0, sector 0 op 0x0:(READ) flags 0x0 phys_seg 1 prio class 2",
    "[    2.1] Buffer I/O error on dev fd0, logical block 0, async page read",
    "[    2.1] erofs: (device loop0): mounted with root inode @ nid 36.",
    "[    2.1] XFS (vda3): Mounting V5 Filesystem",
    "[    2.1] JBD2: no valid journal superblock found, retrying quietly",
    "[    2.1] device-mapper: verity: sha256 using implementation \"sha256-generic\"",
    "[    1.1] mmc0: new high speed SDHC card at address 4567",
    "[    1.1] ata1: SATA max UDMA/133 abar m4096@0xfebd4000 port 0xfebd4100 irq 28",
    "[    1.1] nvme nvme0: 2/0/0 default/read/poll queues",
    "error: file not found",
    "grep: rescue: No such file or directory",
    "Give it a try",
    "Out of memory error in the sense of a song",
    "[   12.1] thermal thermal_zone0: temperature reached (60 C)",
    "[    0.1] mce: CPU supports 10 MCE banks",
    "systemd[1]: Reached target Emergency Mode preparations.",
    "segfault at the beach",
};

class SentinelTable : public testing::Test {
 protected:
  static PatternSet::Ptr rules() {
    std::vector<Pattern> patterns;
    for (const auto& rule : sentinel_rules()) patterns.emplace_back(std::string(rule.pattern));
    auto set = PatternSet::compile(std::move(patterns), PatternSet::Pick::first_pattern);
    EXPECT_TRUE(set.has_value()) << set.error().describe();
    return *set;
  }
};

TEST_F(SentinelTable, recognises_every_sample_by_its_own_id) {
  const auto set = rules();
  for (const auto& sample : samples) {
    const auto hit = set->match(sample.line);
    ASSERT_TRUE(hit.has_value()) << sample.line;
    EXPECT_EQ(sentinel_rules()[hit->pattern].id, sample.id) << sample.line;
    EXPECT_NE(set->candidate(sample.line, 0), std::string_view::npos)
        << "the prefilter would hide: " << sample.line;
  }
}

TEST_F(SentinelTable, leaves_look_alikes_alone) {
  const auto set = rules();
  for (const char* line : harmless) {
    const auto hit = set->match(line);
    EXPECT_FALSE(hit.has_value()) << line << " is taken for "
                                  << (hit ? sentinel_rules()[hit->pattern].id : "");
  }
}

TEST_F(SentinelTable, has_a_sample_for_every_rule) {
  const auto set = rules();
  std::set<std::size_t> used;
  for (const auto& sample : samples)
    if (const auto hit = set->match(sample.line)) used.insert(hit->pattern);
  for (std::size_t i = 0; i < sentinel_rules().size(); ++i)
    EXPECT_TRUE(used.contains(i)) << "no sample shows rule " << sentinel_rules()[i].pattern;
}

TEST_F(SentinelTable, can_be_prefiltered_as_a_whole) { EXPECT_TRUE(rules()->filtered()); }

}  // namespace
}  // namespace seatrial::console
