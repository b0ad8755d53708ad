"""Varints, multibase, multihash, certhash, peer ids, keys."""
import base64
import hashlib

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
    for bits in (9, 15, 22, 29, 36, 43, 50, 57, 61):
        good = varint((1 << bits) - 1)
        for n in range(1, len(good)):
            to.reject("varint.decode", "cut-%d-at-%d" % ((1 << bits) - 1, n), ["Truncated"], {"hex": good[:n].hex()}, rule_end)
        for size in range(len(good) + 1, 10):
            to.reject("varint.decode", "overlong-%d-in-%d" % ((1 << bits) - 1, size), ["OverlongVarint"], {"hex": overlong((1 << bits) - 1, size).hex()}, rule_min)
    for n in (0, 1, 127):
        for size in range(2, 10):
            to.reject("varint.decode", "overlong-%d-in-%d" % (n, size), ["OverlongVarint"], {"hex": overlong(n, size).hex()}, rule_min)
    for last in (0x01, 0x02, 0x7F, 0x80, 0xFF):
        to.reject("varint.decode", "ten-octets-%02x" % last, ["OverlongVarint", "Limit"], {"hex": "80" * 9 + "%02x" % last}, rule9)
    for n in (1 << 63, (1 << 64) - 1, 1 << 64, 1 << 70):
        to.reject("varint.encode", "enc-over-%d" % n, ["Limit"], {"value": str(n)}, rule9, "limit")


# ---- certhash ----

def base64_cut_rule(n, clause):
    """What is wrong with the first n characters of a certhash of 34 octets in base64url."""
    if n == 0:
        return "multiformats/multibase: the first character is an assigned prefix"
    if n % 4 == 2:
        return "RFC 4648 section 4: 24 bits are four characters; one alone has no octet"
    octets = (n - 1) * 6 // 8
    return clause + ("code and length are there" if octets < 2 else "32 octets of digest, as its length says; %d are there" % (octets - 2))


SPOILED = {  # what is wrong with a multihash
    "digest-33": "sha2-256 has 32 octets, not 33", "length-31": "no octets behind the digest", "length-33": "as many octets as the length says", "trailing": "no octets behind the digest",
    "empty-multihash": "code and length are there", "code-overlong": "the code is an unsigned-varint in its shortest form", "length-overlong": "the length is an unsigned-varint in its shortest form",
    "digest-empty": "sha2-256 has 32 octets, not 0"}


OUTSIDE = "RFC 4648 section 3.3: no characters outside the alphabet"
TEXT_RULE = {"padding": "multiformats/multibase: base64url (u) has no padding", "plus": OUTSIDE + "; \"+\" is not in base64url (section 5)", "slash": OUTSIDE + "; \"/\" is not in base64url (section 5)",
             "space": "multiformats/multibase: the first character is an assigned prefix", "newline": OUTSIDE, "no-prefix": "multiformats/multibase: the first character is an assigned prefix",
             "unknown-prefix": "multiformats/multibase: the first character is an assigned prefix", "wrong-alphabet": OUTSIDE + "; base16 (section 8)"}


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
        to.reject(op, "cut-at-%d" % n, ["Truncated"], {"text": text[:n]}, base64_cut_rule(n, clause))
    good = b"\x12\x20" + digest

    def url(data):
        return "u" + base64.urlsafe_b64encode(data).decode().rstrip("=")
    for name, data, flag in (("digest-33", b"\x12\x21" + digest + b"x", "WrongLength"), ("length-31", b"\x12\x1f" + digest, "WrongLength"),
                             ("length-33", b"\x12\x21" + digest, "WrongLength"), ("trailing", good + b"\0", "Trailing"), ("empty-multihash", b"", "Truncated"),
                             ("code-overlong", b"\x92\x00\x20" + digest, "OverlongVarint"), ("length-overlong", b"\x12\xa0\x00" + digest, "OverlongVarint"),
                             ("digest-empty", b"\x12\x00", "WrongLength")):
        to.reject(op, name, [flag], {"text": url(data)}, clause + SPOILED[name])
    for name, bad in (("padding", text + "="), ("plus", "u" + text[1:-1] + "+"), ("slash", "u" + text[1:-1] + "/"), ("space", " " + text), ("newline", text + "\n"),
                      ("no-prefix", text[1:]), ("unknown-prefix", "!" + text[1:]), ("wrong-alphabet", "f" + text[1:])):
        to.reject(op, name, ["WrongValue"], {"text": bad}, TEXT_RULE[name])
    for code, name, size in ((0x13, "sha2-512", 64), (0x11, "sha1", 20), (0x00, "identity", 32)):
        to.add(op, "hash-%s" % name, ["UnknownValue", "Strict"], {"text": url(bytes([code, size]) + det(name, size))}, result="acceptable",
               comment="another hash: may be known, but no certificate of webrtc-direct is compared with it")


