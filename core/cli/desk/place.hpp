// SPDX-License-Identifier: Apache-2.0
#pragma once
// The desk of a user on this machine: where a bench that stays can be found, by name. Its folder
// (mode 0700, below the cache) holds the lock that the bench host keeps for life and the record
// that says how to reach it. Blocking, milliseconds.

#include <filesystem>
#include <optional>
#include <string>

#include "core/base/result.hpp"
#include "core/cli/verb.hpp"
#include "core/model/desk_record.hpp"

namespace seatrial::cli {

struct DeskPlace {
  std::string name;
  std::filesystem::path folder;

  /// By name; the folder is made when missing. Fails with "usage" on a name that is none, with
  /// "desk.not_ours" when the folder belongs to somebody else.
  static Result<DeskPlace> of(const std::string& name);
  /// Of --desk or SEATRIAL_DESK, else "default".
  static Result<DeskPlace> of(const Invocation& call);
  /// "seatrial WORDS", with the desk's name when it is not the default.
  std::string command(const std::string& words) const;
};

/// For the option table of every verb that goes to a desk.
const Option& desk_option();

enum class Standing {
  nobody,    ///< no desk bench
  starting,  ///< a bench host holds the desk and cannot be reached yet
  there,     ///< it can be reached
  killed,    ///< its bench host is gone without a word
};

struct Found {
  Standing standing = Standing::nobody;
  std::optional<model::DeskRecord> record;  ///< of there and killed
};
Result<Found> look(const DeskPlace& place);

/// Sees that nothing of a killed bench host is left (its guard does that) and forgets it. The
/// failure that tells what happened.
Failure clean_up(const DeskPlace& place, const model::DeskRecord& record);

/// look(), waiting for a bench that is being started, and cleaning up after one that was killed:
/// `killed` is then that failure and the standing is nobody.
struct Settled {
  std::optional<model::DeskRecord> record;  ///< there
  std::optional<Failure> killed;
};
Result<Settled> settle(const DeskPlace& place);

/// There is none: what the verbs that need one say.
Failure no_desk_bench(const DeskPlace& place);

}  // namespace seatrial::cli
