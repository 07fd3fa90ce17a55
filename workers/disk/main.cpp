// SPDX-License-Identifier: Apache-2.0
// seatrial-disk: serves one disk over NBD; see README.md beside this file. The first line on stdout
// says that it is ready, or why not: {"ok": {...}} or {"error": {...}}.
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <nlohmann/json.hpp>

#include "core/base/log.hpp"
#include "workers/disk/server.hpp"

namespace {
using nlohmann::json;
using namespace seatrial;

struct Options {
  cutdisk::CutDisk::Options disk;
  std::string nbd, control;
};

void declare(CLI::App& app, Options& out) {
  app.add_option("--base", out.disk.base, "raw image that the disk begins as");
  app.add_option("--size", out.disk.size, "bytes of the disk; default: as the base");
  app.add_option("--store", out.disk.store, "file for the pages that change")->required();
  app.add_option("--log", out.disk.log, "file for the log; one that is there is gone on with")
      ->required();
  app.add_option("--nbd", out.nbd, "unix socket for clients of the disk")->required();
  app.add_option("--control", out.control, "unix socket for the bench")->required();
  app.add_flag("--retain", out.disk.retain, "keep the data of every write for readers of the log");
}

void say(const json& line) { std::cout << line.dump() << std::endl; }

int refuse(const Failure& failure) {
  say(cutdisk::refusal(failure));
  log::error("{}", failure.describe());
  return 2;
}

int serve(const Options& options) {
  auto disk = cutdisk::CutDisk::open(options.disk);
  if (!disk) return refuse(disk.error());
  auto server =
      cutdisk::Server::open(cutdisk::Service(std::move(*disk)), options.nbd, options.control);
  if (!server) return refuse(server.error());
  const auto& opened = (*server)->service().disk();
  say({{"ok",
        {{"size", opened.size()},
         {"replayed", opened.stat().replayed},
         {"pending", opened.pending_writes()}}}});
  const auto ended = (*server)->run();
  if (ended) return 0;
  log::error("{}", ended.error().describe());
  return 3;
}

}  // namespace

int main(int argc, char** argv) {
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);  // a limit of file sizes is a full disk, told as one
  seatrial::log::init("seatrial-disk");
  CLI::App app("A disk with a write cache that the bench can take away");
  Options options;
  declare(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return serve(options);
}
