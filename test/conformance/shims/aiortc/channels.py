"""aiortc's data channels: messages go in where the SCTP transport hands them over, and what it would send is kept."""
import asyncio

from aiortc import rtcsctptransport as sctp

from association import Below

DCEP, STRINGS = 50, (51, 56)


class Channels(sctp.RTCSctpTransport):
    def __init__(self, dtls_role):
        super().__init__(Below("controlled" if dtls_role == "client" else "controlling"))  # as between two aiortc: the offerer controls, and leaves the DTLS client to the other
        self._association_state = self.State.ESTABLISHED
        self._data_channel_id = 0 if self.is_server else 1
        self.out, self.events = [], []
        self.on("datachannel", self.opened)

    async def _send(self, stream_id, pp_id, user_data, *more, **named):
        self.out.append({"stream": stream_id, "ppid": pp_id, "data": user_data.hex()})

    async def _send_reconfig_param(self, param):
        if isinstance(param, sctp.StreamResetOutgoingParam):
            self.out += [{"stream": s, "reset": True} for s in param.streams]

    def opened(self, channel):
        self.events.append({"event": "opened", "stream": channel.id, "label": channel.label})
        channel.on("message", lambda m: self.events.append({"event": "message", "stream": channel.id, "binary": isinstance(m, bytes), "data": (m if isinstance(m, bytes) else m.encode()).hex()}))


async def exchange(given):
    t = Channels(given["dtls_role"])
    for m in given["messages"]:
        try:
            await t._receive(m["stream"], m["ppid"], bytes.fromhex(m["data"]))
        except Exception:
            pass  # aiortc lets it end the task that reads; the next message finds the state as it was
        await asyncio.sleep(0)
    return t


def receive(given):
    t = asyncio.run(exchange(given))
    return {"sent": t.out, "events": t.events}


async def decoded(message):
    t, channels = Channels("client"), []
    t.on("datachannel", channels.append)
    await t._receive(1, DCEP, message)
    return channels


def decode(given):
    """Of an OPEN what the channel shows; an ACK needs a channel that waits for it."""
    message = bytes.fromhex(given["hex"])
    if message[:1] == bytes([sctp.DATA_CHANNEL_ACK]):
        raise NotImplementedError
    c = asyncio.run(decoded(message))[0]
    kind, limit = ("rexmit", c.maxRetransmits) if c.maxRetransmits is not None else ("timed", c.maxPacketLifeTime) if c.maxPacketLifeTime is not None else ("reliable", None)
    return dict({"type": "OPEN", "unordered": not c.ordered, "reliability": kind, "label": c.label, "protocol": c.protocol}, **({} if limit is None else {"reliability_parameter": limit}))


async def one_of(ppid):
    t = Channels("client")
    await t._receive(1, DCEP, bytes([3]) + bytes(11))
    await t._receive(1, ppid, b"\0")
    return [e for e in t.events if e["event"] == "message"]


def ppid(given):
    heard = asyncio.run(one_of(given["ppid"]))
    if not heard:
        raise ValueError
    kind = "binary" if heard[0]["binary"] else "string"
    return {"meaning": kind if heard[0]["data"] else "empty " + kind}


async def opened(role, nth):
    t = Channels(role)
    for _ in range(nth + 1):
        channel = sctp.RTCDataChannel(t, sctp.RTCDataChannelParameters(label="x"))
        await t._data_channel_flush()
    return channel.id


def stream_id(given):
    return {"stream_id": asyncio.run(opened(given["dtls_role"], given["nth_channel"]))}
