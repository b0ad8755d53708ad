"""Converts cases as collected (topic, ops, cases; test/conformance/public/README.md) into tests of vectors/v1."""
import ipaddress
import json
import os
import re

TOPICS = ["varint", "multiaddr", "multibase", "multihash", "peerid", "stun", "sctp", "dtls", "dcep", "webrtc_framing",
          "sdp", "noise", "relay", "yamux"]

OPS = {
    "varint.encode": "varint.encode", "varint.decode": "varint.decode",
    "multiaddr.from_string": "multiaddr.parse", "multiaddr.from_bytes": "multiaddr.decode",
    "multibase.encode": "multibase.encode", "multibase.decode": "multibase.decode",
    "multihash.digest": "multihash.sum", "multihash.decode": "multihash.decode", "multihash.text": "multihash.base58",
    "peerid.from_text": "peer_id.parse", "peerid.public_key": "public_key.decode",
    "peerid.private_key": "public_key.from_private", "peerid.sign_verify": "public_key.verify",
    "stun.decode": "stun_message.decode", "stun.fingerprint": "stun_fingerprint.check",
    "stun.integrity": "stun_integrity.check", "stun.xor_address": "stun_message.xor_address",
    "stun.error_code": "stun_message.error_code", "stun.message_type": "stun_message.type",
    "stun.demux": "demux.first_byte", "stun.ice_priority": "ice_priority.candidate",
    "stun.ice_pair_priority": "ice_priority.pair", "stun.userhash": "stun_integrity.userhash",
    "sctp.packet": "sctp_packet.decode", "sctp.chunk": "sctp_chunk.decode", "sctp.parameter": "sctp_parameter.decode",
    "sctp.crc32c": "sctp_crc32c.compute", "sctp.serial": "sctp_serial.compare",
    "dtls.record": "dtls_record.decode", "dtls.flight": "dtls_record.flight",
    "dtls.client_hello": "dtls_client_hello.decode", "dtls.certificate": "fingerprint.certificate",
    "dtls.prf": "dtls_prf.compute",
    "dcep.decode": "dcep.decode", "dcep.encode_open": "dcep.encode", "dcep.stream_id_parity": "dcep.stream_id",
    "dcep.ppid": "dcep.ppid",
    "webrtc_framing.decode": "webrtc_framing.decode", "webrtc_framing.encode": "webrtc_framing.encode",
    "webrtc_framing.stream": "webrtc_framing.split",
    "sdp.description": "sdp.parse", "sdp.candidate": "ice_candidate.parse", "sdp.ufrag": "ice_credentials.check",
    "sdp.fingerprint": "fingerprint.parse", "sdp.setup_role": "sdp.role",
    "noise.handshake": "noise_xx.handshake", "noise.libp2p_handshake": "noise_xx.handshake",
    "noise.tampered": "noise_xx.read", "noise.payload": "noise_payload.verify", "noise.hkdf": "noise_primitives.hkdf",
    "noise.rekey_free_aead": "noise_primitives.seal", "noise.x25519": "noise_primitives.x25519",
    "noise.prologue": "noise_prologue.build", "noise.framing": "noise_frame.encode",
    "relay.hop": "relay_hop.decode", "relay.stop": "relay_stop.decode", "relay.envelope": "signed_envelope.open",
    "relay.voucher": "relay_voucher.decode", "relay.signing_input": "signed_envelope.signing_input",
    "relay.identify": "identify.decode", "relay.peer_record": "peer_record.decode",
    "yamux.decode_header": "yamux_frame.decode", "yamux.encode_header": "yamux_frame.encode",
    "yamux.session": "yamux_session.receive",
}

# The clause that an invalid case of the operation breaks, by a pattern of its reason.
PROTOBUF = [("truncated varint", "Protocol Buffers encoding, Base 128 Varints: the last octet has its top bit clear"), ("too long", "Protocol Buffers encoding, Base 128 Varints: at most ten octets"), ("", "Protocol Buffers encoding, Message Structure: wire types are 0 to 5")]
GRAMMAR = "RFC 8839 section 5.1, grammar of candidate-attribute: "

