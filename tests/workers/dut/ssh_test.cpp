// SPDX-License-Identifier: Apache-2.0
// Against a real OpenSSH server on the loopback interface, with keys of its own (sshd.sh).
#include "workers/dut/ssh.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "core/io/file.hpp"
#include "core/io/hash.hpp"
#include "core/io/process.hpp"
#include "core/io/socket.hpp"
#include "tests/workers/support/tasks.hpp"

namespace seatrial::dut {
namespace {
using namespace std::chrono_literals;
namespace fs = std::filesystem;
using boost::asio::ip::tcp;

struct SshTest : ::testing::Test {
  io::TempDir dir = io::TempDir::make("ssh_test").value();
  test::Loop loop;
  std::uint16_t port = io::free_local_port().value();
  std::optional<io::Process> server;
  SocketFolder sockets = SocketFolder::make(dir.path(), nullptr).value();
  std::unique_ptr<Ssh> ssh;

  void SetUp() override {
    const auto key = loop.run(make_ssh_key(dir.path() / "a key % folder"));
    ASSERT_TRUE(key.has_value()) << key.error().describe();
    ASSERT_TRUE(
        io::write_file_atomic(dir.path() / "authorized_keys", key->public_line + "\n", 0600));
    SshOptions options;
    options.user =
        io::run_checked(io::cmd("id").arg("-un"), Budget(20s, "id"), "id", Blame::bench).value();
    options.user.pop_back();
    options.port = [this] { return port; };
    options.key = key->private_key;
    options.folder = dir.path();
    options.socket_folder = sockets.path();
    ssh = std::make_unique<Ssh>(loop.executor(), options);
    start_server();
  }

  void start_server() {
    auto command = io::cmd(SEATRIAL_SOURCE_DIR "/tests/workers/dut/sshd.sh");
    command.arg(dir.path().string()).arg(std::to_string(port));
    command.stderr_file = dir.path() / "sshd.log";
    server.emplace(io::Process::start(loop.executor(), std::move(command)).value());
    const auto banner = loop.run(ssh->wait_banner(Budget(60s, "the banner")));
    ASSERT_TRUE(banner.has_value()) << banner.error().describe() << server_log();
    EXPECT_TRUE(banner->starts_with("SSH-2.0-OpenSSH")) << *banner;
  }
  /// It is gone, and so is its hold on the port.
  void kill_server() {
    server->signal_group(SIGKILL);
    EXPECT_TRUE(loop.run(server->wait()).has_value());
  }
  std::string server_log() { return "\n" + io::read_file(dir.path() / "sshd.log").value_or(""); }

