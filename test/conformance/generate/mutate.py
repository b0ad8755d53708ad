"""Octets written and spoiled: varints, protobuf, truncations, flipped bits. Written from the specifications, without any code of the project."""
import hashlib
import zlib


def varint(n):
    out = b""
    while n > 0x7F:
        out += bytes([n & 0x7F | 0x80])
        n >>= 7
    return out + bytes([n])


def overlong(n, size):
    """n in exactly `size` octets, more than it needs."""
    out = bytes((n >> 7 * i & 0x7F) | 0x80 for i in range(size - 1))
    return out + bytes([n >> 7 * (size - 1)])


def pb_varint(field, n):
    return varint(field << 3) + varint(n)


def pb_bytes(field, data):
    return varint(field << 3 | 2) + varint(len(data)) + data


def pb_rule(data):
    """The rule of Protocol Buffers that these octets break first."""
    at = 0
    while at < len(data):
        try:
            tag, at = pb_varint_at(data, at)
            if tag >> 3 == 0:
                return "Protocol Buffers language, Assigning Field Numbers: from 1"
            if tag & 7 > 5:
                return "Protocol Buffers encoding, Message Structure: wire types are 0 to 5"
            at = pb_skip(data, at, tag & 7)
        except PbError as e:
            return str(e)
    raise AssertionError("nothing wrong with " + data.hex())


class PbError(Exception):
    pass


def pb_varint_at(data, at):
    end = at
    while end < len(data) and data[end] > 0x7F:
        end += 1
    if end - at >= 10:
        raise PbError("Protocol Buffers encoding, Base 128 Varints: at most ten octets")
    if end == len(data):
        raise PbError("Protocol Buffers encoding, Base 128 Varints: the last octet has its top bit clear")
    return read_varint(data, at)


def pb_skip(data, at, wire):
    """The end of a value."""
    if wire == 0:
        if at == len(data):
            raise PbError("Protocol Buffers encoding, Message Structure: a tag, then the value of its wire type")
        return pb_varint_at(data, at)[1]
    if wire in (3, 4):
        return at
    size = {1: 8, 5: 4}.get(wire)
    if size is None:
        if at == len(data):
            raise PbError("Protocol Buffers encoding, Message Structure: a tag, then the value of its wire type")
        size, at = pb_varint_at(data, at)
        if at + size > len(data):
            raise PbError("Protocol Buffers encoding, Length-Delimited Records: as many octets follow as the length says")
    elif at + size > len(data):
        raise PbError("Protocol Buffers encoding, Non-varint Numbers: a fixed number of octets")
    return at + size


def pb_ends(data):
    """Offsets at which a field of the message ends: cut there, it is a message still."""
    ends, at = [], 0
    while at < len(data):
        tag, at = read_varint(data, at)
        kind = tag & 7
        if kind == 0:
            _, at = read_varint(data, at)
        elif kind == 1:
            at += 8
        elif kind == 5:
            at += 4
        else:
            n, at = read_varint(data, at)
            at += n
        ends.append(at)
    return ends


def read_varint(data, at):
    value = shift = 0
    while True:
        b = data[at]
        value |= (b & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if b < 0x80:
            return value, at


def cuts(data, keep=()):
    """Every proper prefix but those whose length is in keep."""
    return [data[:n] for n in range(len(data)) if n not in keep]


def flipped(data, at, bit=0):
    return data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1:]


def spread(n, count):
    """At most count numbers from 0 to n - 1, first and last among them."""
    if n <= count:
        return list(range(n))
    return sorted({round(i * (n - 1) / (count - 1)) for i in range(count)})


def crc32c(data):
    crc = 0xFFFFFFFF
    for b in data:
        crc ^= b
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def crc32(data):
    return zlib.crc32(data)


def det(name, n):
    """n octets that look random and are the same every time."""
    out, i = b"", 0
    while len(out) < n:
        out += hashlib.sha256(("%s/%d" % (name, i)).encode()).digest()
        i += 1
    return out[:n]


BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def base58(data):
    n, out = int.from_bytes(data, "big"), ""
    while n:
        n, r = divmod(n, 58)
        out = BASE58[r] + out
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + out


def unbase58(text):
    n = 0
    for c in text:
        n = n * 58 + BASE58.index(c)
    zeros = len(text) - len(text.lstrip("1"))
    return b"\0" * zeros + n.to_bytes((n.bit_length() + 7) // 8, "big")
