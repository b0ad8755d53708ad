"""The protocol of vectors/SHIM.md for a shim in Python: a table of operations, each a function of `in` that gives `out` or raises."""
import json
import signal
import sys

LIMIT_S = 3  # an operation that takes more does not end: SIGALRM says so sooner than the runner's limits


class Refused(Exception):
    """What a library says with False, or by leaving something out."""

    def __init__(self, kind="malformed"):
        self.kind = kind


def answer(q, ops, partial):
    if q["op"] not in ops:
        return {"status": "unsupported"}
    try:
        return {"status": "ok", "out": ops[q["op"]](q["in"]), "partial": q["op"] in partial}
    except NotImplementedError:
        return {"status": "unsupported"}
    except Exception as e:
        return {"status": "error", "error": getattr(e, "kind", "malformed")}


def serve(ops, partial=(), limit_s=LIMIT_S):
    """`partial`: operations of a library that reads more than they give back. limit_s 0: the runner's limits alone."""
    for line in sys.stdin:
        q = json.loads(line)
        signal.alarm(limit_s)
        print(json.dumps(dict(answer(q, ops, partial), id=q["id"])), flush=True)
        signal.alarm(0)
