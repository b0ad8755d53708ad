"""STUN from the text of RFC 8489."""
import hashlib
import hmac
import ipaddress
import unicodedata
import zlib

from octets import Octets, need

COOKIE = b"\x21\x12\xa4\x42"
USERNAME, INTEGRITY, ERROR, INTEGRITY_SHA256, FINGERPRINT = 0x0006, 0x0008, 0x0009, 0x001C, 0x8028
# IANA's registry of STUN attributes, the comprehension-required half, as far as ICE and STUN use it (RFC 8489 section 18.3, RFC 8445 section 16.1).
REGISTERED = {0x0001, 0x0006, 0x0008, 0x0009, 0x000A, 0x0014, 0x0015, 0x001C, 0x001D, 0x001E, 0x0020, 0x0024, 0x0025}


def kind(number):
    """Section 5: two zero bits, then M11..M7 C1 M6..M4 C0 M3..M0."""
    need(number < 1 << 14)
    bits = format(number, "014b")
    return {"class": ["request", "indication", "success", "error"][int(bits[5] + bits[9], 2)], "method": int(bits[:5] + bits[6:9] + bits[10:], 2)}


def attributes(data):
    """Offset, type and value of each."""
    o = Octets(data)
    o.take(2)
    length = o.number(2)
    need(o.take(4) == COOKIE and length % 4 == 0)
    o.take(12)
    need(length == o.left())
    found = []
    while o.left():
        at, number = o.at, o.number(2)
        n = o.number(2)
        found.append((at, number, o.take(n)))
        o.take(-n % 4)
        need(number == FINGERPRINT or all(t != FINGERPRINT for _, t, _ in found))
    need(sum(t == FINGERPRINT for _, t, _ in found) <= 1)
    return found


def decode(given):
    data = bytes.fromhex(given["hex"])
    found = attributes(data)
    return dict(kind(int.from_bytes(data[:2], "big")), length=len(data) - 20, transaction_id=data[8:20].hex(), attributes=[{"type": t, "value": v.hex()} for _, t, v in found])


def until(data, at, size):
    """The message up to an attribute, its length counting that attribute too (sections 14.5 to 14.7)."""
    return data[:2] + (at + 4 + size - 20).to_bytes(2, "big") + data[4:at]


def opaque(text):
    return unicodedata.normalize("NFC", text)


def key(given):
    """Sections 9.1.1 and 9.2.2."""
    if "realm" not in given:
        return opaque(given["password"]).encode()
    text = ":".join([given["username"], given["realm"], opaque(given["password"])]).encode()
    return (hashlib.md5 if given.get("key_algorithm", "md5") == "md5" else hashlib.sha256)(text).digest()


def integrity(given):
    data, sha256, secret = bytes.fromhex(given["hex"]), given["algorithm"] == "sha256", key(given)
    kind(int.from_bytes(data[:2], "big"))
    for at, number, value in attributes(data):
        if number == (INTEGRITY_SHA256 if sha256 else INTEGRITY):
            need(16 <= len(value) <= 32 and len(value) % 4 == 0 if sha256 else len(value) == 20, "auth")
            mac = hmac.new(secret, until(data, at, len(value)), hashlib.sha256 if sha256 else hashlib.sha1).digest()
            need(mac[:len(value)] == value, "auth")
            return {"key": secret.hex()}
    need(False, "auth")


def userhash(given):
    """Section 14.4."""
    return {"hash": hashlib.sha256((opaque(given["username"]) + ":" + opaque(given["realm"])).encode()).hexdigest()}


def fingerprint(given):
    data = bytes.fromhex(given["hex"])
    found = [(at, v) for at, t, v in attributes(data) if t == FINGERPRINT]
    need(found and len(found[0][1]) == 4, "auth")
    at, value = found[0]
    need(zlib.crc32(until(data, at, 4)) ^ 0x5354554E == int.from_bytes(value, "big"), "auth")
    return {}


def error_code(given):
    """Section 14.8: 21 bits that are zero or ignored, the class 3 to 6, the number 0 to 99."""
    o = Octets(bytes.fromhex(given["value"]))
    o.take(2)
    group, number = o.number(1) & 7, o.number(1)
    need(3 <= group <= 6 and number <= 99)
    return {"code": 100 * group + number, "reason": o.take(o.left()).decode()}


def xor_address(given):
    """Section 14.2."""
    value, mask = bytes.fromhex(given["value"]), COOKIE + bytes.fromhex(given["transaction_id"])
    need(len(value) >= 4 and value[1] in (1, 2) and len(value) == {1: 8, 2: 20}[value[1]])
    port = int.from_bytes(value[2:4], "big") ^ 0x2112
    address = bytes(a ^ b for a, b in zip(value[4:], mask))
    return {"family": {1: "ipv4", 2: "ipv6"}[value[1]], "ip": str(ipaddress.ip_address(address)), "port": port}


def unknown(given):
    return {"types": [t for _, t, _ in attributes(bytes.fromhex(given["hex"])) if t < 0x8000 and t not in REGISTERED]}


OPS = {"stun_message.decode": decode, "stun_message.type": lambda g: kind(g["type"]), "stun_message.error_code": error_code, "stun_message.xor_address": xor_address, "stun_message.unknown": unknown,
       "stun_integrity.check": integrity, "stun_integrity.userhash": userhash, "stun_fingerprint.check": fingerprint}
