"""Network namespaces for one cell: a public network with the relay, NAT boxes, Alice and Bob.

It must run inside namespaces of its own (see enter), so that nothing has a name on the host, two worlds never meet, and all of it is gone when the
last process is. Addresses are those of documentation and of carrier NATs (RFC 5737, 3849, 6598); nothing is routed out.

    peer eth0 -- in0 box ext -- [in0 box ext --] switch -- relay, other peer's side

Behaviours (RFC 4787) on Linux, whose own NAT has no full cone, no address-restricted filter and no hairpin:
    full addr port   a fixed map, in both directions, of every port a peer may use to a random public one; a set of who was written to is the filter
    sym              masquerade fully-random
    linux            masquerade. What comes in unasked must be dropped before it makes a conntrack entry: that entry would take the tuple, and the
                     mapping would no longer be the same for every destination
"""
import json
import os
import random
import subprocess

RELAY, SECOND = 10, 11  # the relay's public addresses, last part; the probe needs two
PEER_PORTS = range(40000, 40256)  # the ephemeral ports of every peer, so that a box can map each of them
FILTER_SECONDS = 120  # RFC 4787 REQ-5 asks for at least that
MAPPED = {"full": None, "addr": "ip daddr", "port": "ip daddr . udp dport"}  # what of the destination is remembered
SWITCH = "switch"


class LabError(Exception):
    """The lab itself does not work here."""


def enter(argv):
    """The command that runs argv in fresh namespaces; its processes end with it, and it ends with the thread that started it.
    Without root, in a user namespace too."""
    user = [] if os.geteuid() == 0 else ["--map-root-user"]
    own = 'mount -t tmpfs none /run && mkdir /run/netns && exec "$@"'
    return ["setpriv", "--pdeathsig", "KILL", "unshare", *user, "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", own, "sh", *argv]


