"""SCTP: packets per chunk, checksums, serial numbers, and packets into an association."""
import struct

from mutate import *

TAG = 0x1B2C3D4E
# Where a chunk is written, its name, and the octets of its value that are always there.
WRITTEN = {
    "data": ("RFC 9260 section 3.3.1", "DATA", 12), "init": ("RFC 9260 section 3.3.2", "INIT", 16), "init-ack": ("RFC 9260 section 3.3.3", "INIT ACK", 16), "sack": ("RFC 9260 section 3.3.4", "SACK", 12),
    "heartbeat": ("RFC 9260 section 3.3.5", "HEARTBEAT", 0), "heartbeat-ack": ("RFC 9260 section 3.3.6", "HEARTBEAT ACK", 0), "abort": ("RFC 9260 section 3.3.7", "ABORT", 0), "shutdown": ("RFC 9260 section 3.3.8", "SHUTDOWN", 4),
    "shutdown-ack": ("RFC 9260 section 3.3.9", "SHUTDOWN ACK", 0), "error": ("RFC 9260 section 3.3.10", "ERROR", 0), "cookie-echo": ("RFC 9260 section 3.3.11", "COOKIE ECHO", 0), "cookie-ack": ("RFC 9260 section 3.3.12", "COOKIE ACK", 0),
    "shutdown-complete": ("RFC 9260 section 3.3.13", "SHUTDOWN COMPLETE", 0), "re-config": ("RFC 6525 section 3.1", "RE-CONFIG", 0), "forward-tsn": ("RFC 3758 section 3.2", "FORWARD TSN", 4)}


def cut_rule(name, n, whole):
    """What a chunk breaks of which n octets are left."""
    clause, title, fixed = WRITTEN[name]
    if n < 4:
        return "RFC 9260 section 3.2: a chunk begins with type, flags and length, 4 octets"
    if n - 4 < fixed:
        return "%s: the fixed part of %s has %d octets" % (clause, title, fixed)
    return "%s, RFC 9260 section 3.2: the value of %s has as many octets as Chunk Length says (%d with its header)" % (clause, title, whole)


PARAMETER_SHORT = "RFC 9260 section 3.2.1: Parameter Length counts the header, so it is 4 or more"
PARAMETER_LONG = "RFC 9260 section 3.2.1: Parameter Length ends the parameter inside its chunk"


def chunk(kind, flags, value):
    return struct.pack(">BBH", kind, flags, 4 + len(value)) + value


def pad(data):
    return data + b"\0" * (-len(data) % 4)


def tlv(kind, value):
    return struct.pack(">HH", kind, 4 + len(value)) + value


def packet(*chunks, tag=TAG):
    body = struct.pack(">HHII", 5000, 5000, tag, 0) + b"".join(pad(c) for c in chunks)
    return body[:8] + struct.pack("<I", crc32c(body)) + body[12:]


def data(tsn, stream, ssn, ppid, payload, flags=3):
    return chunk(0, flags, struct.pack(">IHHI", tsn, stream, ssn, ppid) + payload)


def init(kind=1, tag=0x0A0B0C0D, rwnd=131072, out=1024, inn=1024, tsn=1000, params=b""):
    return chunk(kind, 0, struct.pack(">IIHHI", tag, rwnd, out, inn, tsn) + params)


def sack(cumulative, rwnd, gaps=(), dups=()):
    return chunk(3, 0, struct.pack(">IIHH", cumulative, rwnd, len(gaps), len(dups)) + b"".join(struct.pack(">HH", *g) for g in gaps) + b"".join(struct.pack(">I", d) for d in dups))


def forward(tsn, *streams):
    return chunk(192, 0, struct.pack(">I", tsn) + b"".join(struct.pack(">HH", *s) for s in streams))


def reset_out(request, response, last, *streams):
    return tlv(13, struct.pack(">III", request, response, last) + b"".join(struct.pack(">H", s) for s in streams))


