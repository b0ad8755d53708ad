#!/usr/bin/env python3
"""Writes vectors/v1: the collected cases of test/conformance/public, then those of every cases_*.py here.

  python3 test/conformance/generate/all.py [OUT_DIR]

The same input gives the same files. Needs Python's `cryptography` for the cases that are signed or encrypted."""
import glob
import importlib
import os
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here)
sys.dont_write_bytecode = True

import imported
import vectorlib


def main():
    out = sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, "../../../vectors/v1")
    collection = vectorlib.Collection()
    imported.add_folder(collection, os.path.join(here, "../public"))
    for path in sorted(glob.glob(os.path.join(here, "cases_*.py"))):
        importlib.import_module(os.path.basename(path)[:-3]).add(collection)
    collection.write(out)
    results = collection.count()
    print("%d files, %d cases: %s" % (len(collection.groups), sum(results.values()), results))


main()
