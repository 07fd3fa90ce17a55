// SPDX-License-Identifier: Apache-2.0
#include "core/io/interrupt.hpp"

#include <fmt/format.h>
#include <signal.h>

#include <boost/asio/signal_set.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstring>

namespace seatrial::io {
namespace asio = boost::asio;

Task<Result<>> until_interrupted() {
  asio::signal_set signals(co_await asio::this_coro::executor);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction now {};
    ::sigaction(signal, nullptr, &now);
    if (now.sa_handler != SIG_IGN) signals.add(signal);
  }
  const int signal = co_await signals.async_wait(asio::use_awaitable);
  co_return Failure("cancelled", Blame::cancelled,
                    fmt::format("interrupted by a signal ({})", ::strsignal(signal)),
                    "give the same command again; what was finished is not done twice");
}

}  // namespace seatrial::io