ABILITIES = tlv(0xC000, b"") + tlv(0x8008, bytes([130, 192]))
SAMPLES = {
    "data": data(7, 2, 3, 51, b"hello"), "init": init(params=ABILITIES), "init-ack": init(2, params=tlv(7, det("cookie", 40))), "sack": sack(99, 5000, [(2, 3), (5, 5)], [98, 99]),
    "heartbeat": chunk(4, 0, tlv(1, det("hb", 12))), "heartbeat-ack": chunk(5, 0, tlv(1, det("hb", 12))), "abort": chunk(6, 0, tlv(12, b"bye!")),
    "shutdown": chunk(7, 0, struct.pack(">I", 77)), "error": chunk(9, 0, tlv(6, chunk(0x41, 0, b""))), "cookie-echo": chunk(10, 0, det("cookie", 40)),
    "re-config": chunk(130, 0, reset_out(1, 2, 3, 4, 5)), "forward-tsn": forward(50, (1, 2), (3, 4)),
    "shutdown-ack": chunk(8, 0, b""), "cookie-ack": chunk(11, 0, b""), "shutdown-complete": chunk(14, 0, b"")}


def packets(to):
    for name, c in SAMPLES.items():
        good = packet(c)
        to.add("sctp_packet.verify", name + "-good", ["Normal"], {"hex": good.hex()}, out={}, check="bitwise CRC-32C in Python")
        for n in range(len(c)):
            if n == 0 or (n >= 12 + len(c)):
                continue
            to.reject("sctp_packet.decode", "%s-cut-at-%d" % (name, 12 + n), ["Truncated"], {"hex": (good[:12] + c[:n]).hex()}, cut_rule(name, n, len(c)))
        for n in range(0, 12):
            if name == "data":
                to.reject("sctp_packet.decode", "header-cut-at-%d" % n, ["Truncated"], {"hex": good[:n].hex()}, "RFC 9260 section 3.1: a common header of 12 octets")
                to.reject("sctp_packet.verify", "header-cut-at-%d" % n, ["Truncated"], {"hex": good[:n].hex()}, "RFC 9260 section 3.1: a common header of 12 octets")
        for length in (0, 1, 2, 3):
            to.reject("sctp_packet.decode", "%s-length-%d" % (name, length), ["WrongLength"], {"hex": packet(c[:2] + struct.pack(">H", length) + c[4:]).hex()}, "RFC 9260 section 3.2: Chunk Length counts the header, so it is 4 or more")
        for length in (len(pad(c)) + 1, len(pad(c)) + 4, 0xFFFF):
            to.reject("sctp_packet.decode", "%s-length-%d" % (name, length), ["WrongLength"], {"hex": packet(c[:2] + struct.pack(">H", length) + c[4:]).hex()}, "RFC 9260 section 3.2: Chunk Length ends the chunk inside the packet")
        for at in spread(len(good), 9):
            to.reject("sctp_packet.verify", "%s-flip-%d" % (name, at), ["WrongChecksum"], {"hex": flipped(good, at, at % 8).hex()}, "RFC 9260 section 6.8: a packet with another CRC-32C is discarded", "auth")
    zero = packet(SAMPLES["data"])
    to.reject("sctp_packet.verify", "zero", ["WrongChecksum"], {"hex": (zero[:8] + b"\0\0\0\0" + zero[12:]).hex()}, "RFC 9653 section 5: a zero checksum only where it was agreed on", "auth")
    to.reject("sctp_packet.verify", "big-endian", ["WrongChecksum"], {"hex": (zero[:8] + zero[11:7:-1] + zero[12:]).hex()}, "RFC 9260 appendix A: the CRC is sent least significant octet first", "auth")
    to.reject("sctp_packet.verify", "crc32", ["WrongChecksum"], {"hex": (zero[:8] + struct.pack("<I", crc32(zero[:8] + b"\0\0\0\0" + zero[12:])) + zero[12:]).hex()}, "RFC 9260 appendix A: CRC-32C, not CRC-32", "auth")


