// SPDX-License-Identifier: Apache-2.0
// seatrial doctor: what works on this machine, and what to do about the rest.
#include <fmt/core.h>
#include <sys/sysinfo.h>

#include <langinfo.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <clocale>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/base/text.hpp"
#include "core/cli/installation.hpp"
#include "core/cli/terminal.hpp"
#include "core/cli/verbs/verbs.hpp"
#include "core/io/cache.hpp"
#include "core/io/file.hpp"
#include "core/io/process.hpp"
#include "core/io/socket.hpp"
#include "fixtures/refos/builder/prerequisites.hpp"
#include "workers/network/lab/lab.hpp"
#include "workers/qemu/accelerator.hpp"

namespace seatrial::cli {
namespace {

namespace fs = std::filesystem;

struct Finding {
  enum class State { good, warning, bad };
  std::string name;
  State state = State::good;
  std::string found, advice;
};

Finding good(std::string name, std::string found) {
  return {std::move(name), Finding::State::good, std::move(found), {}};
}
Finding bad(std::string name, const Failure& failure) {
  return {std::move(name), Finding::State::bad, failure.what(), failure.advice()};
}
Finding warning(std::string name, std::string found, std::string advice) {
  return {std::move(name), Finding::State::warning, std::move(found), std::move(advice)};
}

std::string megabytes(std::uint64_t bytes) { return human_bytes(static_cast<double>(bytes)); }

void look_at_installation(std::vector<Finding>& out) {
  const auto installation = Installation::find();
  for (const char* name :
       {"seatrial-bench", "seatrial-guard", "seatrial-cloud", "seatrial-guestfwd", "seatrial-disk",
        "seatrial-leash", "seatrial-switch", "seatrial-labnet"}) {
    const auto path = installation.program(name);
    out.push_back(path ? good(name, path->string()) : bad(name, path.error()));
  }
  const auto suites = installation.suites();
  if (suites.empty())
    out.push_back({"suites", Finding::State::bad,
                   "none in " + installation.suites_folder().string(), "build them: ./sea build"});
  else
    out.push_back(good(
        "suites", fmt::format("{} in {}", suites.size(), installation.suites_folder().string())));
}

void look_at_tool(std::vector<Finding>& out, const std::string& name, const std::string& package) {
  const auto path = io::find_program(name);
  if (path)
    out.push_back(good(name, path->string()));
  else
    out.push_back({name, Finding::State::bad, "not installed", "apt install " + package});
}

void look_at_accelerator(std::vector<Finding>& out) {
  boost::asio::io_context context(1);
  qemu::AcceleratorQuery query;
  query.cache_root = io::cache_root();
  auto done =
      boost::asio::co_spawn(context, qemu::probe_accelerator(query), boost::asio::use_future);
  context.run();
  const auto answer = done.get();
  if (!answer) {
    out.push_back(bad("QEMU", answer.error()));
    return;
  }
  out.push_back(good("QEMU", answer->qemu_version));
  const std::string name = "accelerator";
  if (answer->accelerator == qemu::Accelerator::kvm || answer->advice.empty())
    out.push_back(good(name, answer->why));
  else
    out.push_back(warning(name, answer->why, answer->advice));
}

/// A run does without: the cases that need it are skipped, with this reason.
void look_at_lab_network(std::vector<Finding>& out) {
  boost::asio::io_context context(1);
  auto done = boost::asio::co_spawn(context, network::Lab::probe(), boost::asio::use_future);
  context.run();
  const auto link = done.get();
  if (link)
    out.push_back(good("lab network", "possible, by " + *link));
  else
    out.push_back(warning("lab network", link.error().what(), link.error().advice()));
}

void look_at_builder(std::vector<Finding>& out) {
  for (const auto& one : refos::check_build_prerequisites())
    out.push_back({"image build: " + one.name, one.ok ? Finding::State::good : Finding::State::bad,
                   one.found, one.advice});
}

void look_at_space(std::vector<Finding>& out, const std::string& name, fs::path folder) {
  std::error_code error;
  folder = fs::absolute(folder);
  while (!fs::exists(folder, error) && folder.has_parent_path() && folder != folder.root_path())
    folder = folder.parent_path();
  const auto space = io::free_space(folder);
  if (!space)
    out.push_back(bad(name, space.error()));
  else if (*space < 2'000'000'000)
    out.push_back(warning(name, fmt::format("{} free at {}", megabytes(*space), folder.string()),
                          "a run with its disks takes up to 2 GB: free some, or use --out DIR or "
                          "SEATRIAL_CACHE on another disk"));
  else
    out.push_back(good(name, fmt::format("{} free at {}", megabytes(*space), folder.string())));
}

void look_at_host(std::vector<Finding>& out) {
  const auto port = io::free_local_port();
  out.push_back(port ? good("local ports", fmt::format("127.0.0.1:{} can be bound", *port))
                     : bad("local ports", port.error()));
  struct sysinfo info {};
  ::sysinfo(&info);
  const auto memory = static_cast<std::uint64_t>(info.totalram) * info.mem_unit;
  const auto cores = std::thread::hardware_concurrency();
  const auto text = fmt::format("{} cores, {} memory", cores, megabytes(memory));
  if (memory < 1'500'000'000)
    out.push_back(warning("machine", text, "a virtual device takes 512 MB: close other programs"));
  else if (cores < 2)
    out.push_back(warning("machine", text, "with one core boots take twice as long"));
  else
    out.push_back(good("machine", text));
  double load[1] = {0};
  if (::getloadavg(load, 1) == 1 && load[0] > 2.0 * cores)
    out.push_back(warning("load", fmt::format("{:.1f} on {} cores", load[0], cores),
                          "budgets are scaled by load, but boots will be slow"));
  std::setlocale(LC_ALL, "");
  const std::string charset = ::nl_langinfo(CODESET);
  out.push_back(
      charset == "UTF-8"
          ? good("locale", charset)
          : warning("locale", charset, "consoles and reports are UTF-8: export LANG=C.UTF-8"));
}

std::vector<Finding> examine() {
  std::vector<Finding> out;
  look_at_installation(out);
  look_at_accelerator(out);
  look_at_lab_network(out);
  look_at_tool(out, "qemu-img", "qemu-utils");
  look_at_tool(out, "ssh", "openssh-client");
  look_at_tool(out, "debugfs", "e2fsprogs");
  look_at_tool(out, "mcopy", "mtools");
  look_at_builder(out);
  look_at_space(out, "space for runs", ".");
  look_at_space(out, "space for images", io::cache_root());
  look_at_host(out);
  return out;
}

std::string_view word(Finding::State state) {
  return state == Finding::State::good ? "ok" : state == Finding::State::warning ? "note" : "BAD";
}

void print(const std::vector<Finding>& findings) {
  const auto terminal = Terminal::of(1);
  std::size_t width = 0;
  for (const auto& one : findings) width = std::max(width, one.name.size());
  for (const auto& one : findings) {
    const auto colour = one.state == Finding::State::good      ? Colour::green
                        : one.state == Finding::State::warning ? Colour::yellow
                                                               : Colour::red;
    fmt::print("{}  {}  {}\n", terminal.paint(colour, fitted(word(one.state), 4)),
               fitted(one.name, width), one.found);
    if (!one.advice.empty()) fmt::print("      {}\n", terminal.paint(Colour::bold, one.advice));
  }
}

Result<int> doctor(const Invocation& call) {
  const auto findings = examine();
  std::size_t broken = 0;
  auto json = nlohmann::json::array();
  for (const auto& one : findings) {
    if (one.state == Finding::State::bad) ++broken;
    json.push_back({{"name", one.name},
                    {"state", word(one.state)},
                    {"found", one.found},
                    {"advice", one.advice}});
  }
  if (call.has("json")) {
    fmt::print("{}\n", json.dump(2));
  } else {
    print(findings);
    fmt::print("{}\n", broken == 0 ? "Everything that a run needs works here."
                                   : fmt::format("{} things to put right.", broken));
  }
  return broken == 0 ? 0 : 3;
}

}  // namespace

const Verb& doctor_verb() {
  static const Verb verb{
      .name = "doctor",
      .summary = "say what works on this machine and what to do about the rest",
      .description =
          "Tries what a run needs: programs, QEMU and its accelerator (a probe guest really runs), "
          "the rights and tools to build the reference OS, disk space, local ports, memory, "
          "locale. Each thing that does not work comes with what to do about it.",
      .options = {{"json", "", "Print the findings as a JSON array."}},
      .exits = "0 all that is needed works (there may be notes), 3 something does not",
      .run = doctor};
  return verb;
}

}  // namespace seatrial::cli
