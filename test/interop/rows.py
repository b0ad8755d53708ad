"""What is shown with a peer: the cases of each row."""

import hashlib
import json
import os
import re
import signal
import statistics
import sys
import time

from peers import HERE
from procs import Failure, JsonProc

CHAT = "/webrtc-chat/1.0.0"
MIB = 1 << 20
IDLE = int(os.environ.get("IDLE", "120"))
SESSIONS = int(os.environ.get("SESSIONS", "20"))
SEED = int(os.environ.get("SEED", "1"))


class Report:
    """Runs cases one after another, prints a line for each and keeps what was seen."""

    def __init__(self, known=()):
        self.cases = []
        self.retried = 0
        self.known = known  # (pattern of the case's name, pattern of what is said, why): faults of the peer itself

    def case(self, name, action, retry=False):
        began = time.monotonic()
        try:
            seen, result = action(), "ok"
        except (Failure, KeyError, ValueError, OSError) as why:
            said = str(why) if isinstance(why, Failure) else repr(why)
            if retry:
                self.retried += 1
                print(f"  again {name}: {said}", flush=True)
                return self.case(name, action)
            why = next((k[2] for k in self.known if re.search(k[0], name) and re.search(k[1], said)), None)
            seen, result = (f"{why} [{said}]", "known") if why else (said, "fail")
        took = time.monotonic() - began
        self.cases.append({"case": name, "result": result, "seconds": round(took, 2), "seen": seen or ""})
        print(f"  {result:5} {name:44} {took:7.2f} s  {seen or ''}", flush=True)
        return result == "ok"

    def skip(self, name, why):
        self.cases.append({"case": name, "result": "skip", "seconds": 0, "seen": why})
        print(f"  skip  {name:44} {'':9}  {why}", flush=True)

    def failed(self):
        return [c["case"] for c in self.cases if c["result"] == "fail"]


def check(condition, text):
    if not condition:
        raise Failure(text)


class Dialer:
    """The foreign dialer behind its control protocol."""

    def __init__(self, peer, version, command=None):
        self.version = version
        command, folder = command or peer.dialer(version)
        self.proc = JsonProc(f"{peer.name} dialer", command, folder)
        ready = self.proc.answer(60)
        check(ready.get("ready"), f"the {peer.name} dialer did not start: {ready}")
        if ready["pid"] != self.proc.child.pid:
            self.proc.groups.append(ready["pid"])  # a browser runs in a process group of its own

    def ask(self, do, limit=30, **args):
        self.proc.write(json.dumps({"do": do, **args}))
        got = self.proc.answer(limit)
        if not got.get("ok"):
            raise Failure(f"{do}: {got.get('error')}")
        return got

    def stop(self):
        if not self.proc.alive():
            return self.proc.stop()
        try:
            self.ask("quit", 5)
            self.proc.wait(10)
        except Failure:
            pass
        self.proc.stop()


class Server:
    """The server under test: our own program, a foreign one, or an address somebody else serves."""

    def __init__(self, setup, listen="/ip4/127.0.0.1/udp/0/webrtc-direct", echo=True):
        self.proc = None
        self.addr = setup.server_addr
        if self.addr:
            return
        command = [*setup.server_command, "--listen", listen, "--json", *(["--echo"] if echo else [])]
        self.proc = JsonProc("server", command)
        self.addr = self.proc.wait_event("listening", 15)["addr"]

    def mark(self):
        """An index: events behind it are newer than this moment."""
        if self.proc is None:
            return 0
        self.proc.drain()
        return len(self.proc.events)

    def wait_event(self, kind, seconds, start=0, **fields):
        if self.proc is None:
            return {"_at": time.monotonic()}
        return self.proc.wait_event(kind, seconds, start, **fields)

    def stopped_on_purpose(self):
        if self.proc is not None:
            self.proc.stop()
            self.proc = None

    def stop(self):
        if self.proc is not None:
            check(self.proc.alive(), f"the server is gone: {self.proc.tail()}")
            self.proc.stop()