def chunks(to):
    for name, c in SAMPLES.items():
        for n in range(0, WRITTEN[name][2]):
            to.reject("sctp_chunk.decode", "%s-value-%d" % (name, n), ["WrongLength"], {"hex": pad(c[:2] + struct.pack(">H", 4 + n) + c[4:4 + n]).hex()}, cut_rule(name, 4 + n, len(c)))
    for gaps, dups in ((1, 0), (0, 1), (3, 2), (65535, 0), (0, 65535), (65535, 65535)):
        bad = chunk(3, 0, struct.pack(">IIHH", 1, 1, gaps, dups) + (b"\0" * (4 * (gaps + dups) - 1) if gaps + dups < 9 else b"\0" * 8))
        to.reject("sctp_chunk.decode", "sack-counts-%d-%d" % (gaps, dups), ["WrongLength"], {"hex": pad(bad).hex()}, "RFC 9260 section 3.3.4: gap ack blocks and duplicate TSNs, 4 octets each, lie inside the chunk")
    for n in (1, 2, 3):
        to.reject("sctp_chunk.decode", "forward-pairs-%d" % n, ["WrongLength"], {"hex": pad(chunk(192, 0, b"\0\0\0\1" + b"\0" * n)).hex()}, "RFC 3758 section 3.2: behind the new cumulative TSN stand pairs of stream and sequence number, 4 octets each")
    for name, kind in (("shutdown-ack", 8), ("cookie-ack", 11), ("shutdown-complete", 14)):
        to.reject("sctp_chunk.decode", name + "-with-value", ["WrongLength"], {"hex": chunk(kind, 0, b"\0\0\0\0").hex()}, "%s: Chunk Length of %s is 4" % WRITTEN[name][:2])
    for kind, outer in (("heartbeat", 4), ("heartbeat-ack", 5), ("abort", 6), ("error", 9), ("re-config", 130)):
        for length in (0, 3, 9, 0xFFFF):
            to.reject("sctp_chunk.decode", "%s-tlv-%d" % (kind, length), ["WrongLength"], {"hex": chunk(outer, 0, struct.pack(">HH", 1, length) + b"\0" * 4).hex()}, PARAMETER_SHORT if length < 4 else PARAMETER_LONG)
    for length in (0, 1, 3, 9, 0xFFFF):
        to.reject("sctp_chunk.decode", "init-tlv-%d" % length, ["WrongLength"], {"hex": init(params=struct.pack(">HH", 0x8008, length) + b"\0" * 4).hex()}, PARAMETER_SHORT if length < 4 else PARAMETER_LONG)
        to.reject("sctp_parameter.decode", "length-%d" % length, ["WrongLength"], {"context": "INIT", "hex": (struct.pack(">HH", 0x8008, length) + b"\0" * 4).hex()}, PARAMETER_SHORT if length < 4 else PARAMETER_LONG)
    good = reset_out(1, 2, 3, 4, 5)
    for cut in cuts(good):
        to.reject("sctp_parameter.decode", "reset-cut-at-%d" % len(cut), ["Truncated"], {"context": "RE-CONFIG", "hex": cut.hex()},
                  "RFC 9260 section 3.2.1: a parameter begins with type and length, 4 octets" if len(cut) < 4 else "RFC 6525 section 4.1: 12 octets and the streams, as many as Parameter Length says (%d with its header)" % len(good))
    for streams in ((), (0,), (1, 2), (65535, 0, 7)):
        to.add("sctp_parameter.decode", "reset-%d-streams" % len(streams), ["Boundary"], {"context": "RE-CONFIG", "hex": reset_out(10, 9, 8, *streams).hex()},
               out={"type": 13, "length": 16 + 2 * len(streams), "decoded": {"request_seq": 10, "response_seq": 9, "last_tsn": 8, "streams": list(streams)}})


def serials(to):
    for bits in (16, 32):
        top, half = 1 << bits, 1 << (bits - 1)
        for a, b in ((0, 1), (1, 0), (0, 0), (top - 1, 0), (0, top - 1), (0, half - 1), (half - 1, 0), (half, 0), (0, half + 1), (half + 1, 0), (top - 1, half - 2), (top - 1, half), (5, 5)):
            d = (b - a) % top
            if d == half:
                continue  # RFC 1982 section 3.2: no order
            to.add("sctp_serial.compare", "%d-%d-%d" % (bits, a, b), ["Boundary"], {"bits": bits, "a": a, "b": b}, out={"a_lt_b": 0 < d < half}, check="Python's integers")


def crcs(to):
    for n in (0, 1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 256, 257, 511, 512, 1023, 1024, 1025, 1500):
        value = det("crc", n)
        to.add("sctp_crc32c.compute", "length-%d" % n, ["Boundary"], {"hex": value.hex()}, out={"crc32c": "%08x" % crc32c(value)}, check="bitwise CRC-32C in Python")


# ---- associations: the peer's first TSN is 1000, its tag 0x0a0b0c0d ----

