// SPDX-License-Identifier: Apache-2.0
#pragma once
// Included before everything else in the fuzzers' build: clang 14, which Debian 12 calls clang,
// lacks the builtin behind std::source_location of libstdc++. The experimental one is the same.

#if defined(__has_builtin)
#if !__has_builtin(__builtin_source_location)
#include <experimental/source_location>
namespace std {
using source_location = experimental::source_location;
}
#endif
#endif
