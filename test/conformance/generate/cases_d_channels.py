"""DTLS records, hellos and cookies; DCEP; libp2p's frames and streams on data channels; fingerprints."""
import hashlib
import struct

from mutate import *


# ---- DTLS ----

def record(kind, body, version=0xFEFD, epoch=0, seq=0):
    return struct.pack(">BHHIHH", kind, version, epoch, seq >> 16, seq & 0xFFFF, len(body)) + body


def fragment(kind, whole, start, end, seq=0):
    return bytes([kind]) + len(whole).to_bytes(3, "big") + struct.pack(">H", seq) + start.to_bytes(3, "big") + (end - start).to_bytes(3, "big") + whole[start:end]


def hello(cookie=b"", extensions=((10, b"\0\2\0\x1d"), (0xFF01, b"\0")), suites=(0xC02B, 0xC02C), session=b"", compression=b"\0", version=0xFEFD):
    out = struct.pack(">H", version) + det("dtls-random", 32) + bytes([len(session)]) + session + bytes([len(cookie)]) + cookie
    out += struct.pack(">H", 2 * len(suites)) + b"".join(struct.pack(">H", s) for s in suites) + bytes([len(compression)]) + compression
    if extensions is None:
        return out
    ext = b"".join(struct.pack(">HH", t, len(v)) + v for t, v in extensions)
    return out + struct.pack(">H", len(ext)) + ext


def hello_rule(h, n):
    """The field in which a hello of n octets ends too early."""
    ends, at = [(2, "RFC 5246 section 7.4.1.2: client_version has 2 octets"), (34, "RFC 5246 section 7.4.1.2: random has 32 octets")], 34
    for size, what in ((1, "RFC 5246 section 7.4.1.2: session_id<0..32>"), (1, "RFC 6347 section 4.2.1: cookie<0..2^8-1>"), (2, "RFC 5246 section 7.4.1.2: cipher_suites<2..2^16-2>"), (1, "RFC 5246 section 7.4.1.2: compression_methods<1..2^8-1>"), (2, "RFC 5246 section 7.4.1.4: extensions<0..2^16-1>")):
        at += size + int.from_bytes(h[at:at + size], "big")
        ends.append((at, what + " has as many octets as its length says"))
    return next(what for end, what in ends if n < end)


def records(to):
    whole = hello()
    good = record(22, fragment(1, whole, 0, len(whole)))
    for cut in cuts(good, keep={0}):
        to.reject("dtls_record.decode", "cut-at-%d" % len(cut), ["Truncated"], {"hex": cut.hex()}, "RFC 6347 section 4.1, DTLSPlaintext: " + ("13 octets of type, version, epoch, sequence_number and length" if len(cut) < 13 else "the fragment has as many octets as length says, inside the datagram"))
    for version in (0x0303, 0x0301, 0xFEFE, 0xFEFC, 0x0100, 0x0000, 0xFFFF):
        to.reject("dtls_record.decode", "version-%04x" % version, ["UnknownValue"], {"hex": record(22, fragment(1, whole, 0, len(whole)), version).hex()}, "RFC 6347 section 4.1: DTLS 1.0 (feff) or 1.2 (fefd)")
    for name, f in (("offset-beyond", fragment(1, whole, len(whole), len(whole))[:6] + (len(whole) + 1).to_bytes(3, "big") + b"\0\0\0"),
                    ("length-beyond", fragment(1, whole, 0, 10)[:9] + (11).to_bytes(3, "big") + whole[:10]),
                    ("sum-beyond", fragment(1, whole, 0, len(whole))[:6] + (1).to_bytes(3, "big") + len(whole).to_bytes(3, "big") + whole)):
        to.reject("dtls_record.decode", "fragment-" + name, ["WrongLength"], {"hex": record(22, f).hex()}, "RFC 6347 section 4.2.2: fragment_offset and fragment_length lie inside the message and the record")
    for n in range(1, 12):
        to.reject("dtls_record.decode", "handshake-header-%d" % n, ["Truncated"], {"hex": record(22, fragment(1, whole, 0, 0)[:n]).hex()}, "RFC 6347 section 4.2.2: a handshake message has 12 octets of header")
    for n in (0, 1, 3):
        to.reject("dtls_record.decode", "alert-%d" % n, ["WrongLength"], {"hex": record(21, b"\2\x28\0"[:n]).hex()}, "RFC 5246 section 7.2: an alert is two octets")
    for epoch, seq in ((0, 0), (0, (1 << 48) - 1), (65535, 1 << 32), (1, 0xFFFF)):
        body = fragment(1, whole, 0, len(whole)) if epoch == 0 else det("sealed", 40)
        want = {"content_type": 22 if epoch == 0 else 23, "version": "fefd", "epoch": epoch, "sequence": str(seq), "length": len(body)}
        to.add("dtls_record.decode", "numbers-%d-%d" % (epoch, seq), ["Boundary"], {"hex": record(want["content_type"], body, epoch=epoch, seq=seq).hex()}, out={"records": [want]}, check="Python struct")
    for name, seqs in (("in-order", list(range(10))), ("duplicate", [0, 0, 1, 1]), ("late", [5, 0, 1, 2, 3, 4]), ("late-duplicate", [5, 3, 3, 5]), ("window-edge", [100, 37, 36, 37]), ("far", [0, 1000, 1, 937, 936, 999]),
                       ("top", [(1 << 48) - 1, (1 << 48) - 2, (1 << 48) - 64, (1 << 48) - 65, (1 << 48) - 1]), ("jump-64", [0, 64, 0, 1]), ("jump-63", [0, 63, 0, 62])):
        seen, top, fresh = set(), -1, []
        for s in seqs:
            ok = s not in seen and s > top - 64
            fresh.append(ok)
            if ok:
                seen.add(s)
                top = max(top, s)
        to.add("dtls_record.window", "replay-" + name, ["Replay"], {"sequence": [str(s) for s in seqs]}, out={"fresh": fresh}, comment="RFC 6347 section 4.1.2.6: a window of 64, no number twice", check="a set in Python")