def association(to, name, flags, packets, comment, **out):
    given = {"rng": det("sctp-rng", 512).hex(), "init": init(params=ABILITIES).hex(), "packets": [p if isinstance(p, dict) else {"chunks": [c.hex() for c in p]} for p in packets]}
    expected = {"state": "established", "messages": [], "sent": []}
    if "sack" in out and out["sack"]:
        c, *rest = out["sack"]
        out["sack"] = {"cumulative_tsn": c, "gap_blocks": rest[0] if rest else [], "duplicates": rest[1] if len(rest) > 1 else []}
    expected = {k: v for k, v in dict(expected, **out).items() if v is not ...}
    to.add("sctp_association.receive", name, flags, given, out=expected, comment=comment)


def said(stream, ppid, payload, unordered=False):
    return {"stream": stream, "ppid": ppid, "unordered": unordered, "data": payload.hex()}


def one(chunks, **more):
    return dict({"chunks": [c.hex() for c in chunks]}, **more)


def associations(to):
    a = lambda *args, **kw: association(to, *args, **kw)
    hello = data(1000, 1, 0, 51, b"hello")
    a("message", ["Normal"], [[hello]], "RFC 9260 section 6.9", messages=[said(1, 51, b"hello")], sack=(1000,))
    a("two-chunks", ["Normal"], [[hello, data(1001, 2, 0, 53, b"\1")]], "RFC 9260 section 6.10: bundled", messages=[said(1, 51, b"hello"), said(2, 53, b"\1")], sack=(1001,))
    a("fragments", ["Fragmented"], [[data(1000, 1, 0, 53, b"ab", 2)], [data(1001, 1, 0, 53, b"cd", 0)], [data(1002, 1, 0, 53, b"ef", 1)]], "RFC 9260 section 6.9", messages=[said(1, 53, b"abcdef")], sack=(1002,))
    a("fragments-reversed", ["Fragmented", "ReorderedField"], [[data(1002, 1, 0, 53, b"ef", 1)], [data(1001, 1, 0, 53, b"cd", 0)], [data(1000, 1, 0, 53, b"ab", 2)]], "RFC 9260 section 6.9: by TSN, not by arrival", messages=[said(1, 53, b"abcdef")], sack=(1002,))
    a("gap", ["Normal"], [[hello], [data(1002, 1, 2, 51, b"late")]], "RFC 9260 section 6.2.1: the gap is told, and nothing after it in the stream", messages=[said(1, 51, b"hello")], sack=(1000, [[2, 2]]))
    a("gap-filled", ["Normal"], [[hello], [data(1002, 1, 2, 51, b"c")], [data(1001, 1, 1, 51, b"b")]], "RFC 9260 section 6.5: order of the stream", messages=[said(1, 51, b"hello"), said(1, 51, b"b"), said(1, 51, b"c")], sack=(1002,))
    a("gap-other-stream", ["Normal"], [[data(1001, 2, 0, 51, b"x")]], "RFC 9260 section 6.5: other streams go on", messages=[said(2, 51, b"x")], sack=(999, [[2, 2]]))
    a("gaps-three", ["Boundary"], [[hello], [data(1002, 3, 0, 51, b"a", 7)], [data(1004, 3, 0, 51, b"b", 7)], [data(1005, 3, 0, 51, b"c", 7)]], "RFC 9260 section 3.3.4: blocks", messages=[said(1, 51, b"hello"), said(3, 51, b"a", True), said(3, 51, b"b", True), said(3, 51, b"c", True)], sack=(1000, [[2, 2], [4, 5]]))
    a("unordered", ["ReorderedField"], [[data(1001, 1, 0, 51, b"u", 7)], [hello]], "RFC 9260 section 6.6: unordered ones at once", messages=[said(1, 51, b"u", True), said(1, 51, b"hello")], sack=(1001,))
    a("duplicate", ["Replay"], [[hello], [hello]], "RFC 9260 section 6.2: told as a duplicate, delivered once", messages=[said(1, 51, b"hello")], sack=(1000, [], [1000]))
    a("duplicate-twice", ["Replay"], [[hello], [hello], [hello]], "RFC 9260 section 6.2: delivered once", messages=[said(1, 51, b"hello")])
    late = data(1002, 3, 0, 51, b"u", 7)
    a("duplicate-beyond-a-gap", ["Replay"], [[hello], [late], [late]], "RFC 9260 section 6.2: delivered once, though the TSN before it is missing", messages=[said(1, 51, b"hello"), said(3, 51, b"u", True)], sack=(1000, [[2, 2]], [1002]))
    a("ssn-wrong-order", ["ReorderedField"], [[data(1000, 1, 1, 51, b"b")], [data(1001, 1, 0, 51, b"a")]], "RFC 9260 section 6.5: by stream sequence number", messages=[said(1, 51, b"a"), said(1, 51, b"b")], sack=(1001,))
    a("wrong-tag", ["Forged"], [one([hello], tag="wrong")], "RFC 9260 section 8.5: another verification tag is discarded silently", sack=None)
    a("wrong-checksum", ["WrongChecksum"], [one([hello], crc="wrong")], "RFC 9260 section 6.8: discarded", sack=None)
    a("wrong-tag-then-right", ["Forged"], [one([hello], tag="wrong"), [hello]], "RFC 9260 section 8.5", messages=[said(1, 51, b"hello")], sack=(1000,))
    a("abort", ["Normal"], [[SAMPLES["abort"]]], "RFC 9260 section 3.3.7", state="closed")
    a("abort-wrong-tag", ["Forged"], [one([SAMPLES["abort"]], tag="wrong"), [hello]], "RFC 9260 section 8.5.1: an ABORT of somebody else is discarded", messages=[said(1, 51, b"hello")])
    a("abort-wrong-checksum", ["WrongChecksum"], [one([SAMPLES["abort"]], crc="wrong"), [hello]], "RFC 9260 section 6.8", messages=[said(1, 51, b"hello")])
    a("heartbeat", ["Normal"], [[SAMPLES["heartbeat"]]], "RFC 9260 section 8.3: answered at once", sent=[5])
    a("heartbeat-twice", ["Normal"], [[SAMPLES["heartbeat"]], [SAMPLES["heartbeat"]]], "RFC 9260 section 8.3: answered at once", sent=[5, 5])
    a("unknown-skip", ["UnknownField"], [[chunk(0xBE, 0, b"abcd"), hello]], "RFC 9260 section 3.2: type bits 10: skip it and go on", messages=[said(1, 51, b"hello")], sack=(1000,))
    a("unknown-report", ["UnknownField"], [[chunk(0xFE, 0, b"abcd"), hello]], "RFC 9260 section 3.2: type bits 11: skip it, report it, go on", messages=[said(1, 51, b"hello")], sack=(1000,), sent=[9])
    a("unknown-stop", ["UnknownMandatory"], [[chunk(0x3F, 0, b"abcd"), hello]], "RFC 9260 section 3.2: type bits 00: nothing of the packet after it counts")
    a("unknown-stop-report", ["UnknownMandatory"], [[chunk(0x7F, 0, b"abcd"), hello]], "RFC 9260 section 3.2: type bits 01: as 00, and reported", sent=[9])
    a("unknown-after-data", ["UnknownMandatory"], [[hello, chunk(0x3F, 0, b"abcd")]], "RFC 9260 section 3.2: what came before counts", messages=[said(1, 51, b"hello")], sack=(1000,))
    a("no-data", ["WrongLength"], [[data(1000, 1, 0, 51, b"")]], "RFC 9260 section 6.2: DATA without data ends the association with ABORT, cause 9", state="closed", sent=[6])
    a("invalid-stream", ["WrongValue"], [[data(1000, 65535, 0, 51, b"x")], [data(1001, 1, 0, 51, b"y")]], "RFC 9260 section 6.5: ERROR, cause 1; acknowledged", messages=[said(1, 51, b"y")], sack=(1001,), sent=[9])
    a("forward", ["Normal"], [[forward(1001, (1, 1))], [data(1002, 1, 2, 51, b"c")]], "RFC 3758 section 3.6: what was given up is skipped", messages=[said(1, 51, b"c")], sack=(1002,))
    a("forward-fragment", ["Fragmented"], [[data(1000, 1, 0, 51, b"half", 2)], [forward(1001, (1, 0))], [data(1002, 1, 1, 51, b"next")]], "RFC 3758 section 3.6: an incomplete message is dropped", messages=[said(1, 51, b"next")], sack=(1002,))
    a("forward-old", ["Replay"], [[hello], [forward(900)], [data(1001, 1, 1, 51, b"b")]], "RFC 3758 section 3.6: an old one changes nothing", messages=[said(1, 51, b"hello"), said(1, 51, b"b")], sack=(1001,))
    a("forward-releases", ["Normal"], [[data(1001, 1, 1, 51, b"b")], [forward(1000, (1, 0))]], "RFC 3758 section 3.6: what waited is delivered", messages=[said(1, 51, b"b")], sack=(1001,))
    resets(a)
    fragments(a)
    a("init-collision-tag-0", ["WrongValue"], [[init(tag=0)], [hello]], "RFC 9260 section 3.3.2: an Initiate Tag of 0 is an error; the association stays", messages=[said(1, 51, b"hello")])
    a("cookie-ack-late", ["WrongState"], [[SAMPLES["cookie-ack"], hello]], "RFC 9260 section 5.2.5: discarded outside COOKIE-ECHOED", messages=[said(1, 51, b"hello")])
    a("init-ack-late", ["WrongState"], [[SAMPLES["init-ack"]], [hello]], "RFC 9260 section 5.2.3: discarded", messages=[said(1, 51, b"hello")])
    a("shutdown-complete-early", ["WrongState"], [[SAMPLES["shutdown-complete"]], [hello]], "RFC 9260 section 8.5.1: discarded outside SHUTDOWN-ACK-SENT", messages=[said(1, 51, b"hello")])
    a("heartbeat-ack-unasked", ["WrongState"], [[SAMPLES["heartbeat-ack"]], [hello]], "RFC 9260 section 8.3: one that nobody asked for is ignored", messages=[said(1, 51, b"hello")])
    cookies(to)


