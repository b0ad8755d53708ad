"""Varints, multibase, multihash, certhash, peer ids, keys, multiaddrs."""
import base64
import hashlib
import ipaddress

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives import hashes

from mutate import *

PY = "Python cryptography: made with it"


def varints(to):
    rule9 = "multiformats unsigned-varint: at most 9 octets"
    rule_min = "multiformats unsigned-varint: the shortest form alone"
    rule_end = "multiformats unsigned-varint: the last octet has its top bit clear"
    for bits in range(1, 64):
        for n in ((1 << bits) - 1, 1 << bits):
            if n < 1 << 63:
                to.add("varint.decode", "dec-edge-%d" % n, ["Boundary"], {"hex": (varint(n) + b"\xff").hex()}, out={"value": str(n), "consumed": len(varint(n))},
                       check="Python's integers")
    for bits in (7, 8, 14, 21, 28, 32, 35, 42, 49, 56, 62):
        good = varint(1 << bits)
        for n in range(len(good)):
            to.reject("varint.decode", "cut-%d-at-%d" % (1 << bits, n), ["Truncated"], {"hex": good[:n].hex()}, rule_end)
        for size in range(len(good) + 1, 10):
            to.reject("varint.decode", "overlong-%d-in-%d" % (1 << bits, size), ["OverlongVarint"], {"hex": overlong(1 << bits, size).hex()}, rule_min)
    for n in (0, 1, 127):
        for size in range(2, 10):
            to.reject("varint.decode", "overlong-%d-in-%d" % (n, size), ["OverlongVarint"], {"hex": overlong(n, size).hex()}, rule_min)
    for last in (0x01, 0x02, 0x7F, 0x80, 0xFF):
        to.reject("varint.decode", "ten-octets-%02x" % last, ["OverlongVarint", "Limit"], {"hex": "80" * 9 + "%02x" % last}, rule9)
    for n in (1 << 63, (1 << 64) - 1, 1 << 64, 1 << 70):
        to.reject("varint.encode", "enc-over-%d" % n, ["Limit"], {"value": str(n)}, rule9, "limit")


# ---- certhash ----

def certhashes(to):
    op, clause = "certhash.parse", "libp2p/specs webrtc-direct, Addressing: certhash is a multibase multihash; "
    for i in range(8):
        digest = det("certhash%d" % i, 32)
        text = "u" + base64.urlsafe_b64encode(b"\x12\x20" + digest).decode().rstrip("=")
        to.add(op, "parse-%d" % i, ["Normal"], {"text": text}, out={"sha256": digest.hex()}, check="Python base64")
        to.add("certhash.format", "format-%d" % i, ["Normal"], {"sha256": digest.hex()}, out={"text": text}, check="Python base64")
        for prefix, coded in (("f", (b"\x12\x20" + digest).hex()), ("F", (b"\x12\x20" + digest).hex().upper()), ("z", base58(b"\x12\x20" + digest)),
                              ("b", base64.b32encode(b"\x12\x20" + digest).decode().rstrip("=").lower())):
            if i < 2:
                to.add(op, "parse-%s-%d" % (prefix, i), ["Normal"], {"text": prefix + coded}, out={"sha256": digest.hex()}, check="Python base64")
    for n in range(len(text)):
        to.reject(op, "cut-at-%d" % n, ["Truncated"], {"text": text[:n]}, clause + "32 octets of digest")
    good = b"\x12\x20" + digest

    def url(data):
        return "u" + base64.urlsafe_b64encode(data).decode().rstrip("=")
    for name, data, flag in (("digest-33", b"\x12\x21" + digest + b"x", "WrongLength"), ("length-31", b"\x12\x1f" + digest, "WrongLength"),
                             ("length-33", b"\x12\x21" + digest, "WrongLength"), ("trailing", good + b"\0", "Trailing"), ("empty-multihash", b"", "Truncated"),
                             ("code-overlong", b"\x92\x00\x20" + digest, "OverlongVarint"), ("length-overlong", b"\x12\xa0\x00" + digest, "OverlongVarint"),
                             ("digest-empty", b"\x12\x00", "WrongLength")):
        to.reject(op, name, [flag], {"text": url(data)}, clause + "code, length, and exactly that many octets")
    for name, bad in (("padding", text + "="), ("plus", "u" + text[1:-1] + "+"), ("slash", "u" + text[1:-1] + "/"), ("space", " " + text), ("newline", text + "\n"),
                      ("no-prefix", text[1:]), ("unknown-prefix", "!" + text[1:]), ("wrong-alphabet", "f" + text[1:])):
        to.reject(op, name, ["WrongValue"], {"text": bad}, "multiformats/multibase table; RFC 4648 sections 3.2, 3.3 and 5")
    for code, name, size in ((0x13, "sha2-512", 64), (0x11, "sha1", 20), (0x00, "identity", 32)):
        to.add(op, "hash-%s" % name, ["UnknownValue", "Strict"], {"text": url(bytes([code, size]) + det(name, size))}, result="acceptable",
               comment="another hash: may be known, but no certificate of webrtc-direct is compared with it")


