// SPDX-License-Identifier: Apache-2.0
// The table itself; what is done with it is in verb_checks.cpp.
#include "core/model/verbs.hpp"

#include <array>

namespace seatrial::model {
namespace {

template <std::size_t N>
using Params = std::array<Param, N>;
constexpr Params<0> kNone{};

constexpr Params<7> kBenchInfoOut{{
    {"device", Type::object, true, "device type"},
    {"profile", Type::object, true, "OS profile"},
    {"image", Type::object, true, "image under test: name, version, digest"},
    {"files", Type::object, true, "other images and bundles by role"},
    {"capabilities", Type::texts, true, "what cases may ask for"},
    {"budget_scale", Type::number, true, "factor on reference seconds"},
    {"mutant", Type::text, true, "mutant of this run, or empty"},
}};
constexpr Params<1> kPowerOnOut{{
    {"state", Type::text, true, "read back: on"},
}};
constexpr Params<1> kPowerOffOut{{
    {"state", Type::text, true, "read back: off"},
}};
constexpr Params<1> kPowerCycleOut{{
    {"state", Type::text, true, "read back: on"},
}};
constexpr Params<1> kPowerSoftOffIn{{
    {"timeout", Type::number, false, "seconds; the device type says the default"},
}};
constexpr Params<2> kPowerSoftOffOut{{
    {"state", Type::text, true, "read back: off"},
    {"seconds", Type::number, true, "from the press to off"},
}};
constexpr Params<1> kPowerStatusOut{{
    {"state", Type::text, true, "on | off"},
}};
constexpr Params<1> kStorageFlashIn{{
    {"role", Type::text, false, "image by role; default: the image under test"},
}};
constexpr Params<2> kStorageFlashOut{{
    {"digest", Type::text, true, "of what lies on the medium"},
    {"seconds", Type::number, true, ""},
}};
constexpr Params<2> kStorageConfigureIn{{
    {"set", Type::object, false, "dotted keys and their values"},
    {"remove", Type::texts, false, "dotted keys"},
}};
constexpr Params<1> kStorageConfigureOut{{
    {"config", Type::object, true, "the new content, secrets masked"},
}};
constexpr Params<3> kStorageWriteIn{{
    {"partition", Type::text, true, "role or label"},
    {"path", Type::text, true, ""},
    {"content", Type::text, true, ""},
}};
constexpr Params<1> kDiskPartitionsOut{{
    {"partitions", Type::list, true, "number, label, start, size, filesystem"},
}};
constexpr Params<2> kDiskReadIn{{
    {"partition", Type::text, true, "role or label"},
    {"path", Type::text, true, ""},
}};
constexpr Params<2> kDiskReadOut{{
    {"content", Type::text, true, ""},
    {"base64", Type::truth, true, "content is base64 because it is not text"},
}};
constexpr Params<2> kDiskListIn{{
    {"partition", Type::text, true, "role or label"},
    {"path", Type::text, true, ""},
}};
constexpr Params<1> kDiskListOut{{
    {"names", Type::texts, true, ""},
}};
constexpr Params<2> kDiskEnvironmentOut{{
    {"variables", Type::object, true, ""},
    {"bytes", Type::whole, true, "size of the file"},
}};
constexpr Params<2> kDiskSearchIn{{
    {"partition", Type::text, true, "role or label"},
    {"text", Type::text, true, "what to look for"},
}};
constexpr Params<1> kDiskSearchOut{{
    {"offsets", Type::list, true, "bytes from the start of the partition"},
}};
constexpr Params<3> kConsoleExpectIn{{
    {"patterns", Type::texts, true, ""},
    {"timeout", Type::number, false, "seconds"},
    {"from", Type::whole, false, "console offset to look from; default: now"},
}};
constexpr Params<6> kConsoleExpectOut{{
    {"index", Type::whole, true, "which pattern"},
    {"text", Type::text, true, "what matched"},
    {"groups", Type::texts, true, "its groups"},
    {"offset", Type::whole, true, "where it begins"},
    {"end", Type::whole, true, "where it ends"},
    {"at", Type::number, true, "seconds since the run began"},
}};
constexpr Params<1> kConsoleSendIn{{
    {"text", Type::text, true, ""},
}};
constexpr Params<3> kConsoleLoginIn{{
    {"user", Type::text, false, ""},
    {"password", Type::text, false, ""},
    {"timeout", Type::number, false, "seconds"},
}};
constexpr Params<2> kConsoleRunIn{{
    {"command", Type::text, true, ""},
    {"timeout", Type::number, false, "seconds"},
}};
constexpr Params<2> kConsoleRunOut{{
    {"exit", Type::whole, true, ""},
    {"out", Type::text, true, ""},
}};
constexpr Params<1> kConsoleMarkIn{{
    {"text", Type::text, false, ""},
}};
constexpr Params<1> kConsoleMarkOut{{
    {"offset", Type::whole, true, ""},
}};
constexpr Params<1> kConsoleTailIn{{
    {"lines", Type::whole, false, ""},
}};
constexpr Params<1> kConsoleTailOut{{
    {"lines", Type::texts, true, ""},
}};
constexpr Params<2> kConsoleReadIn{{
    {"from", Type::whole, true, ""},
    {"most", Type::whole, false, "bytes"},
}};
constexpr Params<2> kConsoleReadOut{{
    {"text", Type::text, true, ""},
    {"end", Type::whole, true, ""},
}};
constexpr Params<1> kConsoleSentinelsOut{{
    {"hits", Type::list, true, "id, severity, line, offset, allowed"},
}};
constexpr Params<1> kConsoleAllowIn{{
    {"ids", Type::texts, true, "sentinel ids"},
}};
constexpr Params<1> kConsoleAttachIn{{
    {"backlog", Type::whole, false, "lines of what came before, default 20"},
}};
constexpr Params<1> kConsoleAttachOut{{
    {"offset", Type::whole, true, "where the console stood at the end"},
}};
constexpr Params<1> kShellWaitIn{{
    {"timeout", Type::number, false, "seconds"},
}};
constexpr Params<1> kShellWaitOut{{
    {"seconds", Type::number, true, "waited"},
}};
constexpr Params<3> kShellRunIn{{
    {"command", Type::text, true, "for /bin/sh"},
    {"stdin", Type::text, false, ""},
    {"timeout", Type::number, false, "seconds"},
}};
constexpr Params<4> kShellRunOut{{
    {"exit", Type::whole, true, ""},
    {"out", Type::text, true, ""},
    {"err", Type::text, true, ""},
    {"seconds", Type::number, true, ""},
}};
constexpr Params<3> kShellPutIn{{
    {"path", Type::text, true, ""},
    {"content", Type::text, true, ""},
    {"mode", Type::text, false, "octal, default 644"},
}};
constexpr Params<1> kShellGetIn{{
    {"path", Type::text, true, ""},
}};
constexpr Params<2> kShellGetOut{{
    {"content", Type::text, true, ""},
    {"base64", Type::truth, true, "content is base64 because it is not text"},
}};
constexpr Params<1> kShellForwardIn{{
    {"port", Type::whole, true, ""},
}};
constexpr Params<2> kShellForwardOut{{
    {"host", Type::text, true, ""},
    {"port", Type::whole, true, ""},
}};
constexpr Params<3> kShellAccessOut{{
    {"program", Type::text, true, "ssh"},
    {"arguments", Type::texts, true, "its options, before the host"},
    {"host", Type::text, true, ""},
}};
constexpr Params<1> kBenchEndOut{{
    {"state", Type::text, true, "read back: off"},
}};
constexpr Params<1> kBootCurrentOut{{
    {"boot", Type::object, true,
     "number, boot_id, slot, bootcount, reason, os_version, console_offset, at (seconds since the "
     "run began: power-on or reset), seconds_to_login"},
}};
constexpr Params<2> kBootNextIn{{
    {"after", Type::whole, true, "number of a boot"},
    {"timeout", Type::number, false, "seconds"},
}};
constexpr Params<1> kBootNextOut{{
    {"boot", Type::object, true, "as boot.current"},
}};
constexpr Params<1> kBootHistoryOut{{
    {"boots", Type::list, true, "as boot.current"},
}};
constexpr Params<2> kOsConfigureIn{{
    {"set", Type::object, false, "dotted keys and their values"},
    {"remove", Type::texts, false, "dotted keys"},
}};
constexpr Params<2> kOsInstallIn{{
    {"url", Type::text, true, "of the bundle, see image.url"},
    {"timeout", Type::number, false, "seconds"},
}};
constexpr Params<4> kOsInstallOut{{
    {"exit", Type::whole, true, "of the updater"},
    {"out", Type::text, true, ""},
    {"phases", Type::texts, true, "in their order"},
    {"seconds", Type::number, true, ""},
}};
constexpr Params<3> kOsSlotsOut{{
    {"active", Type::text, true, "A | B"},
    {"inactive", Type::text, true, ""},
    {"counters", Type::object, true, ""},
}};
constexpr Params<2> kOsUpdateStateOut{{
    {"files", Type::texts, true, "state files present"},
    {"variables", Type::object, true, "loader variables"},
}};
constexpr Params<4> kOsShortenRollbackIn{{
    {"settle", Type::number, false, "seconds"},
    {"count", Type::whole, false, ""},
    {"interval", Type::number, false, "seconds"},
    {"reboot_delay", Type::number, false, "seconds"},
}};
constexpr Params<2> kImageUrlIn{{
    {"role", Type::text, true, "\"next\", \"next+init_broken\", ..."},
    {"damage", Type::text, false, "truncated | corrupt: serve a damaged copy"},
}};
constexpr Params<3> kImageUrlOut{{
    {"url", Type::text, true, ""},
    {"version", Type::text, true, ""},
    {"digest", Type::text, true, ""},
}};
constexpr Params<5> kCloudEndpointOut{{
    {"url", Type::text, true, ""},
    {"https", Type::text, true, ""},
    {"ca", Type::text, true, "PEM of the test CA"},
    {"application", Type::whole, true, "id"},
    {"provisioning_key", Type::text, true, ""},
}};
constexpr Params<3> kCloudRequestsIn{{
    {"since", Type::whole, false, "sequence number"},
    {"method", Type::text, false, ""},
    {"path", Type::text, false, "glob"},
}};
constexpr Params<2> kCloudRequestsOut{{
    {"requests", Type::list, true, ""},
    {"next", Type::whole, true, "sequence number to go on from"},
}};
constexpr Params<6> kCloudWaitIn{{
    {"method", Type::text, false, ""},
    {"path", Type::text, true, "glob"},
    {"count", Type::whole, false, "default 1"},
    {"since", Type::whole, false, "sequence number"},
    {"status", Type::whole, false, "only ones answered so"},
    {"timeout", Type::number, false, "seconds"},
}};
constexpr Params<2> kCloudWaitOut{{
    {"requests", Type::list, true, ""},
    {"next", Type::whole, true, ""},
}};
constexpr Params<1> kCloudDevicesOut{{
    {"devices", Type::list, true, ""},
}};
constexpr Params<1> kCloudAddDeviceIn{{
    {"device", Type::object, true, "uuid, ..."},
}};
constexpr Params<1> kCloudAddDeviceOut{{
    {"device", Type::object, true, ""},
}};
constexpr Params<1> kCloudFaultIn{{
    {"rule", Type::object, true, "see fixtures/cloud/README.md"},
}};
constexpr Params<1> kCloudFaultOut{{
    {"id", Type::whole, true, ""},
}};
constexpr Params<1> kNetworkObservedIn{{
    {"since", Type::number, false, "seconds since the run began"},
}};
constexpr Params<3> kNetworkObservedOut{{
    {"dhcp", Type::list, true, "type, mac, hostname, address, gateway, dns"},
    {"sources", Type::texts, true, "IPv4 addresses the DUT sent from"},
    {"mdns", Type::texts, true, "names announced"},
}};
constexpr Params<2> kNetworkWaitNameIn{{
    {"name", Type::text, true, "as announced: \"boat.local\""},
    {"timeout", Type::number, false, "seconds"},
}};
constexpr Params<1> kNetworkWaitNameOut{{
    {"at", Type::number, true, "seconds since the run began"},
}};
constexpr Params<5> kNetworkPlanOut{{
    {"prefix", Type::whole, true, "length of the subnet's prefix"},
    {"gateway", Type::text, true, "IPv4"},
    {"dns", Type::text, true, "IPv4"},
    {"dhcp", Type::text, true, "address that DHCP gives to the DUT, or empty when it varies"},
    {"free", Type::texts, true, "addresses that the DUT may take for itself"},
}};
constexpr Params<1> kNetworkFollowIn{{
    {"address", Type::text, true, "IPv4"},
}};
constexpr Params<1> kCheckpointSaveIn{{
    {"name", Type::text, true, ""},
}};
constexpr Params<1> kCheckpointSaveOut{{
    {"seconds", Type::number, true, ""},
}};
constexpr Params<1> kCheckpointRestoreIn{{
    {"name", Type::text, true, ""},
}};
constexpr Params<1> kCheckpointRestoreOut{{
    {"seconds", Type::number, true, ""},
}};

constexpr std::array<Verb, 54> kVerbs{{
    {"bench.info", "",
     "What this bench is: device type, profile, image, capabilities, budgets and their scale.",
     kNone, kBenchInfoOut},
    {"bench.end", "desk",
     "Ends a bench that stays for people: the power is cut, and nothing of it is left.", kNone,
     kBenchEndOut, 2},
    {"power.on", "power", "Switches the DUT on; the console is captured from the first byte.",
     kNone, kPowerOnOut},
    {"power.off", "power", "Cuts the power, without telling the OS.", kNone, kPowerOffOut},
    {"power.cycle", "power", "Cuts the power and switches it on again.", kNone, kPowerCycleOut},
    {"power.soft_off", "power", "Presses the power button and waits until the DUT is off.",
     kPowerSoftOffIn, kPowerSoftOffOut},
    {"power.status", "power", "The state read from the instrument.", kNone, kPowerStatusOut},
    {"storage.flash", "storage",
     "Puts an image on the medium of the DUT, which must be off. Success means proven.",
     kStorageFlashIn, kStorageFlashOut},
    {"storage.configure", "storage", "Edits config.json on the medium while the DUT is off.",
     kStorageConfigureIn, kStorageConfigureOut},
    {"storage.write", "storage",
     "Writes a file into a FAT partition of the medium while the DUT is off.", kStorageWriteIn,
     kNone},
    {"disk.partitions", "offline_disk",
     "The partition table as it lies on the medium; the DUT must be off.", kNone,
     kDiskPartitionsOut},
    {"disk.read", "offline_disk",
     "A file of a partition, read without the OS; the DUT must be off.", kDiskReadIn, kDiskReadOut},
    {"disk.list", "offline_disk", "Names in a folder of a partition; the DUT must be off.",
     kDiskListIn, kDiskListOut},
    {"disk.environment", "offline_disk",
     "The variables of the boot loader as they lie on the medium; the DUT must be off.", kNone,
     kDiskEnvironmentOut},
    {"disk.search", "offline_disk",
     "Offsets at which bytes occur anywhere in a partition, free space included; the DUT must be "
     "off.",
     kDiskSearchIn, kDiskSearchOut},
    {"console.expect", "console", "Waits until one of the patterns (RE2) appears on the console.",
     kConsoleExpectIn, kConsoleExpectOut},
    {"console.send", "console", "Types on the console.", kConsoleSendIn, kNone},
    {"console.login", "console", "Logs in on the console and leaves a shell ready for console.run.",
     kConsoleLoginIn, kNone},
    {"console.run", "console",
     "Runs a command over the console, framed so that kernel messages cannot corrupt it.",
     kConsoleRunIn, kConsoleRunOut},
    {"console.mark", "console", "Where the console stands now, with a mark in the log.",
     kConsoleMarkIn, kConsoleMarkOut},
    {"console.tail", "console", "The last lines of the console.", kConsoleTailIn, kConsoleTailOut},
    {"console.read", "console", "Console text from an offset on.", kConsoleReadIn, kConsoleReadOut},
    {"console.sentinels", "console", "Kernel and hardware alarms seen so far in this case.", kNone,
     kConsoleSentinelsOut},
    {"console.allow", "console",
     "Alarms that this case provokes on purpose and that shall not fail it.", kConsoleAllowIn,
     kNone},
    {"console.attach", "console",
     "The console as a stream: its last lines as plain text, then every byte as it comes; what the "
     "client sends is typed.",
     kConsoleAttachIn, kConsoleAttachOut, 2, true},
    {"shell.wait", "shell", "Waits until commands can be run on the DUT.", kShellWaitIn,
     kShellWaitOut},
    {"shell.run", "shell", "Runs a command on the DUT and waits for its end.", kShellRunIn,
     kShellRunOut},
    {"shell.put", "shell", "Writes a file on the DUT.", kShellPutIn, kNone},
    {"shell.get", "shell", "Reads a file of the DUT.", kShellGetIn, kShellGetOut},
    {"shell.forward", "shell", "A local address that leads to a TCP port of the DUT.",
     kShellForwardIn, kShellForwardOut},
    {"shell.access", "shell",
     "How an SSH client on the machine of the bench gets a session over the bench's connection.",
     kNone, kShellAccessOut, 2},
    {"boot.current", "boots", "The boot that runs now.", kNone, kBootCurrentOut},
    {"boot.next", "boots", "Waits until a boot after the given one has reached a shell.",
     kBootNextIn, kBootNextOut},
    {"boot.history", "boots", "All boots since the DUT was flashed.", kNone, kBootHistoryOut},
    {"os.configure", "shell", "Changes config.json of the running OS the way its own tools do.",
     kOsConfigureIn, kNone},
    {"os.install", "shell",
     "Installs an update bundle with the updater of the OS; does not reboot.", kOsInstallIn,
     kOsInstallOut},
    {"os.reboot", "shell", "Asks the OS to reboot; returns when it has been asked.", kNone, kNone},
    {"os.slots", "shell", "Which root is active, and the update counters of both.", kNone,
     kOsSlotsOut},
    {"os.update_state", "shell",
     "The state files and loader variables of an update, as the OS sees them.", kNone,
     kOsUpdateStateOut},
    {"os.shorten_rollback", "shell",
     "Shortens the waits of the health check of an update, where the OS offers it.",
     kOsShortenRollbackIn, kNone},
    {"image.url", "cloud", "Where the DUT finds an image or bundle of this run.", kImageUrlIn,
     kImageUrlOut},
    {"cloud.endpoint", "cloud", "How the DUT reaches the device API.", kNone, kCloudEndpointOut},
    {"cloud.requests", "cloud", "Requests that the API has seen.", kCloudRequestsIn,
     kCloudRequestsOut},
    {"cloud.wait", "cloud", "Waits until the API has seen a number of matching requests.",
     kCloudWaitIn, kCloudWaitOut},
    {"cloud.devices", "cloud", "Devices that the API knows.", kNone, kCloudDevicesOut},
    {"cloud.add_device", "cloud", "Registers a device behind the DUT's back.", kCloudAddDeviceIn,
     kCloudAddDeviceOut},
    {"cloud.fault", "cloud", "Adds a rule that makes the API misbehave.", kCloudFaultIn,
     kCloudFaultOut},
    {"cloud.clear_faults", "cloud", "Makes the API behave again.", kNone, kNone},
    {"network.observed", "observe_network",
     "What the network saw of the DUT: DHCP exchanges, source addresses, mDNS names.",
     kNetworkObservedIn, kNetworkObservedOut},
    {"network.wait_name", "observe_network",
     "Waits until the DUT announces a name by mDNS, from now on.", kNetworkWaitNameIn,
     kNetworkWaitNameOut},
    {"network.plan", "network", "How the DUT's network is laid out, for a DUT that sets itself up.",
     kNone, kNetworkPlanOut},
    {"network.follow", "network", "Points the bench at another address of the DUT.",
     kNetworkFollowIn, kNone},
    {"checkpoint.save", "checkpoint",
     "Saves the joint state of the DUT under a name, for this run.", kCheckpointSaveIn,
     kCheckpointSaveOut},
    {"checkpoint.restore", "checkpoint", "Goes back to a saved state.", kCheckpointRestoreIn,
     kCheckpointRestoreOut},
}};

}  // namespace

std::span<const Verb> verbs() { return kVerbs; }

}  // namespace seatrial::model
