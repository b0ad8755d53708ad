#!/usr/bin/env python3
"""Readers of the wire written from the text of the RFCs and of libp2p's specifications, in Python's standard library, behind the protocol of vectors/SHIM.md: a second opinion where no package of others checks a
rule. They know nothing of weft, and cases are not made with them."""
import dtls
import ice
import libp2p
import sctp
import sdp
import stun
import yamux
from serve import serve

OPS = {op: run for module in (stun, ice, sctp, dtls, sdp, libp2p, yamux) for op, run in module.OPS.items()}

# These read more than they give back.
PARTIAL = {"webrtc_stream.run", "peer_id.decode", "stun_message.decode", "sdp.parse", "dtls_record.decode", "dcep.decode"}

serve(OPS, PARTIAL)
