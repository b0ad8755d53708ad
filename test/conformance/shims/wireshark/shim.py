#!/usr/bin/env python3
"""Wireshark's dissectors behind the protocol of vectors/SHIM.md. What they call an error or malformed is refused; nothing is checked here."""
import struct

from sctp_peer import crc32c
from serve import Refused, serve
from shark import RAW_IP, SCTP, ask, dissect, numbers, udp, values

STUN_PORT, DTLS_PORT = 3478, 4433
DCEP_PPID = 50

ask("setconf", name="sctp.checksum", value="CRC 32c")


def is_protocol(found, name):
    """Whether the dissector took the octets at all."""
    if not any(n.get("t") == "proto" and n.get("f") == name for n in found):
        raise Refused
    return found


# ---- SCTP ----

def in_packet(octets):
    """As they are, without padding, and with the checksum that Wireshark expects: it says so itself when it is another."""
    head = struct.pack(">HHI", 5000, 5000, 1)
    return head + crc32c(head + bytes(4) + octets).to_bytes(4, "little") + octets


def chunks_of(found):
    return [{"type": t, "flags": f, "length": n} for t, f, n in zip(numbers(found, "sctp.chunk_type"), numbers(found, "sctp.chunk_flags"), numbers(found, "sctp.chunk_length"))]


def packet(given):
    """Whatever its checksum: the right one is put in."""
    data = bytes.fromhex(given["hex"])
    if len(data) >= 12:
        data = data[:8] + crc32c(data[:8] + bytes(4) + data[12:]).to_bytes(4, "little") + data[12:]
    found = is_protocol(dissect(data, SCTP), "sctp")
    return {"source_port": numbers(found, "sctp.srcport")[0], "destination_port": numbers(found, "sctp.dstport")[0], "verification_tag": numbers(found, "sctp.verification_tag")[0], "chunks": chunks_of(found)}


def verify(given):
    found = is_protocol(dissect(bytes.fromhex(given["hex"]), SCTP), "sctp")
    if values(found, "sctp.checksum.status") != ['"Good"']:
        raise Refused("auth")
    return {}


def chunk(given):
    return chunks_of(dissect(in_packet(bytes.fromhex(given["hex"])), SCTP))[0]


def parameter(given):
    """In a chunk of its context."""
    value = bytes.fromhex(given["hex"])
    if given["context"] == "INIT":
        value = struct.pack(">IIHHI", 1, 65536, 1, 1, 1) + value
    kind = {"INIT": 1, "RE-CONFIG": 130}[given["context"]]
    found = dissect(in_packet(struct.pack(">BBH", kind, 0, 4 + len(value)) + value + bytes(-len(value) % 4)), SCTP)
    return {"type": numbers(found, "sctp.parameter_type")[0], "length": numbers(found, "sctp.parameter_length")[0]}


# ---- DCEP, in DATA ----

def dcep(given):
    value = struct.pack(">IHHI", 1, 1, 0, DCEP_PPID) + bytes.fromhex(given["hex"])
    found = is_protocol(dissect(in_packet(struct.pack(">BBH", 0, 3, 4 + len(value)) + value + bytes(-len(value) % 4)), SCTP), "rtcdc")
    kind = numbers(found, "rtcdc.message_type")[0]
    if kind == 2:
        return {"type": "ACK"}
    if kind != 3:
        raise NotImplementedError  # a dissector has no opinion of a type without a name
    return {"type": "OPEN", "channel_type": numbers(found, "rtcdc.channel_type")[0], "priority": numbers(found, "rtcdc.priority")[0], "reliability_parameter": numbers(found, "rtcdc.reliability_parameter")[0]}


# ---- STUN and DTLS, in UDP ----

def stun(given):
    found = is_protocol(dissect(udp(bytes.fromhex(given["hex"]), STUN_PORT), RAW_IP), "stun")
    return {"length": numbers(found, "stun.length")[0], "transaction_id": values(found, "stun.id")[0].replace(":", "")}


def dtls(given):
    found = is_protocol(dissect(udp(bytes.fromhex(given["hex"]), DTLS_PORT), RAW_IP), "dtls")
    kinds = numbers(found, "dtls.record.content_type")
    return {"records": [{"content_type": t, "epoch": e, "sequence": str(s), "length": n}
                        for t, e, s, n in zip(kinds, numbers(found, "dtls.record.epoch"), numbers(found, "dtls.record.sequence_number"), numbers(found, "dtls.record.length"))]}


OPS = {"sctp_packet.decode": packet, "sctp_packet.verify": verify, "sctp_chunk.decode": chunk, "sctp_parameter.decode": parameter, "dcep.decode": dcep, "stun_message.decode": stun, "dtls_record.decode": dtls}

# Wireshark reads more than these operations give back.
PARTIAL = set(OPS)

serve(OPS, PARTIAL, limit_s=0)
