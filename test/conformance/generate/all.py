#!/usr/bin/env python3
"""Writes vectors/v1: the collected cases of test/conformance/public, then those of every cases_*.py here.

  python3 test/conformance/generate/all.py [OUT_DIR]

The same input gives the same files. Needs Python's `cryptography` for the cases that are signed or encrypted."""
import glob
import importlib
import os
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [here, os.path.join(here, "..")]
sys.dont_write_bytecode = True

import agreed
import imported
import kinds
import vectorlib


def name_checks(collection):
    """Adds the implementations that agree with a case to its `check`."""
    for kind in kinds.KINDS:
        for op, found in agreed.read(kind).items():
            tests = [t for key, group in collection.groups.get(op.split(".")[0], {}).items() if key[0] == op for t in group]
            if agreed.digest(tests) != found["asked"]:
                print("the cases of %s have changed: test/conformance/peers --update %s" % (op, kind))
                continue
            tool, others = kinds.tool(kind, op), set(found["not"])
            for t in tests:
                if t["result"] != "acceptable" and t["tcId"] not in others:
                    t["check"] = "; ".join(filter(None, [t.get("check"), tool]))


def main():
    out = sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, "../../../vectors/v1")
    collection = vectorlib.Collection()
    imported.add_folder(collection, os.path.join(here, "../public"))
    for path in sorted(glob.glob(os.path.join(here, "cases_*.py"))):
        importlib.import_module(os.path.basename(path)[:-3]).add(collection)
    name_checks(collection)
    collection.write(out)
    results = collection.count()
    print("%d files, %d cases: %s" % (len(collection.groups), sum(results.values()), results))


main()