def multihashes(to):
    for code, size in ((0x12, 32), (0x13, 64), (0x11, 20), (0x00, 36)):
        digest = det("mh%d" % code, size)
        good = varint(code) + varint(size) + digest
        to.add("multihash.encode", "encode-%02x" % code, ["Normal"], {"code": code, "digest": digest.hex()}, out={"multihash": good.hex()}, check="Python")
        for n in spread(len(good), 40):
            missing = "the code is there" if n == 0 else "the length is there" if n == 1 else "%d octets of digest, as the length says; %d are there" % (size, n - 2)
            to.reject("multihash.decode", "cut-%02x-at-%d" % (code, n), ["Truncated"], {"hex": good[:n].hex()}, "multiformats/multihash, Format: " + missing)
        to.reject("multihash.decode", "trailing-%02x" % code, ["Trailing"], {"hex": good.hex() + "00"}, "multiformats/multihash, Format: no octets behind the digest")
        to.reject("multihash.decode", "overlong-code-%02x" % code, ["OverlongVarint"], {"hex": (overlong(code, 2) + good[1:]).hex()}, "multiformats unsigned-varint, as multiformats/multihash uses it: the code in its shortest form")
        to.reject("multihash.decode", "overlong-length-%02x" % code, ["OverlongVarint"], {"hex": (good[:1] + overlong(size, 2) + digest).hex()}, "multiformats unsigned-varint, as multiformats/multihash uses it: the length in its shortest form")


def multibases(to):
    for size in (0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 31, 32, 33):
        data = det("mb", size)
        for prefix, name, coded in (("f", "base16", data.hex()), ("b", "base32", base64.b32encode(data).decode().rstrip("=").lower()),
                                    ("m", "base64", base64.b64encode(data).decode().rstrip("=")), ("u", "base64url", base64.urlsafe_b64encode(data).decode().rstrip("=")),
                                    ("M", "base64pad", base64.b64encode(data).decode())):
            to.add("multibase.decode", "dec-%s-%d" % (name, size), ["Boundary"], {"text": prefix + coded}, out={"base": name, "hex": data.hex()}, check="Python base64")
    for prefix, tail in (("m", "A"), ("m", "AAAAA"), ("u", "A"), ("b", "a"), ("b", "aaa"), ("b", "aaaaaa"), ("f", "0"), ("f", "000"), ("M", "AA"), ("M", "AAA"), ("M", "A==="), ("M", "AA=A")):
        to.reject("multibase.decode", "length-%s-%s" % (prefix, tail), ["WrongLength"], {"text": prefix + tail}, PADDED if prefix == "M" else WHOLE[BASES[prefix][2]])
    for prefix, tail in (("m", "AB"), ("m", "AAB"), ("u", "AB"), ("u", "AAB"), ("b", "ab"), ("b", "aaab"), ("b", "aaaab"[:5]), ("M", "AB=="), ("M", "AAB=")):
        if prefix == "b" and len(tail) == 5:
            continue
        to.lenient("multibase.decode", "bits-%s-%s" % (prefix, tail), ["WrongValue"], {"text": prefix + tail}, "bits that are left over and not zero may be refused (RFC 4648 section 3.5)")
    for prefix in "mubfz":
        for bad in ("=", " ", "\n", "\u00e9", "!"):
            to.reject("multibase.decode", "char-%s-%02x" % (prefix, ord(bad)), ["WrongValue"], {"text": prefix + "aaaa"[:3] + bad}, not_in(prefix))
    for bad in ("", "x", "?", "\u00e9aa", "#", "1abc"):
        to.reject("multibase.decode", "prefix-%s" % (bad[:1] or "none"), ["UnknownValue"], {"text": bad}, "multiformats/multibase: the first character is an assigned prefix")
    spoiled_bases(to)


