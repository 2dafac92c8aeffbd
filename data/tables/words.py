#!/usr/bin/env python3
"""Makes words.tsv: words that titles of invented books are put together from.

usage: words.py DICT > words.tsv
DICT is `src/data/dict.txt` of the crate jieba-rs (MIT): lines `word frequency tag`.
Kept are common nouns, verbs and adjectives of two to four Han characters; no names of persons, places or bodies.
Columns: word, class letter (n, v, a). Order: by frequency, most frequent first.
"""
import re, sys

TAGS = {"n": "n", "nz": "n", "vn": "n", "ng": "n", "l": "n", "v": "v", "a": "a", "an": "n", "b": "a"}
HAN = re.compile(r"^[\u4e00-\u9fff]{2,4}$")
# What does not belong on the back of a sample book.
AVOID = re.compile("[党毛邓江胡习蒋军警尸奸淫娼妓裸性毒杀屠贼匪]|主席|总理|总统|政府|中央|书记|游行|示威|革命|领袖|独裁|政变|台独|宗教|法轮|民主|自由化|天安门|六四|西藏|新疆|公司|集团")

rows = []
for line in open(sys.argv[1], encoding="utf-8"):
    word, frequency, tag = (line.split() + ["", ""])[:3]
    kind = TAGS.get(tag)
    if kind and HAN.match(word) and not AVOID.search(word) and int(frequency) >= 3:
        rows.append((int(frequency), word, kind))
rows.sort(key=lambda row: (-row[0], row[1]))
print("# word\tclass; origin and licence: README.md")
for _, word, kind in rows[: int(sys.argv[2]) if len(sys.argv) > 2 else 24000]:
    print(f"{word}\t{kind}")