class Proxy:
    """lossy-proxy.py in front of an address."""

    def __init__(self, addr, loss, delay_ms, seed):
        parts = addr.split("/")
        command = [sys.executable, HERE / "lossy-proxy.py", "--to", f"{parts[2]}:{parts[4]}", "--loss", loss,
                   "--delay-ms", delay_ms, "--seed", seed]
        self.proc = JsonProc("proxy", command)
        port = self.proc.wait_event("listening", 10)["port"]
        self.addr = "/".join([*parts[:2], "127.0.0.1", *parts[3:4], str(port), *parts[5:]])

    def stop(self):
        self.proc.signal(signal.SIGTERM)
        counts = self.proc.wait_event("counts", 5)
        self.proc.stop()
        named = f" (among them {'; '.join(counts['named'])})" if counts["named"] else ""
        return f"{counts['forwarded']} datagrams forwarded, {counts['lost']} lost{named}"


def through_proxy(addr, seed, session):
    """One session over a link that loses 5 %; what was lost is part of what is said, well or ill."""
    proxy = Proxy(addr, 0.05, 20, seed)
    try:
        seen = session(proxy.addr)
    except Failure as why:
        proxy.proc.keep_log = bool(os.environ.get("TRACE"))
        kept = f"; trace in {proxy.proc.log.name}" if proxy.proc.keep_log else ""
        raise Failure(f"{why}; {proxy.stop()}{kept}")
    return f"{seen}; {proxy.stop()}"


def spread(values, unit="ms"):
    return f"min {min(values):.2f} median {statistics.median(values):.2f} max {max(values):.2f} {unit}"


# ---- one connection ---------------------------------------------------------------------------------------------------

def identify(d, chat=CHAT):
    got = d.ask("identify")
    for p in ("/ipfs/id/1.0.0", "/ipfs/ping/1.0.0", chat):
        check(p in got["protocols"], f"identify names no {p}: {got['protocols']}")
    return got["agent"]


def ping(d, n):
    rtts = d.ask("ping", n=n)["rtt_ms"]
    check(len(rtts) == n, f"{len(rtts)} of {n} pings answered")
    return spread(rtts)


def echo(d, size, fin, **more):
    got = d.ask("echo", 120, bytes=size, fin=fin, **more)
    return f"{size} bytes, {size / 1048.576 / max(got['ms'], 0.001):.1f} MiB/s, SHA-256 {got['sha256'][:12]}..."


def streams(d, n, parallel, seconds=120):
    got = d.ask("streams", seconds, n=n, parallel=parallel)
    return f"{n} streams in {got['ms']:.0f} ms, {got['ms'] / n:.2f} ms each"


def open_(d, addr, server=None):
    start = server.mark() if server else 0
    got = d.ask("open", addr=addr, version=d.version)
    check(got["peer"] == addr.rsplit("/", 1)[1], f"connected to {got['peer']}")
    if server:
        server.wait_event("connected", 5, start)
    return f"{got['ms']:.0f} ms"


def close(d, server, limit=2.0):
    start = server.mark()
    began = time.monotonic()
    d.ask("close")
    took = server.wait_event("disconnected", limit + 5, start)["_at"] - began
    check(took <= limit, f"the server noticed after {took:.2f} s, limit {limit} s")
    return f"noticed after {took * 1000:.0f} ms"


def redial(d, addr, n):
    times = []
    for i in range(n):
        try:
            times.append(d.ask("open", addr=addr, version=d.version)["ms"])
            d.ask("ping", n=1)
            d.ask("close")
        except Failure as why:
            raise Failure(f"dial {i + 1} of {n}: {why}")
    return spread(times)


def munging(d):
    got = d.ask("munge")["munging"]
    check(got.startswith("refused"), f"this browser still lets a page change the ufrag ({got}): the trial is off")
    return got


def with_dialer(peer, version, setup, action, **server_args):
    """action(dialer, server), both ended afterwards whatever happens."""
    server = Server(setup, **server_args)
    dialer = None
    try:
        dialer = Dialer(peer, version)
        action(dialer, server)
    finally:
        if dialer:
            dialer.stop()
        server.stop()


# ---- rows: the peer dials the server ----------------------------------------------------------------------------------

