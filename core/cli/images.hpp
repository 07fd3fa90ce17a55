// SPDX-License-Identifier: Apache-2.0
#pragma once
// Images for a run, by name or path: catalogue names are built when missing, packed files are
// unpacked into the cache, and every file is checked to be a disk with a boot partition before a
// bench sees it. Blocking: minutes the first time, milliseconds after it.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/model/case_info.hpp"
#include "core/model/run_plan.hpp"

namespace seatrial::cli {

/// What is being done, how far it is (0..1) and how long it may still take (seconds).
struct Busy {
  std::string text;
  double fraction = 0, elapsed = 0, left = 0;
};
using OnBusy = std::function<void(const Busy&)>;

struct ImageChoice {
  std::string image;   ///< catalogue name or path
  std::string mutant;  ///< "" or the mutant whose image is wanted
  std::string next;    ///< file of an update bundle for the role "next"; "" = the next version's
  /// Where the mutant's defect is: "image", "bundle", or "bundle+SABOTAGE", the bundle that takes
  /// the place of the one with that sabotage.
  std::vector<std::string> mutant_in{"image"};
};

struct Images {
  model::FileRef image;
  std::map<std::string, model::FileRef> files;  ///< by role
};

/// Resolves the image under test and every bundle that the chosen cases name. An update role
/// ("{next}", "{next}+init_broken", "{next}~truncated") can only be made for a catalogue image; for
/// a foreign one it is left out, and the cases that need it are skipped, saying so. A bundle that
/// the user gives for "next" is used for either.
Result<Images> resolve_images(const ImageChoice& choice,
                              const std::vector<model::SuiteInfo>& suites, const OnBusy& busy);

/// The path of a disk image that a user named, unpacked when it is packed, and checked. Its version
/// is what its boot partition says, "" when that says nothing.
Result<model::FileRef> open_image_file(const std::string& path, const OnBusy& busy);

/// An update bundle that a user named. Its version is "" when it does not say it.
Result<model::FileRef> open_bundle_file(const std::string& path);

/// Whether a word is a path rather than a catalogue name.
bool looks_like_a_path(const std::string& word);
/// The catalogue name of a role for an image: "next+x" of refos-1.0.0 is bundle:refos-1.1.0+x; ""
/// when it has none.
std::string bundle_name(const std::string& image, const std::string& role,
                        const std::vector<std::string>& known);
/// The same with the choice's mutant in it, where the mutant says that its defect is there. A
/// bundle has one variant, so a case's sabotage stays unless the mutant says that it holds the
/// same.
std::string bundle_with_mutant(const std::string& bundle, const std::string& role,
                               const ImageChoice& choice);

}  // namespace seatrial::cli
