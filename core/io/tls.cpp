// SPDX-License-Identifier: Apache-2.0
#include "core/io/tls.hpp"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <boost/asio/buffer.hpp>
#include <filesystem>

#include "core/io/file.hpp"
#include "core/io/tls_context.hpp"

namespace seatrial::io {
namespace {

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* thing) const {
    Free(thing);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using Bio = std::unique_ptr<BIO, Freer<BIO_free_all>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freer<X509_EXTENSION_free>>;

Failure tls_failure(std::string what) {
  char text[256] = "no detail";
  if (const unsigned long code = ERR_get_error()) ERR_error_string_n(code, text, sizeof text);
  ERR_clear_error();
  return Failure("tls.certificate", Blame::seatrial, what + ": " + text,
                 "check the PEM text and the names; OpenSSL 3 is expected");
}

std::string bio_text(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<std::size_t>(size));
}

Result<TlsKeyPair> to_pem(X509* certificate, EVP_PKEY* key) {
  Bio cert_bio(BIO_new(BIO_s_mem())), key_bio(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_X509(cert_bio.get(), certificate) != 1 ||
      PEM_write_bio_PrivateKey(key_bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1)
    return tls_failure("cannot write a certificate as PEM");
  return TlsKeyPair{bio_text(cert_bio.get()), bio_text(key_bio.get())};
}

bool add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  Extension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

/// A certificate with subject, serial, validity and key; without extensions and signature.
Certificate blank(const std::string& common_name, EVP_PKEY* key, Duration from, Duration until) {
  Certificate certificate(X509_new());
  unsigned char serial[16] = {};
  RAND_bytes(serial, sizeof serial);
  serial[0] &= 0x7f;  // serial numbers are positive
  std::unique_ptr<BIGNUM, Freer<BN_free>> number(BN_bin2bn(serial, sizeof serial, nullptr));
  BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate.get()));
  X509_set_version(certificate.get(), 2);
  auto whole = [](Duration d) {
    return static_cast<long>(std::chrono::duration_cast<std::chrono::seconds>(d).count());
  };
  X509_time_adj_ex(X509_getm_notBefore(certificate.get()), 0, whole(from), nullptr);
  X509_time_adj_ex(X509_getm_notAfter(certificate.get()), 0, whole(until), nullptr);
  X509_set_pubkey(certificate.get(), key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1,
                             0);
  return certificate;
}

std::string alternative_names(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) {
    unsigned char scratch[16];
    const bool ip = inet_pton(AF_INET, name.c_str(), scratch) == 1 ||
                    inet_pton(AF_INET6, name.c_str(), scratch) == 1;
    if (!out.empty()) out += ',';
    out += (ip ? "IP:" : "DNS:") + name;
  }
  return out;
}

Certificate read_certificate(const std::string& pem) {
  Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return Certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
}

}  // namespace

Result<TlsKeyPair> make_test_ca(const std::string& common_name) {
  Key key(EVP_EC_gen("P-256"));
  constexpr auto twenty_years = std::chrono::hours(24 * 365 * 20);
  Certificate ca = blank(common_name, key.get(), -twenty_years, twenty_years);
  X509_set_issuer_name(ca.get(), X509_get_subject_name(ca.get()));
  if (!add_extension(ca.get(), ca.get(), NID_basic_constraints, "critical,CA:TRUE") ||
      !add_extension(ca.get(), ca.get(), NID_key_usage, "critical,keyCertSign,cRLSign") ||
      !add_extension(ca.get(), ca.get(), NID_subject_key_identifier, "hash") ||
      X509_sign(ca.get(), key.get(), EVP_sha256()) == 0)
    return tls_failure("cannot make a CA");
  return to_pem(ca.get(), key.get());
}

Result<TlsKeyPair> make_certificate(const TlsKeyPair& ca, const CertificateWish& wish) {
  Certificate issuer = read_certificate(ca.certificate_pem);
  Bio key_bio(BIO_new_mem_buf(ca.key_pem.data(), static_cast<int>(ca.key_pem.size())));
  Key issuer_key(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, nullptr));
  if (!issuer || !issuer_key) return tls_failure("the CA is not readable");
  Key key(EVP_EC_gen("P-256"));
  Certificate made = blank(wish.common_name, key.get(), wish.not_before, wish.not_after);
  X509_set_issuer_name(made.get(), X509_get_subject_name(issuer.get()));
  auto names = wish.names.empty() ? std::vector<std::string>{wish.common_name} : wish.names;
  if (!add_extension(made.get(), issuer.get(), NID_basic_constraints, "critical,CA:FALSE") ||
      !add_extension(made.get(), issuer.get(), NID_ext_key_usage, "serverAuth") ||
      !add_extension(made.get(), issuer.get(), NID_authority_key_identifier, "keyid") ||
      !add_extension(made.get(), issuer.get(), NID_subject_alt_name, alternative_names(names)) ||
      X509_sign(made.get(), issuer_key.get(), EVP_sha256()) == 0)
    return tls_failure("cannot make a certificate for " + wish.common_name);
  return to_pem(made.get(), key.get());
}

Result<TlsKeyPair> load_or_make_test_ca(const std::string& folder) {
  const std::filesystem::path dir(folder);
  std::error_code ignored;
  if (std::filesystem::exists(dir / "ca.pem", ignored)) {
    TlsKeyPair found;
    TRY(found.certificate_pem, read_file(dir / "ca.pem"));
    TRY(found.key_pem, read_file(dir / "ca.key"));
    return found;
  }
  CHECK_OK(make_dirs(dir));
  TRY(TlsKeyPair made, make_test_ca("Seatrial test CA"));
  CHECK_OK(write_file_atomic(dir / "ca.key", made.key_pem, 0600));
  CHECK_OK(write_file_atomic(dir / "ca.pem", made.certificate_pem));
  return made;
}

Result<std::shared_ptr<TlsServerContext>> make_tls_server(const TlsKeyPair& identity) {
  namespace asio = boost::asio;
  auto out = std::make_shared<TlsServerContext>();
  boost::system::error_code chain_error, key_error;
  out->context.use_certificate_chain(asio::buffer(identity.certificate_pem), chain_error);
  out->context.use_private_key(asio::buffer(identity.key_pem), asio::ssl::context::pem, key_error);
  SSL_CTX_set_min_proto_version(out->context.native_handle(), TLS1_2_VERSION);
  if (chain_error || key_error) return tls_failure("the server's certificate is not usable");
  return out;
}

Result<std::shared_ptr<TlsClientContext>> make_tls_client(const TlsTrust& trust) {
  auto out = std::make_shared<TlsClientContext>();
  boost::system::error_code error;
  SSL_CTX_set_min_proto_version(out->context.native_handle(), TLS1_2_VERSION);
  out->context.set_verify_mode(boost::asio::ssl::verify_peer, error);
  if (trust.system_store) out->context.set_default_verify_paths(error);
  if (trust.extra_pem.empty()) return out;
  // add_certificate_authority of Asio reads every certificate of the text, and stops at its end.
  out->context.add_certificate_authority(boost::asio::buffer(trust.extra_pem), error);
  if (error) return tls_failure("the CA bundle is not usable");
  return out;
}

}  // namespace seatrial::io
