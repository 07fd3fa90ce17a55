// SPDX-License-Identifier: Apache-2.0
#include "workers/qemu/spec.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/text.hpp"

namespace seatrial::qemu {
namespace {
using ::testing::HasSubstr;
using ::testing::Not;

const Sockets kSockets{"/tmp/s.1/qmp", "/tmp/s.1/console"};

MachineSpec some_spec() {
  MachineSpec spec;
  spec.folder = "/run/x";
  spec.guestfwd = "/opt/it's here/seatrial-guestfwd";
  Disk disk;
  disk.file = "/run/a,b/disk.qcow2";
  spec.disks.push_back(disk);
  return spec;
}

std::vector<std::string> words_of(const MachineSpec& spec) {
  auto words = command_line(spec, kSockets);
  EXPECT_TRUE(words.has_value()) << words.error().describe();
  return words.value_or(std::vector<std::string>());
}

/// The values of an option, in order.
std::vector<std::string> values(const std::vector<std::string>& words, std::string_view option) {
  std::vector<std::string> result;
  for (std::size_t i = 0; i + 1 < words.size(); ++i)
    if (words[i] == option) result.push_back(words[i + 1]);
  return result;
}

TEST(CommandLine, starts_stopped_bare_and_with_both_sockets) {
  const auto words = words_of(some_spec());
  for (const char* word : {"-S", "-nodefaults", "-no-user-config"})
    EXPECT_THAT(words, ::testing::Contains(word));
  EXPECT_EQ(values(words, "-accel"), std::vector<std::string>{"tcg,thread=multi"});
  EXPECT_EQ(values(words, "-machine"), std::vector<std::string>{"q35"});
  const std::string all = join(words, " ");
  EXPECT_THAT(all, HasSubstr("id=qmp,server=on,wait=off,path=/tmp/s.1/qmp"));
  EXPECT_THAT(all, HasSubstr("id=console,server=on,wait=off,path=/tmp/s.1/console"));
  EXPECT_THAT(all, Not(HasSubstr("-netdev"))) << "no network unless asked for";
}

TEST(CommandLine, kvm_is_kvm_alone_never_a_silent_choice) {
  auto spec = some_spec();
  spec.accelerator = Accelerator::kvm;
  EXPECT_EQ(values(words_of(spec), "-accel"), std::vector<std::string>{"kvm"});
}

TEST(CommandLine, the_first_disk_is_booted_from_and_host_errors_stop_the_machine) {
  auto spec = some_spec();
  Disk second;
  second.id = "disk1";
  second.file = "/x";
  second.format = "raw";
  second.read_only = true;
  second.serial = "card, red";
  spec.disks.push_back(second);
  const auto words = words_of(spec);
  const auto nodes = values(words, "-blockdev");
  ASSERT_EQ(nodes.size(), 2u);
  const auto first = nlohmann::json::parse(nodes[0]);
  EXPECT_EQ(first["file"]["filename"], "/run/a,b/disk.qcow2");
  EXPECT_EQ(first["driver"], "qcow2");
  EXPECT_EQ(nlohmann::json::parse(nodes[1])["read-only"], true);
  const std::string all = join(words, " ");
  EXPECT_THAT(all, HasSubstr("drive=disk0,id=disk0-dev,bootindex=0,werror=stop,rerror=stop"));
  EXPECT_THAT(all, HasSubstr("drive=disk1,id=disk1-dev,serial=card,, red"));
}

TEST(CommandLine, a_served_disk_keeps_the_guests_flushes_and_waits_for_its_server) {
  auto spec = some_spec();
  spec.disks.front().nbd_socket = "/run/a,b/nbd";
  const auto words = words_of(spec);
  const auto nodes = values(words, "-blockdev");
  ASSERT_EQ(nodes.size(), 1u);
  const auto node = nlohmann::json::parse(nodes[0]);
  EXPECT_EQ(node["driver"], "nbd");
  EXPECT_EQ(node["server"]["path"], "/run/a,b/nbd");
  EXPECT_EQ(node["export"], "dut");
  EXPECT_EQ(node["discard"], "unmap");
  EXPECT_GE(node["reconnect-delay"], 20);
  EXPECT_EQ(node["cache"]["no-flush"], false);
  const std::string all = join(words, " ");
  EXPECT_THAT(all, HasSubstr("virtio-blk-pci,drive=disk0,id=disk0-dev,bootindex=0,werror=enospc,"
                             "rerror=report,write-cache=on"));
  spec.disks.front().device = "nvme";
  const auto refused = command_line(spec, kSockets);
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().what(), HasSubstr("nvme"));
}

TEST(CommandLine, a_direct_kernel_leaves_the_boot_index_to_qemu) {
  auto spec = some_spec();
  spec.kernel = DirectKernel{"/vmlinuz", "/initrd", "console=ttyS0 quiet"};
  const auto words = words_of(spec);
  EXPECT_THAT(join(words, " "), Not(HasSubstr("bootindex")));
  EXPECT_EQ(values(words, "-append"), std::vector<std::string>{"console=ttyS0 quiet"});
}

TEST(CommandLine, the_network_is_restricted_with_explicit_ways_in_and_out) {
  auto spec = some_spec();
  spec.network.emplace();
  spec.network->forwards = {{"ssh", 22222, 0}, {"fixed", 80, 8080}};
  spec.network->guest_forwards = {{"10.0.2.100", 80, "unix:/run/x/api.sock"},
                                  {"10.0.2.100", 443, "tcp:127.0.0.1:4443"}};
  const auto nodes = values(words_of(spec), "-netdev");
  ASSERT_EQ(nodes.size(), 1u);
  const auto node = nlohmann::json::parse(nodes[0]);
  EXPECT_EQ(node["restrict"], true);
  EXPECT_EQ(node["hostfwd"][0]["str"], "tcp:127.0.0.1:0-:22222");
  EXPECT_EQ(node["hostfwd"][1]["str"], "tcp:127.0.0.1:8080-:80");
  EXPECT_EQ(node["guestfwd"][0]["str"],
            "tcp:10.0.2.100:80-cmd:'/opt/it'\\''s here/seatrial-guestfwd' 'unix:/run/x/api.sock'");
  EXPECT_EQ(node["guestfwd"].size(), 2u);
}

TEST(CommandLine, NICs_of_the_lab_network_listen_beside_the_user_network) {
  auto spec = some_spec();
  spec.network.emplace();
  spec.nics = {{"nic0", "52:54:00:5e:a7:02", "/run/a,b/nic0"},
               {"nic1", "52:54:00:5e:a7:03", "/run/x/nic1"}};
  const auto words = words_of(spec);
  const auto nodes = values(words, "-netdev");
  ASSERT_EQ(nodes.size(), 3u);
  const auto node = nlohmann::json::parse(nodes[1]);
  EXPECT_EQ(node["type"], "stream");
  EXPECT_EQ(node["server"], true) << "the other way round QEMU never connects again";
  EXPECT_EQ(node["addr"]["path"], "/run/a,b/nic0");
  EXPECT_THAT(join(words, " "),
              HasSubstr("virtio-net-pci,netdev=nic1,id=nic1-dev,romfile=,mac=52:54:00:5e:a7:03"));
}

TEST(CommandLine, a_NIC_that_no_switch_could_use_is_refused) {
  const auto refused = [](StreamNic nic) {
    auto spec = some_spec();
    spec.network.emplace();
    spec.nics = {{"nic0", "52:54:00:5e:a7:02", "/run/x/nic0"}, std::move(nic)};
    const auto words = command_line(spec, kSockets);
    return !words && words.error().code() == "machine.spec";
  };
  EXPECT_FALSE(refused({"nic1", "52:54:00:5e:a7:03", "/run/x/nic1"}));
  EXPECT_TRUE(refused({"nic1", "52:54:00:5e:a7:02", "/run/x/nic1"})) << "twice the same";
  EXPECT_TRUE(refused({"nic1", "52:54:00:5e:a7:01", "/run/x/nic1"})) << "the user network's";
  EXPECT_TRUE(refused({"nic1", "52:54:00", "/run/x/nic1"}));
  EXPECT_TRUE(refused({"net0", "52:54:00:5e:a7:03", "/run/x/nic1"}));
  EXPECT_TRUE(refused({"nic1", "52:54:00:5e:a7:03", ""}));
  EXPECT_TRUE(refused({"nic1", "52:54:00:5e:a7:03", std::string(108, 'x')}));
}

TEST(CommandLine, what_qemu_would_misunderstand_is_refused) {
  const auto refused = [](const MachineSpec& spec) {
    const auto words = command_line(spec, kSockets);
    return !words && words.error().code() == "machine.spec";
  };
  auto spec = some_spec();
  spec.disks.front().id = "disk0,bootindex=1";
  EXPECT_TRUE(refused(spec));
  spec = some_spec();
  spec.disks.front().blockdev_json = "[1]";
  EXPECT_TRUE(refused(spec));
  spec = some_spec();
  spec.network.emplace();
  spec.network->guest_forwards = {{"10.0.2.100", 80, "http://example.org"}};
  EXPECT_TRUE(refused(spec));
  spec = some_spec();
  spec.extra = {"-device", "x\ny"};
  EXPECT_TRUE(refused(spec));
}

TEST(CommandLine, firmware_is_shared_and_its_variables_are_not) {
  auto spec = some_spec();
  spec.firmware_code = "/usr/share/OVMF/OVMF_CODE_4M.fd";
  spec.firmware_vars = "/run/x/vars.qcow2";
  const auto drives = values(words_of(spec), "-drive");
  ASSERT_EQ(drives.size(), 2u);
  EXPECT_THAT(drives[0], HasSubstr("unit=0,format=raw,readonly=on"));
  EXPECT_THAT(drives[1], HasSubstr("unit=1,format=qcow2,readonly=off"));
}

}  // namespace
}  // namespace seatrial::qemu
