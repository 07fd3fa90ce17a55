// SPDX-License-Identifier: Apache-2.0
#pragma once
// Ssh: the system's OpenSSH client as a shell to the DUT. One master connection (ControlMaster) is
// dialled when first needed, reused by every call and dialled again when it is dead. Keys and known
// hosts are the run's own; the user's ~/.ssh, agent and configuration are never read. Owned by the
// bench; lives on its io_context thread; the master process dies with this object (and is
// registered with the guard).
//
// Failure codes: those of ssh_code below; "deadline" (the command took longer than its budget; it
// may go on there), "file.digest", "file.remote". Ssh sees a connection, never the reason why it
// broke: what it cannot know has blame unknown, for those who know the boots of the device.

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "workers/dut/shell.hpp"
#include "workers/guard/guard.hpp"

namespace seatrial::dut {

namespace ssh_code {
// About this machine: blame bench.
inline constexpr const char* missing = "ssh.missing";  ///< no OpenSSH client here
inline constexpr const char* keygen = "ssh.keygen";    ///< no key could be made
inline constexpr const char* forward = "ssh.forward";  ///< a port cannot be forwarded
// No connection was made, nothing was sent: blame unknown.
inline constexpr const char* unreachable = "ssh.unreachable";  ///< no answer within the budget
inline constexpr const char* refused = "ssh.refused";          ///< the port is closed, or closes
inline constexpr const char* refused_key = "ssh.refused_key";  ///< it does not let us in
inline constexpr const char* host_key_changed = "ssh.host_key_changed";
// There was a connection: blame unknown.
inline constexpr const char* busy = "ssh.busy";          ///< the DUT refuses more sessions
inline constexpr const char* not_sent = "ssh.not_sent";  ///< it broke before the command went out
inline constexpr const char* lost = "ssh.lost";          ///< it broke; the command may have run
}  // namespace ssh_code

/// A key pair of this run: ed25519, no passphrase, folder mode 700, file mode 600.
struct SshKey {
  std::filesystem::path private_key;
  std::string public_line;  ///< "ssh-ed25519 AAAA... seatrial"
};
/// Makes it in `folder`, or finds the one that is there. Fails with "ssh.missing", "ssh.keygen".
Task<Result<SshKey>> make_ssh_key(std::filesystem::path folder);

struct SshOptions {
  std::string user = "root";
  /// Both are asked at each dial: they may change at a power cycle.
  std::function<std::string()> host = [] { return std::string("127.0.0.1"); };
  std::function<std::uint16_t()> port;
  std::filesystem::path key;            ///< private key; empty: the DUT wants none
  std::filesystem::path folder;         ///< private: known_hosts lives here
  std::filesystem::path socket_folder;  ///< short path (SocketFolder)
  /// For the banner, at first: hostfwd accepts before the guest does. Grows with each try that
  /// connects, for hosts so loaded that sshd needs longer.
  Duration banner_try = std::chrono::milliseconds(800);
  Duration dial_budget = std::chrono::seconds(30);  ///< one dial, under a slow emulator
  unsigned sessions = 8;                            ///< at a time; sshd's MaxSessions is 10
};

class Ssh final : public Shell {
 public:
  Ssh(boost::asio::any_io_executor executor, SshOptions options, Guard* guard = nullptr);
  ~Ssh() override;

  /// Waits for the SSH banner, which only a running sshd sends. Returns it ("SSH-2.0-OpenSSH_9.2").
  Task<Result<std::string>> wait_banner(Budget budget);
  /// Banner, then a master connection with a first command; a login that is not ready yet (host
  /// keys, users still being made) is tried again within the budget.
  Task<Result<>> wait_ready(Budget budget);

  Task<Result<RunResult>> run(RunRequest request) override;
  Task<Result<>> put(std::filesystem::path local, std::string remote, unsigned mode,
                     Duration budget) override;
  Task<Result<>> get(std::string remote, std::filesystem::path local, Duration budget,
                     bool verify = true) override;

  /// A local TCP port (127.0.0.1) that leads to the guest's `port` on its own loopback. Kept over
  /// re-dials. 0 for `local`: any free one.
  Task<Result<std::uint16_t>> forward(std::uint16_t port, std::uint16_t local = 0);
  /// The same from a unix socket.
  Task<Result<>> forward_unix(std::filesystem::path socket, std::uint16_t port);
  Task<Result<>> end_forward(std::uint16_t local);

  /// How another client on this machine gets a session over our connection, which is dialled if
  /// need be: `program arguments... -- host [command]`. Without our connection it fails, it does
  /// not dial by itself.
  struct Access {
    std::string program;
    std::vector<std::string> arguments;
    std::string host;
  };
  Task<Result<Access>> access();

  /// The DUT was powered off, restored from a snapshot or re-flashed: the connection is known to be
  /// dead. Commands in flight end with ssh.lost at once; the next call dials anew.
  void drop();
  /// The DUT gets a new identity (flash, factory reset): its next host key is the right one.
  void forget_host_key();
  /// The pinned key, "ssh-ed25519 AAAA...", empty before the first contact.
  std::string host_key() const;
  bool connected() const;
  /// Dials since the start; a change tells that there was a reconnect, not that there was a reboot.
  unsigned dials() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace seatrial::dut
