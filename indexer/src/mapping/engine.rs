//! Goes once over the fields of a record and does what the declarations say.

use std::sync::LazyLock;

use crate::bib::{AgentKind, Bib, Isbn, Issn, MaterialType, Series};
use crate::marc::{Field, Record};

use super::agents::{AgentLinks, agent, drop_romanised};
use super::book_number::cn_book_no;
use super::dates::{coded_year, year};
use super::gather::{append, each, filled, gather, keep_first, linked_title, push_new, subject, wants};
use super::language::{language_of_script, push_codes};
use super::material::{Signs, material_type};
use super::punctuation::{trim_brackets, trim_isbd};
use super::rule::{Rule, RuleTable, Target};
use super::titles::{TitleField, is_original_script, linked_tag};
use super::{Dialect, HoldingsProfile, Mapped, cnmarc, holdings, marc21};

static UNIMARC_RULES: LazyLock<RuleTable> = LazyLock::new(|| RuleTable::new(cnmarc::RULES, |_| true));
static MARC21_RULES: LazyLock<RuleTable> = LazyLock::new(|| RuleTable::new(marc21::RULES, |_| true));
static UNIMARC_BRIEF: LazyLock<RuleTable> = LazyLock::new(|| RuleTable::new(cnmarc::RULES, is_brief));
static MARC21_BRIEF: LazyLock<RuleTable> = LazyLock::new(|| RuleTable::new(marc21::RULES, is_brief));

/// Maps a record of a known dialect; holdings by the library's profile.
///
/// Never fails: what a record does not say stays empty.
pub fn map(record: &Record, dialect: Dialect, profile: &HoldingsProfile) -> Mapped {
    let rules = if dialect.is_unimarc_family() { &*UNIMARC_RULES } else { &*MARC21_RULES };
    map_by(rules, record, dialect, profile)
}

/// Maps what a line of a report shows (CONTRACT §4) and leaves the rest of the description empty: titles other
/// than the first, names, subjects, series, notes. Twice as fast as `map`, with the same answer for what it maps.
pub fn map_brief(record: &Record, dialect: Dialect, profile: &HoldingsProfile) -> Mapped {
    let rules = if dialect.is_unimarc_family() { &*UNIMARC_BRIEF } else { &*MARC21_BRIEF };
    map_by(rules, record, dialect, profile)
}

/// What the line of a report needs, the signs of a material type among it.
fn is_brief(target: Target) -> bool {
    !matches!(
        target,
        Target::OtherId
            | Target::OtherTitle
            | Target::ParallelTitle
            | Target::VaryingTitle
            | Target::Edition
            | Target::Series
            | Target::LinkedSeries
            | Target::Note
            | Target::Contents
            | Target::Abstract
            | Target::SerialCoverage
            | Target::Subject
            | Target::Keywords
            | Target::Class(_)
            | Target::Person { .. }
            | Target::Body { .. }
            | Target::Meeting { .. }
            | Target::Url
    )
}

fn map_by(rules: &RuleTable, record: &Record, dialect: Dialect, profile: &HoldingsProfile) -> Mapped {
    // Filled where it stands: a description is a kilobyte that nobody should carry about.
    let bib = Bib::empty(MaterialType::Other);
    let mut mapped = Mapped { bib, holdings: Vec::new(), holdings_of: None };
    let mut draft = Draft::new(&mut mapped.bib, dialect);
    for field in record.fields() {
        if let Some(rule) = rules.get(&field.tag()) {
            draft.apply(rule, &field, rules);
        }
    }
    mapped.holdings_of = draft.finish(record);
    let (holdings, class) = holdings::read(record, &mapped.bib, profile);
    mapped.holdings = holdings;
    if mapped.bib.clc.is_empty() {
        mapped.bib.clc.extend(class.filter(|c| looks_like_clc(c)).map(str::to_owned));
    }
    mapped
}

struct Draft<'b> {
    bib: &'b mut Bib,
    dialect: Dialect,
    signs: Signs,
    links: AgentLinks,
    coded_year: Option<i16>,
    coded_language: Option<String>,
    holdings_of: Option<String>,
}

impl<'b> Draft<'b> {
    fn new(bib: &'b mut Bib, dialect: Dialect) -> Self {
        Self {
            bib,
            dialect,
            signs: Signs::default(),
            links: AgentLinks::default(),
            coded_year: None,
            coded_language: None,
            holdings_of: None,
        }
    }