SCTP_CHUNKS = [
    ("parameter|cause", "RFC 9260 section 3.2.1: parameters and causes lie inside the chunk, and their length counts their header"), ("I-FORWARD", "RFC 8260 section 2.3.1: behind the new cumulative TSN stand entries of 8 octets"),
    ("FORWARD", "RFC 3758 section 3.2: behind the new cumulative TSN stand pairs of stream and sequence number, 4 octets each"), ("I-DATA", "RFC 8260 section 2.1: the fixed part of I-DATA has 16 octets"), ("SACK", "RFC 9260 section 3.3.4: gap ack blocks and duplicate TSNs, 4 octets each, lie inside the chunk"),
    ("DATA", "RFC 9260 section 3.3.1: the fixed part of DATA has 12 octets"), ("SHUTDOWN", "RFC 9260 section 3.3.8: the fixed part of SHUTDOWN has 4 octets, and no more"), ("INIT", "RFC 9260 section 3.3.2: the fixed part of INIT has 16 octets"), ("", "RFC 9260 section 3.3: the fixed part of the chunk")]

RULES = {
    "varint.decode": [("9 bytes", "multiformats unsigned-varint: at most 9 octets"), ("minimal", "multiformats unsigned-varint: the shortest form alone"), ("", "multiformats unsigned-varint: the last octet has its top bit clear")],
    "multiaddr.parse": [
        ("unknown protocol", "multiformats/multiaddr protocols.csv: no such protocol"), ("missing|empty value", "multiformats/multiaddr: a protocol with a size has a value"), ("slash", "multiformats/multiaddr: the text form begins with a slash"),
        ("^ip4:", "multiformats/multiaddr protocols.csv: ip4 is an IPv4 address (RFC 3986 section 3.2.2, IPv4address)"), ("^ip6:", "multiformats/multiaddr protocols.csv: ip6 is an IPv6 address (RFC 4291 section 2.2)"),
        ("port is not", "multiformats/multiaddr protocols.csv: a port has 16 bits, in decimal digits"), ("multibase prefix|empty string", "multiformats/multibase: the first character is an assigned prefix"),
        ("alphabet|dangling", "RFC 4648 sections 3.3 and 4: characters of the alphabet, in whole octets"), ("trailing bits", "RFC 4648 section 3.5: bits that are left over are zero"), ("", "multiformats/multiaddr protocols.csv, the protocol's value")],
    "multiaddr.decode": [
        ("varint", "multiformats unsigned-varint, as multiformats/multiaddr uses it"), ("past the end", "multiformats/multiaddr: a value has the size its protocol says"), ("unknown protocol", "multiformats/multiaddr protocols.csv: no such protocol"),
        ("empty value", "multiformats/multiaddr: a protocol with a size has a value"), ("", "multiformats/multiaddr protocols.csv, the protocol's value")],
    "multibase.decode": [
        ("prefix|empty", "multiformats/multibase: the first character is an assigned prefix"), ("dangling", "RFC 4648 section 6: 40 bits are eight characters; 1, 3 or 6 are no whole number of octets"),
        ("odd", "RFC 4648 section 8: two characters for an octet"), ("", "RFC 4648 section 3.3: no characters outside the base's alphabet")],
    "multihash.decode": [("varint", "multiformats unsigned-varint, as multiformats/multihash uses it"), ("", "multiformats/multihash, Format: as many octets of digest as the length says")],
    "peer_id.parse": [("CID", "libp2p/specs peer-ids: a CIDv1 with the multicodec libp2p-key"), ("alphabet", "libp2p/specs peer-ids, String representation: base58btc"), ("neither", "libp2p/specs peer-ids, Peer IDs: the hash is identity or sha2-256"), ("length does not", "multiformats/multihash, Format: as many octets of digest as the length says"),
        ("", "multiformats/multihash, Format: code, length and digest")],
    "public_key.decode": [("Data|Type", "libp2p/specs peer-ids, Keys: Type and Data are required"), ("unknown key type", "libp2p/specs peer-ids, Keys: KeyType is 0 to 3"), ("Ed25519", "libp2p/specs peer-ids, Ed25519: Data is the public key, 32 octets (RFC 8032 section 5.1.5)"),
        ("secp256k1", "libp2p/specs peer-ids, Secp256k1: Data is a compressed point of the curve, 33 octets (SEC 1 section 2.3.3)"), ("", "libp2p/specs peer-ids, RSA and ECDSA: Data is a SubjectPublicKeyInfo in DER")],
    "public_key.verify": [("", "libp2p/specs peer-ids, Key Types: the signature is of this message under this key")],
    "stun_message.decode": [("magic", "RFC 8489 section 5: the magic cookie is 0x2112A442"), ("top two", "RFC 8489 section 5: the top two bits are zero"), ("multiple of 4", "RFC 8489 section 5: the length is a multiple of 4"), ("attribute", "RFC 8489 section 14: an attribute lies inside the message"), ("", "RFC 8489 section 5: the message length is that of all octets behind the header")],
    "stun_message.type": [("", "RFC 8489 section 5: the top two bits are zero")],
    "stun_message.xor_address": [("family 0|unknown address family", "RFC 8489 section 14.2: the family is 1 (IPv4) or 2 (IPv6)"), ("", "RFC 8489 section 14.2: 8 octets for IPv4, 20 for IPv6")],
    "stun_message.error_code": [("", "RFC 8489 section 14.8: four octets, then the reason")],
    "stun_fingerprint.check": [("", "RFC 8489 section 14.7: CRC-32 of the message, XOR 0x5354554e")],
    "stun_integrity.check": [("", "RFC 8489 sections 9.1.3, 14.5: the HMAC must match")],
    "sctp_packet.decode": [("common header", "RFC 9260 section 3.1: a common header of 12 octets"), ("chunk runs past", "RFC 9260 section 3.2: Chunk Length ends the chunk inside the packet"), ("chunk length", "RFC 9260 section 3.2: Chunk Length counts the header, so it is 4 or more"), ("chunk header", "RFC 9260 section 3.2: a chunk begins with type, flags and length, 4 octets")] + SCTP_CHUNKS,
    "sctp_chunk.decode": [("runs past", "RFC 9260 section 3.2: Chunk Length ends the chunk inside the packet"), ("length is not 4", "RFC 9260 section 3.3.9: Chunk Length of SHUTDOWN ACK is 4")] + SCTP_CHUNKS,
    "dtls_record.decode": [("version", "RFC 6347 section 4.1: the version is DTLS 1.0 (feff) or 1.2 (fefd)"), ("content type", "RFC 5246 section 6.2.1: ContentType is 20 to 23, or what was assigned later"), ("fragment", "RFC 6347 section 4.2.2: a fragment lies inside its record"), ("", "RFC 6347 section 4.1, DTLSPlaintext: 13 octets of header, then as many as length says")],
    "dtls_client_hello.decode": [("extension", "RFC 5246 section 7.4.1.4: extensions lie inside the hello"), ("cipher", "RFC 5246 section 7.4.1.2: cipher_suites<2..2^16-2>"), ("compression", "RFC 5246 section 7.4.1.2: compression_methods<1..2^8-1>"), ("", "RFC 5246 section 7.4.1.2, RFC 6347 section 4.2.1: every field has as many octets as its length says")],
    "dcep.decode": [("channel type", "RFC 8832 sections 5.1 and 8.2.2: the channel type is assigned (0 to 2, and those with 0x80)"), ("message type", "RFC 8832 sections 5 and 8.2.1: the message type is 2 or 3"), ("empty", "RFC 8832 section 5: a message begins with its type"), ("shorter", "RFC 8832 section 5.1: DATA_CHANNEL_OPEN has 12 octets before its label"), ("", "RFC 8832 section 5.1: Label and Protocol have the octets that Label Length and Protocol Length say, and nothing follows")],
    "webrtc_framing.decode": [("varint", "libp2p/specs webrtc, Multiplexing: an unsigned-varint length, then the protobuf"), ("field runs past", "Protocol Buffers encoding, Length-Delimited Records: as many octets follow as the length says"), ("wire type", "Protocol Buffers encoding, Groups: each ends with a tag of its own"), ("after the message", "libp2p/specs webrtc, Multiplexing: the length is that of the message, and one frame was asked for"), ("", "libp2p/specs webrtc, Multiplexing: as many octets follow as the length says")],
    "ice_candidate.parse": [
        ("tcp", "RFC 6544 section 4.5: a TCP candidate has a tcptype"), ("start with", GRAMMAR + "\"candidate:\" stands first"), ("foundation", GRAMMAR + "foundation is 1 to 32 ice-chars"), ("component", GRAMMAR + "component-id is 1 to 3 digits, from 1 to 256"),
        ("priority", GRAMMAR + "priority is 1 to 10 digits, from 1 to 2^31 - 1"), ("rport", GRAMMAR + "rel-port is a port"), ("port", GRAMMAR + "port is digits, up to 65535"), ("without a value", GRAMMAR + "a name has a value"), ("", GRAMMAR + "eight fields up to the type")],
    "ice_credentials.check": [("character|ice-char", "RFC 8839 section 5.4: of ice-chars: letters, digits, + and /"), ("", "RFC 8839 section 5.4: ice-ufrag has 4 to 256, ice-pwd 22 to 256 ice-chars")],
    "fingerprint.parse": [("octets for", "RFC 8122 section 5: as many octets as the hash has, 32 of sha-256"), ("algorithm|empty", "RFC 8122 section 5: hash-func is the token of a hash function"), ("value", "RFC 8122 section 5: a space and a fingerprint follow hash-func"), ("", "RFC 8122 section 5: each octet is two hexadecimal digits, with a colon between octets")],
    "sdp.role": [("", "RFC 8842 section 5.3, RFC 4145 section 4.1: one side is active, the other passive, and an answer is not actpass")],
    "noise_xx.read": [("tag|static", "Noise section 5.1: DecryptWithAd fails, the handshake ends"), ("shorter than e, s", "Noise section 5.3, ReadMessage: e and s are whole"), ("shorter", "Noise section 5.3, ReadMessage: e is whole"), ("", "Noise section 5.3, ReadMessage: e is mixed into what the next tag covers")],
    "noise_payload.verify": [("protobuf", "Protocol Buffers encoding, Length-Delimited Records: as many octets follow as the length says"), ("wire", "libp2p/specs noise, message NoiseHandshakePayload: identity_key is bytes"), ("missing|without", "libp2p/specs noise, Libp2p Data in Handshake Messages: identity_key and identity_sig are there"), ("", "libp2p/specs noise: identity_sig is of identity_key over the static key")],
    "relay_hop.decode": PROTOBUF,
    "relay_stop.decode": PROTOBUF,
    "signed_envelope.open": [("signature missing|key missing|empty", "libp2p/specs RFC 0002, Wire Format: public_key, payload_type, payload and signature are there"), ("truncated", "Protocol Buffers encoding, Length-Delimited Records: as many octets follow as the length says"), ("domain", "libp2p/specs RFC 0002, Signature Production / Verification: the domain is signed"),
        ("payload type", "libp2p/specs RFC 0002, Signature Production / Verification: payload_type is signed"), ("payload", "libp2p/specs RFC 0002, Signature Production / Verification: payload is signed"), ("", "libp2p/specs RFC 0002, Signature Production / Verification: the signature is of public_key")],
    "yamux_frame.decode": [("version", "yamux spec, Version Field: always 0"), ("type", "yamux spec, Type Field: 0x0 to 0x3"), ("", "yamux spec, Framing: a header has 12 octets")],
    "yamux_session.receive": [("window", "yamux spec, Flow Control: no more than the window"), ("even", "yamux spec, StreamID: the client's are odd"), ("", "yamux spec, StreamID: 0 is the session")],
}

