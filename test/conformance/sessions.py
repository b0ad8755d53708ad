"""The recorded sessions of vectors/recorded as questions to each implementation: what came of them, their section of RESULTS.md, vectors/expect/recorded."""
import json
import os
import re
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.join(HERE, "../..")
TITLE = "Recorded sessions"
HEAD = """## %s

The questions that `weft conform --session vectors/recorded --shim` makes of the recordings (FORMAT.md), put to the same shims; "not asked" are operations that the shim or the library does not have.
usrsctp and Wireshark are not asked: the one has none of the operations, the other opens the captures whole.

| implementation | questions | passed | failed | not asked |
| --- | ---: | ---: | ---: | ---: |
""" % TITLE


def expectations(name):
    return os.path.join(TOP, "vectors/expect/recorded", name + ".json")


def ask(weft, command, name, update):
    """What every question gave. weft: the runner; command: the shim."""
    expect = expectations(name)
    known = ["--expect", expect] if os.path.exists(expect) and not update else []
    p = subprocess.run([weft, "conform", "--session", os.path.join(TOP, "vectors/recorded"), "--format", "json", "--shim", command, *known],
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=1800)
    if p.returncode not in (0, 1):
        raise RuntimeError("%s: recorded sessions: %s" % (name, p.stderr[-1500:]))
    return json.loads(p.stdout)


def write_expectations(name, versions, cases):
    path = expectations(name)
    wrong = [c for c in cases if c["verdict"] not in ("pass", "unsupported")]
    if not wrong:
        if os.path.exists(path):
            os.remove(path)
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    entries = [json.dumps({"case": c["type"] + "/" + c["tcId"], "outcome": c["verdict"], "reason": c["why"][:120], "issue": "not reported"}) for c in wrong]
    with open(path, "w", encoding="utf-8") as f:
        f.write('{"implementation": %s,\n"versions": %s,\n"expect": [\n%s\n]}\n' % (json.dumps(name), json.dumps(versions), ",\n".join(entries)))


def row(name, found):
    t = found["totals"]
    return "| %s | %d | %d | %d | %d |" % (name, t["cases"], t["passed"], t["failed"] + t["expected"], t["unsupported"])


def section(old, rows, order):
    """The section with these rows (by name); those that are not given stay as they were."""
    kept = {m.group(1): m.group(0) for m in re.finditer(r"^\| (\S+) \|.*\d \|$", old or "", re.M)}
    kept.update(rows)
    return HEAD + "\n".join(kept[n] for n in order if n in kept) + "\n"
