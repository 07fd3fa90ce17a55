// SPDX-License-Identifier: Apache-2.0
// Requests and verbs, without sockets: faults, cuts, who is let in, and a host that is full.
#include "workers/disk/service.hpp"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>

#include <nlohmann/json.hpp>

#include "tests/workers/disk/disk_files.hpp"

namespace seatrial::cutdisk {
namespace {
using nbd::Command;
using nlohmann::json;
using test::DiskFiles;
using test::pattern;
using test::same;
using ::testing::HasSubstr;

constexpr std::uint64_t kSize = 1u << 20;

struct ServiceTest : ::testing::Test {
  DiskFiles files{kSize};
  std::optional<Service> service;
  ServiceTest() { service.emplace(files.open()); }

  /// The server was killed, and started again.
  void again() {
    service.reset();
    auto disk = CutDisk::open(files.options);
    if (!disk) throw std::runtime_error(disk.error().describe());
    service.emplace(std::move(*disk));
  }
  json verb(const char* text) {
    const auto answer = service->answer(json::parse(text));
    EXPECT_TRUE(answer.contains("ok")) << answer.dump();
    return answer.value("ok", json());
  }
  json refused(const char* text) {
    const auto answer = service->answer(json::parse(text, nullptr, false));
    EXPECT_TRUE(answer.contains("error")) << answer.dump();
    return answer.value("error", json::object());
  }
  struct Reply {
    std::uint32_t error = 0;
    std::string data;
    Service::Answer how;
  };
  Reply ask(Command command, std::uint64_t offset, std::uint32_t length,
            const std::string& payload = {}, bool offline = false) {
    nbd::Request request;
    request.command = command;
    request.offset = offset;
    request.length = length;
    request.payload = payload;
    std::string out;
    Reply reply;
    reply.how = service->serve(request, offline, out);
    if (out.size() < 16) return reply;
    reply.error = static_cast<std::uint32_t>(nbd::get(out, 4, 4));
    reply.data = out.substr(16);
    return reply;
  }
  Reply write(std::uint64_t offset, const std::string& bytes, bool offline = false) {
    return ask(Command::write, offset, static_cast<std::uint32_t>(bytes.size()), bytes, offline);
  }
};

TEST_F(ServiceTest, reads_writes_and_refuses_what_is_beyond_the_disk) {
  EXPECT_EQ(write(4096, pattern(4096, 1)).error, 0u);
  EXPECT_TRUE(same(ask(Command::read, 4096, 4096).data, pattern(4096, 1)));
  for (const auto command : {Command::read, Command::trim, Command::zero})
    EXPECT_EQ(ask(command, kSize - 512, 1024).error, nbd::kEinval);
  EXPECT_EQ(write(UINT64_MAX - 100, pattern(512, 1)).error, nbd::kEinval);
  EXPECT_EQ(ask(static_cast<Command>(99), 0, 0).error, nbd::kEinval);
  EXPECT_TRUE(ask(Command::read, kSize, 512).data.empty()) << "no data after an error";
  EXPECT_EQ(verb(R"({"do":"stat"})")["troubles"], 0) << "a guest's mistake is none of the bench";
}

TEST_F(ServiceTest, a_fault_strikes_its_range_its_operation_and_as_often_as_it_should) {
  verb(R"({"do":"fault","id":"a","op":"read","offset":4096,"length":4096,"errno":5,"count":2})");
  EXPECT_EQ(ask(Command::read, 0, 4096).error, 0u);
  EXPECT_EQ(write(4096, pattern(512, 1)).error, 0u);
  EXPECT_EQ(ask(Command::read, 0, 4097).error, 5u);
  EXPECT_EQ(ask(Command::read, 8191, 1).error, 5u);
  EXPECT_EQ(ask(Command::read, 8191, 1).error, 0u) << "twice";
  verb(R"({"do":"fault","id":"b","op":"flush","errno":5})");
  verb(R"({"do":"fault","id":"c","op":"*","offset":8192,"length":1,"delay_ms":700})");
  EXPECT_EQ(ask(Command::flush, 0, 0).error, 5u);
  EXPECT_EQ(ask(Command::read, 8192, 512).how.delay_ms, 700u);
  EXPECT_EQ(ask(Command::read, 8704, 512).how.delay_ms, 0u);
  verb(R"({"do":"clear_faults","id":"b"})");
  EXPECT_EQ(ask(Command::flush, 0, 0).error, 0u);
  EXPECT_EQ(ask(Command::read, 8192, 512, {}, true).how.delay_ms, 0u) << "the host sees none";
  verb(R"({"do":"clear_faults"})");
  EXPECT_EQ(verb(R"({"do":"stat"})")["faults"].size(), 0u);
}

TEST_F(ServiceTest, the_power_goes_off_at_the_nth_write_into_a_range_before_it_is_done) {
  verb(R"({"do":"fault","op":"write","offset":65536,"length":4096,"cut_at":3})");
  for (unsigned i = 1; i <= 2; ++i) {
    EXPECT_EQ(write(65536, pattern(512, i)).error, 0u);
    EXPECT_EQ(write(0, pattern(512, i)).error, 0u) << "elsewhere";
    ask(Command::flush, 0, 0);
  }
  const auto epoch = service->epoch();
  EXPECT_TRUE(write(65536, pattern(512, 3)).how.silent);
  EXPECT_NE(service->epoch(), epoch);
  EXPECT_TRUE(service->disk().off());
  EXPECT_EQ(service->admit("dut", true).refusal, nbd::Refusal::shutdown);
  EXPECT_TRUE(same(test::read(service->disk(), 65536, 512), pattern(512, 2)));
  const auto events = service->events_after(0);
  ASSERT_TRUE(events.has_value());
  EXPECT_EQ((*events)["ok"]["events"].back()["event"], "cut");
  verb(R"({"do":"revive"})");
  EXPECT_EQ(write(65536, pattern(512, 4)).error, 0u) << "once";
}

TEST_F(ServiceTest, one_guest_or_the_host_but_not_both) {
  EXPECT_EQ(service->admit("dut", true).refusal, nbd::Refusal::none);
  EXPECT_EQ(service->admit("", true).refusal, nbd::Refusal::none);
  EXPECT_EQ(service->admit("other", true).refusal, nbd::Refusal::unknown);
  service->entered(false);
  EXPECT_EQ(service->admit("dut", true).refusal, nbd::Refusal::policy);
  EXPECT_EQ(service->admit("offline", true).refusal, nbd::Refusal::policy);
  verb(R"({"do":"cut"})");
  EXPECT_EQ(service->admit("offline", true).refusal, nbd::Refusal::none);
  service->entered(true);
  verb(R"({"do":"revive"})");
  EXPECT_EQ(service->admit("dut", true).refusal, nbd::Refusal::policy);
  service->left(true, true);
  EXPECT_EQ(service->admit("dut", true).refusal, nbd::Refusal::none);
}

TEST_F(ServiceTest, what_the_host_writes_is_durable_at_once) {
  write(0, pattern(4096, 1));
  verb(R"({"do":"cut"})");
  EXPECT_EQ(write(8192, pattern(4096, 2), true).error, 0u);
  EXPECT_TRUE(same(test::read(service->disk(), 8192, 4096, Side::durable), pattern(4096, 2)));
  EXPECT_EQ(service->disk().pending_writes(), 0u);
}

TEST_F(ServiceTest, power_that_comes_back_finds_nothing_that_was_not_flushed) {
  service->entered(false);
  write(0, pattern(4096, 1));
  service->left(false, false);  // QEMU died, and nobody said cut
  EXPECT_EQ(service->disk().pending_writes(), 1u) << "it may come back";
  verb(R"({"do":"revive"})");
  EXPECT_TRUE(same(test::read(service->disk(), 0, 4096), std::string(4096, '\0')));
  verb(R"({"do":"policy","cut_at_eof":true})");
  service->entered(false);
  write(0, pattern(4096, 1));
  service->left(false, false);
  EXPECT_EQ(service->disk().pending_writes(), 0u) << "where nobody is there to say cut";
  service->entered(false);
  write(0, pattern(4096, 1));
  service->left(false, true);
  EXPECT_EQ(service->disk().pending_writes(), 1u) << "good bye is no power cut";
}

TEST_F(ServiceTest, policy_faults_and_ignored_flushes_outlive_the_server) {
  verb(R"({"do":"policy","seed":9,"permille":1000})");
  verb(R"({"do":"fault","id":"x","op":"write","offset":0,"length":512,"cut_at":2})");
  verb(R"({"do":"host_flushes","ignore":true})");
  write(0, pattern(512, 1));
  again();
  const auto stat = verb(R"({"do":"stat"})");
  EXPECT_EQ(stat["policy"]["permille"], 1000);
  EXPECT_EQ(stat["policy"]["seed"], 9);
  EXPECT_EQ(stat["faults"][0]["hits"], 1);
  ask(Command::flush, 0, 0);
  EXPECT_EQ(service->disk().pending_writes(), 1u);
  EXPECT_TRUE(write(0, pattern(512, 2)).how.silent) << "the second one, over both servers";
  EXPECT_EQ(verb(R"({"do":"cut"})")["kept"], 1);
}

TEST_F(ServiceTest, snapshots_and_marks) {
  write(0, pattern(4096, 1));
  EXPECT_EQ(verb(R"({"do":"snapshot","save":"a"})")["pending"], 1);
  write(0, pattern(4096, 2));
  const auto epoch = service->epoch();
  verb(R"({"do":"snapshot","restore":"a"})");
  EXPECT_NE(service->epoch(), epoch) << "the guest of before is gone";
  EXPECT_TRUE(same(test::read(service->disk(), 0, 4096), pattern(4096, 1)));
  EXPECT_EQ(refused(R"({"do":"snapshot","restore":"b"})")["code"], "disk.no_snapshot");
  EXPECT_GT(verb(R"({"do":"mark","text":"login:"})")["seq"], 0);
}

TEST_F(ServiceTest, requests_that_make_no_sense_say_what_is_wrong) {
  EXPECT_EQ(refused("[]")["code"], "disk.request");
  EXPECT_EQ(refused(R"({"do":"dance"})")["code"], "disk.request");
  EXPECT_THAT(refused(R"({"do":"mark","txt":"a"})")["what"].get<std::string>(), HasSubstr("txt"));
  EXPECT_THAT(refused(R"({"do":"policy","permille":-1})")["what"].get<std::string>(),
              HasSubstr("permille"));
  EXPECT_EQ(refused(R"({"do":"policy","permille":1001})")["code"], "disk.request");
  EXPECT_EQ(refused(R"({"do":"fault","op":"erase","errno":5})")["code"], "disk.fault");
  EXPECT_EQ(refused(R"({"do":"fault","errno":28})")["code"], "disk.fault");
  EXPECT_EQ(refused(R"({"do":"fault"})")["code"], "disk.fault");
  EXPECT_EQ(refused(R"({"do":"snapshot","save":"a","restore":"b"})")["code"], "disk.request");
  EXPECT_EQ(refused(R"({"do":"export","file":"/nowhere/x"})")["code"], "file.missing");
}

/// The host's disk ends at `bytes` for every file of this process.
class FullHost {
 public:
  explicit FullHost(std::uint64_t bytes) {
    ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit = before_;
    limit.rlim_cur = bytes;
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullHost() { ::setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

TEST_F(ServiceTest, a_full_disk_of_the_host_is_told_to_the_guest_and_to_the_bench) {
  write(0, pattern(65536, 1));
  const auto log = io::read_file(files.options.log).value();
  {
    const FullHost full(100'000);
    const auto reply = write(65536, pattern(65536, 2));
    EXPECT_EQ(reply.error, nbd::kEnospc);
  }
  const auto stat = verb(R"({"do":"stat"})");
  EXPECT_EQ(stat["troubles"], 1);
  EXPECT_EQ(stat["store"]["pages"], 16) << "nothing is left of it";
  const auto events = service->events_after(0);
  ASSERT_TRUE(events.has_value());
  const auto failure = (*events)["ok"]["events"].back()["failure"];
  EXPECT_EQ(failure["blame"], "bench");
  EXPECT_EQ(failure["code"], "file.disk_full");
  {
    const FullHost full(log.size() + 10);  // the pages fit, the record does not
    EXPECT_EQ(ask(Command::flush, 0, 0).error, nbd::kEnospc);
  }
  EXPECT_TRUE(same(io::read_file(files.options.log).value(), log)) << "no half record";
  EXPECT_EQ(write(65536, pattern(65536, 2)).error, 0u) << "space was made: QEMU writes again";
  again();
  EXPECT_TRUE(same(test::read(service->disk(), 0, 131072), pattern(65536, 1) + pattern(65536, 2)));
}

}  // namespace
}  // namespace seatrial::cutdisk
