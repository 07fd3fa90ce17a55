// SPDX-License-Identifier: Apache-2.0
// provisioning: from a flashed image with a provisioning key to a registered device that has given
// the key away. The witness is the device API: every request it saw is in its journal. Keys appear
// there as fingerprints, so that "the same key" can be said without the key.
#include <algorithm>
#include <map>

#include "suites/kit/suite.hpp"

SUITE(provisioning,
      needs(Cap::power, Cap::storage, Cap::shell, Cap::boots, Cap::cloud, Cap::config_json),
      budget(4min))

namespace {

constexpr const char* kRegister = "/device/register";
constexpr const char* kState = "/device/v3/*/state";

/// A device that has never been started and holds what it needs to register.
void require_unprovisioned(Bench& bench) {
  const auto config = bench.disk().config();
  bench.require(config["apiKey"].text() == bench.cloud().endpoint().provisioning_key,
                "the flashed config.json holds the provisioning key of the API");
  bench.require(!config.has("registered_at"), "the flashed image is not registered");
}

/// Boot and registration together.
Within boot_and_register(Bench& bench) {
  return within(bench.budget("boot_to_ssh").span + bench.budget("provisioning").span);
}

std::vector<ApiRequest> in_order_of_arrival(std::vector<ApiRequest> requests) {
  std::sort(requests.begin(), requests.end(),
            [](const auto& a, const auto& b) { return a.arrived < b.arrived; });
  return requests;
}

/// What the device reported about itself, once it has reported all of `fields`.
std::map<std::string, Value> reported(Bench& bench, const std::string& uuid, std::int64_t since,
                                      const std::vector<std::string>& fields) {
  std::map<std::string, Value> all;
  const auto complete = [&] {
    return std::all_of(fields.begin(), fields.end(),
                       [&](const auto& f) { return all.contains(f); });
  };
  while (!complete())
    for (const auto& patch : bench.cloud().wait(since, "PATCH", "/device/v3/state",
                                                bench.budget("provisioning"), 1, 200)) {
      since = std::max(since, patch.seq);
      for (const auto& key : patch.body[uuid].keys()) all[key] = patch.body[uuid][key];
    }
  return all;
}

/// The config.json of a device that has provisioned.
void expect_provisioned(const Value& config, const Value& in_api) {
  EXPECT_FALSE(config.has("apiKey")) << "the provisioning key is still in config.json";
  EXPECT_EQ(config["deviceApiKey"].text().size(), 32u) << "the device has no key of its own";
  EXPECT_TRUE(config["registered_at"].is_number());
  ASSERT_TRUE(in_api.exists()) << "the API does not know the uuid " << config["uuid"].text();
  EXPECT_EQ(config["deviceId"].whole(), in_api["id"].whole()) << "another device's id";
}

}  // namespace

CASE(
    provisioning, registers_and_reports, from(Checkpoint::fresh),
    needs(Cap::offline_disk, Cap::observe_network), mutants("supervisor_never_starts"),
    doc("A flashed device registers once with the provisioning key, fetches its state with its own "
        "key, and reports OS version, IP and MAC address as the network sees them.")) {
  require_unprovisioned(bench);
  const auto api = bench.cloud().endpoint();
  const auto start = bench.cloud().mark();

  bench.power_on();
  bench.wait_for_shell(bench.budget("boot_to_ssh"));
  const auto registered =
      bench.cloud().wait(start, "POST", kRegister, bench.budget("provisioning"), 1, 201).front();
  const auto uuid = registered.body["uuid"].text();
  EXPECT_EQ(registered.auth_kind, "provisioning");
  EXPECT_THAT(uuid, MatchesRegex("[0-9a-f]+"));
  EXPECT_THAT(uuid, SizeIs(AnyOf(32, 62)));
  EXPECT_EQ(registered.body["application"].whole(), api.application);
  EXPECT_THAT(registered.body["device_type"].text(), Not(IsEmpty()));
  EXPECT_THAT(registered.body["supervisor_version"].text(), Not(IsEmpty()));

  const auto polled =
      bench.cloud().wait(start, "GET", kState, bench.budget("provisioning"), 1, 200).front();
  EXPECT_EQ(polled.auth_kind, "device") << "the state is fetched with the device's own key";
  EXPECT_THAT(polled.path, HasSubstr(uuid));

  auto report = reported(bench, uuid, start, {"os_version", "ip_address", "mac_address"});
  EXPECT_THAT(report["os_version"].text(), Not(IsEmpty()));
  const auto& flashed = bench.info().image.version;
  if (flashed.empty()) {
    bench.note("the reported version is not compared: the image does not say which it is");
  } else {
    EXPECT_THAT(report["os_version"].text(), HasSubstr(flashed));
  }
  const auto seen = bench.network().observed(bench.current_boot().at);
  // All addresses of the device, separated by spaces; the lab network is IPv4.
  const auto addresses = report["ip_address"].text();
  const auto ipv4 = addresses.substr(0, addresses.find(' '));
  EXPECT_THAT(seen.sources, Contains(ipv4)) << "no packet came from the address it reports";
  auto mac = report["mac_address"].text();
  std::transform(mac.begin(), mac.end(), mac.begin(), ::tolower);
  const bool leased = std::any_of(seen.dhcp.begin(), seen.dhcp.end(), [&](const auto& exchange) {
    return exchange.mac == mac && exchange.address == ipv4;
  });
  EXPECT_TRUE(leased) << "no DHCP lease of " << ipv4 << " to " << mac;

  EXPECT_THAT(bench.cloud().requests(start, "POST", kRegister), SizeIs(1))
      << "it registered more than once";
  expect_provisioned(bench.config(), bench.cloud().device(uuid));
  EXPECT_EQ(bench.config()["uuid"].text(), uuid);
}