    fn apply(&mut self, rule: &Rule, field: &Field<'_>, rules: &RuleTable) {
        match rule.to {
            Target::ControlNumber => self.bib.control_number = filled(field.value()),
            Target::HoldingsOf => self.holdings_of = filled(field.value()),
            Target::Leader008 => self.coded_008(field.value()),
            Target::General100 => self.coded_100(field.first('a').unwrap_or_default()),
            Target::Monograph105 => {
                let contents = field.first('a').and_then(|a| a.get(4..8)).unwrap_or_default();
                self.signs.thesis |= contents.contains(['m', 'v']);
            }
            Target::Serial110 => {
                self.signs.newspaper |= field.first('a').is_some_and(|a| a.starts_with('c'));
            }
            Target::Isbn => self.isbn(field, rule),
            Target::Issn => self.issn(field, rule),
            Target::Languages => self.languages(field),
            Target::Title => self.title(field),
            Target::Imprint => self.imprint(field),
            Target::Series => self.series(field, rule),
            Target::LinkedSeries => self.linked_series(field),
            Target::LinkedTitle => push_new(&mut self.bib.other_titles, linked_title(field)),
            Target::Person { main } => self.agent(field, AgentKind::Person, main, rule),
            Target::Body { main } => self.agent(field, AgentKind::Body, main, rule),
            Target::Meeting { main } => self.agent(field, AgentKind::Meeting, main, rule),
            Target::Linked => self.linked(field, rules),
            _ => self.text(rule, field),
        }
    }

    /// Targets that are no more than a text put in its place.
    fn text(&mut self, rule: &Rule, field: &Field<'_>) {
        let bib = &mut *self.bib;
        match rule.to {
            Target::OtherId => bib.other_ids.extend(each(field, rule)),
            Target::CnBookNo => {
                keep_first(&mut bib.cn_book_no, each(field, rule).next().map(|n| cn_book_no(&n)))
            }
            Target::OtherTitle => bib.other_titles.extend(gather(field, rule.subfields, " ")),
            Target::ParallelTitle => bib.parallel_titles.extend(gather(field, rule.subfields, " ")),
            Target::VaryingTitle if field.indicators()[1] == b'1' => {
                bib.parallel_titles.extend(gather(field, rule.subfields, " "));
            }
            Target::VaryingTitle => bib.other_titles.extend(gather(field, rule.subfields, " ")),
            Target::Edition => keep_first(&mut bib.edition, gather(field, rule.subfields, ", ")),
            Target::Extent => {
                let extent = gather(field, rule.subfields, " ; ");
                self.signs.thread_bound |= extent.as_deref().is_some_and(|e| e.contains("线装"));
                keep_first(&mut bib.extent, extent);
            }
            Target::Note => bib.notes.extend(each(field, rule)),
            Target::Contents => append(&mut bib.contents, gather(field, rule.subfields, " ")),
            Target::Abstract => append(&mut bib.abstract_text, gather(field, rule.subfields, " ")),
            Target::Thesis => {
                self.signs.thesis = true;
                bib.notes.extend(gather(field, rule.subfields, ", "));
            }
            Target::SerialCoverage => append(&mut bib.serial_coverage, gather(field, rule.subfields, " ")),
            Target::Subject => push_new(&mut bib.subjects, subject(field, rule.subfields)),
            Target::Keywords => each(field, rule).for_each(|word| push_new(&mut bib.subjects, Some(word))),
            Target::Clc if self.dialect.is_unimarc_family() => {
                each(field, rule).for_each(|class| push_new(&mut bib.clc, Some(class)));
            }
            // Elsewhere 690 is a local subject; only what looks like a class is one.
            Target::Clc => each(field, rule)
                .filter(|text| looks_like_clc(text))
                .for_each(|class| push_new(&mut bib.clc, Some(class))),
            Target::ClassByScheme => self.class_by_scheme(field, rule),
            Target::Class(scheme) => {
                let number = gather(field, rule.subfields, " ");
                push_new(&mut bib.other_classes, number.map(|n| format!("{scheme}:{n}")));
            }
            Target::Url => bib.urls.extend(each(field, rule).filter(|url| is_safe_link(url))),
            _ => {}
        }
    }

