// SPDX-License-Identifier: Apache-2.0
// Verbs of the bench itself: power, the medium, checkpoints.
#include <array>

#include "core/model/verb_groups.hpp"

namespace seatrial::model {
namespace {

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
constexpr Params<4> kStorageWriteIn{{
    {"partition", Type::text, true, "role or label"},
    {"path", Type::text, true, ""},
    {"content", Type::text, true, ""},
    {"base64", Type::truth, false, "content is base64", 3},
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
constexpr Params<1> kBenchEndOut{{
    {"state", Type::text, true, "read back: off"},
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

constexpr std::array<Verb, 17> kVerbs{{
    {"bench.info", "",
     "What this bench is: device type, profile, image, capabilities, budgets and their scale.",
     kNone, kBenchInfoOut, kSoon},
    {"bench.end", "desk",
     "Ends a bench that stays for people: the power is cut, and nothing of it is left.", kNone,
     kBenchEndOut, kAct, 2},
    {"power.on", "power", "Switches the DUT on; the console is captured from the first byte.",
     kNone, kPowerOnOut, kAct},
    {"power.off", "power", "Cuts the power, without telling the OS.", kNone, kPowerOffOut, kAct},
    {"power.cycle", "power", "Cuts the power and switches it on again.", kNone, kPowerCycleOut,
     kAct},
    {"power.soft_off", "power", "Presses the power button and waits until the DUT is off.",
     kPowerSoftOffIn, kPowerSoftOffOut, kBoot},
    {"power.status", "power", "The state read from the instrument.", kNone, kPowerStatusOut, kSoon},
    {"storage.flash", "storage",
     "Puts an image on the medium of the DUT, which must be off. Success means proven.",
     kStorageFlashIn, kStorageFlashOut, kWholeImage},
    {"storage.configure", "storage", "Edits config.json on the medium while the DUT is off.",
     kStorageConfigureIn, kStorageConfigureOut, kAct},
    {"storage.write", "storage",
     "Writes a file into a FAT partition of the medium while the DUT is off.", kStorageWriteIn,
     kNone, kAct},
    {"disk.partitions", "offline_disk",
     "The partition table as it lies on the medium; the DUT must be off.", kNone,
     kDiskPartitionsOut, kAct},
    {"disk.read", "offline_disk",
     "A file of a partition, read without the OS; the DUT must be off.", kDiskReadIn, kDiskReadOut,
     kAct},
    {"disk.list", "offline_disk", "Names in a folder of a partition; the DUT must be off.",
     kDiskListIn, kDiskListOut, kAct},
    {"disk.environment", "offline_disk",
     "The variables of the boot loader as they lie on the medium; the DUT must be off.", kNone,
     kDiskEnvironmentOut, kAct},
    {"disk.search", "offline_disk",
     "Offsets at which bytes occur anywhere in a partition, free space included; the DUT must be "
     "off.",
     kDiskSearchIn, kDiskSearchOut, kWholeImage},
    {"checkpoint.save", "checkpoint",
     "Saves the joint state of the DUT under a name, for this run.", kCheckpointSaveIn,
     kCheckpointSaveOut, kBoot},
    {"checkpoint.restore", "checkpoint", "Goes back to a saved state.", kCheckpointRestoreIn,
     kCheckpointRestoreOut, kBoot},
}};

}  // namespace

std::span<const Verb> verbs_of_bench() { return kVerbs; }

}  // namespace seatrial::model