def multihashes(to):
    for code, size in ((0x12, 32), (0x13, 64), (0x11, 20), (0x00, 36)):
        digest = det("mh%d" % code, size)
        good = varint(code) + varint(size) + digest
        to.add("multihash.encode", "encode-%02x" % code, ["Normal"], {"code": code, "digest": digest.hex()}, out={"multihash": good.hex()}, check="Python")
        for n in spread(len(good), 40):
            to.reject("multihash.decode", "cut-%02x-at-%d" % (code, n), ["Truncated"], {"hex": good[:n].hex()}, "multiformats/multihash: code, length, and exactly that many octets")
        to.reject("multihash.decode", "trailing-%02x" % code, ["Trailing"], {"hex": good.hex() + "00"}, "multiformats/multihash: code, length, and exactly that many octets")
        to.reject("multihash.decode", "overlong-code-%02x" % code, ["OverlongVarint"], {"hex": (overlong(code, 2) + good[1:]).hex()}, "multiformats unsigned-varint, as multiformats/multihash uses it")
        to.reject("multihash.decode", "overlong-length-%02x" % code, ["OverlongVarint"], {"hex": (good[:1] + overlong(size, 2) + digest).hex()}, "multiformats unsigned-varint, as multiformats/multihash uses it")


def multibases(to):
    for size in (0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 31, 32, 33):
        data = det("mb", size)
        for prefix, name, coded in (("f", "base16", data.hex()), ("b", "base32", base64.b32encode(data).decode().rstrip("=").lower()),
                                    ("m", "base64", base64.b64encode(data).decode().rstrip("=")), ("u", "base64url", base64.urlsafe_b64encode(data).decode().rstrip("=")),
                                    ("M", "base64pad", base64.b64encode(data).decode())):
            to.add("multibase.decode", "dec-%s-%d" % (name, size), ["Boundary"], {"text": prefix + coded}, out={"base": name, "hex": data.hex()}, check="Python base64")
    rule = "multiformats/multibase table; RFC 4648 sections 3.2, 3.3 and 3.5"
    for prefix, tail in (("m", "A"), ("m", "AAAAA"), ("u", "A"), ("b", "a"), ("b", "aaa"), ("b", "aaaaaa"), ("f", "0"), ("f", "000"), ("M", "AA"), ("M", "AAA"), ("M", "A==="), ("M", "AA=A")):
        to.reject("multibase.decode", "length-%s-%s" % (prefix, tail), ["WrongLength"], {"text": prefix + tail}, rule)
    for prefix, tail in (("m", "AB"), ("m", "AAB"), ("u", "AB"), ("u", "AAB"), ("b", "ab"), ("b", "aaab"), ("b", "aaaab"[:5]), ("M", "AB=="), ("M", "AAB=")):
        if prefix == "b" and len(tail) == 5:
            continue
        to.lenient("multibase.decode", "bits-%s-%s" % (prefix, tail), ["WrongValue"], {"text": prefix + tail}, "bits that are left over and not zero may be refused (RFC 4648 section 3.5)")
    for prefix in "mubfz":
        for bad in ("=", " ", "\n", "\u00e9", "!"):
            to.reject("multibase.decode", "char-%s-%02x" % (prefix, ord(bad)), ["WrongValue"], {"text": prefix + "aaaa"[:3] + bad}, rule)
    for bad in ("", "x", "?", "\u00e9aa", "#", "1abc"):
        to.reject("multibase.decode", "prefix-%s" % (bad[:1] or "none"), ["UnknownValue"], {"text": bad}, "multiformats/multibase: the first character is an assigned prefix")


# ---- keys and peer ids ----