def hellos(to):
    for name, h in (("plain", hello()), ("cookie", hello(det("cookie", 32))), ("session", hello(session=det("s", 32)))):
        bare = len(h) - 2 - (4 + 4 + 4 + 1)
        for cut in cuts(h, keep={bare}):
            to.reject("dtls_client_hello.decode", "%s-cut-at-%d" % (name, len(cut)), ["Truncated"], {"hex": cut.hex()}, hello_rule(h, len(cut)))
        to.reject("dtls_client_hello.decode", name + "-trailing", ["Trailing"], {"hex": h.hex() + "00"}, "RFC 5246 section 7.4.1.4: the extensions are the last of the hello, and end with it")
    bare = hello(extensions=None)
    to.add("dtls_client_hello.decode", "no-extensions", ["Boundary"], {"hex": bare.hex()}, out={"cookie": "", "cipher_suites": ["c02b", "c02c"], "extensions": []}, comment="RFC 5246 section 7.4.1.2: extensions may be missing")
    to.reject("dtls_client_hello.decode", "session-33", ["WrongLength"], {"hex": hello(session=det("s", 33)).hex()}, "RFC 5246 section 7.4.1.2: session_id<0..32>")
    to.reject("dtls_client_hello.decode", "no-suites", ["Missing"], {"hex": hello(suites=()).hex()}, "RFC 5246 section 7.4.1.2: cipher_suites<2..2^16-2>")
    to.reject("dtls_client_hello.decode", "no-compression", ["Missing"], {"hex": hello(compression=b"").hex()}, "RFC 5246 section 7.4.1.2: compression_methods<1..2^8-1>")
    odd = hello().replace(b"\0\4\xc0\x2b\xc0\x2c", b"\0\3\xc0\x2b\xc0\x2c", 1)
    to.reject("dtls_client_hello.decode", "odd-suites", ["WrongLength"], {"hex": odd.hex()}, "RFC 5246 section 7.4.1.2: suites have two octets")
    for size in (0, 1, 20, 32, 254, 255):
        c = det("c", size)
        to.add("dtls_client_hello.decode", "cookie-%d" % size, ["Boundary"], {"hex": hello(c).hex()}, out={"cookie": c.hex()}, comment="RFC 6347 section 4.2.1: cookie<0..2^8-1>")


