"""Noise, signed envelopes, relay messages and vouchers, identify, multistream, Yamux."""
import hashlib
import hmac
import struct

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from cases_a_codecs import ed_id, ed_key, ed_pub
from mutate import *

PASSED_OVER = "Protocol Buffers readers may take a field of another wire type, or a group, for an unknown one"
PY = "Python cryptography, hmac, hashlib"


# ---- Noise XX (noiseprotocol.org, revision 34), written for these vectors ----

def raw(key):
    return key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def hkdf(ck, ikm, n):
    temp, out, last = hmac.new(ck, ikm, hashlib.sha256).digest(), [], b""
    for i in range(1, n + 1):
        last = hmac.new(temp, last + bytes([i]), hashlib.sha256).digest()
        out.append(last)
    return out


class Symmetric:
    def __init__(self, prologue):
        name = b"Noise_XX_25519_ChaChaPoly_SHA256"
        self.h = self.ck = name
        self.k, self.n = None, 0
        self.mix_hash(prologue)

    def mix_hash(self, data):
        self.h = hashlib.sha256(self.h + data).digest()

    def mix_key(self, ikm):
        self.ck, self.k = hkdf(self.ck, ikm, 2)
        self.n = 0

    def encrypt(self, plain):
        out = plain if self.k is None else ChaCha20Poly1305(self.k).encrypt(b"\0" * 4 + struct.pack("<Q", self.n), plain, self.h)
        self.n += 1
        self.mix_hash(out)
        return out


def xx(prologue, keys, payloads):
    """The three messages; both sides have the same symmetric state, so one is kept."""
    i_s, i_e, r_s, r_e = (X25519PrivateKey.from_private_bytes(k) for k in keys)
    s = Symmetric(prologue)
    s.mix_hash(raw(i_e))
    m1 = raw(i_e) + s.encrypt(payloads[0])
    s.mix_hash(raw(r_e))
    m2 = raw(r_e)
    s.mix_key(r_e.exchange(i_e.public_key()))
    m2 += s.encrypt(raw(r_s))
    s.mix_key(r_s.exchange(i_e.public_key()))
    m2 += s.encrypt(payloads[1])
    m3 = s.encrypt(raw(i_s))
    s.mix_key(i_s.exchange(r_e.public_key()))
    m3 += s.encrypt(payloads[2])
    return [m1, m2, m3], s.h, hkdf(s.ck, b"", 2)


KEYS = [det("xx-" + n, 32) for n in ("is", "ie", "rs", "re")]
# The keys are named as in cacophony's vectors.
NAMES = ["init_static", "init_ephemeral", "resp_static", "resp_ephemeral"]


def noise_given(prologue, payloads, keys=None):
    return dict(zip(NAMES, [k.hex() for k in keys or KEYS]), init_prologue=prologue.hex(), payloads=[p.hex() for p in payloads])


def noise_payload(i, static, key=None, sig=None):
    key = ed_pub(i) if key is None else key
    sig = ed_key(i).sign(b"noise-libp2p-static-key:" + static) if sig is None else sig
    return pb_bytes(1, key) + pb_bytes(2, sig)


def noise(to):
    a, b = b"\x12\x20" + det("fp-a", 32), b"\x12\x20" + det("fp-b", 32)
    prefix = b"libp2p-webrtc-noise:"
    for i in range(6):
        keys = [det("xx-%d-%d" % (i, j), 32) for j in range(4)]
        payloads = [det("p%d" % i, i * 7), det("q%d" % i, i * 11), det("r%d" % i, i * 50)]
        messages, h, (k1, k2) = xx(det("prologue", i * 10), keys, payloads)
        to.add("noise_xx.handshake", "xx-%d" % i, ["Normal"], noise_given(det("prologue", i * 10), payloads, keys),
               out={"messages": [m.hex() for m in messages], "handshake_hash": h.hex(), "initiator_send_key": k1.hex(), "responder_send_key": k2.hex()}, check=PY)
    statics = [raw(X25519PrivateKey.from_private_bytes(KEYS[0])), raw(X25519PrivateKey.from_private_bytes(KEYS[2]))]
    payloads = [b"", noise_payload(2, statics[1]), noise_payload(1, statics[0])]
    for name, prologue in (("webrtc-direct", prefix + a + b), ("empty", b"")):
        messages, h, (k1, k2) = xx(prologue, KEYS, payloads)
        given = noise_given(prologue, payloads)
        to.add("noise_xx.handshake", "libp2p-" + name, ["Normal"], given, out={"messages": [m.hex() for m in messages], "handshake_hash": h.hex(), "responder_peer_id": base58(ed_id(2)), "initiator_peer_id": base58(ed_id(1))}, check=PY)
        for index, m in enumerate(messages):
            clear = (32, 96, 64)[index]  # e; e, s and its tag, a tag; s and its tag, a tag
            to.add("noise_xx.read", "%s-read-%d" % (name, index), ["Normal"], dict(given, message_index=index, message=m.hex()), out={"payload": payloads[index].hex()}, check=PY)
            for n in [0, 1, clear - 1] + ([] if index == 0 else spread(len(m), 20)):
                to.reject("noise_xx.read", "%s-%d-cut-at-%d" % (name, index, n), ["Truncated"], dict(given, message_index=index, message=m[:n].hex()), "Noise section 5.3, ReadMessage: e, s and payload are whole", "malformed" if n < clear else "auth") if n < len(m) else None
            for at in (spread(len(m), 24) if index else []):
                to.reject("noise_xx.read", "%s-%d-flip-%d" % (name, index, at), ["WrongMac"], dict(given, message_index=index, message=flipped(m, at).hex()), "Noise section 5.1: DecryptWithAd fails, the handshake ends", "auth") if at != 31 or index == 2 else None
    good, _, _ = xx(prefix + a + b, KEYS, payloads)
    for name, other in (("swapped", prefix + b + a), ("empty", b""), ("no-prefix", a + b), ("one", prefix + a), ("same-twice", prefix + a + a), ("no-colon", prefix[:-1] + a + b), ("upper", prefix.upper() + a + b), ("cut", (prefix + a + b)[:-1]), ("longer", prefix + a + b + b"\0")):
        messages, _, _ = xx(other, KEYS, payloads)
        to.reject("noise_xx.read", "prologue-%s-at-initiator" % name, ["WrongPrologue"], dict(noise_given(prefix + a + b, payloads), message_index=1, message=messages[1].hex()), "libp2p/specs webrtc-direct, Connection Security: the prologue is prefix, dialer, listener", "auth")
        given = dict(noise_given(other, payloads), resp_prologue=(prefix + a + b).hex())
        to.reject("noise_xx.handshake", "prologue-%s" % name, ["WrongPrologue"], given, "Noise section 6: with different prologues the handshake fails", "auth")
    low_order(to)
    primitives(to)
    for i in range(4):
        x, y = b"\x12\x20" + det("pa%d" % i, 32), b"\x12\x20" + det("pb%d" % i, 32)
        to.add("noise_prologue.build", "order-%d" % i, ["Normal"], {"client_fingerprint": x.hex(), "server_fingerprint": y.hex()}, out={"prologue": (prefix + x + y).hex()})
        for name, bad in (("cut", x[:-1]), ("long", x + b"\0"), ("sha1", b"\x11\x14" + x[2:22]), ("empty", b"")):
            to.reject("noise_prologue.build", "%s-%d" % (name, i), ["WrongLength"], {"client_fingerprint": bad.hex(), "server_fingerprint": y.hex()}, "libp2p/specs webrtc-direct, Connection Security: a multihash of sha2-256")
    frames(to)