def ed_key(i):
    return ed25519.Ed25519PrivateKey.from_private_bytes(det("ed%d" % i, 32))


def ed_pub(i):
    raw = ed_key(i).public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return pb_varint(1, 1) + pb_bytes(2, raw)


def ed_id(i):
    return b"\0" + bytes([len(ed_pub(i))]) + ed_pub(i)


def cid(multihash):
    return "b" + base64.b32encode(b"\x01\x72" + multihash).decode().rstrip("=").lower()


def peer_ids(to):
    for i in range(6):
        mh = ed_id(i)
        forms = {"multihash": mh.hex(), "text": base58(mh), "cid": cid(mh)}
        to.add("peer_id.decode", "decode-%d" % i, ["Normal"], {"multihash": mh.hex()}, out=forms, check=PY)
        to.add("peer_id.parse", "parse-cid-%d" % i, ["Normal"], {"text": cid(mh)}, out=forms, check=PY)
    rule = "libp2p/specs peer-ids: a multihash, identity up to 42 octets or sha2-256"
    for data in cuts(mh):
        to.reject("peer_id.decode", "cut-at-%d" % len(data), ["Truncated"], {"multihash": data.hex()}, rule)
    sha = b"\x12\x20" + hashlib.sha256(ed_pub(0)).digest()
    for data in cuts(sha):
        to.reject("peer_id.decode", "sha-cut-at-%d" % len(data), ["Truncated"], {"multihash": data.hex()}, rule)
    for name, data, flag in (("trailing", mh + b"\0", "Trailing"), ("sha-trailing", sha + b"\0", "Trailing"), ("sha-31", b"\x12\x1f" + sha[2:33], "WrongLength"),
                             ("sha1", b"\x11\x14" + sha[2:22], "UnknownValue"), ("sha512", b"\x13\x40" + det("x", 64), "UnknownValue"),
                             ("overlong-code", b"\x80\x00\x24" + mh[2:], "OverlongVarint"), ("overlong-length", b"\x00\xa4\x00" + mh[2:], "OverlongVarint")):
        to.reject("peer_id.decode", name, [flag], {"multihash": data.hex()}, rule)
    text = base58(mh)
    for n in spread(len(text), 30):
        data = unbase58(text[:n])
        if data[:1] == b"\0" and len(data) >= 2 and data[1] == len(data) - 2:
            continue  # an identity multihash by chance
        to.reject("peer_id.parse", "cut-at-%d" % n, ["Truncated"], {"text": text[:n]}, rule)
    for name, bad in (("zero", text[:-1] + "0"), ("big-o", text[:-1] + "O"), ("big-i", text[:-1] + "I"), ("small-l", text[:-1] + "l"), ("space", text + " "), ("newline", "\n" + text), ("slash", "/" + text)):
        to.reject("peer_id.parse", "char-" + name, ["WrongValue"], {"text": bad}, "libp2p/specs peer-ids, String representation: base58btc")
    for codec, name in ((0x70, "dag-pb"), (0x55, "raw"), (0x71, "dag-cbor")):
        to.reject("peer_id.parse", "cid-" + name, ["UnknownValue"], {"text": "b" + base64.b32encode(b"\x01" + bytes([codec]) + mh).decode().rstrip("=").lower()}, "libp2p/specs peer-ids: a CIDv1 with the multicodec libp2p-key")
    to.reject("peer_id.parse", "cid-version-2", ["UnknownValue"], {"text": "b" + base64.b32encode(b"\x02\x72" + mh).decode().rstrip("=").lower()}, "libp2p/specs peer-ids: a CIDv1 with the multicodec libp2p-key")
    to.reject("peer_id.parse", "cid-trailing", ["Trailing"], {"text": cid(mh + b"\0")}, rule)