    fn coded_008(&mut self, value: &str) {
        self.coded_year = value.get(7..11).and_then(coded_year);
        self.coded_language = value.get(35..38).map(str::to_owned);
        self.signs.newspaper |= value.get(21..22) == Some("n");
        self.signs.thesis_in_008 = value.get(24..28).is_some_and(|contents| contents.contains('m'));
    }

    fn coded_100(&mut self, value: &str) {
        self.coded_year = value.get(9..13).and_then(coded_year);
    }

    fn isbn(&mut self, field: &Field<'_>, rule: &Rule) {
        for (code, text) in field.subfields() {
            if code == 'z' && rule.subfields.contains('z') {
                push_new(&mut self.bib.invalid_isbns, filled(text));
            } else if code == 'a' {
                let mut any = false;
                Isbn::each(text, |isbn| {
                    any = true;
                    push_new(&mut self.bib.isbns, Some(isbn));
                });
                if !any && text.bytes().any(|b| b.is_ascii_digit()) {
                    self.bib.invalid_isbns.push(text.trim().to_owned());
                }
            } else if wants(rule.subfields, code) {
                append(&mut self.bib.price, filled(trim_isbd(text)));
            }
        }
    }

    fn issn(&mut self, field: &Field<'_>, rule: &Rule) {
        for (code, text) in field.subfields() {
            if wants(rule.subfields, code) {
                push_new(&mut self.bib.issns, Issn::parse(text));
            }
        }
    }

    fn languages(&mut self, field: &Field<'_>) {
        for (code, text) in field.subfields() {
            match code {
                'a' => push_codes(text, &mut self.bib.languages),
                'c' | 'h' if self.bib.original_language.is_none() => {
                    let mut original = Vec::new();
                    push_codes(text, &mut original);
                    self.bib.original_language = original.into_iter().next();
                }
                _ => {}
            }
        }
    }

    fn title(&mut self, field: &Field<'_>) {
        let read = self.read_title(field);
        if self.bib.title.is_some() {
            return read.add(self.bib);
        }
        read.describe(self.bib);
        if self.dialect == Dialect::Marc21 {
            let skip = field.indicators()[1];
            self.bib.title_skip = if skip.is_ascii_digit() { skip - b'0' } else { 0 };
        }
    }

    fn read_title(&mut self, field: &Field<'_>) -> TitleField {
        if self.dialect.is_unimarc_family() {
            TitleField::unimarc(field, &mut self.signs)
        } else {
            TitleField::marc21(field, &mut self.signs)
        }
    }

    /// 210, 260, 264: place, publisher, date. The codes differ between the families by one letter.
    fn imprint(&mut self, field: &Field<'_>) {
        let (publisher_code, date_code) =
            if self.dialect.is_unimarc_family() { ('c', 'd') } else { ('b', 'c') };
        let is_publication = field.tag() != *b"264" || matches!(field.indicators()[1], b'1' | b' ');
        for (code, text) in field.subfields() {
            let part = trim_brackets(trim_isbd(text));
            if part.is_empty() {
                continue;
            }
            if code == 'a' && is_publication {
                keep_first(&mut self.bib.place, Some(part.to_owned()));
            } else if code == publisher_code && is_publication {
                match self.bib.publisher {
                    None => self.bib.publisher = Some(part.to_owned()),
                    Some(_) => push_new(&mut self.bib.other_publishers, Some(part.to_owned())),
                }
            } else if code == date_code {
                keep_first(&mut self.bib.date_text, Some(trim_isbd(text).to_owned()));
                self.bib.year = self.bib.year.or_else(|| year(text));
            }
        }
    }

    fn series(&mut self, field: &Field<'_>, rule: &Rule) {
        let title = gather(field, rule.subfields.trim_end_matches('v'), ". ");
        self.push_series(title, field.first('v'));
    }

    /// 410, 461, 462: `$12001 $a…` embedded or `$t`.
    fn linked_series(&mut self, field: &Field<'_>) {
        self.push_series(linked_title(field), field.first('v'));
    }

    fn push_series(&mut self, title: Option<String>, volume: Option<&str>) {
        let Some(title) = title else { return };
        if !self.bib.series.iter().any(|s| s.title == title) {
            let volume = volume.and_then(|v| filled(trim_isbd(v)));
            self.bib.series.push(Series { title, volume });
        }
    }

