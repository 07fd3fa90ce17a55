// SPDX-License-Identifier: Apache-2.0
#include "workers/bench/event_writer.hpp"

#include <nlohmann/json.hpp>

#include "core/base/log.hpp"
#include "core/base/redact.hpp"
#include "core/model/event.hpp"

namespace seatrial::bench {

Result<EventWriter> EventWriter::open(const std::filesystem::path& path, std::string run,
                                      const Clock& clock) {
  TRY(auto file, io::AppendFile::open(path));
  return EventWriter(std::move(file), std::move(run), clock);
}

namespace {
/// Enough for the last events of the largest run.
constexpr std::uint64_t kReserve = 512u << 10;
}  // namespace

EventWriter::EventWriter(io::AppendFile file, std::string run, const Clock& clock)
    : file_(std::move(file)),
      reserve_(io::Reserve::make(file_.path().parent_path(), kReserve)),
      clock_(&clock),
      run_(std::move(run)),
      began_(clock.monotonic()) {}

void EventWriter::begin_case(std::string full_name, int attempt) {
  case_name_ = std::move(full_name);
  attempt_ = attempt;
}

void EventWriter::end_case() {
  case_name_.clear();
  attempt_ = 0;
}

double EventWriter::now() const { return seconds(clock_->monotonic() - began_); }

std::uint64_t EventWriter::write(std::string_view kind, const nlohmann::json& data) {
  model::Event event;
  event.seq = ++seq_;
  event.mono = now();
  event.wall = iso8601(clock_->wall());
  event.run = run_;
  event.attempt = attempt_;
  event.case_name = case_name_;
  event.kind = std::string(kind);
  event.data = std::make_shared<const nlohmann::json>(data);
  const std::string line = redact(model::to_line(event));
  auto written = file_.append(line);
  if (!written && reserve_.held()) {
    reserve_.release();
    (void)file_.append(line);  // should that fail too, the first failure says why
  }
  if (!written) note_broken(std::move(written.error()));
  return seq_;
}

void EventWriter::note_broken(Failure failure) {
  if (broken_) return;
  broken_ = std::move(failure).with("writing the event log");
  log::error("{}", broken_->describe());
  if (tell_) tell_(*broken_);
}

void EventWriter::sync() {
  auto synced = file_.sync();
  if (!synced) note_broken(std::move(synced.error()));
}

}  // namespace seatrial::bench
