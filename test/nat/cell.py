"""One run of one cell: the world, the three programs in it, the chat, and whether the path is the expected one.

    cell.py NAME DIRECTORY          inside namespaces of its own; prints {"step"}, then {"ok","paths","why"} as its last line

Everything the programs print stays in DIRECTORY. Nothing here passes or fails by how long something took: the limits only end what hangs.
"""
import json
import os
import pathlib
import signal
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "interop"))
from procs import Failure, JsonProc, stop_all  # noqa: E402

import table  # noqa: E402
import world  # noqa: E402

BIN = pathlib.Path(os.environ.get("BIN", HERE.parent.parent / "build" / "bin"))
PORT = 9091
START, DECIDE, CHANGE, LINE = 20, 30, 120, 30  # seconds: a program is up; first path; a path that changes; a line comes through
ICE_LIMIT = ["--ice-timeout", "5"]


def shown(text):
    """How the programs tell that a line came: the length alone when it is over 512 bytes."""
    return text if len(text) <= 512 else len(text)


class Run:
    def __init__(self, row, directory):
        self.row, self.dir = row, directory
        self.expected = row.path.split(",")
        self.world = self.relay = self.alice = self.bob = None
        self.sent = {"alice": [], "bob": []}

    # ---- starting ----

    def build(self, **options):
        world.say(step="namespaces")
        self.world = world.World(self.row.alice, self.row.bob, **options)

    def program(self, ns, name, *arguments):
        return JsonProc(ns, world.inside(ns, [BIN / name, "--json", *arguments]), cwd=self.dir)

    def start_relay(self, transport="tcp", key=None):
        v4 = any("." in a for a in self.world.addresses["bob"])
        public = "/ip4/203.0.113.10/" if v4 else "/ip6/2001:db8::10/"
        listen = [option for ip in ("/ip4/0.0.0.0", "/ip6/::") for end in (f"/tcp/{PORT}", f"/udp/{PORT}/webrtc-direct")
                  for option in ("--listen", ip + end)]
        self.relay = self.program("relay", "webrtc-p2p-relay", *listen, *(["--key-file", key] if key else []),
                                  "--addr-file", self.dir / "relay.json")
        self.address = self.listening(self.relay, public + transport)
        self.loopback = self.listening(self.relay, "/ip4/127.0.0.1/tcp/")

    def kill_relay(self):
        world.say(step="the relay is killed")
        self.relay.signal(signal.SIGKILL)
        self.relay.wait(START)
        self.relay = None
        (self.dir / "relay.json").unlink()  # which it could not do itself any more

    @staticmethod
    def listening(proc, start):
        at = 0
        while True:
            event = proc.wait_event("listening", START, start=at)
            at = proc.events.index(event) + 1
            if event["addr"].startswith(start):
                return event["addr"]

    def start_peers(self):
        world.say(step="Alice reserves")
        self.alice = self.program("alice", "webrtc-p2p-peer", "-m", "listen", "--relay", self.address, *ICE_LIMIT, "--addr-file", self.dir / "alice.json")
        self.alice.wait_event("reserved", START)
        address = self.alice.wait_event("listening", START)["addr"]
        world.say(step="Bob dials")
        self.bob = self.program("bob", "webrtc-p2p-peer", "-m", "dial", *ICE_LIMIT, address)

    # ---- what the programs say ----

    def paths(self, proc):
        """The paths in a row; a direct path that only moved to other addresses counts once."""
        proc.drain(0.005)
        seen = []
        for event in proc.events:
            if event.get("event") == "path" and seen[-1:] != [event["path"]]:
                seen.append(event["path"])
        return seen

    def await_path(self, index, seconds):
        """Until both are on the path number `index` of the expected ones."""
        world.say(step=f"waiting for {self.expected[index]}")
        until = time.monotonic() + seconds
        for proc in (self.bob, self.alice):
            while len(self.paths(proc)) <= index:
                if time.monotonic() > until or not proc.alive():
                    raise Failure(f"{proc.name}: paths {self.paths(proc) or 'none'} and not {self.expected}: {proc.tail(1)}")
            if self.paths(proc)[: index + 1] != self.expected[: index + 1]:
                raise Failure(f"{proc.name}: path {','.join(self.paths(proc))}, expected {self.row.path}")

    def await_retried(self):
        """Where packets are lost the first try may run out of its 5 s; then the dialer's next one must succeed."""
        until = time.monotonic() + DECIDE
        while not self.paths(self.bob) and self.bob.alive() and time.monotonic() < until:
            pass
        if self.expected == ["direct"] and self.paths(self.bob)[:1] == ["relayed"]:
            self.expected = ["relayed", "direct"]
        for index in range(len(self.expected)):
            self.await_path(index, CHANGE)

    def status(self):
        proc = self.program("relay", "webrtc-p2p-relay", "--status", self.loopback)
        try:
            return proc.wait_event("status", START)
        finally:
            proc.stop()

    # ---- the chat ----

    def write(self, who, text):
        self.sent[who].append(shown(text))
        getattr(self, who).write(text)

    def arrived(self, who):
        """What the other one has received."""
        reader = self.bob if who == "alice" else self.alice
        reader.drain(0.005)
        return [e["text"] if e["event"] == "message" else e["bytes"] for e in reader.events if e.get("event") in ("message", "data")]

    def await_lines(self, seconds=LINE):
        until = time.monotonic() + seconds
        for who in ("bob", "alice"):
            while len(self.arrived(who)) < len(self.sent[who]):
                if time.monotonic() > until:
                    raise Failure(f"of {len(self.sent[who])} lines of {who} came {self.arrived(who)}")
            if self.arrived(who) != self.sent[who]:
                raise Failure(f"lines of {who}: sent {self.sent[who]}, came {self.arrived(who)}")

    def chat(self, lines=5):
        """A line each way at a time; the relay carries none of it when the path is direct, all of it otherwise."""
        world.say(step="chat")
        before = self.quiet_relay()
        for _ in range(lines):
            for who in ("bob", "alice"):
                self.write(who, f"line {len(self.sent[who]) + 1} of {who}")
                self.await_lines()
        if before is None:
            return
        grown = self.status()["bytes"] - before["bytes"]
        if before["direct"] and grown != 0:
            raise Failure(f"a direct chat, and the relay's bytes grew by {grown}")
        if not before["direct"] and grown < sum(map(len, self.sent["bob"][-lines:])):
            raise Failure(f"a relayed chat, and the relay's bytes grew by {grown} alone")

    def talk_until(self, index, seconds):
        """Lines both ways without waiting for any, until both are on the path number `index` of the expected ones; none may be missing."""
        world.say(step=f"talking until {self.expected[index]}")
        until = time.monotonic() + seconds
        while min(len(self.paths(self.bob)), len(self.paths(self.alice))) <= index:
            for who in ("bob", "alice"):
                self.write(who, f"line {len(self.sent[who]) + 1} of {who}")
            if time.monotonic() > until:
                break
        self.await_path(index, START)
        self.await_lines()

    def quiet_relay(self):
        """The relay's counters; on a direct path when the circuit is closed, as it must be by then."""
        if self.relay is None:
            return None
        direct = self.paths(self.bob)[-1] == "direct"
        until = time.monotonic() + LINE
        while True:
            status = self.status()
            if not direct or status["circuits"] == 0:
                return {"bytes": status["bytes"], "direct": direct}
            if time.monotonic() > until:
                raise Failure(f"direct for {LINE} s, and the relay still has {status['circuits']} circuits")

    # ---- the end ----

    def finish(self):
        world.say(step="closing")
        self.bob.close_stdin()
        if self.bob.wait(START) != 0:
            raise Failure(f"bob ended with {self.bob.child.returncode}: {self.bob.tail(1)}")
        self.alice.wait_event("disconnected", START)
        for proc in filter(None, (self.alice, self.relay)):
            proc.signal(signal.SIGINT)
            if proc.wait(START) != 0:
                raise Failure(f"{proc.name} ended with {proc.child.returncode} on SIGINT: {proc.tail(1)}")
        left = [name for name in ("alice.json", "relay.json") if (self.dir / name).exists()]
        if left:
            raise Failure(f"left behind: {' '.join(left)}")
        for proc in (self.bob, self.alice):
            if self.paths(proc) != self.expected:
                raise Failure(f"{proc.name}: paths {','.join(self.paths(proc))}, expected {self.row.path}")

    def keep(self):
        """All that was printed, and the state of the namespaces, for whoever looks into a failure."""
        for name in ("relay", "alice", "bob"):
            proc = getattr(self, name)
            if proc:
                proc.drain()
                (self.dir / f"{name}.jsonl").write_text("".join(json.dumps(e) + "\n" for e in proc.events))
                proc.log.flush()
                (self.dir / f"{name}.err").write_text(pathlib.Path(proc.log.name).read_text(errors="replace"))
        if self.world:
            (self.dir / "namespaces.txt").write_text(self.world.describe())


