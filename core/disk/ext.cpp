// SPDX-License-Identifier: Apache-2.0
#include "core/disk/ext.hpp"

#include <fmt/format.h>

#include "core/base/assert.hpp"
#include "core/base/text.hpp"
#include "core/io/file.hpp"
#include "core/io/process.hpp"

namespace seatrial::disk {
namespace {
using namespace std::chrono_literals;

Failure unreadable(const std::string& path, const std::string& words) {
  const bool missing = words.find("File not found") != std::string::npos;
  return Failure(
      missing ? "disk.no_such_file" : "disk.ext", Blame::unknown,
      fmt::format("cannot use {} in the ext file system: {}", path, words.substr(0, 300)),
      missing ? "list the folder to see what is there" : "check the file system with e2fsck -n");
}

}  // namespace

Result<Ext> Ext::open(Window window, bool replay) {
  if (!replay) return Ext(std::move(window));
  SEATRIAL_ASSERT(window.copy && window.offset == 0);
  TRY(auto output,
      io::run_blocking(
          io::cmd("e2fsck").arg("-y").arg("-E").arg("journal_only").arg(window.file.string()),
          Budget(120s, "e2fsck to replay the journal")));
  if (output.status.signal != 0 || output.status.code >= 8)
    return unreadable("its journal", std::string(trim(output.err)));
  return Ext(std::move(window));
}

Result<std::string> Ext::debugfs(const std::string& request, const std::string& path) const {
  if (path.find_first_of("\"\n") != std::string::npos)
    return Failure("disk.bad_path", Blame::suite, "not a usable path: " + path, "use plain names");
  auto command = io::cmd("debugfs").arg("-R").arg(request);
  command.arg(window_.offset ? fmt::format("{}?offset={}", window_.file.string(), window_.offset)
                             : window_.file.string());
  command.env.emplace_back("DEBUGFS_PAGER", "cat");
  TRY(auto output, io::run_blocking(std::move(command), Budget(60s, "debugfs"), 64u << 20));
  // debugfs exits 0 whatever happens; its first line of stderr is its banner.
  for (const auto& line : split(output.err, '\n'))
    if (!line.empty() && line.rfind("debugfs ", 0) != 0) return unreadable(path, line);
  return std::move(output.out);
}

Result<std::string> Ext::read(const std::string& path) const {
  TRY(const auto folder, io::TempDir::make("ext"));
  const auto file = folder.path() / "content";
  TRY(auto ignored, debugfs(fmt::format("dump \"{}\" {}", path, file.string()), path));
  (void)ignored;
  return io::read_file(file);
}

Result<std::vector<std::string>> Ext::list(const std::string& path) const {
  TRY(const auto text, debugfs(fmt::format("ls -p \"{}\"", path), path));
  std::vector<std::string> names;
  for (const auto& line : split(text, '\n')) {
    const auto fields = split(line, '/');  // /inode/mode/uid/gid/name/size/
    if (fields.size() >= 6 && fields[5] != "." && fields[5] != ".." && fields[1] != "0")
      names.push_back(fields[5]);
  }
  return names;
}

Result<std::string> Ext::link_target(const std::string& path) const {
  TRY(const auto text, debugfs(fmt::format("stat \"{}\"", path), path));
  const auto marker = text.find("Fast link dest: \"");
  if (marker != std::string::npos) {
    const auto begin = marker + 17;
    return text.substr(begin, text.find('"', begin) - begin);
  }
  if (text.find("Type: symlink") == std::string::npos)
    return Failure("disk.no_link", Blame::unknown, path + " is not a symbolic link",
                   "read it as a file");
  return read(path);  // a long target lies in a data block
}

}  // namespace seatrial::disk
