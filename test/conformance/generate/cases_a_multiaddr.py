"""Multiaddrs: the whole of protocols.csv, and webrtc-direct's addresses. Octets by Python's base64, ipaddress and integers."""
import base64
import ipaddress
import urllib.parse

from cases_a_codecs import ed_id
from mutate import *

CSV = "multiformats/multiaddr protocols.csv: "
GRAMMAR = "multiformats/multiaddr, Specification: (/<protoName string>/<value string>)+; "

# multiformats/multiaddr protocols.csv, row by row: code, size in bits (V: with a length in front), name.
ROWS = [
    (4, 32, "ip4"), (6, 16, "tcp"), (273, 16, "udp"), (33, 16, "dccp"), (41, 128, "ip6"), (42, "V", "ip6zone"), (43, 8, "ipcidr"), (53, "V", "dns"), (54, "V", "dns4"), (55, "V", "dns6"),
    (56, "V", "dnsaddr"), (132, 16, "sctp"), (301, 0, "udt"), (302, 0, "utp"), (400, "V", "unix"), (421, "V", "p2p"), (444, 96, "onion"), (445, 296, "onion3"), (446, "V", "garlic64"),
    (447, "V", "garlic32"), (448, 0, "tls"), (449, "V", "sni"), (454, 0, "noise"), (460, 0, "quic"), (461, 0, "quic-v1"), (465, 0, "webtransport"), (466, "V", "certhash"), (480, 0, "http"),
    (481, "V", "http-path"), (443, 0, "https"), (477, 0, "ws"), (478, 0, "wss"), (479, 0, "p2p-websocket-star"), (277, 0, "p2p-stardust"), (275, 0, "p2p-webrtc-star"),
    (276, 0, "p2p-webrtc-direct"), (280, 0, "webrtc-direct"), (281, 0, "webrtc"), (290, 0, "p2p-circuit"), (777, "V", "memory")]
SIZE = {code: size for code, size, _ in ROWS}
NAME = {code: name for code, _, name in ROWS}
CODE = {name: code for code, _, name in ROWS}

PORT = CSV + "%s has 16 bits, in decimal digits"
IP4 = CSV + "ip4 is an IPv4 address (RFC 3986 section 3.2.2, IPv4address)"
IP6 = CSV + "ip6 is an IPv6 address (RFC 4291 section 2.2)"
NO_VALUE = GRAMMAR + "%s has a value"
NO_NAME = GRAMMAR + "a protocol has a name"
UNKNOWN = CSV + "no such protocol"

BAD_TEXT = [
    ("/ip4/192.0.2.7/udp/65536", PORT % "udp"), ("/ip4/192.0.2.7/udp/-1", PORT % "udp"), ("/ip4/192.0.2.7/udp/4001x", PORT % "udp"), ("/ip4/192.0.2.7/udp/", NO_VALUE % "udp"),
    ("/ip4/192.0.2.256/udp/1", IP4), ("/ip4/192.0.2/udp/1", IP4), ("/ip4/2001:db8::1/udp/1", IP4), ("/ip6/192.0.2.7/udp/1", IP6), ("/ip6/2001:db8:::1", IP6), ("/ip6/12345::", IP6),
    ("/ip4//udp/1", IP4), ("//ip4/192.0.2.7", NO_NAME), ("/ip4/192.0.2.7//udp/1", NO_NAME), ("ip4/192.0.2.7", GRAMMAR + "it begins with a slash"), ("/p2p/", NO_VALUE % "p2p"),
    ("/p2p/QmInvalid0", "libp2p/specs peer-ids, String representation: base58btc"), ("/certhash/uEi", "multiformats/multihash: code, length, and exactly that many octets"),
    ("/certhash/", NO_VALUE % "certhash"), ("/ip4/192.0.2.7/udp/1/webrtc-direct/certhash", NO_VALUE % "certhash"), ("/udp", NO_VALUE % "udp"), ("/tcp/ 1", PORT % "tcp"),
    ("/ip4/192.0.2.7/tcp/0x10", PORT % "tcp"), ("/IP4/192.0.2.7", UNKNOWN), ("/ip4 /192.0.2.7", UNKNOWN), ("/webrtc/direct", CSV + "webrtc has size 0, that is no value")]


def component(code, value):
    """With the length in front of the value where the protocol has one."""
    return varint(code) + (varint(len(value)) if SIZE[code] == "V" else b"") + value


