"""Session descriptions and signaling messages."""
from mutate import *

PRINT = ":".join("%02X" % b for b in det("sdp-print", 32))
LINES = ["v=0", "o=- 4611731400430051336 2 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0", "m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "c=IN IP4 0.0.0.0",
         "a=ice-ufrag:abcd", "a=ice-pwd:0123456789abcdefghijkl", "a=ice-options:trickle", "a=fingerprint:sha-256 " + PRINT, "a=setup:actpass", "a=mid:0", "a=sctp-port:5000", "a=max-message-size:262144"]
WANT = {"mid": "0", "ice_ufrag": "abcd", "ice_pwd": "0123456789abcdefghijkl", "setup": "actpass", "sctp_port": 5000, "max_message_size": 262144, "candidates": 0, "end_of_candidates": False, "ice_lite": False, "trickle": True,
        "fingerprints": [det("sdp-print", 32).hex()], "written_again": True}


def text(lines, end="\r\n"):
    return "".join(line + end for line in lines)


def swap(old, new):
    return [new if line.startswith(old) else line for line in LINES]


def drop(*starts):
    return [line for line in LINES if not any(line.startswith(s) for s in starts)]


def descriptions(to):
    def good(name, lines, flags=("Normal",), end="\r\n", comment=None, **more):
        to.add("sdp.parse", name, list(flags), {"text": text(lines, end)}, out=dict(WANT, **more), comment=comment)
    good("whole", LINES)
    good("lf", LINES, end="\n", comment="RFC 8866 section 5: readers take LF alone")
    good("no-max-message-size", drop("a=max-message"), max_message_size=65536, comment="RFC 8841 section 6.1: 64K where it is absent")
    good("max-message-size-0", swap("a=max-message", "a=max-message-size:0"), ["Boundary"], max_message_size=0, comment="RFC 8841 section 6.1: 0 is any size")
    good("no-sctp-port", drop("a=sctp-port"), sctp_port=5000, comment="RFC 8841 section 5: 5000 where it is absent")
    good("sctp-port-65535", swap("a=sctp-port", "a=sctp-port:65535"), ["Boundary"], sctp_port=65535)
    good("no-trickle", drop("a=ice-options"), trickle=False)
    good("trickle-among-others", swap("a=ice-options", "a=ice-options:ice2 trickle"), trickle=True)
    good("session-level", LINES[:5] + LINES[7:12] + LINES[5:7] + LINES[12:], ["ReorderedField"], comment="RFC 8839 section 5.4, RFC 8122 section 5: session level counts where the section has none")
    good("unknown-attributes", LINES + ["a=x-unknown:1", "a=extmap-allow-mixed"], ["UnknownField"], comment="RFC 8866 section 5.13: unknown attributes are ignored")
    good("reordered", LINES[:7] + LINES[:6:-1], ["ReorderedField"], comment="RFC 8866 section 5.13: attributes in any order")
    good("candidates", LINES + ["a=candidate:1 1 udp 2130706431 192.0.2.1 4242 typ host", "a=candidate:2 1 udp 1694498815 192.0.2.2 4243 typ srflx raddr 10.0.0.1 rport 4242", "a=end-of-candidates"], candidates=2, end_of_candidates=True)
    good("second-section", LINES[:5] + ["m=audio 9 UDP/TLS/RTP/SAVPF 0", "a=mid:a"] + LINES[5:], comment="the data-channel section is not always the first")
    for setup in ("active", "passive", "actpass"):
        good("setup-" + setup, swap("a=setup", "a=setup:" + setup), setup=setup)
    two = det("sdp-print2", 32)
    good("two-fingerprints", LINES + ["a=fingerprint:sha-256 " + ":".join("%02X" % b for b in two)], fingerprints=[det("sdp-print", 32).hex(), two.hex()], comment="RFC 8122 section 5: several may be there")
    good("other-hash-too", LINES + ["a=fingerprint:sha-512 " + ":".join("%02X" % b for b in det("x", 64))], ["UnknownValue"], comment="RFC 8122 section 5: a hash that is not known is passed over")

    def bad(name, lines, rule, flag="Missing"):
        to.reject("sdp.parse", name, [flag], {"text": text(lines)}, rule)
    bad("no-ufrag", drop("a=ice-ufrag"), "RFC 8839 section 5.4: ice-ufrag is there")
    bad("no-pwd", drop("a=ice-pwd"), "RFC 8839 section 5.4: ice-pwd is there")
    bad("no-fingerprint", drop("a=fingerprint"), "RFC 8842 section 5.1: a fingerprint is there")
    bad("no-section", drop("m="), "RFC 8841 section 4: m=application ... UDP/DTLS/SCTP webrtc-datachannel")
    bad("empty", [], "RFC 8866 section 5: v= comes first")
    bad("no-version", LINES[1:], "RFC 8866 section 5: v= comes first")
    bad("version-1", swap("v=", "v=1"), "RFC 8866 section 5.1: version 0", "UnknownValue")
    bad("port-0", swap("m=", "m=application 0 UDP/DTLS/SCTP webrtc-datachannel"), "RFC 3264 section 6: port 0 refuses the section", "WrongValue")
    for n in (0, 1, 3):
        bad("ufrag-%d" % n, swap("a=ice-ufrag", "a=ice-ufrag:" + "a" * n), "RFC 8839 section 5.4: ice-ufrag has 4 to 256 ice-chars", "WrongLength")
    for n in (0, 4, 21):
        bad("pwd-%d" % n, swap("a=ice-pwd", "a=ice-pwd:" + "p" * n), "RFC 8839 section 5.4: ice-pwd has 22 to 256 ice-chars", "WrongLength")
    for n in (257, 300):
        bad("ufrag-%d" % n, swap("a=ice-ufrag", "a=ice-ufrag:" + "a" * n), "RFC 8839 section 5.4: ice-ufrag has 4 to 256 ice-chars", "WrongLength")
        bad("pwd-%d" % n, swap("a=ice-pwd", "a=ice-pwd:" + "p" * n), "RFC 8839 section 5.4: ice-pwd has 22 to 256 ice-chars", "WrongLength")
    for c in "= -_:@\u00e9":
        bad("ufrag-char-%02x" % ord(c), swap("a=ice-ufrag", "a=ice-ufrag:abc%sdef" % c), "RFC 8839 section 5.4: ice-chars are letters, digits, + and /", "WrongValue")
    octets, digits, token = "RFC 8122 section 5: as many octets as the hash has, 32 of sha-256", "RFC 8122 section 5: each octet is two hexadecimal digits, with a colon between octets", "RFC 8122 section 5: a hash function, a space and a fingerprint"
    rules = {"short": octets, "long": octets, "no-value": token, "empty": token}
    for name, value in (("short", "sha-256 " + PRINT[:-3]), ("long", "sha-256 " + PRINT + ":00"), ("not-hex", "sha-256 " + PRINT[:-1] + "G"), ("no-value", "sha-256"), ("empty", ""), ("no-colons", "sha-256 " + PRINT.replace(":", ""))):
        bad("fingerprint-" + name, swap("a=fingerprint", "a=fingerprint:" + value), rules.get(name, digits), "WrongValue")
    for name, value in (("unknown", "a=setup:both"), ("empty", "a=setup:")):
        bad("setup-" + name, swap("a=setup", value), "RFC 4145 section 4: active, passive, actpass or holdconn", "UnknownValue")
    to.lenient("sdp.parse", "over-64k", ["Limit"], {"text": text(LINES + ["a=x:" + "y" * 1000] * 70)}, "more than 64 KiB; a bound of one's own may refuse it")


