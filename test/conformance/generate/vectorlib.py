"""Files of vectors/v1: what a test is, how a file is written (vectors/FORMAT.md)."""
import json
import os
import re

# layer, specifications, how it is compared (exact: same bytes out; decode: same fields; reach: same result, bytes are free)
TYPES = {
    "varint": ("base", ["https://github.com/multiformats/unsigned-varint"], "exact"),
    "multiaddr": ("multiaddr", ["https://github.com/multiformats/multiaddr", "libp2p/specs addressing/README.md"], "exact"),
    "webrtc_direct_multiaddr": ("multiaddr", ["libp2p/specs webrtc/webrtc-direct.md, Addressing"], "decode"),
    "multibase": ("multiaddr", ["https://github.com/multiformats/multibase", "RFC 4648"], "exact"),
    "multihash": ("multiaddr", ["https://github.com/multiformats/multihash"], "exact"),
    "certhash": ("multiaddr", ["libp2p/specs webrtc/webrtc-direct.md, Addressing"], "exact"),
    "peer_id": ("multiaddr", ["libp2p/specs peer-ids/peer-ids.md"], "exact"),
    "public_key": ("noise", ["libp2p/specs peer-ids/peer-ids.md"], "exact"),
    "stun_message": ("stun", ["RFC 8489", "RFC 5769"], "exact"),
    "stun_integrity": ("stun", ["RFC 8489 sections 9, 14.5, 14.6", "RFC 5769"], "exact"),
    "stun_fingerprint": ("stun", ["RFC 8489 section 14.7"], "exact"),
    "demux": ("stun", ["RFC 7983", "RFC 9443"], "decode"),
    "ice_candidate": ("ice", ["RFC 8839 section 5.1", "RFC 6544 section 4.5"], "decode"),
    "ice_credentials": ("ice", ["RFC 8839 section 5.4"], "decode"),
    "ice_priority": ("ice", ["RFC 8445 sections 5.1.2, 6.1.2.3"], "exact"),
    "sctp_packet": ("sctp", ["RFC 9260", "RFC 3758", "RFC 6525"], "decode"),
    "sctp_chunk": ("sctp", ["RFC 9260 section 3.3", "RFC 3758", "RFC 6525"], "decode"),
    "sctp_parameter": ("sctp", ["RFC 9260 section 3.2.1", "RFC 6525 section 4"], "decode"),
    "sctp_crc32c": ("sctp", ["RFC 9260 section 6.8 and appendix A"], "exact"),
    "sctp_serial": ("sctp", ["RFC 9260 section 1.6", "RFC 1982"], "exact"),
    "sctp_association": ("sctp", ["RFC 9260", "RFC 3758", "RFC 6525"], "reach"),
    "dtls_record": ("dtls", ["RFC 6347 section 4.1", "RFC 6347 section 4.2.2"], "decode"),
    "dtls_client_hello": ("dtls", ["RFC 5246 section 7.4.1.2", "RFC 6347 section 4.2.1"], "decode"),
    "dtls_reassembly": ("dtls", ["RFC 6347 section 4.2.3"], "exact"),
    "dtls_cookie": ("dtls", ["RFC 6347 section 4.2.1"], "reach"),
    "dtls_prf": ("dtls", ["RFC 5246 section 5"], "exact"),
    "fingerprint": ("dtls", ["RFC 8122 section 5"], "exact"),
    "dcep": ("datachannel", ["RFC 8832", "RFC 8831"], "exact"),
    "webrtc_framing": ("webrtc", ["libp2p/specs webrtc/README.md, Multiplexing"], "exact"),
    "webrtc_stream": ("webrtc", ["libp2p/specs webrtc/README.md, Multiplexing"], "exact"),
    "sdp": ("webrtc", ["RFC 8866", "RFC 8839", "RFC 8841", "RFC 8842", "RFC 8122"], "decode"),
    "signaling": ("webrtc", ["libp2p/specs webrtc/webrtc.md"], "exact"),
    "noise_xx": ("noise", ["https://noiseprotocol.org/noise.html", "libp2p/specs noise/README.md"], "exact"),
    "noise_payload": ("noise", ["libp2p/specs noise/README.md, Libp2p Data in Handshake Messages"], "exact"),
    "noise_prologue": ("webrtc", ["libp2p/specs webrtc/webrtc-direct.md, Connection Security"], "exact"),
    "noise_primitives": ("noise", ["https://noiseprotocol.org/noise.html", "RFC 7748", "RFC 8439"], "exact"),
    "noise_frame": ("noise", ["libp2p/specs noise/README.md, Wire Format"], "exact"),
    "relay_hop": ("relay", ["libp2p/specs relay/circuit-v2.md"], "exact"),
    "relay_stop": ("relay", ["libp2p/specs relay/circuit-v2.md"], "exact"),
    "relay_voucher": ("relay", ["libp2p/specs relay/circuit-v2.md, Reservation Vouchers"], "exact"),
    "signed_envelope": ("relay", ["libp2p/specs RFC/0002-signed-envelopes.md"], "exact"),
    "peer_record": ("relay", ["libp2p/specs RFC/0003-routing-records.md"], "decode"),
    "identify": ("libp2p", ["libp2p/specs identify/README.md"], "exact"),
    "multistream": ("libp2p", ["https://github.com/multiformats/multistream-select", "libp2p/specs connections/README.md"], "exact"),
    "yamux_frame": ("yamux", ["https://github.com/hashicorp/yamux/blob/master/spec.md", "libp2p/specs yamux/README.md"], "exact"),
    "yamux_session": ("yamux", ["https://github.com/hashicorp/yamux/blob/master/spec.md", "libp2p/specs yamux/README.md"], "exact"),
}

