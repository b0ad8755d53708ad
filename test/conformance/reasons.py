"""Why an implementation does not pass a case, for people: the `reason` of an entry in vectors/expect.

WRITTEN is by hand: the first pattern (of "implementation/type/tcId", with the verdict in front where it matters) that fits. What has none is told by what happened and by
the case's rule or comment. A reason or an issue that somebody wrote into a file of vectors/expect stays there."""
import fnmatch
import json
import os
import re

WRITTEN = [
    ("fail go-libp2p/multiaddr/*-star*", "the protocol is no longer in its table"),
    ("fail go-libp2p/multiaddr/*p2p-stardust*", "the protocol is no longer in its table"),
    ("fail go-libp2p/multiaddr/*-ffff-*", "writes an IPv4-mapped IPv6 address with dots"),
    ("fail go-libp2p/multiaddr/row-http-path-3*", "writes a space in a path as a plus sign"),
    ("fail go-libp2p/multibase/*-base8-*", "does not know base8"),
    ("fail go-libp2p/multibase/*-base10-*", "does not know base10"),
    ("fail go-libp2p/multibase/*-base32z-*", "does not know base32z"),
    ("fail go-libp2p/multibase/base58btc-0-*", "refuses a prefix without data"),
    ("fail go-libp2p-sessions/multistream/listener-ls", "answers ls with na"),
    ("fail go-libp2p-sessions/webrtc_stream/ack-*", "takes a FIN_ACK for which it sent no FIN as the end of its writing"),
    ("fail js-libp2p/multiaddr/*http-path-*", "writes and expects a slash in front of a path"),
    ("fail js-libp2p/multiaddr/*tcp-0-p2p-12D3KooWCryG7Mon9orvQxcS1rYZjotPgpw", "writes and expects a slash in front of a path"),
    ("fail js-libp2p/multiaddr/*garlic*", "takes the value of garlic64 and garlic32 for text, where it is base64 and base32"),
    ("fail js-libp2p/multiaddr/*certhash-*", "keeps the multibase in which a certhash is written"),
    ("fail js-libp2p/multiaddr/str-*k2k4r8o*", "keeps the form in which a peer id is written"),
    ("fail js-libp2p/multiaddr/str-*k51qzi5*", "keeps the form in which a peer id is written"),
    ("fail js-libp2p/multiaddr/str-*bafz*", "keeps the form in which a peer id is written"),
    ("fail js-libp2p/peer_id/text-*-base*", "of peer ids as CIDv1 it reads those in base32 and base36 alone"),
    ("fail js-libp2p/varint/*", "has numbers up to 2^53"),
    ("fail js-libp2p-sessions/webrtc_stream/unknown-flag*", "stops reading at a flag that it does not know"),
    ("fail js-libp2p-sessions/webrtc_stream/data-after-fin", "reads what comes after FIN"),
    ("fail py-libp2p-sessions/webrtc_stream/data-after-fin", "reads what comes after FIN"),
    ("fail py-libp2p-sessions/webrtc_stream/close-read-then-data", "reads what comes after its STOP_SENDING"),
    ("fail py-libp2p-sessions/multistream/listener-ls", "answers ls with names that have no length in front"),
    ("fail py-libp2p-sessions/yamux_session/*-after-rst", "goes on taking frames of a stream that was reset, while its data is not read"),
    ("fail go-libp2p-sessions/webrtc_stream/largest", "reads no message of a channel with more than 4096 octets, unless its length came in one before"),
    ("fail */yamux_session/*-data-after-fin-2", "reads what comes after FIN"),
    ("fail py-libp2p/certhash/parse-*", "knows certhashes in base64url alone"),
    ("fail py-libp2p/multiaddr/*certhash-*", "knows certhashes in base64url alone"),
    ("fail py-libp2p/multiaddr/*ip6zone*", "reads ip6zone as if it had another size"),
    ("fail py-libp2p/multiaddr/*-ffff-*", "writes an IPv6 address that holds one of IPv4 with dots"),
    ("fail py-libp2p/multiaddr/*ipfs-*", "does not know /ipfs, the older name of /p2p"),
    ("fail py-libp2p/multiaddr/*p2p-k*", "keeps a peer id as CIDv1, where the octets are its multihash"),
    ("fail py-libp2p/multiaddr/*p2p-bafz*", "keeps a peer id as CIDv1, where the octets are its multihash"),
    ("fail py-libp2p/multiaddr/*stardust*", "does not know this protocol"),
    ("fail py-libp2p/multibase/basic-base8-dec", "reads base8 with other bits"),
    ("fail py-libp2p/multibase/*leading_zero*", "loses octets of zero at the beginning"),
    ("fail py-libp2p/multibase/*-1-00-dec", "loses octets of zero at the beginning"),
    ("fail py-libp2p/multibase/*-32-0001*", "loses octets of zero at the beginning"),
    ("fail py-libp2p/multibase/case_insensitivity-*", "takes this base in one case of its letters"),
    ("fail py-libp2p/multihash/valid-0-0", "refuses an empty digest"),
    ("fail py-libp2p/multihash/ok-zero-length-sha2", "refuses an empty digest"),
    ("fail py-libp2p/peer_id/text-*-base*", "does not know peer ids as CIDv1"),
    ("fail py-libp2p/peer_id/text-k*", "does not know peer ids as CIDv1"),
    ("fail py-libp2p/peer_id/text-bafz*", "does not know peer ids as CIDv1"),
    ("fail py-libp2p/peer_id/parse-cid-*", "does not know peer ids as CIDv1"),
    ("fail */public_key/*ecdsa*", "does not know ECDSA keys"),
    ("fail */public_key/sig-ECDSA-*", "does not know ECDSA keys"),
    ("fail */public_key/go-fixture-3", "does not know ECDSA keys"),
    ("fail */public_key/p*-good", "does not know ECDSA keys"),
    ("fail */noise_payload/payload-ecdsa", "does not know ECDSA keys"),
    ("fail */ice_candidate/cand-6815297761-*", "keeps an IPv6 address as it is written, where RFC 5952 has one form"),
    ("fail aiortc/stun_message/libnice-test-parse-bad_crc", "reads nothing of a message whose FINGERPRINT is wrong"),
    ("fail aiortc/stun_message/mutated-body-flipped-under-fingerprint", "reads nothing of a message whose FINGERPRINT is wrong"),
    ("fail aiortc/sctp_packet/sctp_packet-packet-*", "reads nothing of a packet whose checksum is wrong"),
    ("crash aiortc/sctp_*/*", "a parameter whose length is below 4 keeps its reader for ever, or for long (stopped after 3 s)"),
    ("fail aiortc/dcep/*-own-parity", "opens a channel on a stream that is its own to open"),
    ("fail aiortc/dcep/*-malformed-open", "opens a channel though the OPEN is shorter than its label"),
    ("fail aiortc/sctp_association/ssn-wrong-order", "delivers by TSN, and keeps a message whose sequence number came out of order"),
    ("fail aiortc/sctp_association/no-data", "takes DATA without data"),
    ("fail aiortc/sctp_association/unknown-report", "sends no ERROR for a chunk it does not know"),
    ("fail aiortc/sctp_association/unknown-stop*", "goes on behind a chunk that it does not know, whatever the bits of its type say"),
    ("fail */sctp_association/invalid-stream", "delivers from streams beyond those of the INIT"),
    ("fail */sctp_association/reset-bad-number", "resets streams whatever the request's sequence number"),
    ("fail aiortc/sctp_association/reset-early", "resets streams before all data up to the last TSN is there"),
    ("fail aiortc/sctp_association/reset-repeated", "resets again for a request that is repeated"),
    ("fail aiortc/sctp_association/no-reset-ssn-again", "delivers a sequence number that was there before"),
    ("fail pion/sctp_association/duplicate*", "reports no duplicate TSN"),
    ("fail pion/sctp_association/wrong-tag", "does not look at the verification tag"),
    ("fail pion/sctp_association/abort-wrong-tag", "does not look at the verification tag"),
    ("fail pion/sctp_association/unknown-*", "drops a packet in which there is a chunk that it does not know"),
    ("fail pion/sctp_association/no-data", "takes DATA without data"),
    ("fail pion/sctp_association/forward", "forgets what FORWARD TSN says of a stream on which nothing has come yet"),
    ("fail pion/fingerprint/*", "writes the digits of a fingerprint in lower case"),
    ("fail pion/*/fingerprint.certificate", "writes the digits of a fingerprint in lower case"),
    ("fail pion/ice_candidate/format-*", "leaves raddr and rport out where the port is 0"),
    ("fail pion/sdp/13.sdp", "refuses a description without a=mid"),
]