def maddr(*parts):
    """parts: (code, value); returns bytes and the ends of components."""
    out, ends = b"", [0]
    for code, value in parts:
        out += component(code, value)
        ends.append(len(out))
    return out, ends


def cut_rule(parts, ends, n):
    """What is wrong with the first n octets: the component they end in has a code and a value."""
    i = max(k for k, end in enumerate(ends) if end <= n)
    code = parts[i][0]
    if n < ends[i] + len(varint(code)):
        return "multiformats unsigned-varint, as multiformats/multiaddr uses it: the last octet of a code has its top bit clear"
    return "multiformats/multiaddr protocols.csv: %s has %s" % (NAME[code], "a length and as many octets (size V)" if SIZE[code] == "V" else "%s bits" % SIZE[code])


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
            to.reject("multiaddr.decode", "%s-cut-at-%d" % (name, len(cut)), ["Truncated"], {"hex": cut.hex()}, cut_rule(parts, ends, len(cut)))
    for code in (4, 6, 0x29):
        to.reject("multiaddr.decode", "overlong-code-%d" % code, ["OverlongVarint"], {"hex": (overlong(code, 2) + ip6[:16 if code == 0x29 else 4 if code == 4 else 2]).hex()}, "multiformats unsigned-varint, as multiformats/multiaddr uses it")
    data, _ = maddr(*samples["direct"])
    at = data.index(varint(0x01A5)) + 2
    to.reject("multiaddr.decode", "overlong-length", ["OverlongVarint"], {"hex": (data[:at] + overlong(len(peer), 2) + peer).hex()}, "multiformats unsigned-varint, as multiformats/multiaddr uses it")
    for bad, rule in BAD_TEXT:
        to.reject("multiaddr.parse", "bad-" + bad, ["WrongValue"], {"text": bad}, rule)
    for name, text in (("empty", ""), ("slash", "/")):
        to.lenient("multiaddr.parse", "nothing-" + name, ["Boundary"], {"text": text}, "an address of no component: some libraries have it")
    direct_addrs(to, u, u2, base58(peer))
    table(to)
    spoiled_values(to)
    nobody_s(to)


def direct_addrs(to, u, u2, peer):
    base = "/ip4/192.0.2.7/udp/4001/webrtc-direct"
    digest = det("ma-cert", 32).hex()
    whole = {"ip": "192.0.2.7", "port": 4001, "sha256": digest, "peer_id": peer}
    spec = "libp2p/specs webrtc-direct, Addressing: "
    rules = {"no-certhash": "the certificate's multihash is there", "tcp": "an IP address and a UDP port", "no-webrtc-direct": "/webrtc-direct behind the UDP port", "order": "/certhash before /p2p", "quic": "/webrtc-direct behind the UDP port", "no-ip": "an IP address and a UDP port",
             "no-udp": "an IP address and a UDP port", "webrtc": "/webrtc-direct behind the UDP port", "certhash-twice-peer": "one peer id, at the end", "empty": "an IP address and a UDP port", "only-peer": "an IP address and a UDP port"}
    dial = "webrtc_direct_multiaddr.dial"
    to.add(dial, "whole", ["Normal"], {"text": "%s/certhash/%s/p2p/%s" % (base, u, peer)}, out=whole)
    to.add(dial, "two-certhashes", ["Normal"], {"text": "%s/certhash/%s/certhash/%s/p2p/%s" % (base, u, u2, peer)}, out=whole)
    to.add(dial, "ip6", ["Normal"], {"text": "/ip6/2001:db8::7/udp/4001/webrtc-direct/certhash/%s/p2p/%s" % (u, peer)}, out=dict(whole, ip="2001:db8::7"))
    to.add("webrtc_direct_multiaddr.listen", "no-certhash", ["Normal"], {"text": base}, out={"ip": "192.0.2.7", "port": 4001})
    to.add("webrtc_direct_multiaddr.listen", "any-port", ["Boundary"], {"text": "/ip6/::/udp/0/webrtc-direct"}, out={"ip": "::", "port": 0})
    for name, bad, flag in (("no-certhash", base + "/p2p/" + peer, "Missing"), ("tcp", "/ip4/192.0.2.7/tcp/4001/webrtc-direct/certhash/%s/p2p/%s" % (u, peer), "WrongValue"),
                            ("no-webrtc-direct", "/ip4/192.0.2.7/udp/4001/certhash/%s/p2p/%s" % (u, peer), "Missing"), ("order", base + "/p2p/%s/certhash/%s" % (peer, u), "ReorderedField"),
                            ("quic", "/ip4/192.0.2.7/udp/4001/quic-v1/certhash/%s/p2p/%s" % (u, peer), "WrongValue"), ("no-ip", "/udp/4001/webrtc-direct/certhash/%s/p2p/%s" % (u, peer), "Missing"),
                            ("no-udp", "/ip4/192.0.2.7/webrtc-direct/certhash/%s/p2p/%s" % (u, peer), "Missing"), 
                            ("webrtc", "/ip4/192.0.2.7/udp/4001/webrtc/certhash/%s/p2p/%s" % (u, peer), "WrongValue"), ("certhash-twice-peer", base + "/certhash/%s/p2p/%s/p2p/%s" % (u, peer, peer), "DuplicateField"),
                            ("empty", "", "Missing"), ("only-peer", "/p2p/" + peer, "Missing")):
        to.reject(dial, name, [flag], {"text": bad}, spec + rules[name])
    to.lenient(dial, "no-peer-2", ["Missing"], {"text": base + "/certhash/" + u}, "the peer id is optional where it is known otherwise (Connection Establishment, step 2)")
    to.lenient(dial, "port-0-2", ["WrongValue"], {"text": "/ip4/192.0.2.7/udp/0/webrtc-direct/certhash/%s/p2p/%s" % (u, peer)}, "nobody listens on port 0; the address is well formed")