def dial_quick(peer, setup, report, version, **server_args):
    def cases(d, server):
        tag = f"v{version} "
        if version == 2 and peer.name == "chromium":
            report.case(tag + "munging is refused by this browser", lambda: munging(d))
        if not report.case(tag + "dial", lambda: open_(d, server.addr, server), retry=True):
            return
        report.case(tag + "identify", lambda: identify(d))
        report.case(tag + "ping x3", lambda: ping(d, 3))
        report.case(tag + "echo 64 KiB", lambda: echo(d, 65536, "after"))
        report.case(tag + "close", lambda: close(d, server))
    guarded(report, f"v{version} quick", lambda: with_dialer(peer, version, setup, cases, **server_args))


def dial_full(peer, setup, report, version):
    def cases(d, server):
        tag = f"v{version} "
        if version == 2 and peer.name == "chromium":
            report.case(tag + "munging is refused by this browser", lambda: munging(d))
        if not report.case(tag + "dial", lambda: open_(d, server.addr, server)):
            return
        report.case(tag + "identify", lambda: identify(d))
        report.case(tag + "ping x10", lambda: ping(d, 10))
        report.case(tag + "1 MiB echoed, then FIN", lambda: echo(d, MIB, "after"))
        report.case(tag + "1 MiB echoed, FIN first", lambda: echo(d, MIB, "first"))
        if version == 2 and not peer.listens:
            whole_frames(d, setup, report, tag)
        report.case(tag + "100 streams, one after another", lambda: streams(d, 100, 1))
        report.case(tag + "50 streams at once", lambda: streams(d, 50, 50))
        report.case(tag + "close", lambda: close(d, server))
        report.case(tag + "20 dials in a row", lambda: redial(d, server.addr, 20))
    guarded(report, f"v{version} full", lambda: with_dialer(peer, version, setup, cases))


def dial_mux(peer, setup, report, version):
    """One Yamux session inside the Noise channel on data channel 0: js-libp2p's Yamux in a page, recognised by our listener."""
    def cases(d, server):
        tag, d.version = "Yamux in channel 0: ", "yamux"
        if not report.case(tag + "dial", lambda: open_(d, server.addr, server), retry=True):
            return
        report.case(tag + "recognised", lambda: server.wait_event("connected", 5, mux="yamux")["remote"])
        report.case(tag + "identify", lambda: identify(d))
        report.case(tag + "ping x10", lambda: ping(d, 10))
        report.case(tag + "1 MiB echoed, then FIN", lambda: echo(d, MIB, "after"))
        report.case(tag + "1 MiB echoed, FIN first", lambda: echo(d, MIB, "first"))
        report.case(tag + "100 streams, one after another", lambda: streams(d, 100, 1))
        report.case(tag + "50 streams at once", lambda: streams(d, 50, 50))
        report.case(tag + "close", lambda: close(d, server))
    if version == 2:
        guarded(report, "mux", lambda: with_dialer(peer, version, setup, cases))


def whole_frames(d, setup, report, tag):
    name = tag + "1 MiB in 16 KiB frames, one message each"
    if setup.foreign_server:
        report.skip(name, "go-libp2p does not read a data channel message over 4,096 bytes that begins with its length")
    else:
        report.case(name, lambda: echo(d, MIB, "after", whole=True))


def dial_chat(peer, setup, report, version):
    """Words both ways with a server that does not echo."""
    def words(d, server):
        def run():
            open_(d, server.addr, server)
            d.ask("send", text="hello from the other side, gr\u00fc\u00dfe \u2713")
            server.wait_event("message", 5, text="hello from the other side, gr\u00fc\u00dfe \u2713")
            reply = "and back: \u4f60\u597d"
            server.proc.write(reply)
            got = d.ask("recv", 10, bytes=len(reply.encode()))
            check(got["text"] == reply, f"got {got['text']!r}")
            return "one line each way"
        report.case(f"v{version} chat both ways", run)
    if setup.server_addr:
        report.skip(f"v{version} chat both ways", "only with a server of our own starting")
        return
    guarded(report, "chat", lambda: with_dialer(peer, version, setup, words, echo=False))


def say(d, line):
    d.ask("send", text=line)
    got = d.ask("recv", 15, bytes=len(line.encode()))
    check(got["text"] == line, f"sent {line!r}, got {got['text']!r}")


def dial_idle(peer, setup, report, version):
    def idle(d, server):
        def run():
            open_(d, server.addr, server)
            say(d, "before")
            time.sleep(IDLE)
            say(d, "after")
            return f"idle {IDLE} s, the same stream still answers"
        report.case(f"v{version} idle {IDLE} s, then chat", run)
    guarded(report, "idle", lambda: with_dialer(peer, version, setup, idle))


