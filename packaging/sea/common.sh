# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Words to the person at the terminal, and small questions about the machine. All of it goes to
# stderr: stdout belongs to the verb that ./sea runs.

if [ -t 2 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
  SEA_BOLD=$'\033[1m' SEA_RED=$'\033[31m' SEA_PLAIN=$'\033[0m'
else
  SEA_BOLD='' SEA_RED='' SEA_PLAIN=''
fi

say() { printf '%s\n' "$*" >&2; }
headline() { printf '%s== %s%s\n' "$SEA_BOLD" "$*" "$SEA_PLAIN" >&2; }

# die WHAT ADVICE: exit code 2, wrong input or a machine that cannot do it.
die() {
  printf '%ssea: %s%s\n' "$SEA_RED" "$1" "$SEA_PLAIN" >&2
  printf '     %s\n' "${2:?advice}" >&2
  exit 2
}

interactive() { [ -t 0 ] && [ -t 2 ] && [ -z "${CI:-}" ] && [ -z "${SEA_YES:-}" ]; }

# ask QUESTION: true for yes; true without asking where nobody can answer.
ask() {
  interactive || return 0
  local answer
  printf '%s [Y/n] ' "$1" >&2
  read -r answer || return 1
  case $answer in [Nn]*) return 1 ;; *) return 0 ;; esac
}

# One compile job needs up to 1.2 GB, so memory limits jobs on small machines.
jobs_here() {
  if [ -n "${SEA_JOBS:-}" ]; then
    printf '%s' "$SEA_JOBS"
    return
  fi
  local cores by_memory
  cores=$(nproc)
  by_memory=$(awk '/^MemAvailable/ { print int($2 / 1250000) }' /proc/meminfo)
  [ "$by_memory" -ge 1 ] || by_memory=1
  printf '%s' $((cores < by_memory ? cores : by_memory))
}
