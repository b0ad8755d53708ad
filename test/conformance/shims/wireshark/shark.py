"""One packet at a time through sharkd."""
import json
import re
import struct
import subprocess
import tempfile

from serve import Refused

RAW_IP, SCTP = 101, 248  # link types of pcap

sharkd = subprocess.Popen(["sharkd", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
capture = tempfile.NamedTemporaryFile(suffix=".pcap")
asked = 0


def ask(method, **params):
    global asked
    asked += 1
    sharkd.stdin.write(json.dumps({"jsonrpc": "2.0", "id": asked, "method": method, "params": params}) + "\n")
    sharkd.stdin.flush()
    while True:
        line = sharkd.stdout.readline()
        if line.strip():
            return json.loads(line).get("result")


def udp(payload, port):
    """From a port that no dissector knows to one whose dissector is asked."""
    ports = struct.pack(">HHHH", 40000, port, 8 + len(payload), 0)
    return struct.pack(">BBHHHBBHII", 0x45, 0, 28 + len(payload), 0, 0, 64, 17, 0, 0xC0000201, 0xC0000202) + ports + payload


def nodes(tree):
    for node in tree:
        yield node
        yield from nodes(node.get("n", []))


def dissect(packet, link):
    """All nodes of the tree. What Wireshark calls an error or malformed is a refusal."""
    capture.seek(0)
    capture.truncate()
    capture.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, link) + struct.pack("<IIII", 0, 0, len(packet), len(packet)) + packet)
    capture.flush()
    ask("load", file=capture.name)
    found = list(nodes(ask("frame", frame=1, proto=True)["tree"]))
    if any(n.get("s") == "Error" or n.get("f", "").startswith("_ws.malformed") for n in found):
        raise Refused
    return found


def values(found, field):
    """Of every node of this field the number, text or octets that its filter has."""
    out = []
    for n in found:
        m = re.match(r"%s == (.*)" % re.escape(field), n.get("f", ""), re.S)
        if m:
            out.append(m[1])
    return out


def numbers(found, field):
    return [int(v, 0) for v in values(found, field)]
