// SPDX-License-Identifier: Apache-2.0
#include "tests/repo/tree.hpp"

#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>

namespace seatrial::repo {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> listed() {
  // safe.directory: the tests may run as another user than the owner of the clone.
  const auto ran =
      run("git -c safe.directory='*' ls-files --cached --others --exclude-standard 2>/dev/null");
  std::vector<std::string> out;
  if (ran.code == 0 && !ran.output.empty()) {
    std::size_t begin = 0;
    for (auto end = ran.output.find('\n'); end != std::string::npos;
         end = ran.output.find('\n', begin)) {
      out.push_back(ran.output.substr(begin, end - begin));
      begin = end + 1;
    }
    return out;
  }
  for (auto it = fs::recursive_directory_iterator(root()); it != fs::end(it); ++it) {
    const auto name = it->path().filename().string();
    if (it->is_directory() && (name.starts_with("build") || name == ".git" || name == "runs"))
      it.disable_recursion_pending();
    else if (it->is_regular_file())
      out.push_back(fs::relative(it->path(), root()).string());
  }
  return out;
}

std::vector<TextFile> load() {
  std::vector<TextFile> out;
  for (const auto& path : listed()) {
    std::ifstream in(root() / path, std::ios::binary);
    if (!in || fs::is_symlink(root() / path)) continue;
    TextFile file{path, {std::istreambuf_iterator<char>(in), {}}, {}};
    if (file.text.substr(0, 8192).find('\0') != std::string::npos) continue;
    if (file.is_cpp()) file.code = without_comments_and_literals(file.text);
    out.push_back(std::move(file));
  }
  std::sort(out.begin(), out.end(), [](auto& a, auto& b) { return a.path < b.path; });
  return out;
}

/// One step of the blanking scanner: where the construct that starts at `i` ends.
std::size_t end_of_raw_string(std::string_view text, std::size_t i) {
  const auto open = text.find('(', i);
  if (open == std::string_view::npos) return text.size();
  const std::string close = ")" + std::string(text.substr(i + 2, open - i - 2)) + "\"";
  const auto end = text.find(close, open);
  return end == std::string_view::npos ? text.size() : end + close.size();
}

std::size_t end_of_literal(std::string_view text, std::size_t i) {
  const char quote = text[i];
  for (++i; i < text.size() && text[i] != quote && text[i] != '\n'; ++i)
    if (text[i] == '\\') ++i;
  return std::min(i + 1, text.size());
}

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

}  // namespace

bool TextFile::is_cpp() const {
  return path.ends_with(".cpp") || is_header() || path.ends_with(".c");
}
bool TextFile::is_header() const { return path.ends_with(".hpp") || path.ends_with(".h"); }

std::size_t TextFile::line_at(std::size_t offset) const {
  const auto end = text.begin() + static_cast<std::ptrdiff_t>(std::min(offset, text.size()));
  return 1 + static_cast<std::size_t>(std::count(text.begin(), end, '\n'));
}

fs::path root() { return SEATRIAL_SOURCE_DIR; }

const std::vector<TextFile>& files() {
  static const std::vector<TextFile> all = load();
  return all;
}

bool is_under(std::string_view path, std::string_view folder) {
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

std::string at(const TextFile& file, std::size_t offset, std::string_view text) {
  return file.path + ":" + std::to_string(file.line_at(offset)) + ": " + std::string(text);
}

std::string shown(const Findings& findings) {
  std::string out;
  for (const auto& finding : findings) out += "  " + finding + "\n";
  return out;
}

std::string without_comments_and_literals(std::string_view text) {
  std::string out(text);
  const auto blank = [&](std::size_t from, std::size_t to) {
    for (auto i = from; i < to; ++i)
      if (out[i] != '\n') out[i] = ' ';
  };
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i + 1;
    const auto two = text.substr(i, 2);
    if (two == "//") {
      end = std::min(text.find('\n', i), text.size());
      blank(i, end);
    } else if (two == "/*") {
      const auto close = text.find("*/", i + 2);
      end = close == std::string_view::npos ? text.size() : close + 2;
      blank(i, end);
    } else if (two == "R\"" && (i == 0 || !is_word(text[i - 1]))) {
      end = end_of_raw_string(text, i);
      blank(i + 2, end - 1);
    } else if (text[i] == '"' || (text[i] == '\'' && (i == 0 || !is_word(text[i - 1])))) {
      // A quote after a digit is a separator: 1'000.
      end = end_of_literal(text, i);
      blank(i + 1, end - 1);
    }
    i = end;
  }
  return out;
}

Ran run(const std::string& command) {
  Ran out;
  const std::string line = "cd '" + root().string() + "' && " + command;
  std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(line.c_str(), "r"), [](FILE*) { return 0; });
  if (!pipe) return out;
  std::array<char, 65536> buffer{};
  while (const auto n = std::fread(buffer.data(), 1, buffer.size(), pipe.get()))
    out.output.append(buffer.data(), n);
  const int status = ::pclose(pipe.release());
  out.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return out;
}

bool has_program(const std::string& name) {
  return run("command -v " + name + " >/dev/null").code == 0;
}

}  // namespace seatrial::repo
