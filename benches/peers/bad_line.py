#!/usr/bin/env python3
"""A bad line between two network namespaces, packet by packet: what `tc netem` does, where the kernel has none.

    bad_line.py NAMESPACE_A NAMESPACE_B KBIT_A_SECOND DELAY_MS LOSS_PERCENT

Needs root and /dev/net/tun. It makes both namespaces with a tunnel device each (10.46.0.1 in A, 10.46.0.2 in B) and
carries packets until it is killed: each direction sends one packet after the other at the rate, out of a queue of
QUEUE bytes as a router has, DELAY_MS on its way; of a hundred packets LOSS_PERCENT are lost.
"""

import fcntl
import heapq
import os
import random
import select
import struct
import subprocess
import sys
import time

QUEUE = 32_000


def tunnel(namespace, name, own, peer):
    file = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    # TUNSETIFF with IFF_TUN and IFF_NO_PI: bare packets.
    fcntl.ioctl(file, 0x400454CA, struct.pack("16sH", name.encode(), 0x0001 | 0x1000))
    subprocess.run(["ip", "netns", "add", namespace], check=False, stderr=subprocess.DEVNULL)
    subprocess.run(["ip", "link", "set", name, "netns", namespace], check=True)
    inside = ["ip", "-n", namespace]
    subprocess.run([*inside, "link", "set", "lo", "up"], check=True)
    subprocess.run([*inside, "addr", "add", own, "peer", peer, "dev", name], check=True)
    subprocess.run([*inside, "link", "set", name, "mtu", "1500", "up"], check=True)
    return file


class Direction:
    def __init__(self, far, kbit, delay, loss):
        self.far, self.rate, self.delay, self.loss = far, kbit * 125, delay, loss
        self.free_at, self.packets, self.lost = 0.0, [], 0

    def take(self, packet, now):
        begins = max(now, self.free_at)
        waiting = (begins - now) * self.rate
        if waiting + len(packet) > QUEUE:
            self.lost += 1
            return
        self.free_at = begins + len(packet) / self.rate
        if random.random() < self.loss:
            self.lost += 1
            return
        heapq.heappush(self.packets, (self.free_at + self.delay, packet))

    def deliver(self, now):
        while self.packets and self.packets[0][0] <= now:
            try:
                os.write(self.far, heapq.heappop(self.packets)[1])
            except OSError:
                pass


def main():
    a, b = sys.argv[1:3]
    kbit, delay, loss = float(sys.argv[3]), float(sys.argv[4]) / 1000, float(sys.argv[5]) / 100
    random.seed(46)
    files = [tunnel(a, "bad-a", "10.46.0.1", "10.46.0.2"), tunnel(b, "bad-b", "10.46.0.2", "10.46.0.1")]
    directions = {files[0]: Direction(files[1], kbit, delay, loss), files[1]: Direction(files[0], kbit, delay, loss)}
    print("the line is there", flush=True)
    while True:
        now = time.monotonic()
        due = [direction.packets[0][0] for direction in directions.values() if direction.packets]
        ready, _, _ = select.select(files, [], [], max(0.0, min(due) - now) if due else None)
        now = time.monotonic()
        for file in ready:
            directions[file].take(os.read(file, 2048), now)
        for direction in directions.values():
            direction.deliver(now)


if __name__ == "__main__":
    main()
