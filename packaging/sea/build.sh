# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Configures and builds. The release tree in build/ serves users and tests alike, so that nothing is
# compiled twice; only the sanitizers have a tree of their own.

# sea_configure PRESET FOLDER: once; ninja runs CMake again by itself when a CMake file changed.
sea_configure() {
  local preset=$1 folder=$2
  if [ -f "$folder/build.ninja" ] && [ ! "$SEA_ROOT/CMakePresets.json" -nt "$folder/build.ninja" ]; then
    return 0
  fi
  local log
  log=$(mktemp)
  if ! (cd "$SEA_ROOT" && cmake --preset "$preset") >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    die "CMake could not configure the preset '$preset'" \
      "The first error above names the cause; './sea setup' installs missing libraries."
  fi
  rm -f "$log"
}

# sea_make FOLDER TARGET...: ninja's own progress, on stderr.
sea_make() {
  local folder=$1
  shift
  local interrupted=''
  trap 'interrupted=yes' INT
  if ! cmake --build "$folder" -j "$(jobs_here)" --target "$@" >&2; then
    if [ -n "$interrupted" ]; then
      say "interrupted; the same command goes on where this one stopped"
      exit 130
    fi
    die "the build of '$*' failed" \
      "The first error above is the cause. 'c++: fatal error: Killed' means too little memory: SEA_JOBS=1."
  fi
  trap - INT
}

sea_build() {
  sea_configure release "$SEA_BUILD"
  sea_make "$SEA_BUILD" "$@"
}

# Says nothing when all is up to date.
sea_build_quietly() {
  sea_configure release "$SEA_BUILD"
  case $(ninja -C "$SEA_BUILD" -n "$@" 2>&1) in
    *'no work to do'*) ;;
    *)
      headline "Building Seatrial (only what is out of date)"
      sea_make "$SEA_BUILD" "$@"
      ;;
  esac
}

sea_fmt() {
  cd "$SEA_ROOT" || return
  git ls-files -z '*.cpp' '*.hpp' | xargs -0 -r clang-format -i
  git diff --stat >&2
}

sea_bench() {
  sea_build programs benchmarks
  local program found=''
  for program in "$SEA_BUILD"/benchmarks/*; do
    if [ ! -f "$program" ] || [ ! -x "$program" ]; then continue; fi
    found=1
    headline "$(basename "$program")"
    "$program" "$@" || die "$(basename "$program") failed" "Run it alone to see more: $program"
  done
  [ -n "$found" ] || die "no benchmark was built" "Benchmarks live in tests/bench."
}