def frames(to):
    """Messages behind two octets of length: as they are written, and as a session reads them whose handshake is done."""
    wire = "libp2p/specs noise, Wire Format: "
    for n in (1, 2, 255, 256):
        m = det("frame", n)
        to.add("noise_frame.encode", "size-%d" % n, ["Boundary"], {"message": m.hex()}, out={"frame": (struct.pack(">H", n) + m).hex()})
    to.reject("noise_frame.encode", "over-65536", ["Limit"], {"message": "00" * 65536}, wire + "a length of two octets", "limit")
    key, op = det("frame-key", 32), "noise_frame.receive"
    seal = lambda n, plain: ChaCha20Poly1305(key).encrypt(b"\0" * 4 + struct.pack("<Q", n), plain, b"")
    framed = lambda m: struct.pack(">H", len(m)) + m
    first, second, third = (framed(seal(n, plain)) for n, plain in enumerate((b"hello", b", ", b"world")))
    whole = first + second + third

    def given(*chunks, **more):
        return dict({"key": key.hex(), "chunks": [c.hex() for c in chunks]}, **more)
    to.add(op, "three", ["Normal"], given(whole), out={"data": b"hello, world".hex()}, check=PY)
    to.add(op, "empty-message", ["Boundary"], given(framed(seal(0, b"")) + framed(seal(1, b"x"))), out={"data": b"x".hex()}, check=PY)
    to.add(op, "octets", ["Fragmented"], given(*(whole[i:i + 1] for i in range(len(whole)))), out={"data": b"hello, world".hex()}, check=PY)
    to.add(op, "incomplete", ["Fragmented"], given(first + second[:9]), out={"data": b"hello".hex()}, comment=wire + "a message is whole before it counts", check=PY)
    for at in range(1, len(first), 4):
        to.add(op, "cut-at-%d" % at, ["Fragmented"], given(first[:at], first[at:]), out={"data": b"hello".hex()}, comment="the stream underneath may be cut anywhere", check=PY)
    for at in range(1, len(first)):
        to.reject(op, "ends-at-%d" % at, ["Truncated"], given(first[:at], end=True), wire + "a length, then as many octets; the stream ended before", "state")
    tag = "Noise section 5.1, DecryptWithAd: the tag is of this key, this counter and these octets"
    for at in spread(len(first) - 2, 12):
        to.reject(op, "flip-%d" % (at + 2), ["WrongMac"], given(flipped(first, at + 2)), tag, "auth")
    for n in range(16):
        to.reject(op, "message-of-%d" % n, ["WrongLength"], given(struct.pack(">H", n) + first[2:2 + n]), "Noise section 4.2: a ciphertext is 16 octets longer than its plaintext", "malformed")
    for name, octets, flag in (("reordered", second + first, "ReorderedField"), ("twice", first + first, "Replay"), ("one-missing", first + third, "Missing"), ("length-too-short", struct.pack(">H", 20) + first[2:], "WrongLength"), ("length-too-long", struct.pack(">H", 22) + first[2:] + second, "WrongLength"),
                               ("little-endian-length", first[1::-1] + first[2:] + bytes(21 << 8), "WrongValue"), ("other-key", framed(ChaCha20Poly1305(det("other", 32)).encrypt(bytes(12), b"hello", b"")), "WrongKey"), ("with-ad", framed(ChaCha20Poly1305(key).encrypt(bytes(12), b"hello", b"ad")), "WrongKey"),
                               ("big-endian-counter", first + framed(ChaCha20Poly1305(key).encrypt(struct.pack(">IQ", 0, 1), b", ", b"")), "WrongValue"), ("in-clear", framed(b"hello, world, in clear"), "Forged")):
        to.reject(op, name, [flag], given(octets), tag, "auth")


