"""A UDP proxy on 127.0.0.1 that loses and delays datagrams, the same ones for the same seed.

    lossy-proxy.py --to 127.0.0.1:4001 [--loss 0.05] [--delay-ms 20] [--seed 1]

With TRACE set, every datagram is named on standard error. Prints {"event":"listening","port":N}; on SIGTERM {"event":"counts","forwarded":N,"lost":N,"named":[...]}. Every source gets a socket of
its own towards the target, so that the target sees as many peers as there are.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import sys


def kind(data):
    """What a datagram is, from its outside; records of the handshake are named by their first message."""
    if data[0] < 4:
        return "STUN " + {0x0001: "request", 0x0101: "success", 0x0111: "error", 0x0011: "indication"}.get(data[0] << 8 | data[1], "?")
    names = {20: "ChangeCipherSpec", 21: "alert", 22: "handshake", 23: "data"}
    out, at = [], 0
    while at + 13 <= len(data):
        epoch, size = data[at + 4], data[at + 11] << 8 | data[at + 12]
        message = f" {data[at + 13]}" if data[at] == 22 and epoch == 0 and at + 13 < len(data) else ""
        out.append(names.get(data[at], str(data[at])) + message)
        at += 13 + size
    return "DTLS " + ", ".join(out)


class Back(asyncio.DatagramProtocol):
    """The socket towards the target that stands for one source."""

    def __init__(self, proxy, source):
        self.proxy, self.source = proxy, source

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        self.proxy.pass_on("<", data, lambda: self.proxy.front.sendto(data, self.source))

    def error_received(self, exc):
        pass


class Proxy(asyncio.DatagramProtocol):
    def __init__(self, to, loss, delay, seed):
        self.to, self.loss, self.delay = to, loss, delay
        self.random = random.Random(seed)
        self.sources = {}
        self.named = []  # what was lost of the handshakes
        self.trace = bool(os.environ.get("TRACE"))
        self.began = asyncio.get_running_loop().time()
        self.forwarded = self.lost = 0

    def connection_made(self, transport):
        self.front = transport

    def error_received(self, exc):
        pass

    def datagram_received(self, data, source):
        if source not in self.sources:
            self.sources[source] = asyncio.ensure_future(self.open(source))
        self.pass_on(">", data, lambda: asyncio.ensure_future(self.send(data, source)))

    async def open(self, source):
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: Back(self, source), remote_addr=self.to)
        return transport

    async def send(self, data, source):
        (await self.sources[source]).sendto(data)

    def pass_on(self, way, data, send):
        lose = self.random.random() < self.loss
        if self.trace:
            now = asyncio.get_running_loop().time() - self.began
            print(f"{now:8.3f} {way} {'LOST' if lose else '    '} {len(data):5} {kind(data)}", file=sys.stderr, flush=True)
        if lose:
            self.lost += 1
            if "handshake" in kind(data):
                self.named.append(f"{way} {kind(data)}")
            return
        self.forwarded += 1
        asyncio.get_running_loop().call_later(self.delay, send)


async def main():
    args = argparse.ArgumentParser()
    args.add_argument("--to", required=True)
    args.add_argument("--loss", type=float, default=0.05)
    args.add_argument("--delay-ms", type=float, default=20)
    args.add_argument("--seed", type=int, default=1)
    a = args.parse_args()
    host, port = a.to.rsplit(":", 1)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    proxy = Proxy((host, int(port)), a.loss, a.delay_ms / 1000, a.seed)
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: proxy, local_addr=("127.0.0.1", 0))
    print(json.dumps({"event": "listening", "port": transport.get_extra_info("sockname")[1]}), flush=True)
    await stop.wait()
    print(json.dumps({"event": "counts", "forwarded": proxy.forwarded, "lost": proxy.lost, "named": proxy.named}), flush=True)


asyncio.run(main())
