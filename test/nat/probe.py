"""What a NAT does, found out from outside as RFC 5780 does: mapping and filtering behaviour, and hairpin.

    probe.py serve ADDRESS OTHER        answers on two ports of two addresses
    probe.py ask ADDRESS OTHER          prints {"mapping","filtering","hairpin","port"}
    probe.py hold ADDRESS OTHER         prints the public port of one socket for each line it reads, null when there is no answer

A question is one datagram, "who" or "who 11": answered from the other address and the other port, "who 01": from the other port alone. The answer is
the address it came from.
"""
import json
import select
import socket
import sys

PORTS = (3478, 3479)
WAIT = 0.3  # seconds; a round trip in the lab is under a millisecond
TRIES = 2


def bind(address, port=0):
    s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((address, port))
    return s


def serve(addresses):
    sockets = {(a, p): bind(addresses[a], PORTS[p]) for a in (0, 1) for p in (0, 1)}
    print("ready", flush=True)
    while True:
        for s in select.select(list(sockets.values()), [], [])[0]:
            data, source = s.recvfrom(100)
            a, p = next(key for key, value in sockets.items() if value is s)
            change = data.decode().partition(" ")[2] or "00"
            answer = sockets[a ^ int(change[0]), p ^ int(change[1])]
            answer.sendto(f"{source[0]} {source[1]}".encode(), source[:2])


def ask(s, server, change=""):
    """(address, port) the server saw, or None."""
    for _ in range(TRIES):
        s.sendto(f"who {change}".strip().encode(), server)
        if select.select([s], [], [], WAIT)[0]:
            address, port = s.recvfrom(100)[0].decode().split()
            return address, int(port)
    return None


def mapping(addresses, local):
    s = bind(local)
    seen = {(a, p): ask(s, (addresses[a], PORTS[p])) for a in (0, 1) for p in (0, 1)}
    if None in seen.values():
        return "blocked", None, s
    first = seen[0, 0]
    if len(set(seen.values())) == 1:
        name = "none" if first == s.getsockname()[:2] else "EIM"
    elif all(seen[a, 0] == seen[a, 1] for a in (0, 1)):
        name = "ADM"
    else:
        name = "APDM"
    return name, first, s


def filtering(addresses, local):
    if ask(bind(local), (addresses[0], PORTS[0]), "11"):
        return "EIF"
    return "ADF" if ask(bind(local), (addresses[0], PORTS[0]), "01") else "APDF"


def hairpin(addresses, local):
    """Two sockets of one host that write to each other's public address, both ways so that filters are open."""
    one, two = bind(local), bind(local)
    public_one, public_two = (ask(s, (addresses[0], PORTS[0])) for s in (one, two))
    for _ in range(TRIES):
        one.sendto(b"one", public_two)
        two.sendto(b"two", public_one)
        if select.select([one], [], [], WAIT)[0]:
            data, source = one.recvfrom(100)
            return data == b"two" and source[:2] == public_two
    return False


def hold(s, server):
    for _ in sys.stdin:
        public = ask(s, server)
        print(json.dumps(public and public[1]), flush=True)


def local_address(server):
    """Which address of ours leads there; no packet is sent."""
    s = socket.socket(socket.AF_INET6 if ":" in server else socket.AF_INET, socket.SOCK_DGRAM)
    s.connect((server, 9))
    return s.getsockname()[0]


def main(what, *addresses):
    if what == "serve":
        return serve(addresses)
    local = local_address(addresses[0])
    if what == "hold":
        return hold(bind(local), (addresses[0], PORTS[0]))
    name, public, s = mapping(addresses, local)
    result = {"mapping": name, "filtering": None, "hairpin": None, "port": None}
    if name != "blocked":
        result["port"] = "kept" if public[1] == s.getsockname()[1] else "changed"
        result["filtering"] = filtering(addresses, local)
        result["hairpin"] = name != "none" and hairpin(addresses, local)
    print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