# ---- what happens in a cell, by its name; the rest are plain ------------------------------------------------------------------------


def connect(run, **options):
    run.build(**options)
    run.start_relay()
    run.start_peers()
    run.await_path(0, DECIDE)


def plain(run):
    connect(run)
    run.chat()


def relay_over_udp(run):
    run.build()
    run.start_relay("udp")
    run.start_peers()
    run.await_path(0, DECIDE)
    run.chat()


def mapping_timeout(run):
    run.build()
    for who in ("alice", "bob"):
        run.world.conntrack_timeout(who, 5)
    run.start_relay()
    run.start_peers()
    run.await_path(0, DECIDE)
    run.chat()
    world.say(step="12 s of silence")
    for _ in range(24):
        time.sleep(0.5)
        run.world.expire()
    run.chat()


def rebind(run):
    connect(run)
    run.chat()
    world.say(step="mappings flushed")
    run.world.rebind("bob" if run.row.name == "rebind-dialer" else "alice")
    for index in range(1, len(run.expected)):
        run.await_path(index, CHANGE)
    run.chat()


def many_networks(run):
    run.build()
    for who in ("alice", "bob"):
        run.world.more_networks(who, 8)
    run.start_relay()
    run.start_peers()
    run.await_path(0, DECIDE)
    run.chat()


