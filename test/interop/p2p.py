"""Demo 2 with a peer: our relay and our Alice and Bob, or theirs, in every mix that makes sense. Rows p2p and yamux."""

import json
import os
import subprocess
import tempfile
import time

from procs import Failure, JsonProc, stop_all
from rows import MIB, OTHER_ID, Dialer, check, echo, guarded, identify, ping, spread, streams

CHAT = "/webrtc-p2p-chat/1.0.0"
LINES = ("hello", "gr\u00fc\u00dfe \u2713", "x" * 400)
RELAY_TCP, RELAY_DIRECT = "/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/udp/0/webrtc-direct"
CHAT_COSTS = 4096  # bytes that may cross the relay while a chat runs on the direct path
YAMUX_STREAMS, YAMUX_MIB = 1000, 100
CIRCUIT_BYTES = 131072  # the limit of the circuit that is cut


class Relay:
    """Our relay, or a peer's: the addresses under which it is reached."""

    def __init__(self, setup, peer=None, args=()):
        self.setup, self.ours = setup, peer is None
        self.folder = tempfile.TemporaryDirectory(prefix="weft-interop-")
        if self.ours:
            command = [setup.binary("webrtc-p2p-relay"), "-p", "0", "--json", *args]
        else:
            direct = ["--listen", RELAY_DIRECT] if peer.relays_direct else []
            command = [*peer.relay(), "--listen", RELAY_TCP, *direct, "--json"]
        self.proc = JsonProc("relay" if self.ours else f"{peer.name} relay", command, self.folder.name)
        self.tcp = self.address("/tcp/")
        self.direct = self.address("/webrtc-direct/") if self.ours or peer.relays_direct else None

    def address(self, part):
        at = 0
        while True:
            event = self.proc.wait_event("listening", 30, at)
            at = self.proc.events.index(event) + 1
            if event["addr"].startswith("/ip4/127.0.0.1/") and part in event["addr"]:
                return event["addr"]

    def status(self):
        command = [self.setup.binary("webrtc-p2p-relay"), "--status", self.tcp, "--json"]
        done = subprocess.run(command, text=True, capture_output=True, timeout=20, stdin=subprocess.DEVNULL, cwd=self.folder.name)
        events = [json.loads(line) for line in done.stdout.splitlines()]
        found = [e for e in events if e.get("event") == "status"]
        check(done.returncode == 0 and found, f"--status: exit code {done.returncode}: {done.stderr.strip()[-200:]}")
        return found[-1]

    def stop(self):
        check(self.proc.alive(), f"the relay is gone: {self.proc.tail()}")
        self.proc.stop()
        self.folder.cleanup()


class Peer:
    """Our webrtc-p2p-peer."""

    def __init__(self, setup, *args):
        self.folder = tempfile.TemporaryDirectory(prefix="weft-interop-")
        self.proc = JsonProc("our peer", [setup.binary("webrtc-p2p-peer"), *args, "--json"], self.folder.name)

    def stop(self):
        if self.proc.alive():
            self.proc.stop()
        self.folder.cleanup()


class Alice(Peer):
    def __init__(self, setup, relay_addr, *args):
        super().__init__(setup, "-m", "listen", "--relay", relay_addr, "--echo", *args)
        try:
            self.addr = self.proc.wait_event("listening", 20)["addr"]
        except Failure:
            self.stop()
            raise

    def stop(self):
        check(self.proc.alive(), f"our Alice is gone: {self.proc.tail()}")
        super().stop()


class Theirs(Dialer):
    """A peer behind the control protocol, in Demo 2."""

    def __init__(self, peer, direct=False):
        with_direct = getattr(peer, "p2p_direct", peer.p2p)  # some reach a relay over TCP alone unless they are asked to
        super().__init__(peer, 1, with_direct() if direct else peer.p2p())

    def open(self, addr):
        got = self.ask("open", 30, addr=addr, p2p=True)
        check(got["peer"] == addr.rsplit("/", 1)[1], f"connected to {got['peer']}")
        return f"{got['ms']:.0f} ms"


def run_with(starts, action):
    """Starts what `starts` names one after another, gives all to action, and ends all, the last one first."""
    running = []
    try:
        for start in starts:
            running.append(start(*running))
        return action(*running)
    finally:
        for thing in reversed(running):
            thing.stop()


