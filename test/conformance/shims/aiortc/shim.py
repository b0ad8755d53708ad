#!/usr/bin/env python3
"""aiortc and aioice behind the protocol of vectors/SHIM.md. Every operation calls the library's own function; nothing is checked here."""
import logging

logging.disable(logging.CRITICAL)

from aioice import stun
from aioice.candidate import Candidate, candidate_priority
from aioice.ice import candidate_pair_priority
from aiortc import rtcsctptransport as sctp
from aiortc import utils
from aiortc.sdp import SessionDescription

import association
import channels
import sctp_peer
from serve import Refused, serve

KINDS = {0x000: "request", 0x010: "indication", 0x100: "success", 0x110: "error"}


# ---- aioice ----

def stun_decode(given):
    data = bytes.fromhex(given["hex"])
    m = stun.parse_message(data)
    return {"class": KINDS[int(m.message_class)], "method": int(m.message_method), "length": len(data) - 20, "transaction_id": m.transaction_id.hex()}


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


def error_code(given):
    code, reason = stun.unpack_error_code(bytes.fromhex(given["value"]))
    return {"code": code, "reason": reason}


def xor_address(given):
    ip, port = stun.unpack_xor_address(bytes.fromhex(given["value"]), bytes.fromhex(given["transaction_id"]))
    return {"ip": ip, "port": port}


def candidate(given):
    text = given["text"]
    if not text.startswith("candidate:"):
        raise ValueError
    c = Candidate.from_sdp(text[len("candidate:"):])
    return {"foundation": c.foundation, "component": c.component, "transport": c.transport.lower(), "priority": c.priority, "address": c.host, "port": c.port, "type": c.type,
            "rel_address": c.related_address, "rel_port": c.related_port}


def candidate_text(given):
    c = Candidate(foundation=given["foundation"], component=given["component"], transport="udp", priority=given["priority"], host=given["address"], port=given["port"], type=given["type"],
                  related_address=given.get("rel_address"), related_port=given.get("rel_port"))
    return {"text": "candidate:" + c.to_sdp()}


def priority(given):
    preference = given.get("type_preference")
    if preference is not None and preference != candidate_priority(256, given["type"], 0) >> 24:
        raise NotImplementedError  # aioice has the recommended preferences alone
    return {"priority": candidate_priority(given["component"], given["type"], given["local_preference"])}


def pair_priority(given):
    side = lambda value: Candidate(foundation="1", component=1, transport="udp", priority=int(value), host="192.0.2.1", port=1, type="host")
    return {"priority": str(candidate_pair_priority(side(given["G"]), side(given["D"]), True))}


# ---- aiortc ----

def sctp_verify(given):
    sctp.parse_packet(bytes.fromhex(given["hex"]))
    return {}


def sctp_decode(given):
    source, destination, tag, _ = sctp.parse_packet(bytes.fromhex(given["hex"]))
    return {"source_port": source, "destination_port": destination, "verification_tag": tag, "checksum_ok": True}


FIELDS = {"initiate_tag": "initiate_tag", "advertised_rwnd": "a_rwnd", "outbound_streams": "outbound_streams", "inbound_streams": "inbound_streams", "initial_tsn": "initial_tsn", "gaps": "gap_blocks",
          "duplicates": "duplicates"}


def chunk(given):
    """In a packet of its own; of a chunk that aiortc does not know it has nothing."""
    found = sctp.parse_packet(sctp_peer.packet(1, [bytes.fromhex(given["hex"])]))[3]
    if not found:
        raise NotImplementedError
    c = found[0]
    out = {FIELDS[name]: getattr(c, name) for name in FIELDS if hasattr(c, name)}
    if c.type in (3, 7):
        out["cumulative_tsn"] = c.cumulative_tsn
    if c.type == 192:
        out.update(new_cumulative_tsn=c.cumulative_tsn, streams=c.streams)
    if c.type == 10:
        out["cookie"] = c.body.hex()
    return dict(out, type=c.type, flags=c.flags)


def parameter(given):
    kind, value = sctp.decode_params(bytes.fromhex(given["hex"]))[0]
    if kind not in sctp.RECONFIG_PARAM_TYPES:
        raise NotImplementedError
    p = sctp.RECONFIG_PARAM_TYPES[kind].parse(value)
    names = {"request_sequence": "request_seq", "response_sequence": "response_seq", "last_tsn": "last_tsn", "streams": "streams", "result": "result", "new_streams": "new_streams"}
    return {"type": kind, "decoded": {names[k]: v for k, v in vars(p).items()}}


def serial(given):
    greater = {16: utils.uint16_gt, 32: utils.uint32_gt}[given["bits"]]
    return {"a_lt_b": greater(int(given["b"]), int(given["a"]))}


def sdp_parse(given):
    d = SessionDescription.parse(given["text"])
    m = next(m for m in d.media if m.kind == "application")
    prints = [f.value.replace(":", "").lower() for f in m.dtls.fingerprints if f.algorithm.lower() == "sha-256"]
    return {"ice_ufrag": m.ice.usernameFragment, "ice_pwd": m.ice.password, "fingerprints": prints}


OPS = {
    "stun_message.decode": stun_decode, "stun_message.error_code": error_code, "stun_message.xor_address": xor_address, "stun_integrity.check": stun_integrity, "stun_fingerprint.check": stun_fingerprint,
    "ice_candidate.parse": candidate, "ice_candidate.format": candidate_text, "ice_priority.candidate": priority, "ice_priority.pair": pair_priority,
    "sctp_packet.verify": sctp_verify, "sctp_packet.decode": sctp_decode, "sctp_chunk.decode": chunk, "sctp_parameter.decode": parameter, "sctp_serial.compare": serial,
    "sctp_crc32c.compute": lambda given: {"crc32c": "%08x" % sctp.crc32c(bytes.fromhex(given["hex"]))}, "sctp_association.receive": association.receive,
    "dcep.decode": channels.decode, "dcep.receive": channels.receive, "dcep.ppid": channels.ppid, "dcep.stream_id": channels.stream_id, "sdp.parse": sdp_parse,
}

# The library reads more than these operations give back.
PARTIAL = {"stun_message.decode", "stun_message.xor_address", "ice_candidate.parse", "sctp_packet.decode", "sctp_chunk.decode", "sctp_parameter.decode", "sctp_association.receive", "dcep.decode", "sdp.parse"}

serve(OPS, PARTIAL)
