"""One interop row: interop.py PEER. See README.md for the environment variables; the last line printed is the result as JSON."""

import datetime
import json
import os
import shlex
import signal
import sys
import time

import p2p
import procs
from peers import PEERS, ROOT, CannotRun
from rows import IDLE, ROWS, SESSIONS, Report

LIMITS = {"quick": 90, "full": 600, "chat": 60, "ipv6": 120, "idle": 600, "ctrlc": 240, "kill9": 600, "streams2000": 700, "lossy": 600, "p2p": 600, "yamux": 600, "mux": 60}


class Setup:
    """The programs under test. SERVER and CLIENT name a foreign peer or a command in place of ours."""

    def __init__(self):
        binaries = self.binaries = os.environ.get("BIN") or str(ROOT / "build" / "bin")
        self.helpers = os.environ.get("WEFT_TEST") or str(ROOT / "build" / "test")
        self.server_addr = os.environ.get("SERVER_ADDR")
        self.server_command, self.foreign_server = self.program("SERVER", "server", f"{binaries}/webrtc-direct-server")
        self.client_command, self.foreign_client = self.program("CLIENT", "client", f"{binaries}/webrtc-direct-client")
        self.foreign_server = self.foreign_server or bool(self.server_addr)

    def binary(self, name):
        return self.built(f"{self.binaries}/{name}")

    def helper(self, name):
        return self.built(f"{self.helpers}/{name}")

    @staticmethod
    def built(path):
        if not os.path.exists(path):
            raise procs.Failure(f"{path} is not built: make interop-PEER builds it")
        return path

    @staticmethod
    def program(variable, role, ours):
        name = os.environ.get(variable)
        if not name or name == "ours":
            return [ours], False
        if name in PEERS:
            PEERS[name].prepare()
            return getattr(PEERS[name], role)(), True
        return shlex.split(name), True

    def check(self, direction):
        command = self.server_command if direction == "dial" else self.client_command
        if direction == "dial" and self.server_addr:
            return
        if os.path.sep in str(command[0]) and not os.path.exists(command[0]):
            raise procs.Failure(f"{command[0]} is not built: make")


def quick():
    return os.environ.get("QUICK") == "1"


def wanted_rows(peer):
    """Rows of Demo 1 (rows.py), then those of Demo 2 (p2p.py)."""
    row = os.environ.get("ROW") or ""
    demo2 = [r for r in p2p.ROWS if r != "yamux" or peer.listens]
    if row in p2p.ROWS:
        if row not in demo2:
            raise CannotRun(f"row {row} is not run with {peer.name}")
        return [row]
    if quick():
        return ["quick"] + ([] if row else demo2)
    if row in ("", "full", "all"):
        demo2 = demo2 if peer.listens else ["mux", *demo2]
        return ["full", "chat"] + ([] if row == "full" else demo2) + (list(peer.long_rows) if row == "all" else [])
    if row not in ROWS:
        raise procs.Failure(f"there is no row {row!r}; rows: {' '.join([*ROWS, *p2p.ROWS])} all")
    if row not in peer.long_rows and row not in ("quick", "chat") and (row != "mux" or peer.listens):
        raise CannotRun(f"row {row} is not run with {peer.name}")
    return [row]


def directions(peer):
    chosen = os.environ.get("DIRECTION") or ("both" if peer.listens else "dial")
    if chosen == "both":
        return ("dial", "listen")
    if chosen not in ("dial", "listen"):
        raise procs.Failure(f"DIRECTION is {chosen!r}; it may be dial, listen or both")
    return (chosen,)


def too_long(*unused):
    raise procs.Failure("the row took longer than its limit")


def limit(row):
    """Seconds that one version of a row may take in all."""
    return {"lossy": max(LIMITS["lossy"], SESSIONS * 30), "idle": max(LIMITS["idle"], IDLE * 3)}.get(row, LIMITS[row])


def run_rows(peer, setup, report):
    rows = wanted_rows(peer)
    if any(row in ROWS for row in rows):
        for direction in directions(peer):
            setup.check(direction)
    versions = [int(v) for v in os.environ["VERSIONS"].split()] if os.environ.get("VERSIONS") else peer.versions
    for row in rows:
        signal.signal(signal.SIGALRM, too_long)
        if row in p2p.ROWS:
            signal.alarm(LIMITS["quick"] if quick() else LIMITS[row])
            p2p.ROWS[row](peer, setup, report, quick())
            signal.alarm(0)
            continue
        signal.alarm(limit(row) * (1 if row == "quick" else len(versions)))
        for direction, action in zip(("dial", "listen"), ROWS[row]):
            if action is None or direction not in directions(peer):
                continue
            for version in versions:
                who = f"{peer.name} dials" if direction == "dial" else f"{peer.name} listens"
                print(f"{who}, version {version}, row {row}", flush=True)
                action(peer, setup, report, version)
                procs.stop_all()
        signal.alarm(0)


def result_line(peer, result, report, versions, seconds, why=""):
    name = " ".join(filter(None, (os.environ.get("ROW"), quick() and "quick"))) or "full"
    print(json.dumps({
        "row": f"{peer}/{name}", "result": result, "date": datetime.date.today().isoformat(), "seconds": round(seconds, 1),
        "server": os.environ.get("SERVER") or os.environ.get("SERVER_ADDR") or "ours", "client": os.environ.get("CLIENT") or "ours",
        "versions": versions, "passed": sum(c["result"] == "ok" for c in report.cases), "failed": report.failed(),
        "retried": report.retried, "reason": why, "cases": report.cases,
    }, ensure_ascii=False), flush=True)


def main():
    name = sys.argv[1] if len(sys.argv) == 2 else ""
    if name not in PEERS:
        sys.exit(f"usage: interop.py {'|'.join(PEERS)}")
    peer, versions, began = PEERS[name], {}, time.monotonic()
    report = Report(getattr(peer, "known", ()))
    signal.signal(signal.SIGTERM, lambda *unused: sys.exit(143))  # so that the children are ended too
    try:
        peer.prepare()
        versions = peer.seen_versions()
        setup = Setup()
        print(" ".join(f"{k} {v}" for k, v in versions.items()), flush=True)
        began = time.monotonic()
        run_rows(peer, setup, report)
    except CannotRun as why:
        print(f"cannot run: {why}", flush=True)
        result_line(name, "cannot", report, versions, time.monotonic() - began, str(why))
        return 77
    except procs.Failure as why:
        report.cases.append({"case": "the row itself", "result": "fail", "seconds": 0, "seen": str(why)})
        print(f"  fail  {why}", flush=True)
    finally:
        signal.alarm(0)
        procs.stop_all()
    failed = report.failed()
    passed = sum(c["result"] == "ok" for c in report.cases)
    known = sum(c["result"] == "known" for c in report.cases)
    print(f"{name}: {passed} ok, {len(failed)} failed, {known} known faults of the peer, {report.retried} tried again, {time.monotonic() - began:.1f} s", flush=True)
    result_line(name, "fail" if failed or not passed else "ok", report, versions, time.monotonic() - began)
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
