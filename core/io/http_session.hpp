// SPDX-License-Identifier: Apache-2.0
#pragma once
// One connection of an HttpServer: reads requests, runs the handler, keeps the connection alive.
// Internal to core/io. Runs as a child of the server's nursery and owns its stream.

#include <memory>
#include <set>
#include <string>

#include "core/io/http_server.hpp"
#include "core/io/http_stream.hpp"

namespace seatrial::io {

struct HttpPeer {
  HttpPeer(std::string listener, std::string name)
      : listener(std::move(listener)), name(std::move(name)) {}
  std::string listener;  ///< "http", "https", "unix"
  std::string name;
};

/// The open connections of a server.
class HttpSessions {
 public:
  void add(HttpStream* stream) { streams_.insert(stream); }
  void remove(HttpStream* stream) { streams_.erase(stream); }
  std::size_t size() const { return streams_.size(); }
  void reset_all() {
    for (HttpStream* stream : streams_) stream->close(true);
  }

 private:
  std::set<HttpStream*> streams_;
};

/// Ends when the connection does. Fails only in ways that concern this connection.
Task<Result<>> run_http_session(HttpStreamPtr stream, HttpPeer peer, HttpServerOptions options,
                                HttpHandler handler, std::shared_ptr<HttpSessions> sessions);

}  // namespace seatrial::io
