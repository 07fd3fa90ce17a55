// SPDX-License-Identifier: Apache-2.0
#include "core/cli/desk/visit.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <csignal>
#include <nlohmann/json.hpp>

#include "core/base/unless.hpp"

namespace seatrial::cli {
namespace asio = boost::asio;
using nlohmann::json;
namespace {

Task<Result<>> signalled(asio::signal_set* signals) {
  co_await signals->async_wait(asio::use_awaitable);
  co_return Failure("cancelled", Blame::cancelled, "interrupted",
                    "'seatrial power status' tells what is on the desk");
}

Task<Result<int>> question(ClientPtr client, std::string verb, json arguments, json* answer) {
  CO_TRY(*answer, co_await client->call(std::move(verb), std::move(arguments)));
  co_return 0;
}

}  // namespace

Task<Result<int>> visit(std::filesystem::path socket, Errand errand) {
  Nursery nursery(co_await asio::this_coro::executor);
  Result<int> ended = 0;
  std::exception_ptr thrown;
  try {
    auto client = co_await bench::Client::connect(std::move(socket), nursery);
    if (!client)
      ended = client.error();
    else
      ended = co_await errand(*client);
  } catch (...) {  // interrupted: the children must be joined before this frame goes
    thrown = std::current_exception();
  }
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  nursery.cancel();
  (void)co_await nursery.join();
  if (thrown) std::rethrow_exception(thrown);
  co_return ended;
}

Result<int> run_interruptibly(Task<Result<int>> task) {
  asio::io_context context(1);
  // Caught before the task does anything that would have to be undone.
  asio::signal_set signals(context, SIGINT, SIGTERM, SIGHUP);
  auto done =
      asio::co_spawn(context, unless(signalled(&signals), std::move(task)), asio::use_future);
  context.run();
  return done.get();
}

Result<json> ask(const std::filesystem::path& socket, std::string verb, json arguments) {
  json answer;
  CHECK_OK(run_interruptibly(visit(socket, [&](ClientPtr client) {
    return question(std::move(client), std::move(verb), std::move(arguments), &answer);
  })));
  return answer;
}

}  // namespace seatrial::cli