# What `made` writes, and what was written before it.
MADE = re.compile(r"takes what must be refused|refuses what is valid|gives another value|accepted$|refused \(|.* is .*, expected |no answer within|does not end|closed its output|not JSON")


def made(case, test, clause):
    why, comment = case["why"], test["comment"]
    if why.startswith("accepted"):
        return "takes what must be refused: " + re.split(r": ", clause, maxsplit=1)[-1]
    if why.startswith("refused"):
        return "refuses what is valid: " + comment
    if case["verdict"] == "fail":
        return "gives another value: " + why.replace(", expected ", ", not ")
    return why


def reason(name, case, test, clause):
    """Of a case that failed; only what is refused or another value is told by hand, for what is taken the rule says it."""
    key = "%s %s/%s/%s" % (case["verdict"], name, case["type"], case["tcId"])
    written = next((r for pattern, r in WRITTEN if fnmatch.fnmatch(key, pattern)), None)
    if written and not case["why"].startswith("accepted"):
        return written
    text = made(case, test, clause)
    return text if len(text) <= 160 else text[:157] + "..."


def by_hand(path):
    """By case: the reason and the issue that somebody wrote into the file."""
    kept, known = {}, {r for _, r in WRITTEN}
    if not os.path.exists(path):
        return kept
    for e in json.load(open(path, encoding="utf-8"))["expect"]:
        words = {}
        if e["outcome"] != "unsupported" and e["reason"] not in known and not MADE.match(e["reason"]):
            words["reason"] = e["reason"]
        if e.get("issue", "not reported") != "not reported":
            words["issue"] = e["issue"]
        if words:
            kept[e["case"]] = words
    return kept
