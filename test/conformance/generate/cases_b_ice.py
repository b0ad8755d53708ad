"""STUN and ICE: messages, integrity, candidates, credentials, priorities."""
import hashlib
import hmac
import ipaddress
import struct

from mutate import *

COOKIE = 0x2112A442
TXID = det("stun-txid", 12)
PASSWORD = "VOkJxbRl1RmTxUk/WvJxBt"
CLASSES = {"request": 0x0000, "indication": 0x0010, "success": 0x0100, "error": 0x0110}


GRAMMAR = "RFC 8839 section 5.1, grammar of candidate-attribute: "


def attribute(kind, value):
    return struct.pack(">HH", kind, len(value)) + value + b"\0" * (-len(value) % 4)


def header(cls, method, length):
    bits = (method & 0xF80) << 2 | (method & 0x70) << 1 | method & 0xF
    return struct.pack(">HHI", bits | CLASSES[cls], length, COOKIE) + TXID


def message(cls, method, attributes, password=None, fingerprint=False, algorithm="sha1"):
    body = b"".join(attribute(k, v) for k, v in attributes)
    if password is not None:
        size, kind = (20, 0x0008) if algorithm == "sha1" else (32, 0x001C)
        mac = hmac.new(password.encode(), header(cls, method, len(body) + 4 + size) + body, getattr(hashlib, algorithm)).digest()
        body += attribute(kind, mac)
    if fingerprint:
        body += attribute(0x8028, struct.pack(">I", crc32(header(cls, method, len(body) + 8) + body) ^ 0x5354554E))
    return header(cls, method, len(body)) + body


def xor_address(ip, port):
    a = ipaddress.ip_address(ip)
    key = struct.pack(">I", COOKIE) + TXID
    return bytes([0, 1 if a.version == 4 else 2]) + struct.pack(">H", port ^ COOKIE >> 16) + bytes(x ^ y for x, y in zip(a.packed, key))


def encodes(to):
    for cls in CLASSES:
        for method in (0x001, 0x003, 0x080, 0xFFF):
            to.add("stun_message.encode", "plain-%s-%03x" % (cls, method), ["Normal"], {"class": cls, "method": method, "transaction_id": TXID.hex(), "attributes": []},
                   out={"hex": message(cls, method, []).hex()}, check="Python struct")
    for n in range(0, 9):
        value = det("username", n)
        given = {"class": "request", "method": 1, "transaction_id": TXID.hex(), "attributes": [{"type": 6, "value": value.hex()}]}
        to.add("stun_message.encode", "padding-%d" % n, ["Boundary"], given, out={"hex": message("request", 1, [(6, value)]).hex()}, check="Python struct")
    for algorithm in ("sha1", "sha256"):
        for fp in (False, True):
            given = {"class": "request", "method": 1, "transaction_id": TXID.hex(), "password": PASSWORD, "algorithm": algorithm, "fingerprint": fp,
                     "attributes": [{"type": 6, "value": b"bob:alice".hex()}, {"type": 0x24, "u32": 1845494271}]}
            data = message("request", 1, [(6, b"bob:alice"), (0x24, struct.pack(">I", 1845494271))], PASSWORD, fp, algorithm)
            to.add("stun_message.encode", "%s-fingerprint-%s" % (algorithm, fp), ["Normal"], given, out={"hex": data.hex()}, check="Python hmac, hashlib, zlib")
    for ip, port in (("192.0.2.1", 32853), ("0.0.0.0", 0), ("255.255.255.255", 65535), ("2001:db8::1", 1), ("::", 65535), ("ffff::ffff", 8466)):
        given = {"class": "success", "method": 1, "transaction_id": TXID.hex(), "attributes": [{"type": 0x20, "ip": ip, "port": port}]}
        data = message("success", 1, [(0x20, xor_address(ip, port))])
        to.add("stun_message.encode", "xor-%s-%d" % (ip, port), ["Boundary"], given, out={"hex": data.hex()}, check="Python ipaddress")
        to.add("stun_message.xor_address", "xor-%s-%d" % (ip, port), ["Boundary"], {"value": xor_address(ip, port).hex(), "transaction_id": TXID.hex()},
               out={"family": "ipv4" if "." in ip else "ipv6", "ip": ip, "port": port}, check="Python ipaddress")
        for n in range(len(xor_address(ip, port))):
            if n < 5 or n % 4 == 0 or n == len(xor_address(ip, port)) - 1:
                to.reject("stun_message.xor_address", "xor-%s-cut-%d" % (ip, n), ["Truncated"], {"value": xor_address(ip, port)[:n].hex(), "transaction_id": TXID.hex()},
                          "RFC 8489 section 14.2: 8 octets for IPv4, 20 for IPv6")


