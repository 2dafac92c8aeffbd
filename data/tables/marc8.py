#!/usr/bin/env python3
"""Writes marc8.tsv, eacc.tsv and iso5426.tsv from the code tables in a checkout of indexdata/yaz.

    git clone https://github.com/indexdata/yaz && python3 data/tables/marc8.py yaz/src
"""
import pathlib
import sys
import xml.etree.ElementTree as ET

HERE = pathlib.Path(__file__).parent


def codes(path):
    """Yields (final byte of the set, code, code point, combining) of every usable entry."""
    for charset in ET.parse(path).iter('characterSet'):
        final = int(charset.get('ISOcode'), 16)
        for entry in charset.iter('code'):
            marc = (entry.findtext('marc') or '').strip()
            ucs = (entry.findtext('ucs') or '').strip() or (entry.findtext('alt') or '').strip()
            # Ligature marks: two halves as in the older column and in most UTF-8 records, not one double mark.
            alt = (entry.findtext('alt') or '').strip()
            ucs = alt if alt in ('FE20', 'FE22') else ucs
            combining = (entry.findtext('isCombining') or '') == 'true'
            if marc and ucs and len(ucs.split()) == 1:
                yield final, int(marc, 16), int(ucs, 16), combining


def write(name, rows):
    text = ''.join('\t'.join(row) + '\n' for row in rows)
    (HERE / name).write_text(text, encoding='ascii')


def single(entries):
    """One row a character: set, code in its 7-bit form, code point, `+` before combining marks."""
    seen = {}
    for final, code, ucs, combining in entries:
        # C0, DEL and space are no members of a graphic set; C1 codes are the decoder's affair.
        if code & 0x7F > 0x20 and code & 0x7F != 0x7F:
            seen.setdefault((final, code & 0x7F), (ucs, combining))
    return [(chr(f), f'{c:02X}', f'{u:04X}', '+' if m else '-') for (f, c), (u, m) in sorted(seen.items())]


source = pathlib.Path(sys.argv[1])
marc8 = list(codes(source / 'codetables.xml'))
write('marc8.tsv', single(e for e in marc8 if e[0] not in (0x31, 0x42)))
eacc = {code: ucs for final, code, ucs, _ in marc8 if final == 0x31}
write('eacc.tsv', [(f'{code:06X}', f'{ucs:04X}') for code, ucs in sorted(eacc.items())])
iso = [(0x50, code, ucs, mark) for _, code, ucs, mark in codes(source / 'codetables-iso5426.xml') if code >= 0xA0]
write('iso5426.tsv', [row[1:] for row in single(iso)])
