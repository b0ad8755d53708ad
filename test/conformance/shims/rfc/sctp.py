"""SCTP from the text of RFC 9260, RFC 3758, RFC 6525 and RFC 8260."""
from octets import Octets, need

DATA, INIT, INIT_ACK, SACK, HEARTBEAT, HEARTBEAT_ACK, ABORT, SHUTDOWN, SHUTDOWN_ACK, ERROR, COOKIE_ECHO, COOKIE_ACK, SHUTDOWN_COMPLETE = list(range(12)) + [14]
I_DATA, RE_CONFIG, FORWARD_TSN, I_FORWARD_TSN = 0x40, 0x82, 0xC0, 0xC2


def crc32c(data):
    """RFC 9260 appendix A, bit by bit from the reflected polynomial 0x1EDC6F41."""
    remainder = 0xFFFFFFFF
    for octet in data:
        for bit in range(8):
            low = (remainder ^ octet >> bit) & 1
            remainder = remainder >> 1 ^ (0x82F63B78 if low else 0)
    return remainder ^ 0xFFFFFFFF


def units(data):
    """RFC 9260 section 3.2.1: type, length with the four octets of header, value, padding to four; the last may lack its padding."""
    o, found = Octets(data), []
    while o.left():
        kind, length = o.number(2), o.number(2)
        need(length >= 4)
        found.append((kind, length, o.take(length - 4)))
        o.take(min(-length % 4, o.left()))
    return found


def listed(data):
    return [{"type": t, "length": n, "value": v.hex()} for t, n, v in units(data)]


def reconfiguration(kind, value):
    """RFC 6525 section 4."""
    o = Octets(value)
    if kind == 13:
        out = {"request_seq": o.number(4), "response_seq": o.number(4), "last_tsn": o.number(4)}
        return dict(out, streams=[o.number(2) for _ in range(o.left() // 2)]) if o.left() % 2 == 0 else need(False)
    if kind == 14:
        out = {"request_seq": o.number(4)}
        return dict(out, streams=[o.number(2) for _ in range(o.left() // 2)]) if o.left() % 2 == 0 else need(False)
    out = {15: lambda: {"request_seq": o.number(4)}, 16: lambda: {"response_seq": o.number(4), "result": o.number(4)}, 17: lambda: {"request_seq": o.number(4), "new_streams": o.number(2)},
           18: lambda: {"request_seq": o.number(4), "new_streams": o.number(2)}}[kind]()
    if kind in (17, 18):
        o.take(2)
    if kind == 16 and o.left():
        o.take(8)  # section 4.4: sender's and receiver's next TSN, both or none
    o.end()
    return out


def parameter(given):
    found = units(bytes.fromhex(given["hex"]))
    need(len(found) == 1)
    kind, length, value = found[0]
    out = {"type": kind, "length": length, "value": value.hex()}
    if given["context"] == "RE-CONFIG" and 13 <= kind <= 18:
        out["decoded"] = reconfiguration(kind, value)
    return out


def body(kind, flags, o):
    """What is in the value of a chunk, by the subsection of RFC 9260 section 3.3 or the RFC of its type."""
    if kind == DATA:
        out = {"tsn": o.number(4), "stream_id": o.number(2), "ssn": o.number(2), "ppid": o.number(4), "user_data": o.take(o.left()).hex()}
        return dict(out, unordered=bool(flags & 4), beginning=bool(flags & 2), ending=bool(flags & 1), immediate=bool(flags & 8))
    if kind in (INIT, INIT_ACK):
        out = {"initiate_tag": o.number(4), "a_rwnd": o.number(4), "outbound_streams": o.number(2), "inbound_streams": o.number(2), "initial_tsn": o.number(4)}
        return dict(out, parameters=listed(o.take(o.left())))
    if kind == SACK:
        out = {"cumulative_tsn": o.number(4), "a_rwnd": o.number(4)}
        blocks, again = o.number(2), o.number(2)
        return dict(out, gap_blocks=[[o.number(2), o.number(2)] for _ in range(blocks)], duplicates=[o.number(4) for _ in range(again)])
    if kind in (HEARTBEAT, HEARTBEAT_ACK):
        return {"parameters": listed(o.take(o.left()))}
    if kind in (ABORT, ERROR):
        return dict({"causes": listed(o.take(o.left()))}, **({"t_bit": bool(flags & 1)} if kind == ABORT else {}))
    if kind == SHUTDOWN:
        return {"cumulative_tsn": o.number(4)}
    if kind == COOKIE_ECHO:
        return {"cookie": o.take(o.left()).hex()}
    if kind == SHUTDOWN_COMPLETE:
        return {"t_bit": bool(flags & 1)}
    if kind == RE_CONFIG:
        found = units(o.take(o.left()))
        return {"parameters": [dict({"type": t, "length": n, "value": v.hex()}, **({"decoded": reconfiguration(t, v)} if 13 <= t <= 18 else {})) for t, n, v in found]}
    if kind == FORWARD_TSN:
        out = {"new_cumulative_tsn": o.number(4)}
        need(o.left() % 4 == 0)
        return dict(out, streams=[[o.number(2), o.number(2)] for _ in range(o.left() // 4)])
    if kind in (SHUTDOWN_ACK, COOKIE_ACK):
        return {"value": ""}
    if kind == I_FORWARD_TSN:
        need(o.left() >= 4 and o.left() % 8 == 4)  # RFC 8260 section 2.3.1
    if kind == I_DATA:
        need(o.left() >= 16)  # RFC 8260 section 2.1
    return {"value": o.take(o.left()).hex()}


def chunk(o):
    kind, flags, length = o.number(1), o.number(1), o.number(2)
    need(length >= 4)
    inside = Octets(o.take(length - 4))
    out = dict({"type": kind, "flags": flags, "length": length}, **body(kind, flags, inside))
    inside.end()
    o.take(min(-length % 4, o.left()))
    return out


def one_chunk(given):
    o = Octets(bytes.fromhex(given["hex"]))
    out = chunk(o)
    o.end()
    return out


def packet(given):
    data = bytes.fromhex(given["hex"])
    o, chunks = Octets(data), []
    out = {"source_port": o.number(2), "destination_port": o.number(2), "verification_tag": o.number(4), "checksum": o.take(4)[::-1].hex()}
    while o.left():
        chunks.append(chunk(o))
    return dict(out, checksum_ok=sum_of(data) == data[8:12], chunks=chunks)


def sum_of(data):
    return crc32c(data[:8] + bytes(4) + data[12:]).to_bytes(4, "little")


def verify(given):
    data = bytes.fromhex(given["hex"])
    need(len(data) >= 12)
    need(sum_of(data) == data[8:12], "auth")
    return {}


def serial(given):
    """RFC 1982 section 3.2; where it leaves the order open there is none."""
    a, b, half = int(given["a"]), int(given["b"]), 1 << given["bits"] - 1
    return {"a_lt_b": (a < b and b - a < half) or (a > b and a - b > half)}


OPS = {"sctp_packet.decode": packet, "sctp_packet.verify": verify, "sctp_chunk.decode": one_chunk, "sctp_parameter.decode": parameter, "sctp_serial.compare": serial,
       "sctp_crc32c.compute": lambda g: {"crc32c": "%08x" % crc32c(bytes.fromhex(g["hex"]))}}