CASE(provisioning, provisioning_key_is_gone, from(Checkpoint::fresh), needs(Cap::offline_disk),
     mutants("api_key_kept", "api_key_bytes_left"),
     doc("After registration the provisioning key is in no byte of the boot, state and data "
         "partitions, free space included; identity and key of the device outlive a reboot.")) {
  require_unprovisioned(bench);
  const auto key = bench.cloud().endpoint().provisioning_key;
  bench.require(bench.disk().search("boot", key).size() == 1,
                "the boot partition holds one copy of the key before the device starts");
  const auto start = bench.cloud().mark();

  bench.power_on();
  const auto first =
      bench.cloud().wait(start, "GET", kState, boot_and_register(bench), 1, 200).front();
  bench.wait_for_shell(bench.budget("boot_to_ssh"));
  const auto config = bench.config();
  expect_provisioned(config, bench.cloud().device(config["uuid"].text()));

  bench.soft_off(bench.budget("shutdown"));
  EXPECT_FALSE(bench.disk().config().has("apiKey"));
  for (const auto* partition : {"boot", "state", "data"})
    EXPECT_THAT(bench.disk().search(partition, key), IsEmpty())
        << "the provisioning key is in the raw bytes of the " << partition << " partition";
  EXPECT_EQ(bench.disk().config().dump(), config.dump()) << "config.json changed on the way down";

  const auto second_start = bench.cloud().mark();
  bench.power_on();
  const auto second =
      bench.cloud().wait(second_start, "GET", kState, boot_and_register(bench), 1, 200).front();
  EXPECT_EQ(second.path, first.path) << "it came back as another device";
  EXPECT_EQ(second.key, first.key) << "it came back with another key";
  EXPECT_THAT(bench.cloud().requests(second_start, "POST", kRegister), IsEmpty())
      << "it registered again after a reboot";
}

CASE(
    provisioning, conflict_409_takes_the_documented_path, from(Checkpoint::fresh),
    needs(Cap::offline_disk), mutants("no_key_exchange"),
    doc("When the uuid is taken, the device tries to exchange its key; the API refuses that, so it "
        "makes a new uuid and key and registers as a new device, leaving the other one alone.")) {
  require_unprovisioned(bench);
  const std::string taken = "5ea7121a15ea7121a15ea7121a15ea71";
  const auto other = bench.cloud().add_device(taken, "");
  bench.configure_medium({{"uuid", taken}, {"bootstrapRetryDelay", 1000}});
  const auto start = bench.cloud().mark();

  bench.power_on();
  bench.cloud().wait(start, "POST", kRegister, boot_and_register(bench), 1, 409);
  bench.cloud().wait(start, "POST", kRegister, bench.budget("provisioning"), 1, 201);
  const auto attempts = in_order_of_arrival(bench.cloud().requests(start, "POST", kRegister));
  ASSERT_THAT(attempts, SizeIs(2)) << "one conflict, one success";
  EXPECT_EQ(attempts[0].status, 409);
  EXPECT_EQ(attempts[0].body["uuid"].text(), taken);
  EXPECT_EQ(attempts[1].status, 201);
  EXPECT_NE(attempts[1].body["uuid"].text(), taken) << "the same uuid cannot succeed";
  EXPECT_NE(attempts[1].body["api_key"].text(), attempts[0].body["api_key"].text())
      << "a new identity needs a new key";

  const auto looked_up = bench.cloud().requests(start, "GET", "/v7/device*");
  ASSERT_THAT(looked_up, Not(IsEmpty())) << "it gave up its identity without a key exchange";
  for (const auto& request : looked_up) {
    EXPECT_GT(request.arrived, attempts[0].arrived);
    EXPECT_LT(request.arrived, attempts[1].arrived) << "the exchange comes before the new uuid";
  }

  bench.wait_for_shell(bench.budget("boot_to_ssh"));
  const auto uuid = attempts[1].body["uuid"].text();
  EXPECT_EQ(bench.config()["uuid"].text(), uuid);
  expect_provisioned(bench.config(), bench.cloud().device(uuid));
  EXPECT_THAT(bench.cloud().devices(), SizeIs(2)) << "the one that was there, and this one";
  EXPECT_EQ(bench.cloud().device(taken)["id"].whole(), other["id"].whole());
}

