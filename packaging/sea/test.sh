# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The test tiers. Every stage runs even when one before it failed; the last line counts GoogleTest
# cases over all of them, and other ctest entries as one case each.

SEA_RESULTS=$SEA_BUILD/test-results
sea_passed=0 sea_failed=0 sea_skipped=0
sea_trouble=()

# sea_tests STAGE FOLDER CTEST_ARGUMENT...: runs ctest there and counts what it did.
sea_tests() {
  local stage=$1 folder=$2
  shift 2
  local out=$SEA_RESULTS/$stage
  rm -rf "$out" && mkdir -p "$out"
  local status=0
  GTEST_OUTPUT="json:$out/" GTEST_COLOR=no ctest --test-dir "$folder" --output-on-failure --no-tests=error \
    --output-junit "$out/ctest.xml" "$@" >&2 || status=$?
  sea_count "$stage" "$out"
  if [ "$status" -ne 0 ] && [ ! -s "$out/ctest.xml" ]; then
    sea_failed=$((sea_failed + 1))
    sea_trouble+=("$stage: ctest ended with $status before it ran anything")
  fi
}

# Adds one stage's counts. A binary that died before it wrote its JSON counts as one failed case.
sea_count() {
  local stage=$1 out=$2 name status tests failures skipped
  [ -s "$out/ctest.xml" ] || return 0
  while read -r status name; do
    if [ -s "$out/$name.json" ]; then
      # The head of GoogleTest's file has the totals; skipped cases are marked one by one.
      read -r tests failures skipped < <(awk '
        /"tests":/ && !t { gsub(/[^0-9]/, ""); tests = $0; t = 1; next }
        /"failures":/ && !f { gsub(/[^0-9]/, ""); failures = $0; f = 1; next }
        /"result": "SKIPPED"/ { skipped++ }
        END { print tests + 0, failures + 0, skipped + 0 }' "$out/$name.json")
    else
      tests=1 failures=0 skipped=0
    fi
    if [ "$status" != run ] && [ "$failures" -eq 0 ]; then
      failures=1 # crashed, timed out or never started, whatever its cases said
      [ "$tests" -ge 1 ] || tests=1
    fi
    [ "$failures" -eq 0 ] || sea_trouble+=("$stage: $name")
    sea_failed=$((sea_failed + failures))
    sea_skipped=$((sea_skipped + skipped))
    sea_passed=$((sea_passed + tests - failures - skipped))
  done < <(sed -n 's/^[[:space:]]*<testcase name="\([^"]*\)".* status="\([^"]*\)".*/\2 \1/p' "$out/ctest.xml")
}

# sea_stage WHAT COMMAND...: a stage that is not ctest; counts as one case. In a subshell, so that a
# failing build does not end the other stages.
sea_stage() {
  local what=$1 began=$SECONDS
  shift
  headline "$what"
  if ("$@"); then
    sea_passed=$((sea_passed + 1))
  else
    sea_failed=$((sea_failed + 1))
    sea_trouble+=("$what")
  fi
  say "   $what: $((SECONDS - began)) s"
}

sea_timed_tests() {
  local began=$SECONDS
  headline "$1"
  shift
  sea_tests "$@"
  say "   $1: $((SECONDS - began)) s"
}

sea_verdict() {
  local trouble
  for trouble in "${sea_trouble[@]}"; do say "${SEA_RED}failed:${SEA_PLAIN} $trouble"; done
  say "details: $SEA_RESULTS, time: $((SECONDS / 60)) min $((SECONDS % 60)) s"
  printf '%s passed, %s failed, %s skipped\n' "$sea_passed" "$sea_failed" "$sea_skipped"
  [ "$sea_failed" -eq 0 ]
}

sea_check() {
  [ $# -eq 0 ] || die "check takes no arguments, got '$*'" "ctest --test-dir build -R NAME runs one test."
  headline "Build"
  sea_build programs fast_tests
  sea_timed_tests "Fast tests and repo rules" fast "$SEA_BUILD" -L fast -j "$(jobs_here)"
  sea_verdict
}

sea_headers() {
  sea_configure headers "$SEA_BUILD/headers"
  sea_make "$SEA_BUILD/headers" all_verify_interface_header_sets
}

sea_sanitized_build() {
  sea_configure asan "$SEA_BUILD/asan"
  sea_make "$SEA_BUILD/asan" fast_tests
}

# The real fuzzers, SEA_FUZZ_SECONDS each. What they find is kept in test-results/fuzz.
sea_fuzz() {
  if ! command -v clang++ >/dev/null; then
    say "left out: the fuzzers need clang (apt-get install clang libclang-rt-14-dev); fuzz_test has replayed their seeds"
    return 0
  fi
  sea_configure fuzz "$SEA_BUILD/fuzz"
  sea_make "$SEA_BUILD/fuzz" fuzzers
  local program name found=$SEA_RESULTS/fuzz broken=0
  mkdir -p "$found"
  for program in "$SEA_BUILD"/fuzz/fuzzers/fuzz_*; do
    name=${program##*/fuzz_}
    mkdir -p "$SEA_BUILD/fuzz/corpus/$name"
    if ! SEATRIAL_FUZZ_SEEDS=$SEA_BUILD/fuzz/corpus/$name "$program" -max_total_time="${SEA_FUZZ_SECONDS:-60}" \
      -timeout=20 -rss_limit_mb=3000 -artifact_prefix="$found/$name-" "$SEA_BUILD/fuzz/corpus/$name" \
      >"$found/$name.txt" 2>&1; then
      say "   $name broke: $found/$name.txt ends with the input; put it into tests/fuzz/corpus/$name"
      broken=1
    fi
    say "   $name: $(grep -o 'Done [0-9]* runs.*' "$found/$name.txt" || echo 'did not end by itself')"
  done
  return $broken
}

# Needs commands, not objects: without the precompiled header, which is the compiler's own format.
sea_tidy() {
  sea_configure tidy "$SEA_BUILD/tidy"
  cd "$SEA_ROOT" || return
  git ls-files -z '*.cpp' | xargs -0 -n 4 -P "$(jobs_here)" clang-tidy -p "$SEA_BUILD/tidy" --quiet >"$SEA_RESULTS/tidy.txt" 2>&1 ||
    { grep -A3 -E 'error:|warning:' "$SEA_RESULTS/tidy.txt" | tail -n 60 >&2 && return 1; }
}

sea_test() {
  local tier=ci not='nightly|all'
  case ${1:-} in
    '') ;;
    --all) tier=all not=nightly ;;
    --nightly) tier=nightly not='^$' ;;
    *) die "test: unknown argument '$1'" "Use ./sea test, ./sea test --all or ./sea test --nightly." ;;
  esac
  mkdir -p "$SEA_RESULTS"
  # Compiling is what takes the time: in CI the fast tests are built once, with the sanitizers, and the
  # slow ones with the programs that they run. The longer tiers run the fast ones of the release build too.
  if [ "$tier" = ci ]; then
    sea_stage "Build (release: programs, slow tests, benchmarks)" sea_build programs slow_tests benchmarks
  else
    sea_stage "Build (release)" sea_build all
    sea_timed_tests "Fast tests and repo rules" fast "$SEA_BUILD" -L fast -j "$(jobs_here)"
  fi
  sea_stage "Build (fast tests with address and undefined-behaviour sanitizers)" sea_sanitized_build
  ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1 UBSAN_OPTIONS=print_stacktrace=1 \
    sea_timed_tests "Fast tests and repo rules under the sanitizers" sanitized "$SEA_BUILD/asan" -L fast -j "$(jobs_here)"
  sea_stage "Every header stands alone" sea_headers
  # A quarter of an hour on two cores: with the nightly proofs. The rules that must never be broken
  # (sizes, nesting, forbidden calls) are tests of their own in tests/repo.
  if [ "$tier" = nightly ]; then
    sea_stage "clang-tidy" sea_tidy
    sea_stage "Fuzzers" sea_fuzz
  fi
  if ctest --test-dir "$SEA_BUILD" -N -LE "fast|$not" | grep -q 'Total Tests: [1-9]'; then
    sea_timed_tests "Slow tests ($tier: QEMU, browser, ...)" slow "$SEA_BUILD" -LE "fast|$not"
  fi
  sea_verdict
}
