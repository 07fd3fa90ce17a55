// SPDX-License-Identifier: Apache-2.0
#include "core/io/http.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "core/base/text.hpp"

namespace seatrial::io {
namespace {

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Failure bad_address(std::string_view text, std::string_view why) {
  return Failure("http.address", Blame::suite,
                 "\"" + std::string(text) + "\" is not an address: " + std::string(why),
                 "write HOST:PORT, [IPV6]:PORT or unix:PATH");
}

Result<std::uint16_t> parse_port(std::string_view whole, std::string_view digits) {
  std::uint16_t port = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size())
    return bad_address(whole, "the port is not a number up to 65535");
  return port;
}

}  // namespace

const std::string* HttpHeaders::find(std::string_view name) const {
  for (const auto& [key, value] : lines_)
    if (same_name(key, name)) return &value;
  return nullptr;
}

void HttpHeaders::set(std::string name, std::string value) {
  remove(name);
  add(std::move(name), std::move(value));
}

void HttpHeaders::add(std::string name, std::string value) {
  lines_.emplace_back(std::move(name), std::move(value));
}

void HttpHeaders::remove(std::string_view name) {
  std::erase_if(lines_, [&](const auto& line) { return same_name(line.first, name); });
}

const std::string* HttpRequest::query_value(std::string_view name) const {
  for (const auto& [key, value] : query)
    if (key == name) return &value;
  return nullptr;
}

HttpResponse::HttpResponse(int code, std::string content_type, std::string text)
    : status(code), body(std::move(text)) {
  if (!content_type.empty()) headers.add("Content-Type", std::move(content_type));
}

std::string HttpEndpoint::text() const {
  if (is_unix()) return "unix:" + unix_path;
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<HttpEndpoint> HttpEndpoint::parse(std::string_view text) {
  HttpEndpoint out;
  if (text.starts_with("unix:")) {
    out.unix_path = text.substr(5);
    if (out.unix_path.empty()) return bad_address(text, "the path is empty");
    // sun_path holds 108 bytes with its terminator.
    if (out.unix_path.size() > 107) return bad_address(text, "longer than 107 bytes");
    return out;
  }
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return bad_address(text, "there is no port");
  std::string_view host = text.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  else if (host.find(':') != std::string_view::npos)
    return bad_address(text, "an IPv6 address needs brackets");
  TRY(out.port, parse_port(text, text.substr(colon + 1)));
  out.host = host.empty() ? "0.0.0.0" : std::string(host);
  return out;
}

Result<HttpUrl> HttpUrl::parse(std::string_view text) {
  HttpUrl out;
  auto bad = [&](std::string_view why) {
    return Failure("http.url", Blame::suite,
                   "\"" + std::string(text) + "\" is not a usable URL: " + std::string(why),
                   "write http://HOST[:PORT]/..., https://... or http+unix:/SOCKET:/...");
  };
  if (text.find_first_of(" \r\n\t") != std::string_view::npos) return bad("it contains a space");
  constexpr std::string_view unix_scheme = "http+unix:";
  if (text.starts_with(unix_scheme)) {
    const std::string_view rest = text.substr(unix_scheme.size());
    const auto colon = rest.find(':');
    out.endpoint.unix_path = rest.substr(0, colon);
    out.endpoint.host = "localhost";
    out.target = colon == std::string_view::npos ? "/" : rest.substr(colon + 1);
    if (out.endpoint.unix_path.empty() || !out.target.starts_with('/')) return bad("no path");
    return out;
  }
  if (text.starts_with("https://"))
    out.tls = true;
  else if (!text.starts_with("http://"))
    return bad("the scheme is neither http nor https");
  std::string_view rest = text.substr(out.tls ? 8 : 7);
  const auto slash = rest.find_first_of("/?");
  std::string authority(rest.substr(0, slash));
  out.target = slash == std::string_view::npos ? "/" : rest.substr(slash);
  if (out.target.front() == '?') out.target.insert(0, "/");
  if (authority.empty() || authority.find('@') != std::string::npos) return bad("no host");
  const auto bracket = authority.rfind(']');
  if (authority.find(':', bracket == std::string::npos ? 0 : bracket) == std::string::npos)
    authority += out.tls ? ":443" : ":80";
  auto endpoint = HttpEndpoint::parse(authority);
  if (!endpoint) return bad(endpoint.error().what());
  out.endpoint = *endpoint;
  return out;
}

std::string url_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 &&
        hex_value(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      out += plus_is_space && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::string url_encode(std::string_view text) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) || c == '-' || c == '_' || c == '.' || c == '~') {
      out += c;
    } else {
      out += '%';
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
  }
  return out;
}

void split_target(HttpRequest& request) {
  const std::string_view target = request.target;
  const auto mark = target.find('?');
  request.path = url_decode(target.substr(0, mark), false);
  request.query.clear();
  if (mark == std::string_view::npos) return;
  for (const std::string& pair : split(target.substr(mark + 1), '&')) {
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    const std::string_view view = pair;
    request.query.emplace_back(
        url_decode(view.substr(0, equals), true),
        equals == std::string::npos ? "" : url_decode(view.substr(equals + 1), true));
  }
}

bool http_safe(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

std::string_view http_reason(int status) {
  switch (status) {
    case 100: return "Continue";
    case 101: return "Switching Protocols";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 411: return "Length Required";
    case 413: return "Payload Too Large";
    case 415: return "Unsupported Media Type";
    case 416: return "Range Not Satisfiable";
    case 423: return "Locked";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return "Status";
  }
}

}  // namespace seatrial::io
