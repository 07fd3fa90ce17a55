// SPDX-License-Identifier: Apache-2.0
// Files to and from the DUT, whole or not at all, with the digest compared on both sides.
#include <fmt/format.h>

#include "core/base/ids.hpp"
#include "core/base/text.hpp"
#include "core/io/file.hpp"
#include "core/io/hash.hpp"
#include "workers/dut/ssh_master.hpp"

namespace seatrial::dut {
namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

constexpr int kWrongDigest = 65, kIsFolder = 66;  ///< of our scripts below
constexpr std::size_t kMostMessage = 65536;
constexpr std::uintmax_t kHashInProcess = 8u << 20;

Failure digest_failure(const std::string& file, std::string_view direction) {
  return Failure(
      "file.digest", Blame::unknown,
      fmt::format("{} differs from its original after the way {} the DUT", file, direction),
      "a file that changes while it is read cannot be compared: ask for it without");
}

Failure remote_failure(const std::string& doing, const std::string& remote,
                       const RunResult& result) {
  return Failure("file.remote", Blame::unknown,
                 fmt::format("cannot {} {} on the DUT: {}", doing, remote,
                             result.err.empty() ? fmt::format("exit code {}", result.exit_code)
                                                : std::string(trim(result.err))),
                 "check the path, the free space and whether the file system is writable");
}

/// Of a file of any size, without holding up the loop: large ones are read by a child.
Task<Result<std::string>> digest_of(fs::path file, Duration budget) {
  std::error_code error;
  const auto size = fs::file_size(file, error);
  if (error) co_return io::file_failure("read", file, error.value());
  if (size <= kHashInProcess) co_return io::sha256_file(file);
  auto command = io::cmd("sha256sum").arg("--").arg(file.string());
  const Budget limit(budget, "the digest of " + file.string());
  CO_TRY(const auto output, co_await io::run(std::move(command), limit));
  if (!output.status.ok() || output.out.size() < 64) co_return io::file_failure("read", file, EIO);
  co_return output.out.substr(0, 64);
}

}  // namespace

Task<Result<>> Ssh::put(fs::path local, std::string remote, unsigned mode, Duration budget) {
  auto state = state_;
  CO_TRY(const auto digest, co_await digest_of(local, budget));
  State::Streams streams;
  streams.from = local;
  // sh of busybox or dash; the new file is beside the target, so that the rename is atomic.
  const std::string script = fmt::format(
      "t={}; n=\"$t.seatrial-{}\"; [ ! -d \"$t\" ] || exit {}; trap 'rm -f \"$n\"' EXIT; "
      "cat > \"$n\" || exit 1; s=$(sha256sum < \"$n\") || exit 1; "
      "[ \"${{s%% *}}\" = {} ] || exit {}; chmod {:o} \"$n\" && mv -f \"$n\" \"$t\"",
      shell_quote(remote), random_hex(6), kIsFolder, digest, kWrongDigest, mode & 07777u);
  CO_TRY(const auto result,
         co_await State::execute(state, script, std::move(streams), budget, kMostMessage));
  if (result.exit_code == kWrongDigest) co_return digest_failure(local.string(), "to");
  if (result.exit_code == kIsFolder) {
    RunResult folder;
    folder.err = "it is a folder";
    co_return remote_failure("write", remote, folder);
  }
  if (!result.ok()) co_return remote_failure("write", remote, result);
  co_return Result<>();
}

namespace {

/// Removes an unfinished download on every way out.
struct Partial {
  fs::path file;
  ~Partial() {
    std::error_code ignored;  // renamed into place, or never made
    fs::remove(file, ignored);
  }
};

}  // namespace

Task<Result<>> Ssh::get(std::string remote, fs::path local, Duration budget, bool verify) {
  auto state = state_;
  const Partial partial{local.string() + ".part-" + random_hex(6)};
  for (int tries = 0; tries < 2; ++tries) {
    std::error_code none_yet;
    fs::remove(partial.file, none_yet);
    State::Streams streams;
    streams.to = partial.file;
    const std::string cat = "cat -- " + shell_quote(remote);
    CO_TRY(const auto result,
           co_await State::execute(state, cat, std::move(streams), budget, kMostMessage));
    if (!result.ok()) co_return remote_failure("read", remote, result);
    bool same = true;
    if (verify) {
      const std::string sum = "sha256sum < " + shell_quote(remote);
      State::Streams none;
      CO_TRY(const auto said,
             co_await State::execute(state, sum, std::move(none), budget, kMostMessage));
      if (!said.ok()) co_return remote_failure("read", remote, said);
      CO_TRY(const auto digest, co_await digest_of(partial.file, budget));
      same = said.out.starts_with(digest);
    }
    if (!same) continue;
    std::error_code error;
    fs::rename(partial.file, local, error);
    if (error) co_return io::file_failure("rename to", local, error.value());
    co_return Result<>();
  }
  co_return digest_failure(remote, "from");
}

}  // namespace seatrial::dut
