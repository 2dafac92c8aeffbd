#!/usr/bin/env python3
"""The charts of the README from what `run.py` measured.

    draw.py DIR OUT     DIR/results.json → OUT/time.svg, OUT/size.svg, OUT/recall.svg
"""

import html
import json
import math
import pathlib
import sys

WIDTH, LEFT, ROW = 720, 250, 26
OURS, OTHERS, INK = "#0b6e5f", "#8a949e", "#1f2328"
CHARTS = {
    "time": ("Slowest of 100 searches, ms (p99, logarithmic)", "p99", True),
    "size": ("Index, bytes a record", "bytes", False),
    "recall": ("Pieces of titles found, of 100", "recall", False),
}


def bar(at, name, value, length):
    y = 44 + at * ROW
    colour = OURS if at == 0 else OTHERS
    weight = "600" if at == 0 else "400"
    return (
        f'<text x="{LEFT - 10}" y="{y + 15}" text-anchor="end" font-weight="{weight}">{html.escape(name)}</text>'
        f'<rect x="{LEFT}" y="{y}" width="{max(length, 1):.1f}" height="{ROW - 7}" rx="2" fill="{colour}"/>'
        f'<text x="{LEFT + max(length, 1) + 6:.1f}" y="{y + 15}">{value:,.1f}</text>'
    )


def chart(title, rows, is_log):
    room = WIDTH - LEFT - 80
    values = [value for _, value in rows]
    if is_log:
        low = min(values) / 2
        share = lambda value: math.log(value / low) / math.log(max(values) / low)
    else:
        share = lambda value: value / max(values)
    bars = "".join(bar(at, name, value, share(value) * room) for at, (name, value) in enumerate(rows))
    height = 52 + len(rows) * ROW
    told = html.escape(title + ": " + "; ".join(f"{name} {value:,.1f}" for name, value in rows))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" font-size="13" '
        f'font-family="system-ui, sans-serif" fill="{INK}"><title>{told}</title>'
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>'
        f'<text x="16" y="26" font-size="15" font-weight="600">{html.escape(title)}</text>{bars}</svg>\n'
    )


def main():
    folder, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    lines = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    with open(folder / "records.tsv", encoding="utf-8") as records:
        n = sum(1 for _ in records)
    out.mkdir(parents=True, exist_ok=True)
    for file, (title, key, is_log) in CHARTS.items():
        rows = [(line["name"], line[key] / n if key == "bytes" else line[key]) for line in lines]
        svg = chart(f"{title}, {n:,} records", rows, is_log)
        (out / f"{file}.svg").write_text(svg, encoding="utf-8")


main()