def roles(to):
    setups = ("active", "passive", "actpass", "holdconn")
    client = {("actpass", "active"): "answerer", ("actpass", "passive"): "offerer", ("active", "passive"): "offerer", ("passive", "active"): "answerer"}
    for offer in setups:
        for answer in setups:
            if (offer, answer) in client:
                to.add("sdp.role", "%s-and-%s" % (offer, answer), ["Normal"], {"offer": offer, "answer": answer}, out={"dtls_client": client[offer, answer]})
            else:
                to.reject("sdp.role", "%s-and-%s" % (offer, answer), ["WrongValue"], {"offer": offer, "answer": answer}, "RFC 8842 section 5.3, RFC 4145 section 4.1: one is active, the other passive", "state")
    for offer, answer in (("", "active"), ("actpass", ""), ("", ""), ("ACTPASS", "active"), ("actpass", "both")):
        to.reject("sdp.role", "odd-%s-%s" % (offer or "none", answer or "none"), ["UnknownValue"], {"offer": offer, "answer": answer}, "RFC 8842 section 5.1: a=setup is there", "state")


def signaling(to):
    for kind, data in ((0, text(LINES).encode()), (1, b"v=0\r\n"), (2, b'{"candidate":""}'), (2, b"")):
        good = pb_varint(1, kind) + pb_bytes(2, data)
        name = "type-%d-%d" % (kind, len(data))
        to.add("signaling.decode", name, ["Normal"], {"hex": good.hex()}, out={"type": kind, "data": data.hex()})
        to.add("signaling.encode", name, ["Normal"], {"type": kind, "data": data.hex()}, out={"hex": (varint(len(good)) + good).hex()})
        for cut in ([good[:n] for n in spread(len(good), 40)]):
            if len(cut) not in [0] + pb_ends(good):
                to.reject("signaling.decode", "%s-cut-at-%d" % (name, len(cut)), ["Truncated"], {"hex": cut.hex()}, pb_rule(cut))
    to.add("signaling.decode", "reordered", ["ReorderedField"], {"hex": (pb_bytes(2, b"x") + pb_varint(1, 1)).hex()}, out={"type": 1, "data": "78"}, comment="Protocol Buffers: fields in any order")
    to.add("signaling.decode", "unknown-field", ["UnknownField"], {"hex": (pb_varint(1, 1) + pb_bytes(2, b"x") + pb_varint(7, 1)).hex()}, out={"type": 1, "data": "78"}, comment="Protocol Buffers: unknown fields are skipped")
    to.add("signaling.decode", "unknown-type", ["UnknownValue"], {"hex": (pb_varint(1, 9) + pb_bytes(2, b"x")).hex()}, out={"type": 9, "data": "78"}, comment="it decodes; the exchange passes over it")
    to.add("signaling.decode", "no-type", ["Missing"], {"hex": pb_bytes(2, b"x").hex()}, out={"type": None, "data": "78"}, comment="it decodes; the exchange refuses it")
    to.add("signaling.decode", "type-twice", ["DuplicateField"], {"hex": (pb_varint(1, 0) + pb_varint(1, 2)).hex()}, out={"type": 2, "data": None}, comment="Protocol Buffers: of a repeated scalar the last counts")
    for name, bad in (("type-as-bytes", pb_bytes(1, b"\0")), ("data-as-varint", pb_varint(2, 1)), ("type-fixed32", b"\x0d\0\0\0\0"), ("group", b"\x13\x14"), ("wire-7", b"\x0f"), ("field-0", b"\0\1"), ("inner-length", b"\x12\x05ab"), ("varint-11", b"\x08" + b"\xff" * 10 + b"\1")):
        if "as" in name or name in ("type-fixed32", "group"):
            to.lenient("signaling.decode", name, ["WrongType"], {"hex": bad.hex()}, "Protocol Buffers readers may take a field of another wire type, or a group, for an unknown one")
            continue
        to.reject("signaling.decode", name, ["WrongType" if "wire" in name else "WrongValue" if "field" in name else "WrongLength"], {"hex": bad.hex()}, pb_rule(bad))
    to.lenient("signaling.encode", "over-16k", ["Limit"], {"type": 0, "data": "00" * 16385}, "more than 16 KiB, which js-libp2p would not read")
    candidates(to)