FLAG_OF = [("truncat|past the end|shorter|fewer than|runs past", "Truncated"), ("longer than 9|too long|not minimal", "OverlongVarint"),
           ("left over|trailing|after", "Trailing"), ("altered|does not verify", "WrongMac"), ("another|not the one", "WrongKey"),
           ("missing|required|empty", "Missing"), ("wire type", "WrongType"), ("unknown|not assigned", "UnknownValue"),
           ("length|octets|longer", "WrongLength"), ("exceeded", "Limit"), ("", "WrongValue")]

AUTH = re.compile("altered|verify|another|not the one|signature is not|signature is empty|ephemeral")


def pick(table, text):
    return next(v for p, v in table if re.search(p, text))


def without(value, *keys):
    """The value with these members left out, at every depth."""
    if isinstance(value, dict):
        return {k: without(v, *keys) for k, v in value.items() if k not in keys}
    return [without(v, *keys) for v in value] if isinstance(value, list) else value


def no_nulls(value):
    return {k: v for k, v in value.items() if v is not None}


# ---- what one operation's expectation becomes: (out, also) ----

def stun_decode(given, want):
    read = {0x0001, 0x0009, 0x0020, 0x0024, 0x8023, 0x8028, 0x8029, 0x802A}
    attributes = []
    for a in want["attributes"]:
        attributes.append(without(a, "name") if a["type"] in read else without(a, "name", "decoded"))
    return dict(want, attributes=attributes), None


