// SPDX-License-Identifier: Apache-2.0
#pragma once
// TLS: certificates of a test CA, and what a server presents and a client trusts. Values; the
// OpenSSL contexts behind them live in tls_context.hpp, for core/io alone. Certificates are X.509v3
// with P-256 keys (RFC 5280); subject alternative names carry DNS names and IP addresses.

#include <memory>
#include <string>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"

namespace seatrial::io {

struct TlsKeyPair {
  std::string certificate_pem;
  std::string key_pem;  ///< secret: never logged
};

struct CertificateWish {
  std::string common_name = "localhost";
  /// DNS names and IP addresses (told apart by their form) the certificate is good for.
  std::vector<std::string> names;
  /// Validity, relative to now. A negative `not_after` is an expired certificate.
  Duration not_before = -std::chrono::hours(24);
  Duration not_after = std::chrono::hours(24 * 365);
};

/// A CA of its own, good for 20 years back and forth, so that a device with a wrong clock trusts
/// it.
Result<TlsKeyPair> make_test_ca(const std::string& common_name);
Result<TlsKeyPair> make_certificate(const TlsKeyPair& ca, const CertificateWish& wish);
/// The CA kept in `folder` as ca.pem and ca.key (mode 600); made there when missing.
Result<TlsKeyPair> load_or_make_test_ca(const std::string& folder);

/// What a client believes. Several certificates in one PEM text are all accepted.
struct TlsTrust {
  bool system_store = true;
  std::string extra_pem;
};

class TlsServerContext;  // core/io/tls_context.hpp
class TlsClientContext;
Result<std::shared_ptr<TlsServerContext>> make_tls_server(const TlsKeyPair& identity);
Result<std::shared_ptr<TlsClientContext>> make_tls_client(const TlsTrust& trust);

}  // namespace seatrial::io
