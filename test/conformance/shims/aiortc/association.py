"""aiortc's RTCSctpTransport between a peer that the case plays and an application that only listens."""
import asyncio
import struct
import time

from aiortc import rtcsctptransport as sctp

from serve import Refused

SACK, HEARTBEAT, COOKIE_ACK = 3, 4, 11


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


def packet(tag, chunks):
    body = b"".join(c + b"\0" * (-len(c) % 4) for c in chunks)
    head = struct.pack(">HHI", 5000, 5000, tag)
    return head + struct.pack("<I", sctp.crc32c(head + bytes(4) + body)) + body


def spoil(cookie, how):
    flip = lambda at: cookie[:at] + bytes([cookie[at] ^ 1]) + cookie[at + 1:]
    return {"flipped": flip(len(cookie) // 2), "first": flip(0), "last": flip(len(cookie) - 1), "truncated": cookie[:-1], "extended": cookie + b"\0", "zero": bytes(len(cookie)), "empty": b""}.get(how, cookie)


def later(us):
    """The clock of a cookie's life."""
    true = time.time()
    sctp.time.time = lambda: true + us / 1e6


async def established(a, below, given):
    await a.start(sctp.RTCSctpTransport.getCapabilities(), 5000)
    await a._handle_data(packet(0, [bytes.fromhex(given["init"])]))
    if not below.sent:
        raise Refused("malformed")
    answer = sctp.parse_packet(below.sent.pop())[3][0]
    cookie = spoil(dict(answer.params)[sctp.SCTP_STATE_COOKIE], given.get("cookie"))
    tag = answer.initiate_tag ^ (given.get("cookie_tag") == "wrong")
    now, clock = time.time, given.get("cookie_after_us", 0)
    later(clock)
    await a._handle_data(packet(tag, [bytes(sctp.CookieEchoChunk(body=cookie))]))
    sctp.time.time = now
    if a._association_state != a.State.ESTABLISHED:
        raise Refused("auth")
    below.sent.clear()
    return answer.initiate_tag


async def run(given):
    below = Below("controlled")
    a = Association(below)
    tag = await established(a, below, given)
    for p in given["packets"]:
        data = packet(tag ^ (p.get("tag") == "wrong"), [bytes.fromhex(c) for c in p["chunks"]])
        await a._handle_data(data[:8] + bytes([data[8] ^ (p.get("crc") == "wrong")]) + data[9:])
        await asyncio.sleep(0)
    chunks = [c for p in below.sent for c in sctp.parse_packet(p)[3]]
    sacks = [{"cumulative_tsn": c.cumulative_tsn, "gap_blocks": c.gaps, "duplicates": c.duplicates} for c in chunks if c.type == SACK]
    state = "closed" if a._association_state == a.State.CLOSED else "established"
    return {"state": state, "messages": a.messages, "sack": sacks[-1] if sacks else None, "reset_streams": a.resets, "sent": [c.type for c in chunks if c.type not in (SACK, HEARTBEAT, COOKIE_ACK)]}


def receive(given):
    return asyncio.run(run(given))
