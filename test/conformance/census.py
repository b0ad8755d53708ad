"""The section of vectors/RESULTS.md about the cases themselves: how many are refusals, and which no second tool has checked."""
import collections
import glob
import json
import os

V1 = os.path.join(os.path.dirname(os.path.realpath(__file__)), "../../vectors/v1")

# Why an operation has cases that no other tool has confirmed. What others get wrong is in their own sections.
UNCHECKED = {
    "dcep.receive": "answers to a peer that breaks RFC 8832 section 6: aiortc opens the channel all the same, and pion leaves it to the application",
    "dtls_cookie.exchange": "needs a clock that can be set: pion's server has the wall clock",
}

# Operations that refuse nothing: every input has an answer.
PURE = {
    "demux": "every first octet has an answer; `false` is the refusal",
    "dtls_prf": "a function of any octets",
    "sctp_crc32c": "a function of any octets; a wrong checksum is refused by sctp_packet.verify",
    "sctp_serial": "a comparison of any two numbers; a wrong place in the sequence is refused by sctp_association",
}


def count():
    """Of every type the results, and of every operation the cases that must have an outcome and no check."""
    types, unchecked = collections.OrderedDict(), collections.OrderedDict()
    for path in sorted(glob.glob(os.path.join(V1, "*.json"))):
        doc = json.load(open(path, encoding="utf-8"))
        row = types.setdefault(doc["type"], collections.Counter())
        for group in doc["groups"]:
            for t in group["tests"]:
                row[t["result"]] += 1
                row["checked"] += "check" in t
                if "check" not in t and t["result"] != "acceptable":
                    unchecked.setdefault(group["params"]["op"], []).append(t["tcId"])
    return types, unchecked


def section():
    types, unchecked = count()
    lines = ["## The cases", "", "`checked`: another tool gives the same answer; the case's `check` names it. An `acceptable` case has no answer to check.", "",
             "| type | valid | refused | acceptable | checked | |", "| --- | ---: | ---: | ---: | ---: | --- |"]
    total = collections.Counter()
    for name, row in types.items():
        total.update(row)
        lines.append("| %s | %d | %d | %d | %d | %s |" % (name, row["valid"], row["invalid"], row["acceptable"], row["checked"], PURE.get(name, "")))
    lines += ["| **all** | %d | %d | %d | %d | |" % (total["valid"], total["invalid"], total["acceptable"], total["checked"]), "", "Not checked by a second tool, and why:", ""]
    for op, ids in unchecked.items():
        lines.append("* %s: %d (%s%s)%s" % (op, len(ids), ", ".join(ids[:4]), ", ..." if len(ids) > 4 else "", ": " + UNCHECKED[op] if op in UNCHECKED else ""))
    return "\n".join(lines) + "\n"
