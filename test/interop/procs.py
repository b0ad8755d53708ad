"""Child processes that print one JSON object per line."""

import json
import os
import queue
import signal
import subprocess
import tempfile
import threading
import time

LIVE = []


class Failure(Exception):
    """A case did not show what it must show."""


class JsonProc:
    """One child in a process group of its own, with the groups it started; everything it prints is kept."""

    def __init__(self, name, command, cwd=None):
        self.name = name
        self.log = tempfile.NamedTemporaryFile("w+", prefix="weft-interop-", suffix=".err", delete=False)
        self.child = subprocess.Popen([str(c) for c in command], cwd=cwd, text=True, stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, stderr=self.log, start_new_session=True)
        self.groups = [self.child.pid]
        self.keep_log = False
        self.events = []
        self.lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        LIVE.append(self)

    def _read(self):
        for line in self.child.stdout:
            self.lines.put((time.monotonic(), line))
        self.lines.put(None)

    def _next(self, seconds):
        """The next event, or None when the output ended; raises queue.Empty when the time is over."""
        item = self.lines.get(timeout=max(seconds, 0.001))
        if item is None:
            self.lines.put(None)
            return None
        when, line = item
        try:
            event = json.loads(line)
        except ValueError:
            raise Failure(f"{self.name} printed a line that is no JSON: {line.strip()[:200]!r}")
        event["_at"] = when
        self.events.append(event)
        return event

    def answer(self, seconds):
        try:
            event = self._next(seconds)
        except queue.Empty:
            raise Failure(f"{self.name}: no answer within {seconds} s")
        if event is None:
            raise Failure(f"{self.name} ended: {self.tail()}")
        return event

    def wait_event(self, kind, seconds, start=0, **fields):
        """The first event of this kind with these fields at or behind index `start`."""
        until = time.monotonic() + seconds
        at = start
        while True:
            while at < len(self.events):
                event = self.events[at]
                at += 1
                if event.get("event") == kind and all(event.get(k) == v for k, v in fields.items()):
                    return event
            left = until - time.monotonic()
            try:
                if self._next(left) is None:
                    raise Failure(f"{self.name} ended without a {kind!r} event: {self.tail()}")
            except queue.Empty:
                raise Failure(f"{self.name}: no {kind!r} event within {seconds} s{self._errors()}")

    def drain(self, seconds=0.05):
        """Takes in what is there already, or comes within so many seconds of what came before."""
        try:
            while self._next(seconds) is not None:
                pass
        except queue.Empty:
            pass

    def _errors(self):
        errors = [e for e in self.events if e.get("event") == "error"]
        return f"; it said {json.dumps({k: v for k, v in errors[-1].items() if k != '_at'})}" if errors else ""

    def write(self, line):
        try:
            self.child.stdin.write(line + "\n")
            self.child.stdin.flush()
        except (BrokenPipeError, ValueError):
            raise Failure(f"{self.name} no longer reads: {self.tail()}")

    def close_stdin(self):
        try:
            self.child.stdin.close()
        except BrokenPipeError:
            pass

    def signal(self, number):
        self.child.send_signal(number)

    def kill_group(self):
        for group in self.groups:
            try:
                os.killpg(group, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def wait(self, seconds):
        """Its exit code."""
        try:
            return self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failure(f"{self.name} did not end within {seconds} s")

    def alive(self):
        return self.child.poll() is None

    def tail(self, lines=3):
        self.log.flush()
        with open(self.log.name, errors="replace") as f:
            text = f.read().strip().splitlines()[-lines:]
        return " | ".join(text) or f"exit code {self.child.poll()}, nothing on stderr"

    def stop(self, seconds=5):
        if self.alive():
            self.signal(signal.SIGTERM)
            try:
                self.child.wait(seconds)
            except subprocess.TimeoutExpired:
                pass
        self.kill_group()
        self.child.wait()
        self.log.close()
        if not self.keep_log and os.path.exists(self.log.name):
            os.unlink(self.log.name)
        if self in LIVE:
            LIVE.remove(self)


def stop_all():
    for proc in list(LIVE):
        proc.stop(1)
