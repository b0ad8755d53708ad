"""libp2p's own formats from the text of its specifications: libp2p/specs (webrtc, noise, peer-ids), multiformats (unsigned-varint, multihash) and Protocol Buffers encoding."""
import struct

from octets import Octets, need


def varint(o, most=9):
    """multiformats unsigned-varint: at most 9 octets, and no more than it takes. Protocol Buffers has ten, and does not mind."""
    value = 0
    for i in range(most):
        octet = o.number(1)
        value |= (octet & 0x7F) << 7 * i
        if octet < 0x80:
            need(most == 10 or octet or i == 0)
            return value
    need(False)


def as_varint(n):
    return bytes([n]) if n < 0x80 else bytes([n & 0x7F | 0x80]) + as_varint(n >> 7)


def protobuf(data):
    """Fields by number; of a repeated one the last."""
    o, found = Octets(data), {}
    while o.left():
        tag = varint(o, 10)
        number, wire = tag >> 3, tag & 7
        need(number > 0 and wire in (0, 1, 2, 5))
        found[number, wire] = varint(o, 10) if wire == 0 else o.take({1: 8, 5: 4}[wire] if wire != 2 else varint(o, 10))
    return found


# ---- webrtc: frames, and the stream they make ----

FRAME_MAX = 16384  # "Encoded messages including their length prefix MUST NOT exceed 16kiB"
FIN, STOP_SENDING, RESET, FIN_ACK = range(4)


def message(body):
    m = protobuf(body)
    return {"flag": m.get((1, 0)), "message": m[2, 2].hex() if (2, 2) in m else None}


def frames(held):
    """Takes the whole frames off the front."""
    found = []
    while held:
        o = Octets(bytes(held))
        if len(held) < 9 and all(octet > 0x7F for octet in held):
            break  # a length that is not whole
        size = varint(o)
        need(o.at + size <= FRAME_MAX, "limit")
        if size > o.left():
            break
        found.append(message(o.take(size)))
        del held[:o.at]
    return found


def frame(given):
    held = bytearray.fromhex(given["hex"])
    found = frames(held)
    need(len(found) == 1 and not held)
    return found[0]


def split(given):
    held, found = bytearray(), []
    for chunk in given["chunks"]:
        held += bytes.fromhex(chunk)
        found += frames(held)
    return {"messages": found, "left": len(held)}


def write_frame(given):
    body = b"" if given.get("flag") is None else b"\x08" + as_varint(given["flag"])
    if given.get("message") is not None:
        data = bytes.fromhex(given["message"])
        body += b"\x12" + as_varint(len(data)) + data
    out = as_varint(len(body)) + body
    need(len(out) <= FRAME_MAX, "limit")
    return {"hex": out.hex()}


class Stream:
    """The flags of libp2p/specs webrtc/README.md, Multiplexing; where it is silent, RFC 9000 section 3."""

    def __init__(self):
        self.reading = self.writing = True
        self.reset = self.stopped = False
        self.held, self.read, self.sent = bytearray(), [], []

    def end(self):
        self.reading = self.writing = False
        self.reset = True

    def take(self, flag, data):
        if self.reset:
            return
        if data and self.reading and flag != RESET:
            self.read.append(data)
        if flag == FIN:
            self.reading = False
            self.sent.append(FIN_ACK)
        elif flag == STOP_SENDING:
            self.writing = False
        elif flag == RESET:
            self.end()

    def do(self, what):
        if what == "write":
            need(self.writing, "state")
        elif what == "close_write" and self.writing:
            self.writing, self.sent = False, self.sent + [FIN]
        elif what == "close_read" and self.reading:
            self.reading, self.sent = False, self.sent + [STOP_SENDING]
        elif what == "reset" and not self.reset:
            self.sent.append(RESET)
            self.end()
        elif what == "channel_reset":
            self.end()


def run(given):
    s = Stream()
    for step in given["steps"]:
        if "do" in step:
            s.do(step["do"])
        elif "hex" in step and not s.reset:
            s.held += bytes.fromhex(step["hex"])
            for f in frames(s.held):
                s.take(f["flag"], f["message"])
        elif "hex" not in step:
            s.take(step.get("flag"), step.get("message"))
    return {"readable": s.reading, "writable": s.writing, "reset": s.reset, "read": s.read, "sent_flags": s.sent}


# ---- the others ----

def signal(given):
    m = protobuf(bytes.fromhex(given["hex"]))
    return {"type": m.get((1, 0)), "data": m[2, 2].hex() if (2, 2) in m else None}


def noise_frame(given):
    data = bytes.fromhex(given["message"])
    need(len(data) < 1 << 16, "limit")
    return {"frame": (struct.pack(">H", len(data)) + data).hex()}


def peer_id(given):
    """libp2p/specs peer-ids: the multihash of a key, sha2-256, or identity where the key has at most 42 octets."""
    o = Octets(bytes.fromhex(given["multihash"]))
    code, size = varint(o), varint(o)
    need(code == 0x12 and size == 32 or code == 0 and 0 < size <= 42)
    o.take(size)
    o.end()
    return {"multihash": given["multihash"]}


OPS = {"webrtc_framing.decode": frame, "webrtc_framing.split": split, "webrtc_framing.encode": write_frame, "webrtc_stream.run": run,
       "signaling.decode": signal, "noise_frame.encode": noise_frame, "peer_id.decode": peer_id}
