// SPDX-License-Identifier: Apache-2.0
#include "workers/qemu/spec.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "core/base/text.hpp"
#include "core/io/process.hpp"

namespace seatrial::qemu {
namespace {
using nlohmann::json;

/// QEMU's key=value options end at a comma; a doubled one is a comma.
std::string escaped(std::string_view value) {
  std::string result;
  for (const char c : value) {
    result += c;
    if (c == ',') result += ',';
  }
  return result;
}

/// libslirp splits the command of a guest forward as a shell would.
std::string shell_word(std::string_view word) {
  std::string result = "'";
  for (const char c : word) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

Failure bad_spec(std::string what) {
  return Failure("machine.spec", Blame::seatrial, std::move(what),
                 "correct the device type or the bench file that describes the machine");
}

bool is_id(std::string_view id) {
  return !id.empty() && std::isalpha(static_cast<unsigned char>(id.front())) &&
         std::all_of(id.begin(), id.end(), [](unsigned char c) {
           return std::isalnum(c) || c == '-' || c == '_' || c == '.';
         });
}

class Line {
 public:
  Line& add(std::string option) {
    words.push_back(std::move(option));
    return *this;
  }
  Line& add(std::string option, std::string value) {
    words.push_back(std::move(option));
    words.push_back(std::move(value));
    return *this;
  }
  std::vector<std::string> words;
};

/// Seconds that requests of the guest wait for a server that was killed; it takes one to be back.
constexpr int kServerMayBeGone = 30;

json disk_node(const Disk& disk) {
  if (!disk.blockdev_json.empty()) {
    json node = json::parse(disk.blockdev_json, nullptr, false);
    if (node.is_object()) node["node-name"] = disk.id;
    return node;
  }
  if (disk.served())
    return {{"driver", "nbd"},
            {"node-name", disk.id},
            {"read-only", disk.read_only},
            {"discard", "unmap"},
            {"server", {{"type", "unix"}, {"path", disk.nbd_socket.string()}}},
            {"export", "dut"},
            {"reconnect-delay", kServerMayBeGone},
            {"cache", {{"direct", false}, {"no-flush", false}}}};
  // no-flush: a flush of the guest reaches the page cache of the host and stops there. Hard off is
  // a SIGKILL, which the page cache survives, so nothing that matters is lost; a host crash is.
  const json cache = {{"direct", false}, {"no-flush", !disk.read_only}};
  return {{"driver", disk.format},
          {"node-name", disk.id},
          {"read-only", disk.read_only},
          {"discard", "unmap"},
          {"cache", cache},
          {"file",
           {{"driver", "file"}, {"filename", disk.file.string()}, {"read-only", disk.read_only}}}};
}

const char* error_policy(const Disk& disk) {
  if (disk.served()) return ",werror=enospc,rerror=report";
  return disk.guest_sees_errors ? ",werror=report,rerror=report" : ",werror=stop,rerror=stop";
}

Result<> add_disk(Line& line, const Disk& disk, bool first, bool direct_kernel) {
  if (!is_id(disk.id)) return bad_spec("not a disk id: '" + disk.id + "'");
  if (!is_id(disk.device)) return bad_spec("not a device: '" + disk.device + "'");
  // Measured with QEMU 7.2: one fsync of ext4 arrives without the FUA that the guest set.
  if (disk.served() && disk.device != "virtio-blk-pci")
    return bad_spec("a disk whose power can be cut needs virtio-blk-pci, not " + disk.device +
                    ": what the guest flushed would be lost on the way");
  const json node = disk_node(disk);
  if (!node.is_object()) return bad_spec("blockdev_json of disk " + disk.id + " is not an object");
  line.add("-blockdev", node.dump());
  std::string device = fmt::format("{0},drive={1},id={1}-dev", disk.device, disk.id);
  // Without a boot index SeaBIOS takes the first disk it meets; a direct kernel has index 0 itself.
  if (first && !direct_kernel) device += ",bootindex=0";
  if (!disk.serial.empty()) device += ",serial=" + escaped(disk.serial);
  if (!disk.read_only) device += error_policy(disk);
  // Without a cache in the device the guest would never flush, and never lose anything.
  if (disk.served()) device += ",write-cache=on";
  line.add("-device", std::move(device));
  return {};
}

Result<std::string> relay_command(const MachineSpec& spec, const GuestForward& forward) {
  std::string program = spec.guestfwd;
  if (program.empty()) {
    TRY(const auto found, io::own_program("seatrial-guestfwd"));
    program = found.string();
  }
  if (!forward.target.starts_with("unix:") && !forward.target.starts_with("tcp:"))
    return bad_spec("a guest forward leads to unix:PATH or tcp:ADDRESS:PORT, not to '" +
                    forward.target + "'");
  return shell_word(program) + " " + shell_word(forward.target);
}

Result<> add_network(Line& line, const MachineSpec& spec, const Sockets& sockets) {
  const UserNetwork& network = *spec.network;
  json host = json::array(), guest = json::array();
  for (const auto& forward : network.forwards)
    host.push_back({{"str", fmt::format("tcp:127.0.0.1:{}-{}:{}", forward.host_port,
                                        forward.guest_address, forward.guest_port)}});
  for (const auto& forward : network.guest_forwards) {
    TRY(const auto command, relay_command(spec, forward));
    guest.push_back(
        {{"str", fmt::format("tcp:{}:{}-cmd:{}", forward.address, forward.port, command)}});
  }
  json netdev = {{"type", "user"},
                 {"id", "net0"},
                 {"restrict", network.restricted},
                 {"hostname", network.hostname}};
  if (!host.empty()) netdev["hostfwd"] = std::move(host);
  if (!guest.empty()) netdev["guestfwd"] = std::move(guest);
  line.add("-netdev", netdev.dump());
  if (spec.capture)
    line.add("-object", "filter-dump,id=packets,netdev=net0,maxlen=1600,file=" +
                            escaped(sockets.packets.string()));
  // romfile empty: no network boot, which would cost seconds
  line.add("-device", "virtio-net-pci,netdev=net0,id=net0-dev,romfile=,mac=" + network.mac);
  return {};
}

bool is_mac(std::string_view mac) {
  if (mac.size() != 17) return false;
  for (std::size_t i = 0; i < mac.size(); ++i)
    if (i % 3 == 2 ? mac[i] != ':' : !std::isxdigit(static_cast<unsigned char>(mac[i])))
      return false;
  return true;
}

Result<> add_nics(Line& line, const MachineSpec& spec) {
  std::set<std::string> macs;
  if (spec.network) macs.insert(spec.network->mac);
  for (const auto& nic : spec.nics) {
    if (!is_id(nic.id) || nic.id == "net0") return bad_spec("not a NIC id: '" + nic.id + "'");
    if (!is_mac(nic.mac)) return bad_spec("not a MAC address: '" + nic.mac + "'");
    // QEMU gives all its processes the same ones: a switch would see one host everywhere
    if (!macs.insert(nic.mac).second) return bad_spec("two NICs have the MAC address " + nic.mac);
    if (nic.socket.empty() || nic.socket.native().size() > 107)
      return bad_spec("the socket of a NIC has a path of 1 to 107 bytes, not '" +
                      nic.socket.string() + "'");
    const json netdev = {{"type", "stream"},
                         {"id", nic.id},
                         {"server", true},
                         {"addr", {{"type", "unix"}, {"path", nic.socket.string()}}}};
    line.add("-netdev", netdev.dump());
    line.add("-device",
             fmt::format("virtio-net-pci,netdev={0},id={0}-dev,romfile=,mac={1}", nic.id, nic.mac));
  }
  return {};
}

void add_firmware(Line& line, const MachineSpec& spec) {
  const auto flash = [&](const std::filesystem::path& file, int unit, bool read_only) {
    line.add("-drive", fmt::format("if=pflash,unit={},format={},readonly={},file={}", unit,
                                   file.extension() == ".qcow2" ? "qcow2" : "raw",
                                   read_only ? "on" : "off", escaped(file.string())));
  };
  if (!spec.firmware_code.empty()) flash(spec.firmware_code, 0, true);
  if (!spec.firmware_vars.empty()) flash(spec.firmware_vars, 1, false);
}

}  // namespace

std::string qemu_program(const MachineSpec& spec) {
  return spec.qemu.empty() ? "qemu-system-" + spec.arch : spec.qemu;
}

Result<std::vector<std::string>> command_line(const MachineSpec& spec, const Sockets& sockets) {
  Line line;
  line.add("-no-user-config").add("-nodefaults").add("-display", "none").add("-S");
  line.add("-name", "guest=" + escaped(spec.name));
  line.add("-accel", spec.accelerator == Accelerator::kvm ? "kvm" : "tcg,thread=multi");
  line.add("-machine", spec.machine).add("-cpu", spec.cpu);
  line.add("-smp", std::to_string(spec.cpus)).add("-m", std::to_string(spec.memory_mb));
  line.add("-rtc", "base=utc,clock=host");
  line.add("-action", "reboot=shutdown");  // a reset is a new process: see README.md
  line.add("-chardev", "socket,id=qmp,server=on,wait=off,path=" + escaped(sockets.qmp.string()));
  line.add("-mon", "chardev=qmp,mode=control");
  line.add("-chardev",
           "socket,id=console,server=on,wait=off,path=" + escaped(sockets.console.string()));
  line.add("-serial", "chardev:console");
  line.add("-device", "virtio-rng-pci");
  add_firmware(line, spec);
  for (const auto& disk : spec.disks)
    CHECK_OK(add_disk(line, disk, &disk == &spec.disks.front(), spec.kernel.has_value()));
  if (spec.network) CHECK_OK(add_network(line, spec, sockets));
  CHECK_OK(add_nics(line, spec));
  if (spec.kernel) {
    line.add("-kernel", spec.kernel->kernel.string());
    if (!spec.kernel->initrd.empty()) line.add("-initrd", spec.kernel->initrd.string());
    if (!spec.kernel->append.empty()) line.add("-append", spec.kernel->append);
  }
  for (const auto& word : spec.extra) line.add(word);
  for (const auto& word : line.words)
    if (word.find_first_of(std::string_view("\n\0", 2)) != word.npos)
      return bad_spec("a word of QEMU's command line holds a newline: " + word);
  return std::move(line.words);
}

}  // namespace seatrial::qemu
