// SPDX-License-Identifier: Apache-2.0
// The one copy of Boost.Asio's and Beast's non-template code: elsewhere they are
// declarations (the *_SEPARATE_COMPILATION macros of the target seatrial_asio).
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/beast/src.hpp>