def resets(a):
    hello = data(1000, 1, 0, 51, b"hello")
    a("reset-stream", ["Normal"], [[hello], [chunk(130, 0, reset_out(1000, 0, 1000, 1))], [data(1001, 1, 0, 51, b"again")]], "RFC 6525 section 5.2.2: the sequence begins at 0 again", messages=[said(1, 51, b"hello"), said(1, 51, b"again")], reset_streams=[1], sent=[130])
    a("reset-early", ["ReorderedField"], [[chunk(130, 0, reset_out(1000, 0, 1000, 1))]], "RFC 6525 section 5.2.2: in progress until all data up to the last TSN is there", reset_streams=[], sent=[130])
    a("reset-repeated", ["Replay"], [[hello], [chunk(130, 0, reset_out(1000, 0, 1000, 1))], [chunk(130, 0, reset_out(1000, 0, 1000, 1))]], "RFC 6525 section 5.2.1: the same number again has the same answer", messages=[said(1, 51, b"hello")], reset_streams=[1], sent=[130, 130])
    a("reset-bad-number", ["WrongValue"], [[hello], [chunk(130, 0, reset_out(5, 0, 1000, 1))]], "RFC 6525 section 5.2.1: a number out of sequence is an error", messages=[said(1, 51, b"hello")], reset_streams=[], sent=[130])
    a("no-reset-ssn-again", ["Replay"], [[hello], [data(1001, 1, 0, 51, b"again")]], "RFC 9260 section 6.5: without a reset, number 0 does not come again; it is not delivered, whatever becomes of the association", messages=[said(1, 51, b"hello")], state=..., sent=...)