def dial_ctrlc(peer, setup, report, version):
    def theirs(d, server):
        open_(d, server.addr, server)
        say(d, "x")
        report.case(f"v{version} their goodbye seen by the server", lambda: close(d, server))

    def ours(d, server):
        def run():
            open_(d, server.addr, server)
            say(d, "x")
            began = time.monotonic()
            server.proc.signal(signal.SIGINT)
            got = d.ask("closed", 20, seconds=15)
            took = time.monotonic() - began
            check(took <= 2, f"they noticed after {took:.2f} s")
            code = server.proc.wait(3)
            check(code == 0, f"the server's exit code is {code}")
            return f"noticed after {took * 1000:.0f} ms ({got['why']})"
        report.case(f"v{version} Ctrl+C at the server seen by them", run)
        server.stopped_on_purpose()
    guarded(report, "ctrlc", lambda: with_dialer(peer, version, setup, theirs))
    guarded(report, "ctrlc", lambda: with_dialer(peer, version, setup, ours))


def dial_kill9(peer, setup, report, version):
    def theirs(d, server):
        def run():
            open_(d, server.addr, server)
            say(d, "x")
            start, began = server.mark(), time.monotonic()
            d.proc.kill_group()
            took = server.wait_event("disconnected", 90, start)["_at"] - began
            check(setup.foreign_server or 20 <= took <= 40, f"noticed after {took:.1f} s, not between 20 and 40")
            d.proc.stop()
            return f"noticed after {took:.1f} s"
        report.case(f"v{version} kill -9 of theirs seen by the server", run)

    def ours(d, server):
        def run():
            open_(d, server.addr, server)
            say(d, "x")
            server.proc.kill_group()
            got = d.ask("closed", 80, seconds=75)
            return f"they noticed after {got['ms'] / 1000:.1f} s ({got['why']})"
        report.case(f"v{version} kill -9 of the server seen by them", run)
        server.stopped_on_purpose()
    guarded(report, "kill9", lambda: with_dialer(peer, version, setup, theirs))
    guarded(report, "kill9", lambda: with_dialer(peer, version, setup, ours))


def dial_streams2000(peer, setup, report, version):
    def many(d, server):
        if report.case(f"v{version} dial", lambda: open_(d, server.addr, server)):
            report.case(f"v{version} 2,000 streams, one after another", lambda: streams(d, 2000, 1, 300))
            report.case(f"v{version} close", lambda: close(d, server))
    guarded(report, "streams2000", lambda: with_dialer(peer, version, setup, many))


def dial_lossy(peer, setup, report, version):
    def lossy(d, server):
        for i in range(SEED, SEED + SESSIONS):
            def run():
                def session(addr):
                    took = open_(d, addr)
                    ping(d, 3)
                    echo(d, 65536, "after")
                    d.ask("close")
                    return f"dial {took}"
                return through_proxy(server.addr, i, session)
            report.case(f"v{version} 5 % loss, 20 ms: seed {i}", run)
    guarded(report, "lossy", lambda: with_dialer(peer, version, setup, lossy))


# ---- rows: our client dials the peer ----------------------------------------------------------------------------------

class ForeignServer(Server):
    def __init__(self, peer, listen="/ip4/127.0.0.1/udp/0/webrtc-direct"):
        self.proc = JsonProc(f"{peer.name} server", [*peer.server(), "--listen", listen, "--echo", "--json"])
        self.addr = self.proc.wait_event("listening", 30)["addr"]


def with_listener(peer, action, **args):
    server = ForeignServer(peer, **args)
    try:
        action(server)
    finally:
        server.stop()


def client(setup, addr, version, *args, timeout=20):
    return JsonProc("client", [*setup.client_command, addr, "--direct-version", version, "--json", "--timeout", timeout, *args])


