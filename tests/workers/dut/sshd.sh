#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# sshd.sh FOLDER PORT: an OpenSSH server for tests on 127.0.0.1:PORT, for the user who runs it, with keys
# and configuration in FOLDER only. Uses $SEATRIAL_SSHD, an installed sshd, or the one that get_sshd.sh
# unpacked. Runs in the foreground until it is killed.
set -eu
folder=$1
port=$2
here=${SEATRIAL_SSHD_ROOT:-/nonexistent}
sshd=${SEATRIAL_SSHD:-}
for candidate in "$sshd" /usr/sbin/sshd "$here/usr/sbin/sshd"; do
  if [ -x "$candidate" ]; then sshd=$candidate; break; fi
done
[ -x "$sshd" ] || { echo "no sshd: run get_sshd.sh first" >&2; exit 1; }
[ -f "$folder/host_key" ] || ssh-keygen -q -t ed25519 -N '' -f "$folder/host_key"
cat > "$folder/sshd_config" <<CONFIG
Port $port
ListenAddress 127.0.0.1
HostKey $folder/host_key
AuthorizedKeysFile $folder/authorized_keys
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
MaxStartups 50
CONFIG
LD_LIBRARY_PATH=$here/usr/lib/x86_64-linux-gnu
export LD_LIBRARY_PATH
if [ "$(id -u)" -ne 0 ]; then exec "$sshd" -D -e -f "$folder/sshd_config"; fi
# As root, sshd wants a user of its own and /run/sshd: given to it in a mount namespace, so that this
# machine stays as it is.
grep -v '^sshd:' /etc/passwd > "$folder/passwd"
echo 'sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin' >> "$folder/passwd"
# Where a mount namespace is refused (in a chroot), a library shows it the user, and /run/sshd is made.
wrapper=/usr/lib/x86_64-linux-gnu/libnss_wrapper.so
if ! unshare --mount true 2> /dev/null; then
  mkdir -p /run/sshd
  exec env LD_PRELOAD=$wrapper NSS_WRAPPER_PASSWD="$folder/passwd" NSS_WRAPPER_GROUP=/etc/group \
    "$sshd" -D -e -f "$folder/sshd_config"
fi
# shellcheck disable=SC2016  # the inner shell expands them
exec unshare --mount sh -c '
  set -eu
  mount --bind "$1/passwd" /etc/passwd
  mount -t tmpfs none /run
  mkdir -p /run/sshd
  exec "$2" -D -e -f "$1/sshd_config"' sh "$folder" "$sshd"
