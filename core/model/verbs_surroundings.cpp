// SPDX-License-Identifier: Apache-2.0
// Verbs of what lies around the DUT: images, the device API, the network.
#include <array>

#include "core/model/verb_groups.hpp"

namespace seatrial::model {
namespace {

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

constexpr std::array<Verb, 12> kVerbs{{
    {"image.url", "cloud", "Where the DUT finds an image or bundle of this run.", kImageUrlIn,
     kImageUrlOut, kSoon},
    {"cloud.endpoint", "cloud", "How the DUT reaches the device API.", kNone, kCloudEndpointOut,
     kSoon},
    {"cloud.requests", "cloud", "Requests that the API has seen.", kCloudRequestsIn,
     kCloudRequestsOut, kSoon},
    {"cloud.wait", "cloud", "Waits until the API has seen a number of matching requests.",
     kCloudWaitIn, kCloudWaitOut, kBoot},
    {"cloud.devices", "cloud", "Devices that the API knows.", kNone, kCloudDevicesOut, kSoon},
    {"cloud.add_device", "cloud", "Registers a device behind the DUT's back.", kCloudAddDeviceIn,
     kCloudAddDeviceOut, kSoon},
    {"cloud.fault", "cloud", "Adds a rule that makes the API misbehave.", kCloudFaultIn,
     kCloudFaultOut, kSoon},
    {"cloud.clear_faults", "cloud", "Makes the API behave again.", kNone, kNone, kSoon},
    {"network.observed", "observe_network",
     "What the network saw of the DUT: DHCP exchanges, source addresses, mDNS names.",
     kNetworkObservedIn, kNetworkObservedOut, kSoon},
    {"network.wait_name", "observe_network",
     "Waits until the DUT announces a name by mDNS, from now on.", kNetworkWaitNameIn,
     kNetworkWaitNameOut, kCommand},
    {"network.plan", "network", "How the DUT's network is laid out, for a DUT that sets itself up.",
     kNone, kNetworkPlanOut, kSoon},
    {"network.follow", "network", "Points the bench at another address of the DUT.",
     kNetworkFollowIn, kNone, kSoon},
}};

}  // namespace

std::span<const Verb> verbs_of_surroundings() { return kVerbs; }

}  // namespace seatrial::model
