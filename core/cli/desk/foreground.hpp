// SPDX-License-Identifier: Apache-2.0
#pragma once
// Runs a program on our own terminal and waits for it. Unlike the children of core/io it stays in
// our process group: the keys of the terminal, its size and its job control are the program's.
// SIGTERM and SIGHUP to us go on to it; SIGINT and SIGQUIT reach it by themselves. Blocking.

#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/io/process.hpp"

namespace seatrial::cli {

Result<io::ExitStatus> run_in_foreground(const std::string& program,
                                         const std::vector<std::string>& words);

}  // namespace seatrial::cli