  RunResult run(std::string command, std::string input = {}) {
    RunRequest request(std::move(command), 60s);
    request.input = std::move(input);
    auto result = loop.run(ssh->run(std::move(request)));
    EXPECT_TRUE(result.has_value()) << result.error().describe() << server_log();
    return result.value_or(RunResult{.exit_code = -1});
  }
};

TEST_F(SshTest, runs_commands_binary_safe_over_one_connection) {
  EXPECT_EQ(run("echo out; echo err >&2; exit 3").exit_code, 3);
  const auto both = run("echo out; echo err >&2");
  EXPECT_EQ(both.out, "out\n");
  EXPECT_EQ(both.err, "err\n");
  EXPECT_GT(both.took, 0s);
  std::string bytes(300'000, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7 + i / 251);
  EXPECT_EQ(run("cat", bytes).out, bytes);
  EXPECT_EQ(run("printf '%s' \"it's \\$HOME\"").out, "it's $HOME") << "quoting survives";
  EXPECT_EQ(run("kill -9 $$").exit_code, 137);
  EXPECT_EQ(ssh->dials(), 1u);
  EXPECT_TRUE(ssh->connected());
}

TEST_F(SshTest, a_command_that_exits_with_255_is_not_a_lost_connection) {
  const auto result = run("echo last words >&2; exit 255");
  EXPECT_EQ(result.exit_code, 255);
  EXPECT_EQ(result.err, "last words\n");
  const auto noisy = run("head -c 9000000 /dev/zero >&2; exit 255");
  EXPECT_EQ(noisy.exit_code, 255);
  EXPECT_GT(noisy.err_dropped, 0u);
}

TEST_F(SshTest, output_is_bounded_and_what_was_dropped_is_counted) {
  RunRequest request("head -c 1000000 /dev/zero", 60s);
  request.most = 1000;
  const auto result = loop.run(ssh->run(std::move(request)));
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->out.size(), 1000u);
  EXPECT_EQ(result->out_dropped, 999'000u);
}

TEST_F(SshTest, a_command_beyond_its_budget_is_named) {
  EXPECT_EQ(run("true").exit_code, 0);
  const auto result = loop.run(ssh->run(RunRequest("sleep 100", 1500ms)));
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code(), "deadline");
  EXPECT_NE(result.error().what().find("sleep 100"), std::string::npos);
  EXPECT_EQ(run("echo on").out, "on\n");
}

Task<Result<>> many(Ssh* ssh, int count, boost::asio::any_io_executor executor) {
  Nursery nursery(executor);
  const auto one = [](Ssh* ssh) -> Task<Result<>> {
    RunRequest request("sleep 0.2; echo done", 60s);
    CO_TRY(const auto result, co_await ssh->run(std::move(request)));
    if (result.out != "done\n")
      co_return Failure("test", Blame::suite, "wrong answer: " + result.out, "look");
    co_return Result<>();
  };
  for (int i = 0; i < count; ++i) nursery.start("one", one(ssh));
  co_return co_await nursery.join();
}

TEST_F(SshTest, many_commands_at_a_time_wait_their_turn) {
  const auto result = loop.run(many(ssh.get(), 20, loop.executor()));
  EXPECT_TRUE(result.has_value()) << result.error().describe();
  EXPECT_EQ(ssh->dials(), 1u);
}

TEST_F(SshTest, files_go_there_and_back_whole_with_their_mode) {
  std::string content(3'000'000, 'x');
  for (std::size_t i = 0; i < content.size(); i += 97) content[i] = static_cast<char>(i);
  ASSERT_TRUE(io::write_file_atomic(dir.path() / "original", content).has_value());
  const std::string remote = (dir.path() / "it's there").string();
  const auto put = loop.run(ssh->put(dir.path() / "original", remote, 0640, 60s));
  ASSERT_TRUE(put.has_value()) << put.error().describe();
  EXPECT_EQ(fs::status(remote).permissions(), fs::perms(0640));
  const auto got = loop.run(ssh->get(remote, dir.path() / "back", 60s));
  ASSERT_TRUE(got.has_value()) << got.error().describe();
  EXPECT_EQ(io::sha256_file(dir.path() / "back").value(), io::sha256(content));
  for (const auto& entry : fs::directory_iterator(dir.path()))
    EXPECT_EQ(entry.path().string().find(".seatrial-"), std::string::npos) << entry.path();
}

TEST_F(SshTest, files_that_cannot_be_written_or_read_leave_nothing_behind) {
  ASSERT_TRUE(io::write_file_atomic(dir.path() / "original", "text").has_value());
  const auto put = [&](const std::string& remote) {
    const auto result = loop.run(ssh->put(dir.path() / "original", remote, 0644, 60s));
    EXPECT_FALSE(result.has_value());
    return result ? "" : result.error().code();
  };
  EXPECT_EQ(put("/nowhere/at/all"), "file.remote");
  EXPECT_EQ(put(dir.path().string()), "file.remote") << "a folder is not replaced";
  const auto got = loop.run(ssh->get("/nowhere", dir.path() / "back", 60s));
  ASSERT_FALSE(got.has_value());
  EXPECT_EQ(got.error().code(), "file.remote");
  EXPECT_FALSE(fs::exists(dir.path() / "back"));
  const auto missing = loop.run(ssh->put("/no/such/local", "/tmp/x", 0644, 60s));
  EXPECT_FALSE(missing.has_value());
}

Task<Result<std::string>> first_words(std::uint16_t port) {
  CO_TRY(auto stream, co_await io::ByteStream::connect_tcp("127.0.0.1", port));
  std::array<char, 64> chunk;
  CO_TRY(const auto n, co_await stream.read_some(chunk));
  co_return std::string(chunk.data(), n);
}

TEST_F(SshTest, a_forward_leads_to_the_dut_and_survives_a_reconnect) {
  const auto local = loop.run(ssh->forward(port));
  ASSERT_TRUE(local.has_value()) << local.error().describe();
  EXPECT_TRUE(loop.run(first_words(*local)).value_or("").starts_with("SSH-2.0"));
  ssh->drop();
  EXPECT_FALSE(ssh->connected());
  EXPECT_EQ(run("echo again").out, "again\n");
  EXPECT_EQ(ssh->dials(), 2u);
  EXPECT_TRUE(loop.run(first_words(*local)).value_or("").starts_with("SSH-2.0"));
  ASSERT_TRUE(loop.run(ssh->end_forward(*local)).has_value());
  EXPECT_FALSE(loop.run(first_words(*local)).has_value());
  const fs::path socket = sockets.path() / "fwd";
  ASSERT_TRUE(loop.run(ssh->forward_unix(socket, port)).has_value());
  EXPECT_TRUE(fs::exists(socket));
}

TEST_F(SshTest, a_connection_that_breaks_under_a_command_is_lost_and_then_dialled_anew) {
  EXPECT_EQ(run("echo up").out, "up\n");
  // The session's own parent: sshd of this connection.
  const auto result =
      loop.run(ssh->run(RunRequest("kill -9 $(ps -o ppid= -p $PPID); sleep 20", 60s)));
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code(), "ssh.lost") << result.error().describe();
  EXPECT_EQ(result.error().blame(), Blame::unknown);
  EXPECT_EQ(run("echo up again").out, "up again\n");
  EXPECT_EQ(ssh->dials(), 2u);
}

TEST_F(SshTest, a_command_that_finds_a_deaf_master_is_sent_over_a_new_connection) {
  EXPECT_EQ(run("echo up").out, "up\n");
  fs::remove(sockets.path() / "ssh");  // as when the master is about to end, for longer
  EXPECT_EQ(run("echo again").out, "again\n");
  EXPECT_EQ(ssh->dials(), 2u);
}

Task<Result<RunResult>> drop_soon(Ssh* ssh, boost::asio::any_io_executor executor) {
  Nursery nursery(executor);
  const auto drop = [](Ssh* ssh) -> Task<Result<>> {
    co_await pause(700ms);
    ssh->drop();
    co_return Result<>();
  };
  nursery.start("drop", drop(ssh));
  RunRequest request("sleep 30", 60s);
  auto result = co_await ssh->run(std::move(request));
  CO_CHECK_OK(co_await nursery.join());
  co_return std::move(result);
}

TEST_F(SshTest, a_dropped_connection_ends_commands_in_flight_at_once) {
  EXPECT_EQ(run("true").exit_code, 0);
  const auto begin = Clock::system().monotonic();
  const auto result = loop.run(drop_soon(ssh.get(), loop.executor()));
  EXPECT_LT(Clock::system().monotonic() - begin, 15s);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code(), "ssh.lost");
}