def fragments(a):
    a("fragments-many", ["Fragmented"], [[data(1000 + i, 1, 0, 53, b"%c" % (97 + i), 2 if i == 0 else 1 if i == 19 else 0)] for i in range(20)], "RFC 9260 section 6.9", messages=[said(1, 53, bytes(range(97, 117)))], sack=(1019,))
    a("fragments-two-streams", ["Fragmented"], [[data(1000, 1, 0, 53, b"a", 2), data(1001, 1, 0, 53, b"b", 1), data(1002, 2, 0, 53, b"c", 2), data(1003, 2, 0, 53, b"d", 1)]], "RFC 9260 section 6.9", messages=[said(1, 53, b"ab"), said(2, 53, b"cd")], sack=(1003,))
    a("fragment-missing-middle", ["Fragmented", "Missing"], [[data(1000, 1, 0, 53, b"a", 2)], [data(1002, 1, 0, 53, b"c", 1)]], "RFC 9260 section 6.9: nothing until all is there", sack=(1000, [[2, 2]]))
    a("ppids", ["Normal"], [[data(1000, 0, 0, 50, b"\2")], [data(1001, 0, 1, 4294967295, b"x")]], "RFC 9260 section 3.3.1: the identifier is handed on as it is", messages=[said(0, 50, b"\2"), said(0, 4294967295, b"x")], sack=(1001,))