DIGITS, LOWER, UPPER = "0123456789", "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
FLICKR = "123456789abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ"
BASES = {  # multiformats/multibase, multibase.csv: name, where the alphabet is fixed, bits of a character (0: not in groups), characters that are not in it
    "0": ("base2", "multibase.csv", 1, "2a "), "7": ("base8", "rfcs/Base8.md", 3, "89a"), "9": ("base10", "rfcs/Base10.md", 0, "a-."), "f": ("base16", "RFC 4648 section 8", 4, "gxz "),
    "F": ("base16upper", "RFC 4648 section 8", 4, "GXZ "), "b": ("base32", "RFC 4648 section 6", 5, "0189"), "B": ("base32upper", "RFC 4648 section 6", 5, "0189"),
    "v": ("base32hex", "RFC 4648 section 7", 5, "wxz-"), "V": ("base32hexupper", "RFC 4648 section 7", 5, "WXZ-"), "c": ("base32pad", "RFC 4648 section 6", 5, "0189"),
    "C": ("base32padupper", "RFC 4648 section 6", 5, "0189"), "t": ("base32hexpad", "RFC 4648 section 7", 5, "wxz-"), "T": ("base32hexpadupper", "RFC 4648 section 7", 5, "WXZ-"),
    "h": ("base32z", "z-base-32", 5, "02lv"), "k": ("base36", "rfcs/Base36.md", 0, "-_."), "K": ("base36upper", "rfcs/Base36.md", 0, "-_."), "z": ("base58btc", "draft-msporny-base58 section 2", 0, "0OIl"),
    "Z": ("base58flickr", "multibase.csv", 0, "0OIl"), "m": ("base64", "RFC 4648 section 4", 6, "-_~."), "M": ("base64pad", "RFC 4648 section 4", 6, "-_~."),
    "u": ("base64url", "RFC 4648 section 5", 6, "+/~."), "U": ("base64urlpad", "RFC 4648 section 5", 6, "+/~.")}
WHOLE = {1: "multiformats/multibase: base2 has eight characters for an octet", 3: "multiformats/multibase rfcs/Base8.md: groups of three bits make whole octets",
         4: "RFC 4648 section 8: two characters for an octet", 5: "RFC 4648 section 6: 40 bits are eight characters; 1, 3 or 6 are no whole number of octets",
         6: "RFC 4648 section 4: 24 bits are four characters; one alone has no octet"}
PADDED = "RFC 4648 section 3.2: padding up to a whole group, at the end, and no more"


def not_in(prefix):
    name, where, _, _ = BASES[prefix]
    return "RFC 4648 section 3.3: no characters outside the alphabet of %s (%s)" % (name, where)


def in_base(prefix, data):
    """Text in a base with its prefix, upper case where the prefix is."""
    name = BASES[prefix][0]
    if name.startswith(("base64", "base16")) or name in ("base32", "base32upper", "base32pad", "base32padupper"):
        coded = {"base64": base64.b64encode, "base16": base64.b16encode, "base32": base64.b32encode}[name[:6]](data).decode()
        if "url" in name:
            coded = base64.urlsafe_b64encode(data).decode()
        coded = coded if "pad" in name else coded.rstrip("=")
        return prefix + (coded if name.startswith("base64") or "upper" in name else coded.lower())
    digits = {"base2": "01", "base8": "01234567", "base10": DIGITS, "base36": DIGITS + LOWER, "base36upper": DIGITS + UPPER, "base58btc": BASE58, "base58flickr": FLICKR,
              "base32z": "ybndrfg8ejkmcpqxot1uwisza345h769"}.get(name, DIGITS + (UPPER if "upper" in name else LOWER)[:22])
    bits = BASES[prefix][2]
    n, out = int.from_bytes(data, "big"), ""
    if bits == 0:
        while n:
            n, r = divmod(n, len(digits))
            out = digits[r] + out
        return prefix + digits[0] * (len(data) - len(data.lstrip(b"\0"))) + out
    text = bin(n)[2:].zfill(8 * len(data))
    text += "0" * (-len(text) % bits)
    out = "".join(digits[int(text[i:i + bits], 2)] for i in range(0, len(text), bits))
    return prefix + out + ("=" * (-len(out) % 8) if "pad" in name else "")