CASE(provisioning, failures_are_retried_with_the_documented_back_off, from(Checkpoint::fresh),
     needs(Cap::offline_disk), mutants("zero_backoff"),
     doc("500s, a server that never answers and an outage delay the registration by the configured "
         "retry delay each, and polls that fail by a delay that doubles; in the end there is one "
         "device.")) {
  require_unprovisioned(bench);
  const Seconds retry = 2s, timeout = 3s, slack = 2s;
  bench.configure_medium({{"bootstrapRetryDelay", 2000}, {"apiTimeout", 3000}});
  auto cloud = bench.cloud();
  cloud.misbehave(Fault::answer(500).to("POST", kRegister).times(1));
  cloud.misbehave(Fault::silent(6s).to("POST", kRegister).times(1));
  cloud.misbehave(Fault::answer(503).to("POST", kRegister));
  const auto start = cloud.mark();

  bench.power_on();
  cloud.wait(start, "POST", kRegister, boot_and_register(bench), 1, 503);
  const Seconds outage = 6s;
  cloud.misbehave(Fault::outage(outage));
  const auto before = in_order_of_arrival(cloud.requests(start, "POST", kRegister)).back();
  cloud.wait(before.seq, "POST", kRegister, bench.budget("provisioning"), 1, 503);
  cloud.behave();
  cloud.wait(start, "POST", kRegister, bench.budget("provisioning"), 1, 201);

  const auto attempts = in_order_of_arrival(cloud.requests(start, "POST", kRegister));
  const auto lost = std::count_if(attempts.begin(), attempts.end(), [&](const auto& each) {
    return each.arrived > before.arrived && each.status == 0;
  });
  EXPECT_GE(lost, 1) << "nothing was tried during the outage of " << outage.count() << " s";
  ASSERT_GE(attempts.size(), 5u);
  EXPECT_EQ(attempts[0].status, 500);
  for (std::size_t i = 0; i + 1 < attempts.size(); ++i) {
    // An attempt ends with its answer, or when the device loses its patience.
    const Seconds spent = std::min(attempts[i].took, timeout);
    const auto gap = attempts[i + 1].arrived - attempts[i].arrived;
    const auto name = "register_retry_" + std::to_string(i + 1);
    bench.measure(name, (gap - spent).count(), "s", at_least(retry.count() * 0.9));
    bench.measure(name + "_late", gap - spent, at_most(retry + slack));
  }
  EXPECT_THAT(cloud.devices(), SizeIs(1)) << "retries made more than one device";

  // Polls: the delay doubles from its base on.
  bench.wait_for_shell(bench.budget("boot_to_ssh"));
  const Seconds base = 1s;
  bench.put(bench.profile().path("supervisor_timings"), "BACKOFF_BASE_MS=1000\n");
  cloud.misbehave(Fault::answer(500).to("GET", kState).times(3));
  const auto polls_start = cloud.mark();
  bench.output("systemctl restart " + bench.profile().unit("supervisor"));
  cloud.wait(polls_start, "GET", kState, bench.budget("provisioning"), 1, 200);
  const auto polls = in_order_of_arrival(cloud.requests(polls_start, "GET", kState));
  ASSERT_THAT(polls, SizeIs(4)) << "three failed polls and a good one";
  for (std::size_t i = 0; i < 3; ++i) {
    const auto wanted = base * (1 << i);
    const auto gap = polls[i + 1].arrived - polls[i].arrived;
    const auto name = "poll_retry_" + std::to_string(i + 1);
    bench.measure(name, gap.count(), "s", at_least(wanted.count() * 0.9));
    bench.measure(name + "_late", gap, at_most(wanted + slack));
  }
}