def keys(to):
    rule = "libp2p/specs peer-ids, Keys: Type and Data, in this order, once, and nothing else (deterministic encoding)"
    pub = ed_pub(1)
    for data in cuts(pub):
        to.reject("public_key.decode", "cut-at-%d" % len(data), ["Truncated"], {"protobuf": data.hex()}, rule)
    raw = pub[4:]
    for name, data, flag in (("data-31", pb_varint(1, 1) + pb_bytes(2, raw[:31]), "WrongLength"), ("data-33", pb_varint(1, 1) + pb_bytes(2, raw + b"x"), "WrongLength"),
                             ("data-empty", pb_varint(1, 1) + pb_bytes(2, b""), "WrongLength"), ("type-5", pb_varint(1, 5) + pb_bytes(2, raw), "UnknownValue"),
                             ("type-as-bytes", pb_bytes(1, b"\x01") + pb_bytes(2, raw), "WrongType"), ("data-as-varint", pb_varint(1, 1) + pb_varint(2, 7), "WrongType"),
                             ("secp-32", pb_varint(1, 2) + pb_bytes(2, raw), "WrongLength"), ("secp-prefix-5", pb_varint(1, 2) + pb_bytes(2, b"\x05" + raw), "WrongValue"),
                             ("rsa-garbage", pb_varint(1, 0) + pb_bytes(2, raw), "WrongValue"), ("ecdsa-garbage", pb_varint(1, 3) + pb_bytes(2, raw), "WrongValue")):
        to.reject("public_key.decode", name, [flag], {"protobuf": data.hex()}, rule)
    for name, data, flag in (("reordered", pb_bytes(2, raw) + pb_varint(1, 1), "ReorderedField"), ("duplicate-type", pb_varint(1, 1) + pub, "DuplicateField"),
                             ("duplicate-data", pub + pb_bytes(2, raw), "DuplicateField"), ("unknown-field", pub + pb_varint(9, 1), "UnknownField"),
                             ("overlong-type", b"\x08\x81\x00" + pub[2:], "OverlongVarint")):
        to.add("public_key.decode", name, [flag, "Strict"], {"protobuf": data.hex()}, result="acceptable",
               comment=name + ": not the one encoding that peer ids are made of (peer-ids.md, Note about deterministic encoding); protobuf readers take it")
    message = b"conformance"
    for i in range(3):
        sig, key = ed_key(i).sign(message), ed_pub(i)
        given = {"public_key": key.hex(), "message": message.hex(), "signature": sig.hex()}
        to.add("public_key.verify", "ed-good-%d" % i, ["Normal"], given, out={}, check=PY)
        rule_sig = "libp2p/specs peer-ids, Key Types, Ed25519; RFC 8032 section 5.1.7"
        for at in spread(64, 12):
            to.reject("public_key.verify", "ed-%d-flip-%d" % (i, at), ["WrongMac"], dict(given, signature=flipped(sig, at).hex()), rule_sig, "auth")
        for n in (0, 1, 32, 63):
            to.reject("public_key.verify", "ed-%d-cut-%d" % (i, n), ["Truncated"], dict(given, signature=sig[:n].hex()), rule_sig, "auth")
        to.reject("public_key.verify", "ed-%d-long" % i, ["Trailing"], dict(given, signature=sig.hex() + "00"), rule_sig, "auth")
        to.reject("public_key.verify", "ed-%d-other-key" % i, ["WrongKey"], dict(given, public_key=ed_pub(i + 1).hex()), rule_sig, "auth")
        to.reject("public_key.verify", "ed-%d-other-message" % i, ["WrongMac"], dict(given, message=b"conformancf".hex()), rule_sig, "auth")
        # S + L: RFC 8032 section 5.1.7 requires S < L
        s = int.from_bytes(sig[32:], "little") + 2**252 + 27742317777372353535851937790883648493
        to.reject("public_key.verify", "ed-%d-malleable" % i, ["Forged"], dict(given, signature=(sig[:32] + s.to_bytes(32, "little")).hex()), rule_sig + ": S < L", "auth")
    ecdsa(to, message)


