// SPDX-License-Identifier: Apache-2.0
// The control socket's side of SwitchProgram: requests in, answers out.
#include <sys/resource.h>

#include <nlohmann/json.hpp>

#include "core/model/failure_json.hpp"
#include "core/model/json.hpp"
#include "workers/network/switch/switch_program.hpp"

namespace seatrial::network {
using nlohmann::json;

namespace {

double cpu_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto all = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return all(used.ru_utime) + all(used.ru_stime);
}

json to_json(const Vlan& vlan) {
  if (!vlan.trunk) return {{"vlan", vlan.number}};
  return {{"trunk", {{"native", vlan.number}, {"allowed", vlan.allowed}}}};
}

json to_json(const PortCounters& c) {
  return {{"in", c.in},
          {"in_bytes", c.in_bytes},
          {"out", c.out},
          {"out_bytes", c.out_bytes},
          {"lost_from", c.lost_from},
          {"lost_to", c.lost_to},
          {"cut", c.cut},
          {"queue_full", c.queue_full},
          {"duplicated", c.duplicated},
          {"corrupted", c.corrupted},
          {"wrong_vlan", c.wrong_vlan},
          {"bad", c.bad}};
}

/// Faults that are all at rest, but for what the object names.
Faults faults_of(model::Fields& fields) {
  Faults faults;
  read_faults(fields, faults);
  return faults;
}

}  // namespace

std::string SwitchProgram::answer(std::string_view line) {
  auto done = perform(line);
  json out = done ? std::move(*done) : json{{"failure", model::to_json(done.error())}};
  out["ok"] = done.has_value();
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<json> SwitchProgram::perform(std::string_view line) {
  TRY(const auto document, model::Document::parse(std::string(line), "request"));
  model::Fields fields(document);
  std::string verb, port;
  fields.required("do", verb).optional("port", port);
  if (verb.empty()) CHECK_OK(fields.finish());
  if (verb == "state") {
    CHECK_OK(fields.finish());
    return state();
  }
  if (verb == "clear" || verb == "flush") {
    CHECK_OK(fields.finish());
    if (verb == "clear") switch_.clear();
    if (verb == "flush") flush();
    return json::object();
  }
  if (verb == "seed") {
    auto seed = switch_.seed();
    read_seed(fields, seed);
    CHECK_OK(fields.finish());
    switch_.set_seed(seed);
    return json::object();
  }
  if (verb == "capture") {
    CaptureSettings settings;
    read_capture(fields, settings);
    CHECK_OK(fields.finish());
    CHECK_OK(start_capture(settings));
    return json::object();
  }
  CHECK_OK(on_port(verb, port, fields));
  return json::object();
}

Result<> SwitchProgram::on_port(const std::string& verb, const std::string& name,
                                model::Fields& fields) {
  if (verb == "faults") {
    auto to = fields.object("to"), from = fields.object("from");
    const auto towards = to ? faults_of(*to) : Faults(),
               backwards = from ? faults_of(*from) : Faults();
    for (const auto* way : {&to, &from})
      if (*way) CHECK_OK((*way)->finish());
    CHECK_OK(fields.finish());
    TRY(const auto port, find_port(name));
    if (to) switch_.set_faults(port, true, towards);
    if (from) switch_.set_faults(port, false, backwards);
  } else if (verb == "link") {
    bool up = true;
    fields.required("up", up);
    CHECK_OK(fields.finish());
    TRY(const auto port, find_port(name));
    switch_.set_link(port, up);
  } else if (verb == "vlan") {
    Vlan vlan;
    CHECK_OK(read_vlan(fields, vlan));
    CHECK_OK(fields.finish());
    TRY(const auto port, find_port(name));
    switch_.set_vlan(port, vlan);
  } else if (verb == "dial") {
    std::string path;
    fields.optional("path", path);
    CHECK_OK(fields.finish());
    TRY(const auto port, find_port(name));
    ports_[port]->dial(path);
  } else {
    return Failure("network.request", Blame::suite,
                   "the switch does not know how to do '" + verb + "'",
                   "it knows state, faults, link, vlan, clear, seed, capture, flush and dial");
  }
  return {};
}

json SwitchProgram::port_state(std::size_t port) {
  json out = to_json(switch_.vlan(port));
  out["name"] = switch_.name(port);
  out["up"] = switch_.up(port);
  out["connected"] = ports_[port]->connected();
  out["counters"] = to_json(switch_.counters(port));
  for (const bool towards : {true, false})
    if (switch_.faults(port, towards).any())
      out["faults"][towards ? "to" : "from"] = network::to_json(switch_.faults(port, towards));
  ports_[port]->describe(out);
  return out;
}

json SwitchProgram::state() {
  json out{{"ports", json::array()},
           {"seed", static_cast<std::int64_t>(switch_.seed())},
           {"waiting", switch_.waiting()},
           {"addresses", switch_.addresses().size()},
           {"addresses_refused", switch_.addresses().refused()},
           {"cpu_seconds", cpu_seconds()}};
  for (std::size_t i = 0; i < switch_.ports(); ++i) out["ports"].push_back(port_state(i));
  if (!capture_) return out;
  out["capture"] = {{"file", capture_->file().string()},
                    {"bytes", capture_->bytes()},
                    {"packets", capture_->packets()},
                    {"left_out", capture_->left_out()}};
  if (capture_->trouble()) out["capture"]["trouble"] = model::to_json(*capture_->trouble());
  return out;
}

}  // namespace seatrial::network
