// SPDX-License-Identifier: Apache-2.0
#pragma once
// ConsoleView: the console of a bench for one person who watches it and types: the last lines as
// plain text, then every byte as it comes. It keeps an offset into the capture and pulls, so that a
// slow viewer costs nobody memory and loses nothing. Any number at a time; each ends with its
// request, or with the failure of an instrument (a QEMU that died).
//
// Events in its stream: "attached" {offset, viewers, power}, "power" {state, detail}, "reset"
// {by_guest, watchdog}, "not_typed" {why}: bytes that came while nobody could take them.

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/base/task.hpp"
#include "workers/bench/stream.hpp"
#include "workers/console/matcher.hpp"

namespace seatrial::bench {

class Bench;

/// The last `lines` lines of raw console bytes as a person reads them, with the unfinished last
/// line as it stands. Control sequences are taken out: replayed, a cursor query among them would
/// make the viewer's terminal type its answer on the console.
std::string backlog_of(std::string_view raw, std::size_t lines, bool raw_is_cut);

/// Bytes that one request may read.
inline constexpr std::size_t kMostConsoleText = 1u << 20;
/// What the console said from an offset on: `most` bytes, the end, or kMostConsoleText.
Result<std::string> console_text(const console::Past& past, std::uint64_t from, std::size_t most);

/// Serves one viewer until the request is cancelled or an instrument fails.
Task<Result<nlohmann::json>> view_console(Bench& bench, nlohmann::json arguments,
                                          std::shared_ptr<Stream> stream);

}  // namespace seatrial::bench
