// SPDX-License-Identifier: Apache-2.0
#include "workers/network/pcap.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "core/io/fd.hpp"
#include "core/io/file.hpp"
#include "workers/network/bytes.hpp"

namespace seatrial::network {
namespace fs = std::filesystem;

using drivers::NetworkSeen;

namespace {

constexpr std::size_t kFileHeader = 24, kRecordHeader = 16, kLargestPacket = 262144;
/// Holds the largest record there is, so that no progress means that the file holds no whole one.
constexpr std::size_t kPiece = 2 * (kRecordHeader + kLargestPacket);

/// Puts captures together, one after another.
class Together {
 public:
  explicit Together(double since) : since_(since) {}
  void add(const Capture& capture) {
    for (const auto& message : capture.dhcp())
      if (message.at >= since_) all_.dhcp.push_back(message);
    capture.sources().collect(since_, all_.sources, sources_);
    capture.mdns().collect(since_, all_.mdns, mdns_);
    capture.asked().collect(since_, all_.asked, asked_);
  }
  NetworkSeen all() && { return std::move(all_); }

 private:
  double since_;
  NetworkSeen all_;
  std::unordered_set<std::string> sources_, mdns_, asked_;
};

NetworkSeen only(const Capture& capture, double since) {
  Together together(since);
  together.add(capture);
  return std::move(together).all();
}

}  // namespace

void Sightings::see(const std::string& value, double when) {
  const auto [id, fresh] = ids_.try_emplace(value, static_cast<std::uint32_t>(values_.size()));
  if (fresh) values_.push_back(value);
  if (!runs_.empty() && runs_.back().value == id->second)
    runs_.back().last = std::max(runs_.back().last, when);
  else
    runs_.push_back({id->second, when});
}

void Sightings::collect(double since, std::vector<std::string>& list,
                        std::unordered_set<std::string>& known) const {
  std::vector<bool> done(values_.size(), false);
  for (const auto& run : runs_) {
    if (done[run.value] || run.last < since) continue;
    done[run.value] = true;
    if (known.insert(values_[run.value]).second) list.push_back(values_[run.value]);
  }
}

Result<std::size_t> Capture::take(std::string_view bytes, const Times& times) {
  if (!started_ && !pcapng_ && PcapngReader::begins(bytes)) pcapng_.emplace();
  if (!pcapng_) return take_classic(bytes, times);
  auto taken = pcapng_->take(bytes, [&](const CapturedPacket& packet) {
    if (packet.outbound) return;
    const bool from_dut = packet.interface.starts_with("nic");
    note(read_packet(packet.frame, from_dut ? sender_of(packet.frame) : std::string()),
         std::max(times.earliest, std::min(packet.at + times.offset, times.latest)));
  });
  broken_ = pcapng_->broken();
  return taken;
}

Result<std::size_t> Capture::take_classic(std::string_view bytes, const Times& times) {
  const Bytes file(bytes);
  std::size_t at = 0;
  if (!started_) {
    if (file.size() < kFileHeader) return at;  // nothing has been sent yet
    nanoseconds_ = file.le32(0) == 0xa1b23c4d;
    if (file.le32(0) != 0xa1b2c3d4 && !nanoseconds_)
      return Failure("network.capture", Blame::bench, "the packet capture is not a pcap file",
                     "check packets-N.pcap in the run folder");
    started_ = true;
    at = kFileHeader;
  }
  while (!broken_ && at + kRecordHeader <= file.size()) {
    const double stamp = file.le32(at) + file.le32(at + 4) / (nanoseconds_ ? 1e9 : 1e6);
    const double when = std::max(times.earliest, std::min(stamp + times.offset, times.latest));
    const std::size_t captured = file.le32(at + 8);
    broken_ = captured > kLargestPacket;
    if (broken_ || at + kRecordHeader + captured > file.size()) break;
    take_packet(bytes.substr(at + kRecordHeader, captured), when);
    at += kRecordHeader + captured;
  }
  return at;
}

void Capture::take_packet(std::string_view frame, double when) {
  if (dut_mac_.empty())
    if (const auto sender = sender_of(frame); !is_qemu(sender)) dut_mac_ = sender;
  note(read_packet(frame, dut_mac_), when);
}

void Capture::note(PacketFacts facts, double when) {
  for (const auto& name : facts.asked) asked_.see(name, when);
  if (!facts.source.empty()) sources_.see(facts.source, when);
  for (const auto& name : facts.mdns) mdns_.see(name, when);
  if (!facts.dhcp) return;
  facts.dhcp->at = when;
  dhcp_.push_back(std::move(*facts.dhcp));
}

/// What was there at a look is older than the look, by this at least.
constexpr double kBefore = 0.001;

Result<bool> CaptureFile::update(const Clock* clock) {
  const io::UniqueFd file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat now {};
  if (!file && errno == ENOENT) return false;
  if (!file || ::fstat(file.get(), &now) != 0) return io::file_failure("read", path_, errno);
  const auto size = static_cast<std::uint64_t>(now.st_size);
  if (now.st_dev != device_ || now.st_ino != inode_ || size < offset_) {  // another file
    capture_ = Capture();
    offset_ = 0;
    looked_ = 0;
    wall_to_monotonic_.reset();
    device_ = now.st_dev;
    inode_ = now.st_ino;
  }
  const double at = clock ? seconds(clock->monotonic()) : 0;
  if (clock && !wall_to_monotonic_) wall_to_monotonic_ = at - seconds(clock->wall());
  Times times;
  if (clock) times = {*wall_to_monotonic_, looked_, std::max(looked_, at - kBefore)};
  std::string piece;
  while (offset_ < size && !capture_.broken()) {
    piece.resize(std::min<std::uint64_t>(kPiece, size - offset_));
    const auto n = ::pread(file.get(), piece.data(), piece.size(), static_cast<off_t>(offset_));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return io::file_failure("read", path_, errno);
    bytes_read_ += static_cast<std::uint64_t>(n);
    TRY(const auto taken,
        capture_.take(std::string_view(piece).substr(0, static_cast<std::size_t>(n)), times));
    if (taken == 0) break;
    offset_ += taken;
  }
  looked_ = at;
  return true;
}

Result<NetworkSeen> CaptureFolder::observe(double since) {
  const double now = clock_ ? seconds(clock_->monotonic()) : 0;
  Together together(since);
  for (unsigned start = 1;; ++start) {
    const auto path = folder_ / (stem_ + std::to_string(start) + ending_);
    auto& file = files_.try_emplace(start, path).first->second;
    TRY(const bool there, file.update(clock_));
    if (there) {
      together.add(file.capture());
      continue;
    }
    files_.erase(files_.find(start), files_.end());
    auto seen = std::move(together).all();
    seen.at = now;
    return seen;
  }
}

std::uint64_t CaptureFolder::bytes_read() const {
  std::uint64_t all = 0;
  for (const auto& [start, file] : files_) all += file.bytes_read();
  return all;
}

Result<NetworkSeen> observe_pcap(const fs::path& path, double since) {
  CaptureFile file(path);
  TRY(const bool there, file.update());
  return there ? only(file.capture(), since) : NetworkSeen{};
}

Result<NetworkSeen> observe_folder(const fs::path& folder, double since) {
  return CaptureFolder(folder).observe(since);
}

Result<NetworkSeen> observe_pcap_bytes(std::string_view bytes, double since) {
  Capture capture;
  CHECK_OK(capture.take(bytes));
  return only(capture, since);
}

}  // namespace seatrial::network
