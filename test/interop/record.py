"""Records sessions of our programs with other implementations: record.py OUT [PEER...]; PEER: self chromium firefox node go rust py.

Each session becomes OUT/<implementation>-<version>/<scenario>/ as `--record` writes it, with "scenario", "peer_versions" and "record_with" added to
session.json. What is there already is replaced. Loopback only. BIN: folder of our programs (build/bin). SCENARIOS: only these.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import procs
from peers import PEERS, ROOT, CannotRun
from p2p import Theirs
from procs import Failure, JsonProc
from rows import Dialer, Proxy, identify, ping, say

BIN = os.environ.get("BIN") or str(ROOT / "build" / "bin")
LISTEN = "/ip4/127.0.0.1/udp/0/webrtc-direct"
LOSS, DELAY_MS, SEED = 0.05, 5, 7

# Where a peer breaks a rule and is understood all the same: replays take it from that peer.
DEVIATIONS = {"go": [{"cut": "dcep", "wire": "02000000", "clause": "RFC 8832 section 5.2",
                      "what": "pion/datachannel sends an ACK of four bytes, the message has one"}]}


class Folder:
    """Where one session goes."""

    def __init__(self, out, peer, scenario):
        self.name, self.versions = names(peer)
        self.path = Path(out) / self.name / scenario
        self.peer, self.scenario = peer, scenario
        self.wanted = lambda about: True
        self.work = Path(tempfile.mkdtemp(prefix="weft-record-"))

    def found(self):
        """The first of the connections that is wanted: a dialer that dials twice has failed once."""
        for number in range(1, 20):
            made = self.work / ("session" if number == 1 else f"session-{number}")
            if not (made / "session.json").exists():
                break
            text = json.loads((made / "session.json").read_text())
            if self.wanted(text):
                return made, text
        raise Failure("no connection of that kind was recorded")

    def keep(self):
        made, text = self.found()
        if "READY" not in text["reached"]:
            raise Failure(f"reached only {text['reached']}")
        words = [word.replace(f"{self.work}/", "") for word in text["record_again"]]
        text["record_again"] = [placeholder(before, word) for before, word in zip(["", *words], words)]
        self.name_peer(text)
        first = {k: text.pop(k) for k in ("format",)}
        whole = {**first, "scenario": self.scenario, **text, "peer_versions": self.versions,
                 "record_with": f"python3 test/interop/record.py vectors/recorded {self.peer}"}
        deviations = [d for d in DEVIATIONS.get(self.peer, ()) if d["cut"] in text["replay"]]
        if deviations:
            whole["deviations"] = deviations
        lines = ",\n".join(f"  {json.dumps(k)}: {json.dumps(v, ensure_ascii=False)}" for k, v in whole.items())
        (made / "session.json").write_text("{\n" + lines + "\n}\n", encoding="utf-8")
        shutil.rmtree(self.path, ignore_errors=True)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(made, self.path)

    def name_peer(self, text):
        """A peer that left, or was left, before it identified itself is named by who it is known to be."""
        other = text["dialer" if text["recorded_by"] == "listener" else "listener"]
        if other["implementation"] == "unknown":
            name, version = self.name.rsplit("-", 1)
            other["implementation"] = f"{name}/{version}"

    def drop(self):
        shutil.rmtree(self.work, ignore_errors=True)


def placeholder(before, word):
    """An address of that run is of no use to another one; one with port 0 is."""
    if not word.startswith("/ip") or "/p2p/" not in word:
        return word
    if before == "--relay":
        return "RELAY_ADDR"
    return "PEER_ADDR" if "/p2p-circuit" in word else "SERVER_ADDR"


def names(peer):
    if peer == "self":
        text = subprocess.run([f"{BIN}/webrtc-direct-server", "--version"], capture_output=True, text=True, check=True).stdout
        version = text.split()[-1]
        return f"weft-{version}", {"weft": version}
    seen = PEERS[peer].seen_versions()
    first = {"node": ("js-libp2p-node", "libp2p"), "go": ("go-libp2p", "go-libp2p"), "rust": ("rust-libp2p", "libp2p"),
             "py": ("py-libp2p", "libp2p")}.get(peer, (peer, peer))
    return f"{first[0]}-{seen[first[1]]}", seen


def server(folder):
    p = JsonProc("server", [f"{BIN}/webrtc-direct-server", "--listen", LISTEN, "--echo", "--json", "--addr-file",
                            folder.work / "addr.json", "--record", folder.work / "session"])
    return p, p.wait_event("listening", 15)["addr"]


def session(peer, dialer, addr, end):
    got = dialer.ask("open", 40, addr=addr, version=dialer.version)
    if got["peer"] != addr.rsplit("/", 1)[1]:
        raise Failure(f"connected to {got['peer']}")
    identify(dialer)
    ping(dialer, 2)
    say(dialer, "hello")
    end(dialer)


def dialed(folder, peer, version, end, lossy=False, mux=None):
    """The peer dials our server. mux: a dialer that is told to run one Yamux session in channel 0."""
    ours, addr = server(folder)
    proxy = Proxy(addr, LOSS, DELAY_MS, SEED) if lossy else None
    dialer = Dialer(PEERS[peer], version)
    dialer.version = mux or version
    try:
        session(peer, dialer, proxy.addr if proxy else addr, end)
        ours.wait_event("disconnected", 50)
    finally:
        dialer.stop()
        ours.stop()
        if proxy:
            proxy.stop()


def say_goodbye(dialer):
    dialer.ask("close")


def vanish(dialer):
    dialer.proc.kill_group()


def dialing(folder, peer, addr, version, lossy=False, end=None, more=()):
    """Our client dials an address."""
    proxy = Proxy(addr, LOSS, DELAY_MS, SEED) if lossy else None
    command = [f"{BIN}/webrtc-direct-client", "--json", "--direct-version", version, "--record", folder.work / "session"]
    words = [*more] if end else [*more, "--send", "hello", "--send", "bye"]
    client = JsonProc("client", [*command, *words, proxy.addr if proxy else addr])
    try:
        client.wait_event("connected", 30)
        if end:
            client.write("hello")
            client.wait_event("message", 10)
            client.kill_group()
        code = client.wait(30)
        if not end and code != 0:
            raise Failure(f"exit code {code}: {client.tail()}")
    finally:
        client.stop()
        if proxy:
            proxy.stop()


def foreign_server(peer, action):
    server_ = JsonProc(f"{peer} server", [*PEERS[peer].server(), "--listen", LISTEN, "--json", "--echo"])
    try:
        action(server_.wait_event("listening", 30)["addr"])
    finally:
        server_.stop()


def own_server(action):
    with tempfile.TemporaryDirectory(prefix="weft-record-") as work:
        p = JsonProc("server", [f"{BIN}/webrtc-direct-server", "--listen", LISTEN, "--echo", "--json", "--addr-file", Path(work) / "a.json"])
        try:
            action(p.wait_event("listening", 15)["addr"])
        finally:
            p.stop()


def own_scenarios():
    for version in (1, 2):
        yield f"v{version}-dialing", lambda f, v=version: own_server(lambda a: dialing(f, "self", a, v))
        yield f"v{version}-dialed", lambda f, v=version: own_dialed(f, "--direct-version", v)
    yield "v1-dialing-killed", lambda f: own_server(lambda a: dialing(f, "self", a, 1, end="kill"))
    yield "v1-dialing-loss", lambda f: own_server(lambda a: dialing(f, "self", a, 1, lossy=True))
    yield "v1-dialed-vanished", own_vanished
    yield "yamux-dialing", lambda f: own_server(lambda a: dialing(f, "self", a, 1, more=["--mux", "yamux"]))
    yield "yamux-dialed", lambda f: own_dialed(f, "--mux", "yamux")
    for who in ("dialing", "dialed"):
        yield f"private-{who}", lambda f, w=who: own_private(f, "bob" if w == "dialing" else "alice", is_private)
        yield f"circuit-{who}", lambda f, w=who: own_private(f, "bob" if w == "dialing" else "alice", is_circuit)
    for way in ("", "-tcp"):
        yield f"relay{way}-dialed", lambda f, w=way: own_private(f, "relay", nth_over(w, 1), w)
        yield f"relay{way}-dialed-connect", lambda f, w=way: own_private(f, "relay", nth_over(w, 2), w)
        yield f"relay{way}-dialing", lambda f, w=way: own_private(f, "alice", over(w), w)
    yield "relay-tcp-dialing-connect", lambda f: own_private(f, "bob", over("-tcp"), "-tcp")
    yield "relay-tcp-dialed-vanished", own_alice_vanishes


def own_dialed(folder, *args):
    ours, addr = server(folder)
    try:
        done = subprocess.run([f"{BIN}/webrtc-direct-client", *map(str, args), "--send", "hello", "--ping", "2", addr],
                              capture_output=True, text=True, timeout=30)
        if done.returncode != 0:
            raise Failure(done.stderr)
        ours.wait_event("disconnected", 10)
    finally:
        ours.stop()


def own_vanished(folder):
    ours, addr = server(folder)
    client = JsonProc("client", [f"{BIN}/webrtc-direct-client", "--json", addr])
    try:
        client.wait_event("connected", 30)
        client.write("hello")
        client.wait_event("message", 10)
        client.kill_group()
        ours.wait_event("disconnected", 50)
    finally:
        client.stop()
        ours.stop()


# ---- a relay: ours or theirs; Alice listens through it, Bob dials her -------------------------------------------------

def is_private(about):
    return about["transport"] == "webrtc"


def is_circuit(about):
    return about["transport"] == "circuit"


def over(way):
    return lambda about: about["transport"] == ("tcp" if way else "webrtc-direct")


def nth_over(way, nth):
    """Of the relay's connections Alice's is the first and Bob's the second."""
    seen = []

    def wanted(about):
        seen.extend([1] if over(way)(about) else [])
        return len(seen) == nth and over(way)(about)
    return wanted


