"""Yamux from the text of libp2p/specs yamux/README.md, which is hashicorp's."""
import struct

from octets import Octets, need

SYN, ACK, END, RST = 1, 2, 4, 8
WINDOW = 262144


def header(given):
    version, kind, flags, stream, length = struct.unpack(">BBHII", header_of(bytes.fromhex(given["hex"])))
    need(version == 0 and kind <= 3)
    return {"version": version, "type": kind, "flags": flags, "stream_id": stream, "length": length}


def header_of(data):
    need(len(data) == 12)
    return data


class Session:
    def __init__(self, receiver):
        self.parity, self.streams, self.reply, self.goaway = 1 if receiver == "server" else 0, {}, b"", None

    def open(self, stream):
        need(stream % 2 == self.parity and stream not in self.streams, "state")
        self.streams[stream] = {"id": stream, "data": b"", "half_closed_by_peer": False, "reset": False}

    def of_stream(self, kind, flags, stream, length, data):
        need(stream, "state")
        if flags & SYN:
            self.open(stream)
        s = self.streams.get(stream)
        if s is None or s["reset"]:
            return
        if kind == 0:
            need(len(s["data"]) + length <= WINDOW, "state")
            if not s["half_closed_by_peer"]:
                s["data"] += data
        s["half_closed_by_peer"] |= bool(flags & END)
        s["reset"] |= bool(flags & RST)

    def of_session(self, kind, flags, stream, length):
        need(stream == 0, "state")
        if kind == 2 and flags & SYN:
            self.reply += struct.pack(">BBHII", 0, 2, ACK, 0, length)
        elif kind == 3:
            self.goaway = length

    def take(self, data):
        o = Octets(data)
        while o.left() >= 12:
            h = header({"hex": o.take(12).hex()})
            if h["type"] > 1:
                self.of_session(h["type"], h["flags"], h["stream_id"], h["length"])
                continue
            if h["type"] == 0:
                need(h["length"] <= WINDOW, "state")
            self.of_stream(h["type"], h["flags"], h["stream_id"], h["length"], o.take(h["length"]) if h["type"] == 0 else b"")
        return o.left()


def pieces(f):
    if isinstance(f, str):
        return bytes.fromhex(f)
    return (bytes.fromhex(f["header"]) + bytes.fromhex(f["fill"]) * f["count"]) * f["times"]


def session(given):
    s = Session(given["receiver"])
    left = s.take(b"".join(map(pieces, given["frames"])))
    need(not (given.get("end") and left))
    streams = [dict(x, data=x["data"].hex(), length=len(x["data"])) for x in s.streams.values()]
    return {"streams": streams, "reply": s.reply.hex(), "goaway": s.goaway}


OPS = {"yamux_frame.decode": header, "yamux_session.receive": session}
