#!/usr/bin/env python3
"""What py-libp2p does in a conversation, behind the protocol of vectors/SHIM.md: negotiation, Yamux sessions, WebRTC streams, reservations. The other end of every stream is this
program, which passes octets on and looks at the library's own state; nothing is checked here. Time stands still but where the library sleeps."""
import logging
import math
import types

logging.disable(logging.CRITICAL)

import trio
import trio.testing
from libp2p.io.exceptions import IncompleteReadError
from libp2p.peer.id import ID
from libp2p.protocol_muxer.multiselect import Multiselect
from libp2p.protocol_muxer.multiselect_client import MultiselectClient
from libp2p.protocol_muxer.multiselect_communicator import MultiselectCommunicator
from libp2p.relay.circuit_v2.transport import CircuitV2Transport
from libp2p.security.noise.io import NoiseTransportReadWriter
from libp2p.stream_muxer.yamux.yamux import TYPE_GO_AWAY, Yamux
from noise.connection import NoiseConnection
from noise.state import CipherState

import webrtc
from serve import Refused, serve

STEP = 0.02  # longer than the library sleeps after an error, far from its first ping


def in_trio(run):
    def operation(given):
        clock = trio.testing.MockClock()
        return trio.run(run, given, clock, clock=clock)
    return operation


class Pipe:
    """A connection whose other end is this program: `written`, and what is put into `send`."""

    def __init__(self, is_initiator, octets=b""):
        self.is_initiator, self.left, self.written = is_initiator, bytearray(octets), bytearray()
        self.send, self.receive = trio.open_memory_channel(math.inf)

    async def read(self, n=None):
        await trio.lowlevel.checkpoint()
        try:
            while not self.left:
                self.left += await self.receive.receive()
        except trio.EndOfChannel:
            return b""
        taken = bytes(self.left[:n])
        del self.left[:n]
        return taken

    async def write(self, data):
        self.written += data

    async def close(self):
        self.send.close()


# ---- multistream-select ----

async def negotiate(given, clock):
    pipe = Pipe(given["role"] == "dialer", b"".join(map(bytes.fromhex, given["input"])))
    pipe.send.close()
    talk = MultiselectCommunicator(pipe)
    if given["role"] == "dialer":
        selected = await MultiselectClient().select_one_of(given["protocols"], talk)
    else:
        selected, _ = await Multiselect({p: None for p in given["protocols"]}).negotiate(talk)
    return {"output": pipe.written.hex(), "selected": selected, "left": pipe.left.hex() or None}


# ---- Yamux ----

def octets_of(frame):
    if isinstance(frame, str):
        return [bytes.fromhex(frame)]
    return [bytes.fromhex(frame["header"]) + bytes.fromhex(frame["fill"]) * frame["count"]] * frame["times"]


async def accept(muxer, seen):
    async for stream in muxer.new_stream_receive_channel:
        seen.append({"id": stream.stream_id, "data": "", "length": 0, "half_closed_by_peer": False, "reset": False, "stream": stream})


def look(muxer, seen):
    """Before the session ends: it forgets its streams then."""
    for s in seen if not muxer.event_shutting_down.is_set() else []:
        data = bytes(muxer.stream_buffers.get(s["id"], bytes.fromhex(s["data"])))
        s.update(data=data.hex(), length=len(data), reset=s["stream"].reset_received, half_closed_by_peer=s["stream"].recv_closed)


async def session(given, clock):
    pipe, seen, last = Pipe(given["receiver"] == "client"), [], b""
    muxer = Yamux(pipe, ID(b"\0\0"))

    async def feed(nursery):
        for octets in [o for f in given["frames"] for o in octets_of(f)]:
            if muxer.event_shutting_down.is_set():
                break
            await pipe.send.send(octets)
            await trio.testing.wait_all_tasks_blocked()
            clock.jump(STEP)
            await trio.testing.wait_all_tasks_blocked()
            look(muxer, seen)
        nursery.cancel_scope.cancel()
        return octets
    async with trio.open_nursery() as nursery:
        nursery.start_soon(muxer.start)
        nursery.start_soon(accept, muxer, seen)
        await muxer.event_started.wait()
        last = await feed(nursery)
    if muxer.event_shutting_down.is_set() and last[1] != TYPE_GO_AWAY:
        raise Refused("state")
    return {"streams": [{k: v for k, v in s.items() if k != "stream"} for s in seen], "reply": pipe.written.hex()}


# ---- the others ----

async def decrypt(given, clock):
    state, out = NoiseConnection.from_name(b"Noise_XX_25519_ChaChaPoly_SHA256"), b""
    state.noise_protocol.cipher_state_decrypt = CipherState(state.noise_protocol)
    state.noise_protocol.cipher_state_decrypt.initialize_key(bytes.fromhex(given["key"]))
    state.handshake_finished = True
    pipe = Pipe(False, b"".join(map(bytes.fromhex, given["chunks"])))
    pipe.send.close()
    reader = NoiseTransportReadWriter(pipe, state)
    try:
        while pipe.left:
            out += await reader.read_msg()
    except IncompleteReadError:
        if given.get("end"):
            raise
    return {"data": out.hex()}


async def reserve(given, clock):
    transport = object.__new__(CircuitV2Transport)
    transport.host = types.SimpleNamespace(get_id=lambda: ID.from_string(given["self"]))
    transport._reservations, transport._reservation_proofs = {}, {}
    pipe, relay = Pipe(True, bytes.fromhex(given["hex"])), ID.from_string(given["relay"])
    pipe.send.close()
    if not await transport._make_reservation(pipe, relay):
        raise Refused("state")
    return {"expire": transport._reservations[relay]}


serve({"multistream.negotiate": in_trio(negotiate), "yamux_session.receive": in_trio(session), "webrtc_stream.run": in_trio(webrtc.run), "relay_voucher.reserve": in_trio(reserve), "noise_frame.receive": in_trio(decrypt)}, partial={"yamux_session.receive", "webrtc_stream.run"})
