"""What other implementations said of the cases, operation by operation: generate/agreed/KIND.json, written by test/conformance/peers --update."""
import hashlib
import json
import os

HERE = os.path.dirname(os.path.abspath(__file__))


def path(kind):
    return os.path.join(HERE, "agreed", kind + ".json")


def read(kind):
    return json.load(open(path(kind))) if os.path.exists(path(kind)) else {}


def digest(tests):
    """Of the cases that were asked: when one changes or is added, the answers no longer count."""
    asked = sorted(json.dumps([t["tcId"], t["in"], t.get("out"), t.get("also"), t["result"]], sort_keys=True) for t in tests)
    return hashlib.sha256("\n".join(asked).encode()).hexdigest()[:16]
