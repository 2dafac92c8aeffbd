//! Fields of CNMARC, UNIMARC and MARC21 → `Bib` and `Holding`s, as readable declarations.
