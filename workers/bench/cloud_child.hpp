// SPDX-License-Identifier: Apache-2.0
#pragma once
// CloudChild: the device API stand-in as a child of the bench host, with its control API. The DUT
// reaches it through unix sockets that the rig forwards to; nothing of it listens on the network.
// Owned by the bench; ends with it. A child that ends by itself is trouble of the bench, told at
// once: a DUT that gets no answer is not to blame for it.

#include <boost/asio/any_io_executor.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "core/base/clock.hpp"
#include "core/base/nursery.hpp"
#include "core/base/result.hpp"
#include "core/base/task.hpp"
#include "workers/guard/guard.hpp"

namespace seatrial::bench {

struct CloudSettings {
  std::string program;
  std::filesystem::path folder;   ///< run folder: journal, log
  std::filesystem::path tls;      ///< private: the certificates it makes, with their keys
  std::filesystem::path sockets;  ///< short path
  std::filesystem::path files;    ///< served to the DUT at /files/
  std::string address;            ///< of the API as the DUT sees it, for the certificate
  std::string device_type;        ///< slug that registration accepts
};

class CloudChild {
 public:
  /// The unix sockets below `sockets` that it will listen on.
  static std::filesystem::path http_socket(const std::filesystem::path& sockets);
  static std::filesystem::path https_socket(const std::filesystem::path& sockets);
  /// `nursery` watches it; `on_trouble` is called at most once, when it has ended by itself.
  static Task<Result<std::unique_ptr<CloudChild>>> start(
      CloudSettings settings, Guard* guard, Nursery& nursery,
      std::function<void(const Failure&)> on_trouble);
  ~CloudChild();

  std::string ca_pem() const;
  const std::string& provisioning_key() const;
  int application() const { return 1; }

  /// A request to the control API; any status but 2xx is a Failure with the answer's words.
  Task<Result<nlohmann::json>> control(std::string method, std::string path, nlohmann::json body,
                                       Duration budget);
  bool running() const;
  /// Ends it in good order.
  Task<> stop();

 private:
  struct Impl;
  static Task<Result<>> watch(std::shared_ptr<Impl> impl,
                              std::function<void(const Failure&)> on_trouble);
  explicit CloudChild(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace seatrial::bench
