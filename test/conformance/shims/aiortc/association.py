"""aiortc's RTCSctpTransport between a peer that the case plays and an application that only listens."""
import asyncio
import time

from aiortc import rtcsctptransport as sctp

import sctp_peer as peer
from serve import Refused


class Below:
    """Stands for the DTLS transport; the ICE role decides in aiortc who opens the association and who has the even streams."""

    state = "connected"

    def __init__(self, ice_role):
        self.role, self.sent = ice_role, []

    transport = property(lambda self: self)

    def _register_data_receiver(self, receiver):
        pass

    async def _send_data(self, packet):
        self.sent.append(packet)


class Association(sctp.RTCSctpTransport):
    """Keeps what it delivers. aiortc does not tell whether a message was unordered."""

    def __init__(self, below):
        super().__init__(below)
        self.messages, self.resets = [], []

    async def _receive(self, stream_id, pp_id, data):
        self.messages.append({"stream": stream_id, "ppid": pp_id, "data": data.hex()})

    async def _receive_reconfig_param(self, param):
        await super()._receive_reconfig_param(param)
        if isinstance(param, sctp.StreamResetOutgoingParam):
            self.resets += [s for s in param.streams if s not in self._inbound_streams]


def later(us):
    """The clock of a cookie's life."""
    true = time.time()
    sctp.time.time = lambda: true + us / 1e6


async def established(a, below, given):
    await a.start(sctp.RTCSctpTransport.getCapabilities(), 5000)
    await a._handle_data(peer.packet(0, [bytes.fromhex(given["init"])]))
    if not below.sent:
        raise Refused("malformed")
    tag, cookie = peer.of_init_ack(below.sent.pop())
    now = time.time
    later(given.get("cookie_after_us", 0))
    await a._handle_data(peer.packet(tag ^ (given.get("cookie_tag") == "wrong"), [bytes(sctp.CookieEchoChunk(body=peer.spoil(cookie, given.get("cookie"))))]))
    sctp.time.time = now
    if a._association_state != a.State.ESTABLISHED:
        raise Refused("auth")
    below.sent.clear()
    return tag


async def run(given):
    below = Below("controlled")
    a = Association(below)
    tag = await established(a, below, given)
    for p in peer.packets(given, tag):
        await a._handle_data(p)
        await asyncio.sleep(0)
    state = "closed" if a._association_state == a.State.CLOSED else "established"
    return dict(peer.summary(below.sent), state=state, messages=a.messages, reset_streams=a.resets)


def receive(given):
    return asyncio.run(run(given))