# flag: description, what goes wrong in an implementation that gets it wrong, links
FLAGS = {
    "Normal": ("A plain case of the format.", "Peers do not understand each other.", []),
    "Boundary": ("A value at the edge of its range.", "Off-by-one: a legal value is refused, or one beyond is taken.", []),
    "Truncated": ("Octets are missing at the end.", "Reads beyond the input, or takes a part for the whole.", ["https://cwe.mitre.org/data/definitions/125.html"]),
    "WrongLength": ("A length field contradicts what is there.", "Reads beyond the input, or loops.", ["https://cwe.mitre.org/data/definitions/130.html"]),
    "Trailing": ("Octets are left over behind the end.", "Two readers of the same octets see different things.", []),
    "OverlongVarint": ("A varint in more octets than needed or allowed.", "One value has many encodings; identifiers and hashes can be forged.", ["https://github.com/multiformats/unsigned-varint"]),
    "WrongChecksum": ("A CRC is wrong.", "Damaged packets are taken for good.", []),
    "WrongMac": ("A MAC, tag or signature does not belong to the octets.", "Anybody can forge them.", ["https://cwe.mitre.org/data/definitions/347.html"]),
    "WrongKey": ("A good MAC or signature of another key, domain or context.", "What was signed for one purpose is taken for another.", ["https://cwe.mitre.org/data/definitions/347.html"]),
    "Forged": ("Made by somebody who is not entitled to it.", "Resources are handed to, or identities taken by, an attacker.", []),
    "Replay": ("Good octets a second time, from another source or too late.", "State for spoofed sources; traffic amplification.", ["https://www.rfc-editor.org/rfc/rfc6347#section-4.2.1"]),
    "DuplicateField": ("A field that stands once is there twice.", "Two readers pick different values.", []),
    "ReorderedField": ("The same fields in another order.", "Over-strict readers refuse what the format allows.", []),
    "UnknownField": ("A field this version does not know and that may be skipped.", "No extension of the protocol is possible.", []),
    "UnknownMandatory": ("Something unknown that must not be ignored.", "A rule that the sender relies on is not kept.", []),
    "UnknownValue": ("A value that nobody has assigned.", "Undefined behaviour that peers may come to rely on.", []),
    "WrongValue": ("A field has a value its rule forbids.", "The rule's reason: see the case.", []),
    "WrongType": ("A protobuf field of another wire type than the schema's.", "Memory is taken for what it is not.", []),
    "Missing": ("A field that is required is not there.", "Use of an uninitialised value, or a check that never runs.", []),
    "Limit": ("Larger or more than the protocol allows.", "Memory is exhausted.", ["https://cwe.mitre.org/data/definitions/770.html"]),
    "WrongPrologue": ("The two sides bind different contexts.", "The handshake can be moved to another connection (man in the middle).", ["https://noiseprotocol.org/noise.html#prologue"]),
    "WrongState": ("Well formed, but not at this point.", "State machines of the two sides drift apart.", []),
    "AfterClose": ("Data, or an end, after an end or a reset.", "Data is delivered that belongs to nobody; use after free.", []),
    "Fragmented": ("One unit in several pieces, in any order.", "Peers that fragment cannot connect.", []),
    "Conflict": ("Pieces that contradict each other.", "An attacker chooses what the receiver sees.", []),
    "Strict": ("Known implementations differ, or the text leaves it open.", "Interoperability, not safety: both answers are seen in the field.", []),
}

