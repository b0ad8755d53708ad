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
        self.work = Path(tempfile.mkdtemp(prefix="weft-record-"))

    def keep(self):
        """The first connection alone: a dialer that dials twice has failed once."""
        made = self.work / "session"
        text = json.loads((made / "session.json").read_text())
        if "READY" not in text["reached"]:
            raise Failure(f"reached only {text['reached']}")
        words = [word.replace(f"{self.work}/", "") for word in text["record_again"]]
        text["record_again"] = [placeholder(before, word) for before, word in zip(["", *words], words)]
        self.name_peer(text)
        first = {k: text.pop(k) for k in ("format",)}
        whole = {**first, "scenario": self.scenario, **text, "peer_versions": self.versions,
                 "record_with": f"python3 test/interop/record.py vectors/recorded {self.peer}"}
        if self.peer in DEVIATIONS:
            whole["deviations"] = DEVIATIONS[self.peer]
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


def dialed(folder, peer, version, end, lossy=False):
    """The peer dials our server."""
    ours, addr = server(folder)
    proxy = Proxy(addr, LOSS, DELAY_MS, SEED) if lossy else None
    dialer = Dialer(PEERS[peer], version)
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


def dialing(folder, peer, addr, version, lossy=False, end=None):
    """Our client dials an address."""
    proxy = Proxy(addr, LOSS, DELAY_MS, SEED) if lossy else None
    command = [f"{BIN}/webrtc-direct-client", "--json", "--direct-version", version, "--record", folder.work / "session"]
    words = [] if end else ["--send", "hello", "--send", "bye"]
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
    yield "v1-dialing", lambda f: own_server(lambda a: dialing(f, "self", a, 1))
    yield "v2-dialing", lambda f: own_server(lambda a: dialing(f, "self", a, 2))
    yield "v1-dialing-killed", lambda f: own_server(lambda a: dialing(f, "self", a, 1, end="kill"))
    yield "v1-dialing-loss", lambda f: own_server(lambda a: dialing(f, "self", a, 1, lossy=True))
    for version in (1, 2):
        yield f"v{version}-dialed", lambda f, v=version: own_dialed(f, v)
    yield "private-dialing", lambda f: private(f, "bob")
    yield "private-dialed", lambda f: private(f, "alice")
    yield "relay-dialed", lambda f: private(f, "relay")


def own_dialed(folder, version):
    ours, addr = server(folder)
    try:
        done = subprocess.run([f"{BIN}/webrtc-direct-client", "--direct-version", str(version), "--send", "hello", "--ping", "2", addr],
                              capture_output=True, text=True, timeout=30)
        if done.returncode != 0:
            raise Failure(done.stderr)
        ours.wait_event("disconnected", 10)
    finally:
        ours.stop()


def theirs_alone(folder, who, relay):
    """Of the relay's two connections the first is Alice's."""
    if who == "relay":
        relay.stop()
        shutil.rmtree(folder.work / "session")
        (folder.work / "session-2").rename(folder.work / "session")


def private(folder, who, theirs=None):
    """Alice and Bob through our relay, on 127.0.0.1 alone; `who` of relay, alice, bob is recorded. theirs: Bob is a peer's."""
    def command(name, *rest):
        return [*rest, "--json", *(["--record", folder.work / "session"] if who == name else [])]
    relay = JsonProc("relay", command("relay", f"{BIN}/webrtc-p2p-relay", "--listen", "/ip4/127.0.0.1/tcp/0", "--listen", LISTEN, "--addr-file",
                                      folder.work / "relay.json"))
    alice = bob = None
    try:
        direct = relay.wait_event("listening", 15)["addr"]
        while "webrtc-direct" not in direct:
            direct = relay.wait_event("listening", 15, relay.events.index(next(e for e in relay.events if e.get("addr") == direct)) + 1)["addr"]
        alice = JsonProc("alice", command("alice", f"{BIN}/webrtc-p2p-peer", "-m", "listen", "--relay", direct, "--bind", "127.0.0.1", "--echo",
                                          "--addr-file", folder.work / "alice.json"))
        listening = alice.wait_event("listening", 15)["addr"]
        if theirs:
            bob = Theirs(PEERS[theirs])
            bob.open(listening)
            ping(bob, 2)
            say_goodbye(bob)
            alice.wait_event("disconnected", 30)
            theirs_alone(folder, who, relay)
            return
        bob = JsonProc("bob", command("bob", f"{BIN}/webrtc-p2p-peer", "-m", "dial", "--bind", "127.0.0.1", "--send", "hello", "--send", "bye", listening))
        code = bob.wait(40)
        if code != 0:
            raise Failure(f"bob: exit code {code}: {bob.tail()}")
        alice.wait_event("disconnected", 15)
    finally:
        for p in (bob, alice, relay):
            if p:
                p.stop()


def foreign_scenarios(name):
    peer = PEERS[name]
    for version in peer.versions:
        yield f"v{version}-dialed", lambda f, v=version: dialed(f, name, v, say_goodbye)
    yield "v1-dialed-vanished", lambda f: dialed(f, name, 1, vanish)
    yield "v1-dialed-loss", lambda f: dialed(f, name, 1, say_goodbye, lossy=True)
    if getattr(peer, "speaks_webrtc", False):
        yield "private-dialed", lambda f: private(f, "alice", name)
        yield "relay-dialed", lambda f: private(f, "relay", name)
    if peer.listens:
        for version in peer.versions:
            yield f"v{version}-dialing", lambda f, v=version: foreign_server(name, lambda a: dialing(f, name, a, v))


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
