"""Shows with probe.py that each NAT of the lab is what it is called. Inside namespaces of its own; prints {"ok","text"}."""
import json
import pathlib
import subprocess
import sys
import time

import world

PROBE = [sys.executable, "-B", str(pathlib.Path(__file__).resolve().parent / "probe.py")]
V4 = ("203.0.113.10", "203.0.113.11")
V6 = ("2001:db8::10", "2001:db8::11")

# Alice, Bob, then what each must be: mapping, filtering, hairpin, whether the port is kept
PAIRS = (
    ("open", "block", "none EIF False kept", "blocked None None None"),
    ("full", "addr", "EIM EIF False changed", "EIM ADF False changed"),
    ("port", "sym", "EIM APDF False changed", "APDM APDF False changed"),
    ("linux", "full+hairpin", "EIM APDF False kept", "EIM EIF True changed"),
    ("port+hairpin", "=", "EIM APDF True changed", "EIM APDF True changed"),
    ("port", "=lan", "EIM APDF False changed", "EIM APDF False changed"),
    ("port>port", "port>sym", "EIM APDF False changed", "APDM APDF False changed"),
    ("port>port+hairpin", "port>=", "EIM APDF True changed", "EIM APDF True changed"),
    ("fw6", "none6", "none APDF False kept", "none EIF False kept"),
)


def ask(who, addresses):
    return subprocess.Popen(world.inside(who, [*PROBE, "ask", *addresses]), text=True, stdout=subprocess.PIPE)


def answer(asked):
    said = json.loads(asked.communicate()[0])
    return " ".join(str(said[key]) for key in ("mapping", "filtering", "hairpin", "port"))


def serve(addresses):
    server = subprocess.Popen(world.inside("relay", [*PROBE, "serve", *addresses]), stdout=subprocess.PIPE, text=True)
    server.stdout.readline()
    return server


def kinds():
    """(what, found, claimed) for every kind."""
    for alice, bob, *claims in PAIRS:
        addresses = V6 if alice == "fw6" else V4
        w = world.World(alice, bob)
        server = serve(addresses)
        asked = [ask(who, addresses) for who in ("alice", "bob")]
        yield from zip((alice, bob), map(answer, asked), claims)
        server.kill()
        server.wait()
        w.forget()


class Held:
    """One socket of Alice, whose mapping is asked for again and again."""

    def __init__(self):
        self.probe = subprocess.Popen(world.inside("alice", [*PROBE, "hold", *V4]), text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def port(self):
        self.probe.stdin.write("\n")
        self.probe.stdin.flush()
        return json.loads(self.probe.stdout.readline())


def moments():
    """(what, found, claimed) for what is done to a NAT in the middle of a cell."""
    w = world.World("linux", "full")
    server = serve(V4)
    held = Held()
    first = held.port()
    w.rebind("alice")
    second = held.port()
    yield "rebinding", "other port" if second and second != first else f"{first} {second}", "other port"
    w.block_udp("alice")
    yield "UDP blocked", str(held.port()), "None"
    w.allow_udp("alice")
    yield "and allowed", "same port" if held.port() == second else "other port", "same port"
    w.conntrack_timeout("alice", 3)
    before = held.port()
    for _ in range(2):
        time.sleep(2)
        kept = held.port() == before
    yield "a mapping of 3 s, used", "kept" if kept else "lost", "kept"
    time.sleep(5)
    yield "and unused", "kept" if held.port() == before else "lost", "lost"
    held.probe.kill()
    held.probe.wait()
    server.kill()
    server.wait()
    w.forget()


def main():
    found = [*kinds(), *moments()]
    good = sum(seen == claim for _, seen, claim in found)
    lines = [f"nat-probe: {good}/{len(found)} NATs are what they are called (mapping, filtering, hairpin, port)"]
    lines += [f"  {what:<24} {seen:<24}" + ("" if seen == claim else f" <-- claimed: {claim}") for what, seen, claim in found]
    world.say(ok=good == len(found), text="\n".join(lines))


if __name__ == "__main__":
    main()
