"""Runs `weft conform --live` and `--live-listen` with other implementations and writes the table: live.py FILE [PEER...].

PEER: self node go py rust (they listen and are dialled), chromium firefox node go py rust (they dial). BIN: folder of our programs (build/bin).
"""

import datetime
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading

import procs
from peers import PEERS, ROOT, CannotRun
from procs import Failure, JsonProc
from rows import Dialer

BIN = os.environ.get("BIN") or str(ROOT / "build" / "bin")
LISTEN = "/ip4/127.0.0.1/udp/0/webrtc-direct"


def results(text):
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


CLOSE = "close told: ABORT, SHUTDOWN or close_notify"


def looked_at(arguments, close=None):
    """The results of one run. close: what makes the peer close, once all else was looked at; without it nothing waits for that."""
    command = [f"{BIN}/weft", "conform", *arguments, "--json", "--live-close-wait", "20" if close else "0"]
    live = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        threading.Thread(target=follow, args=(live.stderr, close), daemon=True).start()
        out = live.stdout.read()
        live.wait(180)
        return results(out)
    finally:
        live.kill()


def follow(lines, close):
    for line in lines:
        if close and line.startswith("Waiting ") and "close" in line:
            close()


def with_close(first, second):
    """The first run, with what the second saw of the peer's own close."""
    seen = next((c for c in second if c["check"] == CLOSE), None)
    return [seen if seen and c["check"] == CLOSE else c for c in first]


def listening(name):
    """We dial."""
    with tempfile.TemporaryDirectory(prefix="weft-live-") as work:
        ours = [f"{BIN}/webrtc-direct-server", "--addr-file", f"{work}/addr.json"]
        command = ours if name == "self" else PEERS[name].server()
        server = JsonProc(f"{name} server", [*command, "--listen", LISTEN, "--json", "--echo"])
        try:
            addr = server.wait_event("listening", 30)["addr"]
            first = looked_at(["--live", addr])
            return with_close(first, looked_at(["--live", addr], lambda: server.signal(signal.SIGTERM)))
        finally:
            server.stop()


class OurDialer:
    def __init__(self, addr):
        self.child = subprocess.Popen([f"{BIN}/webrtc-direct-client", "--json", "--ping", "1000000", addr], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def close(self):
        self.child.terminate()

    def stop(self):
        self.child.terminate()
        self.child.wait()


class TheirDialer:
    def __init__(self, name, version, addr):
        self.proc = Dialer(PEERS[name], version).proc
        self.proc.write(json.dumps({"do": "open", "addr": addr, "version": version, "seconds": 30}))

    def close(self):
        self.proc.write(json.dumps({"do": "close"}))

    def stop(self):
        self.proc.stop(1)


def dialed_by(name, version, closes):
    """One run of --live-listen with a dialer that may be told to close."""
    dialer = []
    command = [f"{BIN}/weft", "conform", "--live-listen", LISTEN, "--json", "--live-close-wait", "20" if closes else "0"]
    live = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        addr = live.stderr.readline().split(" at ")[1].strip()
        dialer.append(OurDialer(addr) if name == "self" else TheirDialer(name, version, addr))
        threading.Thread(target=follow, args=(live.stderr, dialer[0].close if closes else None), daemon=True).start()
        out = live.stdout.read()
        live.wait(180)
        return results(out)
    finally:
        live.kill()
        for d in dialer:
            d.stop()


def dialing(name, version=1):
    """They dial."""
    return with_close(dialed_by(name, version, False), dialed_by(name, version, True))


def patiently(action, name):
    """Up to three times, when there was no connection at all: some peers lose one now and then."""
    for _ in range(3):
        got = action(name)
        if got and not any(c["check"] == "a connection" for c in got):
            break
    return got


def table(title, columns, found):
    """One column for a peer, one row for a behaviour."""
    names = list(dict.fromkeys(c["check"] for col in columns for c in found[col]))
    clause = {c["check"]: c["clause"] for col in columns for c in found[col]}
    out = [f"## {title}", "", "| behaviour | clause | " + " | ".join(columns) + " |", "|---" * (2 + len(columns)) + "|"]
    notes = []
    for name in names:
        cells = []
        for col in columns:
            got = next((c for c in found[col] if c["check"] == name), None)
            cells.append(got["result"] if got else "-")
            if got and got["result"] != "pass":
                notes.append(f"- {col}, {name}: {got['result']}: {got['seen']}")
        out.append(f"| {name} | {clause[name]} | " + " | ".join(cells) + " |")
    return out + ["", *notes, ""]


def versions(name):
    if name == "self":
        return "weft " + subprocess.run([f"{BIN}/weft", "--version"], capture_output=True, text=True, check=True).stdout.split()[-1]
    return f"{name}: " + ", ".join(f"{k} {v}" for k, v in PEERS[name].seen_versions().items())


def main():
    target, wanted = sys.argv[1], sys.argv[2:] or ["self", *PEERS]
    lines = ["# Behaviours of running peers", "",
             "`weft conform --live` and `--live-listen` with each implementation, by `python3 test/interop/live.py vectors/LIVE.md`,",
             f"{datetime.date.today().isoformat()}, loopback. What is not \"pass\" is explained below each table.",
             "\"close told\" is from a second run with --live-close-wait 20, in which dialers are told to close, and listeners get SIGTERM.", ""]
    found, ran = {"listens": {}, "dials": {}}, []
    for name in wanted:
        try:
            if name != "self":
                PEERS[name].prepare()
            ran.append(name)
            for role, action in (("listens", listening), ("dials", dialing)):
                if role == "listens" and name != "self" and not PEERS[name].listens:
                    continue
                found[role][name] = patiently(action, name)
                print(name, role, {r: sum(c["result"] == r for c in found[role][name]) for r in ("pass", "fail", "not testable")}, flush=True)
        except (CannotRun, Failure, subprocess.TimeoutExpired) as why:
            print(f"{name}: {why}", flush=True)
        finally:
            procs.stop_all()
    lines += [f"- {versions(name)}" for name in ran] + [""]
    lines += table("The peer listens, we dial", list(found["listens"]), found["listens"])
    lines += table("The peer dials, we listen", list(found["dials"]), found["dials"])
    with open(target, "w", encoding="utf-8") as f:
        f.write(re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip("\n") + "\n")


if __name__ == "__main__":
    main()
