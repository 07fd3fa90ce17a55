// SPDX-License-Identifier: Apache-2.0
#include "core/cli/images.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "core/base/text.hpp"
#include "core/disk/disk.hpp"
#include "core/disk/unpack.hpp"
#include "core/io/cache.hpp"
#include "core/io/hash.hpp"
#include "fixtures/refos/builder.hpp"
#include "fixtures/refos/configure.hpp"
#include "fixtures/refos/os_version.hpp"

namespace seatrial::cli {
namespace fs = std::filesystem;
namespace {

model::FileRef reference(const refos::CatalogueEntry& entry) {
  return {entry.name, entry.version, entry.path.string(), entry.digest};
}

/// Builds names one after another, told as one piece of work.
class Workshop {
 public:
  Workshop(refos::Builder& builder, const OnBusy& busy, std::size_t jobs)
      : builder_(builder), busy_(busy), jobs_(jobs) {}

  Result<model::FileRef> make(const std::string& name) {
    const auto number = ++done_;
    auto made = builder_.ensure(name, [&](const refos::ProgressEvent& event) {
      if (event.cached && event.elapsed < std::chrono::seconds(1)) return;
      std::string text = fmt::format("building {}: {}", name, event.text);
      if (jobs_ > 1) text = fmt::format("[{}/{}] ", number, jobs_) + text;
      if (busy_) busy_({text, event.fraction, seconds(event.elapsed), seconds(event.left)});
    });
    if (!made) return std::move(made.error()).with("making " + name);
    return reference(*made);
  }

 private:
  refos::Builder& builder_;
  const OnBusy& busy_;
  std::size_t jobs_, done_ = 0;
};

bool has(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::set<std::string> roles(const std::vector<model::SuiteInfo>& suites) {
  std::set<std::string> out;
  for (const auto& suite : suites)
    for (const auto& info : suite.cases)
      for (const auto& declared : info.images) out.insert(model::role_of(declared));
  return out;
}

Result<std::string> unpacked(const std::string& path, const OnBusy& busy) {
  TRY(auto cache, io::Cache::open());
  TRY(const auto file, disk::unpacked_image(path, cache, [&](double share) {
        if (busy) busy({"unpacking " + path, share, 0, 0});
      }));
  return file.string();
}

/// An image that no bench could configure is refused before one is asked to.
Result<> check_boot_partition(const disk::Disk& image) {
  const auto config = refos::config_of(image);
  if (config) return {};
  if (config.error().code() != "disk.fat") return config.error();
  return Failure("image.bad_boot_partition", Blame::suite,
                 "the boot partition cannot be read: " + config.error().what(),
                 "download or make the image again");
}

}  // namespace

bool looks_like_a_path(const std::string& word) {
  std::error_code error;
  return word.find('/') != std::string::npos || fs::is_regular_file(word, error) ||
         word.ends_with(".img");
}

std::string bundle_name(const std::string& image, const std::string& role,
                        const std::vector<std::string>& known) {
  const auto parsed = refos::parse_image_name(image);
  if (!parsed || parsed->bundle || !role.starts_with("next")) return {};
  std::string next;
  for (const auto& name : known) {
    const auto other = refos::parse_image_name(name);
    if (!other || !other->bundle || other->product != parsed->product || !other->variant.empty() ||
        !other->damage.empty() || other->version <= parsed->version)
      continue;
    if (next.empty() || other->version < next) next = other->version;
  }
  if (next.empty()) return {};
  return fmt::format("bundle:{}-{}{}", parsed->product, next, role.substr(4));
}

Result<model::FileRef> open_image_file(const std::string& path, const OnBusy& busy) {
  std::string file = fs::absolute(path).lexically_normal().string();
  auto opened = disk::Disk::open(file);
  if (!opened && opened.error().code() == "image.compressed") {
    TRY(file, unpacked(file, busy));
    opened = disk::Disk::open(file);
  }
  if (!opened) return opened.error();
  CHECK_OK(check_boot_partition(*opened).with("looking into " + file));
  TRY(const auto digest, io::sha256_file(file));
  return model::FileRef{fs::path(path).filename().string(), refos::version_of_image(*opened), file,
                        digest};
}

Result<model::FileRef> open_bundle_file(const std::string& path) {
  TRY(const auto digest, io::sha256_file(path));
  return model::FileRef{fs::path(path).filename().string(), refos::version_of_bundle(path),
                        fs::absolute(path).lexically_normal().string(), digest};
}

std::string bundle_with_mutant(const std::string& bundle, const std::string& role,
                               const ImageChoice& choice) {
  if (bundle.empty() || choice.mutant.empty()) return bundle;
  const auto place = "bundle" + role.substr(std::string("next").size());
  if (!has(choice.mutant_in, place)) return bundle;
  return bundle.substr(0, bundle.find('+')) + "+" + choice.mutant;
}

Result<Images> resolve_images(const ImageChoice& choice,
                              const std::vector<model::SuiteInfo>& suites, const OnBusy& busy) {
  Images out;
  if (looks_like_a_path(choice.image)) {
    if (!choice.mutant.empty())
      return Failure("image.no_mutant", Blame::suite,
                     "a mutant can only be made of a catalogue image, not of " + choice.image,
                     "leave --image out, or name a catalogue image: seatrial list images");
    TRY(out.image, open_image_file(choice.image, busy));
    if (!choice.next.empty()) {
      TRY(out.files["next"], open_bundle_file(choice.next));
    }
    return out;
  }
  if (!choice.next.empty() && !choice.mutant.empty() && has(choice.mutant_in, "bundle"))
    return Failure("image.no_mutant", Blame::suite,
                   fmt::format("the defect of the mutant {} is in the bundle, which cannot be {}",
                               choice.mutant, choice.next),
                   "leave --next out");
  TRY(auto builder, refos::Builder::open({}));
  const auto known = builder.known_names();
  std::vector<std::pair<std::string, std::string>> wanted;
  for (const auto& role : roles(suites)) {
    if (role == "next" && !choice.next.empty()) continue;
    auto name = bundle_with_mutant(bundle_name(choice.image, role, known), role, choice);
    if (!name.empty()) wanted.emplace_back(role, std::move(name));
  }
  Workshop workshop(builder, busy, wanted.size() + 1);
  const bool in_image = !choice.mutant.empty() && has(choice.mutant_in, "image");
  TRY(out.image, workshop.make(in_image ? choice.image + "@" + choice.mutant : choice.image));
  for (const auto& [role, name] : wanted) {
    TRY(out.files[role], workshop.make(name));
  }
  if (!choice.next.empty()) {
    TRY(out.files["next"], open_bundle_file(choice.next));
  }
  return out;
}

}  // namespace seatrial::cli
