#!/usr/bin/env python3
"""Writes fold.tsv: one target a line, then every character that folds to it.

usage: fold.py OPENCC_DICTIONARY_FOLDER > fold.tsv
Needs the Debian package `unicode-data` (Unicode License) and OpenCC's data/dictionary (Apache-2.0).

A character of GB 2312 folds only by the hand list or by OpenCC's first choice, so that two characters that
readers of simplified Chinese tell apart stay apart; rarer characters fold to what they are a variant of.
"""
import bz2, re, sys, unicodedata as u

UCD = "/usr/share/unicode/"
OPENCC = sys.argv[1]
HERE = sys.argv[0].rsplit("/", 1)[0] if "/" in sys.argv[0] else "."


def rows(path):
    for line in open(path, encoding="utf-8"):
        line = line.rstrip("\n")
        if line and not line.startswith("#"):
            key, _, values = line.partition("\t")
            yield key, values.split(" ")


def encodable(c, codec):
    try:
        return len(c.encode(codec)) == 2
    except UnicodeEncodeError:
        return False


def is_han(c):
    n = ord(c)
    return 0x3400 <= n <= 0x4DBF or 0x4E00 <= n <= 0x9FFF or 0x20000 <= n <= 0x3FFFD or c == "〇"


gb2312 = {c for c in map(chr, range(0x4E00, 0xA000)) if encodable(c, "gb2312")}

# --- Han: candidates in falling order of trust -------------------------------------------------------
hand = {}
for target, sources in rows(f"{HERE}/fold_hand.tsv"):
    for c in sources[0]:
        hand.setdefault(c, target)
simplified = {k: v[0] for k, v in rows(f"{OPENCC}/TSCharacters.txt") if len(k) == 1 and len(v[0]) == 1}
regional = {}  # Taiwan and Hong Kong forms → OpenCC standard
for name in ("TWVariants", "HKVariants"):
    for k, values in rows(f"{OPENCC}/{name}.txt"):
        for v in values:
            if len(k) == len(v) == 1 and v != k:
                regional.setdefault(v, k)
japanese = {k: v[0] for k, v in rows(f"{OPENCC}/JPShinjitaiCharacters.txt") if len(k) == 1 and len(v[0]) == 1}
unihan = {}
for line in bz2.open(UCD + "Unihan_Variants.txt.bz2", "rt", encoding="utf-8"):
    if line.startswith("U+"):
        code, prop, value = line.rstrip("\n").split("\t")
        targets = [chr(int(x.split("<")[0][2:], 16)) for x in value.split()]
        unihan.setdefault(prop, {})[chr(int(code[2:], 16))] = targets


def han(c):
    if c in hand:
        return hand[c]
    if simplified.get(c, c) != c:
        return simplified[c]
    if c in gb2312:
        return c
    for table in (regional, japanese):
        if table.get(c, c) != c:
            return table[c]
    for prop in ("kSimplifiedVariant", "kZVariant", "kSemanticVariant", "kTraditionalVariant"):
        found = [t for t in unihan[prop].get(c, []) if t != c]
        if prop == "kTraditionalVariant":  # a rare simplified form: only if its full form leads to a common one
            found = [t for t in found if simplified.get(t, t) != c]
        common = [t for t in found if t in gb2312 or simplified.get(t, t) in gb2312 or hand.get(t)]
        if len({hand.get(t) or simplified.get(t, t) for t in common}) == 1:
            return common[0]
        if prop == "kSimplifiedVariant" and len(found) == 1:
            return found[0]
    return c


# --- everything else ---------------------------------------------------------------------------------
EXTRA = {"ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ı": "i", "ħ": "h", "ŧ": "t",
         "ŋ": "n", "ĸ": "k", "ƀ": "b", "ɨ": "i", "ʉ": "u", "ə": "ə", "ǂ": "", "ـ": ""}
for c in "'’‘ʼʹʻ`´′‛＇":
    EXTRA[c] = ""  # apostrophes join: don’t = dont, O’Reilly = oreilly