def sctp_chunk(chunk):
    # 64 and 194 are never negotiated by data channels: well formed is all that is asked
    keys = ("type", "flags", "length") if chunk["type"] in (64, 194) else [k for k in chunk if k != "name"]
    return no_nulls({k: without(chunk[k], "name", "type_name") for k in keys})


def sctp_packet(given, want):
    return dict(want, chunks=[sctp_chunk(c) for c in want["chunks"]]), None


def certificate(given, want):
    prints = dict(want["fingerprints"])
    return {"sha-256": prints.pop("sha-256"), "multihash": want["multihash"], "certhash": want["certhash"]}, prints


def canonical(address):
    """RFC 5952, for an IPv6 address; names stay."""
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return address


def candidate(given, want):
    ufrag = next((v for k, v in want["extensions"] if k == "ufrag"), None)
    out = {k: v for k, v in want.items() if k not in ("extensions", "tcptype")}
    out.update(address=canonical(out["address"]), rel_address=out["rel_address"] and canonical(out["rel_address"]))
    return dict(out, ufrag=ufrag), {"extensions": want["extensions"], "tcptype": want["tcptype"]}


def message(given, want):
    out = without(want, "status_name", "flag_name")
    for part in ("limit", "reservation"):
        if out.get(part):
            out[part] = no_nulls(out[part])
    return out, None