def reassembly(to):
    whole = hello(det("cookie", 32), extensions=((0, det("long", 300)), (10, b"\0\2\0\x1d")))
    n = len(whole)
    op = "dtls_reassembly.join"

    def datagrams(parts, seqs=None, message=whole):
        return {"datagrams": [record(22, fragment(1, message, a, b, (seqs or [1] * len(parts))[i]), 0xFEFF, seq=i).hex() for i, (a, b) in enumerate(parts)]}
    whole_out = {"complete": True, "message": whole.hex()}
    for name, parts in (("one", [(0, n)]), ("two", [(0, 100), (100, n)]), ("two-swapped", [(100, n), (0, 100)]), ("three", [(0, 50), (50, 200), (200, n)]), ("three-mixed", [(200, n), (0, 50), (50, 200)]),
                        ("overlap", [(0, 120), (100, n)]), ("overlap-inside", [(0, 300), (100, 120), (300, n)]), ("repeated", [(0, 100), (0, 100), (100, n)]), ("octets", [(i, i + 1) for i in range(60)] + [(60, n)]),
                        ("backwards", [(i, min(i + 40, n)) for i in range((n - 1) // 40 * 40, -1, -40)]), ("empty-first", [(0, 0), (0, n)])):
        to.add(op, name, ["Fragmented"] + (["ReorderedField"] if "swap" in name or "mix" in name or "back" in name else []), datagrams(parts), out=whole_out, comment="RFC 6347 section 4.2.3: fragments in any order, overlaps too")
    for name, parts in (("first-missing", [(100, n)]), ("last-missing", [(0, n - 1)]), ("hole", [(0, 100), (101, n)]), ("repeated-half", [(0, 100), (0, 100), (0, 100)])):
        to.add(op, name, ["Fragmented", "Missing"], datagrams(parts), out={"complete": False}, comment="RFC 6347 section 4.2.3: not before all octets are there")
    rule = "RFC 6347 section 4.2.3: fragments of one message agree in length, number and octets"
    other = flipped(whole, 60)
    for name, given in (("other-octets", [record(22, fragment(1, whole, 0, 100, 1), 0xFEFF).hex(), record(22, fragment(1, other, 50, n, 1), 0xFEFF, seq=1).hex()]),
                        ("other-length", [record(22, fragment(1, whole, 0, 100, 1), 0xFEFF).hex(), record(22, fragment(1, whole + b"\0", 100, n + 1, 1), 0xFEFF, seq=1).hex()]),
                        ("other-number", [record(22, fragment(1, whole, 0, 100, 1), 0xFEFF).hex(), record(22, fragment(1, whole, 100, n, 2), 0xFEFF, seq=1).hex()])):
        to.reject(op, name, ["Conflict"], {"datagrams": given}, rule, "state")
    big = b"\xfe\xfd" + bytes(70000)
    to.lenient(op, "too-large", ["Limit"], {"datagrams": [record(22, fragment(1, big, 0, 100, 0), 0xFEFF).hex()]}, "68 KiB for somebody who has proven nothing; a bound of one's own may refuse it")
    good = record(22, fragment(1, whole, 0, 100, 1), 0xFEFF)
    for at in spread(len(good) - 1, 15):
        to.reject(op, "cut-at-%d" % (at + 1), ["Truncated"], {"datagrams": [good[:at + 1].hex()]}, "RFC 6347 section 4.1, DTLSPlaintext: the fragment has as many octets as length says, behind a header of 13")


def cookies(to):
    first, rng = record(22, fragment(1, hello(), 0, len(hello())), 0xFEFF).hex(), det("cookie-rng", 64).hex()
    op, here = "dtls_cookie.exchange", {"ip": "192.0.2.1", "port": 4242}

    def given(**second):
        return {"rng": rng, "hello": first, "first": here, "second": dict(here, **second)}
    to.add(op, "good", ["Normal"], given(), out={"amplified": False}, comment="RFC 6347 section 4.2.1: the same hello with the cookie is accepted; the answer was not larger than the hello")
    to.add(op, "good-after-10-s", ["Boundary"], given(after_us=10000000), out={"amplified": False})
    rule = "RFC 6347 section 4.2.1: the cookie is of this client's address and hello"
    for name, second, flag in (("other-ip", {"ip": "192.0.2.2"}, "Replay"), ("other-port", {"port": 4243}, "Replay"), ("ip6", {"ip": "2001:db8::1"}, "Replay"), ("flipped", {"cookie": "flipped"}, "Forged"),
                               ("truncated", {"cookie": "truncated"}, "Truncated"), ("zero", {"cookie": "zero"}, "Forged"), ("empty", {"cookie": "empty"}, "Missing"), ("other-hello", {"random": "changed"}, "Replay"),
                               ("after-an-hour", {"after_us": 3600000000}, "Replay")):
        to.reject(op, name, [flag], given(**second), rule, "auth")
    for n in spread(len(bytes.fromhex(first)) - 1, 12):
        to.reject(op, "hello-cut-at-%d" % (n + 1), ["Truncated"], dict(given(), hello=first[:2 * (n + 1)]), "RFC 6347 section 4.2.1: a HelloVerifyRequest answers a ClientHello, and this is no whole record (section 4.1)") if n + 1 < 25 + 35 else None


def fingerprint_rule(n):
    """What a fingerprint of sha-256 breaks that is cut to n characters."""
    if n < 7:
        return "RFC 8122 section 5: hash-func is the token of a hash function"
    if n < 10:
        return "RFC 8122 section 5: a space and a fingerprint follow hash-func"
    return "RFC 8122 section 5: " + ("as many octets as the hash has, 32 of sha-256" if (n - 8) % 3 == 2 else "each octet is two hexadecimal digits, with a colon between octets")


def fingerprints(to):
    for i in range(6):
        digest = det("fp%d" % i, 32)
        text = "sha-256 " + ":".join("%02X" % b for b in digest)
        to.add("fingerprint.parse", "good-%d" % i, ["Normal"], {"text": text}, out={"algorithm": "sha-256", "hex": digest.hex()})
    for n in spread(len(text), 60):
        to.reject("fingerprint.parse", "cut-at-%d" % n, ["Truncated"], {"text": text[:n]}, fingerprint_rule(n))
    octets, pairs, lone = "RFC 8122 section 5: as many octets as the hash has, 32 of sha-256", "RFC 8122 section 5: each octet is two hexadecimal digits, with a colon between octets", "RFC 8122 section 5: one space between hash-func and fingerprint, and nothing behind"
    rules = {"33-octets": octets, "31-octets": octets, "no-space": lone, "trailing": lone}
    for name, bad, flag in (("33-octets", text + ":00", "WrongLength"), ("31-octets", text[:-3], "WrongLength"), ("no-colons", text.replace(":", ""), "WrongValue"), ("dashes", text.replace(":", "-"), "WrongValue"), ("double-colon", text.replace(":", "::", 1), "WrongValue"),
                            ("leading-colon", text.replace(" ", " :"), "WrongValue"), ("not-hex", text[:-1] + "G", "WrongValue"), ("single-digit", text[:-2] + "F", "WrongLength"), ("tab", text.replace(" ", "\t"), "WrongValue"), ("no-space", text.replace(" ", ""), "WrongValue"),
                            ("trailing", text + " x", "Trailing"), ("newline", text + "\n", "Trailing")):
        if name in ("tab", "newline"):
            to.add("fingerprint.parse", name, [flag, "Strict"], {"text": bad}, result="acceptable", comment=name + ": the grammar has one space and no end of line; readers of lines take both")
            continue
        to.reject("fingerprint.parse", name, [flag], {"text": bad}, rules.get(name, pairs))
    der = b"0\x82\1\0" + det("der", 256)
    digest = hashlib.sha256(der).digest()
    to.add("fingerprint.certificate", "any-octets", ["Normal"], {"der": der.hex()}, out={"sha-256": ":".join("%02X" % b for b in digest), "multihash": "1220" + digest.hex()}, check="Python hashlib",
           comment="the hash is of the octets, whatever they are (RFC 8122 section 5)")


# ---- DCEP ----

def dcep_open(kind=0, priority=256, parameter=0, label=b"", protocol=b""):
    return struct.pack(">BBHIHH", 3, kind, priority, parameter, len(label), len(protocol)) + label + protocol


def dcep(to):
    rule = "RFC 8832 section 5.1: Label and Protocol have the octets that Label Length and Protocol Length say, and nothing follows"
    for name, good in (("chat", dcep_open(label=b"chat", protocol=b"p/1")), ("plain", dcep_open()), ("label", dcep_open(0x81, 1, 3, b"x" * 20))):
        for cut in cuts(good):
            to.reject("dcep.decode", "%s-cut-at-%d" % (name, len(cut)), ["Truncated"], {"hex": cut.hex()},
                      rule if len(cut) >= 12 else "RFC 8832 section 5.1: DATA_CHANNEL_OPEN has 12 octets before its label" if cut else "RFC 8832 section 5: a message begins with its type")
        to.reject("dcep.decode", name + "-trailing", ["Trailing"], {"hex": good.hex() + "00"}, rule)
    for label, protocol in ((5, 0), (0, 1), (65535, 65535), (3, 0)):
        to.reject("dcep.decode", "lengths-%d-%d" % (label, protocol), ["WrongLength"], {"hex": (dcep_open()[:8] + struct.pack(">HH", label, protocol) + b"chat").hex()}, rule)
    for kind in list(range(3, 128, 9)) + list(range(0x83, 256, 11)):
        to.reject("dcep.decode", "channel-type-%02x" % kind, ["UnknownValue"], {"hex": dcep_open(kind).hex()}, "RFC 8832 sections 5.1 and 8.2.2: the channel type is assigned (0 to 2, and those with 0x80)")
    for kind in (0, 1, 4, 5, 50, 127, 128, 254):
        to.reject("dcep.decode", "message-type-%02x" % kind, ["UnknownValue"], {"hex": (bytes([kind]) + dcep_open()[1:]).hex()}, "RFC 8832 sections 5 and 8.2.1: the message type is 2 or 3")
    for kind, name in ((0, "reliable"), (0x80, "reliable"), (1, "rexmit"), (0x81, "rexmit"), (2, "timed"), (0x82, "timed")):
        for parameter in (0, 1, 0xFFFFFFFF):
            good = dcep_open(kind, 0xFFFF, parameter, b"l", b"p")
            to.add("dcep.decode", "type-%02x-%d" % (kind, parameter), ["Boundary"], {"hex": good.hex()},
                   out={"type": "OPEN", "channel_type": kind, "unordered": kind >= 0x80, "reliability": name, "priority": 65535, "reliability_parameter": parameter, "label": "l", "protocol": "p", "encoded": good.hex()})
    for role, other in (("client", 1), ("server", 0)):
        for name, messages, want in (
                ("open-and-message", [(other, 50, dcep_open(label=b"x")), (other, 51, b"hi")], dict(sent=[{"stream": other, "ppid": 50, "data": "02"}], events=[{"event": "opened", "stream": other, "label": "x"}, {"event": "message", "stream": other, "binary": False, "data": "6869"}])),
                ("empty-string", [(other, 50, dcep_open()), (other, 56, b"\0")], dict(sent=[{"stream": other, "ppid": 50, "data": "02"}], events=[{"event": "opened", "stream": other}, {"event": "message", "stream": other, "binary": False, "data": ""}])),
                ("empty-binary", [(other, 50, dcep_open()), (other, 57, b"\0")], dict(sent=[{"stream": other, "ppid": 50, "data": "02"}], events=[{"event": "opened", "stream": other}, {"event": "message", "stream": other, "binary": True, "data": ""}])),
                ("own-parity", [(1 - other, 50, dcep_open())], dict(events=[], sent=[{"stream": 1 - other, "reset": True}])),
                ("unknown-ppid", [(other, 50, dcep_open()), (other, 99, b"x")], dict(sent=[{"stream": other, "ppid": 50, "data": "02"}], events=[{"event": "opened", "stream": other}])),
                ("unknown-channel", [(other, 51, b"x")], dict(events=[])),
                ("ack-unasked", [(other, 50, b"\2")], dict(events=[])),
                ("malformed-open", [(other, 50, dcep_open(label=b"xy")[:-1])], dict(events=[], sent=[{"stream": other, "reset": True}]))):
            to.add("dcep.receive", "%s-%s" % (role, name), ["Normal" if "own" not in name and "un" not in name and "mal" not in name else "WrongState"],
                   {"dtls_role": role, "messages": [{"stream": s, "ppid": p, "data": d.hex()} for s, p, d in messages]}, out=want, comment="RFC 8832 section 6, RFC 8831 sections 6.5 to 6.7: " + name)
    for role, first in (("client", 0), ("server", 1)):
        for nth in (2, 5, 100):
            to.add("dcep.stream_id", "%s-%d" % (role, nth), ["Boundary"], {"dtls_role": role, "nth_channel": nth}, out={"stream_id": first + 2 * nth}, comment="RFC 8832 section 6: even for the DTLS client, odd for the server")


# ---- libp2p's frames ----

def frame(flag=None, message=None):
    body = (pb_varint(1, flag) if flag is not None else b"") + (pb_bytes(2, message) if message is not None else b"")
    return varint(len(body)) + body


def framing(to):
    rule = "libp2p/specs webrtc, Multiplexing: an unsigned-varint length, then exactly that much protobuf"
    for name, good in (("data", frame(None, b"hello")), ("fin", frame(0)), ("both", frame(0, det("m", 40))), ("long", frame(None, det("m", 200)))):
        for cut in cuts(good):
            to.reject("webrtc_framing.decode", "%s-cut-at-%d" % (name, len(cut)), ["Truncated"], {"hex": cut.hex()}, rule)
        to.reject("webrtc_framing.decode", name + "-trailing", ["Trailing"], {"hex": good.hex() + "00"}, rule)
        n, at = read_varint(good, 0)
        for size in (2, 3):
            if size > at:
                to.reject("webrtc_framing.decode", "%s-overlong-%d" % (name, size), ["OverlongVarint"], {"hex": (overlong(n, size) + good[at:]).hex()}, "multiformats unsigned-varint: the shortest form alone")
    for name, body in (("flag-as-bytes", pb_bytes(1, b"\0")), ("message-as-varint", pb_varint(2, 5)), ("flag-fixed32", b"\x0d\0\0\0\0"), ("group", b"\x0b\x0c"), ("field-0", b"\x00\x01"), ("wire-6", b"\x0e"), ("wire-7", b"\x0f"),
                       ("inner-length", b"\x12\x05ab"), ("inner-huge", b"\x12\xff\xff\xff\xff\x0f"), ("varint-11", b"\x08" + b"\xff" * 10 + b"\1")):
        if "as" in name or name in ("flag-fixed32", "group"):
            to.lenient("webrtc_framing.decode", "pb-" + name, ["WrongType"], {"hex": (varint(len(body)) + body).hex()}, "Protocol Buffers readers may take a field of another wire type, or a group, for an unknown one")
            continue
        to.reject("webrtc_framing.decode", "pb-" + name, ["WrongType" if "as" in name or "fixed" in name else "WrongLength"], {"hex": (varint(len(body)) + body).hex()}, pb_rule(body))
    to.add("webrtc_framing.decode", "reordered", ["ReorderedField"], {"hex": (varint(6) + pb_bytes(2, b"ab") + pb_varint(1, 0)).hex()}, out={"flag": 0, "message": "6162"}, comment="Protocol Buffers: fields in any order")
    to.add("webrtc_framing.decode", "flag-twice", ["DuplicateField"], {"hex": (varint(4) + pb_varint(1, 0) + pb_varint(1, 2)).hex()}, out={"flag": 2}, comment="Protocol Buffers: of a repeated scalar the last counts")
    to.add("webrtc_framing.decode", "message-twice", ["DuplicateField"], {"hex": (varint(6) + pb_bytes(2, b"a") + pb_bytes(2, b"b")).hex()}, out={"message": "62"}, comment="Protocol Buffers: of a repeated scalar the last counts")
    to.add("webrtc_framing.decode", "unknown-field", ["UnknownField"], {"hex": (varint(6) + pb_bytes(2, b"ab") + pb_varint(9, 1)).hex()}, out={"flag": None, "message": "6162"}, comment="Protocol Buffers: unknown fields are skipped")
    for n in (0, 1, 127, 128, 16380 - 4):
        m = det("payload", n)
        to.add("webrtc_framing.encode", "size-%d" % n, ["Boundary"], {"message": m.hex()}, out={"hex": frame(None, m).hex()})
    for n in (16384, 20000, 65536):
        to.reject("webrtc_framing.encode", "over-%d" % n, ["Limit"], {"message": det("payload", n).hex()}, "libp2p/specs webrtc, Multiplexing: a message with its length is at most 16 KiB", "limit")
        to.reject("webrtc_framing.split", "over-%d" % n, ["Limit"], {"chunks": [frame(None, det("payload", n))[:64].hex()]}, "libp2p/specs webrtc, Multiplexing: a message with its length is at most 16 KiB", "limit")
    both = frame(None, b"hello") + frame(0)
    for at in range(1, len(both)):
        to.add("webrtc_framing.split", "cut-at-%d" % at, ["Fragmented"], {"chunks": [both[:at].hex(), both[at:].hex()]}, out={"messages": [{"flag": None, "message": "68656c6c6f"}, {"flag": 0, "message": None}], "left": 0},
               comment="channel messages cut the byte stream as they like (js-libp2p sends the length alone)")
    first = len(frame(None, b"hello"))
    for at in range(1, len(both)):
        whole = [{"flag": None, "message": "68656c6c6f"}] if at >= first else []
        to.add("webrtc_framing.split", "ends-at-%d" % at, ["Truncated"], {"chunks": [both[:at].hex()]}, out={"messages": whole, "left": at - (first if whole else 0)},
               comment="what is no whole frame waits for the rest, its length too")


STREAM = "libp2p/specs webrtc/README.md, Multiplexing: "
FIN, STOP, RESET, ACK = 0, 1, 2, 3


def steps_of(steps):
    """A call of the application by its name, a frame's message or flag or both, a channel message as it is."""
    out = []
    for s in steps:
        out.append({"do": "write", "data": "6869"} if s == "write" else {"do": s} if isinstance(s, str) else {"message": s.hex()} if isinstance(s, bytes) else {"flag": s} if isinstance(s, int) else {"hex": s["hex"].hex()} if isinstance(s, dict)
                   else {"flag": s[0], "message": s[1].hex()})
    return {"steps": out}


def streams(to):
    op = "webrtc_stream.run"

    def case(name, flags, steps, comment, readable=True, writable=True, reset=False, finished=False, sent=(), read=(), free=()):
        out = {"readable": readable, "writable": writable, "reset": reset, "finished": finished, "sent_flags": list(sent), "read": [r.hex() for r in read]}
        to.add(op, name, flags, steps_of(steps), out={k: v for k, v in out.items() if k not in free}, comment=STREAM + comment)
    case("data", ["Normal"], [b"a", b"b"], "data as it comes", read=[b"a", b"b"])
    case("fin", ["Normal"], [b"a", FIN], "FIN ends the peer's half and is answered with FIN_ACK", readable=False, sent=[ACK], read=[b"a"])
    case("fin-with-data", ["Normal"], [(FIN, b"a")], "data first, then the flag", readable=False, sent=[ACK], read=[b"a"])
    case("fin-twice-2", ["DuplicateField", "AfterClose"], [FIN, FIN], "a second FIN changes nothing; whether it is acknowledged again is free", readable=False, free=["sent_flags"])
    case("data-after-fin", ["AfterClose"], [FIN, b"late"], "FIN: no more messages; what comes is not read", readable=False, sent=[ACK])
    case("reset", ["Normal"], [b"a", RESET], "RESET ends the stream", readable=False, writable=False, reset=True, read=[b"a"])
    case("fin-after-reset", ["AfterClose"], [RESET, FIN], "FIN after RESET: nothing, and no FIN_ACK", readable=False, writable=False, reset=True)
    case("data-after-reset", ["AfterClose"], [RESET, b"late"], "data after RESET is dropped", readable=False, writable=False, reset=True)
    to.lenient(op, "data-with-reset-2", ["AfterClose"], steps_of([(RESET, b"late")]), "the receiver MAY discard data of a stream that is reset; here the data is in the same frame")
    case("reset-after-fin", ["Normal"], [FIN, RESET], "RESET after FIN ends what is left", readable=False, writable=False, reset=True, sent=[ACK])
    case("reset-twice", ["DuplicateField", "AfterClose"], [RESET, RESET], "a second RESET changes nothing", readable=False, writable=False, reset=True)
    case("stop-after-reset", ["AfterClose"], [RESET, STOP], "STOP_SENDING after RESET: no FIN", readable=False, writable=False, reset=True)
    case("ack-after-reset", ["AfterClose"], [RESET, ACK], "FIN_ACK after RESET changes nothing", readable=False, writable=False, reset=True)
    case("close-write", ["Normal"], ["close_write"], "closing sends FIN", writable=False, sent=[FIN])
    case("close-write-acked", ["Normal"], ["close_write", ACK], "the other half stays open", writable=False, sent=[FIN])
    case("close-both", ["Normal"], ["close_write", ACK, FIN], "both FINs and their answers: done", readable=False, writable=False, finished=True, sent=[FIN, ACK])
    case("close-both-peer-first", ["Normal"], [FIN, "close_write", ACK], "both FINs and their answers: done", readable=False, writable=False, finished=True, sent=[ACK, FIN])
    case("not-done-without-ack", ["Missing"], ["close_write", FIN], "not done before FIN_ACK", readable=False, writable=False, sent=[FIN, ACK])
    case("not-done-without-fin", ["Missing"], ["close_write", ACK], "not done before the peer's FIN", writable=False, sent=[FIN])
    case("ack-unasked", ["WrongState"], [ACK], "a FIN_ACK that nobody asked for is ignored")
    case("ack-before-fin", ["WrongState"], [ACK, "close_write", FIN], "an early FIN_ACK does not count", readable=False, writable=False, sent=[FIN, ACK])
    case("stop-sending-2", ["Normal"], [STOP], "STOP_SENDING leaves the other direction as it is, and SHOULD NOT be answered with RESET_STREAM; a FIN is free", writable=False, free=["sent_flags"])
    case("stop-sending-after-close", ["WrongState"], ["close_write", STOP], "one FIN", writable=False, sent=[FIN])
    case("close-read", ["Normal"], ["close_read"], "closing for reading sends STOP_SENDING", readable=False, sent=[STOP])
    case("close-read-then-data", ["AfterClose"], ["close_read", b"late"], "STOP_SENDING: what still comes is discarded", readable=False, sent=[STOP])
    case("close-read-then-fin", ["Normal"], ["close_read", FIN], "FIN is answered", readable=False, sent=[STOP, ACK])
    case("we-reset-2", ["Normal"], ["reset"], "our reset ends both halves at once", readable=False, writable=False, reset=True, free=["sent_flags"])
    case("we-reset-then-fin-2", ["AfterClose"], ["reset", FIN], "our reset ends both halves at once, whatever comes then", readable=False, writable=False, reset=True, free=["sent_flags"])
    case("we-reset-then-reset-2", ["AfterClose"], ["reset", RESET], "our reset ends both halves at once, whatever comes then", readable=False, writable=False, reset=True, free=["sent_flags"])
    case("channel-reset-2", ["Missing"], [b"a", "channel_reset"], "RTCDataChannel.close() closes both sides; no FIN came, so that it is not a clean end", readable=False, writable=False, read=[b"a"], free=["reset", "finished"])
    case("unknown-flag", ["UnknownValue"], [4, b"a"], "Protocol Buffers: an unknown value of a closed enum is an unknown field, and is skipped", read=[b"a"])
    case("unknown-flag-large", ["UnknownValue"], [2147483647, b"a"], "Protocol Buffers: an unknown value of a closed enum is an unknown field, and is skipped", read=[b"a"])
    case("write-closed-twice", ["AfterClose"], ["close_write", "close_write"], "one FIN ends the half", writable=False, sent=[FIN])
    case("read-closed-twice", ["AfterClose"], ["close_read", "close_read"], "one STOP_SENDING", readable=False, sent=[STOP])
    case("write-closed-after-reset", ["AfterClose"], [RESET, "close_write"], "RESET_STREAM ended both; no FIN", readable=False, writable=False, reset=True)
    case("write-closed-after-own-reset-2", ["AfterClose"], ["reset", "close_write"], "RESET_STREAM ended both", readable=False, writable=False, reset=True, free=["sent_flags"])
    largest = frame(None, det("largest", 16384 - 2 - 3))
    assert len(largest) == 16384
    to.add(op, "largest", ["Boundary"], steps_of([{"hex": largest}]), out={"readable": True, "reset": False, "read": [det("largest", 16384 - 2 - 3).hex()]}, comment=STREAM + "16 KiB with the length")
    broken_frames(to)
    writes(to)


# Octets that no frame begins with, and the rule that says so.
BROKEN = [("overlong-length", overlong(7, 2) + frame(None, b"hello")[1:], "OverlongVarint", "multiformats unsigned-varint: the shortest form alone"),
          ("length-4-octets", b"\xff\xff\xff\x07", "Limit", STREAM + "a message with its length is at most 16 KiB"),
          ("length-16383", varint(16383) + pb_bytes(2, bytes(16380)), "Limit", STREAM + "a message with its length is at most 16 KiB"),
          ("length-without-end", b"\xff" * 10, "OverlongVarint", "multiformats unsigned-varint: at most 9 octets"),
          ("message-beyond-frame", b"\x04\x12\x05ab", "WrongLength", "Protocol Buffers encoding, Length-Delimited Records: as many octets follow as the length says"),
          ("tag-without-value", b"\x01\x08", "Truncated", "Protocol Buffers encoding, Message Structure: a tag, then the value of its wire type"),
          ("wire-type-6", b"\x01\x0e", "WrongType", "Protocol Buffers encoding, Message Structure: wire types are 0 to 5"),
          ("wire-type-7", b"\x01\x0f", "WrongType", "Protocol Buffers encoding, Message Structure: wire types are 0 to 5"),
          ("field-0", b"\x02\x00\x01", "WrongValue", "Protocol Buffers language, Assigning Field Numbers: from 1"),
          ("flag-of-11-octets", b"\x0c\x08" + b"\xff" * 10 + b"\1", "OverlongVarint", "Protocol Buffers encoding, Base 128 Varints: at most ten octets")]


def broken_frames(to):
    """A broken frame ends the stream, whichever half is still open."""
    for state, before in (("open", []), ("behind-data", [b"a"]), ("half-closed", ["close_write", ACK]), ("stopped", ["close_read"])):
        for name, octets, flag, rule in BROKEN:
            to.reject("webrtc_stream.run", "%s-%s" % (state, name), [flag], steps_of(before + [{"hex": octets[i:i + 4000]} for i in range(0, len(octets), 4000)]), rule, "limit" if flag == "Limit" or name == "length-without-end" else "malformed")
    whole = frame(None, b"hello")
    for at in range(1, len(whole)):
        to.add("webrtc_stream.run", "cut-at-%d" % at, ["Fragmented"], steps_of([{"hex": whole[:at]}, {"hex": whole[at:]}]), out={"readable": True, "reset": False, "read": [b"hello".hex()]}, comment=STREAM + "messages of the channel cut the frames as they like")
    to.reject("webrtc_stream.run", "broken-in-two", ["WrongType"], steps_of([{"hex": b"\x01"}, {"hex": b"\x0f"}]), "Protocol Buffers encoding, Message Structure: wire types are 0 to 5")
    to.reject("webrtc_stream.run", "broken-behind-another", ["WrongType"], steps_of([{"hex": whole + b"\x01\x0f"}]), "Protocol Buffers encoding, Message Structure: wire types are 0 to 5")


def writes(to):
    """Data of the application, when its half has ended."""
    op, fin, reset = "webrtc_stream.run", STREAM + "FIN: the sender will no longer send messages", STREAM + "RESET_STREAM: the sending part is terminated"
    for name, before, rule in (("fin", ["close_write"], fin), ("fin-and-ack", ["close_write", ACK], fin), ("fin-of-both", ["close_write", ACK, FIN], fin), ("fin-of-both-peer-first", [FIN, "close_write", ACK], fin), ("own-reset", ["reset"], reset),
                               ("fin-and-own-reset", ["close_write", "reset"], reset), ("reset", [RESET], "libp2p/specs webrtc/README.md, Multiplexing; RFC 9000 section 3.5: nobody reads a stream that its reader has reset"),
                               ("channel-closed", ["channel_reset"], STREAM + "after RTCDataChannel.close() one can no longer write")):
        to.reject(op, "write-after-" + name, ["AfterClose"], steps_of(before + ["write"]), rule, "state")
    to.lenient(op, "write-after-stop", ["AfterClose"], steps_of([STOP, "write"]), "STOP_SENDING: the data would be discarded; writing may fail or go on")
    for name, before in (("open", []), ("fin-of-the-peer", [FIN]), ("own-stop", ["close_read"])):
        to.add(op, "write-after-" + name, ["Normal"], steps_of(before + ["write"]), out={"writable": True, "reset": False}, comment=STREAM + "halves are independent")


def add(to):
    records(to)
    hellos(to)
    reassembly(to)
    cookies(to)
    fingerprints(to)
    dcep(to)
    framing(to)
    streams(to)
