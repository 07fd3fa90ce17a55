// SPDX-License-Identifier: Apache-2.0
#pragma once
// The verbs, one function each, one file each. The table lists them (core/cli/table.cpp).

#include "core/cli/verb.hpp"

namespace seatrial::cli {

const Verb& run_verb();
const Verb& repro_verb();
const Verb& list_verb();
const Verb& report_verb();
const Verb& image_build_verb();
const Verb& image_diff_verb();
const Verb& image_inspect_verb();
const Verb& image_configure_verb();
const Verb& image_prune_verb();
const Verb& prove_verb();
const Verb& power_on_verb();
const Verb& power_off_verb();
const Verb& power_cycle_verb();
const Verb& power_status_verb();
const Verb& console_verb();
const Verb& shell_verb();
const Verb& release_verb();
const Verb& doctor_verb();
const Verb& completion_verb();
const Verb& complete_verb();

}  // namespace seatrial::cli