def session(setup, addr, *args, path="direct", limit=40):
    """Our Bob dials, says his lines in lock-step and leaves; returns what he showed."""
    sends = [a for line in LINES for a in ("--send", line)]
    bob = Peer(setup, "-m", "dial", addr, *sends, *args)
    try:
        code = bob.proc.wait(limit)
        bob.proc.drain()
        texts = [e["text"] for e in bob.proc.events if e.get("event") == "message"]
        paths = [e for e in bob.proc.events if e.get("event") == "path"]
        check(code == 0, f"exit code {code}{bob.proc._errors()}")
        check("".join(texts) == "".join(LINES), f"came back: {texts}")
        check(paths and paths[-1]["path"] == path, f"the path is {[p['path'] for p in paths]}, not {path}")
        return f"{len(LINES)} lines came back, {path}: {paths[-1].get('local', '?')} - {paths[-1].get('remote', '?')}"
    finally:
        bob.stop()


def without_relay(relay, action):
    """What crossed the relay while action ran: less than 4 KiB."""
    before = relay.status()["bytes"]
    seen = action()
    grown = relay.status()["bytes"] - before
    check(grown < CHAT_COSTS, f"{grown} bytes crossed the relay")
    return f"{seen}; {grown} bytes crossed the relay"


# ---- /webrtc: the peer is Bob, or Alice -------------------------------------------------------------------------------

def direct(d):
    got = d.ask("path")
    check(not got["limited"] and "/webrtc" in got["remote"], f"the connection is {got}")
    return "direct"


def their_bob(peer, setup, report, tag, relay, alice_at, bob_at, quick, size):
    def cases(alice, bob):
        name = f"{tag}their Bob: "
        before = relay.status()["bytes"]
        addr = alice.addr.replace(alice_at, bob_at)
        if not report.case(name + "dials our Alice", lambda: f"{bob.open(addr)}, {direct(bob)}", retry=True):
            return
        setup_bytes = relay.status()["bytes"] - before
        report.case(name + "identify", lambda: identify(bob, CHAT))
        report.case(name + "ping", lambda: ping(bob, 3))
        report.case(name + f"{size // 1024} KiB echoed", lambda: without_relay(relay, lambda: echo(bob, size, "after")))
        if not quick:
            report.case(name + "FIN first", lambda: without_relay(relay, lambda: echo(bob, size, "first")))
            report.case(name + "50 chats, one after another", lambda: without_relay(relay, lambda: streams(bob, 50, 1)))
        report.case(name + "our Alice says the path is direct", lambda: alice_path(alice))
        report.case(name + "leaves", lambda: leaves(bob, alice))
        print(f"        {setup_bytes} bytes crossed the relay before", flush=True)
    run_with([lambda: Alice(setup, alice_at), lambda alice: Theirs(peer)], cases)


def alice_path(alice):
    event = alice.proc.wait_event("path", 5, path="direct")
    return f"{event.get('local')} - {event.get('remote')}"


def leaves(bob, alice):
    alice.proc.drain()
    start, began = len(alice.proc.events), time.monotonic()
    bob.ask("close")
    took = alice.proc.wait_event("disconnected", 15, start)["_at"] - began
    check(took <= 2, f"our Alice noticed after {took:.2f} s")
    return f"noticed after {took * 1000:.0f} ms"


def their_alice(peer, setup, report, tag, relay, alice_at, bob_at, quick):
    def cases(alice):
        name = f"{tag}their Alice: "
        kept = {}

        def reserve():
            kept["addr"] = alice.ask("reserve", 30, addr=alice_at)["addr"].replace(alice_at, bob_at)
            return f"{relay.status()['reservations']} reservations"
        if not report.case(name + "reserves", reserve, retry=True):
            return
        for i in range(1 if quick else 3):
            report.case(name + f"our Bob dials her, {i + 1}", lambda: session(setup, kept["addr"]), retry=True)
        report.case(name + "what she served", lambda: f"{alice.ask('served')['bytes']} bytes")
    run_with([lambda: Theirs(peer)], cases)


def theirs_alone(peer, report, tag, relay, alice_at, bob_at, size):
    def cases(alice, bob):
        def run():
            addr = alice.ask("reserve", 30, addr=alice_at)["addr"].replace(alice_at, bob_at)
            took = bob.open(addr)
            seen = without_relay(relay, lambda: echo(bob, size, "after"))
            return f"{took}, {direct(bob)}, {seen}"
        report.case(tag + "their Alice and their Bob", run, retry=True)
    run_with([lambda: Theirs(peer), lambda alice: Theirs(peer)], cases)


