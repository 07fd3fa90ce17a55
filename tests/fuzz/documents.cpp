// SPDX-License-Identifier: Apache-2.0
// JSON that people and other programs write: plans, device types, profiles, lists of cases,
// config.json and settings for it.
#include <sys/mman.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "core/model/device_type.hpp"
#include "core/model/failure_json.hpp"
#include "core/model/json.hpp"
#include "core/model/os_profile.hpp"
#include "core/model/run_plan.hpp"
#include "fixtures/refos/configure.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "workers/dut/os/config_edit.hpp"

namespace seatrial::fuzz {
namespace {

/// The bytes as a file that never touches a disk.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view bytes) : fd_(::memfd_create("document", MFD_CLOEXEC)) {
    check(::write(fd_, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()),
          "no memory file");
  }
  ~MemoryFile() { ::close(fd_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }

 private:
  int fd_;
};

template <class T>
void explained(const Result<T>& result) {
  if (result) return;
  check(!result.error().what().empty() && !result.error().advice().empty(),
        "a refusal without words");
}

void edit(const std::string& text) {
  auto config = dut::parse_config(text, "here");
  explained(config);
  if (!config) return;
  const nlohmann::json set{{"os.network.connectivity.uri", "x"}, {"apiKey", 1}, {"a.b.c", nullptr}};
  dut::edit_config(*config, set, {"deviceApiKey", "os.sshKeys", "a.b", ""});
  check(config->is_object() && (*config)["apiKey"] == 1, "a setting was lost");
  check((*config)["os"]["network"]["connectivity"]["uri"] == "x", "a nested setting was lost");
  check(dut::masked(*config).is_object() && refos::masked(*config).is_object(), "masked away");
  explained(refos::apply_setting(*config, text, false));
}

void run(std::string_view bytes) {
  const std::string text(bytes);
  const MemoryFile file(bytes);
  explained(model::run_plan_from_file(file.path()));
  explained(model::load_device_type(file.path()));
  explained(model::load_os_profile(file.path()));
  explained(model::cases_from_json(text, "a suite"));
  if (const auto document = model::Document::parse(text, "a file")) {
    for (const char* path : {"partitions[1].label", "x", "", "a[99999999999999999999]", "]["})
      check(document->line_of(path) >= 1, "a line number below 1");
    (void)model::failure_from_json(document->root());
  } else {
    explained(Result<>(document.error()));
  }
  edit(text);
  nlohmann::json fresh = nlohmann::json::object();
  explained(refos::apply_setting(fresh, text, false));
}

const Registration registration(
    {"documents",
     run,
     {R"({"run":"r","out":"/x","argv":["a"],"device":"d","profile":"p","image":{"name":"n","version":"1","path":"p","digest":"d"},"files":[{"role":"next","file":{"name":"n","path":"p"}}],"suites":[{"name":"s","path":"p","cases":[{"suite":"s","case":"c","needs":["power"],"budget_seconds":3}]}],"repeat":2,"until_fail":true,"budget_scale":1.5})",
      R"({"slug":"x","name":"X","aliases":["y"],"arch":"amd64","profile":"p","capabilities":["power"],"machine":{"type":"q35","cpu":"max","qemu":"q","memory_mb":512,"cpus":2},"boot_loader":{"kind":"grub","attempt_limit":1,"environment":"e","line":"l"},"console":{"login_prompt":"p","first_line":"f"},"partitions":[{"number":1,"label":"l","filesystem":"vfat","role":"boot"}],"budgets":{"boot_to_login":1,"boot_to_ssh":1,"shutdown":1,"update":1,"provisioning":1}} // comment)",
      R"([{"suite":"s","case":"c","doc":"d","needs":[],"checkpoint":"fresh","budget_seconds":1e3,"images":["{next}"],"mutants":[]}])",
      R"({"apiKey":"k","deviceApiKeys":{"a":"b"},"os":{"sshKeys":["x"],"network":5},"a":{"b":{"c":1}}})",
      R"({"a":)" + std::string(30'000, '[') + std::string(30'000, ']') + "}",
      R"({"code":"a.b","blame":"product","what":"w","advice":"a","context":[1,"x"]})",
      R"(os.network.connectivity.uri="http://x")", R"(a\.b.c=[1,{"d":null}])",
      R"({"name":"p","adapter":"a","paths":{"x":"y"},"limits":{"l":1},"expected_active":["u"]})"},
     {"null", "[]", "{}", "/*", "//", "1e999", "-1", "\"\\u0000\"", "\n", ".", "=", "\\.", "[[[[[[",
      "\"files\":", "\"cases\":", "true", "99999999999999999999"},
     2500});

}  // namespace
}  // namespace seatrial::fuzz
