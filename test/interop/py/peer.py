"""A py-libp2p peer for test/interop.

    peer.py dialer VERSION                              control protocol on standard input (see ../README.md)
    peer.py server [--listen MULTIADDR] [--echo] --json  the command line and events of webrtc-direct-server

p2p.py is the peer of Demo 2.
"""

import argparse
import hashlib
import json
import os
import random
import signal
import sys
import time

import trio
from libp2p import new_host
from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.host.ping import PingService
from libp2p.identity.identify.identify import ID as IDENTIFY
from libp2p.identity.identify.identify import parse_identify_response
from libp2p.network.stream.exceptions import StreamEOF, StreamError
from libp2p.peer.peerinfo import info_from_p2p_addr
from libp2p.transport.webrtc.config import WebRTCTransportConfig
from libp2p.transport.webrtc.transport import WebRTCDirectTransport
from libp2p.utils.varint import read_length_prefixed_protobuf
from multiaddr import Multiaddr

CHAT = "/webrtc-chat/1.0.0"
BLOCK = 4000  # one write is one data channel message, and go-libp2p loses those over 4,096 bytes


def say(**event):
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


def make_host(version=1):
    keys = create_new_key_pair()
    config = WebRTCTransportConfig(webrtc_direct_dial_version=version, max_concurrent_streams=100000)
    return new_host(key_pair=keys, transports=[WebRTCDirectTransport(keys.private_key, config)], disable_identify_address_discovery=True)


async def read_some(stream, n=16384):
    """The next bytes, or b"" at the end."""
    try:
        return await stream.read(n)
    except StreamEOF:
        return b""
    except StreamError as why:
        if "closed" in str(why):  # this is how FIN shows on a data channel in 0.8.1
            return b""
        raise


async def read_all(stream, limit=None):
    got = bytearray()
    while limit is None or len(got) < limit:
        chunk = await read_some(stream, 16384 if limit is None else min(16384, limit - len(got)))
        if not chunk:
            break
        got += chunk
    return bytes(got)


async def write_all(stream, data):
    for at in range(0, len(data), BLOCK):
        await stream.write(data[at:at + BLOCK])


# ---- server -----------------------------------------------------------------------------------------------------------

class Server:
    def __init__(self, args, host):
        self.args, self.host = args, host
        self.open = []

    async def echo(self, stream):
        while chunk := await read_some(stream):
            await write_all(stream, chunk)
        await close_write(stream)

    async def chat(self, stream):
        self.open.append(stream)
        peer = stream.muxed_conn.peer_id.to_string()
        while chunk := await read_some(stream):
            say(event="message", peer=peer, text=chunk.decode(errors="replace"))
        self.open.remove(stream)

    async def handle(self, stream):
        try:
            await (self.echo(stream) if self.args.echo else self.chat(stream))
        except Exception as why:
            print(f"stream: {why!r}", file=sys.stderr, flush=True)

    async def watch(self):
        """py-libp2p's notifications differ from release to release; the table of connections does not."""
        known = set()
        while True:
            now = {p.to_string() for p in self.host.get_connected_peers()}
            for p in now - known:
                say(event="connected", peer=p, dir="in")
            for p in known - now:
                say(event="disconnected", peer=p)
            known = now
            await trio.sleep(0.05)

    def announce(self):
        peer = self.host.get_id().to_string()
        for addr in self.host.get_addrs():
            text = str(addr)
            say(event="listening", addr=text if "/p2p/" in text else f"{text}/p2p/{peer}")

    async def lines(self):
        async for line in trio.wrap_file(sys.stdin):
            for stream in self.open:
                await stream.write(line.rstrip("\n").encode())

    async def run(self):
        self.host.set_stream_handler(CHAT, self.handle)
        with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            async with self.host.run(listen_addrs=[Multiaddr(self.args.listen)]), trio.open_nursery() as nursery:
                self.announce()
                nursery.start_soon(self.watch)
                nursery.start_soon(self.lines)
                async for _ in signals:
                    nursery.cancel_scope.cancel()
                    break
        os._exit(0)


# ---- dialer -----------------------------------------------------------------------------------------------------------

def ms(since):
    return (time.monotonic() - since) * 1000


def compare(got, sent):
    if len(got) != len(sent):
        raise ValueError(f"{len(got)} of {len(sent)} bytes came back")
    if got != sent:
        raise ValueError("other bytes came back than were sent")


