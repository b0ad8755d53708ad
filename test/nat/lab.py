#!/usr/bin/env python3
"""The NAT lab: every cell of cells.txt with the real programs, each run in namespaces of its own.

    lab.py [--runs N] [--jobs N] [--logs DIR] [--markdown FILE] [--probe] [CELL...]     CELL may have wildcards

Before all cells, or alone with --probe, it shows that each NAT is what it is called. Exit code 0: as expected; 1: not; 77: cannot run here, with the reason.
"""
import argparse
import concurrent.futures
import fnmatch
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import threading
import time

import cell
import table
import world

HERE = pathlib.Path(__file__).resolve().parent
os.environ["PATH"] += ":/usr/sbin:/sbin"
CELL_LIMIT = 400  # seconds; the longest cell waits twice for 120


class Lab:
    def __init__(self, options):
        self.logs = pathlib.Path(options.logs).resolve() / f"{time.strftime('%H%M%S')}-{os.getpid()}"
        self.runs = options.runs
        self.children = set()
        self.stopping = False
        self.lock = threading.Lock()
        self.done = 0

    def run_cell(self, row, number, total):
        directory = self.logs / f"{row.name}-{number}"
        directory.mkdir(parents=True)
        began = time.monotonic()
        result = self.child([sys.executable, "-B", str(HERE / "cell.py"), row.name, str(directory)])
        if self.stopping:
            shutil.rmtree(directory)
            return result
        with self.lock:
            self.done += 1
            print(f"[{self.done:>3}/{total}] {row.name:<17} run {number}: {'ok  ' if result['ok'] else 'FAIL'} "
                  f"{result['paths'] or 'no path':<24} {time.monotonic() - began:5.1f} s", flush=True)
            if result["ok"]:
                shutil.rmtree(directory)
            else:
                print(f"          {result['why']}\n          {directory}", flush=True)
        return result

    def child(self, argv):
        """The last line of a program run in namespaces of its own."""
        if self.stopping:
            return {"ok": False, "paths": "", "why": "stopped"}
        child = subprocess.Popen(world.enter(argv), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                 start_new_session=True)
        self.children.add(child)
        try:
            out, err = child.communicate(timeout=CELL_LIMIT)
            last = json.loads(out.splitlines()[-1])
        except subprocess.TimeoutExpired:
            child.kill()  # and with it, as their first process, all in its namespaces
            last, err = {}, f"stopped after {CELL_LIMIT} s"
            child.communicate()
        except (IndexError, ValueError):
            last = {}
        finally:
            self.children.discard(child)
        return last if "ok" in last else {"ok": False, "paths": "", "why": f"the run ended without a result: {err.strip()[-2000:]}"}

    def stop(self, *_):
        self.stopping = True
        for child in list(self.children):
            child.kill()

    def run(self, cells, jobs):
        results = {row.name: [] for row in cells}
        total = len(cells) * self.runs
        # The long ones stand at the end of the table: they go first, so that no single one is left over at the end.
        todo = [(row, number) for number in range(1, self.runs + 1) for row in reversed(cells)]
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            running = [(row, pool.submit(self.run_cell, row, number, total)) for row, number in todo]
            for row, future in running:
                results[row.name].append(future.result())
        return results


def why_not():
    """Why the lab cannot run here, or None."""
    for tool, package in (("unshare", "util-linux"), ("nsenter", "util-linux"), ("ip", "iproute2"), ("nft", "nftables"), ("conntrack", "conntrack")):
        if not shutil.which(tool):
            return f"{tool} is missing (Debian package {package})"
    setup = "import world; w = world.World('port|fw6', 'sym'); w.lose(5); w.conntrack_timeout('bob', 5); w.rebind('alice')"
    tried = subprocess.run(world.enter([sys.executable, "-B", "-c", setup]), cwd=HERE, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                           stderr=subprocess.PIPE, text=True)
    if tried.returncode != 0:
        lines = tried.stderr.strip().splitlines()
        return f"network namespaces with NAT are not permitted here{'' if os.geteuid() == 0 else ' (try as root)'}: {lines[-1] if lines else '?'}"
    return None


def missing_programs():
    programs = [cell.BIN / name for name in ("webrtc-p2p-relay", "webrtc-p2p-peer")]
    return [str(p) for p in programs if not os.access(p, os.X_OK)]


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--jobs", type=int, default=2)
    options.add_argument("--logs", default=str(HERE.parent.parent / "build" / "log" / "nat"))
    options.add_argument("--markdown")
    options.add_argument("--probe", action="store_true")
    options.add_argument("cells", nargs="*")
    options = options.parse_args()
    reason = why_not()
    if reason:
        print(f"nat-lab: skipped: {reason}")
        return 77
    lab = Lab(options)
    signal.signal(signal.SIGINT, lab.stop)
    signal.signal(signal.SIGTERM, lab.stop)
    if options.probe or not options.cells:
        proven = lab.child([sys.executable, "-B", str(HERE / "nats.py")])
        print(proven["text"] if "text" in proven else f"nat-probe: {proven['why']}", flush=True)
        if options.probe or not proven["ok"]:
            return 0 if proven["ok"] else 1
    if missing_programs():
        print(f"nat-lab: {' and '.join(missing_programs())}: not there; make apps builds them")
        return 1
    cells = [r for r in table.rows() if not options.cells or any(fnmatch.fnmatch(r.name, c) for c in options.cells)]
    if not cells:
        print(f"nat-lab: no cell is called {' '.join(options.cells)}; they stand in test/nat/cells.txt")
        return 2
    results = lab.run(cells, options.jobs)
    if lab.logs.is_dir() and not any(lab.logs.iterdir()):
        lab.logs.rmdir()
    if lab.stopping:
        print("nat-lab: stopped")
        return 130
    print("\n" + table.plain(cells, results))
    if options.markdown and not options.cells:
        pathlib.Path(options.markdown).write_text(table.markdown(cells, results) + "\n")
    good = sum(all(r["ok"] for r in results[row.name]) for row in cells)
    print(f"nat-lab: {good}/{len(cells)} cells as expected")
    return 0 if good == len(cells) else 1


if __name__ == "__main__":
    sys.exit(main())