def client_session(setup, addr, version, pings, lines):
    """Runs our client once; returns what it showed."""
    sends = [a for line in lines for a in ("--send", line)]
    proc = client(setup, addr, version, *(["--ping", pings] if pings else []), *sends)
    try:
        connected = proc.wait_event("connected", 25)
        code = proc.wait(40)
        proc.drain()
        rtts = [e["rtt_us"] / 1000 for e in proc.events if e.get("event") == "ping"]
        texts = [e["text"] for e in proc.events if e.get("event") == "message"]
        check(code == 0, f"exit code {code}{proc._errors()}")
        check(len(rtts) == pings, f"{len(rtts)} of {pings} pings")
        check("".join(texts) == "".join(lines), f"sent {lines}, came back {texts}")
        check(connected["peer"] == addr.rsplit("/", 1)[1], f"connected to {connected['peer']}")
        return f"{len(lines)} lines came back" + (f", ping {spread(rtts)}" if rtts else "")
    finally:
        proc.stop()


def client_bulk(setup, addr, version, lines=260, length=4000):
    """Lines typed at our client, until every byte came back."""
    proc = client(setup, addr, version, timeout=60)
    try:
        proc.wait_event("connected", 25)
        body = hashlib.sha256(b"weft").hexdigest()
        for i in range(lines):
            proc.write((f"{i:06d}" + body * (length // len(body) + 1))[:length])
        want, got, at, until = lines * length, 0, 0, time.monotonic() + 60
        while got < want:
            check(time.monotonic() < until, f"{got} of {want} bytes came back in 60 s")
            proc.drain()
            for e in proc.events[at:]:
                got += e["bytes"] if e.get("event") == "data" else len(e["text"].encode()) if e.get("event") == "message" else 0
            at = len(proc.events)
            check(proc.alive(), f"the client ended after {got} of {want} bytes: {proc.tail()}")
        check(got == want, f"{got} bytes came back, {want} were sent")
        proc.close_stdin()
        code = proc.wait(15)
        check(code == 0, f"exit code {code}")
        return f"{want} bytes in lines of {length}"
    finally:
        proc.stop()


def client_refuses(setup, addr, version, wanted):
    proc = client(setup, addr, version, "--ping", "1")
    try:
        code = proc.wait(30)
        proc.drain()
        check(not any(e.get("event") == "connected" for e in proc.events), "it says it is connected")
        check(code != 0 and (setup.foreign_client or code == wanted), f"exit code {code}, not {wanted}")
        errors = [e for e in proc.events if e.get("event") == "error"]
        return f"exit code {code}: {errors[-1].get('text', '')[:80] if errors else ''}"
    finally:
        proc.stop()


OTHER_ID = "12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN"


def other_certhash(addr):
    parts = addr.split("/")
    at = parts.index("certhash") + 1
    swap = {"A": "B"}
    parts[at] = parts[at][:20] + swap.get(parts[at][20], "A") + parts[at][21:]
    return "/".join(parts)


def client_quick(peer, setup, report, version, **server_args):
    def cases(server):
        tag = f"v{version} client: "
        report.case(tag + "3 pings, 2 lines", lambda: client_session(setup, server.addr, version, 3, ["one", "gr\u00fc\u00dfe"]), retry=True)
    guarded(report, "client", lambda: with_listener(peer, cases, **server_args))


def client_full(peer, setup, report, version):
    def cases(server):
        tag = f"v{version} client: "
        lines = ["hello", "gr\u00fc\u00dfe \u2713", "x" * 400]
        report.case(tag + "10 pings, 3 lines", lambda: client_session(setup, server.addr, version, 10, lines))
        report.case(tag + "1 MiB in lines from standard input", lambda: client_bulk(setup, server.addr, version))
        report.case(tag + "20 dials in a row", lambda: client_redial(setup, server.addr, version, 20))
        wrong_id = server.addr.rsplit("/", 1)[0] + "/" + OTHER_ID
        report.case(tag + "wrong peer id is refused", lambda: client_refuses(setup, wrong_id, version, 4))
        report.case(tag + "wrong certhash is refused", lambda: client_refuses(setup, other_certhash(server.addr), version, 4))
        report.case(tag + "and once more", lambda: client_session(setup, server.addr, version, 1, ["still here"]))
    guarded(report, "client", lambda: with_listener(peer, cases))


def client_redial(setup, addr, version, n):
    began = time.monotonic()
    for i in range(n):
        try:
            client_session(setup, addr, version, 1, [f"dial {i}"])
        except Failure as why:
            raise Failure(f"dial {i + 1} of {n}: {why}")
    return f"{(time.monotonic() - began) / n * 1000:.0f} ms each, start of the program included"


def talk(proc, line, seconds=15):
    proc.drain()
    start = len(proc.events)
    proc.write(line)
    proc.wait_event("message", seconds, start, text=line)


def with_client(peer, setup, version, action, ends_server=False):
    def inner(server):
        proc = client(setup, server.addr, version)
        try:
            proc.wait_event("connected", 25)
            talk(proc, "first")
            return action(server, proc)
        finally:
            proc.stop()
            if ends_server:
                server.stopped_on_purpose()
    return lambda: returning(lambda keep: with_listener(peer, lambda s: keep(inner(s))))


def returning(call):
    kept = []
    call(kept.append)
    return kept[0]


def client_idle(peer, setup, report, version):
    def run(server, proc):
        time.sleep(IDLE)
        talk(proc, "after")
        proc.close_stdin()
        code = proc.wait(15)
        check(code == 0, f"exit code {code}")
        return f"idle {IDLE} s, then an answer"
    report.case(f"v{version} client: idle {IDLE} s, then chat", with_client(peer, setup, version, run))


def client_ctrlc(peer, setup, report, version):
    def ours(server, proc):
        start, began = server.mark(), time.monotonic()
        proc.signal(signal.SIGINT)
        code = proc.wait(3)
        took = server.wait_event("disconnected", 20, start)["_at"] - began
        check(took <= 2, f"they noticed after {took:.2f} s")
        check(code == 130, f"exit code {code}, not 130")
        return f"noticed after {took * 1000:.0f} ms"

    def theirs(server, proc):
        began = time.monotonic()
        server.proc.signal(signal.SIGINT)
        proc.wait_event("disconnected", 20)
        took = time.monotonic() - began
        check(took <= 2, f"we noticed after {took:.2f} s")
        code = proc.wait(3)
        check(setup.foreign_client or code == 6, f"exit code {code}, not 6")
        return f"noticed after {took * 1000:.0f} ms, exit code {code}"
    report.case(f"v{version} client: its Ctrl+C seen by them", with_client(peer, setup, version, ours))
    report.case(f"v{version} client: Ctrl+C at theirs seen by it", with_client(peer, setup, version, theirs, True))


def client_kill9(peer, setup, report, version):
    def theirs(server, proc):
        began = time.monotonic()
        server.proc.kill_group()
        took = proc.wait_event("disconnected", 80)["_at"] - began
        check(setup.foreign_client or 20 <= took <= 40, f"noticed after {took:.1f} s, not between 20 and 40")
        return f"noticed after {took:.1f} s"

    def ours(server, proc):
        start, began = server.mark(), time.monotonic()
        proc.kill_group()
        took = server.wait_event("disconnected", 90, start)["_at"] - began
        return f"they noticed after {took:.1f} s"
    report.case(f"v{version} client: kill -9 of theirs seen by it", with_client(peer, setup, version, theirs, True))
    report.case(f"v{version} client: its kill -9 seen by them", with_client(peer, setup, version, ours))


def client_lossy(peer, setup, report, version):
    def cases(server):
        for i in range(SEED, SEED + SESSIONS):
            def run():
                return through_proxy(server.addr, i, lambda addr: client_session(setup, addr, version, 3, ["a", "b", "c"]))
            report.case(f"v{version} client: 5 % loss, 20 ms: seed {i}", run)
    guarded(report, "client lossy", lambda: with_listener(peer, cases))


def guarded(report, name, action):
    """What goes wrong outside the cases (a program that does not start, a server that died) is a failed case too."""
    try:
        action()
    except Failure as why:
        def fail():
            raise why
        report.case(name, fail)


IP6 = "/ip6/::1/udp/0/webrtc-direct"

# row -> (the peer dials, our client dials)
ROWS = {
    "quick": (dial_quick, client_quick),
    "full": (dial_full, client_full),
    "chat": (dial_chat, None),
    "ipv6": (lambda *a: dial_quick(*a, listen=IP6), lambda *a: client_quick(*a, listen=IP6)),
    "idle": (dial_idle, client_idle),
    "ctrlc": (dial_ctrlc, client_ctrlc),
    "kill9": (dial_kill9, client_kill9),
    "streams2000": (dial_streams2000, None),
    "lossy": (dial_lossy, client_lossy),
    "mux": (dial_mux, None),
}
