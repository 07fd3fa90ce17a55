// SPDX-License-Identifier: Apache-2.0
// The cut-aware disk against a qcow2 overlay, which is what a guest had before: the same requests
// by qemu-img bench, in turns, on one base. Ratios, because the host is not quiet.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>

#include "core/io/file.hpp"
#include "tests/bench/figures.hpp"

namespace seatrial::figures {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kSize = 512u << 20;

struct Load {
  const char* name;
  unsigned count, depth, kilobytes;
  bool write;
  double at_most;  ///< the ratio; a request of its own costs a change of processes
};
constexpr Load kLoads[] = {{"reads of 4 KiB, one at a time", 20'000, 1, 4, false, 8},
                           {"reads of 4 KiB, 16 at a time", 20'000, 16, 4, false, 4},
                           {"writes of 4 KiB, 16 at a time", 20'000, 16, 4, true, 4},
                           {"writes of 64 KiB, 8 at a time", 4'000, 8, 64, true, 4},
                           {"reads of 1 MiB, 4 at a time", 400, 4, 1024, false, 4}};

/// A disk that is not all holes.
Result<> make_base(const fs::path& file) {
  TRY(auto out, io::AppendFile::open(file));
  std::string block(1u << 20, '\0');
  for (std::size_t i = 0; i < block.size(); ++i) block[i] = static_cast<char>(i * 131 + i / 4096);
  for (std::uint64_t at = 0; at < kSize; at += block.size()) CHECK_OK(out.append(block));
  return {};
}

/// A server that is ready.
Result<io::Process> serve(const Scope& scope, const fs::path& folder,
                          boost::asio::io_context& context) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return io::file_failure("make a pipe in", folder, errno);
  const io::UniqueFd from(ends[0]), to(ends[1]);
  auto command = io::cmd((scope.bin / "seatrial-disk").string());
  command.arg("--base").arg((folder / "base.img").string());
  command.arg("--store").arg((folder / "pages").string());
  command.arg("--log").arg((folder / "log").string());
  command.arg("--nbd").arg((folder / "nbd").string());
  command.arg("--control").arg((folder / "control").string());
  command.stdout_fd = to.get();
  TRY(auto process, io::Process::start(context.get_executor(), std::move(command)));
  char byte = 0;
  if (::read(from.get(), &byte, 1) != 1) return io::file_failure("hear from", folder, EPIPE);
  return process;
}

Result<double> measure(const Load& load, const std::string& format, const std::string& disk) {
  auto run = io::cmd("qemu-img").arg("bench").arg("-f").arg(format).arg("-t").arg("writeback");
  run.arg("-c").arg(std::to_string(load.count)).arg("-d").arg(std::to_string(load.depth));
  run.arg("-s").arg(fmt::format("{}k", load.kilobytes));
  if (load.write) run.arg("-w").arg("--pattern=65");
  run.arg(disk);
  TRY(const auto said, output_of(std::move(run), std::chrono::minutes(5)));
  const auto at = said.find("completed in ");
  if (at == said.npos)
    return Failure("bench.program", Blame::bench, "qemu-img bench said " + said, "run it by hand");
  return std::strtod(said.c_str() + at + 13, nullptr);
}

}  // namespace

Result<> disk_figures(const Scope& scope, Table& table) {
  TRY(const auto dir, io::TempDir::make("disk_figures"));
  const auto& folder = dir.path();
  CHECK_OK(make_base(folder / "base.img"));
  auto create = io::cmd("qemu-img").arg("create").arg("-q").arg("-f").arg("qcow2").arg("-F");
  create.arg("raw").arg("-b").arg((folder / "base.img").string());
  create.arg((folder / "disk.qcow2").string());
  TRY(const auto created, output_of(std::move(create), std::chrono::minutes(1)));
  boost::asio::io_context context;
  TRY(const auto server, serve(scope, folder, context));
  const auto served = "nbd+unix:///dut?socket=" + (folder / "nbd").string();
  for (const auto& load : kLoads) {
    std::vector<double> overlay, cut;
    for (int round = 0; round < (scope.quick ? 3 : 7); ++round) {
      TRY(const auto a, measure(load, "qcow2", (folder / "disk.qcow2").string()));
      TRY(const auto b, measure(load, "raw", served));
      overlay.push_back(a);
      cut.push_back(b);
    }
    table.add({fmt::format("qcow2 overlay: {} {}", load.count, load.name),
               smallest(overlay),
               "s",
               {},
               {}});
    table.add({fmt::format("cut disk: {} {}", load.count, load.name), smallest(cut), "s", {}, {}});
    table.add({"ratio", smallest(cut) / smallest(overlay), "", load.at_most, {}});
  }
  return {};
}

}  // namespace seatrial::figures