def theirs_over(way, nth=1):
    """Those of the other implementation alone."""
    of_kind = nth_over(way, nth)
    return lambda about: not about["dialer"]["implementation"].startswith("weft/") and of_kind(about)


class Relayed:
    """A relay and whoever is behind it; `who` of relay, alice and bob, all ours, is recorded. All of it on 127.0.0.1."""

    def __init__(self, folder, who, relay=None):
        self.folder, self.who, self.running = folder, who, []
        listen = ["--listen", "/ip4/127.0.0.1/tcp/0"]
        if relay:
            direct = ["--listen", LISTEN] if PEERS[relay].relays_direct else []
            self.relay = self.start("relay", JsonProc(f"{relay} relay", [*PEERS[relay].relay(), *listen, *direct, "--json"]))
        else:
            self.relay = self.ours("relay", "webrtc-p2p-relay", *listen, "--listen", LISTEN, "--addr-file", folder.work / "relay.json")

    def start(self, name, proc):
        self.running.append(proc)
        return proc

    def ours(self, name, program, *args):
        recorded = ["--record", self.folder.work / "session"] if self.who == name else []
        return self.start(name, JsonProc(name, [f"{BIN}/{program}", *args, "--json", *recorded]))

    def address(self, way):
        at = 0
        while True:
            event = self.relay.wait_event("listening", 30, at)
            at = self.relay.events.index(event) + 1
            if event["addr"].startswith("/ip4/127.0.0.1/") and ("/webrtc-direct" in event["addr"]) != bool(way):
                return event["addr"]

    def alice(self, way):
        alice = self.ours("alice", "webrtc-p2p-peer", "-m", "listen", "--relay", self.address(way), "--bind", "127.0.0.1", "--echo",
                          "--addr-file", self.folder.work / "alice.json")
        return alice, alice.wait_event("listening", 20)["addr"]

    def bob(self, addr, *args):
        bob = self.ours("bob", "webrtc-p2p-peer", "-m", "dial", "--bind", "127.0.0.1", "--send", "hello", "--send", "bye", *args, addr)
        code = bob.wait(40)
        if code != 0:
            raise Failure(f"bob: exit code {code}: {bob.tail()}")

    def theirs(self, name, way):
        return self.start(name, Theirs(PEERS[name], direct=not way))

    def stop(self):
        for p in reversed(self.running):
            p.stop()


