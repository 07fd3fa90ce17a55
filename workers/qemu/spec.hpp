// SPDX-License-Identifier: Apache-2.0
#pragma once
// MachineSpec: what a QEMU machine is made of, as a value; and the command line made from it. Pure
// data, no life cycle.

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "workers/qemu/accelerator.hpp"

namespace seatrial::cutdisk {
class Client;
}

namespace seatrial::qemu {

/// A block device. Writable ones are qcow2 overlays (workers/qemu/overlay.hpp) or served, so that
/// snapshots work.
struct Disk {
  std::string id = "disk0";  ///< node name and device id: letters, digits, '-'
  std::filesystem::path file;
  std::string format = "qcow2";
  bool read_only = false;
  std::string serial;              ///< what the guest sees as the disk's serial number
  bool guest_sees_errors = false;  ///< host I/O errors: false stops the machine and reports disk.*
  /// A node of QEMU's own (JSON for -blockdev), in place of the file: error injection, filters.
  std::string blockdev_json;
  /// A cut-aware disk (workers/disk) in place of the file: the NBD socket of its server, export
  /// "dut". Host I/O errors: ENOSPC stops the machine, others the guest sees, as it shall see the
  /// faults that a case injects.
  std::filesystem::path nbd_socket;
  /// Its server: told when the power goes off and comes back, and saved with the machine.
  std::shared_ptr<cutdisk::Client> server;
  /// virtio-blk-pci, or another of QEMU's; a served disk refuses NVMe, which drops FUA on the way.
  std::string device = "virtio-blk-pci";

  bool served() const { return !nbd_socket.empty(); }
};

/// host 127.0.0.1:port -> guest port. Port 0: any free one, chosen by the kernel without a race.
struct Forward {
  std::string name;  ///< "ssh"
  std::uint16_t guest_port = 0;
  std::uint16_t host_port = 0;
  std::string guest_address;  ///< empty: the one that DHCP gives
};

/// guest connects to address:port -> one relay to `target` for each connection. The only way out of
/// a restricted network.
struct GuestForward {
  std::string address = "10.0.2.100";
  std::uint16_t port = 80;
  std::string target;  ///< "unix:/run/x.sock" or "tcp:127.0.0.1:8080"
};

/// Where QEMU's user-mode network expects the guest.
constexpr const char* kUserNetworkGuest = "10.0.2.15";

/// QEMU's user-mode network: the guest is 10.0.2.15, and reaches nothing but what is listed.
struct UserNetwork {
  std::string mac = "52:54:00:5e:a7:01";
  std::vector<Forward> forwards;
  std::vector<GuestForward> guest_forwards;
  std::string hostname = "dut";
  bool restricted = true;
};

/// A NIC on the lab network: QEMU listens on a unix socket (its netdev "stream"), the lab's switch
/// connects, and again after each start of QEMU.
struct StreamNic {
  std::string id = "nic0";  ///< of the netdev; set_link takes it. The device has id-dev
  std::string mac = "52:54:00:5e:a7:02";
  std::filesystem::path socket;  ///< at most 107 bytes
};

/// Starts a kernel without a boot loader; for tests of our own machinery.
struct DirectKernel {
  std::filesystem::path kernel;
  std::filesystem::path initrd;
  std::string append;
};

struct MachineSpec {
  std::string name = "dut";  ///< for people and for `ps`
  std::string arch = "x86_64";
  std::string machine = "q35";
  std::string cpu = "qemu64";
  unsigned memory_mb = 512;
  unsigned cpus = 1;
  Accelerator accelerator = Accelerator::tcg;
  std::vector<Disk> disks;  ///< the first one is booted from
  std::optional<UserNetwork> network;
  std::vector<StreamNic> nics;  ///< beside the user network, behind it
  std::optional<DirectKernel> kernel;
  std::filesystem::path firmware_code;  ///< pflash 0, read-only (UEFI); empty: the board's default
  std::filesystem::path firmware_vars;  ///< pflash 1, this machine's own copy
  bool capture = false;            ///< every packet goes to folder/packets-N.pcap, N for each start
  std::vector<std::string> extra;  ///< more words of the command line, last
  std::filesystem::path folder;    ///< existing and private: qemu.log (stderr) goes here
  std::string qemu;                ///< program; empty: qemu-system-<arch> in PATH
  std::string guestfwd;            ///< seatrial-guestfwd; empty: beside the running program
};

/// Where the sockets of one started machine are, and its packets go.
struct Sockets {
  std::filesystem::path qmp;
  std::filesystem::path console;
  std::filesystem::path packets;
};

std::string qemu_program(const MachineSpec& spec);
/// The words after the program's name. Fails with "machine.spec" on something QEMU would
/// misunderstand (a comma in a path is escaped, a newline refused), and on what would make a
/// correct OS look bad: NVMe on a disk whose power can be cut.
Result<std::vector<std::string>> command_line(const MachineSpec& spec, const Sockets& sockets);

}  // namespace seatrial::qemu
