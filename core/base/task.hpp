// SPDX-License-Identifier: Apache-2.0
#pragma once
// Task<T>: what an async function returns. A coroutine of Boost.Asio on the one io_context of its
// process; it runs when awaited and unwinds when cancelled. Async functions of ours return
// Task<Result<T>>. Parameters of coroutines go by value: a reference may be gone when the body
// resumes.

#include <boost/asio/awaitable.hpp>

namespace seatrial {

template <class T = void>
using Task = boost::asio::awaitable<T>;

}  // namespace seatrial
