// SPDX-License-Identifier: Apache-2.0
#pragma once
// Console: everything about the console of one bench in one place: capture, matching, sentinels and
// the way to type on it. Created before the first power-on, so that no byte is missed; streams come
// and go with the power (run()). Owned by the bench host; one io_context thread; must outlive its
// users.

#include <memory>
#include <string>
#include <vector>

#include "workers/console/capture.hpp"
#include "workers/console/sentinels.hpp"
#include "workers/console/turn.hpp"

namespace seatrial::console {

/// How fast is typed: real UARTs without flow control lose bytes that come in longer bursts than
/// their FIFO holds. chunk 0: as fast as it goes.
struct Pace {
  std::size_t chunk = 0;
  Duration gap{};
};

class Console {
 public:
  struct Options {
    std::vector<std::string> first_lines;  ///< loader banners of the device type, RE2
    Capture::OnTrouble on_trouble;         ///< the log cannot be written (once per trouble)
    Pace pace;
  };

  /// Opens console.log and console.idx in `folder` and arms the sentinels.
  static Result<std::unique_ptr<Console>> open(boost::asio::any_io_executor executor,
                                               const Clock& clock, std::filesystem::path folder,
                                               Options options);

  /// Captures from a stream until it ends; typing goes there meanwhile. One stream at a time.
  Task<Result<>> run(std::shared_ptr<Channel> channel);
  bool connected() const { return channel_ != nullptr; }

  /// Types. Calls from several coroutines are not mixed. Without a stream: "console.disconnected".
  Task<Result<>> send(std::string text);
  Task<Result<>> send_break();
  /// Control-C.
  Task<Result<>> interrupt() { return send("\x03"); }

  Task<Result<Match>> expect(std::vector<Pattern> patterns, Budget budget, Since since);

  /// The power was switched: a mark in the index, and the next start is no unexpected reset. The
  /// offset of the mark.
  std::uint64_t power_on();
  std::uint64_t power_off();
  /// "Now", as an offset to expect from.
  std::uint64_t mark() const { return capture_.end(); }

  boost::asio::any_io_executor executor() const { return executor_; }
  Capture& capture() { return capture_; }
  Matcher& matcher() { return capture_.matcher(); }
  Sentinels& sentinels() { return *sentinels_; }

 private:
  Console(boost::asio::any_io_executor executor, const Clock& clock, ConsoleLog log,
          Options options);

  Capture capture_;
  std::unique_ptr<Sentinels> sentinels_;
  std::shared_ptr<Channel> channel_;
  Pace pace_;
  boost::asio::any_io_executor executor_;
  Turn typing_;
};

}  // namespace seatrial::console
