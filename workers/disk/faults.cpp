// SPDX-License-Identifier: Apache-2.0
#include "workers/disk/faults.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "workers/disk/fields.hpp"

namespace seatrial::cutdisk {
namespace {

constexpr std::uint64_t kLongestDelay = 10 * 60 * 1000;
constexpr std::uint32_t kOutOfSpace = 28;

Failure bad_fault(std::string what) {
  return Failure("disk.fault", Blame::suite, std::move(what), "see workers/disk/README.md");
}

std::string_view word(Op op) {
  switch (op) {
    case Op::read: return "read";
    case Op::write: return "write";
    case Op::flush: return "flush";
  }
  return "?";
}

bool matches(const Fault& fault, Op op, std::uint64_t offset, std::uint64_t length) {
  if (fault.op != "*" && fault.op != word(op)) return false;
  if (op == Op::flush) return true;
  const bool begins_before_its_end = fault.length == 0 || offset < fault.offset + fault.length;
  return begins_before_its_end && fault.offset < offset + length;
}

}  // namespace

Result<Fault> fault_from_json(const nlohmann::json& value) {
  Fault fault;
  Fields fields(value);
  fields.take("id", fault.id);
  fields.take("op", fault.op);
  fields.take("offset", fault.offset);
  fields.take("length", fault.length);
  fields.take("errno", fault.error);
  fields.take("delay_ms", fault.delay_ms);
  fields.take("count", fault.count);
  fields.take("cut_at", fault.cut_at);
  fields.take("hits", fault.hits);
  CHECK_OK(fields.done());
  if (fault.op != "*" && fault.op != "read" && fault.op != "write" && fault.op != "flush")
    return bad_fault("a fault strikes read, write, flush or *, not " + fault.op);
  if (fault.length > UINT64_MAX - fault.offset) return bad_fault("a range beyond all disks");
  // The one error that the bench itself has to give, and QEMU stops the machine for.
  if (fault.error == kOutOfSpace)
    return bad_fault("a disk has no ENOSPC: it means that the host's disk is full");
  if (fault.error > 4095) return bad_fault("not an errno: " + std::to_string(fault.error));
  if (fault.delay_ms > kLongestDelay) return bad_fault("a delay of more than ten minutes");
  if (fault.error == 0 && fault.delay_ms == 0 && fault.cut_at == 0)
    return bad_fault("a fault without errno, delay_ms and cut_at does nothing");
  return fault;
}

nlohmann::json to_json(const Fault& fault) {
  return {{"id", fault.id},         {"op", fault.op},         {"offset", fault.offset},
          {"length", fault.length}, {"errno", fault.error},   {"delay_ms", fault.delay_ms},
          {"count", fault.count},   {"cut_at", fault.cut_at}, {"hits", fault.hits}};
}

void Faults::add(Fault fault) {
  const auto known = std::find_if(faults_.begin(), faults_.end(),
                                  [&](const Fault& other) { return other.id == fault.id; });
  if (known != faults_.end())
    *known = std::move(fault);
  else
    faults_.push_back(std::move(fault));
}

void Faults::clear(const std::string& id) {
  std::erase_if(faults_, [&](const Fault& fault) { return id.empty() || fault.id == id; });
}

Faults::Verdict Faults::judge(Op op, std::uint64_t offset, std::uint64_t length) {
  Verdict verdict;
  for (auto& fault : faults_) {
    if (fault.count == 0 || !matches(fault, op, offset, length)) continue;
    ++fault.hits;
    if (fault.cut_at > 0) {
      verdict.changed = true;
      if (fault.hits != fault.cut_at) continue;
      fault.count = 0;
      verdict.cut = true;
      return verdict;
    }
    if (fault.count > 0) {
      --fault.count;
      verdict.changed = true;
    }
    if (verdict.error == 0) verdict.error = fault.error;
    verdict.delay_ms = std::max(verdict.delay_ms, fault.delay_ms);
  }
  return verdict;
}

}  // namespace seatrial::cutdisk