def roam(run):
    connect(run)
    run.chat()
    world.say(step="another address")
    run.world.move(run.row.name.partition("-")[2])
    for index in range(1, len(run.expected)):
        run.await_path(index, CHANGE)
    run.chat()


def mtu(run):
    connect(run, mtu=1280)
    run.chat()
    run.write("bob", "x" * 4000)  # in datagrams as long as they get
    run.write("alice", "y" * 4000)
    run.await_lines()


def lossy(percent):
    def scenario(run):
        run.build()
        run.world.lose(percent)
        run.start_relay()
        run.start_peers()
        run.await_retried()
        run.chat()

    return scenario


def relay_killed(run):
    connect(run)
    run.chat()
    run.kill_relay()
    run.chat()


def udp_lost(run):
    connect(run)
    run.chat()
    run.world.block_udp("alice")
    run.await_path(1, CHANGE)
    run.chat()
    run.world.allow_udp("alice")
    run.talk_until(2, CHANGE)
    run.chat()


def udp_late(run):
    run.build()
    run.world.block_udp("bob")
    run.start_relay()
    run.start_peers()
    run.await_path(0, DECIDE)
    run.chat()
    run.world.allow_udp("bob")
    run.talk_until(1, CHANGE)
    run.chat()


def relay_restarted(run):
    run.build()
    run.start_relay(key=run.dir / "relay.key")
    run.start_peers()
    run.await_path(0, DECIDE)
    run.chat()
    run.kill_relay()
    run.alice.wait_event("error", CHANGE, start=len(run.alice.events))
    world.say(step="the relay is back")
    run.start_relay(key=run.dir / "relay.key")
    run.alice.wait_event("reserved", CHANGE, start=len(run.alice.events))
    run.bob.wait_event("circuit", CHANGE, start=len(run.bob.events))
    run.chat()


SCENARIOS = {
    "mapping-timeout": mapping_timeout,
    "relay-udp": relay_over_udp,
    "relay-udp-sym": relay_over_udp,
    "rebind-full": rebind,
    "rebind-dialer": rebind,
    "rebind-port": rebind,
    "many-networks": many_networks,
    "many-networks-sym": many_networks,
    "roam-alice": roam,
    "roam-bob": roam,
    "mtu-1280": mtu,
    "loss-5": lossy(5),
    "loss-10": lossy(10),
    "loss-relayed": lossy(5),
    "relay-killed": relay_killed,
    "relay-restarted": relay_restarted,
    "udp-lost": udp_lost,
    "udp-late": udp_late,
}


def main(name, directory):
    row = next(r for r in table.rows() if r.name == name)
    tempfile.tempdir = directory  # where the programs' standard error goes
    run = Run(row, pathlib.Path(directory))
    why = None
    try:
        SCENARIOS.get(name, plain)(run)
        run.finish()
    except (Failure, world.LabError) as e:
        why = str(e)
        run.keep()
    paths = run.paths(run.bob) if run.bob else []
    stop_all()
    world.say(ok=why is None, paths=",".join(paths), why=why)


if __name__ == "__main__":
    main(*sys.argv[1:])
