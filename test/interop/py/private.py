"""A py-libp2p peer of Demo 2 that has every transport of 0.8.1: TCP, webrtc-direct, and /webrtc, as far as that goes.

    private.py p2p                                    control protocol on standard input (see ../README.md), with "private_dial" and
                                                      "private_listen" besides
    private.py relay [--listen MULTIADDR]... --json   the events of webrtc-p2p-relay
"""

import trio
from libp2p import new_host
from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.crypto.x25519 import create_new_key_pair as create_new_noise_keys
from libp2p.relay.circuit_v2.protocol import CircuitV2Protocol
from libp2p.relay.circuit_v2.transport import CircuitV2Transport
from libp2p.security.noise.transport import PROTOCOL_ID as NOISE
from libp2p.security.noise.transport import Transport as Noise
from libp2p.tools.anyio_service import background_trio_service
from libp2p.transport.tcp.tcp import TCP
from libp2p.transport.webrtc.config import WebRTCTransportConfig
from libp2p.transport.webrtc.private_transport import WebRTCPrivateTransport
from libp2p.transport.webrtc.transport import WebRTCDirectTransport
from multiaddr import Multiaddr

from p2p import P2P, main, roles


class Private(P2P):
    def __init__(self, host, circuit, nursery, transport):
        super().__init__(host, circuit, nursery)
        self.transport, self.arrived = transport, []

    async def do_private_dial(self, addr, **_):
        conn = await self.transport.dial(Multiaddr(addr))
        return {"peer": str(conn.peer_id)}

    async def do_private_listen(self, addr, **_):
        async def came(conn):
            self.arrived.append(conn)
        await self.transport.create_listener(came).listen(Multiaddr(addr))
        return {}

    async def do_private_arrived(self, **_):
        return {"n": len(self.arrived)}


def make_host():
    keys, noise_keys = create_new_key_pair(), create_new_noise_keys()
    direct = WebRTCDirectTransport(keys.private_key, WebRTCTransportConfig(max_concurrent_streams=100000))
    private = WebRTCPrivateTransport(keys.private_key)
    security = {NOISE: Noise(libp2p_keypair=keys, noise_privkey=noise_keys.private_key)}
    host = new_host(key_pair=keys, sec_opt=security, muxer_preference="YAMUX", transports=[TCP(), direct, private],
                    disable_identify_address_discovery=True)
    private._host = host  # the transport is made before the host that has it
    return host, private


async def run_p2p():
    host, private = make_host()
    async with host.run(listen_addrs=[]), trio.open_nursery() as nursery:
        protocol = CircuitV2Protocol(host, allow_hop=False)
        async with background_trio_service(protocol):
            await protocol.event_started.wait()
            await Private(host, CircuitV2Transport(host, protocol, roles(False)), nursery, private).obey()


if __name__ == "__main__":
    main(lambda: make_host()[0], run_p2p)