def malformed(to):
    rule = "RFC 8489 section 5: the message length is that of all octets behind the header"
    good = message("request", 1, [(6, b"bob:alice"), (0x24, b"\0\0\0\1"), (0x8022, b"conformance")], PASSWORD, True)
    for cut in cuts(good):
        to.reject("stun_message.decode", "cut-at-%d" % len(cut), ["Truncated"], {"hex": cut.hex()}, "RFC 8489 section 5: a header of 20 octets" if len(cut) < 20 else rule)
    for length in (0xFFFF, 0xFFFC, len(good) - 20 + 4, len(good) - 20 + 1, 1, 2, 3):
        to.reject("stun_message.decode", "length-%d" % length, ["WrongLength"], {"hex": (good[:2] + struct.pack(">H", length) + good[4:]).hex()},
                  "RFC 8489 section 5: the last two bits of the message length are zero" if length % 4 else rule)
    for bit in range(32):
        bad = good[:4] + struct.pack(">I", COOKIE ^ 1 << bit) + good[8:]
        to.reject("stun_message.decode", "cookie-bit-%d" % bit, ["WrongValue"], {"hex": bad.hex()}, "RFC 8489 section 5: the magic cookie is 0x2112A442")
    for first in (0x40, 0x80, 0xC0):
        to.reject("stun_message.decode", "top-bits-%02x" % first, ["WrongValue"], {"hex": (bytes([good[0] | first]) + good[1:]).hex()}, "RFC 8489 section 5: the top two bits are zero")
    rule = "RFC 8489 section 14: an attribute lies inside the message"
    at = 20  # the first attribute's header
    for length in (10, 100, len(good) - 20 - 3, 0x7FFF, 0xFFFF):
        bad = good[:at + 2] + struct.pack(">H", length) + good[at + 4:]
        if length >= len(good) - 24 + 1:
            to.reject("stun_message.decode", "attribute-length-%d" % length, ["WrongLength"], {"hex": bad.hex()}, rule)
    to.reject("stun_message.decode", "attribute-header-alone", ["Truncated"], {"hex": (header("request", 1, 4) + b"\0\x06\0\x04").hex()}, rule)
    base = message("request", 1, [(6, b"bob:alice")], PASSWORD, True)
    after = attribute(0x8022, b"late")
    to.reject("stun_message.decode", "after-fingerprint", ["ReorderedField"], {"hex": (base[:2] + struct.pack(">H", len(base) - 20 + len(after)) + base[4:] + after).hex()},
              "RFC 8489 section 14.7: FINGERPRINT is the last attribute")
    again = base[-8:]
    to.reject("stun_message.decode", "fingerprint-twice", ["DuplicateField"], {"hex": (base[:2] + struct.pack(">H", len(base) - 12) + base[4:] + again).hex()},
              "RFC 8489 section 14.7: FINGERPRINT is the last attribute")
    for types, want in (([0x0006, 0x8022], []), ([0x7FFF], [0x7FFF]), ([0x0030, 0x8FFF, 0x0031], [0x0030, 0x0031]), ([0xC000], []), ([0x0024, 0x0025], [])):
        data = message("request", 1, [(t, b"\0\0\0\0") for t in types])
        to.add("stun_message.unknown", "unknown-%s" % "-".join("%04x" % t for t in types), ["UnknownMandatory" if want else "UnknownField"], {"hex": data.hex()}, out={"types": want},
               comment="comprehension-required attributes nobody knows (RFC 8489 section 6.3.1: answered with 420)")
    for code in (299, 700, 0, 100):
        to.reject("stun_message.error_code", "code-%d" % code, ["WrongValue"], {"value": bytes([0, 0, code // 100, code % 100]).hex()}, "RFC 8489 section 14.8: the class is 3 to 6")
    for n in range(4):
        to.reject("stun_message.error_code", "cut-%d" % n, ["Truncated"], {"value": b"\0\0\4\1"[:n].hex()}, "RFC 8489 section 14.8: four octets, then the reason")
    for code, reason in ((300, ""), (401, "Unauthenticated"), (487, "Role Conflict"), (699, "x" * 127)):
        to.add("stun_message.error_code", "code-%d" % code, ["Boundary"], {"value": (bytes([0, 0, code // 100, code % 100]) + reason.encode()).hex()}, out={"code": code, "reason": reason})


def integrity(to):
    for algorithm in ("sha1", "sha256"):
        rule = "RFC 8489 sections 9.1.3 and %s: the HMAC must match" % ("14.5" if algorithm == "sha1" else "14.6")
        good = message("request", 1, [(6, b"bob:alice"), (0x24, b"\0\0\0\1")], PASSWORD, True, algorithm)
        given = {"hex": good.hex(), "algorithm": algorithm, "password": PASSWORD}
        to.add("stun_integrity.check", algorithm + "-good", ["Normal"], given, out={"key": PASSWORD.encode().hex()}, check="Python hmac")
        end = len(good) - 8
        for at in [i for i in range(8, end) if i < 20 or i >= 24]:
            bad = flipped(good, at)
            if at in (20, 21, 22, 23, 33, 34, 35) or 36 <= at < 40 or at in range(44, 48):
                continue  # types, lengths and padding: another message, not only another MAC
            if 4 <= at < 8:
                continue
            to.reject("stun_integrity.check", "%s-flip-%d" % (algorithm, at), ["WrongMac"], dict(given, hex=bad.hex()), rule, "auth")
        for wrong in ("", PASSWORD[:-1], PASSWORD + "x", PASSWORD.lower(), "\0" + PASSWORD[1:]):
            to.reject("stun_integrity.check", "%s-password-%d" % (algorithm, len(wrong)), ["WrongKey"], dict(given, password=wrong), rule, "auth")
        to.reject("stun_integrity.check", algorithm + "-absent", ["Missing"], dict(given, hex=message("request", 1, [(6, b"bob:alice")], None, True).hex()), "RFC 8489 section 9.1.3: a request without integrity is answered with 400 alone", "auth")
        other = "sha256" if algorithm == "sha1" else "sha1"
        to.reject("stun_integrity.check", algorithm + "-other-algorithm", ["WrongKey"], dict(given, algorithm=other), rule, "auth")
    body = attribute(6, b"bob:alice")
    for size in (0, 4, 16, 19, 24):
        mac = hmac.new(PASSWORD.encode(), header("request", 1, len(body) + 4 + size + -size % 4) + body, hashlib.sha1).digest()
        mac = (mac + b"\0" * 8)[:size]
        data = header("request", 1, len(body) + 4 + size + -size % 4) + body + attribute(8, mac)
        to.reject("stun_integrity.check", "sha1-length-%d" % size, ["WrongLength"], {"hex": data.hex(), "algorithm": "sha1", "password": PASSWORD}, "RFC 8489 section 14.5: 20 octets", "auth")
    good = message("success", 1, [(0x20, xor_address("192.0.2.1", 4242))], PASSWORD, True)
    for at in list(range(8, 20)) + list(range(len(good) - 4, len(good))):
        to.reject("stun_fingerprint.check", "flip-%d" % at, ["WrongChecksum"], {"hex": flipped(good, at).hex()}, "RFC 8489 section 14.7: CRC-32 of the message, XOR 0x5354554e", "auth")
    plain = crc32(good[:-8])
    to.reject("stun_fingerprint.check", "not-xored", ["WrongChecksum"], {"hex": (good[:-4] + struct.pack(">I", plain)).hex()}, "RFC 8489 section 14.7: CRC-32 of the message, XOR 0x5354554e", "auth")
    to.reject("stun_fingerprint.check", "crc32c", ["WrongChecksum"], {"hex": (good[:-4] + struct.pack(">I", crc32c(good[:-8]) ^ 0x5354554E)).hex()}, "RFC 8489 section 14.7: the CRC of ISO 3309, not of RFC 9260", "auth")
    to.reject("stun_fingerprint.check", "absent", ["Missing"], {"hex": message("success", 1, []).hex()}, "RFC 8445 section 7.1: checks and their answers have one", "auth")
    for cls in CLASSES:
        to.add("stun_fingerprint.check", "good-" + cls, ["Normal"], {"hex": message(cls, 1, [(0x8022, b"c")], None, True).hex()}, out={}, check="Python zlib")


def candidates(to):
    good = "candidate:1 1 udp 2122260223 192.0.2.1 54321 typ srflx raddr 10.0.0.1 rport 4321 generation 0 ufrag abcd"
    fields = {"foundation": "1", "component": 1, "transport": "udp", "priority": 2122260223, "address": "192.0.2.1", "port": 54321, "type": "srflx",
              "rel_address": "10.0.0.1", "rel_port": 4321, "ufrag": "abcd"}
    to.add("ice_candidate.parse", "whole", ["Normal"], {"text": good}, out=fields)
    words = good.split(" ")
    after = ["candidate and foundation", "component-id", "transport", "priority", "connection-address", "port", "\"typ\"", "cand-type"]
    for n in range(len(words)):
        if n < 8:
            to.reject("ice_candidate.parse", "words-%d" % n, ["Truncated"], {"text": " ".join(words[:n])}, GRAMMAR + "%s is there" % after[n])
        elif n > 8 and n % 2:
            to.reject("ice_candidate.parse", "words-%d" % n, ["Truncated"], {"text": " ".join(words[:n])}, GRAMMAR + "a name has a value")
    rules = {"foundation": "foundation is 1 to 32 ice-chars", "component": "component-id is 1 to 3 digits, from 1 to 256", "transport": "transport is a token", "priority": "priority is 1 to 10 digits, from 1 to 2^31 - 1",
             "address": "connection-address is an IP address or a name", "port": "port is digits, up to 65535", "typ": "\"typ\" stands before the type", "type": "cand-type is a token"}
    table = {"foundation": ("", "a b", "a" * 33, "a-b", "a_b", "\u00e9", "a=b", "a.b", "a:b", "a,b", "a;b", "a@b", "a#b", "a*b", "a~b", "a\tb"), "component": ("0", "257", "-1", "1.0", "x", "99999999999", "+1", "1000", "0x1"), "transport": ("sctp", "udp6", ""),
             "priority": ("0", "-1", "2147483648", "4294967296", "99999999999", "x", "1.5", "+1", "0x7effffff"), "address": ("", "256.1.1.1", "1.2.3", "2001:::1", "a..b", "1.2.3.4.5", "2001:db8::1::2", "fe80::12345", "::ffff:1.2.3.256", "[2001:db8::1]", "1:2:3:4:5:6:7:8:9"),
             "port": ("65536", "-1", "x", "99999", "+80", "8 0", "0x50"), "typ": ("type", "TYPE=", "", "ty", "typp"), "type": ("", "hosts", "peer", "0")}
    index = {"foundation": 0, "component": 1, "transport": 2, "priority": 3, "address": 4, "port": 5, "typ": 6, "type": 7}
    for name, values in table.items():
        for value in values:
            bad = list(words[:8])
            bad[index[name]] = ("candidate:" if name == "foundation" else "") + value
            if (name in ("transport", "type") and value) or (name == "address" and value and ":" not in value):
                to.lenient("ice_candidate.parse", "%s-%s" % (name, value), ["UnknownValue"], {"text": " ".join(bad)}, "a token that the grammar allows (RFC 8839 section 5.1), of a candidate that is to be ignored")
                continue
            to.reject("ice_candidate.parse", "%s-%s" % (name, value or "empty"), ["WrongValue"], {"text": " ".join(bad)}, GRAMMAR + rules[name])
    for name, bad, what in (("rport-65536", good.replace("rport 4321", "rport 65536"), "rel-port is a port"), ("rport-x", good.replace("rport 4321", "rport x"), "rel-port is a port"), ("raddr-bad", good.replace("10.0.0.1", "10.0.0.256"), "rel-addr is a connection-address"),
                            ("rport-negative", good.replace("rport 4321", "rport -1"), "rel-port is a port"), ("rport-empty", good.replace("rport 4321", "rport "), "rel-port is a port"), ("raddr-colons", good.replace("10.0.0.1", ":::"), "rel-addr is a connection-address"),
                            ("no-prefix", good[10:], "\"candidate:\" stands first"), ("prefix-case", "Candidate" + good[9:], "\"candidate:\" stands first"), ("no-colon", good.replace("candidate:", "candidate "), "\"candidate:\" stands first"),
                            ("other-attribute", good.replace("candidate:", "candidates:"), "\"candidate:\" stands first"), ("zero-octet", good.replace(" udp", "\0 udp"), "component-id is 1 to 3 digits, from 1 to 256")):
        to.reject("ice_candidate.parse", name, ["WrongValue"], {"text": bad}, GRAMMAR + what)
    for at in range(7):
        bad = " ".join(words[:at + 1]) + "  " + " ".join(words[at + 1:8])
        to.lenient("ice_candidate.parse", "two-spaces-%d" % (at + 1), ["WrongValue"], {"text": bad}, "the grammar has one space (RFC 8839 section 5.1); readers that split at white space take two")
    for kind, priority in (("host", 2130706431), ("srflx", 1694498815), ("prflx", 1862270975), ("relay", 16777215)):
        for address in ("192.0.2.9", "2001:db8::9"):
            text = "candidate:F%s 1 udp %d %s 4242 typ %s" % (kind, priority, address, kind)
            given = dict(foundation="F" + kind, component=1, priority=priority, address=address, port=4242, type=kind)
            if kind != "host":
                rel = "0.0.0.0" if "." in address else "::"
                text += " raddr %s rport 0" % rel
                given.update(rel_address=rel, rel_port=0)
            to.add("ice_candidate.format", "format-%s-%s" % (kind, address), ["Normal"], given, out={"text": text})
            to.add("ice_candidate.parse", "parse-%s-%s" % (kind, address), ["Normal"], {"text": text}, out=dict(given, transport="udp"))


def credentials(to):
    chars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    for kind, low in (("ufrag", 4), ("pwd", 22)):
        for n in (low, low + 1, 64, 255, 256):
            to.add("ice_credentials.check", "%s-%d" % (kind, n), ["Boundary"], {"kind": kind, "value": (chars * 5)[:n]}, out={})
        for n in (0, 1, low - 1, 257, 300):
            to.reject("ice_credentials.check", "%s-%d" % (kind, n), ["WrongLength"], {"kind": kind, "value": (chars * 5)[:n]}, "RFC 8839 section 5.4: ice-%s has %d to 256 characters" % (kind, low))
        for c in " -_=:.,;@#$%&*()!?~\"'<>[]{}|\\^`\n\t\u00e9":
            to.reject("ice_credentials.check", "%s-char-%02x" % (kind, ord(c)), ["WrongValue"], {"kind": kind, "value": chars[:30] + c}, "RFC 8839 section 5.4: ice-%s is of ice-chars: letters, digits, + and /" % kind)


def priorities(to):
    preference = {"host": 126, "prflx": 110, "srflx": 100, "relay": 0}
    op, range_rule = "ice_priority.candidate", "RFC 8445 section 5.1.2: a priority is from 1 to 2^31 - 1"
    for kind, p in preference.items():
        for local in (0, 1, 255, 32768, 65535):
            for component in (1, 2, 256):
                given = {"type": kind, "local_preference": local, "component": component}
                value = (p << 24) + (local << 8) + (256 - component)
                if value == 0:
                    to.reject(op, "%s-%d-%d-refused" % (kind, local, component), ["WrongValue", "Boundary"], given, range_rule)
                    continue
                to.add(op, "%s-%d-%d" % (kind, local, component), ["Boundary"], given, out={"priority": value}, comment="RFC 8445 section 5.1.2.1, with its recommended type preferences")
        for component in (0, 257, 258, 65535, 65536 + 1):
            to.reject(op, "%s-component-%d" % (kind, component), ["WrongValue"], {"type": kind, "local_preference": 65535, "component": component}, "RFC 8445 section 5.1.2.1: the component ID is from 1 to 256")
        for local in (65536, 131071):
            to.reject(op, "%s-local-%d" % (kind, local), ["WrongValue"], {"type": kind, "local_preference": local, "component": 1}, "RFC 8445 section 5.1.2.1: the local preference is from 0 to 65535")
        for wrong in (127, 128, 255):
            to.reject(op, "%s-type-preference-%d" % (kind, wrong), ["WrongValue"], {"type": kind, "type_preference": wrong, "local_preference": 65535, "component": 1}, "RFC 8445 section 5.1.2.1: the type preference is from 0 to 126")
    for g, d in ((1, 1), (1, 2), (2, 1), (0x7FFFFFFF, 0x7FFFFFFF), (0x7FFFFFFF, 1), (1, 0x7FFFFFFF), (2130706431, 1694498815), (1694498815, 2130706431), (0x7FFFFFFE, 0x7FFFFFFF)):
        to.add("ice_priority.pair", "pair-%d-%d" % (g, d), ["Boundary"], {"G": g, "D": d}, out={"priority": str((min(g, d) << 32) + 2 * max(g, d) + (g > d))},
               comment="RFC 8445 section 6.1.2.3", check="Python's integers")
    for wrong in (0, 0x80000000, 0xFFFFFFFF):
        for g, d in ((wrong, wrong), (wrong, 2130706431), (2130706431, wrong), (wrong, 0x7FFFFFFF), (0x7FFFFFFF, wrong)):
            to.reject("ice_priority.pair", "pair-%d-%d-out-of-range" % (g, d), ["WrongValue", "Boundary"], {"G": g, "D": d}, range_rule)


def demuxes(to):
    for first in range(256):
        if first in (0, 3, 5, 15, 16, 24, 60, 65, 80, 100, 129, 200, 255):
            to.add("demux.first_byte", "range-%d" % first, ["Boundary"], {"first_byte": first}, out={"stun": first <= 3}, comment="RFC 7983 section 7")


def add(to):
    encodes(to)
    malformed(to)
    integrity(to)
    candidates(to)
    credentials(to)
    priorities(to)
    demuxes(to)