CONVERT = {
    "stun_message.decode": stun_decode,
    "stun_integrity.check": lambda g, w: ({"key": w["key"]}, {"mac": w["mac"]}),
    "stun_fingerprint.check": lambda g, w: ({}, None),
    "public_key.verify": lambda g, w: ({}, None),
    "ice_credentials.check": lambda g, w: ({}, None),
    "demux.first_byte": lambda g, w: ({"stun": w["protocol"] == "stun"}, {"protocol": w["protocol"]}),
    "sctp_packet.decode": sctp_packet,
    "sctp_chunk.decode": lambda g, w: (sctp_chunk(w), None),
    "fingerprint.certificate": certificate,
    "fingerprint.parse": lambda g, w: ({"algorithm": w["algorithm"], "hex": w["hex"]}, no_nulls({"certhash": w["certhash"]})),
    "dcep.decode": lambda g, w: (dict(w, encoded=g["hex"]) if w["type"] == "OPEN" else w, None),
    "multihash.base58": lambda g, w: (dict(w, text=g["text"]), None),
    "webrtc_framing.decode": message,
    "webrtc_framing.split": lambda g, w: (dict(without(w, "flag_name"), left=0), None),
    "relay_hop.decode": message, "relay_stop.decode": message,
    "relay_voucher.decode": lambda g, w: (dict(w, encoded=g["hex"]), None),
    "signed_envelope.open": lambda g, w: (dict(w, encoded=g["hex"]), None),
    "yamux_frame.decode": lambda g, w: (without(w, "type_name", "syn", "ack", "fin", "rst"), None),
    "ice_candidate.parse": candidate,
    "noise_xx.handshake": lambda g, w: (no_nulls(w), None),
}


# ---- descriptions: what a data-channel connection takes from any SDP (RFC 8841, RFC 8842) ----

def value(want, media, name):
    v = media.get(name)
    return want["session"].get(name) if v is None else v


def data_channel(want):
    for m in want["media"]:
        if m["media"] == "application" and m["proto"] == "UDP/DTLS/SCTP" and m["formats"][:1] == ["webrtc-datachannel"]:
            return m
    return None


def lacks(want, media):
    if media is None:
        return "RFC 8841 section 4: a data-channel section is UDP/DTLS/SCTP webrtc-datachannel"
    ufrag = value(want, media, "ice_ufrag")
    if not ufrag or not value(want, media, "ice_pwd"):
        return "RFC 8839 section 5.4: ice-ufrag and ice-pwd are there"
    if not re.fullmatch("[A-Za-z0-9+/]{4,256}", ufrag):
        return "RFC 8839 section 5.4: 4 to 256 ice-chars"
    if not any(a == "sha-256" for a, _ in prints(want, media)):
        return "RFC 8842 section 5.1: a fingerprint is there"
    return None


def prints(want, media):
    return media["fingerprints"] or want["session"]["fingerprints"]


def description(want, media):
    port, largest = media["sctp_port"], media["max_message_size"]
    return {"mid": media["mid"] or "", "ice_ufrag": value(want, media, "ice_ufrag"), "ice_pwd": value(want, media, "ice_pwd"),
            "setup": value(want, media, "setup") or "", "sctp_port": 5000 if port is None else port,
            "max_message_size": 65536 if largest is None else largest, "candidates": media["candidates"] or 0,
            "end_of_candidates": bool(media["end_of_candidates"]), "ice_lite": bool(want["session"].get("ice_lite")),
            "trickle": "trickle" in (value(want, media, "ice_options") or ""),
            "fingerprints": [h for a, h in prints(want, media) if a == "sha-256"], "written_again": True}


