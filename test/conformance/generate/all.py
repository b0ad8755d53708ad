#!/usr/bin/env python3
"""Writes vectors/v1: the collected cases of test/conformance/public, then those of every cases_*.py here.

  python3 test/conformance/generate/all.py [OUT_DIR]

The same input gives the same files. Needs Python's `cryptography` for the cases that are signed or encrypted."""
import glob
import importlib
import json
import os
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here)
sys.dont_write_bytecode = True

import imported
import vectorlib


# What stands behind an operation of a shim (test/conformance/shims), by the first type or operation that fits.
TOOLS = {
    "py": [("varint", "py-libp2p 0.8.1"), ("multiaddr", "py-multiaddr 0.2.0"), ("multibase", "py-multibase 2.0.0"), ("multihash.base58", "base58 2.1.1"), ("multihash", "py-multihash 3.0.0"), ("stun", "aioice 0.10.2"),
           ("ice_candidate", "aioice 0.10.2"), ("sctp", "aiortc 1.15.0"), ("sdp", "aiortc 1.15.0"), ("", "py-libp2p 0.8.1")],
    "js": [("varint", "uint8-varint 3.0.0"), ("multiaddr", "@multiformats/multiaddr 13.0.3"), ("multi", "multiformats 14.0.5"), ("peer_id", "@libp2p/peer-id 6.0.15"), ("public_key", "@libp2p/crypto 5.1.23"),
           ("yamux", "@libp2p/yamux 8.0.3"), ("relay", "@libp2p/circuit-relay-v2 4.2.13"), ("signed", "@libp2p/peer-record 9.0.16"), ("peer_record", "@libp2p/peer-record 9.0.16"), ("identify", "@libp2p/identify 4.1.14"),
           ("noise_payload", "@libp2p/noise 17.0.3"), ("", "@libp2p/webrtc 6.0.33")],
    "go": [("varint", "go-varint 0.1.0"), ("multiaddr", "go-multiaddr 0.16.1"), ("multibase", "go-multibase 0.3.0"), ("multihash", "go-multihash 0.2.3"), ("certhash", "go-multihash 0.2.3"), ("stun", "pion/stun 3.1.1"),
           ("ice", "pion/ice 4.0.10"), ("dtls", "pion/dtls 3.1.2"), ("noise", "flynn/noise 1.1.0"), ("", "go-libp2p 0.51.0")],
}


def name_checks(collection, path):
    """Adds the implementations that agree with a case to its `check`."""
    agreed = json.load(open(path)) if os.path.exists(path) else {}
    for kind, ops in agreed.items():
        for op, others in ops.items():
            tool, others = next(t for prefix, t in TOOLS[kind] if op.startswith(prefix)), set(others)
            for key, tests in collection.groups.get(op.split(".")[0], {}).items():
                for t in tests:
                    if key[0] == op and t["result"] != "acceptable" and t["tcId"] not in others:
                        t["check"] = "; ".join(filter(None, [t.get("check"), tool]))


def main():
    out = sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, "../../../vectors/v1")
    collection = vectorlib.Collection()
    imported.add_folder(collection, os.path.join(here, "../public"))
    for path in sorted(glob.glob(os.path.join(here, "cases_*.py"))):
        importlib.import_module(os.path.basename(path)[:-3]).add(collection)
    name_checks(collection, os.path.join(here, "agreed.json"))
    collection.write(out)
    results = collection.count()
    print("%d files, %d cases: %s" % (len(collection.groups), sum(results.values()), results))


main()
