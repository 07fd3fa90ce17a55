# SPDX-License-Identifier: Apache-2.0
# pexpect on the lines of console_bench, over a unix socket, for comparison.
# usage: console_pexpect.py SOCKET PATTERNS WINDOW   (WINDOW 0: pexpect's own defaults)
import resource
import socket
import sys
import time

import pexpect
from pexpect import fdpexpect

path, patterns, window = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
things = ["mmc\\d: error -\\d+", "U-Boot SPL", "Unable to mount", "login incorrect",
          "thermal shutdown", "link is not ready", "firmware: failed", "i2c timeout",
          "usb disconnect", "clocksource unstable"]
wanted = ["%s[^\n]*unit%02d" % (things[i % 10], i) for i in range(patterns - 1)]
wanted.append("marker: the run ends here")
for _ in range(500):
    try:
        peer = socket.socket(socket.AF_UNIX)
        peer.connect(path)
        break
    except OSError:
        time.sleep(0.01)
options = dict(maxread=window, searchwindowsize=window) if window else {}
child = fdpexpect.fdspawn(peer.fileno(), timeout=900, **options)
count = 0


class Counter:
    def write(self, data):
        global count
        count += len(data)

    def flush(self):
        pass


child.logfile_read = Counter()
compiled = [__import__("re").compile(p.encode()) for p in wanted]
begin, cpu = time.monotonic(), time.process_time()
index = child.expect_list(compiled)
wall, used = time.monotonic() - begin, time.process_time() - cpu
assert index == patterns - 1, index
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print("pexpect  %6.0f MB %8.1f MB/s wall %8.1f MB/s cpu %6.1f MB peak (%d patterns, %s)" %
      (count / 1e6, count / 1e6 / wall, count / 1e6 / used, peak, patterns,
       "window %d" % window if window else "defaults"))