# ---- circuits: the peer speaks relay v2 but not /webrtc ---------------------------------------------------------------

def limited(d):
    got = d.ask("path")
    check(got["limited"] and "p2p-circuit" in got["remote"], f"the connection is {got}")
    return "over the circuit"


def reserve(d, relay):
    got = d.ask("reserve", 30, addr=relay.tcp)
    if "expires" in got:
        left = got["expires"] - time.time()
        check(0 < left <= 3600 * 2, f"the reservation ends in {left:.0f} s")
    check("voucher" not in got or got["voucher"], "no voucher")
    shown = {k: v for k, v in got.items() if k in ("voucher", "seconds", "bytes", "addrs")}
    return got["addr"], f"{shown or 'granted'}"


def circuits(peer, setup, report, quick):
    """Their Alice and Bob on our relay, over the circuit; then ours with theirs."""
    def cases(relay, alice, bob):
        tag, kept = "our relay: ", {}

        def reserves():
            kept["addr"], seen = reserve(alice, relay)
            return seen
        if not report.case(tag + "they reserve", reserves):
            return
        report.case(tag + "they dial through it", lambda: f"{bob.open(kept['addr'])}, {limited(bob)}")
        report.case(tag + "60,000 bytes over the circuit", lambda: crossed(relay, 120000, lambda: echo(bob, 60000, "after")))
        report.case(tag + "who came", lambda: alice.ask("inbound")["remote"])
        if not quick:
            report.case(tag + "1 MiB over the circuit", lambda: crossed(relay, 2 * MIB, lambda: echo(bob, MIB, "first")))
            report.case(tag + "ping over the circuit", lambda: ping(bob, 3))
            report.case(tag + "nobody there", lambda: refused(bob, relay))
        report.case(tag + "our Bob dials their Alice, relayed", lambda: session(setup, kept["addr"], path="relayed"))
        if not quick:
            report.case(tag + "our Bob, who wants a direct path or none", lambda: no_path(setup, kept["addr"]))
    run_with([lambda: Relay(setup), lambda *a: Theirs(peer), lambda *a: Theirs(peer)], cases)
    guarded(report, "our Alice, their Bob", lambda: run_with(
        [lambda: Relay(setup), lambda relay: Alice(setup, relay.tcp), lambda *a: Theirs(peer)],
        lambda relay, alice, bob: over_circuit_to_ours(report, alice, bob)))


def unfinished_webrtc(peer, setup, report):
    """/webrtc as py-libp2p 0.8.1 has it: its dialer raises, and its listener reads an offer and ends the stream. Ours stays on the circuit."""
    def cases(relay, alice, bob, theirs):
        kept = {}

        def dials():
            try:
                theirs.ask("private_dial", 30, addr=alice.addr)
            except Failure as why:
                check("NotImplementedError" in str(why), str(why))
                return f"refused by itself: {str(why)[:90]}"
            raise Failure("its dialer makes a connection now: this peer can have the cases of /webrtc")

        def listens():
            kept["addr"] = bob.ask("reserve", 30, addr=relay.tcp)["addr"].replace("/p2p-circuit/p2p/", "/p2p-circuit/webrtc/p2p/")
            bob.ask("private_listen", addr=kept["addr"].rsplit("/p2p/", 1)[0])
            seen = session(setup, kept["addr"], path="relayed")
            check(bob.ask("private_arrived")["n"] == 0, "a connection arrived: this peer can have the cases of /webrtc")
            return seen
        report.case("/webrtc: their Bob dials our Alice", dials)
        report.case("/webrtc: our Bob dials their Alice, whose listener answers no offer", listens)
    run_with([lambda: Relay(setup), lambda relay: Alice(setup, relay.tcp), lambda *a: Theirs(peer, direct=True),
              lambda *a: Theirs(peer, direct=True)], cases)


def no_path(setup, addr):
    bob = Peer(setup, "-m", "dial", addr, "--send", "x", "--no-fallback")
    try:
        code = bob.proc.wait(30)
        bob.proc.drain()
        errors = [e for e in bob.proc.events if e.get("event") == "error"]
        check(code not in (0, 1, 2) and errors, f"exit code {code}, errors {errors}")
        return f"exit code {code}: {errors[-1]['text']}"
    finally:
        bob.stop()


