#!/usr/bin/env python3
"""aiortc and aioice behind the protocol of vectors/SHIM.md. Every operation calls the library's own function; nothing is checked here."""
import logging

logging.disable(logging.CRITICAL)

from aioice import stun
from aioice.candidate import Candidate
from aiortc import rtcsctptransport as sctp
from aiortc.sdp import SessionDescription

from serve import Refused, serve


def stun_decode(given):
    data = bytes.fromhex(given["hex"])
    m = stun.parse_message(data)
    names = {0x000: "request", 0x010: "indication", 0x100: "success", 0x110: "error"}
    return {"class": names[int(m.message_class)], "method": int(m.message_method), "length": len(data) - 20, "transaction_id": m.transaction_id.hex()}


def stun_integrity(given):
    if given["algorithm"] != "sha1" or "realm" in given:
        raise NotImplementedError
    m = stun.parse_message(bytes.fromhex(given["hex"]), integrity_key=given["password"].encode())
    if "MESSAGE-INTEGRITY" not in m.attributes:
        raise Refused("auth")
    return {"key": given["password"].encode().hex()}


def stun_fingerprint(given):
    if "FINGERPRINT" not in stun.parse_message(bytes.fromhex(given["hex"])).attributes:
        raise Refused("auth")
    return {}


def candidate(given):
    text = given["text"]
    if not text.startswith("candidate:"):
        raise ValueError
    c = Candidate.from_sdp(text[len("candidate:"):])
    return {"foundation": c.foundation, "component": c.component, "transport": c.transport.lower(), "priority": c.priority, "address": c.host, "port": c.port, "type": c.type,
            "rel_address": c.related_address, "rel_port": c.related_port}


def sctp_verify(given):
    sctp.parse_packet(bytes.fromhex(given["hex"]))
    return {}


def sctp_decode(given):
    data = bytes.fromhex(given["hex"])
    source, destination, tag, chunks = sctp.parse_packet(data)
    return {"source_port": source, "destination_port": destination, "verification_tag": tag, "checksum_ok": True}


def sdp_parse(given):
    d = SessionDescription.parse(given["text"])
    m = next(m for m in d.media if m.kind == "application")
    prints = [f.value.replace(":", "").lower() for f in m.dtls.fingerprints if f.algorithm.lower() == "sha-256"]
    return {"ice_ufrag": m.ice.usernameFragment, "ice_pwd": m.ice.password, "fingerprints": prints}


OPS = {
    "stun_message.decode": stun_decode, "stun_integrity.check": stun_integrity, "stun_fingerprint.check": stun_fingerprint, "ice_candidate.parse": candidate,
    "sctp_packet.verify": sctp_verify, "sctp_packet.decode": sctp_decode, "sdp.parse": sdp_parse,
}

# The library reads more than these operations give back.
PARTIAL = {"stun_message.decode", "sctp_packet.decode", "sdp.parse", "ice_candidate.parse"}

serve(OPS, PARTIAL)
