//! MARC21: what is where (DOMAIN §2.3).

use super::rule::Target::*;
use super::rule::{Rule, field};

pub(super) const RULES: &[Rule] = &[
    // 00x control fields
    field(b"001", ControlNumber, ""),
    field(b"004", HoldingsOf, ""),
    field(b"008", Leader008, ""),
    // 0xx numbers and codes
    field(b"020", Isbn, "aqcz"),
    field(b"022", Issn, "al"),
    field(b"035", OtherId, "a"),
    field(b"041", Languages, "ah"),
    field(b"050", Class("lcc"), "ab"),
    field(b"082", Class("ddc"), "a"),
    field(b"084", ClassByScheme, "a"),
    field(b"090", Class("lcc"), "ab"),
    field(b"092", Class("ddc"), "a"),
    // 1xx main entries
    field(b"100", Person { main: true }, "abq"),
    field(b"110", Body { main: true }, "ab"),
    field(b"111", Meeting { main: true }, "ae"),
    field(b"130", OtherTitle, "apn"),
    // 2xx title, edition, imprint
    field(b"240", OtherTitle, "apn"),
    field(b"245", Title, "abnp"),
    field(b"246", VaryingTitle, "abnp"),
    field(b"250", Edition, "ab"),
    field(b"260", Imprint, "abc"),
    field(b"264", Imprint, "abc"),
    // 3xx extent
    field(b"300", Extent, "abce"),
    field(b"362", SerialCoverage, "a"),
    // 4xx series
    field(b"440", Series, "anpv"),
    field(b"490", Series, "av"),
    // 5xx notes
    field(b"500", Note, "a"),
    field(b"501", Note, "a"),
    field(b"502", Thesis, "abcdg"),
    field(b"504", Note, "a"),
    field(b"505", Contents, "atrg"),
    field(b"508", Note, "a"),
    field(b"511", Note, "a"),
    field(b"515", Note, "a"),
    field(b"520", Abstract, "ab"),
    field(b"521", Note, "a"),
    field(b"538", Note, "a"),
    field(b"546", Note, "a"),
    field(b"588", Note, "a"),
    // 6xx subjects
    field(b"600", Subject, "abcdqtxyzv"),
    field(b"610", Subject, "abtxyzv"),
    field(b"611", Subject, "acdtxyzv"),
    field(b"630", Subject, "apxyzv"),
    field(b"648", Subject, "axyzv"),
    field(b"650", Subject, "abxyzv"),
    field(b"651", Subject, "axyzv"),
    field(b"653", Keywords, "a"),
    field(b"690", Clc, "a"),
    // 7xx added entries
    field(b"700", Person { main: false }, "abq"),
    field(b"710", Body { main: false }, "ab"),
    field(b"711", Meeting { main: false }, "ae"),
    field(b"730", OtherTitle, "apn"),
    field(b"740", OtherTitle, "apn"),
    field(b"765", LinkedTitle, "t"),
    field(b"780", LinkedTitle, "t"),
    field(b"785", LinkedTitle, "t"),
    field(b"830", Series, "anpv"),
    // 8xx
    field(b"856", Url, "u"),
    field(b"880", Linked, ""),
];