def over_circuit_to_ours(report, alice, bob):
    tag = "our relay: their Bob, our Alice: "
    addr = alice.addr.replace("/webrtc/p2p/", "/p2p/")
    if not report.case(tag + "dials her circuit", lambda: f"{bob.open(addr)}, {limited(bob)}"):
        return
    report.case(tag + "identify", lambda: identify(bob, CHAT))
    report.case(tag + "60,000 bytes over the circuit", lambda: echo(bob, 60000, "after"))
    report.case(tag + "leaves", lambda: leaves(bob, alice))


def crossed(relay, least, action):
    before = relay.status()["bytes"]
    seen = action()
    grown = relay.status()["bytes"] - before
    check(least <= grown <= least * 1.2 + 16384, f"{grown} bytes crossed the relay, {least} were sent and echoed")
    return f"{seen}; {grown} bytes crossed the relay"


def refused(bob, relay):
    try:
        bob.ask("open", 30, addr=f"{relay.tcp}/p2p-circuit/p2p/{OTHER_ID}", p2p=True)
    except Failure as why:
        return f"refused: {str(why)[-120:]}"
    raise Failure("a circuit to nobody was opened")


def cut_circuit(peer, setup, report):
    """A circuit ends at its limit of bytes, to the byte."""
    def cases(relay, alice, bob):
        def run():
            addr, _ = reserve(alice, relay)
            bob.open(addr)
            try:
                echo(bob, MIB, "after")
            except Failure as why:
                got = relay.status()
                most = max(got["bytes_a_to_b"], got["bytes_b_to_a"])
                check(most == CIRCUIT_BYTES, f"{most} bytes crossed, the limit is {CIRCUIT_BYTES}")
                return f"cut after {most} bytes: {str(why)[-80:]}"
            raise Failure("1 MiB crossed a circuit of 128 KiB")
        report.case("our relay: a circuit of 128 KiB is cut", run)
    run_with([lambda: Relay(setup, args=("--circuit-bytes", str(CIRCUIT_BYTES))), lambda *a: Theirs(peer), lambda *a: Theirs(peer)], cases)


# ---- their relay ------------------------------------------------------------------------------------------------------

def on_their_relay(peer, setup, report, quick):
    def cases(relay):
        ways = [("TCP", relay.tcp, relay.tcp)]
        if relay.direct and not quick:
            ways += [("TCP and webrtc-direct", relay.tcp, relay.direct), ("webrtc-direct and TCP", relay.direct, relay.tcp)]
        for name, alice_at, bob_at in ways:
            def ours(alice, name=name, alice_at=alice_at, bob_at=bob_at):
                addr = alice.addr.replace(alice_at, bob_at)
                report.case(f"their relay, {name}: our Alice and Bob", lambda: session(setup, addr), retry=True)
                report.case(f"their relay, {name}: relayed", lambda: session(setup, addr, "--relay-only", path="relayed"))
            guarded(report, f"their relay, {name}: our Alice reserves", lambda: run_with([lambda: Alice(setup, alice_at)], ours))
    run_with([lambda: Relay(setup, peer)], cases)


# ---- TCP, Noise, Yamux without a relay --------------------------------------------------------------------------------

def tcp_link(setup, *args, limit=130):
    done = subprocess.run([setup.helper("interop_tcp_link"), *map(str, args)], text=True, capture_output=True, timeout=limit,
                          stdin=subprocess.DEVNULL)
    found = [json.loads(line) for line in done.stdout.splitlines() if '"done"' in line]
    check(done.returncode == 0 and found, f"exit code {done.returncode}: {' | '.join(done.stderr.strip().splitlines()[:3])}")
    got = found[0]
    return f"{got['streams']} streams, {got['bytes_each_way']} bytes each way, {got['ms']:.0f} ms"


def yamux_we_dial(peer, setup, report, n, mib):
    def cases(server):
        tag = "TCP, Noise, Yamux, we dial: "
        report.case(tag + f"{n} streams at once", lambda: tcp_link(setup, "held", server.tcp, n, 1000, peer.opening))
        report.case(tag + f"{mib} MiB each way", lambda: tcp_link(setup, "bulk", server.tcp, mib, 1))
        if peer.opening > 1:
            report.case(tag + f"{mib} MiB over 8 streams", lambda: tcp_link(setup, "bulk", server.tcp, mib, 8))
        report.case(tag + "200 streams, one after another", lambda: tcp_link(setup, "streams", server.tcp, 200, 64))
    run_with([lambda: Relay(setup, peer)], cases)