FACTS = "CC0-1.0 for this selection and its form; the test values are facts, taken from the source, which has no licence file"

LICENCES = [
    ("CC0-1.0", r"^computed|^RFC|^IANA|^IETF|^recorded|^generated|^shape|^CRC-32"),
    ("MIT", r"^pion/|go-multiaddr|rust-multiaddr|go-libp2p|rust-libp2p|gortc|unsigned-varint|go-varint|go-multihash|clux/|rweather/|libp2p/py-libp2p"),
    ("MIT OR Apache-2.0", r"js-multiaddr|js-multiformats|ChainSafe|webrtc-rs|str0m|mcginty/snow|multiformats/multihash"),
    ("BSD-3-Clause", r"aiortc|aioice|usrsctp|coturn|flynn/noise"),
    ("Apache-2.0", r"webrtc/dcsctp"),
    ("MPL-2.0", r"libjuice|mozilla/|hashicorp"),
    ("MPL-1.1 OR LGPL-2.1", r"libnice"),
    ("public domain", r"cacophony"),
    (FACTS, r"libp2p/specs|multiformats/multibase"),
]


def licence_of(source):
    for name, pattern in LICENCES:
        if re.search(pattern, source):
            return name
    raise SystemExit("no licence known for source %r" % source)


def slug(text):
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-")[:96] or "case"


class Collection:
    """Tests by type; ids are made unique, tests keep the order in which they came."""

    def __init__(self):
        self.groups, self.ids = {}, {}

    def add(self, op, name, flags, given, *, out=None, also=None, result="valid", error=None, rule=None, comment=None,
            check=None, source="computed", licence=None):
        kind = op.split(".")[0]
        assert kind in TYPES, kind
        assert all(f in FLAGS for f in flags), flags
        ids = self.ids.setdefault(kind, set())
        base = tc_id = slug(name)
        n = 1
        while tc_id in ids:
            n += 1
            tc_id = "%s-%d" % (base, n)
        ids.add(tc_id)
        test = {"tcId": tc_id, "comment": comment or name, "flags": flags, "in": given}
        if out is not None:
            test["out"] = out
        if also:
            test["also"] = also
        test["result"] = result
        if result == "valid":
            test.setdefault("out", {})
        if result == "invalid":
            assert error and rule, (op, name)
            test["error"], test["rule"] = error, rule
        if check:
            test["check"] = check
        key = (op, source, licence or licence_of(source))
        self.groups.setdefault(kind, {}).setdefault(key, []).append(test)

    def reject(self, op, name, flags, given, rule, error="malformed", **more):
        self.add(op, name, flags, given, result="invalid", error=error, rule=rule, **more)

    def lenient(self, op, name, flags, given, why, **more):
        """Refused by some, passed over by others: both are right."""
        self.add(op, name, flags + ["Strict"], given, result="acceptable", comment=name + ": " + why, **more)

    def count(self):
        results = {}
        for groups in self.groups.values():
            for tests in groups.values():
                for t in tests:
                    results[t["result"]] = results.get(t["result"], 0) + 1
        return results

    def write(self, folder):
        os.makedirs(folder, exist_ok=True)
        for kind, groups in sorted(self.groups.items()):
            with open(os.path.join(folder, kind + ".json"), "w", encoding="utf-8") as f:
                f.write(file_text(kind, groups))


def dump(value):
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"))


def file_text(kind, groups):
    """One test per line, so that a line number names a test."""
    layer, spec, mode = TYPES[kind]
    used = sorted({f for tests in groups.values() for t in tests for f in t["flags"]})
    notes = {f: dict(zip(("description", "effect", "links"), FLAGS[f])) for f in used}
    lines = ["{", '"type":%s,' % dump(kind), '"layer":%s,' % dump(layer), '"schema":%s,' % dump(kind + ".schema.json"),
             '"spec":%s,' % dump(spec), '"mode":%s,' % dump(mode),
             '"numberOfTests":%d,' % sum(len(t) for t in groups.values()), '"notes":{']
    lines.append(",\n".join("  %s:%s" % (dump(k), dump(v)) for k, v in notes.items()))
    lines.append('},\n"groups":[')
    parts = []
    for (op, source, licence), tests in groups.items():
        head = '{"params":%s,"tests":[\n' % dump({"op": op, "source": source, "licence": licence})
        parts.append(head + ",\n".join("  " + dump(t) for t in tests) + "\n]}")
    lines.append(",\n".join(parts))
    lines.append("]\n}\n")
    return "\n".join(lines)