def ecdsa(to, message):
    for name, curve, number in (("p256", ec.SECP256R1(), 3), ("p384", ec.SECP384R1(), 3), ("p521", ec.SECP521R1(), 3), ("secp256k1", ec.SECP256K1(), 2)):
        key = ec.derive_private_key(int.from_bytes(det(name, 32), "big"), curve)
        public = key.public_key()
        raw = (public.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint) if number == 2 else
               public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo))
        # RFC 6979: the same signature every time
        sig = key.sign(message, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
        given = {"public_key": (pb_varint(1, number) + pb_bytes(2, raw)).hex(), "message": message.hex(), "signature": sig.hex()}
        rule = "libp2p/specs peer-ids, Key Types: ECDSA over SHA-256, DER"
        to.add("public_key.verify", name + "-good", ["Normal"], given, out={}, check=PY)
        for at in spread(len(sig), 10):
            to.reject("public_key.verify", "%s-flip-%d" % (name, at), ["WrongMac"], dict(given, signature=flipped(sig, at).hex()), rule, "auth")
        for n in (0, 1, 2, len(sig) - 1):
            to.reject("public_key.verify", "%s-cut-%d" % (name, n), ["Truncated"], dict(given, signature=sig[:n].hex()), rule, "auth")
        to.reject("public_key.verify", name + "-other-message", ["WrongMac"], dict(given, message="00"), rule, "auth")


# ---- multiaddrs ----

def maddr(*parts):
    """parts: (code, value) with the length prefix where the protocol has one; returns bytes and the ends of components."""
    sized = {0x35, 0x36, 0x37, 0x38, 0x2A, 0x01A5, 0x01D2}
    out, ends = b"", [0]
    for code, value in parts:
        out += varint(code) + (varint(len(value)) if code in sized else b"") + value
        ends.append(len(out))
    return out, ends


def multiaddrs(to):
    ip4, ip6 = ipaddress.ip_address("192.0.2.7").packed, ipaddress.ip_address("2001:db8::7").packed
    cert = b"\x12\x20" + det("ma-cert", 32)
    peer = ed_id(0)
    port = (4001).to_bytes(2, "big")
    samples = {"direct": [(4, ip4), (0x0111, port), (0x0118, b""), (0x01D2, cert), (0x01A5, peer)],
               "direct6": [(0x29, ip6), (0x0111, port), (0x0118, b""), (0x01D2, cert), (0x01D2, b"\x12\x20" + det("ma-cert2", 32))],
               "circuit": [(0x36, b"relay.example"), (6, port), (0x01A5, peer), (0x0122, b""), (0x0119, b""), (0x01A5, ed_id(1))]}
    u = "u" + base64.urlsafe_b64encode(cert).decode().rstrip("=")
    u2 = "u" + base64.urlsafe_b64encode(b"\x12\x20" + det("ma-cert2", 32)).decode().rstrip("=")
    texts = {"direct": "/ip4/192.0.2.7/udp/4001/webrtc-direct/certhash/%s/p2p/%s" % (u, base58(peer)),
             "direct6": "/ip6/2001:db8::7/udp/4001/webrtc-direct/certhash/%s/certhash/%s" % (u, u2),
             "circuit": "/dns4/relay.example/tcp/4001/p2p/%s/p2p-circuit/webrtc/p2p/%s" % (base58(peer), base58(ed_id(1)))}
    for name, parts in samples.items():
        data, ends = maddr(*parts)
        names = [t for t in texts[name].split("/") if t in ("ip4", "ip6", "udp", "tcp", "dns4", "webrtc-direct", "webrtc", "certhash", "p2p", "p2p-circuit")]
        to.add("multiaddr.decode", name, ["Normal"], {"hex": data.hex()}, out={"text": texts[name], "protocols": names}, check="Python ipaddress, base64")
        to.add("multiaddr.parse", name, ["Normal"], {"text": texts[name]}, out={"hex": data.hex(), "text": texts[name], "protocols": names}, check="Python ipaddress, base64")
        for cut in cuts(data, keep=set(ends)):
            to.reject("multiaddr.decode", "%s-cut-at-%d" % (name, len(cut)), ["Truncated"], {"hex": cut.hex()}, "multiformats/multiaddr: a value has the size its protocol says")
    for code in (4, 6, 0x29):
        to.reject("multiaddr.decode", "overlong-code-%d" % code, ["OverlongVarint"], {"hex": (overlong(code, 2) + ip6[:16 if code == 0x29 else 4 if code == 4 else 2]).hex()}, "multiformats unsigned-varint, as multiformats/multiaddr uses it")
    data, _ = maddr(*samples["direct"])
    at = data.index(varint(0x01A5)) + 2
    to.reject("multiaddr.decode", "overlong-length", ["OverlongVarint"], {"hex": (data[:at] + overlong(len(peer), 2) + peer).hex()}, "multiformats unsigned-varint, as multiformats/multiaddr uses it")
    for bad in ("/ip4/192.0.2.7/udp/65536", "/ip4/192.0.2.7/udp/-1", "/ip4/192.0.2.7/udp/4001x", "/ip4/192.0.2.7/udp/", "/ip4/192.0.2.256/udp/1", "/ip4/192.0.2/udp/1",
                "/ip4/2001:db8::1/udp/1", "/ip6/192.0.2.7/udp/1", "/ip6/2001:db8:::1", "/ip6/12345::", "/ip4//udp/1", "//ip4/192.0.2.7", "/ip4/192.0.2.7//udp/1",
                "ip4/192.0.2.7", "/p2p/", "/p2p/QmInvalid0", "/certhash/uEi", "/certhash/", "/ip4/192.0.2.7/udp/1/webrtc-direct/certhash", "/udp", "/tcp/ 1", "/ip4/192.0.2.7/tcp/0x10",
                "/IP4/192.0.2.7", "/ip4 /192.0.2.7", "/webrtc/direct"):
        to.reject("multiaddr.parse", "bad-" + (bad or "empty"), ["WrongValue"], {"text": bad}, "multiformats/multiaddr, protocols.csv: the protocol's value")
    for name, text in (("empty", ""), ("slash", "/")):
        to.lenient("multiaddr.parse", "nothing-" + name, ["Boundary"], {"text": text}, "an address of no component: some libraries have it")
    direct_addrs(to, u, u2, base58(peer))


def direct_addrs(to, u, u2, peer):
    base = "/ip4/192.0.2.7/udp/4001/webrtc-direct"
    digest = det("ma-cert", 32).hex()
    whole = {"ip": "192.0.2.7", "port": 4001, "sha256": digest, "peer_id": peer}
    rule = "libp2p/specs webrtc-direct, Addressing: /ip4|ip6/.../udp/.../webrtc-direct/certhash/.../p2p/..."
    dial = "webrtc_direct_multiaddr.dial"
    to.add(dial, "whole", ["Normal"], {"text": "%s/certhash/%s/p2p/%s" % (base, u, peer)}, out=whole)
    to.add(dial, "two-certhashes", ["Normal"], {"text": "%s/certhash/%s/certhash/%s/p2p/%s" % (base, u, u2, peer)}, out=whole)
    to.add(dial, "ip6", ["Normal"], {"text": "/ip6/2001:db8::7/udp/4001/webrtc-direct/certhash/%s/p2p/%s" % (u, peer)}, out=dict(whole, ip="2001:db8::7"))
    to.add("webrtc_direct_multiaddr.listen", "no-certhash", ["Normal"], {"text": base}, out={"ip": "192.0.2.7", "port": 4001})
    to.add("webrtc_direct_multiaddr.listen", "any-port", ["Boundary"], {"text": "/ip6/::/udp/0/webrtc-direct"}, out={"ip": "::", "port": 0})
    for name, bad, flag in (("no-certhash", base + "/p2p/" + peer, "Missing"), ("no-peer", base + "/certhash/" + u, "Missing"), ("tcp", "/ip4/192.0.2.7/tcp/4001/webrtc-direct/certhash/%s/p2p/%s" % (u, peer), "WrongValue"),
                            ("no-webrtc-direct", "/ip4/192.0.2.7/udp/4001/certhash/%s/p2p/%s" % (u, peer), "Missing"), ("order", base + "/p2p/%s/certhash/%s" % (peer, u), "ReorderedField"),
                            ("quic", "/ip4/192.0.2.7/udp/4001/quic-v1/certhash/%s/p2p/%s" % (u, peer), "WrongValue"), ("no-ip", "/udp/4001/webrtc-direct/certhash/%s/p2p/%s" % (u, peer), "Missing"),
                            ("no-udp", "/ip4/192.0.2.7/webrtc-direct/certhash/%s/p2p/%s" % (u, peer), "Missing"), ("port-0", "/ip4/192.0.2.7/udp/0/webrtc-direct/certhash/%s/p2p/%s" % (u, peer), "WrongValue"),
                            ("webrtc", "/ip4/192.0.2.7/udp/4001/webrtc/certhash/%s/p2p/%s" % (u, peer), "WrongValue"), ("certhash-twice-peer", base + "/certhash/%s/p2p/%s/p2p/%s" % (u, peer, peer), "DuplicateField"),
                            ("empty", "", "Missing"), ("only-peer", "/p2p/" + peer, "Missing")):
        to.reject(dial, name, [flag], {"text": bad}, rule)


def add(to):
    varints(to)
    multibases(to)
    multihashes(to)
    certhashes(to)
    peer_ids(to)
    keys(to)
    multiaddrs(to)
