#!/usr/bin/env python3
"""py-libp2p and its packages behind the protocol of vectors/SHIM.md. Every operation calls the library's own function; nothing is checked here."""
import logging

logging.disable(logging.CRITICAL)

from libp2p.crypto.serialization import deserialize_public_key
from libp2p.crypto.x25519 import X25519PublicKey
from libp2p.identity.identify.pb import identify_pb2
from libp2p.peer.envelope import make_unsigned, unmarshal_envelope
from libp2p.peer.id import ID
from libp2p.relay.circuit_v2.pb import circuit_pb2
from libp2p.security.noise.messages import NoiseHandshakePayload, verify_handshake_payload_sig
from libp2p.transport.webrtc.certificate import fingerprint_from_multibase
from libp2p.transport.webrtc.multiaddr_utils import parse_webrtc_direct_multiaddr
from libp2p.transport.webrtc.noise_handshake import build_noise_prologue
from libp2p.transport.webrtc.pb.webrtc_pb2 import Message
from libp2p.transport.webrtc.sdp import is_ice_pwd, is_ice_ufrag
from libp2p.transport.webrtc.signaling_pb import signaling_pb2
from libp2p.transport.webrtc.stream import WebRTCStream, _decode_frames
from libp2p.utils.varint import decode_varint_with_size, encode_uvarint
from multiaddr import Multiaddr
import base58
import multibase
import multihash
import trio

from serve import Refused, serve


def varint_decode(given):
    value, consumed = decode_varint_with_size(bytes.fromhex(given["hex"]))
    return {"value": str(value), "consumed": consumed}


def names(m):
    return [p.name for p in m.protocols()]


def multiaddr_parse(given):
    m = Multiaddr(given["text"])
    return {"hex": m.to_bytes().hex(), "text": str(m), "protocols": names(m)}


def multiaddr_decode(given):
    m = Multiaddr(bytes.fromhex(given["hex"]))
    return {"text": str(m), "protocols": names(m)}


def multibase_decode(given):
    name, data = multibase.decode(given["text"], return_encoding=True)
    return {"base": name.encoding if hasattr(name, "encoding") else str(name), "hex": data.hex()}


def multihash_decode(given):
    m = multihash.decode(bytes.fromhex(given["hex"]))
    return {"code": int(m.code), "size": m.length, "digest": m.digest.hex()}


def forms(peer):
    return {"multihash": peer.to_bytes().hex(), "text": peer.to_base58()}


def public_key(given):
    key = deserialize_public_key(bytes.fromhex(given["protobuf"]))
    return dict(forms(ID.from_pubkey(key)), key_type=key.get_type().name.replace("Secp", "secp"), raw=key.to_bytes().hex())


def verify(given):
    key = deserialize_public_key(bytes.fromhex(given["public_key"]))
    if not key.verify(bytes.fromhex(given["message"]), bytes.fromhex(given["signature"])):
        raise Refused("auth")
    return {}


def frame_of(m):
    return {"flag": m.flag if m.HasField("flag") else None, "message": m.message.hex() if m.HasField("message") else None}


def framing_decode(given):
    buffer = bytearray.fromhex(given["hex"])
    frames = list(_decode_frames(buffer))
    if len(frames) != 1 or buffer:
        raise ValueError
    return frame_of(frames[0])


def framing_split(given):
    buffer, out = bytearray(), []
    for chunk in given["chunks"]:
        buffer += bytes.fromhex(chunk)
        out += [frame_of(m) for m in _decode_frames(buffer)]
    return {"messages": out, "left": len(buffer)}


def framing_encode(given):
    """As a stream sends it: that is where the size is looked at."""
    stream, sent = WebRTCStream(None, 1, False), []

    async def send(framed):
        sent.append(framed)
    stream._send_callback = send
    trio.run(stream._send_message, Message(flag=given.get("flag"), message=bytes.fromhex(given["message"]) if given.get("message") is not None else None))
    return {"hex": sent[0].hex()}


def payload(given):
    p = NoiseHandshakePayload.deserialize(bytes.fromhex(given["payload"]))
    if not verify_handshake_payload_sig(p, X25519PublicKey.from_bytes(bytes.fromhex(given["noise_static"]))):
        raise Refused("auth")
    return {"peer_id": ID.from_pubkey(p.id_pubkey).to_base58()}


