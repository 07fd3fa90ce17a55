// SPDX-License-Identifier: Apache-2.0
#pragma once
// The asio TLS contexts behind tls.hpp. Included by .cpp files of core/io only: it pulls in
// Asio's TLS templates. Shared by every connection made with it.

#include <boost/asio/ssl/context.hpp>

namespace seatrial::io {

class TlsServerContext {
 public:
  boost::asio::ssl::context context{boost::asio::ssl::context::tls_server};
};

class TlsClientContext {
 public:
  boost::asio::ssl::context context{boost::asio::ssl::context::tls_client};
};

}  // namespace seatrial::io
