#!/usr/bin/env python3
"""usrsctp, the SCTP of Firefox, behind the protocol of vectors/SHIM.md. It keeps its own time: cases that turn the clock are not asked."""
import struct
import time

import sctp_peer as peer
from library import MSG_NOTIFICATION, SCTP_ASSOC_CHANGE, SCTP_COMM_UP, SCTP_STREAM_RESET_EVENT, SCTP_UNORDERED, STREAM_RESET_INCOMING, STREAM_RESET_REFUSED, Listener
from serve import Refused, serve

SACK_DELAY_S = 0.3  # RFC 9260 section 6.2: 200 ms


def establish(listener, given):
    listener.give(peer.packet(0, [bytes.fromhex(given["init"])]))
    answers = [p for p in listener.taken() if p[12] == 2]
    if not answers:
        raise Refused("malformed")
    tag, cookie = peer.of_init_ack(answers[0])
    cookie = peer.spoil(cookie, given.get("cookie"))
    listener.give(peer.packet(tag ^ (given.get("cookie_tag") == "wrong"), [struct.pack(">BBH", 10, 0, 4 + len(cookie)) + cookie]))
    if not listener.accept():
        raise Refused("auth")
    listener.taken()
    return tag


def heard(listener, out):
    """All messages and notifications that wait."""
    while True:
        got = listener.receive()
        if got is None:
            return
        data, info, flags = got
        if flags & MSG_NOTIFICATION:
            notified(data, out)
        elif not data:
            out["state"] = "closed"
            return
        else:
            stream, _, more = struct.unpack_from("=HHH", info)
            out["messages"].append({"stream": stream, "ppid": struct.unpack_from(">I", info, 8)[0], "unordered": bool(more & SCTP_UNORDERED), "data": data.hex()})


def notified(data, out):
    kind, flags = struct.unpack_from("=HH", data)
    if kind == SCTP_ASSOC_CHANGE and struct.unpack_from("=H", data, 8)[0] != SCTP_COMM_UP:
        out["state"] = "closed"
    if kind == SCTP_STREAM_RESET_EVENT and flags & STREAM_RESET_INCOMING and not flags & STREAM_RESET_REFUSED:
        out["reset_streams"] += struct.unpack_from("=%dH" % ((len(data) - 12) // 2), data, 12)


def receive(given):
    if given.get("cookie_after_us"):
        raise NotImplementedError
    listener, out = Listener(), {"state": "established", "messages": [], "reset_streams": []}
    try:
        tag = establish(listener, given)
        for p in peer.packets(given, tag):
            listener.give(p)
            heard(listener, out)
        time.sleep(SACK_DELAY_S)
        heard(listener, out)
        return dict(out, **peer.summary(listener.taken()))
    finally:
        listener.close()


serve({"sctp_association.receive": receive})
