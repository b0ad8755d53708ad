"""A py-libp2p peer of Demo 2: TCP with Noise and Yamux, circuits, and the relay itself.

    p2p.py p2p                                    control protocol on standard input (see ../README.md)
    p2p.py relay [--listen MULTIADDR]... --json   the events of webrtc-p2p-relay
"""

import argparse
import os
import signal
import time

import trio
from libp2p import new_host
from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.crypto.x25519 import create_new_key_pair as create_new_noise_keys
from libp2p.peer.peerinfo import info_from_p2p_addr
from libp2p.relay.circuit_v2.config import RelayConfig, RelayRole
from libp2p.relay.circuit_v2.protocol import PROTOCOL_ID as HOP
from libp2p.relay.circuit_v2.protocol import CircuitV2Protocol
from libp2p.relay.circuit_v2.transport import CircuitV2Transport
from libp2p.security.noise.transport import PROTOCOL_ID as NOISE
from libp2p.security.noise.transport import Transport as Noise
from libp2p.tools.anyio_service import background_trio_service
from multiaddr import Multiaddr

from peer import Dialer, Server, ms, read_some, say, write_all

CHAT = "/webrtc-p2p-chat/1.0.0"


def make_tcp_host():
    """TCP, Noise alone (by itself 0.8.1 would offer TLS and plaintext too), Yamux."""
    keys, noise_keys = create_new_key_pair(), create_new_noise_keys()
    security = {NOISE: Noise(libp2p_keypair=keys, noise_privkey=noise_keys.private_key)}
    return new_host(key_pair=keys, sec_opt=security, muxer_preference="YAMUX", disable_identify_address_discovery=True)


class Served:
    """What the echo handler of this process sent back."""

    def __init__(self):
        self.streams, self.bytes = 0, 0

    async def handle(self, stream):
        self.streams += 1
        while chunk := await read_some(stream):
            self.bytes += len(chunk)
            await write_all(stream, chunk)
        await stream.close_write()


async def close_write(stream):
    await stream.close_write()


def roles(relay):
    return RelayConfig(roles=RelayRole.HOP | RelayRole.STOP | RelayRole.CLIENT if relay else RelayRole.STOP)


class P2P(Dialer):
    def __init__(self, host, circuit, nursery):
        super().__init__(host)
        self.protocol, self.close_write = CHAT, close_write
        self.circuit, self.nursery, self.served = circuit, nursery, Served()
        self.relay = None
        host.set_stream_handler(CHAT, self.served.handle)

    async def do_reserve(self, addr, **_):
        info = info_from_p2p_addr(Multiaddr(addr))
        await self.host.connect(info)
        stream = await self.host.new_stream(info.peer_id, [HOP])
        if not await self.circuit.reserve(stream, info.peer_id, self.nursery):
            raise ValueError("the relay granted no reservation")
        self.relay = info.peer_id
        expires = self.circuit._reservations[info.peer_id]
        return {"addr": f"{addr}/p2p-circuit/p2p/{self.host.get_id()}", "expires": expires}

    async def do_open(self, addr, seconds=15, **_):
        if "/p2p-circuit/" not in addr:
            return await super().do_open(addr, seconds)
        began = time.monotonic()
        with trio.fail_after(seconds):
            await self.circuit.dial(Multiaddr(addr))
        self.peer, self.stream = info_from_p2p_addr(Multiaddr(addr)).peer_id, None
        return {"peer": self.peer.to_string(), "ms": ms(began)}

    def shown(self, peer):
        found = self.host.get_network().connections.get(peer, [])
        conns = found if isinstance(found, list) else [found]
        addrs = [str(a) for c in conns for a in c.get_transport_addresses()]
        return {"peer": peer.to_string(), "remote": " ".join(addrs), "limited": any("p2p-circuit" in a for a in addrs)}

    async def do_path(self, **_):
        return self.shown(self.peer)

    async def do_inbound(self, seconds=15, **_):
        with trio.fail_after(seconds):
            while not (came := [p for p in self.host.get_connected_peers() if p != self.relay]):
                await trio.sleep(0.02)
        return self.shown(came[0])

    async def do_served(self, **_):
        return {"streams": self.served.streams, "bytes": self.served.bytes}


class Relay(Server):
    """A circuit relay, and an echo server of the chat protocol besides."""

    async def run(self):
        self.host.set_stream_handler(CHAT, Served().handle)
        with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            async with self.host.run(listen_addrs=[Multiaddr(a) for a in self.args.listen]), trio.open_nursery() as nursery:
                circuit = CircuitV2Protocol(self.host, allow_hop=True)
                async with background_trio_service(circuit):
                    await circuit.event_started.wait()
                    self.announce()
                    nursery.start_soon(self.watch)
                    async for _ in signals:
                        os._exit(0)


async def run_p2p():
    host = make_tcp_host()
    async with host.run(listen_addrs=[]), trio.open_nursery() as nursery:
        protocol = CircuitV2Protocol(host, allow_hop=False)
        async with background_trio_service(protocol):
            await protocol.event_started.wait()
            await P2P(host, CircuitV2Transport(host, protocol, roles(False)), nursery).obey()


def main(relay_host, p2p):
    args = argparse.ArgumentParser()
    args.add_argument("role", choices=["p2p", "relay"])
    args.add_argument("--listen", action="append", default=[])
    args.add_argument("--json", action="store_true")
    a = args.parse_args()
    trio.run(Relay(a, relay_host()).run if a.role == "relay" else p2p)


if __name__ == "__main__":
    main(make_tcp_host, run_p2p)