def run(argv, text=None):
    done = subprocess.run(argv, input=text, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != 0:
        raise LabError(f"{' '.join(argv)[:300]}: {done.stderr.strip()[:500]}")
    return done.stdout


def inside(ns, argv):
    return ["nsenter", f"--net=/run/netns/{ns}", *argv]


def parse(spec):
    """(boxes from the inside to the outside as (kind, hairpin), IPv6 kind or None). "=" is the outer box of the other peer."""
    v4, _, v6 = spec.partition("|")
    if v4 in ("fw6", "none6"):
        return [], v4
    chain = []
    for part in v4.split(">"):
        kind, _, extra = part.partition("+")
        known = (*MAPPED, "sym", "linux", "block", "open", "=", "=lan")
        if kind not in known or extra not in ("", "hairpin"):
            raise LabError(f'cells.txt: "{part}" is no NAT; there is: {" ".join(known)}')
        chain.append((kind, extra == "hairpin"))
    return chain, v6 or None


class Box:
    """A router: IPv4 NAT of one kind, or an IPv6 firewall, or both."""

    def __init__(self, name, kind, hairpin, kind6, ext):
        self.name, self.kind, self.hairpin, self.kind6, self.ext = name, kind, hairpin, kind6, ext
        self.hosts = []  # (address, ports) inside
        self.networks = 0
        self.first = 0  # of the public ports

    def public_ports(self):
        """Ports of the hosts to public ports, another choice each time."""
        inner = [(host, port) for host, ports in self.hosts for port in ports]
        outer = list(range(self.first, self.first + len(inner)))
        random.shuffle(outer)
        return list(zip(inner, outer))

    def rules(self):
        rules = self._rules6() if self.kind6 else ""
        if self.kind in MAPPED:
            rules += self._mapped()
        elif self.kind:
            rules += self._masquerade()
        return rules

    def _mapped(self):
        ports = self.public_ports()
        out = ", ".join(f"{host} . {port} : {self.ext} . {public}" for (host, port), public in ports)
        back = ", ".join(f"{public} : {host} . {port}" for (host, port), public in ports)
        where = "" if self.hairpin else 'iifname "ext" '
        remember, check = "", ""
        if MAPPED[self.kind]:
            told = MAPPED[self.kind].replace("daddr", "saddr").replace("dport", "sport")
            types = "ipv4_addr . inet_service . " + " . ".join({"ip daddr": "ipv4_addr", "udp dport": "inet_service"}[f]
                                                               for f in MAPPED[self.kind].split(" . "))
            remember = f"""
  set sent {{ type {types}; flags dynamic, timeout; timeout {FILTER_SECONDS}s; size 65535; }}
  chain remember {{
    type filter hook prerouting priority mangle;
    iifname "in*" meta l4proto udp update @sent {{ ip saddr . udp sport . {MAPPED[self.kind]} }}
  }}"""
            check = f"""
    oifname "in*" meta l4proto udp ip daddr . udp dport . {told} @sent accept
    oifname "in*" meta l4proto udp drop"""
        return f"""
table ip box {{
  map out {{ type ipv4_addr . inet_service : ipv4_addr . inet_service; elements = {{ {out} }}; }}
  map back {{ type inet_service : ipv4_addr . inet_service; elements = {{ {back} }}; }}{remember}
  chain unmap {{
    type nat hook prerouting priority dstnat;
    {where}meta l4proto udp ip daddr {self.ext} dnat ip to udp dport map @back
  }}
  chain map_ {{
    type nat hook postrouting priority srcnat;
    oifname "ext" meta l4proto tcp masquerade
    oifname "ext" meta l4proto udp snat ip to ip saddr . udp sport map @out
    iifname "in*" meta l4proto udp ct status dnat snat ip to ip saddr . udp sport map @out
  }}
  chain check {{
    type filter hook postrouting priority 200;
    oifname "ext" ip saddr != {self.ext} drop{check}
  }}
  chain forward {{
    type filter hook forward priority filter;
    iifname "in*" oifname "in*" ct status and dnat == 0 drop
  }}
  chain unasked {{
    type filter hook input priority filter;
    meta l4proto udp drop
  }}
}}
"""

    def _masquerade(self):
        how = {"sym": "masquerade fully-random", "linux": self.linux_masquerade(), "block": "drop"}[self.kind]
        return f"""
table ip box {{
  chain out {{
    type nat hook postrouting priority srcnat;
    oifname "ext" meta l4proto tcp masquerade
    oifname "ext" meta l4proto udp {how}
  }}
  chain forward {{
    type filter hook forward priority filter;
    iifname "in*" oifname "in*" drop
    iifname "ext" ct state != {{ established, related }} drop
    {"meta l4proto udp drop" if self.kind == "block" else ""}
  }}
  chain unasked {{
    type filter hook input priority filter;
    meta l4proto udp drop
  }}
}}
"""

    def linux_masquerade(self):
        """Keeps the port at first, as Linux does; a rebinding moves to other ports."""
        return f"masquerade to :{self.first}-{self.first + 9999}" if self.first else "masquerade"

    def _rules6(self):
        stateful = 'ct state { established, related } accept; iifname "in*" accept; drop' if self.kind6 == "fw6" else "accept"
        return f"""
table ip6 box {{
  chain forward {{
    type filter hook forward priority filter;
    {stateful}
  }}
}}
"""


class World:
    def __init__(self, alice, bob, mtu=1500):
        self.mtu = mtu
        self.boxes = {"alice": [], "bob": []}  # from the outside to the inside
        self.addresses = {"relay": [], "alice": [], "bob": []}
        self.families = set()
        self.namespaces = []
        self.ports = 0
        self._switch(SWITCH)
        self._relay()
        self._side("alice", 1, alice)
        self._side("bob", 2, bob)
        self._routes6()
        for box in self.all_boxes():
            self._load(box)

    def all_boxes(self):
        return list(dict.fromkeys(self.boxes["alice"] + self.boxes["bob"]))

    # ---- plumbing ----

    def _namespace(self, name):
        run(["ip", "netns", "add", name])
        self.namespaces.append(name)
        self.shell(name, "sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0; ip link set lo up")

    def shell(self, ns, script):
        return run(inside(ns, ["sh", "-e", "-c", script]))

    def _switch(self, name):
        self._namespace(name)
        self.shell(name, "ip link add br0 type bridge; ip link set br0 up")

    def _plug(self, ns, name, switch):
        """A port of a switch."""
        self.ports += 1
        port = f"port{self.ports}"
        self._cable(ns, name, switch, port)
        self.shell(switch, f"ip link set {port} master br0")

    def _cable(self, ns, name, other, other_name):
        run(["ip", "link", "add", name, "netns", ns, "mtu", str(self.mtu), "type", "veth", "peer", "name", other_name, "netns", other,
             "mtu", str(self.mtu)])
        self.shell(ns, f"ip link set {name} up")
        self.shell(other, f"ip link set {other_name} up")

    def _address(self, ns, dev, address, gateway=None):
        self.shell(ns, f"ip addr add {address} dev {dev}" + (f"; ip route add default via {gateway}" if gateway else ""))
        self.addresses.setdefault(ns, []).append(address.split("/")[0])

    def _load(self, box):
        run(inside(box.name, ["nft", "-f", "-"]), box.rules())

    # ---- the parts ----

    def _relay(self):
        self._namespace("relay")
        self._plug("relay", "eth0", SWITCH)
        for last in (RELAY, SECOND):
            self._address("relay", "eth0", f"203.0.113.{last}/24")
            self._address("relay", "eth0", f"2001:db8::{last}/64")

    def _side(self, who, number, spec):
        chain, kind6 = parse(spec)
        self._namespace(who)
        self.shell(who, f"sysctl -qw net.ipv4.ip_local_port_range='{PEER_PORTS[0]} {PEER_PORTS[-1]}'")
        if chain == [("open", False)]:
            self._plug(who, "eth0", SWITCH)
            self._address(who, "eth0", f"203.0.113.{number}/24")
            return
        if not chain:
            chain = [(None, False)]
        if chain[-1][0] in ("=", "=lan"):
            outer = self.boxes["alice"][0]
            self.boxes[who].append(outer)
            if chain[-1][0] == "=lan":
                return self._join_lan(who, outer)
        else:
            self._outer_box(who, number, *chain[-1], kind6)
        for depth, (kind, hairpin) in enumerate(reversed(chain[:-1]), 1):
            self._inner_box(f"{who}-nat{depth}", who, kind, hairpin)
        self._home(who, number)

    def _outer_box(self, who, number, kind, hairpin, kind6):
        box = Box(f"{who}-nat", kind, hairpin, kind6, f"203.0.113.{number}")
        self._router(box)
        self._plug(box.name, "ext", SWITCH)
        if kind:
            self._address(box.name, "ext", f"{box.ext}/24")
        if kind6:
            self._address(box.name, "ext", f"2001:db8::{number}/64")
        self.boxes[who].append(box)

    def _inner_box(self, name, who, kind, hairpin):
        outer = self.boxes[who][-1]
        net = outer.networks
        box = Box(name, kind, hairpin, None, f"100.64.{net}.2")
        self._router(box)
        box.first = outer.first - 2000
        self._under(outer, box.name, "ext", f"100.64.{net}", range(box.first, box.first + len(PEER_PORTS)))
        self.boxes[who].append(box)

    def _router(self, box):
        self._namespace(box.name)
        self.shell(box.name, "sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1")
        box.first = 0 if box.kind == "linux" else 60000

    def _under(self, box, ns, dev, prefix, ports):
        """One more inside network of a box with one host."""
        inner = f"in{box.networks}"
        box.networks += 1
        self._cable(ns, dev, box.name, inner)
        self._address(box.name, inner, f"{prefix}.1/24")
        self._address(ns, dev, f"{prefix}.2/24", f"{prefix}.1")
        box.hosts.append((f"{prefix}.2", ports))

    def _home(self, who, number):
        """The peer behind its innermost box. Every home has the same network and the peer the same address, as homes do."""
        box = self.boxes[who][-1]
        if box.kind:
            self._under(box, who, "eth0", f"192.168.{1 + box.networks}", PEER_PORTS)
        else:
            self._cable(who, "eth0", box.name, "in0")
        if box.kind6:
            self._address(box.name, "in0", f"2001:db8:{number}::1/64")
            self._address(who, "eth0", f"2001:db8:{number}::2/64", f"2001:db8:{number}::1")

    def _join_lan(self, who, box):
        """A third port in the home of Alice: her cable is replaced by a switch."""
        self.shell("alice", "ip link del eth0")
        self._switch("lan")
        self._plug("alice", "eth0", "lan")
        self._plug(who, "eth0", "lan")
        self._plug(box.name, "in0", "lan")
        self.shell(box.name, "ip addr add 192.168.1.1/24 dev in0")
        self.shell("alice", "ip addr add 192.168.1.2/24 dev eth0; ip route add default via 192.168.1.1")
        self._address(who, "eth0", "192.168.1.3/24", "192.168.1.1")
        box.hosts.append(("192.168.1.3", PEER_PORTS))

    def _routes6(self):
        routes = {box.name: number for number, who in ((1, "alice"), (2, "bob")) for box in self.boxes[who] if box.kind6}
        for ns in (*routes, "relay"):
            for name, number in routes.items():
                if name != ns:
                    self.shell(ns, f"ip -6 route add 2001:db8:{number}::/64 via 2001:db8::{number}")

    # ---- what happens during a cell ----

    def lose(self, percent):
        """Of all TCP and UDP packets on the public network, each way."""
        run(inside(SWITCH, ["nft", "-f", "-"]), f"""
table bridge loss {{
  chain forward {{
    type filter hook forward priority 0;
    meta l4proto {{ tcp, udp }} numgen random mod 1000 < {percent * 10} drop
  }}
}}
""")

    def conntrack_timeout(self, who, seconds):
        """Mappings end after so much silence, and their successors have other ports."""
        self.rebind(who)
        for box in self.boxes[who]:
            self.shell(box.name, f"sysctl -qw net.netfilter.nf_conntrack_udp_timeout={seconds} "
                                 f"net.netfilter.nf_conntrack_udp_timeout_stream={seconds}")

    def expire(self):
        """Listing removes what has run out; otherwise the kernel may take its time, and gives the port of a dead mapping to its successor."""
        for box in self.all_boxes():
            self.shell(box.name, "conntrack -L 2>&1")

    def rebind(self, who):
        """A router that started again: no mapping is left, and new ones have other ports."""
        for box in self.boxes[who]:
            box.first = 20000 if box.first != 20000 else 30000
            self.shell(box.name, "nft delete table ip box")
            self._load(box)
            self.shell(box.name, "conntrack -F 2>&1")

    def more_networks(self, who, count):
        """As virtual machines and tunnels make them: addresses that lead to nobody."""
        self.shell(who, "; ".join(f"ip addr add 172.{16 + i}.0.1/24 dev eth0" for i in range(count)))

    def move(self, who):
        """Another address in the same home, as after a change of network: every socket of the peer is dead."""
        gateway = "192.168.1.1"
        self.shell(who, f"ip addr flush dev eth0; ip addr add 192.168.1.77/24 dev eth0; ip route add default via {gateway}")

    def block_udp(self, who):
        for box in self.boxes[who]:
            run(inside(box.name, ["nft", "-f", "-"]), """
table inet outage {
  chain forward {
    type filter hook forward priority 10;
    meta l4proto udp drop
  }
}
""")

    def allow_udp(self, who):
        for box in self.boxes[who]:
            self.shell(box.name, "nft delete table inet outage")

    def forget(self):
        """Before another world in the same namespaces."""
        for ns in self.namespaces:
            run(["ip", "netns", "del", ns])

    def describe(self):
        """For the log of a cell that failed."""
        parts = []
        for ns in self.namespaces:
            for command in ("ip -br addr", "ip route", "nft -a list ruleset", "conntrack -L"):
                done = subprocess.run(inside(ns, ["sh", "-c", command]), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                parts.append(f"# {ns}: {command}\n{done.stdout[:20000]}")
        return "\n".join(parts)


def say(**event):
    print(json.dumps(event), flush=True)
