// SPDX-License-Identifier: Apache-2.0
#pragma once
// The project's own files as the repo rules see them: tracked by git, or new and not ignored. Read
// once per process. Rules collect findings as "path:line: text" and expect the list to be empty, so
// that one run shows every place that breaks a rule.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace seatrial::repo {

struct TextFile {
  std::string path;  ///< from the repository root
  std::string text;
  std::string code;  ///< C and C++: text with comments and literals blanked, same length and lines
  bool is_cpp() const;
  bool is_header() const;
  /// Number of the line (from 1) at a byte offset.
  std::size_t line_at(std::size_t offset) const;
};

std::filesystem::path root();
/// Every text file of the project (binary ones are left out), sorted by path.
const std::vector<TextFile>& files();
/// Whether `path` is `folder` or below it.
bool is_under(std::string_view path, std::string_view folder);

using Findings = std::vector<std::string>;
std::string at(const TextFile& file, std::size_t offset, std::string_view text);
/// One finding per line, for a failure message.
std::string shown(const Findings& findings);

/// Blanks comments and the content of string and character literals (also raw ones) with spaces.
std::string without_comments_and_literals(std::string_view text);

/// Output and exit code of a shell command run in the repository root.
struct Ran {
  int code = -1;
  std::string output;
};
Ran run(const std::string& command);
bool has_program(const std::string& name);

}  // namespace seatrial::repo