def low_order(to):
    for name, point in (("zero", bytes(32)), ("one", b"\1" + bytes(31)), ("order-8", bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")), ("order-8b", bytes.fromhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157")),
                        ("p-1", bytes.fromhex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")), ("p", bytes.fromhex("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")), ("p+1", bytes.fromhex("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"))):
        try:
            X25519PrivateKey.from_private_bytes(KEYS[0]).exchange(X25519PublicKey.from_public_bytes(point))
        except ValueError:
            to.lenient("noise_primitives.x25519", "low-order-" + name, ["Forged"], {"private": KEYS[0].hex(), "public": point.hex()}, "an all-zero result may be refused (RFC 7748 section 6.1, Noise section 12)", check="Python cryptography refuses it")


def primitives(to):
    key, ad = det("aead-key", 32), b"header"
    for n in (0, 1, 15, 16, 17, 64, 100):
        for counter in (0, 1, 1 << 32, (1 << 64) - 2):
            plain = det("plain", n)
            sealed = ChaCha20Poly1305(key).encrypt(b"\0" * 4 + struct.pack("<Q", counter), plain, ad)
            to.add("noise_primitives.open", "open-%d-%d" % (n, counter), ["Boundary"], {"key": key.hex(), "nonce_counter": str(counter), "ad": ad.hex(), "ciphertext": sealed.hex()}, out={"plaintext": plain.hex()}, check=PY) if counter < 2 or n == 16 else None
    plain = det("plain", 24)
    sealed = ChaCha20Poly1305(key).encrypt(b"\0" * 12, plain, ad)
    given = {"key": key.hex(), "nonce_counter": "0", "ad": ad.hex(), "ciphertext": sealed.hex()}
    rule = "RFC 8439 section 2.8, Noise section 5.1: the tag must match"
    for at in range(len(sealed)):
        to.reject("noise_primitives.open", "flip-%d" % at, ["WrongMac"], dict(given, ciphertext=flipped(sealed, at).hex()), rule, "auth")
    for n in range(len(sealed)):
        to.reject("noise_primitives.open", "cut-at-%d" % n, ["Truncated"], dict(given, ciphertext=sealed[:n].hex()), rule, "auth" if n >= 16 else "malformed")
    for name, more in (("other-nonce", {"nonce_counter": "1"}), ("other-ad", {"ad": b"headex".hex()}), ("no-ad", {"ad": ""}), ("other-key", {"key": flipped(key, 0).hex()}), ("longer", {"ciphertext": sealed.hex() + "00"})):
        to.reject("noise_primitives.open", name, ["WrongKey"], dict(given, **more), rule, "auth")
    for counter in ((1 << 64) - 1,):
        to.reject("noise_primitives.seal", "nonce-last", ["Limit"], {"key": key.hex(), "nonce_counter": str(counter), "ad": "", "plaintext": ""}, "Noise section 5.1: the nonce 2^64-1 is reserved", "limit")


def payloads(to):
    static = det("noise-static", 32)
    good = noise_payload(3, static)
    given = {"payload": good.hex(), "noise_static": static.hex()}
    op = "noise_payload.verify"
    to.add(op, "ed-good", ["Normal"], given, out={"peer_id": base58(ed_id(3)), "key_type": "Ed25519"}, check=PY)
    both = "libp2p/specs noise, Libp2p Data in Handshake Messages: identity_key and identity_sig are there"
    for cut in cuts(good):
        to.reject(op, "cut-at-%d" % len(cut), ["Truncated"], dict(given, payload=cut.hex()), both if len(cut) in [0] + pb_ends(good) else pb_rule(cut))
    rule = "libp2p/specs noise: identity_sig is of identity_key over \"noise-libp2p-static-key:\" and the static key"
    sig = ed_key(3).sign(b"noise-libp2p-static-key:" + static)
    for at in spread(64, 32):
        to.reject(op, "sig-flip-%d" % at, ["WrongMac"], dict(given, payload=noise_payload(3, static, sig=flipped(sig, at)).hex()), rule, "auth")
    for at in spread(32, 16):
        to.reject(op, "static-flip-%d" % at, ["WrongKey"], dict(given, noise_static=flipped(static, at).hex()), rule, "auth")
    for name, text in (("no-prefix", static), ("other-prefix", b"noise-libp2p-static-key" + static), ("tls-prefix", b"libp2p-tls-handshake:" + static), ("hex", b"noise-libp2p-static-key:" + static.hex().encode())):
        to.reject(op, "signed-" + name, ["WrongKey"], dict(given, payload=noise_payload(3, static, sig=ed_key(3).sign(text)).hex()), rule, "auth")
    to.reject(op, "other-identity", ["Forged"], dict(given, payload=noise_payload(3, static, key=ed_pub(4)).hex()), rule, "auth")
    for name, data, flag in (("no-key", pb_bytes(2, sig), "Missing"), ("no-sig", pb_bytes(1, ed_pub(3)), "Missing"), ("empty", b"", "Missing"), ("key-as-varint", pb_varint(1, 1) + pb_bytes(2, sig), "WrongType"), ("sig-as-varint", pb_bytes(1, ed_pub(3)) + pb_varint(2, 1), "WrongType"),
                             ("key-empty", pb_bytes(1, b"") + pb_bytes(2, sig), "Missing"), ("wire-7", good + b"\x1f", "WrongType")):
        to.reject(op, name, [flag], dict(given, payload=data.hex()), pb_rule(data) if name == "wire-7" else both + ("; field 1 is bytes" if name == "key-as-varint" else "; field 2 is bytes" if name == "sig-as-varint" else ""))
    to.add(op, "reordered", ["ReorderedField"], dict(given, payload=(pb_bytes(2, sig) + pb_bytes(1, ed_pub(3))).hex()), out={"peer_id": base58(ed_id(3))}, comment="Protocol Buffers: fields in any order")
    to.add(op, "unknown-field", ["UnknownField"], dict(given, payload=(good + pb_bytes(9, b"x")).hex()), out={"peer_id": base58(ed_id(3))}, comment="Protocol Buffers: unknown fields are skipped")
    to.add(op, "extensions", ["Normal"], dict(given, payload=(good + pb_bytes(4, pb_bytes(2, b"/yamux/1.0.0"))).hex()), out={"peer_id": base58(ed_id(3))}, comment="libp2p/specs noise, NoiseExtensions")
    for name, data in (("key-twice", pb_bytes(1, ed_pub(4)) + good), ("sig-twice", pb_bytes(2, b"x" * 64) + good)):
        to.add(op, name, ["DuplicateField", "Strict"], dict(given, payload=data.hex()), result="acceptable", comment=name + ": Protocol Buffers takes the last one; refusing is safer, since two readers may differ")


# ---- envelopes and relay ----

def envelope(i, domain, kind, payload, **parts):
    text = b"".join(varint(len(x)) + x for x in (domain.encode(), kind, payload))
    key, sig = parts.get("key", ed_pub(i)), parts.get("sig", ed_key(i).sign(text))
    return pb_bytes(1, key) + pb_bytes(2, parts.get("as_kind", kind)) + pb_bytes(3, parts.get("as_payload", payload)) + pb_bytes(5, sig)


def envelopes(to):
    op, spec = "signed_envelope.open", "libp2p/specs RFC 0002, "
    fields, sign = spec + "Wire Format: public_key, payload_type, payload and signature are there", spec + "Signature Production / Verification: "
    for name, domain, kind in (("rsvp", "libp2p-relay-rsvp", b"\x03\x02"), ("record", "libp2p-peer-record", b"\x03\x01"), ("other", "x", b"/any/type")):
        payload = det("payload-" + name, 50)
        good = envelope(5, domain, kind, payload)
        to.add(op, name, ["Normal"], {"hex": good.hex(), "domain": domain}, out={"payload": payload.hex(), "payload_type": kind.hex(), "signer": base58(ed_id(5)), "encoded": good.hex()}, check=PY)
        for n in (range(len(good)) if name == "rsvp" else spread(len(good), 20)):
            to.reject(op, "%s-cut-at-%d" % (name, n), ["Truncated"], {"hex": good[:n].hex(), "domain": domain}, fields if n in [0] + pb_ends(good) else pb_rule(good[:n]))
        sig = ed_key(5).sign(b"".join(varint(len(x)) + x for x in (domain.encode(), kind, payload)))
        for at in spread(64, 10):
            to.reject(op, "%s-sig-flip-%d" % (name, at), ["WrongMac"], {"hex": envelope(5, domain, kind, payload, sig=flipped(sig, at)).hex(), "domain": domain}, sign + "the signature is of public_key", "auth")
        for at in spread(50, 10):
            to.reject(op, "%s-payload-flip-%d" % (name, at), ["WrongMac"], {"hex": envelope(5, domain, kind, payload, sig=sig, as_payload=flipped(payload, at)).hex(), "domain": domain}, sign + "payload is signed", "auth")
        to.reject(op, name + "-other-domain", ["WrongKey"], {"hex": good.hex(), "domain": domain + "x"}, sign + "the domain is signed", "auth")
        to.reject(op, name + "-other-type", ["WrongKey"], {"hex": envelope(5, domain, kind, payload, sig=sig, as_kind=kind + b"x").hex(), "domain": domain}, sign + "payload_type is signed", "auth")
        to.reject(op, name + "-other-key", ["Forged"], {"hex": envelope(5, domain, kind, payload, key=ed_pub(6), sig=sig).hex(), "domain": domain}, sign + "the signature is of public_key", "auth")
        # the lengths are part of what is signed: type and payload cannot trade octets
        shifted = envelope(5, domain, kind + payload[:1], payload[1:], sig=sig)
        to.reject(op, name + "-shifted", ["Forged"], {"hex": shifted.hex(), "domain": domain}, sign + "domain, type and payload are signed, each behind its length", "auth")
        bare = ed_key(5).sign(domain.encode() + kind + payload)
        to.reject(op, name + "-signed-without-lengths", ["WrongMac"], {"hex": envelope(5, domain, kind, payload, sig=bare).hex(), "domain": domain}, sign + "domain, type and payload are signed, each behind its length", "auth")
    for n in (0, 1, 127, 128, 300):
        p = det("si", n)
        to.add("signed_envelope.signing_input", "payload-%d" % n, ["Boundary"], {"domain": "d", "payload_type": "0302", "payload": p.hex()}, out={"hex": (b"\1d\2\3\2" + varint(n) + p).hex()})


def voucher(relay, peer, expiration):
    return pb_bytes(1, relay) + pb_bytes(2, peer) + pb_varint(3, expiration)


def reservation(expire, sealed, status=100, kind=2):
    return pb_varint(1, kind) + pb_bytes(3, pb_varint(1, expire) + pb_bytes(2, b"\4\x7f\0\0\1") + (pb_bytes(3, sealed) if sealed else b"")) + pb_varint(5, status)


def vouchers(to):
    now, end = 1700000000, 1700003600
    relay, me, other = ed_id(7), ed_id(8), ed_id(9)
    domain, kind = "libp2p-relay-rsvp", b"\x03\x02"
    spec = "libp2p/specs relay/circuit-v2.md, Reservation Vouchers: "
    signer, sealed_as = spec + "signed with the key of the relay", spec + "an envelope of domain libp2p-relay-rsvp and payload type 0x0302"
    rules = {"of-another-relay": spec + "relay is who signed it", "for-another-peer": spec + "peer is who reserved", "swapped": spec + "relay is who signed it, peer who reserved", "other-domain": sealed_as, "other-type": sealed_as, "garbage": sealed_as,
             "empty-payload": "libp2p/specs relay/circuit-v2.md, message Voucher: relay and peer are there, and are peer ids"}
    op = "relay_voucher.reserve"

    def given(sealed, expire=end, **more):
        m = reservation(expire, sealed, **more)
        return {"hex": (varint(len(m)) + m).hex(), "relay": base58(relay), "self": base58(me), "unix_now": now}
    good = envelope(7, domain, kind, voucher(relay, me, end))
    to.add(op, "good", ["Normal"], given(good), out={"expire": end}, check=PY)
    to.add(op, "no-voucher", ["Normal"], given(b""), out={"expire": end}, comment="the voucher may be missing (circuit-v2.md: js and go relays)")
    for name, sealed, flag in (("forged-by-peer", envelope(9, domain, kind, voucher(relay, me, end)), "Forged"), ("forged-key", envelope(9, domain, kind, voucher(relay, me, end), key=ed_pub(7)), "Forged"), ("of-another-relay", envelope(7, domain, kind, voucher(other, me, end)), "Forged"),
                               ("for-another-peer", envelope(7, domain, kind, voucher(relay, other, end)), "Replay"), ("swapped", envelope(7, domain, kind, voucher(me, relay, end)), "Forged"), 
                               ("other-domain", envelope(7, "libp2p-peer-record", kind, voucher(relay, me, end)), "WrongKey"), ("other-type", envelope(7, domain, b"\x03\x01", voucher(relay, me, end)), "WrongKey"), ("sig-flipped", flipped(good, len(good) - 1), "WrongMac"),
                               ("payload-flipped", flipped(good, 50), "WrongMac"), ("garbage", b"garbage", "WrongValue"), ("empty-payload", envelope(7, domain, kind, b""), "Missing")):
        to.reject(op, name, [flag], given(sealed), rules.get(name, signer), "auth")
    to.lenient(op, "expired-2", ["Replay"], given(envelope(7, domain, kind, voucher(relay, me, now - 1))), "the voucher has expired, the reservation has not; whoever is shown the voucher has to look, not the client alone")
    for n in spread(len(good), 20):
        if n:
            to.reject(op, "voucher-cut-at-%d" % n, ["Truncated"], given(good[:n]), sealed_as if n in pb_ends(good) else pb_rule(good[:n]), "auth")
    for status in (200, 201, 202, 203, 204, 400, 401, 999):
        to.reject(op, "status-%d" % status, ["WrongState"], given(b"", status=status), "libp2p/specs relay/circuit-v2.md, Reservation: another status than OK is a refusal", "state")
    to.reject(op, "reservation-expired", ["Replay"], given(b"", expire=now - 10), "libp2p/specs relay/circuit-v2.md, Reservation: expire is in the future", "state")
    to.reject(op, "type-connect", ["WrongState"], given(b"", kind=1), "libp2p/specs relay/circuit-v2.md: the answer is a STATUS", "state")
    m = reservation(end, b"")
    for n in spread(len(m), 12):
        to.reject(op, "message-cut-at-%d" % n, ["Truncated"], dict(given(b""), hex=(varint(len(m)) + m[:n]).hex()), "libp2p/specs relay/circuit-v2.md: an uvarint length, then the message", "state")
    v = voucher(relay, me, end)
    ends, ids = pb_ends(v), "libp2p/specs relay/circuit-v2.md, message Voucher: relay and peer are there, and are peer ids"
    for cut in cuts(v, keep=set(ends[1:])):
        to.reject("relay_voucher.decode", "cut-at-%d" % len(cut), ["Truncated"], {"hex": cut.hex()}, ids if len(cut) in [0] + ends else pb_rule(cut))
    for name, bad in (("relay-no-id", voucher(b"xyz", me, end)), ("peer-no-id", voucher(relay, b"\x12\x20short", end)), ("relay-empty", voucher(b"", me, end)), ("relay-as-varint", pb_varint(1, 1) + v[len(pb_bytes(1, relay)):])):
        to.reject("relay_voucher.decode", name, ["WrongValue"], {"hex": bad.hex()}, ids)


def relay_messages(to):
    peer, addr = ed_id(1), bytes.fromhex("04c000020706 0fa1".replace(" ", ""))
    for kind, number, types in (("relay_hop", 5, {"RESERVE": 0, "CONNECT": 1, "STATUS": 2}), ("relay_stop", 4, {"CONNECT": 0, "STATUS": 1})):
        connect = pb_varint(1, types["CONNECT"]) + pb_bytes(2, pb_bytes(1, peer) + pb_bytes(2, addr))
        status = pb_varint(1, types["STATUS"]) + pb_varint(number, 100)
        limited = pb_varint(1, types["CONNECT"]) + pb_bytes(2, pb_bytes(1, peer)) + pb_bytes(4 if kind == "relay_hop" else 3, pb_varint(1, 120) + pb_varint(2, 131072))
        samples = [("connect", connect), ("status", status), ("limited", limited)]
        if kind == "relay_hop":
            samples.append(("reserved", reservation(1700000000, b"v" * 40)))
        for name, good in samples:
            for cut in cuts(good, keep=set(pb_ends(good)) | {0}):
                to.reject(kind + ".decode", "%s-cut-at-%d" % (name, len(cut)), ["Truncated"], {"hex": cut.hex()}, pb_rule(cut))
            to.add(kind + ".decode", name + "-unknown-field", ["UnknownField"], {"hex": (good + pb_bytes(15, b"x")).hex()}, out={"type": name.upper() if name == "status" else "STATUS" if name == "reserved" else "CONNECT"}, comment="Protocol Buffers: unknown fields are skipped")
            to.lenient(kind + ".decode", name + "-then-group", ["WrongType"], {"hex": (good + b"\x7b\x7c").hex()}, PASSED_OVER)
            for bad, flag in ((b"\x7f", "WrongType"), (b"\x00\x00", "WrongValue"), (b"\x7a\x05ab", "WrongLength"), (b"\x78" + b"\xff" * 10 + b"\1", "OverlongVarint")):
                to.reject(kind + ".decode", "%s-then-%s" % (name, bad.hex()[:8]), [flag], {"hex": (good + bad).hex()}, pb_rule(bad))
        for code in (100, 200, 201, 202, 203, 204, 400, 401):
            body = pb_varint(1, types["STATUS"]) + pb_varint(number, code)
            to.add(kind + ".encode", "status-%d" % code, ["Normal"], {"type": "STATUS", "status": code}, out={"hex": (varint(len(body)) + body).hex()})
            to.add(kind + ".decode", "status-%d" % code, ["Normal"], {"hex": body.hex()}, out={"type": "STATUS", "status": code})
        for field in (2, 3 if kind == "relay_hop" else 3):
            to.lenient(kind + ".decode", "field-%d-as-varint" % field, ["WrongType"], {"hex": (pb_varint(1, types["CONNECT"]) + pb_varint(field, 1)).hex()}, PASSED_OVER)
        to.lenient(kind + ".decode", "status-as-bytes", ["WrongType"], {"hex": (pb_varint(1, types["STATUS"]) + pb_bytes(number, b"d")).hex()}, PASSED_OVER)
        to.add(kind + ".encode", "connect", ["Normal"], {"type": "CONNECT", "peer": {"id": base58(peer), "addrs": [addr.hex()]}}, out={"hex": (varint(len(connect)) + connect).hex()})
        reordered = connect[2:] + connect[:2]
        to.add(kind + ".decode", "reordered", ["ReorderedField"], {"hex": reordered.hex()}, out={"type": "CONNECT", "peer": {"id": base58(peer), "addrs": [addr.hex()]}}, comment="Protocol Buffers: fields in any order")
    record = pb_bytes(1, peer) + pb_varint(2, 7) + pb_bytes(3, pb_bytes(1, addr))
    to.add("peer_record.decode", "whole", ["Normal"], {"hex": record.hex()}, out={"peer_id": base58(peer), "seq": 7, "addresses": [addr.hex()]})
    whose = "libp2p/specs RFC 0003, message PeerRecord: peer_id is there, and is a peer id"
    for cut in cuts(record, keep=set(pb_ends(record))):
        to.reject("peer_record.decode", "cut-at-%d" % len(cut), ["Truncated"], {"hex": cut.hex()}, pb_rule(cut) if cut else whose)
    for name, bad in (("no-peer", record[len(pb_bytes(1, peer)):]), ("peer-empty", pb_bytes(1, b"") + pb_varint(2, 7)), ("peer-no-id", pb_bytes(1, b"xyz") + pb_varint(2, 7)), ("seq-as-bytes", pb_bytes(1, peer) + pb_bytes(2, b"7")), ("addresses-as-varint", record + pb_varint(3, 1))):
        if "as" in name:
            to.lenient("peer_record.decode", name, ["WrongType"], {"hex": bad.hex()}, PASSED_OVER)
            continue
        to.reject("peer_record.decode", name, ["Missing"], {"hex": bad.hex()}, whose)


# ---- identify, multistream ----

def identify(to):
    good = pb_bytes(1, ed_pub(1)) + pb_bytes(2, bytes.fromhex("04c00002070 60fa1".replace(" ", ""))) + pb_bytes(3, b"/ipfs/id/1.0.0") + pb_bytes(3, b"/ipfs/ping/1.0.0") + pb_bytes(4, bytes.fromhex("04c6336407060fa2")) + pb_bytes(5, b"ipfs/0.1.0") + pb_bytes(6, b"agent/1")
    want = {"public_key": ed_pub(1).hex(), "listen_addrs": ["04c00002070" + "60fa1"], "protocols": ["/ipfs/id/1.0.0", "/ipfs/ping/1.0.0"], "observed_addr": "04c6336407060fa2", "protocol_version": "ipfs/0.1.0", "agent_version": "agent/1"}
    to.add("identify.decode", "whole", ["Normal"], {"hex": good.hex()}, out=want)
    for cut in cuts(good, keep=set(pb_ends(good)) | {0}):
        to.reject("identify.decode", "cut-at-%d" % len(cut), ["Truncated"], {"hex": cut.hex()}, pb_rule(cut))
    parts, at = [], 0
    for end in pb_ends(good):
        parts.append(good[at:end])
        at = end
    to.add("identify.decode", "reversed", ["ReorderedField"], {"hex": b"".join(reversed(parts)).hex()}, out=dict(want, protocols=want["protocols"][::-1]), comment="Protocol Buffers: fields in any order")
    to.add("identify.decode", "unknown-field", ["UnknownField"], {"hex": (good + pb_bytes(99, b"x")).hex()}, out=want, comment="Protocol Buffers: unknown fields are skipped")
    to.add("identify.decode", "empty", ["Boundary"], {"hex": ""}, out={"public_key": None, "listen_addrs": [], "protocols": [], "agent_version": None})
    to.add("identify.decode", "agent-twice", ["DuplicateField"], {"hex": (good + pb_bytes(6, b"second")).hex()}, out={"agent_version": "second"}, comment="Protocol Buffers: of a repeated scalar the last counts")
    for field in (1, 2, 3, 4, 5, 6, 8):
        to.lenient("identify.decode", "field-%d-as-varint" % field, ["WrongType"], {"hex": (good + pb_varint(field, 1)).hex()}, PASSED_OVER)
        to.reject("identify.decode", "field-%d-too-long" % field, ["WrongLength"], {"hex": (varint(field << 3 | 2) + b"\x05ab").hex()}, pb_rule(varint(field << 3 | 2) + b"\x05ab"))
    to.lenient("identify.decode", "then-group", ["WrongType"], {"hex": (good + b"\x7b\x7c").hex()}, PASSED_OVER)
    for bad in (b"\x7f", b"\x00\x00", b"\x78" + b"\xff" * 10 + b"\1"):
        to.reject("identify.decode", "then-" + bad.hex()[:8], ["WrongType"], {"hex": (good + bad).hex()}, pb_rule(bad))


def line(text):
    data = text if isinstance(text, bytes) else text.encode()
    return varint(len(data) + 1) + data + b"\n"


HEADER = {"other-version": "the version is 1.0.0", "no-newline": "a line ends with a newline", "empty-line": "a line ends with a newline; one of no octets has none", "http": "a line stands behind its length, as an unsigned-varint",
          "overlong-length": "the length is an unsigned-varint, and so in its shortest form", "huge-length": "the first line is /multistream/1.0.0 and a newline, 19 octets", "four-octet-length": "the first line is /multistream/1.0.0 and a newline, 19 octets",
          "cr": "the line ends with a newline, not with a carriage return and a newline"}


def multistream(to):
    op, head = "multistream.negotiate", line("/multistream/1.0.0")

    def case(name, flags, role, protocols, given, output, selected, comment, **more):
        to.add(op, name, flags, {"role": role, "protocols": protocols, "input": [g.hex() for g in given]}, out=dict({"output": output.hex(), "selected": selected}, **more), comment="multistream-select README: " + comment)

    def bad(name, flags, role, protocols, given, error, rule, end=True):
        to.reject(op, name, flags, {"role": role, "protocols": protocols, "input": [g.hex() for g in given], "end": end}, "multistream-select README: " + rule, error)
    case("dialer", ["Normal"], "dialer", ["/a/1"], [head + line("/a/1")], head + line("/a/1"), "/a/1", "the proposal is echoed")
    case("dialer-second", ["Normal"], "dialer", ["/a/1", "/b/1"], [head + line("na") + line("/b/1")], head + line("/a/1") + line("/b/1"), "/b/1", "na: the next one is proposed")
    case("dialer-leftover", ["Normal"], "dialer", ["/a/1"], [head + line("/a/1") + b"rest"], head + line("/a/1"), "/a/1", "what follows is the protocol's", left=b"rest".hex())
    case("listener", ["Normal"], "listener", ["/a/1", "/b/1"], [head + line("/b/1")], head + line("/b/1"), "/b/1", "the proposal is echoed")
    case("listener-na", ["Normal"], "listener", ["/a/1"], [head + line("/x/1") + line("/a/1")], head + line("na") + line("/a/1"), "/a/1", "unknown: na, and it goes on")
    case("listener-prefix", ["WrongValue"], "listener", ["/a/1"], [head + line("/a/1.0") + line("/a") + line("/a/1")], head + line("na") + line("na") + line("/a/1"), "/a/1", "a protocol is its whole name")
    case("listener-case", ["WrongValue"], "listener", ["/a/1"], [head + line("/A/1") + line("/a/1")], head + line("na") + line("/a/1"), "/a/1", "a protocol is its whole name")
    case("listener-ls", ["Normal"], "listener", ["/a/1", "/b/1"], [head + line("ls") + line("/a/1")], head + varint(len(line("/a/1") + line("/b/1")) + 1) + line("/a/1") + line("/b/1") + b"\n" + line("/a/1"), "/a/1", "ls: one message with a line per protocol")
    case("listener-long-na-2", ["Boundary"], "listener", ["/a/1"], [head + line("/" + "x" * 1000) + line("/a/1")], head + line("na") + line("/a/1"), "/a/1", "a long name is as unknown as any")
    to.lenient(op, "listener-longer-na", ["Limit"], {"role": "listener", "protocols": ["/a/1"], "input": [(head + line("/" + "x" * 1500) + line("/a/1")).hex()]}, "a name of 1500 octets; go-multistream and js-libp2p read no more than 1024")
    whole = head + line("/a/1")
    for at in range(1, len(whole)):
        case("listener-cut-at-%d" % at, ["Fragmented"], "listener", ["/a/1"], [whole[:at], whole[at:]], whole, "/a/1", "a stream may be cut anywhere")
        bad("listener-ends-at-%d" % at, ["Truncated"], "listener", ["/a/1"], [whole[:at]], "state", "a line is whole before it counts")
        bad("dialer-ends-at-%d" % at, ["Truncated"], "dialer", ["/a/1"], [whole[:at]], "state", "a line is whole before it counts")
    case("listener-octets", ["Fragmented"], "listener", ["/a/1"], [whole[i:i + 1] for i in range(len(whole))], whole, "/a/1", "a stream may be cut anywhere")
    bad("dialer-nothing-in-common", ["WrongState"], "dialer", ["/a/1", "/b/1"], [head + line("na") + line("na")], "state", "every proposal was refused", False)
    for role in ("dialer", "listener"):
        for name, first, flag in (("other-version", line("/multistream/2.0.0"), "UnknownValue"), ("no-header", line("/a/1"), "Missing"), ("no-newline", varint(18) + b"/multistream/1.0.0", "Missing"), ("empty-line", b"\0", "WrongLength"),
                                  ("http", b"GET / HTTP/1.1\r\n\r\n", "WrongValue"), ("overlong-length", overlong(19, 2) + b"/multistream/1.0.0\n", "OverlongVarint"), ("huge-length", varint(1 << 30), "Limit"), ("four-octet-length", b"\xff\xff\xff\x7f", "Limit"), ("case", line("/Multistream/1.0.0"), "WrongValue"), ("cr", line("/multistream/1.0.0\r"), "WrongValue")):
            error = "malformed" if flag == "Limit" or name in ("overlong-length", "no-newline") else "limit" if name == "empty-line" else "state"
            bad("%s-%s" % (role, name), [flag], role, ["/a/1"], [first + line("/a/1")], error, HEADER.get(name, "each side begins with the line /multistream/1.0.0, and with nothing else"))
    for name, answer in (("other-protocol", line("/b/1")), ("longer", line("/a/1.0")), ("header-twice", head)):
        bad("dialer-answer-" + name, ["WrongValue"], "dialer", ["/a/1"], [head + answer], "state", "the answer is the proposal, or na")


# ---- Yamux ----

def frame(kind, flags, stream, length, payload=b""):
    return struct.pack(">BBHII", 0, kind, flags, stream, length) + payload


SYN, ACK, FIN, RST = 1, 2, 4, 8
DATA, WINDOW, PING, GOAWAY = 0, 1, 2, 3
KINDS = ("data", "window", "ping", "goaway")
YAMUX = {"header": "yamux spec, Framing: a header has 12 octets", "version": "yamux spec, Version Field: always 0", "type": "yamux spec, Type Field: 0x0 to 0x3", 
         "parity": "yamux spec, StreamID Field: the client's are odd, the server's even", "zero": "yamux spec, StreamID Field: 0 is reserved to represent the session", "goaway": "yamux spec, StreamID Field: Ping and Go Away always use 0",
         "syn": "yamux spec, Opening a stream: SYN comes with a new StreamID", "window": "yamux spec, Flow Control: a stream begins with 256 KiB, and no window update gave more", "cut": "yamux spec, Framing and Length Field: 12 octets, then as many of data as Length says; the pipe ended before"}


def yamux_frames(to):
    for kind in range(4):
        good = frame(kind, 1, 1 if kind < 2 else 0, 7)
        for n in range(12):
            to.reject("yamux_frame.decode", "type-%d-cut-at-%d" % (kind, n), ["Truncated"], {"hex": good[:n].hex()}, YAMUX["header"])
        to.reject("yamux_frame.decode", "type-%d-trailing" % kind, ["Trailing"], {"hex": good.hex() + "00"}, YAMUX["header"])
    for version in (1, 2, 3, 4, 8, 16, 32, 64, 127, 128, 255):
        for kind in range(4):
            to.reject("yamux_frame.decode", "version-%d%s" % (version, "-type-%d" % kind if kind else ""), ["UnknownValue"], {"hex": (bytes([version]) + frame(kind, 0, 1 if kind < 2 else 0, 0)[1:]).hex()}, YAMUX["version"])
    for kind in (4, 5, 6, 7, 8, 16, 32, 64, 127, 128, 254, 255):
        for flags in (0, SYN, ACK | FIN):
            to.reject("yamux_frame.decode", "type-%d%s" % (kind, "-flags-%d" % flags if flags else ""), ["UnknownValue"], {"hex": frame(kind, flags, 1, 0).hex()}, YAMUX["type"])
    for kind in range(4):
        for flags in (0x10, 0x8000):
            to.lenient("yamux_frame.decode", "type-%d-unknown-flag-%x" % (kind, flags), ["UnknownValue"], {"hex": frame(kind, flags | SYN, 1 if kind < 2 else 0, 0).hex()}, "a flag that the specification does not name may be ignored or refused")
        for flags in (0, 1, 2, 4, 8, 15):
            h = frame(kind, flags, 0xFFFFFFFF, 0xFFFFFFFF)
            to.add("yamux_frame.decode", "edges-%d-%d" % (kind, flags), ["Boundary"], {"hex": h.hex()}, out={"version": 0, "type": kind, "flags": flags, "stream_id": 0xFFFFFFFF, "length": 0xFFFFFFFF})


def filled(header, count, times=1):
    return {"header": header.hex(), "fill": "00", "count": count, "times": times}


def given_frames(receiver, frames, **more):
    return dict({"receiver": receiver, "frames": [f if isinstance(f, dict) else f.hex() for f in frames]}, **more)


def stream(i, data=b"", half=False, reset=False):
    return {"id": i, "data": data.hex(), "half_closed_by_peer": half, "reset": reset}


def yamux_sessions(to):
    op = "yamux_session.receive"
    for receiver, first in (("server", 1), ("client", 2)):
        def case(name, flags, frames, streams, comment, **more):
            to.add(op, receiver + "-" + name, flags, given_frames(receiver, frames), out=dict({"streams": streams}, **more), comment=comment)
        hi = frame(DATA, SYN, first, 2, b"hi")
        case("open-data", ["Normal"], [hi], [stream(first, b"hi")], "SYN on data opens a stream")
        case("open-window", ["Normal"], [frame(WINDOW, SYN, first, 0), frame(DATA, 0, first, 1, b"x")], [stream(first, b"x")], "SYN on a window update opens a stream")
        case("fin", ["Normal"], [hi, frame(DATA, FIN, first, 0)], [stream(first, b"hi", True)], "FIN ends the peer's half")
        case("fin-with-data", ["Normal"], [frame(DATA, SYN | FIN, first, 2, b"hi")], [stream(first, b"hi", True)], "FIN with data: the data counts")
        case("fin-window", ["Normal"], [hi, frame(WINDOW, FIN, first, 0)], [stream(first, b"hi", True)], "FIN on a window update")
        case("rst", ["Normal"], [hi, frame(DATA, RST, first, 0)], [stream(first, b"hi", False, True)], "RST ends both halves")
        case("fin-after-rst", ["AfterClose"], [hi, frame(DATA, RST, first, 0), frame(DATA, FIN, first, 0)], [stream(first, b"hi", False, True)], "FIN after RST is dropped; the session lives")
        case("data-after-rst", ["AfterClose"], [hi, frame(DATA, RST, first, 0), frame(DATA, 0, first, 4, b"late")], [stream(first, b"hi", False, True)], "data after RST is dropped; the session lives")
        case("window-after-rst", ["AfterClose"], [hi, frame(DATA, RST, first, 0), frame(WINDOW, 0, first, 100)], [stream(first, b"hi", False, True)], "credit after RST is dropped")
        case("data-after-fin-2", ["AfterClose"], [hi, frame(DATA, FIN, first, 0), frame(DATA, 0, first, 4, b"late")], [{k: v for k, v in stream(first, b"hi", True).items() if k != "reset"}], "yamux spec, Closing a stream: FIN says that no further data comes; what comes is not delivered, whether or not the stream is reset for it")
        case("fin-twice", ["DuplicateField"], [hi, frame(DATA, FIN, first, 0), frame(DATA, FIN, first, 0)], [stream(first, b"hi", True)], "a second FIN changes nothing")
        case("unknown-stream", ["WrongState"], [frame(DATA, 0, first, 4, b"lost")], [], "data of a stream nobody knows is dropped; the session lives")
        case("two-streams", ["Normal"], [frame(DATA, SYN, first, 1, b"a"), frame(DATA, SYN, first + 2, 1, b"b"), frame(DATA, 0, first, 1, b"c")], [stream(first, b"ac"), stream(first + 2, b"b")], "streams do not mix")
        case("syn-order", ["ReorderedField"], [frame(DATA, SYN, first + 4, 1, b"a"), frame(DATA, SYN, first, 1, b"b")], [stream(first + 4, b"a"), stream(first, b"b")], "ids need not rise (go numbers before it sends)")
        case("ping", ["Normal"], [frame(PING, SYN, 0, 0x01020304)], [], "a ping is answered with the same value", reply=frame(PING, ACK, 0, 0x01020304).hex())
        case("ping-twice", ["Normal"], [frame(PING, SYN, 0, 1), frame(PING, SYN, 0, 0xFFFFFFFF)], [], "a ping is answered with the same value", reply=(frame(PING, ACK, 0, 1) + frame(PING, ACK, 0, 0xFFFFFFFF)).hex())
        to.lenient(op, receiver + "-ping-ack-unasked-2", ["WrongState"], given_frames(receiver, [frame(PING, ACK, 0, 77)]), "an answer that nobody asked for; go-yamux ignores it, js-libp2p ends the session")
        case("goaway", ["Normal"], [frame(GOAWAY, 0, 0, 0)], [], "a go-away", goaway=0)
        case("goaway-1", ["Normal"], [frame(GOAWAY, 0, 0, 1)], [], "a go-away", goaway=1)
        case("goaway-unknown-code", ["UnknownValue"], [frame(GOAWAY, 0, 0, 0x1005)], [], "a go-away with a code that the specification does not name (go-libp2p has its own)", goaway=0x1005)
        for name, unknown in (("ack", frame(WINDOW, ACK, first, 0)), ("ack-with-data", frame(DATA, ACK, first, 2, b"hi")), ("fin", frame(WINDOW, FIN, first, 0)), ("rst", frame(WINDOW, RST, first, 0)), ("window", frame(WINDOW, 0, first, 100))):
            case("unknown-stream-" + name, ["WrongState"], [unknown, frame(DATA, SYN, first + 2, 1, b"x")], [stream(first + 2, b"x")], "a frame of a stream that nobody opened is dropped; the session lives")
        case("ack-of-the-opener", ["WrongState"], [hi, frame(WINDOW, ACK, first, 0), frame(DATA, 0, first, 1, b"!")], [stream(first, b"hi!")], "an ACK by the side that opened the stream changes nothing")
        case("goaway-2", ["Normal"], [frame(GOAWAY, 0, 0, 2)], [], "a go-away", goaway=2)
        to.lenient(op, receiver + "-goaway-then-data-2", ["Normal"], given_frames(receiver, [frame(DATA, SYN, first, 1, b"a"), frame(GOAWAY, 0, 0, 0), frame(DATA, 0, first, 1, b"b")]), "open streams go on, or end: the specification says no more than that the session is being terminated")
        case("whole-window", ["Boundary"], [frame(WINDOW, SYN, first, 0), filled(frame(DATA, 0, first, 16384), 16384, 16)], [{"id": first, "length": 262144, "half_closed_by_peer": False, "reset": False}], "256 KiB are allowed")
        for at in range(1, len(hi)) if receiver == "server" else ():
            case("cut-at-%d" % at, ["Fragmented"], [hi[:at], hi[at:]], [stream(first, b"hi")], "the pipe may be cut anywhere")
        to.lenient(op, receiver + "-credit-overflow-2", ["Limit"], given_frames(receiver, [frame(DATA, SYN, first, 0), frame(WINDOW, 0, first, 0xFFFFFFFF), frame(WINDOW, 0, first, 0xFFFFFFFF)]), "more credit than 32 bits hold; the specification has no bound for a window")
        bad_sessions(to, receiver, first)


def bad_sessions(to, receiver, first):
    """What ends a session because of the peer."""
    hi, end = frame(DATA, SYN, first, 2, b"hi"), 3 - first

    def bad(name, flags, frames, rule, error="state", **more):
        to.reject("yamux_session.receive", receiver + "-" + name, flags, given_frames(receiver, frames, **more), YAMUX[rule], error)
    bad("own-parity", ["WrongValue"], [frame(DATA, SYN, end, 0)], "parity")
    bad("own-parity-window", ["WrongValue"], [frame(WINDOW, SYN, end, 0)], "parity")
    bad("own-parity-fin", ["WrongValue"], [frame(DATA, SYN | FIN, end, 2, b"hi")], "parity")
    bad("own-parity-large", ["WrongValue"], [frame(WINDOW, SYN, 0xFFFFFFFE if receiver == "server" else 0xFFFFFFFF, 0)], "parity")
    bad("own-parity-second", ["WrongValue"], [hi, frame(DATA, SYN, end + 2, 1, b"x")], "parity")
    bad("syn-twice", ["DuplicateField"], [frame(DATA, SYN, first, 0), frame(DATA, SYN, first, 0)], "syn")
    bad("syn-twice-window", ["DuplicateField"], [frame(WINDOW, SYN, first, 0), frame(WINDOW, SYN, first, 0)], "syn")
    bad("syn-twice-with-data", ["DuplicateField"], [hi, hi], "syn")
    bad("syn-twice-after-fin", ["DuplicateField", "AfterClose"], [frame(DATA, SYN | FIN, first, 2, b"hi"), frame(DATA, SYN, first, 0)], "syn")
    bad("syn-too-much", ["Limit"], [frame(DATA, SYN, first, 262145)], "window")
    bad("syn-too-much-whole", ["Limit"], [filled(frame(DATA, SYN, first, 262145), 262145)], "window")
    bad("window-overrun", ["Limit"], [frame(WINDOW, SYN, first, 0), filled(frame(DATA, 0, first, 16384), 16384, 16), frame(DATA, 0, first, 1, b"x")], "window")
    bad("window-overrun-at-once", ["Limit"], [frame(WINDOW, SYN, first, 0), filled(frame(DATA, 0, first, 262145), 262145)], "window")
    bad("window-overrun-behind-data", ["Limit"], [hi, filled(frame(DATA, 0, first, 262143), 262143)], "window")
    bad("window-overrun-with-fin", ["Limit"], [hi, filled(frame(DATA, FIN, first, 262143), 262143)], "window")
    bad("window-overrun-of-the-second", ["Limit"], [hi, frame(WINDOW, SYN, first + 2, 0), filled(frame(DATA, 0, first + 2, 16384), 16384, 16), frame(DATA, 0, first + 2, 1, b"x")], "window")
    bad("own-credit-is-no-window", ["Limit"], [frame(WINDOW, SYN, first, 1 << 20), filled(frame(DATA, 0, first, 16384), 16384, 16), frame(DATA, 0, first, 1, b"x")], "window")
    bad("data-huge", ["Limit"], [frame(DATA, SYN, first, 0), frame(DATA, 0, first, 0xFFFFFFFF)], "window")
    bad("data-stream-0", ["WrongValue"], [frame(DATA, 0, 0, 1, b"x")], "zero")
    bad("window-stream-0", ["WrongValue"], [frame(WINDOW, 0, 0, 1)], "zero")
    bad("syn-stream-0", ["WrongValue"], [frame(DATA, SYN, 0, 0)], "zero")
    bad("fin-stream-0", ["WrongValue"], [frame(WINDOW, FIN, 0, 0)], "zero")
    bad("rst-stream-0", ["WrongValue"], [frame(WINDOW, RST, 0, 0)], "zero")
    bad("goaway-stream", ["WrongValue"], [frame(GOAWAY, 0, first, 0)], "goaway")
    bad("goaway-open-stream", ["WrongValue"], [hi, frame(GOAWAY, 0, first, 1)], "goaway")
    for version in (1, 255):
        for kind, name in enumerate(KINDS):
            bad("version-%d%s" % (version, "-" + name if kind else ""), ["UnknownValue"], [bytes([version]) + frame(kind, SYN if kind < 3 else 0, first if kind < 2 else 0, 0)[1:]], "version", "malformed")
    bad("version-1-later", ["UnknownValue"], [hi, b"\1" + frame(DATA, 0, first, 0)[1:]], "version", "malformed")
    for kind in (4, 127, 255):
        bad("type-%d" % kind, ["UnknownValue"], [frame(kind, 0, first, 0)], "type", "malformed")
    bad("type-4-later", ["UnknownValue"], [hi, frame(4, SYN, first, 0)], "type", "malformed")
    bad("garbage", ["WrongValue"], [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"], "version", "malformed")
    bad("multistream", ["WrongValue"], [line("/multistream/1.0.0")], "version", "malformed")
    for at in range(1, len(hi)):
        bad("ends-at-%d" % at, ["Truncated"], [hi[:at]], "cut", end=True)


def yamux(to):
    yamux_frames(to)
    yamux_sessions(to)


def add(to):
    noise(to)
    payloads(to)
    envelopes(to)
    vouchers(to)
    relay_messages(to)
    identify(to)
    multistream(to)
    yamux(to)