    fn agent(&mut self, field: &Field<'_>, kind: AgentKind, main: bool, rule: &Rule) {
        let agent = agent(field, self.dialect, kind, main, rule.subfields);
        self.links.enter(field, agent, &mut self.bib.agents);
    }

    /// 880: the same as the field it stands for, but what is shown becomes the original script.
    fn linked(&mut self, field: &Field<'_>, rules: &RuleTable) {
        let Some(rule) = linked_tag(field).and_then(|tag| rules.get(&tag)) else { return };
        match rule.to {
            Target::Title => {
                let read = self.read_title(field);
                read.link(self.bib);
            }
            Target::Imprint => {
                let before = (self.bib.place.take(), self.bib.publisher.take(), self.bib.date_text.take());
                self.imprint(field);
                push_new(&mut self.bib.other_publishers, before.1.clone());
                let bib = &mut *self.bib;
                bib.place = bib.place.take().or(before.0);
                bib.publisher = bib.publisher.take().or(before.1);
                bib.date_text = bib.date_text.take().or(before.2);
            }
            Target::Edition => {
                let original = gather(field, rule.subfields, ", ").filter(|e| is_original_script(e));
                self.bib.edition = original.or(self.bib.edition.take());
            }
            Target::Person { main } => self.linked_agent(field, AgentKind::Person, main, rule),
            Target::Body { main } => self.linked_agent(field, AgentKind::Body, main, rule),
            Target::Meeting { main } => self.linked_agent(field, AgentKind::Meeting, main, rule),
            Target::Linked | Target::ControlNumber | Target::Leader008 | Target::General100 => {}
            _ => self.apply(rule, field, rules),
        }
    }

    fn linked_agent(&mut self, field: &Field<'_>, kind: AgentKind, main: bool, rule: &Rule) {
        let agent = agent(field, self.dialect, kind, main, rule.subfields);
        self.links.enter_original(field, agent, &mut self.bib.agents);
    }

    fn class_by_scheme(&mut self, field: &Field<'_>, rule: &Rule) {
        let scheme = field.first('2').map(|s| s.trim().to_ascii_lowercase()).unwrap_or_default();
        for number in each(field, rule) {
            if scheme.starts_with("clc") || (scheme.is_empty() && looks_like_clc(&number)) {
                push_new(&mut self.bib.clc, Some(number));
            } else if !scheme.is_empty() {
                push_new(&mut self.bib.other_classes, Some(format!("{scheme}:{number}")));
            }
        }
    }

    fn finish(self, record: &Record) -> Option<String> {
        let bib = self.bib;
        drop_romanised(&mut bib.agents);
        bib.year = bib.year.or(self.coded_year);
        if let Some(code) = self.coded_language {
            let mut languages = Vec::new();
            push_codes(&code, &mut languages);
            for language in std::mem::take(&mut bib.languages) {
                push_new(&mut languages, Some(language));
            }
            bib.languages = languages;
        }
        if bib.languages.is_empty() {
            bib.languages.extend(bib.title.as_deref().and_then(language_of_script).map(str::to_owned));
        }
        bib.material_type = material_type(
            record.leader(),
            self.dialect,
            &self.signs,
            bib.languages.first().map(String::as_str),
            bib.title.as_deref(),
            bib.year,
        );
        self.holdings_of
    }
}

/// `^[A-KN-VXZ][A-Z]?[0-9]`: what a class of the Chinese Library Classification looks like.
pub(super) fn looks_like_clc(text: &str) -> bool {
    let mut bytes = text.bytes();
    let main = bytes.next().is_some_and(|b| matches!(b, b'A'..=b'K' | b'N'..=b'V' | b'X' | b'Z'));
    let rest = text.as_bytes().get(1..).unwrap_or_default();
    let digits = rest.strip_prefix(b"-").unwrap_or(match rest.first() {
        Some(b'A'..=b'Z') => &rest[1..],
        _ => rest,
    });
    main && digits.first().is_some_and(u8::is_ascii_digit)
}

/// Only links that a browser may follow without harm.
fn is_safe_link(url: &str) -> bool {
    let lower = url.trim_start().get(..8).unwrap_or(url).to_ascii_lowercase();
    ["http://", "https://", "ftp://", "mailto:"].iter().any(|scheme| lower.starts_with(scheme))
}
