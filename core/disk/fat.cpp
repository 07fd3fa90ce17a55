// SPDX-License-Identifier: Apache-2.0
#include "core/disk/fat.hpp"

#include <fmt/format.h>

#include "core/base/text.hpp"
#include "core/io/file.hpp"
#include "core/io/process.hpp"

namespace seatrial::disk {
namespace {
using namespace std::chrono_literals;

io::Command mtool(const std::string& name, const Window& window) {
  auto command =
      io::cmd(name).arg("-i").arg(fmt::format("{}@@{}", window.file.string(), window.offset));
  command.env.emplace_back("MTOOLS_SKIP_CHECK",
                           "1");  // images need not have the geometry of a floppy
  command.env.emplace_back("MTOOLSRC", "/dev/null");
  return command;
}

Result<std::string> mtools_path(const std::string& path) {
  if (path.find_first_of("*?[]\\:\n") != std::string::npos)
    return Failure("disk.bad_path", Blame::suite, "not a path in a FAT file system: " + path,
                   "use plain names");
  return "::" + (path.empty() || path.front() != '/' ? "/" + path : path);
}

Result<std::string> run(io::Command command, const std::string& path) {
  TRY(auto output, io::run_blocking(std::move(command), Budget(60s, "mtools"), 64u << 20));
  if (output.status.ok()) return std::move(output.out);
  const std::string words(trim(output.err));
  const bool missing =
      words.find("not found") != std::string::npos || words.find("No such") != std::string::npos;
  const bool full = words.find("No free") != std::string::npos ||
                    words.find("Disk full") != std::string::npos ||
                    words.find("no space") != std::string::npos;
  return Failure(
      missing ? "disk.no_such_file"
      : full  ? "disk.full_partition"
              : "disk.fat",
      Blame::unknown,
      fmt::format("cannot use {} in the FAT file system: {}", path, words.substr(0, 300)),
      missing ? "list the folder to see what is there" : "check the file system with fsck.vfat -n");
}

}  // namespace

Result<std::string> Fat::read(const std::string& path) const {
  TRY(const auto name, mtools_path(path));
  return run(mtool("mtype", window_).arg(name), path);
}

Result<std::vector<std::string>> Fat::list(const std::string& path) const {
  TRY(const auto name, mtools_path(path));
  TRY(const auto text, run(mtool("mdir", window_).arg("-b").arg(name), path));
  std::vector<std::string> names;
  for (const auto& line : split(text, '\n')) {
    std::string entry(trim(line));
    if (entry.empty()) continue;
    if (entry.back() == '/') entry.pop_back();
    const auto leaf = entry.substr(entry.rfind('/') + 1);
    if (leaf != "." && leaf != "..") names.push_back(leaf);
  }
  return names;
}

Result<> Fat::copy_all(const std::filesystem::path& to) const {
  TRY(const auto names, list("/"));
  if (names.empty()) return {};  // mcopy calls an empty root a failure
  auto command = mtool("mcopy", window_).arg("-s").arg("-n").arg("-Q").arg("::/");
  TRY(const auto ignored, run(std::move(command).arg(to.string()), "/"));
  return {};
}

Result<> Fat::write(const std::string& path, const std::string& content) const {
  TRY(const auto name, mtools_path(path));
  std::string folder;
  const auto parts = split(name.substr(3), '/');
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    folder += "/" + parts[i];
    if (list(folder)) continue;
    TRY(auto made, run(mtool("mmd", window_).arg("-D").arg("s").arg("::" + folder), folder));
    (void)made;
  }
  TRY(const auto temp, io::TempDir::make("fat"));
  const auto file = temp.path() / "content";
  CHECK_OK(io::write_file_atomic(file, content));
  TRY(auto ignored,
      run(mtool("mcopy", window_).arg("-o").arg("-D").arg("o").arg(file.string()).arg(name), path));
  (void)ignored;
  return {};
}

Result<> Fat::remove(const std::string& path) const {
  TRY(const auto name, mtools_path(path));
  TRY(auto ignored, run(mtool("mdel", window_).arg(name), path));
  (void)ignored;
  return {};
}

Result<std::string> Fat::label() const {
  TRY(const auto text, run(mtool("mlabel", window_).arg("-s").arg("::"), "the label"));
  const auto marker = text.find("Volume label is ");
  if (marker == std::string::npos) return std::string();
  std::string_view rest = std::string_view(text).substr(marker + 16);
  return std::string(trim(rest.substr(0, rest.find_first_of("\n("))));
}

}  // namespace seatrial::disk