async def close_write(stream):
    # 0.8.1 has no public half-close on a data channel: close() ends the reading side too.
    await stream.muxed_stream._close_write()


class Dialer:
    def __init__(self, host):
        self.host, self.peer, self.stream = host, None, None
        self.protocol, self.close_write = CHAT, close_write

    async def do_open(self, addr, seconds=15, **_):
        began = time.monotonic()
        info = info_from_p2p_addr(Multiaddr(addr))
        with trio.fail_after(seconds):
            await self.host.connect(info)
        self.peer, self.stream = info.peer_id, None
        return {"peer": info.peer_id.to_string(), "ms": ms(began)}

    async def do_identify(self, **_):
        stream = await self.host.new_stream(self.peer, [IDENTIFY])
        answer = parse_identify_response(await read_length_prefixed_protobuf(stream, use_varint_format=True))
        await stream.close()
        return {"agent": answer.agent_version, "protocols": list(answer.protocols)}

    async def do_ping(self, n, **_):
        rtts = await PingService(self.host).ping(self.peer, n)
        return {"rtt_ms": rtts}

    async def do_echo(self, bytes, fin, **_):
        stream = await self.host.new_stream(self.peer, [self.protocol])
        sent = random.Random(1).randbytes(bytes)
        began = time.monotonic()
        got = []

        async def reading():
            got.append(await read_all(stream, None if fin == "first" else bytes))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(reading)
            await write_all(stream, sent)
            if fin == "first":
                await self.close_write(stream)
        if fin != "first":
            await self.close_write(stream)
            compare(await read_all(stream), b"")
        compare(got[0], sent)
        await stream.close()
        return {"bytes": bytes, "sha256": hashlib.sha256(got[0]).hexdigest(), "ms": ms(began)}

    async def one_stream(self, i, size):
        stream = await self.host.new_stream(self.peer, [self.protocol])
        sent = random.Random(i).randbytes(size)
        await write_all(stream, sent)
        await self.close_write(stream)
        compare(await read_all(stream), sent)
        await stream.close()

    async def do_streams(self, n, parallel, bytes=64, **_):
        began = time.monotonic()
        for at in range(0, n, parallel):
            async with trio.open_nursery() as nursery:
                for i in range(at, min(n, at + parallel)):
                    nursery.start_soon(self.one_stream, i, bytes)
        return {"n": n, "ms": ms(began)}

    async def do_send(self, text, **_):
        if self.stream is None:
            self.stream = await self.host.new_stream(self.peer, [self.protocol])
        await self.stream.write(text.encode())
        return {}

    async def do_recv(self, bytes, **_):
        return {"text": (await read_all(self.stream, bytes)).decode(errors="replace")}

    async def do_closed(self, seconds, **_):
        began = time.monotonic()
        with trio.fail_after(seconds):
            while self.peer in self.host.get_connected_peers():
                await trio.sleep(0.02)
        return {"why": "closed", "ms": ms(began)}

    async def do_close(self, **_):
        await self.host.disconnect(self.peer)
        return {}

    async def answer(self, command):
        do = command.pop("do")
        try:
            with trio.fail_after(100):
                say(ok=True, **await getattr(self, f"do_{do}")(**command))
        except Exception as why:
            inner = getattr(why, "exceptions", ())
            say(ok=False, error=f"{why!r}" + (f" {inner!r}" if inner else ""))

    async def obey(self):
        say(ok=True, ready=True, version="py-libp2p", pid=os.getpid())
        async for line in trio.wrap_file(sys.stdin):
            command = json.loads(line)
            if command["do"] == "quit":
                say(ok=True)
                os._exit(0)
            await self.answer(command)


async def run_dialer(version):
    host = make_host(version)
    async with host.run(listen_addrs=[]):
        await Dialer(host).obey()


def main():
    args = argparse.ArgumentParser()
    args.add_argument("role", choices=["dialer", "server"])
    args.add_argument("version", nargs="?", type=int, default=1)
    args.add_argument("--listen", default="/ip4/127.0.0.1/udp/0/webrtc-direct")
    args.add_argument("--echo", action="store_true")
    args.add_argument("--json", action="store_true")
    a = args.parse_args()
    if a.role == "server":
        trio.run(Server(a, make_host()).run)
    else:
        trio.run(run_dialer, a.version)


if __name__ == "__main__":
    main()
