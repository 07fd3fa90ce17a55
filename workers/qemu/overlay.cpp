// SPDX-License-Identifier: Apache-2.0
#include "workers/qemu/overlay.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/base/text.hpp"
#include "core/io/file.hpp"
#include "core/io/process.hpp"

namespace seatrial::qemu {
namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

Failure base_failure(const fs::path& base, std::string why) {
  return Failure(
      "overlay.base", Blame::bench,
      fmt::format("{} cannot be the base of a disk: {}", base.string(), why),
      "name a raw or qcow2 disk image, unpacked; seatrial image inspect tells what it is");
}

/// Runs qemu-img. Its exit status is the caller's business.
Task<Result<io::Output>> qemu_img(io::Command command) {
  const Budget budget = Budget(60s, command.args.front() + " by qemu-img").with_blame(Blame::bench);
  auto output = co_await io::run(std::move(command), budget);
  if (!output && output.error().code() == "program.missing")
    co_return Failure("qemu.missing", Blame::bench, "qemu-img is not installed",
                      "install it: apt-get install qemu-utils (or run ./sea setup)");
  co_return std::move(output);
}

Result<std::string> format_by_magic(const fs::path& image) {
  std::error_code error;
  if (!fs::is_regular_file(image, error))
    return base_failure(image, error || !fs::exists(image, error) ? "there is no such file"
                                                                  : "it is not a regular file");
  if (fs::file_size(image, error) == 0) return base_failure(image, "it is empty");
  char magic[4] = {};
  std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(image.c_str(), "re"), std::fclose);
  if (!file) return io::file_failure("open", image, errno);
  const bool whole = std::fread(magic, 1, sizeof magic, file.get()) == sizeof magic;
  return std::string(whole && std::string_view(magic, 4) == "QFI\xfb" ? "qcow2" : "raw");
}

}  // namespace

Task<Result<ImageInfo>> inspect_image(fs::path image, std::string format) {
  CO_TRY(const auto found, format_by_magic(image));
  if (format.empty()) format = found;
  auto command = io::cmd("qemu-img").arg("info").arg("--output=json").arg("-U");
  command.arg("-f").arg(format).arg(image.string());
  CO_TRY(const auto output, co_await qemu_img(std::move(command)));
  if (!output.status.ok()) co_return base_failure(image, std::string(trim(output.err)));
  const auto info = nlohmann::json::parse(output.out, nullptr, false);
  if (!info.is_object()) co_return base_failure(image, "qemu-img says nothing about it");
  ImageInfo result;
  result.format = info.value("format", "");
  result.virtual_size = info.value("virtual-size", std::uint64_t{0});
  result.actual_size = info.value("actual-size", std::uint64_t{0});
  result.backing = info.value("full-backing-filename", info.value("backing-filename", ""));
  co_return std::move(result);
}

Task<Result<>> make_overlay(OverlayRequest request) {
  CO_TRY(const auto found, format_by_magic(request.base));
  if (request.base_format.empty()) request.base_format = found;
  if (request.base_format == "qcow2" && found != "qcow2")
    co_return base_failure(request.base, "it is not a qcow2 image");
  std::error_code error;
  const fs::path base = fs::absolute(request.base, error);
  if (request.size) {
    CO_TRY(const auto info, co_await inspect_image(base, request.base_format));
    if (request.size < info.virtual_size)
      co_return base_failure(
          base, fmt::format("{} bytes are asked for, it has {}", request.size, info.virtual_size));
  }
  // A new file under a new name, renamed over the old: whoever looks sees a whole overlay.
  const fs::path fresh = request.overlay.string() + ".new";
  fs::remove(fresh, error);
  auto command = io::cmd("qemu-img").arg("create").arg("-q").arg("-f").arg("qcow2");
  command.arg("-b").arg(base.string()).arg("-F").arg(request.base_format).arg(fresh.string());
  if (request.size) command.arg(std::to_string(request.size));
  CO_TRY(const auto output, co_await qemu_img(std::move(command)));
  if (!output.status.ok()) {
    fs::remove(fresh, error);
    const std::string said(trim(output.err));
    if (said.find("No space left") != std::string::npos)
      co_return Failure("disk.full", Blame::bench, said, "free disk space on the host");
    co_return Failure("overlay.create", Blame::bench,
                      fmt::format("cannot make {}: {}", request.overlay.string(), said),
                      "check the run folder and the base image");
  }
  fs::rename(fresh, request.overlay, error);
  if (error) co_return io::file_failure("rename to", request.overlay, error.value());
  co_return Result<>();
}

}  // namespace seatrial::qemu