def prologue(given):
    a, b = bytes.fromhex(given["client_fingerprint"]), bytes.fromhex(given["server_fingerprint"])
    for m in (a, b):
        if multihash.decode(m).code != 0x12:
            raise ValueError
    return {"prologue": build_noise_prologue(a[2:], b[2:]).hex()}


def hop(kind):
    def decode(given):
        m = kind.FromString(bytes.fromhex(given["hex"]))
        out = {"type": kind.Type.Name(m.type)}
        return dict(out, status=m.status) if m.HasField("status") else out
    return decode


def envelope(given):
    e = unmarshal_envelope(bytes.fromhex(given["hex"]))
    if not e.public_key.verify(make_unsigned(given["domain"], e._payload_type if hasattr(e, "_payload_type") else e.payload_type, e.raw_payload), e.signature):
        raise Refused("auth")
    return {"payload": e.raw_payload.hex(), "signature": e.signature.hex(), "signer": ID.from_pubkey(e.public_key).to_base58(), "encoded": e.marshal_envelope().hex()}


def identify(given):
    m = identify_pb2.Identify.FromString(bytes.fromhex(given["hex"]))
    text = lambda f: getattr(m, f) if m.HasField(f) else None
    octets = lambda f: getattr(m, f).hex() if m.HasField(f) else None
    return {"protocol_version": text("protocol_version"), "agent_version": text("agent_version"), "public_key": octets("public_key"), "observed_addr": octets("observed_addr"),
            "listen_addrs": [a.hex() for a in m.listen_addrs], "protocols": list(m.protocols)}


def signaling(given):
    """Its message does not know whether a field is there: 0 and nothing are the same to it."""
    m = signaling_pb2.SignalingMessage.FromString(bytes.fromhex(given["hex"]))
    return dict({"type": m.type} if m.type else {}, **{"data": m.data.hex()} if m.data else {})


def listen(given):
    ip, port, _, _ = parse_webrtc_direct_multiaddr(Multiaddr(given["text"]))
    return {"ip": ip, "port": port}


def dial(given):
    ip, port, certhash, peer = parse_webrtc_direct_multiaddr(Multiaddr(given["text"]))
    return {"ip": ip, "port": port, "sha256": fingerprint_from_multibase(certhash).hex(), "peer_id": ID.from_base58(peer).to_base58() if peer else None}


def credentials(given):
    if not (is_ice_pwd if given["kind"] == "pwd" else is_ice_ufrag)(given["value"]):
        raise Refused
    return {}


OPS = {
    "varint.encode": lambda g: {"hex": encode_uvarint(int(g["value"])).hex()}, "varint.decode": varint_decode, "multiaddr.parse": multiaddr_parse, "multiaddr.decode": multiaddr_decode,
    "multibase.decode": multibase_decode, "multihash.decode": multihash_decode, "multihash.base58": lambda g: {"multihash": base58.b58decode(g["text"]).hex()},
    "certhash.parse": lambda g: {"sha256": fingerprint_from_multibase(g["text"]).hex()}, "peer_id.parse": lambda g: forms(ID.from_string(g["text"])), "public_key.decode": public_key,
    "public_key.verify": verify,
    "ice_credentials.check": credentials, "webrtc_framing.decode": framing_decode,
    "webrtc_framing.encode": framing_encode, "webrtc_framing.split": framing_split, "noise_payload.verify": payload, "noise_prologue.build": prologue,
    "relay_hop.decode": hop(circuit_pb2.HopMessage), "relay_stop.decode": hop(circuit_pb2.StopMessage), "signed_envelope.open": envelope,
    "signed_envelope.signing_input": lambda g: {"hex": make_unsigned(g["domain"], bytes.fromhex(g["payload_type"]), bytes.fromhex(g["payload"])).hex()},
    "webrtc_direct_multiaddr.listen": listen, "webrtc_direct_multiaddr.dial": dial, "identify.decode": identify, "signaling.decode": signaling,
}

# The library reads more than these operations give back.
PARTIAL = {"public_key.decode", "peer_id.parse", "relay_hop.decode", "relay_stop.decode", "noise_payload.verify", "signed_envelope.open", "identify.decode",
           "signaling.decode", "multihash.base58"}

serve(OPS, PARTIAL)
