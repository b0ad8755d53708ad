#!/usr/bin/env python3
"""Validates vectors/recorded against vectors/schema/session.schema.json: each session.json, and each line of each cut. Argument: the folder of the
vectors. Needs python3-jsonschema 4 or later."""
import glob
import json
import os
import sys

from jsonschema import Draft202012Validator



def files(about):
    """What belongs into the folder of a session."""
    transport = about["transport"]
    captured = set() if transport == "circuit" else {"session.pcapng"}
    keylog = set() if transport in ("tcp", "circuit") else {"keylog.txt"}
    return {"session.json"} | captured | keylog | {cut + ".jsonl" for cut in about["replay"]}


def errors(validator, doc, where):
    found = list(validator.iter_errors(doc))[:5]
    for e in found:
        print("%s: %s: %s" % (where, "/".join(str(x) for x in e.absolute_path), e.message[:200]))
    return len(found)


def main():
    top, bad, lines = sys.argv[1], 0, 0
    schema = json.load(open(os.path.join(top, "schema/session.schema.json")))
    Draft202012Validator.check_schema(schema)
    whole, unit = Draft202012Validator(schema), Draft202012Validator({"$defs": schema["$defs"], "$ref": "#/$defs/unit"})
    folders = sorted(os.path.dirname(p) for p in glob.glob(os.path.join(top, "recorded/*/*/session.json")))
    for folder in folders:
        about = json.load(open(os.path.join(folder, "session.json"), encoding="utf-8"))
        wrong = errors(whole, about, folder)
        bad += wrong
        if wrong:
            continue
        other = set(os.listdir(folder)) ^ files(about)
        if other:
            bad += 1
            print("%s: missing, or not part of this session: %s" % (folder, ", ".join(sorted(other))))
            continue
        for cut in about["replay"]:
            for number, line in enumerate(open(os.path.join(folder, cut + ".jsonl")), 1):
                lines += 1
                bad += errors(unit, json.loads(line), "%s/%s.jsonl:%d" % (folder, cut, number))
    print("%d sessions, %d lines: %d wrong" % (len(folders), lines, bad))
    sys.exit(bad > 0 or not folders)


main()
