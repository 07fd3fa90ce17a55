#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the lab network costs: TCP between a DUT and the lab through seatrial-switch, against two
namespaces joined by a veth pair, in turns, the best of each. The DUT is a namespace, so this is the
switch's own limit; behind emulated guests QEMU is slower than either.

network_ratio.py [BUILD [MEGABYTES]]      needs root, dnsmasq-base and iproute2
"""
import json
import os
import socket
import subprocess
import sys
import tempfile
import time

BUILD = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")
MEGABYTES = int(sys.argv[2]) if len(sys.argv) > 2 else 200
TURNS = 3
MAC = "52:54:00:5e:a7:02"
SINK = """
import socket, time
listener = socket.create_server(("", 9000))
print("listening", flush=True)
peer = listener.accept()[0]
began, got = time.monotonic(), 0
while data := peer.recv(1 << 20):
    got += len(data)
print(got, time.monotonic() - began)
"""
SOURCE = """
import socket, sys
with socket.create_connection((sys.argv[1], 9000)) as peer:
    for _ in range(int(sys.argv[2])):
        peer.sendall(bytes(1 << 20))
"""
started = []


def start(*words, **more):
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, **more)
    started.append(process)
    return process


def inside(pid, *words):
    return ["nsenter", "-t", str(pid), "-n", *words]


def run(*words):
    subprocess.run(words, check=True)


def ask(folder, part, request):
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(f"{folder}/{part}.ctl")
        line.sendall((json.dumps(request) + "\n").encode())
        return json.loads(line.makefile().readline())


def megabits(server, client, address):
    """Mbit/s of so many megabytes from the namespace of one process to that of another."""
    sink = subprocess.Popen(inside(server, sys.executable, "-c", SINK), stdout=subprocess.PIPE,
                            text=True)
    sink.stdout.readline()  # it listens
    run(*inside(client, sys.executable, "-c", SOURCE, address, str(MEGABYTES)))
    got, seconds = sink.communicate(timeout=60)[0].split()
    if int(got) != MEGABYTES << 20:
        sys.exit(f"{got} bytes arrived of {MEGABYTES << 20}")
    return MEGABYTES * 8 * 1.048576 / float(seconds)


def make_lab(folder):
    settings = {"folder": folder, "sockets": folder, "switch_program": f"{BUILD}/bin/seatrial-switch",
                "nics": [{"name": "nic0", "mac": MAC, "socket": f"{folder}/nic0"}]}
    with open(f"{folder}/lab.json", "w", encoding="utf-8") as file:
        json.dump(settings, file)
    lab = start(f"{BUILD}/bin/seatrial-labnet", "run", f"{folder}/lab.json")
    ready = json.loads(lab.stdout.readline())
    if not ready["ready"]:
        sys.exit(f"{ready['failure']['what']}: {ready['failure']['advice']}")
    dut = start(f"{BUILD}/tests/lab_dut", f"{folder}/nic0", MAC)
    dut_pid = int(dut.stdout.readline())
    dut.stdout.readline()
    ask(folder, "switch", {"do": "dial", "port": "nic0"})
    run(*inside(dut_pid, "ip", "addr", "add", "10.77.0.50/24", "dev", "eth0"))
    with open(f"/proc/{lab.pid}/task/{lab.pid}/children", encoding="utf-8") as file:
        return int(file.read().split()[0]), dut_pid, ready["link"]


def make_pair():
    one, two = (start("unshare", "-n", "sleep", "600") for _ in "ab")
    own = os.readlink("/proc/self/ns/net")
    while own in (os.readlink(f"/proc/{p.pid}/ns/net") for p in (one, two)):
        time.sleep(0.01)
    run(*inside(one.pid, "ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1",
                "netns", str(two.pid)))
    for pid, name, last in ((one.pid, "v0", 1), (two.pid, "v1", 2)):
        run(*inside(pid, "ip", "addr", "add", f"10.78.0.{last}/24", "dev", name))
        run(*inside(pid, "ip", "link", "set", name, "up"))
    return one.pid, two.pid


def main():
    with tempfile.TemporaryDirectory(prefix="net") as folder:
        lab, dut, link = make_lab(folder)
        one, two = make_pair()
        best = {"up": 0, "down": 0, "direct": 0}
        cpu = {}
        for _ in range(TURNS):
            for way, server, client, address in (("up", lab, dut, "10.77.0.1"),
                                                 ("down", dut, lab, "10.77.0.50"),
                                                 ("direct", one, two, "10.78.0.1")):
                before = ask(folder, "switch", {"do": "state"})["cpu_seconds"]
                best[way] = max(best[way], megabits(server, client, address))
                used = ask(folder, "switch", {"do": "state"})["cpu_seconds"] - before
                cpu[way] = min(cpu.get(way, 1e9), used * 1000 / MEGABYTES)
        state = ask(folder, "switch", {"do": "state"})
        full = sum(port["counters"]["queue_full"] for port in state["ports"])
        print(f"{'way':34} {'Mbit/s':>8} {'of direct':>10} {'switch CPU ms/MB':>17}")
        for way, name in (("up", f"DUT to lab, switch and {link}"),
                          ("down", f"lab to DUT, switch and {link}"), ("direct", "veth to veth")):
            share = f"{best[way] / best['direct']:.2f}"
            busy = "-" if way == "direct" else f"{cpu[way]:.2f}"
            print(f"{name:34} {best[way]:8.0f} {share:>10} {busy:>17}")
        print(f"{MEGABYTES} MB each, best of {TURNS}, capture on; frames dropped for want of room: {full}")


try:
    main()
finally:
    for child in reversed(started):
        child.terminate()
    for child in started:
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
