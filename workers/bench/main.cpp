// SPDX-License-Identifier: Apache-2.0
// seatrial-bench: the bench host process. Started by `seatrial run` and by workers of the lab, not
// by people.
//   seatrial-bench --plan FILE [--control FD]
// Exit: 0 the run was carried out (verdicts are in its event log), 1 the bench host could not do
// its job, 2 wrong usage.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "core/base/log.hpp"
#include "workers/bench/host.hpp"

namespace {

int usage() {
  std::fprintf(stderr,
               "usage: seatrial-bench --plan FILE [--control FD]\nIt is started by `seatrial run`; "
               "see `seatrial run --help`.\n");
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  std::string plan_file;
  seatrial::bench::HostOptions options;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--plan") == 0)
      plan_file = argv[i + 1];
    else if (std::strcmp(argv[i], "--control") == 0)
      options.control_fd = std::atoi(argv[i + 1]);
    else
      return usage();
  }
  if (plan_file.empty() || argc % 2 == 0) return usage();
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a file at its limit is a failed write with words, not a death
  seatrial::log::init("seatrial-bench");
  auto plan = seatrial::model::run_plan_from_file(plan_file);
  if (!plan) {
    std::fprintf(stderr, "seatrial-bench: %s\n", plan.error().describe().c_str());
    return 2;
  }
  options.plan = std::move(*plan);
  boost::asio::io_context context(1);
  auto done = boost::asio::co_spawn(context, seatrial::bench::run_plan(std::move(options)),
                                    boost::asio::use_future);
  context.run();
  const auto result = done.get();
  if (!result) std::fprintf(stderr, "seatrial-bench: %s\n", result.error().describe().c_str());
  return result ? 0 : 1;
}