def relayed(folder, who, wanted, action, relay=None):
    folder.wanted = wanted
    r = Relayed(folder, who, relay)
    try:
        action(r)
    finally:
        r.stop()


def own_private(folder, who, wanted, way=""):
    def action(r):
        alice, addr = r.alice(way)
        r.bob(addr)
        alice.wait_event("disconnected", 15)
    relayed(folder, who, wanted, action)


def their_bob(folder, who, wanted, name, way=""):
    """Their Bob reaches our Alice directly, where he speaks /webrtc, or through the relay."""
    def action(r):
        alice, addr = r.alice(way)
        bob = r.theirs(name, way)
        bob.open(addr if PEERS[name].speaks_webrtc else addr.replace("/webrtc/p2p/", "/p2p/"))
        ping(bob, 2)
        say_goodbye(bob)
        alice.wait_event("disconnected", 30)
    relayed(folder, who, wanted, action)


def their_alice(folder, who, wanted, name, way=""):
    def action(r):
        addr = r.theirs(name, way).ask("reserve", 30, addr=r.address(way))["addr"]
        r.bob(addr)
    relayed(folder, who, wanted, action)


def their_alice_vanishes(folder, name, way="-tcp"):
    def action(r):
        alice = r.theirs(name, way)
        alice.ask("reserve", 30, addr=r.address(way))
        vanish(alice)
        r.relay.wait_event("disconnected", 50)
    relayed(folder, "relay", theirs_over(way), action)


