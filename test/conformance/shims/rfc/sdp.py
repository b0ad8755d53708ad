"""Descriptions from the text of RFC 8866, RFC 8839, RFC 8841, RFC 8842 and RFC 8122, and DCEP from RFC 8832."""
import re

from octets import Octets, need

LENGTHS = {"sha-1": 20, "sha-224": 28, "sha-256": 32, "sha-384": 48, "sha-512": 64, "md5": 16, "md2": 16}
ICE_CHARS = r"[A-Za-z0-9+/]"


def fingerprint(text):
    """RFC 8122 section 5: hash-func SP 2UHEX *(":" 2UHEX). Digits are read in both cases, as browsers do."""
    m = re.fullmatch(r"([A-Za-z0-9!#$%&'*+.^_`{|}~-]+) ([0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2})*)", text)
    need(m)
    octets = bytes.fromhex(m[2].replace(":", ""))
    need(len(octets) == LENGTHS.get(m[1].lower(), len(octets)))
    return {"algorithm": m[1].lower(), "hex": octets.hex()}


def role(given):
    """RFC 4145 section 4.1, of offers and answers as RFC 8842 section 5 has them: neither is without a role, and holdconn makes no connection."""
    clients = {("actpass", "active"): "answerer", ("actpass", "passive"): "offerer", ("active", "passive"): "offerer", ("passive", "active"): "answerer"}
    need((given["offer"], given["answer"]) in clients, "state")
    return {"dtls_client": clients[given["offer"], given["answer"]]}


def value(name, *sections):
    """Of an attribute in the media section, or else in the session's (RFC 8839 section 5.4, RFC 8842 section 5.1)."""
    for lines in sections:
        for line in lines:
            if line.startswith("a=%s:" % name):
                return line[len(name) + 3:]


def parse(given):
    lines = re.split(r"\r?\n", given["text"])
    need(lines[0] == "v=0")  # RFC 8866 section 5.1
    starts = [i for i, l in enumerate(lines) if l.startswith("m=")] + [len(lines)]
    session, sections = lines[:starts[0]], [lines[a:b] for a, b in zip(starts, starts[1:])]
    ours = [s for s in sections if re.fullmatch(r"m=application \d+ (UDP|TCP)/DTLS/SCTP webrtc-datachannel *", s[0])]  # RFC 8841 section 4
    need(ours and int(ours[0][0].split()[1]) != 0)  # RFC 3264 section 6: a section with port 0 is refused
    look = lambda name: value(name, ours[0], session)
    ufrag, pwd = look("ice-ufrag") or "", look("ice-pwd") or ""
    need(re.fullmatch(ICE_CHARS + "{4,256}", ufrag) and re.fullmatch(ICE_CHARS + "{22,256}", pwd))  # RFC 8839 section 5.4
    prints = [l[14:] for l in ours[0] if l.startswith("a=fingerprint:")] or [l[14:] for l in session if l.startswith("a=fingerprint:")]
    need(prints)  # RFC 8842 section 5.1
    read = [fingerprint(p) for p in prints]
    setup, port, largest = look("setup"), look("sctp-port"), look("max-message-size")
    need(setup in (None, "active", "passive", "actpass", "holdconn"))  # RFC 4145 section 4
    need(port is None or re.fullmatch(r"\d{1,5}", port) and 0 < int(port) < 65536)  # RFC 8841 section 5.1
    need(largest is None or re.fullmatch(r"\d+", largest))  # RFC 8841 section 6.1
    return {"ice_ufrag": ufrag, "ice_pwd": pwd, "fingerprints": [r["hex"] for r in read if r["algorithm"] == "sha-256"]}


def dcep(given):
    """RFC 8832 section 5; an ACK is one octet, and what some send behind it is not looked at."""
    o = Octets(bytes.fromhex(given["hex"]))
    kind = o.number(1)
    if kind == 2:
        return {"type": "ACK"}
    need(kind == 3)
    channel, priority, parameter, label, protocol = o.number(1), o.number(2), o.number(4), o.number(2), o.number(2)
    need(channel & 0x7F <= 2)
    out = {"type": "OPEN", "channel_type": channel, "unordered": channel >= 0x80, "reliability": ["reliable", "rexmit", "timed"][channel & 0x7F], "priority": priority, "reliability_parameter": parameter,
           "label": o.take(label).decode(), "protocol": o.take(protocol).decode()}
    o.end()
    return out


OPS = {"fingerprint.parse": lambda g: fingerprint(g["text"]), "sdp.role": role, "sdp.parse": parse, "dcep.decode": dcep}
