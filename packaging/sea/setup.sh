# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Installs what is missing, with apt, saying what and why. Needs Debian 12.

SEA_PACKAGES=$SEA_ROOT/packaging/debian-packages.txt

# sea_packages GROUP...: the package names of these groups.
sea_packages() {
  awk -v groups=" $* " '!/^#/ && NF > 2 && index(groups, " " $2 " ") { print $1 }' "$SEA_PACKAGES"
}

sea_missing() {
  local wanted
  mapfile -t wanted < <(sea_packages "$@")
  # shellcheck disable=SC2016 # ${...} is dpkg-query's own format language
  dpkg-query -W -f='${Package} ${db:Status-Status}\n' "${wanted[@]}" 2>/dev/null |
    awk -v wanted="${wanted[*]}" '
      $2 == "installed" { have[$1] = 1 }
      END { n = split(wanted, w, " "); for (i = 1; i <= n; i++) if (!(w[i] in have)) print w[i] }'
}

require_debian_12() {
  local id='' version='' name='this system'
  if [ -r /etc/os-release ]; then
    id=$(. /etc/os-release && printf '%s' "${ID:-}")
    version=$(. /etc/os-release && printf '%s' "${VERSION_ID:-}")
    name=$(. /etc/os-release && printf '%s' "${PRETTY_NAME:-$ID}")
  fi
  if [ "$id" != debian ] || [ "$version" != 12 ] || ! command -v apt-get >/dev/null; then
    die "$name is not supported: Seatrial builds on Debian 12 (bookworm)" \
      "Use a Debian 12 machine, virtual machine, container or chroot (debootstrap bookworm DIR), and run ./sea there."
  fi
}

# sea_ensure GROUP...: nothing when all is there; otherwise says what is missing and installs it.
sea_ensure() {
  require_debian_12
  local missing
  mapfile -t missing < <(sea_missing "$@")
  [ ${#missing[@]} -gt 0 ] || return 0
  headline "Packages to install (from packaging/debian-packages.txt)"
  local package
  for package in "${missing[@]}"; do
    awk -v p="$package" '$1 == p { $2 = ""; sub(/^[^ ]+ +/, ""); printf "  %-24s %s\n", p, $0; exit }' \
      "$SEA_PACKAGES" >&2
  done
  if [ -n "${SEA_NO_INSTALL:-}" ]; then
    die "these packages are missing and SEA_NO_INSTALL is set" "As root: apt-get install ${missing[*]}"
  fi
  sea_install "${missing[@]}"
}

sea_install() {
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "installing packages needs root, and sudo is not here" \
      "Ask an administrator, or as root: apt-get install --no-install-recommends $*"
    as_root=(sudo)
    say "sudo may ask for your password: apt-get runs as root, everything else runs as you."
  fi
  local log
  log=$(mktemp)
  if ! "${as_root[@]}" apt-get update >"$log" 2>&1 || grep -q '^Err:' "$log"; then
    tail -n 5 "$log" >&2
    rm -f "$log"
    die "the package lists could not be fetched: no network, no mirror, or no right to use apt" \
      "Check the network and /etc/apt/sources.list (http_proxy is obeyed), then repeat the command."
  fi
  rm -f "$log"
  local removals
  removals=$(apt-get -s install --no-install-recommends "$@" 2>/dev/null | awk '/^Remv/ { print $2 }')
  if [ -n "$removals" ]; then
    say "${SEA_BOLD}apt will remove these packages, which conflict (Boost 1.81 replaces the default 1.74):$SEA_PLAIN"
    say "  ${removals//$'\n'/ }"
    ask "Remove them?" || die "nothing was installed or removed" \
      "Use another machine, container or chroot if these packages must stay."
  else
    ask "Install ${#} packages?" || die "nothing was installed" "Repeat the command when you are ready."
  fi
  # No recommended packages: QEMU would bring a desktop's worth of them.
  if ! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends "$@" >&2; then
    die "apt could not install the packages" \
      "Read apt's message above; 'apt-get -f install' repairs half-done installations. Then repeat the command."
  fi
}

sea_setup() {
  case ${1:-run} in
    run) sea_ensure build run ;;
    test | all) sea_ensure build run test ;;
    *) die "setup: unknown set '$1'" "Use ./sea setup run or ./sea setup test." ;;
  esac
  say "Every package that './sea setup ${1:-run}' looks for is installed."
}