radicals = {}
for line in open(UCD + "EquivalentUnifiedIdeograph.txt", encoding="utf-8"):
    line = line.split("#")[0].strip()
    if line:
        span, target = line.split(";")
        first, _, last = span.strip().partition("..")
        for n in range(int(first, 16), int(last or first, 16) + 1):
            radicals[chr(n)] = chr(int(target.strip(), 16))


def stripped(text):
    """Without accents on Latin, Greek and Cyrillic letters; every other script keeps its marks."""
    out = []
    for c in text:
        d = u.normalize("NFD", c)
        base = ord(d[0])
        if base < 0x530 or 0x1D00 <= base < 0x2000 or 0x2C60 <= base < 0x2E00 or 0xA640 <= base < 0xA800:
            d = "".join(x for x in d if not u.combining(x))
            out.append(d)
        else:
            out.append(c)
    return "".join(out)


def drop(c):
    n = ord(c)
    return (u.category(c) == "Cf" or 0x300 <= n <= 0x36F or 0x483 <= n <= 0x489 or 0x64B <= n <= 0x652 or n == 0x670
            or 0x1AB0 <= n <= 0x1AFF or 0x1DC0 <= n <= 0x1DFF or 0xFE00 <= n <= 0xFE0F or 0xFE20 <= n <= 0xFE2F
            or 0xE0100 <= n <= 0xE01EF or 0x180B <= n <= 0x180F or n == 0x34F)


def step(c):
    n = ord(c)
    if drop(c):
        return ""
    if 0x2160 <= n <= 0x217F or 0x2460 <= n <= 0x24FF or 0x2776 <= n <= 0x2793:
        text = u.normalize("NFKC", c).casefold()
        return " " + (str(u.digit(c, "")) if text == c else text) + " "  # a numeral never glues to a word
    if c in EXTRA:
        return EXTRA[c]
    if c in hand:
        return hand[c]
    if u.category(c) == "Nd":
        return str(u.decimal(c))
    text = u.normalize("NFKC", c).casefold()
    text = u.normalize("NFKC", text)
    if text == c and c in radicals:
        return radicals[c]
    return "".join(han(x) if is_han(x) else x for x in stripped(text))


def fold(c):
    orbit = [step(c)]
    while (text := "".join(map(step, orbit[-1]))) not in orbit:
        orbit.append(text)
    # Two rare forms may name each other: the commoner or the first one of the circle stands for both.
    circle = orbit[orbit.index(text):]
    return min(circle, key=lambda t: ([x not in gb2312 for x in t], t))


def separator(c):
    return u.category(c)[0] in "PSZC" and u.category(c) not in ("Co",)


targets, marks = {}, []
for n in [*range(0x323B0), *range(0xE0000, 0xE0200)]:
    c = chr(n)
    category = u.category(c)
    if 0xD800 <= n < 0xE000 or category in ("Cn", "Co", "Cc"):
        continue
    if 0xAC00 <= n <= 0xD7A3 or n in (0x3099, 0x309A) or 0x1100 <= n <= 0x11FF:
        continue  # composed by rule
    text = fold(c)
    if text != c:
        text = "".join(" " if separator(x) and x not in "+#" else x for x in text)
        if not text.strip():
            text = " " if text else ""
            if text and separator(c):
                continue  # a separator stays one
        targets.setdefault(text, []).append(c)
    elif category in ("Mn", "Mc"):
        marks.append(n)

print("# Generated by fold.py from Unicode", u.unidata_version, "and OpenCC: target, tab, the characters that fold to it.")
print("# A target with blanks separates words; an empty one vanishes. The first row lists marks that belong to words.")
spans, start = [], None
for i, n in enumerate(marks):
    if start is None:
        start = n
    if i + 1 == len(marks) or marks[i + 1] != n + 1:
        spans.append(f"{start:x}-{n:x}")
        start = None
print("=marks\t" + " ".join(spans))
for text in sorted(targets):
    print(text.replace(" ", "_") + "\t" + "".join(targets[text]))