def own_alice_vanishes(folder):
    def action(r):
        alice, _ = r.alice("-tcp")
        alice.kill_group()
        r.relay.wait_event("disconnected", 50)
    relayed(folder, "relay", over("-tcp"), action)


def on_their_relay(folder, who, name, way):
    """Not every relay tells Alice that Bob has gone: she is not waited for."""
    def action(r):
        r.bob(r.alice(way)[1])
    relayed(folder, who, over(way), action, name)


def relay_scenarios(name):
    peer = PEERS[name]
    ways = ["", "-tcp"] if peer.listens else [""]
    for way in ways:
        yield f"relay{way}-dialed", lambda f, w=way: their_alice(f, "relay", theirs_over(w), name, w)
        yield f"relay{way}-dialed-connect", lambda f, w=way: their_bob(f, "relay", theirs_over(w), name, w)
    if peer.listens:
        yield "relay-tcp-dialed-vanished", lambda f: their_alice_vanishes(f, name)
        yield "relay-tcp-dialing", lambda f: on_their_relay(f, "alice", name, "-tcp")
        yield "relay-tcp-dialing-connect", lambda f: on_their_relay(f, "bob", name, "-tcp")
        if peer.relays_direct:
            yield "relay-dialing", lambda f: on_their_relay(f, "alice", name, "")
    way = "-tcp" if peer.listens else ""
    yield "circuit-dialed", lambda f: their_bob(f, "alice", is_circuit, name, way)
    yield "circuit-dialing", lambda f: their_alice(f, "bob", is_circuit, name, way)
    if peer.speaks_webrtc:
        yield "private-dialed", lambda f: their_bob(f, "alice", is_private, name)
        yield "private-dialing", lambda f: their_alice(f, "bob", is_private, name)


def foreign_scenarios(name):
    peer = PEERS[name]
    for version in peer.versions:
        yield f"v{version}-dialed", lambda f, v=version: dialed(f, name, v, say_goodbye)
    yield "v1-dialed-vanished", lambda f: dialed(f, name, 1, vanish)
    yield "v1-dialed-loss", lambda f: dialed(f, name, 1, say_goodbye, lossy=True)
    if not peer.listens:
        yield "yamux-dialed", lambda f: dialed(f, name, 1, say_goodbye, mux="yamux")
    if peer.listens:
        for version in peer.versions:
            yield f"v{version}-dialing", lambda f, v=version: foreign_server(name, lambda a: dialing(f, name, a, v))
        yield "v1-dialing-killed", lambda f: foreign_server(name, lambda a: dialing(f, name, a, 1, end="kill"))
    yield from relay_scenarios(name)


def record(out, name, scenario, action):
    for attempt in range(3):
        folder = Folder(out, name, scenario)
        try:
            action(folder)
            folder.keep()
            print(f"  ok    {folder.path}", flush=True)
            return True
        except (Failure, OSError, KeyError) as why:
            print(f"  again {name} {scenario}: {why}", flush=True)
        finally:
            procs.stop_all()
            folder.drop()
    return False


def main():
    only = os.environ.get("SCENARIOS", "").split()
    if len(sys.argv) < 2:
        sys.exit("usage: record.py OUT [self|chromium|firefox|node|go|rust|py...]")
    signal.signal(signal.SIGTERM, lambda *unused: sys.exit(143))
    out, failed = sys.argv[1], 0
    for name in sys.argv[2:] or ["self", *PEERS]:
        print(name, flush=True)
        try:
            if name != "self":
                PEERS[name].prepare()
        except CannotRun as why:
            print(f"  cannot: {why}", flush=True)
            continue
        began = time.monotonic()
        for scenario, action in own_scenarios() if name == "self" else foreign_scenarios(name):
            if not only or scenario in only:
                failed += not record(out, name, scenario, action)
        print(f"  {time.monotonic() - began:.0f} s", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
