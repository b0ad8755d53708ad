"""The table of cells, and the tables that are printed."""
import collections
import pathlib

FILE = pathlib.Path(__file__).resolve().parent / "cells.txt"
Row = collections.namedtuple("Row", "name alice bob path note")
KINDS = ("full", "addr", "port", "sym", "block")


def rows(text=None):
    found = []
    for line in (FILE.read_text() if text is None else text).splitlines():
        fields = line.split(None, 4)
        if not fields or fields[0].startswith("#"):
            continue
        if len(fields) < 4 or not set(fields[3].split(",")) <= {"direct", "relayed"}:
            raise ValueError(f'cells.txt: "{line}" is not: scenario, Alice, Bob, path (direct, relayed, or several with commas), note')
        found.append(Row(*fields[:4], fields[4] if len(fields) == 5 else ""))
    return found


def seen(results):
    """"direct 5/5": what came out most often, and how often it was as expected."""
    if not results:
        return "not run"
    most = collections.Counter(r["paths"] or "no path" for r in results).most_common(1)[0][0]
    return f"{most} {sum(r['ok'] for r in results)}/{len(results)}"


def plain(cells, results):
    lines = [f"{'cell':<18} {'Alice':<18} {'Bob':<12} {'expected':<24} seen"]
    for row in cells:
        lines.append(f"{row.name:<18} {row.alice:<18} {row.bob:<12} {row.path:<24} {seen(results[row.name])}"
                     + ("" if all(r["ok"] for r in results[row.name]) else "   <-- not as expected"))
    return "\n".join(lines)


def markdown(cells, results):
    """A square of the five kinds, then the others."""
    by_pair = {(r.alice, r.bob): r for r in cells if r.name == f"{r.alice}-{r.bob}"}
    lines = ["| Alice \\ Bob | " + " | ".join(KINDS) + " |", "| --- |" + " --- |" * len(KINDS)]
    for a in KINDS:
        square = [seen(results[by_pair[a, b].name]) if (a, b) in by_pair else "" for b in KINDS]
        lines.append(f"| {a} | " + " | ".join(square) + " |")
    lines += ["", "| cell | Alice | Bob | seen | what it is |", "| --- | --- | --- | --- | --- |"]
    for row in cells:
        if row.alice not in KINDS or row.bob not in KINDS or row.name != f"{row.alice}-{row.bob}":
            bars = [text.replace("|", "\\|") for text in (row.name, row.alice, row.bob, seen(results[row.name]), row.note)]
            lines.append("| " + " | ".join(bars) + " |")
    return "\n".join(lines)