TEST_F(SshTest, the_host_key_is_pinned_until_it_is_forgotten) {
  EXPECT_EQ(ssh->host_key(), "");
  EXPECT_EQ(run("true").exit_code, 0);
  const auto pinned = ssh->host_key();
  EXPECT_TRUE(pinned.starts_with("ssh-ed25519 AAAA")) << pinned;
  ssh->drop();
  kill_server();
  fs::remove(dir.path() / "host_key");
  fs::remove(dir.path() / "host_key.pub");
  start_server();
  const auto changed = loop.run(ssh->run(RunRequest("true", 60s)));
  ASSERT_FALSE(changed.has_value());
  EXPECT_EQ(changed.error().code(), "ssh.host_key_changed") << changed.error().describe();
  ssh->forget_host_key();
  EXPECT_EQ(run("true").exit_code, 0);
  EXPECT_NE(ssh->host_key(), pinned);
}

TEST_F(SshTest, a_dut_that_does_not_let_us_in_is_told_from_one_that_is_not_there) {
  ASSERT_TRUE(io::write_file_atomic(dir.path() / "authorized_keys", "\n", 0600).has_value());
  const auto begin = Clock::system().monotonic();
  const auto refused = loop.run(ssh->run(RunRequest("true", 60s)));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code(), ssh_code::refused_key) << refused.error().describe();
  // Who waits for it hears the same, when there was time for a few tries.
  const Duration some_tries = 4 * (Clock::system().monotonic() - begin) + 1s;
  const auto waited = loop.run(ssh->wait_ready(Budget(some_tries, "SSH")));
  ASSERT_FALSE(waited.has_value());
  EXPECT_EQ(waited.error().code(), ssh_code::refused_key) << waited.error().describe();
  kill_server();
  const auto absent = loop.run(ssh->run(RunRequest("true", 5s)));
  ASSERT_FALSE(absent.has_value());
  EXPECT_EQ(absent.error().code(), ssh_code::refused) << absent.error().describe();
}