# ---- the whole table ----

def base32(data):
    return base64.b32encode(data).decode().rstrip("=").lower()


def number_of(bits):
    return lambda n: (str(n), n.to_bytes(bits // 8, "big"))


def service(size, port):
    host = det("onion%d" % size, size)
    return "%s:%d" % (base32(host), port), host + port.to_bytes(2, "big")


def i2p(size):
    data = det("i2p%d" % size, size)
    return base64.b64encode(data, altchars=b"-~").decode(), data


def b32(size):
    data = det("b32-%d" % size, size)
    return base32(data), data


def http_path(path):
    return urllib.parse.quote(path, safe=""), path.encode()


def certhash(multihash):
    return "u" + base64.urlsafe_b64encode(multihash).decode().rstrip("="), multihash


def words(*values):
    return [(v, v.encode()) for v in values]


def ip(text):
    return text, ipaddress.ip_address(text).packed


PORTS = [number_of(16)(n) for n in (0, 1, 4001, 65535)]
NAMES = words("example.org", "a", "xn--bcher-kva.example", "a" * 63 + "." + "b" * 63)

VALUES = {  # text and octets; the first is cut everywhere
    "ip4": [ip("192.0.2.7"), ip("0.0.0.0"), ip("255.255.255.255")], "ip6": [ip("2001:db8::7"), ip("::"), ip("fe80::1:0:0:1")], "tcp": PORTS, "udp": PORTS, "dccp": PORTS, "sctp": PORTS,
    "ip6zone": words("eth0", "2", "wlp3s0"), "ipcidr": [number_of(8)(n) for n in (24, 0, 32, 128)], "dns": NAMES, "dns4": NAMES, "dns6": NAMES, "dnsaddr": NAMES, "sni": NAMES,
    "onion": [service(10, 80), service(10, 1), service(10, 65535)], "onion3": [service(35, 80), service(35, 1), service(35, 65535)],
    "garlic64": [i2p(387), i2p(386), i2p(391)], "garlic32": [b32(32), b32(35), b32(40)],
    "http-path": [http_path(p) for p in ("api/v0/login", "user", "tmp/foo/../bar", "a space", "a%2Fslash", "a+b", "b\u00fccher", ".well-known/libp2p", "?q=1&r#s", "~-._")],
    "p2p": [(base58(ed_id(0)), ed_id(0)), (base58(b"\x12\x20" + det("sha-id", 32)), b"\x12\x20" + det("sha-id", 32))],
    "certhash": [certhash(varint(code) + varint(size) + det("cert%d" % code, size)) for code, size in ((0x12, 32), (0x13, 64), (0x11, 20), (0x14, 64), (0x16, 32), (0x12, 20))]}

# Implementations have other octets or other text for these; protocols.csv leaves them open.
OPEN = {
    "unix": ("a path: with its slashes in go-multiaddr, percent-encoded in others", [("/unix/run/weft.sock", b"/run/weft.sock"), ("/unix/a", b"/a"), ("/unix/a/b c", b"/a/b c")]),
    "memory": ("protocols.csv says V, some implementations have a 64-bit number", [("/memory/%d" % n, n) for n in (0, 4, (1 << 64) - 1)])}


def table(to):
    py = "Python base64, ipaddress, urllib"
    for code, size, name in ROWS:
        if size == 0:
            both_ways(to, "row-%s" % name, "/" + name, varint(code), [name], py)
        for i, (text, value) in enumerate(VALUES.get(name, [])):
            both_ways(to, "row-%s-%d" % (name, i), "/%s/%s" % (name, text), component(code, value), [name], py)
            both_ways(to, "row-%s-%d-first" % (name, i), "/%s/%s/ws" % (name, text), component(code, value) + varint(477), [name, "ws"], py)
    for name, (why, cases) in OPEN.items():
        for text, value in cases:
            to.lenient("multiaddr.parse", "open-" + text[1:], ["Normal"], {"text": text}, why)
            if name == "unix":
                to.lenient("multiaddr.decode", "open-" + text[1:], ["Normal"], {"hex": component(400, value).hex()}, why)
    to.lenient("multiaddr.parse", "open-plaintextv2", ["Normal"], {"text": "/plaintextv2"}, "in multicodec's table.csv, not in protocols.csv")
    to.lenient("multiaddr.decode", "open-plaintextv2", ["Normal"], {"hex": varint(0x706C61).hex()}, "in multicodec's table.csv, not in protocols.csv")


def both_ways(to, name, text, data, names, check):
    to.add("multiaddr.parse", name, ["Normal"], {"text": text}, out={"hex": data.hex(), "text": text, "protocols": names}, check=check)
    to.add("multiaddr.decode", name, ["Normal"], {"hex": data.hex()}, out={"text": text, "protocols": names}, check=check)


# ---- values that are none ----

BASE32 = CSV + "%s has %d bits: base32 (RFC 4648 section 6) and a port, not 0 (RFC 6335 section 6)"
ESCAPE = "multiformats/multiaddr protocols/http-path.md: a segment-nz; RFC 3986 section 2.1: \"%\" HEXDIG HEXDIG"
I2P64 = "geti2p.net, Common structures: a Destination has 387 octets or more, in base64 with \"-\" and \"~\""
I2P32 = "geti2p.net, Naming and B32 for Encrypted Leasesets: 32 octets, or 35 and more, in base32"


def bad_values():
    """name, value as text, rule."""
    for name in ("tcp", "udp", "dccp", "sctp"):
        for bad in ("65536", "-1", "99999999999999999999", "a", "1.5", "0x10", "1 2"):
            yield name, bad, PORT % name
    for bad in ("1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.-4", "a.b.c.d", "1..2.3", "::1", "1.2.3.4:5"):
        yield "ip4", bad, IP4
    for bad in ("1:2:3:4:5:6:7:8:9", "1::2::3", "g::1", ":::", "12345::1", "1:2:3:4:5:6:7", "[::1]"):
        yield "ip6", bad, IP6
    for bad in ("256", "1026", "-1", "a", "24x", "/"):
        yield "ipcidr", bad, CSV + "ipcidr has 8 bits, in decimal digits"
    for name, size, bits in (("onion", 10, 96), ("onion3", 35, 296)):
        host = base32(det("onion%d" % size, size))
        for bad in (host, host + ":", host[:-1] + ":80", host + "a:80", host[:-1] + "1:80", host[:-1] + "8:80", host[:-1] + "=:80", host + ":-1", host + ":x", host + ":65537", host + ":80:80", ":80", host[:-8] + ":80", host + ":0"):
            yield name, bad, BASE32 % (name, bits)
    text = i2p(387)[0]
    for bad in (text[:-4], text[:-1], text[:-1] + "+", text[:-1] + "_", text[:-1] + "!", text + "=", text + ":80", i2p(385)[0], i2p(32)[0]):
        yield "garlic64", bad, I2P64
    text = b32(32)[0]
    for bad in (text[:-1], text[:-1] + "1", text[:-1] + "8", text + ":80", text + "@", b32(33)[0], b32(34)[0], b32(31)[0], b32(16)[0]):
        yield "garlic32", bad, I2P32
    for bad in ("%", "%f", "a%", "%zz", "%2", "a%2", "%%20", "%g0", "a%-1"):
        yield "http-path", bad, ESCAPE
    for bad in ("EiDD", "!uEiDD", "u", "uEiDDq4_xNyDorZBH3TlGazyJdOWSwvo4PUo5YHFMrvDE8", "uEiDDq4_xNyDorZBH3TlGazyJdOWSwvo4PUo5YHFMrvDE8gA", "f12"):
        yield "certhash", bad, "multiformats/multibase and multihash: a known prefix, then code, length, and exactly that many octets"
    for bad in ("Qm", "12D3", "QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNK", base58(b"\x11\x14" + det("sha1-id", 20)), "bafy", "0", "z"):
        yield "p2p", bad, "libp2p/specs peer-ids, String representation: a multihash, identity or sha2-256, in base58btc or as CIDv1"


def spoiled_values(to):
    for name, bad, rule in bad_values():
        to.reject("multiaddr.parse", "bad-%s-%s" % (name, bad[:24]), ["WrongValue"], {"text": "/%s/%s" % (name, bad)}, rule)
    for code, size, name in ROWS:
        if size == 0 or name not in VALUES:
            continue
        value = VALUES[name][0][1]
        data, ends = maddr((code, value))
        for n in spread(len(data), 12)[1:]:
            to.reject("multiaddr.decode", "row-%s-cut-at-%d" % (name, n), ["Truncated"], {"hex": data[:n].hex()}, cut_rule([(code, value)], ends, n))
        to.reject("multiaddr.parse", "row-%s-no-value" % name, ["Missing"], {"text": "/" + name}, NO_VALUE % name)
        to.reject("multiaddr.parse", "row-%s-no-value-slash" % name, ["Missing"], {"text": "/ws/%s/" % name}, NO_VALUE % name)
        if size == "V":
            spoiled_lengths(to, code, name, value)


def spoiled_lengths(to, code, name, value):
    rule = CSV + "%s has a length and as many octets (size V)" % name
    to.reject("multiaddr.decode", "row-%s-empty" % name, ["WrongLength"], {"hex": component(code, b"").hex()}, CSV + "%s has a value" % name)
    to.reject("multiaddr.decode", "row-%s-length-too-long" % name, ["WrongLength"], {"hex": (varint(code) + varint(len(value) + 1) + value).hex()}, rule)
    to.reject("multiaddr.decode", "row-%s-length-huge" % name, ["WrongLength", "Limit"], {"hex": (varint(code) + varint((1 << 63) - 1) + value).hex()}, rule)
    to.reject("multiaddr.decode", "row-%s-overlong-length" % name, ["OverlongVarint"], {"hex": (varint(code) + overlong(len(value), 3) + value).hex()},
              "multiformats unsigned-varint, as multiformats/multiaddr uses it: the shortest form alone")


# ---- protocols that nobody has ----

def nobody_s(to):
    for name in ("ip", "ip5", "ip44", "tcp4", "udp6", "quic-v2", "quicv1", "webrtc-direct2", "webrtcdirect", "tls1", "wsss", "p2p2", "TCP", "Tls", "certhash2", "http2", "onion2", "path", "dns5", "4", "0x06"):
        to.reject("multiaddr.parse", "nobody-" + name, ["UnknownValue"], {"text": "/%s/1" % name}, UNKNOWN)
    for code in (1, 2, 3, 5, 7, 0x20, 0x28, 0x2C, 0x39, 0x110, 0x112, 0x116, 0x117, 0x11A, 0x123, 0x1BA, 0x1C2, 0x1D3, 0x1E2, 0x308, 0x30A, 0x3FFF, 1 << 20, 1 << 31, 1 << 32 | 4, 1 << 62):
        to.reject("multiaddr.decode", "nobody-%x" % code, ["UnknownValue"], {"hex": varint(code).hex()}, UNKNOWN)
        to.reject("multiaddr.decode", "behind-nobody-%x" % code, ["UnknownValue"], {"hex": ("047f000001" + varint(code).hex())}, UNKNOWN)


def add(to):
    multiaddrs(to)
