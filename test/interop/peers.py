"""The other implementations: how each is installed, how its dialer and its server are started, what it can do."""

import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "weft-interop"
NODE_VERSION = "22.23.3"
V2_TRIAL = "WebRTC-NoSdpMangleUfrag/Enabled/"


class CannotRun(Exception):
    """The row cannot run on this machine; the text says why and what would help."""


def note(text):
    print(f"# {text}", file=sys.stderr, flush=True)


def run(command, seconds, cwd=None, env=None):
    """Runs an installation step; its output is shown only when it fails."""
    try:
        done = subprocess.run([str(c) for c in command], cwd=cwd, env=env, timeout=seconds, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except subprocess.TimeoutExpired:
        raise CannotRun(f"`{' '.join(map(str, command))}` did not end within {seconds} s")
    if done.returncode != 0:
        tail = "\n".join(done.stdout.strip().splitlines()[-8:])
        raise CannotRun(f"`{' '.join(map(str, command))}` failed:\n{tail}")
    return done.stdout


def apt(*packages):
    command = f"apt-get install -y --no-install-recommends {' '.join(packages)}"
    if os.geteuid() != 0 or shutil.which("apt-get") is None or os.environ.get("NO_INSTALL") == "1":
        raise CannotRun(f"missing: {' '.join(packages)}. As root: {command}")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    note(f"installing {' '.join(packages)}")
    try:
        run(command.split(), 600, env=env)
    except CannotRun:
        run(["apt-get", "update"], 300, env=env)
        run(command.split(), 600, env=env)


def command(name, package):
    if shutil.which(name) is None:
        apt(package)
    return shutil.which(name)


class locked:
    """One installation of a kind at a time in the cache."""

    def __init__(self, kind):
        self.kind = kind

    def __enter__(self):
        CACHE.mkdir(parents=True, exist_ok=True)
        self.file = open(CACHE / f".lock-{self.kind}", "w")
        fcntl.flock(self.file, fcntl.LOCK_EX)

    def __exit__(self, *unused):
        self.file.close()


def fingerprint(*files):
    digest = hashlib.sha256()
    for f in files:
        digest.update(Path(f).read_bytes())
    return digest.hexdigest()[:12]


def sources(folder, suffixes):
    return sorted(f for f in (HERE / folder).rglob("*") if f.suffix in suffixes and "target" not in f.parts)


def system_version(program, *args):
    text = subprocess.run([program, *args], text=True, capture_output=True, timeout=30).stdout
    found = re.search(r"\d+(\.\d+)+", text)
    return found.group(0) if found else "?"


# ---- JavaScript -------------------------------------------------------------------------------------------------------

NPM = ["npm", "install", "--ignore-scripts", "--legacy-peer-deps", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"]


def node():
    """A Node of version 22 or later: the system's, else the binary that npm's own package carries."""
    system = shutil.which("node")
    if system and int(system_version(system, "--version").split(".")[0]) >= 22:
        return system
    package = f"node-linux-{'arm64' if platform.machine() == 'aarch64' else 'x64'}"
    folder = CACHE / f"{package}-{NODE_VERSION}"
    binary = folder / "node_modules" / package / "bin" / "node"
    if not binary.exists():
        command("npm", "npm")
        folder.mkdir(parents=True, exist_ok=True)
        note(f"installing {package}@{NODE_VERSION} into {folder}")
        run([*NPM, "--prefix", folder, f"{package}@{NODE_VERSION}"], 600)
    return str(binary)


def javascript():
    """(node, folder with the scripts and their packages); the scripts are laid beside node_modules at every start."""
    with locked("js"):
        binary = node()
        folder = CACHE / f"js-{fingerprint(HERE / 'js' / 'package.json')}"
        if not (folder / ".installed").exists():
            command("npm", "npm")
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            shutil.copy(HERE / "js" / "package.json", folder)
            note(f"installing the packages of js/package.json into {folder}")
            run(NPM, 900, cwd=folder)
            (folder / ".installed").touch()
        place = CACHE / f"run-{fingerprint(*sources('js', {'.mjs', '.json'}))}"
        place.mkdir(exist_ok=True)
        for f in sources("js", {".mjs", ".json"}):
            shutil.copy(f, place)
        if not (place / "node_modules").exists():
            (place / "node_modules").symlink_to(folder / "node_modules")
    return binary, place


def js_versions(binary, place, *packages):
    import json
    out = {"node": system_version(binary, "--version")}
    for p in packages:
        out[p] = json.loads((place / "node_modules" / p / "package.json").read_text())["version"]
    return out


class Browser:
    """A headless browser; version 1 by the libp2p package, version 2 by our own page without munging."""

    versions = (1, 2)
    listens = False
    speaks_webrtc = is_alice = True
    long_rows = ("ipv6", "idle", "ctrlc", "kill9", "streams2000", "lossy")

    def __init__(self, name, program, package):
        self.name, self.program, self.package = name, program, package

    def prepare(self):
        self.path = command(self.program, self.package)
        self.node, self.place = javascript()

    def dialer(self, version):
        trial = [V2_TRIAL] if version == 2 and self.name == "chromium" else []
        return [self.node, "browser.mjs", self.name, self.path, *trial], self.place

    def p2p(self):
        return self.dialer(1)

    def seen_versions(self):
        name = {self.name: system_version(self.path, "--version")}
        return {**name, **js_versions(self.node, self.place, "libp2p", "@libp2p/webrtc", "puppeteer-core", "esbuild")}


class Node:
    name = "node"
    versions = (1,)
    listens = True
    speaks_webrtc = is_alice = relays_direct = True
    holds_streams = False
    opening, most_streams, most_mib = 100, 1000, 100
    long_rows = ("ipv6", "idle", "ctrlc", "kill9", "streams2000", "lossy")

    def prepare(self):
        self.node, self.place = javascript()

    def dialer(self, version):
        return [self.node, "node.mjs", "dialer"], self.place

    def server(self):
        return [self.node, self.place / "node.mjs", "server"]

    def p2p(self):
        return self.dialer(1)

    def relay(self):
        return [self.node, self.place / "node.mjs", "relay"]

    def seen_versions(self):
        return js_versions(self.node, self.place, "libp2p", "@libp2p/webrtc", "@libp2p/circuit-relay-v2", "@libp2p/yamux", "node-datachannel")


# ---- Go ---------------------------------------------------------------------------------------------------------------

class Go:
    name = "go"
    versions = (1, 2)
    listens = True
    speaks_webrtc = False
    relays_direct = holds_streams = True
    opening, most_streams, most_mib = 100, 1000, 100
    long_rows = ("ipv6", "idle", "ctrlc", "kill9", "streams2000", "lossy")
    known = ((r"client: 5 % loss", r"lost .*< DTLS handshake 3",
              "a go listener (pion dtls 3.1.2) whose HelloVerifyRequest is lost answers no further ClientHello"),)

    def prepare(self):
        go = shutil.which("go")
        if go is None:
            raise CannotRun("missing: Go, as new as go/go.mod says. As root: apt-get install -y --no-install-recommends golang-go "
                            "(a Go of 1.21 or later fetches the one that go.mod asks for by itself)")
        with locked("go"):
            files = sources("go", {".go", ".mod", ".sum"})
            self.binary = CACHE / f"go-peer-{fingerprint(*files)}"
            if not self.binary.exists():
                note(f"building {self.binary}")
                run([go, "build", "-o", self.binary, "."], 900, cwd=HERE / "go", env={**os.environ, "CGO_ENABLED": "0"})

    def dialer(self, version):
        return [self.binary, "dialer"], None

    def server(self):
        return [self.binary, "server"]

    def client(self):
        return [self.binary, "client"]

    def p2p(self):
        return [self.binary, "p2p"], None

    def relay(self):
        return [self.binary, "relay"]

    def seen_versions(self):
        go_sum = (HERE / "go" / "go.mod").read_text()
        names = ("libp2p/go-libp2p", "libp2p/go-yamux/v5", "pion/webrtc/v4", "pion/ice/v4", "pion/dtls/v3", "pion/sctp", "pion/datachannel")
        found = {n: re.search(rf"github.com/{n} v(\S+)", go_sum) for n in names}
        return {n.split("/", 1)[1]: m.group(1) for n, m in found.items() if m}


# ---- Rust -------------------------------------------------------------------------------------------------------------

class Rust:
    name = "rust"
    versions = (1,)
    listens = True
    speaks_webrtc = holds_streams = False
    relays_direct = True
    # rust-yamux ends a connection with more than 512 streams; libp2p-stream drops one that comes while another waits to be accepted.
    opening, most_streams, most_mib = 1, 200, 100
    long_rows = ("idle", "ctrlc", "kill9")
    known = ((r"client: .*pings", r"^exit code 5.*a ping was not answered",
              "a rust listener (libp2p-webrtc 0.10.0-alpha) stops answering pings, those of rust-libp2p too"),)

    def prepare(self):
        cargo = shutil.which("cargo")
        if cargo is None:
            raise CannotRun("missing: cargo, Rust 1.88 or later. Debian 12's is older: install it with rustup")
        release = system_version("rustc", "--version")
        if tuple(map(int, release.split(".")[:2])) < (1, 88):
            raise CannotRun(f"Rust {release} is too old for libp2p-webrtc 0.10.0-alpha, which needs 1.88")
        with locked("rust"):
            files = sources("rust", {".rs", ".toml"})
            self.folder = CACHE / f"rust-{fingerprint(*files)}"
            self.binary = self.folder / "peer"
            if not self.binary.exists():
                note(f"building {self.binary} (some minutes)")
                # New times: cargo tells by them, and the target folder is that of earlier sources.
                shutil.copytree(HERE / "rust", self.folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("target"),
                                copy_function=shutil.copy)
                target = CACHE / "rust-target"
                run([cargo, "build", "--release"], 1800, cwd=self.folder, env={**os.environ, "CARGO_TARGET_DIR": str(target)})
                shutil.copy(target / "release" / "peer", self.binary)

    def dialer(self, version):
        return [self.binary, "dialer"], None

    def server(self):
        return [self.binary, "server"]

    def p2p(self):
        return [self.binary, "p2p"], None

    def p2p_direct(self):
        """With webrtc-direct towards the relay."""
        return [self.binary, "p2p", "--direct"], None

    def relay(self):
        return [self.binary, "relay"]

    def seen_versions(self):
        lock = (self.folder / "Cargo.lock").read_text()
        names = ("libp2p", "libp2p-relay", "yamux", "libp2p-webrtc", "webrtc", "webrtc-ice", "webrtc-sctp", "dtls")
        found = {n: re.search(rf'name = "{n}"\nversion = "([^"]+)"', lock) for n in names}
        return {n: m.group(1) for n, m in found.items() if m}


# ---- Python -----------------------------------------------------------------------------------------------------------

class Py:
    name = "py"
    versions = (1, 2)
    listens = True
    speaks_webrtc = holds_streams = False
    relays_direct = True
    half_webrtc = True  # a transport that raises, and a listener that reads an offer and ends
    opening, most_streams, most_mib = 20, 200, 10  # 256 streams in the life of a connection, and slow
    long_rows = ("idle", "ctrlc", "kill9")

    def prepare(self):
        if sys.version_info < (3, 10):
            raise CannotRun("libp2p 0.8.1 needs Python 3.10 or later")
        with locked("py"):
            folder = CACHE / f"py-{fingerprint(HERE / 'py' / 'requirements.txt')}"
            self.python = folder / "bin" / "python"
            if not (folder / ".installed").exists():
                shutil.rmtree(folder, ignore_errors=True)
                self.environment(folder)
                note(f"installing py/requirements.txt into {folder}")
                run([self.python, "-m", "pip", "install", "-q", "-r", HERE / "py" / "requirements.txt"], 900)
                (folder / ".installed").touch()

    @staticmethod
    def environment(folder):
        try:
            run([sys.executable, "-m", "venv", folder], 120)
        except CannotRun:
            apt("python3-venv")
            run([sys.executable, "-m", "venv", folder], 120)

    def dialer(self, version):
        return [self.python, HERE / "py" / "peer.py", "dialer", str(version)], None

    def server(self):
        return [self.python, HERE / "py" / "peer.py", "server"]

    def p2p(self):
        return [self.python, HERE / "py" / "p2p.py", "p2p"], None

    def p2p_direct(self):
        """With webrtc-direct towards the relay, and what 0.8.1 has of /webrtc."""
        return [self.python, HERE / "py" / "private.py", "p2p"], None

    def relay(self):
        return [self.python, HERE / "py" / "private.py", "relay"]

    def seen_versions(self):
        text = run([self.python, "-m", "pip", "list", "--format=freeze"], 60)
        found = {n: re.search(rf"^{n}==(.+)$", text, re.M) for n in ("libp2p", "aiortc", "aioice")}
        return {**{n: m.group(1) for n, m in found.items() if m}, "python": platform.python_version()}


PEERS = {p.name: p for p in (Browser("chromium", "chromium", "chromium"), Browser("firefox", "firefox-esr", "firefox-esr"),
                             Node(), Go(), Rust(), Py())}