TEST_F(SshTest, the_key_is_private_and_made_once) {
  const auto again = loop.run(make_ssh_key(dir.path() / "a key % folder"));
  ASSERT_TRUE(again.has_value());
  EXPECT_NE(io::read_file(dir.path() / "authorized_keys").value().find(again->public_line),
            std::string::npos);
  EXPECT_EQ(fs::status(again->private_key).permissions(), fs::perms(0600));
  EXPECT_EQ(fs::status(dir.path() / "a key % folder").permissions(), fs::perms(0700));
}

/// A port that accepts and says nothing for a while, as a forward to a guest that still boots.
Task<Result<>> silent_then_banner(tcp::acceptor* acceptor, int silent) {
  std::vector<tcp::socket> held;
  for (;;) {
    auto peer = co_await acceptor->async_accept(boost::asio::use_awaitable);
    if (--silent < 0)
      co_await boost::asio::async_write(peer, boost::asio::buffer("SSH-2.0-late\r\n", 14),
                                        boost::asio::use_awaitable);
    held.push_back(std::move(peer));
  }
}

TEST(SshBanner, a_port_that_accepts_is_not_ready_before_it_sends_the_banner) {
  test::Loop loop;
  tcp::acceptor acceptor(loop.io, {boost::asio::ip::make_address("127.0.0.1"), 0});
  loop.nursery().start("port", silent_then_banner(&acceptor, 2));
  SshOptions options;
  options.port = [&] { return acceptor.local_endpoint().port(); };
  options.banner_try = 50ms;
  Ssh ssh(loop.executor(), options);
  const auto banner = loop.run(ssh.wait_banner(Budget(20s, "the banner")));
  ASSERT_TRUE(banner.has_value()) << banner.error().describe();
  EXPECT_EQ(*banner, "SSH-2.0-late");
}

TEST(SshBanner, a_port_that_never_speaks_costs_the_budget) {
  test::Loop loop;
  tcp::acceptor acceptor(loop.io, {boost::asio::ip::make_address("127.0.0.1"), 0});
  loop.nursery().start("port", silent_then_banner(&acceptor, 1000));
  SshOptions options;
  options.port = [&] { return acceptor.local_endpoint().port(); };
  Ssh ssh(loop.executor(), options);
  const auto banner = loop.run(ssh.wait_banner(Budget(300ms, "the SSH banner of the DUT")));
  ASSERT_FALSE(banner.has_value());
  EXPECT_NE(banner.error().what().find("the SSH banner of the DUT"), std::string::npos);
}

TEST(ShellQuote, survives_every_letter) {
  EXPECT_EQ(shell_quote("plain"), "'plain'");
  const std::string odd = "a'b\"c $HOME `x` \\ \n*";
  const auto out = io::run_blocking(io::cmd("sh").arg("-c").arg("printf %s " + shell_quote(odd)),
                                    Budget(10s, "sh"));
  EXPECT_EQ(out.value().out, odd);
}

}  // namespace
}  // namespace seatrial::dut