def cookies(to):
    rng, first = det("sctp-rng", 512).hex(), init(params=ABILITIES).hex()
    op, given = "sctp_association.receive", {"rng": rng, "init": first, "packets": []}
    to.add(op, "cookie-good", ["Normal"], given, out={"state": "established"})
    to.add(op, "cookie-at-59-s", ["Boundary"], dict(given, cookie_after_us=59000000), out={"state": "established"})
    mac, life = "RFC 9260 section 5.1.5: a cookie whose MAC is not of its octets is discarded", "RFC 9260 section 5.1.5: a cookie that is older than its life (60 s, section 16) is discarded"
    for name, more, flag, rule in (
            ("flipped", {"cookie": "flipped"}, "Forged", mac), ("truncated", {"cookie": "truncated"}, "Truncated", mac), ("zero", {"cookie": "zero"}, "Forged", mac), ("late", {"cookie_after_us": 61000000}, "Replay", life),
            ("wrong-tag", {"cookie_tag": "wrong"}, "Forged", "RFC 9260 section 8.5.1, COOKIE ECHO: the verification tag is that of the INIT ACK"), ("first-octet", {"cookie": "first"}, "Forged", mac), ("last-octet", {"cookie": "last"}, "Forged", mac),
            ("extended", {"cookie": "extended"}, "Trailing", mac), ("empty", {"cookie": "empty"}, "Missing", mac), ("after-two-minutes", {"cookie_after_us": 120000000}, "Replay", life), ("after-an-hour", {"cookie_after_us": 3600000000}, "Replay", life)):
        to.reject(op, "cookie-" + name, [flag], dict(given, **more), rule, "auth")
    refused_inits(to, given)
    strangers(to, given)


def refused_inits(to, given):
    op = "sctp_association.receive"
    tag, streams, rwnd = ("RFC 9260 section 3.3.2: " + r for r in ("the Initiate Tag is not 0", "the number of streams is not 0", "a_rwnd is 1500 or more"))
    for name, bad, flag, clause in (("init-tag-0", init(tag=0), "WrongValue", tag), ("init-out-0", init(out=0), "WrongValue", streams), ("init-in-0", init(inn=0), "WrongValue", streams), ("init-rwnd-1499", init(rwnd=1499), "WrongValue", rwnd),
                                    ("init-rwnd-0", init(rwnd=0), "WrongValue", rwnd), ("init-no-streams", init(out=0, inn=0), "WrongValue", streams), ("init-tag-0-abilities", init(tag=0, params=ABILITIES), "WrongValue", tag)):
        to.reject(op, name, [flag], dict(given, init=bad.hex()), clause)
    for n in range(4, 20):
        bad = init()[:2] + struct.pack(">H", n) + init()[4:n]
        to.reject(op, "init-length-%d" % n, ["WrongLength"], dict(given, init=bad.hex()), "RFC 9260 section 3.3.2: the fixed part of INIT has 16 octets")
    for length in (0, 1, 2, 3, 13, 0xFFFF):
        bad = init(params=tlv(0xC000, b"") + struct.pack(">HH", 0x8008, length) + bytes([130, 192]) + bytes(6))
        to.reject(op, "init-parameter-length-%d" % length, ["WrongLength"], dict(given, init=bad.hex()), PARAMETER_SHORT if length < 4 else PARAMETER_LONG)


def strangers(to, given):
    """Somebody who has no association begins with something else than an INIT."""
    for name, c in SAMPLES.items():
        if name != "init":
            to.reject("sctp_association.receive", "begins-with-" + name, ["WrongState"], dict(given, init=c.hex()), "RFC 9260 sections 5.1 and 8.4: an association begins with an INIT; %s without one is out of the blue" % WRITTEN[name][1], "state")
    for name, octets in (("init-and-data", pad(init()) + data(1000, 1, 0, 51, b"hello")), ("data-and-init", pad(data(1000, 1, 0, 51, b"hello")) + init())):
        to.reject("sctp_association.receive", "bundled-" + name, ["WrongState"], dict(given, init=octets.hex()), "RFC 9260 section 6.10: INIT is alone in its packet", "state")


def add(to):
    packets(to)
    chunks(to)
    serials(to)
    crcs(to)
    associations(to)
