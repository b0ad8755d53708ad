"""ICE from the text of RFC 8445 and RFC 8839, and the first octet from RFC 7983 and RFC 9443."""
import ipaddress
import re

from octets import need

PREFERENCE = {"host": 126, "prflx": 110, "srflx": 100, "relay": 0}  # RFC 8445 section 5.1.2.2

ICE_CHAR, TOKEN = r"[A-Za-z0-9+/]", r"[!#-'*+\-.0-9A-Z^-~]+"  # RFC 8839 section 5.1; token of RFC 8866 section 9

# RFC 8839 section 5.1: the words of the attribute; "UDP" and other literals of ABNF are case-insensitive.
CANDIDATE = re.compile(
    r"candidate:(?P<foundation>%s{1,32}) (?P<component>\d{1,3}) (?P<transport>%s) (?P<priority>\d{1,10}) (?P<address>\S+) (?P<port>\d{1,5}) (?i:typ) (?P<type>%s)"
    r"(?: (?i:raddr) (?P<rel_address>\S+))?(?: (?i:rport) (?P<rel_port>\d{1,5}))?(?P<more>(?: \S+ \S+)*)" % (ICE_CHAR, TOKEN, TOKEN))


def address(text):
    """An IP address as RFC 5952 writes it, or a name of RFC 1123."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        need(":" not in text and not re.fullmatch(r"[\d.]+", text) and re.fullmatch(r"[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*", text))
        return text


def parse(given):
    m = CANDIDATE.fullmatch(given["text"])
    need(m)
    component, priority, port = int(m["component"]), int(m["priority"]), int(m["port"])
    need(1 <= component <= 256 and 1 <= priority < 1 << 31 and port < 1 << 16)
    words = m["more"].split()
    need(not {"raddr", "rport"} & set(words[::2]))
    out = {"foundation": m["foundation"], "component": component, "transport": m["transport"].lower(), "priority": priority, "address": address(m["address"]), "port": port, "type": m["type"]}
    out["ufrag"] = dict(zip(words[::2], words[1::2])).get("ufrag")
    if m["rel_address"] and m["rel_port"]:
        need(int(m["rel_port"]) < 1 << 16)
        out.update(rel_address=address(m["rel_address"]), rel_port=int(m["rel_port"]))
    return out


def priority(given):
    """RFC 8445 section 5.1.2.1."""
    preference, local, component = given.get("type_preference", PREFERENCE.get(given["type"])), given["local_preference"], given["component"]
    need(preference is not None and 0 <= preference <= 126 and 0 <= local <= 65535 and 1 <= component <= 256)
    value = 2 ** 24 * preference + 2 ** 8 * local + 2 ** 0 * (256 - component)
    need(1 <= value <= 2 ** 31 - 1)  # section 5.1.2
    return {"priority": value}


def pair(given):
    """RFC 8445 section 6.1.2.3, of priorities as section 5.1.2 has them."""
    g, d = int(given["G"]), int(given["D"])
    need(1 <= g <= 2 ** 31 - 1 and 1 <= d <= 2 ** 31 - 1)
    return {"priority": str(2 ** 32 * min(g, d) + 2 * max(g, d) + (1 if g > d else 0))}


def credentials(given):
    low = {"ufrag": 4, "pwd": 22}[given["kind"]]
    need(re.fullmatch(ICE_CHAR + "{%d,256}" % low, given["value"]))
    return {}


# RFC 7983 section 7 with RFC 9443 section 2.
RANGES = [(0, 3, "stun"), (4, 15, "drop"), (16, 19, "zrtp"), (20, 63, "dtls"), (64, 79, "turn-channel"), (80, 127, "quic (RFC 9443) or drop (RFC 7983)"), (128, 191, "rtp-rtcp"),
          (192, 255, "quic (RFC 9443) or drop (RFC 7983)")]


def first_byte(given):
    name = next(n for low, high, n in RANGES if low <= given["first_byte"] <= high)
    return {"stun": name == "stun", "protocol": name}


OPS = {"ice_candidate.parse": parse, "ice_priority.candidate": priority, "ice_priority.pair": pair, "ice_credentials.check": credentials, "demux.first_byte": first_byte}
