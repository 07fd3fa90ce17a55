#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# get_sshd.sh FOLDER: makes sure that tests have an OpenSSH server. Where none is installed, Debian's package
# is fetched and unpacked into FOLDER, not installed: a server that starts by itself is nothing that a test may
# leave on somebody's machine.
set -eu
if [ -n "${SEATRIAL_SSHD:-}" ] || [ -x /usr/sbin/sshd ] || [ -x "$1/usr/sbin/sshd" ]; then exit 0; fi
mkdir -p "$1/packages"
cd "$1/packages"
apt-get download openssh-server libwrap0 ||
  { echo "no OpenSSH server for the SSH tests: apt-get install openssh-server" >&2; exit 1; }
for package in ./*.deb; do dpkg-deb -x "$package" "$1"; done
