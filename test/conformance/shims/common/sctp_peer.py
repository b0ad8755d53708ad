"""The peer that a case of sctp_association plays: packets to an implementation, and what it sends taken apart."""
import struct

SACK, HEARTBEAT, COOKIE_ACK = 3, 4, 11
COOKIE = 7  # a parameter


def crc32c(data):
    crc = 0xFFFFFFFF
    for octet in data:
        crc ^= octet
        for _ in range(8):
            crc = crc >> 1 ^ 0x82F63B78 * (crc & 1)
    return crc ^ 0xFFFFFFFF


def packet(tag, chunks, wrong_crc=False):
    body = b"".join(c + b"\0" * (-len(c) % 4) for c in chunks)
    head = struct.pack(">HHI", 5000, 5000, tag)
    return head + (crc32c(head + bytes(4) + body) ^ wrong_crc).to_bytes(4, "little") + body


def packets(given, tag):
    """Those of the case, with the tag and the checksum it asks for."""
    for p in given["packets"]:
        yield packet(tag ^ (p.get("tag") == "wrong"), [bytes.fromhex(c) for c in p["chunks"]], p.get("crc") == "wrong")


def units(data):
    """Chunks, or parameters: the first two octets, the value."""
    while len(data) >= 4:
        n = struct.unpack(">H", data[2:4])[0]
        yield data[:2], data[4:n]
        data = data[n + -n % 4:]


def of_init_ack(sent):
    """Tag and cookie."""
    value = next(v for t, v in units(sent[12:]) if t[0] == 2)
    return struct.unpack(">I", value[:4])[0], next(v for t, v in units(value[16:]) if t == struct.pack(">H", COOKIE))


def spoil(cookie, how):
    flip = lambda at: cookie[:at] + bytes([cookie[at] ^ 1]) + cookie[at + 1:]
    return {"flipped": flip(len(cookie) // 2), "first": flip(0), "last": flip(len(cookie) - 1), "truncated": cookie[:-1], "extended": cookie + b"\0", "zero": bytes(len(cookie)), "empty": b""}.get(how, cookie)


def sack(value):
    cumulative, _, blocks, again = struct.unpack(">IIHH", value[:12])
    pairs = struct.unpack(">%dH" % (2 * blocks), value[12:12 + 4 * blocks])
    return {"cumulative_tsn": cumulative, "gap_blocks": list(zip(pairs[::2], pairs[1::2])), "duplicates": list(struct.unpack(">%dI" % again, value[12 + 4 * blocks:12 + 4 * (blocks + again)]))}


def summary(sent):
    """The last SACK, and the types of the other chunks."""
    chunks = [(t[0], v) for p in sent for t, v in units(p[12:])]
    sacks = [v for t, v in chunks if t == SACK]
    return {"sack": sack(sacks[-1]) if sacks else None, "sent": [t for t, _ in chunks if t not in (SACK, HEARTBEAT, COOKIE_ACK)]}
