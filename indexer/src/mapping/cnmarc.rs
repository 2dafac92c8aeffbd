//! CNMARC and UNIMARC: what is where (DOMAIN §2.1).

use super::rule::Target::*;
use super::rule::{Rule, field};

pub(super) const RULES: &[Rule] = &[
    // 0xx identification
    field(b"001", ControlNumber, ""),
    field(b"010", Isbn, "abdz"),
    field(b"011", Issn, "a"),
    field(b"035", OtherId, "a"),
    field(b"091", CnBookNo, "a"),
    // 1xx coded data
    field(b"100", General100, "a"),
    field(b"101", Languages, "ac"),
    field(b"105", Monograph105, "a"),
    field(b"110", Serial110, "a"),
    // 2xx description
    field(b"200", Title, "aeh"),
    field(b"205", Edition, "ab"),
    field(b"207", SerialCoverage, "a"),
    field(b"210", Imprint, "acd"),
    field(b"214", Imprint, "acd"),
    field(b"215", Extent, "acde"),
    field(b"225", Series, "ahiv"),
    // 3xx notes
    field(b"300", Note, "a"),
    field(b"303", Note, "a"),
    field(b"304", Note, "a"),
    field(b"305", Note, "a"),
    field(b"306", Note, "a"),
    field(b"307", Note, "a"),
    field(b"310", Note, "a"),
    field(b"312", Note, "a"),
    field(b"314", Note, "a"),
    field(b"320", Note, "a"),
    field(b"333", Note, "a"),
    field(b"327", Contents, "a"),
    field(b"328", Thesis, "abcdet"),
    field(b"330", Abstract, "a"),
    // 4xx links
    field(b"410", LinkedSeries, "atv"),
    field(b"454", LinkedTitle, "at"),
    field(b"461", LinkedSeries, "atv"),
    field(b"462", LinkedSeries, "atv"),
    field(b"463", LinkedSeries, "atv"),
    // 5xx other titles
    field(b"500", OtherTitle, "aehi"),
    field(b"510", ParallelTitle, "aei"),
    field(b"512", OtherTitle, "aehi"),
    field(b"514", OtherTitle, "aehi"),
    field(b"515", OtherTitle, "aehi"),
    field(b"516", OtherTitle, "aehi"),
    field(b"517", OtherTitle, "aehi"),
    field(b"540", OtherTitle, "aehi"),
    field(b"541", OtherTitle, "aehi"),
    // 6xx subjects and classes
    field(b"600", Subject, "abcdfxyzj"),
    field(b"601", Subject, "abcdexyzj"),
    field(b"602", Subject, "axyzj"),
    field(b"604", Subject, "atxyzj"),
    field(b"605", Subject, "ahixyzj"),
    field(b"606", Subject, "axyzj"),
    field(b"607", Subject, "axyzj"),
    field(b"610", Keywords, "a"),
    field(b"675", Class("udc"), "a"),
    field(b"676", Class("ddc"), "a"),
    field(b"680", Class("lcc"), "ab"),
    field(b"681", Class("ccl"), "ab"),
    field(b"690", Clc, "a"),
    field(b"692", Class("las"), "a"),
    // 7xx responsibility
    field(b"700", Person { main: true }, "ab"),
    field(b"701", Person { main: true }, "ab"),
    field(b"702", Person { main: false }, "ab"),
    field(b"710", Body { main: true }, "ab"),
    field(b"711", Body { main: true }, "ab"),
    field(b"712", Body { main: false }, "ab"),
    // 8xx
    field(b"856", Url, "u"),
    field(b"880", Linked, ""),
];