def spoiled_bases(to):
    op = "multibase.decode"
    for prefix, (name, _, bits, outside) in BASES.items():
        text = in_base(prefix, det("spoiled-" + name, 11 if "pad" in name else 10))
        first, last = 1, len(text.rstrip("=")) - 1
        for c in outside:
            for where, at in (("first", first), ("middle", (first + last) // 2), ("last", last)):
                to.reject(op, "outside-%s-%02x-%s" % (name, ord(c), where), ["WrongValue"], {"text": text[:at] + c + text[at + 1:]}, not_in(prefix))
        for tail, n in (("dangling", 1), ("dangling-3", 3), ("dangling-6", 6)):
            if bits in (4, 5, 6) and "pad" not in name and (n == 1 or bits == 5):
                to.reject(op, "%s-%s" % (tail, name), ["WrongLength"], {"text": in_base(prefix, det("dangling", 30 if bits == 6 else 20)) + text[1] * n}, WHOLE[bits])
        if "pad" in name:
            bare = text.rstrip("=")
            to.lenient(op, "padding-one-more-" + name, ["WrongLength"], {"text": text + "="}, "padding that is too much may be ignored (RFC 4648 section 3.3)")
            for why, bad in (("none", bare), ("one-less", text[:-1]), ("alone", prefix + "="), ("first", prefix + "=" + text[1:-1]), ("middle", bare[:-2] + "=" + bare[-2:])):
                to.reject(op, "padding-%s-%s" % (why, name), ["WrongLength"], {"text": bad}, PADDED)
        elif bits in (5, 6):
            to.reject(op, "padding-forbidden-%s" % name, ["WrongValue"], {"text": text + "=" * (-len(text[1:]) % (8 if bits == 5 else 4) or 1)}, "multiformats/multibase: %s (%s) has no padding" % (name, prefix))


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


def multihash_rule(data):
    """The rule that these octets break, as a peer id."""
    if len(data) < 2:
        return "multiformats/multihash, Format: code, length and digest"
    if data[0] not in (0, 0x12):
        return "libp2p/specs peer-ids, Peer IDs: the hash is identity or sha2-256"
    if data[1] != len(data) - 2:
        return "multiformats/multihash, Format: as many octets of digest as the length says"
    return "libp2p/specs peer-ids, Peer IDs: a sha2-256 has 32 octets, a key in full at most 42"


def peer_ids(to):
    for i in range(6):
        mh = ed_id(i)
        forms = {"multihash": mh.hex(), "text": base58(mh), "cid": cid(mh)}
        to.add("peer_id.decode", "decode-%d" % i, ["Normal"], {"multihash": mh.hex()}, out=forms, check=PY)
        to.add("peer_id.parse", "parse-cid-%d" % i, ["Normal"], {"text": cid(mh)}, out=forms, check=PY)
    for data in cuts(mh):
        to.reject("peer_id.decode", "cut-at-%d" % len(data), ["Truncated"], {"multihash": data.hex()}, multihash_rule(data))
    sha = b"\x12\x20" + hashlib.sha256(ed_pub(0)).digest()
    for data in cuts(sha):
        to.reject("peer_id.decode", "sha-cut-at-%d" % len(data), ["Truncated"], {"multihash": data.hex()}, multihash_rule(data))
    for name, data, flag in (("trailing", mh + b"\0", "Trailing"), ("sha-trailing", sha + b"\0", "Trailing"), ("sha-31", b"\x12\x1f" + sha[2:33], "WrongLength"),
                             ("sha1", b"\x11\x14" + sha[2:22], "UnknownValue"), ("sha512", b"\x13\x40" + det("x", 64), "UnknownValue"),
                             ("overlong-code", b"\x80\x00\x24" + mh[2:], "OverlongVarint"), ("overlong-length", b"\x00\xa4\x00" + mh[2:], "OverlongVarint")):
        to.reject("peer_id.decode", name, [flag], {"multihash": data.hex()}, "multiformats unsigned-varint: the shortest form alone" if "overlong" in name else multihash_rule(data))
    text = base58(mh)
    for n in spread(len(text), 30):
        data = unbase58(text[:n])
        if data[:1] == b"\0" and len(data) >= 2 and data[1] == len(data) - 2:
            continue  # an identity multihash by chance
        to.reject("peer_id.parse", "cut-at-%d" % n, ["Truncated"], {"text": text[:n]}, multihash_rule(data))
    for name, bad in (("zero", text[:-1] + "0"), ("big-o", text[:-1] + "O"), ("big-i", text[:-1] + "I"), ("small-l", text[:-1] + "l"), ("space", text + " "), ("newline", "\n" + text), ("slash", "/" + text)):
        to.reject("peer_id.parse", "char-" + name, ["WrongValue"], {"text": bad}, "libp2p/specs peer-ids, String representation: base58btc")
    for codec, name in ((0x70, "dag-pb"), (0x55, "raw"), (0x71, "dag-cbor")):
        to.reject("peer_id.parse", "cid-" + name, ["UnknownValue"], {"text": "b" + base64.b32encode(b"\x01" + bytes([codec]) + mh).decode().rstrip("=").lower()}, "libp2p/specs peer-ids: a CIDv1 with the multicodec libp2p-key")
    to.reject("peer_id.parse", "cid-version-2", ["UnknownValue"], {"text": "b" + base64.b32encode(b"\x02\x72" + mh).decode().rstrip("=").lower()}, "libp2p/specs peer-ids: a CIDv1 with the multicodec libp2p-key")
    to.reject("peer_id.parse", "cid-trailing", ["Trailing"], {"text": cid(mh + b"\0")}, multihash_rule(mh + b"\0"))


def keys(to):
    pub, required = ed_pub(1), "libp2p/specs peer-ids, Keys: Type and Data are required"
    for data in cuts(pub):
        to.reject("public_key.decode", "cut-at-%d" % len(data), ["Truncated"], {"protobuf": data.hex()}, required if len(data) in [0] + pb_ends(pub) else pb_rule(data))
    ed, secp, spki = ("libp2p/specs peer-ids, Ed25519: Data is the public key, 32 octets (RFC 8032 section 5.1.5)", "libp2p/specs peer-ids, Secp256k1: Data is a compressed point of the curve, 33 octets (SEC 1 section 2.3.3)",
                      "libp2p/specs peer-ids, RSA and ECDSA: Data is a SubjectPublicKeyInfo in DER")
    rules = {"data-31": ed, "data-33": ed, "data-empty": ed, "type-5": "libp2p/specs peer-ids, Keys: KeyType is 0 to 3", "type-as-bytes": required + "; Type is an enum, a varint", "data-as-varint": required + "; Data is bytes", "secp-32": secp, "secp-prefix-5": secp,
             "rsa-garbage": spki, "ecdsa-garbage": spki}
    raw = pub[4:]
    for name, data, flag in (("data-31", pb_varint(1, 1) + pb_bytes(2, raw[:31]), "WrongLength"), ("data-33", pb_varint(1, 1) + pb_bytes(2, raw + b"x"), "WrongLength"),
                             ("data-empty", pb_varint(1, 1) + pb_bytes(2, b""), "WrongLength"), ("type-5", pb_varint(1, 5) + pb_bytes(2, raw), "UnknownValue"),
                             ("type-as-bytes", pb_bytes(1, b"\x01") + pb_bytes(2, raw), "WrongType"), ("data-as-varint", pb_varint(1, 1) + pb_varint(2, 7), "WrongType"),
                             ("secp-32", pb_varint(1, 2) + pb_bytes(2, raw), "WrongLength"), ("secp-prefix-5", pb_varint(1, 2) + pb_bytes(2, b"\x05" + raw), "WrongValue"),
                             ("rsa-garbage", pb_varint(1, 0) + pb_bytes(2, raw), "WrongValue"), ("ecdsa-garbage", pb_varint(1, 3) + pb_bytes(2, raw), "WrongValue")):
        to.reject("public_key.decode", name, [flag], {"protobuf": data.hex()}, rules[name])
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


def add(to):
    varints(to)
    multibases(to)
    multihashes(to)
    certhashes(to)
    peer_ids(to)
    keys(to)