TO_JSON = "libp2p/specs webrtc/webrtc.md, message Message: RTCIceCandidate.toJSON() of WebRTC 1.0"


def candidates(to):
    op, text = "signaling.candidate", "candidate:1 1 udp 2130706431 192.0.2.1 4242 typ host"
    mid = '"sdpMid":"0"'
    for name, json, want, end in (("browser", '{"candidate":"%s","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":"abcd"}' % text, text, False), ("index-alone", '{"candidate":"%s","sdpMLineIndex":0}' % text, text, False),
                                  ("reordered", '{%s,"candidate":"%s"}' % (mid, text), text, False), ("spaces-2", ' {\n "candidate" : "%s" , "sdpMid": "0" } ' % text, text, False), ("escaped-2", '{"candidate":"%s",%s}' % (text.replace("c", "\\u0063", 1), mid), text, False),
                                  ("slash-2", '{"candidate":"candidate:a\\/b 1 udp 1 192.0.2.1 1 typ host",%s}' % mid, "candidate:a/b 1 udp 1 192.0.2.1 1 typ host", False), ("nested-2", '{"x":{"candidate":"no"},"candidate":"%s",%s}' % (text, mid), text, False),
                                  ("unknown-members", '{"a":[1,{"b":null}],"candidate":"%s",%s,"z":-1.5e3}' % (text, mid), text, False), ("empty-candidate-2", '{"candidate":"",%s}' % mid, "", True), ("null", "null", "", True), ("empty", '""', "", True)):
        to.add(op, name, ["Normal"], {"json": json}, out={"candidate": want, "end": end}, comment=TO_JSON)
    for name, json in (("alone-2", '{"candidate":"%s"}' % text), ("null-candidate-2", '{"candidate":null,"sdpMid":null}'), ("empty-alone", '{"candidate":""}')):
        to.lenient(op, name, ["Missing"], {"json": json}, "neither sdpMid nor sdpMLineIndex: toJSON() has both, and RTCIceCandidate's constructor wants one of them; some peers send the candidate alone")
    to.lenient(op, "candidate-number-2", ["WrongType"], {"json": '{"candidate":5,%s}' % mid}, "WebIDL makes a DOMString of any value; it is no candidate either way")
    whole = '{"candidate":"%s","sdpMid":"0"}' % text
    for n in range(1, len(whole)):
        to.reject(op, "cut-at-%d" % n, ["Truncated"], {"json": whole[:n]}, "RFC 8259 section 7: a string ends with a quotation mark" if whole[:n].count('"') % 2 else "RFC 8259 section 4: an object ends with }")
    for name, bad, rule in (("array", "[]", TO_JSON + ": an object"), ("number", "7", TO_JSON + ": an object"), ("text", "candidate", "RFC 8259 section 3: of the bare words there are true, false and null"), ("trailing", whole + "x", "RFC 8259 section 2: one value"), ("trailing-object", whole + whole, "RFC 8259 section 2: one value"),
                            ("single-quotes", whole.replace('"', "'"), "RFC 8259 section 7: strings stand in quotation marks"), ("comma", '{"candidate":"x",}', "RFC 8259 section 4: a member follows a comma"), ("no-colon", '{"candidate" "x"}', "RFC 8259 section 4: a colon follows a name"),
                            ("bad-escape", '{"candidate":"\\x41"}', "RFC 8259 section 7: the characters that may be escaped"), ("bare-word", "{candidate:1}", "RFC 8259 section 4: a name is a string"), ("true", "true", TO_JSON + ": an object"), ("candidate-object-2", '{"candidate":{},%s}' % mid, TO_JSON + ": candidate is a string"),
                            ("control-character", '{"candidate":"a\tb",%s}' % mid, "RFC 8259 section 7: control characters are escaped"), ("leading-zero", '{"sdpMLineIndex":00,"candidate":"%s"}' % text, "RFC 8259 section 6: no leading zeros"), ("comment", whole + " // x", "RFC 8259 section 2: one value"),
                            ("half-surrogate-escape", '{"candidate":"\\u00"}', "RFC 8259 section 7: four hexadecimal digits")):
        to.reject(op, name, ["WrongValue"], {"json": bad}, rule)
    to.lenient(op, "zero-2", ["WrongValue"], {"json": '{"candidate":"a\\u0000b",%s}' % mid}, "JSON holds a zero character; no candidate does (RFC 8839 section 5.1)")


def add(to):
    descriptions(to)
    roles(to)
    signaling(to)
