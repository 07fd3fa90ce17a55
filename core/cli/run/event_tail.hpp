// SPDX-License-Identifier: Apache-2.0
#pragma once
// EventTail: the events of a log that another process is writing, as they come. Lines are handed on
// whole; one that is still being written waits. Owned by one coroutine; no thread of its own.

#include <filesystem>
#include <functional>
#include <string>

#include "core/base/result.hpp"
#include "core/base/task.hpp"
#include "core/io/fd.hpp"
#include "core/model/event.hpp"

namespace seatrial::cli {

class EventTail {
 public:
  using OnEvent = std::function<void(const model::Event&)>;

  /// The file must exist; it may be empty.
  static Result<EventTail> open(const std::filesystem::path& events_jsonl, OnEvent on_event);

  /// Hands on what is there now.
  Result<> drain();
  /// Drains whenever the file grows, until cancelled.
  Task<Result<>> follow();

 private:
  EventTail(io::UniqueFd file, io::UniqueFd watch, std::filesystem::path path, OnEvent on_event);
  void hand_on(std::string_view line);

  io::UniqueFd file_, watch_;
  std::filesystem::path path_;
  OnEvent on_event_;
  std::string rest_;  ///< of a line without its end
};

}  // namespace seatrial::cli