# ---- one case ----

def add_description(to, case, more):
    want = case["expected"]
    media = data_channel(want)
    rule = lacks(want, media)
    if rule:
        to.reject("sdp.parse", case["name"], ["Missing"], case["input"], rule, **more)
    else:
        to.add("sdp.parse", case["name"], ["Normal"], case["input"], out=description(want, media), **more)


def refusal_of_answer(op, case):
    """Cases whose answer was a plain yes or no: a no is a refusal now."""
    want = case.get("expected") or {}
    return op in ("stun_fingerprint.check", "stun_integrity.check", "public_key.verify") and want.get("ok") is False


def noise_names(given):
    """The keys are named as in cacophony's vectors."""
    names = {"prologue": "init_prologue", "initiator_static": "init_static", "initiator_ephemeral": "init_ephemeral", "responder_static": "resp_static", "responder_ephemeral": "resp_ephemeral"}
    return {names.get(k, k): v for k, v in given.items()}


def add_case(to, topic, case):
    op, given, want = OPS[topic + "." + case["op"]], case["input"], case.get("expected")
    if op.startswith("noise_xx."):
        given = noise_names(given)
    strict = case.get("strict")
    more = {k: case[k] for k in ("source", "check") if case.get(k)}
    if op == "sdp.parse":
        add_description(to, case, more)
        return
    if not case["valid"] or refusal_of_answer(op, case):
        reason = case.get("reason") or "the MAC or signature does not match"
        # RFC 8839 section 5.1 allows any token there, and has such candidates ignored
        strict = strict or reason in ("transport is neither udp nor tcp", "unknown candidate type", "address is neither an IP address nor a host name")
        # Protocol Buffers readers may take a known field of another wire type for an unknown one
        strict = strict or ("the wrong wire type" in reason and op != "noise_payload.verify")
        flag = pick(FLAG_OF, reason) if case.get("reason") else "WrongMac"
        rule = pick(RULES[op], reason)
        error = "auth" if refusal_of_answer(op, case) or AUTH.search(reason) else "limit" if "window" in reason else "malformed"
        if op in ("yamux_session.receive", "sdp.role"):
            error = "state"
        if "16k" in case["name"]:
            error = "limit"
        if strict:
            to.add(op, case["name"], [flag, "Strict"], given, result="acceptable", comment=case["name"] + ": " + reason + " (" + rule + ")", **more)
        else:
            to.reject(op, case["name"], [flag], given, rule, error, comment=case["name"] + ": " + reason, **more)
        return
    out, also = CONVERT.get(op, lambda g, w: (w, None))(given, want)
    result, flags = ("acceptable", ["Normal", "Strict"]) if strict else ("valid", ["Normal"])
    if op == "ice_priority.pair" and not all(0 < p <= 0x7FFFFFFF for p in (given["G"], given["D"])) or op == "ice_priority.candidate" and out["priority"] == 0:
        to.reject(op, case["name"] + "-refused", ["WrongValue", "Boundary"], given, "RFC 8445 section 5.1.2: a priority is from 1 to 2^31 - 1", **more)
        return
    if op == "dcep.ppid" and "deprecated" in want["meaning"]:
        # RFC 8831 section 6.6 gave partial messages up
        result, flags, out, also = "acceptable", ["UnknownValue", "Strict"], None, {}
    to.add(op, case["name"], flags, given, out=out, also=also, result=result, **more)


def add_folder(to, folder):
    """Every file of the folder that is in the layout of test/conformance/public."""
    names = sorted(os.listdir(folder))
    order = [t + ".json" for t in TOPICS if t + ".json" in names]
    if not order:
        raise SystemExit("%s: none of %s" % (folder, " ".join(t + ".json" for t in TOPICS)))
    for name in order:
        path = os.path.join(folder, name)
        try:
            doc = json.load(open(path, encoding="utf-8"))
        except ValueError as e:
            raise SystemExit("%s: %s" % (path, e))
        for case in doc["cases"]:
            try:
                add_case(to, name[:-5], case)
            except KeyError as e:
                raise SystemExit("%s: case %r: no %s, or nothing known of it" % (path, case.get("name"), e))
