"""The implementations behind the shims of test/conformance/shims: one entry each. `peers` installs and asks them, generate/all.py names them in the `check` of a case.

An entry: the name in vectors/expect and RESULTS.md, how its folder of shims/ is installed, and which package answers an operation: the first prefix of `tools` that fits. A package has
the version that the shim's own list pins; a tool that is in no list (Python from a clause of an RFC) is named as it is."""
import collections
import json
import os
import re

SHIMS = os.path.join(os.path.dirname(os.path.realpath(__file__)), "shims")

Kind = collections.namedtuple("Kind", "name installer tools")

KINDS = {
    "weft": Kind("weft", None, []),  # our own library, in process
    "py": Kind("py-libp2p", "python", [("multiaddr", "py-multiaddr"), ("multibase", "py-multibase"), ("multihash.base58", "base58"), ("multihash", "py-multihash"), ("", "py-libp2p")]),
    "js": Kind("js-libp2p", "node", [
        ("varint", "uint8-varint"), ("multiaddr", "@multiformats/multiaddr"), ("multi", "multiformats"), ("peer_id", "@libp2p/peer-id"), ("public_key", "@libp2p/crypto"), ("yamux", "@libp2p/yamux"),
        ("relay", "@libp2p/circuit-relay-v2"), ("signed", "@libp2p/peer-record"), ("peer_record", "@libp2p/peer-record"), ("identify", "@libp2p/identify"), ("noise_prologue", "@libp2p/webrtc"), ("noise", "@libp2p/noise"), ("", "@libp2p/webrtc")]),
    "go": Kind("go-libp2p", "go", [
        ("varint", "go-varint"), ("multiaddr", "go-multiaddr"), ("multibase", "go-multibase"), ("multihash", "go-multihash"), ("certhash", "go-multihash"), ("noise_payload", "go-libp2p"), ("noise", "flynn/noise"), ("", "go-libp2p")]),
    "py-sessions": Kind("py-libp2p-sessions", "python", [("", "py-libp2p")]),
    "js-sessions": Kind("js-libp2p-sessions", "node", [
        ("multistream", "@libp2p/multistream-select"), ("yamux", "@libp2p/yamux"), ("relay", "@libp2p/circuit-relay-v2"), ("noise", "@libp2p/noise"), ("", "@libp2p/webrtc")]),
    "go-sessions": Kind("go-libp2p-sessions", "go", [("multistream", "go-multistream"), ("yamux", "go-yamux"), ("", "go-libp2p")]),
    "pion": Kind("pion", "go", [("stun", "pion/stun"), ("ice", "pion/ice"), ("dtls", "pion/dtls"), ("fingerprint", "pion/dtls"), ("sctp", "pion/sctp"), ("dcep", "pion/datachannel"), ("sdp", "pion/webrtc")]),
    "aiortc": Kind("aiortc", "python", [("sctp_crc32c", "google-crc32c"), ("stun", "aioice"), ("ice", "aioice"), ("", "aiortc")]),
    "usrsctp": Kind("usrsctp", "debian", [("", "usrsctp")]),
    "wireshark": Kind("wireshark", "debian", [("", "Wireshark")]),
    "rfc": Kind("rfc-readers", "python", [
        ("stun", "Python from RFC 8489"), ("demux", "Python from RFC 7983"), ("ice_priority", "Python from RFC 8445"), ("ice", "Python from RFC 8839"), ("sctp_serial", "Python from RFC 1982"), ("sctp", "Python from RFC 9260"),
        ("dtls_client_hello", "Python from RFC 5246"), ("dtls_prf", "Python from RFC 5246"), ("dtls", "Python from RFC 6347"), ("fingerprint", "Python from RFC 8122"), ("sdp.role", "Python from RFC 4145"),
        ("sdp", "Python from RFC 8866"), ("dcep", "Python from RFC 8832"), ("yamux", "Python from libp2p/specs yamux"), ("webrtc", "Python from libp2p/specs webrtc"), ("signaling", "Python from libp2p/specs webrtc"),
        ("noise", "Python from libp2p/specs noise"), ("peer_id", "Python from libp2p/specs peer-ids")]),
}

# Names of packages as people know them.
KNOWN_AS = {"libp2p": "py-libp2p", "multiaddr": "py-multiaddr"}

# Wireshark takes 40 ms for a question, and there are thousands; the recordings are captures that it opens whole. usrsctp has no operation that they ask for.
WITHOUT_RECORDINGS = {"wireshark", "usrsctp"}

# What Debian installs, and what tells its version.
PROBES = {"wireshark": ("tshark", "--version"), "usrsctp": ("dpkg-query", "-W", "libusrsctp2")}


def python_pins(folder):
    return re.findall(r"^([\w-]+)(?:\[\w+\])?==(\S+)", open(os.path.join(folder, "requirements.txt")).read(), re.M)


def node_pins(folder):
    return list(json.load(open(os.path.join(folder, "package.json")))["dependencies"].items())


def go_pins(folder):
    found = re.findall(r"^\t(\S+) v(\S+)$", open(os.path.join(folder, "go.mod")).read(), re.M)
    return [(re.sub(r"^(github\.com/((multiformats|libp2p)/)?|google\.golang\.org/)|/v\d+$", "", name), version) for name, version in found]


def debian_pins(folder):
    return re.findall(r"^# (\w+) ([\d.]+)", open(os.path.join(folder, "requirements.txt")).read(), re.M)


PINS = {None: lambda folder: [], "python": python_pins, "node": node_pins, "go": go_pins, "debian": debian_pins}


def versions(kind):
    """Package and version of all that the shim names."""
    return {KNOWN_AS.get(name, name): version for name, version in PINS[KINDS[kind].installer](os.path.join(SHIMS, kind))}


def tool(kind, op):
    """What stands behind an operation of a shim."""
    name, pinned = next(t for prefix, t in KINDS[kind].tools if op.startswith(prefix)), versions(kind)
    return "%s %s" % (name, pinned[name]) if name in pinned else name
