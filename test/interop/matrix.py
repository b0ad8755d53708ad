"""matrix.py RESULTS: result lines of the rows to a markdown table; exit code 1 if a row failed."""

import json
import sys


def seen(row):
    if row.get("reason"):
        return row["reason"].splitlines()[0]
    failed = [c for c in row["cases"] if c["result"] == "fail"]
    known = [c for c in row["cases"] if c["result"] == "known"]
    text = f"{row['passed']} ok"
    for name, cases in (("failed", failed), ("known", known)):
        if cases:
            text += f"; {name}: " + "; ".join(f"{c['case']} ({c['seen']})" for c in cases)
    if row["retried"]:
        text += f"; {row['retried']} tried again"
    return text


def main():
    with open(sys.argv[1]) as f:
        rows = [json.loads(line) for line in f]
    rows = [r for r in rows if "is not run with" not in r.get("reason", "")]
    print("| peer | row | result | what was seen | versions | date |\n|---|---|---|---|---|---|")
    for r in rows:
        peer, name = r["row"].split("/")
        versions = ", ".join(f"{k} {v}" for k, v in r.get("versions", {}).items())
        cells = (peer, name, r["result"], seen(r), versions, r.get("date", ""))
        print("| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |")
    return 1 if any(r["result"] == "fail" for r in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
