"""DTLS 1.2 from the text of RFC 6347 and RFC 5246."""
import hashlib
import hmac

from octets import Octets, need

ALERT, HANDSHAKE, CLIENT_HELLO = 21, 22, 1


def record(o):
    """RFC 6347 section 4.1: type, version, epoch, sequence number, length."""
    r = {"content_type": o.number(1), "version": o.take(2).hex(), "epoch": o.number(2), "sequence": str(o.number(6))}
    need(r["version"] in ("feff", "fefd") and 20 <= r["content_type"] <= 63)  # RFC 5246 section 6.2.1; above 26 nothing is assigned (RFC 9147 section 4.1, RFC 7983)
    inside = Octets(o.vector(2))
    return dict(r, length=len(inside.data)), inside


def fragment(o):
    """RFC 6347 section 4.2.2."""
    f = {"message_type": o.number(1), "message_length": o.number(3), "message_seq": o.number(2), "fragment_offset": o.number(3), "fragment_length": o.number(3)}
    need(f["fragment_offset"] + f["fragment_length"] <= f["message_length"])
    return f, o.take(f["fragment_length"])


def records(data):
    o, found = Octets(data), []
    while o.left():
        r, inside = record(o)
        if r["epoch"] == 0 and r["content_type"] == HANDSHAKE:
            first, _ = fragment(inside)
            r.update(first)
            while inside.left():
                fragment(inside)
        if r["epoch"] == 0 and r["content_type"] == ALERT:
            r.update(alert_level=inside.number(1), alert_description=inside.number(1))  # RFC 5246 section 7.2
            inside.end()
        found.append(r)
    need(found)
    return found


def hello(given):
    """RFC 5246 section 7.4.1.2, with the cookie of RFC 6347 section 4.2.1."""
    o = Octets(bytes.fromhex(given["hex"]))
    out = {"version": o.take(2).hex(), "random": o.take(32).hex()}
    session = o.vector(1)
    need(len(session) <= 32)
    out.update(session_id=session.hex(), cookie=o.vector(1).hex())
    suites = o.vector(2, low=2)
    need(len(suites) % 2 == 0)
    out.update(cipher_suites=[suites[i:i + 2].hex() for i in range(0, len(suites), 2)], compression=o.vector(1, low=1).hex(), extensions=[])
    if o.left():
        inside = Octets(o.vector(2))
        while inside.left():
            out["extensions"].append({"type": inside.number(2), "value": inside.vector(2).hex()})
    o.end()
    return out


def join(given):
    """RFC 6347 section 4.2.3, of one ClientHello. All fragments agree about the message."""
    octets, about = {}, None
    for datagram in given["datagrams"]:
        o = Octets(bytes.fromhex(datagram))
        _, inside = record(o)
        f, part = fragment(inside)
        inside.end()
        o.end()
        here = (f["message_type"], f["message_length"], f["message_seq"])
        need(about in (None, here), "state")
        about = here
        for i, b in enumerate(part, f["fragment_offset"]):
            need(octets.get(i, b) == b, "state")
            octets[i] = b
    if len(octets) < about[1]:
        return {"complete": False}
    return {"complete": True, "message": bytes(octets[i] for i in range(about[1])).hex()}


def prf(given):
    """RFC 5246 section 5."""
    secret, seed, out = bytes.fromhex(given["secret"]), given["label"].encode() + bytes.fromhex(given["seed"]), b""
    a = seed
    while len(out) < given["length"]:
        a = hmac.new(secret, a, hashlib.sha256).digest()
        out += hmac.new(secret, a + seed, hashlib.sha256).digest()
    return {"output": out[:given["length"]].hex()}


OPS = {"dtls_record.decode": lambda g: {"records": records(bytes.fromhex(g["hex"]))}, "dtls_record.flight": lambda g: {"records": [records(bytes.fromhex(d)) for d in g["datagrams"]]},
       "dtls_client_hello.decode": hello, "dtls_reassembly.join": join, "dtls_prf.compute": prf}