class TcpServer:
    def __init__(self, setup):
        self.proc = JsonProc("tcp_link", [setup.helper("interop_tcp_link"), "listen", RELAY_TCP])
        self.addr = self.proc.wait_event("listening", 10)["addr"]

    def stop(self):
        check(self.proc.alive(), f"tcp_link is gone: {self.proc.tail()}")
        self.proc.stop()


def yamux_they_dial(peer, setup, report, n, mib):
    def cases(server, d):
        tag = "TCP, Noise, Yamux, they dial: "
        if not report.case(tag + "dial", lambda: d.open(server.addr)):
            return
        report.case(tag + "identify", lambda: identify(d, CHAT))
        report.case(tag + "ping", lambda: ping(d, 3))
        report.case(tag + "1 MiB echoed, then FIN", lambda: echo(d, MIB, "after"))
        if peer.holds_streams:
            report.case(tag + f"{n} streams at once", lambda: f"{d.ask('held', 90, n=n, bytes=1000)['ms']:.0f} ms")
        else:
            report.case(tag + f"{n} streams, 50 at a time", lambda: streams(d, n, 50))
        report.case(tag + f"{mib} MiB each way, FIN first", lambda: echo(d, mib * MIB, "first"))
    run_with([lambda: TcpServer(setup), lambda server: Theirs(peer)], cases)


# ---- the row ----------------------------------------------------------------------------------------------------------

def webrtc_cases(peer, setup, report, quick):
    """Peers that speak /webrtc: browsers reach the relay over webrtc-direct alone, Node over both."""
    size = 65536 if quick else MIB

    def cases(relay):
        over = {"TCP": relay.tcp, "webrtc-direct": relay.direct}
        reach = ["TCP", "webrtc-direct"] if peer.listens else ["webrtc-direct"]
        for way in reach[:1] if quick else reach:
            theirs = over[way]
            guarded(report, f"{way}: their Bob", lambda: their_bob(peer, setup, report, f"{way}: ", relay, relay.tcp, theirs, quick, size))
            if peer.is_alice:
                guarded(report, f"{way}: their Alice", lambda: their_alice(peer, setup, report, f"{way}: ", relay, theirs, relay.tcp, quick))
        if len(reach) == 2 and not quick:
            for a, b in (("TCP", "TCP"), ("TCP", "webrtc-direct"), ("webrtc-direct", "TCP"), ("webrtc-direct", "webrtc-direct")):
                tag = f"our relay, Alice over {a}, Bob over {b}: "
                guarded(report, tag, lambda: theirs_alone(peer, report, tag, relay, over[a], over[b], size))
    run_with([lambda: Relay(setup)], cases)


def in_turn(peer, report, row, parts):
    for name, part in parts:
        print(f"{peer.name}, row {row}, {name}", flush=True)
        guarded(report, name, part)
        stop_all()


def yamux_row(peer, setup, report, quick):
    """A connection over TCP, Noise and Yamux, without a relay."""
    n, mib = (100, 10) if quick else (min(YAMUX_STREAMS, peer.most_streams), min(YAMUX_MIB, peer.most_mib))
    in_turn(peer, report, "yamux", [("we dial", lambda: yamux_we_dial(peer, setup, report, n, mib)),
                                    ("they dial", lambda: yamux_they_dial(peer, setup, report, n, mib))])


def p2p_row(peer, setup, report, quick):
    """All of Demo 2 with one peer."""
    parts = []
    if peer.speaks_webrtc:
        parts.append(("webrtc", lambda: webrtc_cases(peer, setup, report, quick)))
    else:
        parts.append(("circuits", lambda: circuits(peer, setup, report, quick)))
        if not quick:
            parts.append(("limits", lambda: cut_circuit(peer, setup, report)))
        if getattr(peer, "half_webrtc", False):
            parts.append(("unfinished /webrtc", lambda: unfinished_webrtc(peer, setup, report)))
    if peer.listens:
        parts.append(("their relay", lambda: on_their_relay(peer, setup, report, quick)))
    in_turn(peer, report, "p2p", parts)


ROWS = {"p2p": p2p_row, "yamux": yamux_row}
