//! Why records are one entry, and why others beside it are not: the document of `lianmu explain`.
//!
//! Pure: what was read from catalogue and archive comes in, a document goes out.

use indexer::bib::{Bib, BibField, Entry, Member};
use indexer::cluster::{self, Decision, DecisionKind, MatchRecord, Verdict};
use indexer::pipeline::MemberError;
use serde::Serialize;

use crate::decided::{is_named, splits};
use crate::union::{ASPECTS, are_too_large, field_name, giver, reasons, veto_key};
use crate::wire::MemberDocument;

/// An entry with what its member records say, in the order of its members.
pub(crate) struct Heard {
    pub(crate) entry: Entry,
    pub(crate) said: Vec<Result<Bib, MemberError>>,
}

/// Everything that speaks for an entry.
#[derive(Serialize)]
pub(crate) struct ExplainDocument {
    /// The id that was asked for, where it is an old one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) asked: Option<String>,
    pub(crate) id: String,
    pub(crate) title: Option<String>,
    pub(crate) reasons: Vec<String>,
    pub(crate) members: Vec<MemberSays>,
    pub(crate) links: Vec<LinkSays>,
    pub(crate) provenance: Vec<FieldFrom>,
    pub(crate) decisions: Vec<DecisionSays>,
    pub(crate) siblings: Vec<SiblingSays>,
}

/// What a member record says for itself.
#[derive(Serialize)]
pub(crate) struct MemberSays {
    #[serde(flatten)]
    pub(crate) member: MemberDocument,
    pub(crate) title: Option<String>,
    pub(crate) part: Option<String>,
    pub(crate) subtitle: Option<String>,
    pub(crate) responsibility: Option<String>,
    pub(crate) edition: Option<String>,
    pub(crate) publisher: Option<String>,
    pub(crate) year: Option<i16>,
    pub(crate) isbn: Vec<String>,
    /// Names of what it says otherwise than the entry shows.
    pub(crate) differs: Vec<&'static str>,
    /// Why nothing of this is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) missing: Option<String>,
}

/// What holds two members together.
#[derive(Serialize)]
pub(crate) struct LinkSays {
    pub(crate) a: MemberDocument,
    pub(crate) b: MemberDocument,
    pub(crate) grounds: Vec<&'static str>,
    /// How far above the threshold; none where a person decided.
    pub(crate) weight: Option<f64>,
    pub(crate) comparisons: Vec<Line>,
}

/// What one comparison contributed.
#[derive(Serialize)]
pub(crate) struct Line {
    pub(crate) comparison: &'static str,
    pub(crate) left: String,
    pub(crate) right: String,
    pub(crate) level: &'static str,
    pub(crate) weight: f64,
}

/// Whose a part of the shown description is.
#[derive(Serialize)]
pub(crate) struct FieldFrom {
    pub(crate) field: &'static str,
    #[serde(flatten)]
    pub(crate) member: MemberDocument,
}

/// A person's decision that names a member.
#[derive(Serialize)]
pub(crate) struct DecisionSays {
    /// Its number, as `lianmu cluster list` counts.
    pub(crate) number: usize,
    pub(crate) kind: &'static str,
    /// The number of the decision that it takes back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) undoes: Option<u32>,
    /// Whether it counts, or was taken back.
    pub(crate) in_force: bool,
    pub(crate) records: Vec<MemberDocument>,
    pub(crate) note: Option<String>,
}

/// An entry that was compared with this one and kept apart.
#[derive(Serialize)]
pub(crate) struct SiblingSays {
    pub(crate) id: String,
    pub(crate) title: Option<String>,
    pub(crate) year: Option<i16>,
    /// Key of a word: `apart.isbn`.
    #[serde(skip)]
    pub(crate) word: &'static str,
    pub(crate) why: &'static str,
    /// Pairs of records that are alike enough, were it not for the others.
    pub(crate) matching_pairs: usize,
    /// The pair that shows it best.
    pub(crate) between: Option<[MemberDocument; 2]>,
    pub(crate) comparisons: Vec<Line>,
}

/// So many members of each side are compared with each other: only what a person joined has more.
const MAX_COMPARED: usize = cluster::GROUP_CAP;

/// Puts together all that is known.
pub(crate) fn explained(
    asked: Option<String>,
    own: &Heard,
    siblings: &[Heard],
    decisions: &[Decision],
) -> ExplainDocument {
    let entry = &own.entry;
    ExplainDocument {
        asked,
        id: entry.id.to_string(),
        title: entry.bib.title.clone(),
        reasons: reasons(entry),
        members: own.members().map(|(member, said)| member_says(entry, member, said)).collect(),
        links: own.links(),
        provenance: provenance(entry),
        decisions: decisions_on(entry, decisions),
        siblings: siblings.iter().map(|sibling| sibling_says(own, sibling, decisions)).collect(),
    }
}

impl Heard {
    fn members(&self) -> impl Iterator<Item = (&Member, &Result<Bib, MemberError>)> {
        self.entry.members.iter().zip(&self.said)
    }

    /// Members with what they are compared by.
    fn compared(&self) -> Vec<(&Member, MatchRecord)> {
        let known =
            self.members().filter_map(|(member, said)| Some((member, MatchRecord::of(said.as_ref().ok()?))));
        known.take(MAX_COMPARED).collect()
    }

    fn links(&self) -> Vec<LinkSays> {
        let record = |at: u16| Some(MatchRecord::of(self.said.get(usize::from(at))?.as_ref().ok()?));
        let link = |link: &indexer::bib::MemberLink| {
            let member = |at: u16| self.entry.members.get(usize::from(at)).map(MemberDocument::from);
            let by_hand = link.grounds.has(indexer::bib::Grounds::BY_HAND);
            let lines = record(link.a).zip(record(link.b)).map(|(a, b)| lines(&a, &b));
            Some(LinkSays {
                a: member(link.a)?,
                b: member(link.b)?,
                grounds: link.grounds.names().collect(),
                weight: (!by_hand).then(|| f64::from(link.weight)),
                comparisons: lines.unwrap_or_default(),
            })
        };
        self.entry.links.iter().filter_map(link).collect()
    }
}

fn lines(a: &MatchRecord, b: &MatchRecord) -> Vec<Line> {
    let line = |c: cluster::Contribution| Line {
        comparison: c.comparison,
        left: c.left,
        right: c.right,
        level: c.level,
        weight: (f64::from(c.weight) * 100.0).round() / 100.0,
    };
    cluster::explain(a, b).into_iter().map(line).collect()
}

fn member_says(entry: &Entry, member: &Member, said: &Result<Bib, MemberError>) -> MemberSays {
    let own = said.as_ref().ok();
    let text = |of: fn(&Bib) -> Option<String>| own.and_then(of);
    let differs = |own: &Bib| ASPECTS.iter().filter(|a| a.differs(own, &entry.bib)).map(|a| a.name).collect();
    MemberSays {
        member: MemberDocument::from(member),
        title: text(|b| b.title.clone()),
        part: text(crate::wire::part_text),
        subtitle: text(|b| b.subtitle.clone()),
        responsibility: text(|b| b.responsibility.clone()),
        edition: text(|b| b.edition.clone()),
        publisher: text(|b| b.publisher.clone()),
        year: own.and_then(|b| b.year),
        isbn: own.map(|b| b.isbns.iter().map(ToString::to_string).collect()).unwrap_or_default(),
        differs: own.map(differs).unwrap_or_default(),
        missing: said.as_ref().err().map(ToString::to_string),
    }
}

/// The main record, then what comes from others.
fn provenance(entry: &Entry) -> Vec<FieldFrom> {
    let from = |field, at: usize| {
        let member = MemberDocument::from(entry.members.get(at)?);
        Some(FieldFrom { field: field_name(field), member })
    };
    let others = entry.provenance.iter().filter(|(field, _)| *field != BibField::Main);
    let others = others.filter_map(|(field, at)| from(*field, usize::from(*at)));
    from(BibField::Main, giver(entry, BibField::Main)).into_iter().chain(others).collect()
}

/// The decisions that name a member, with their numbers.
fn decisions_on(entry: &Entry, decisions: &[Decision]) -> Vec<DecisionSays> {
    let counts = cluster::in_force(decisions);
    let all = decisions.iter().zip(counts).enumerate();
    let on_entry =
        all.filter(|(_, (decision, _))| entry.members.iter().any(|m| is_named(m, &decision.records)));
    on_entry.map(|(at, (decision, in_force))| decision_says(at + 1, decision, in_force)).collect()
}

/// A decision as documents show it.
pub(crate) fn decision_says(number: usize, decision: &Decision, in_force: bool) -> DecisionSays {
    let record = |(library, number): &(indexer::bib::LibraryCode, String)| MemberDocument {
        library: library.to_string(),
        control_number: Some(number.clone()),
    };
    DecisionSays {
        number,
        kind: match decision.kind {
            DecisionKind::Split => "split",
            DecisionKind::Join => "join",
            DecisionKind::Undo(_) => "undo",
        },
        undoes: match decision.kind {
            DecisionKind::Undo(number) => Some(number),
            DecisionKind::Split | DecisionKind::Join => None,
        },
        in_force,
        records: decision.records.iter().map(record).collect(),
        note: decision.note.clone(),
    }
}

/// What the comparison of two groups of records came to.
#[derive(Default)]
struct Between {
    by_hand: Option<(usize, usize)>,
    vetoed: Option<(usize, usize)>,
    /// The pair that is most alike.
    nearest: Option<((usize, usize), f32)>,
    matching: usize,
}

fn sibling_says(own: &Heard, sibling: &Heard, decisions: &[Decision]) -> SiblingSays {
    let (ours, theirs) = (own.compared(), sibling.compared());
    let splits = splits(&own.entry, &sibling.entry, decisions);
    let mut found = Between::default();
    for (i, (a, left)) in ours.iter().enumerate() {
        for (j, (b, right)) in theirs.iter().enumerate() {
            if splits.iter().any(|split| split.parts(a, b)) {
                found.by_hand.get_or_insert((i, j));
            }
            let comparison = cluster::compare(left, right);
            found.matching += usize::from(comparison.verdict == Verdict::Same);
            if comparison.verdict == Verdict::Vetoed {
                found.vetoed.get_or_insert((i, j));
            } else if found.nearest.is_none_or(|(_, weight)| comparison.weight > weight) {
                found.nearest = Some(((i, j), comparison.weight));
            }
        }
    }
    let nearest = found.nearest.map(|(pair, _)| pair);
    let pair = found.by_hand.or(found.vetoed).or(nearest);
    let comparisons = pair.map(|(i, j)| lines(&ours[i].1, &theirs[j].1)).unwrap_or_default();
    let level = comparisons.last().map_or("", |line| line.level);
    let word = match (found.by_hand, found.vetoed, found.matching) {
        (Some(_), ..) => "apart.hand",
        (None, Some(_), _) => veto_key(level),
        (None, None, 0) => "apart.weak",
        _ if are_too_large(&own.entry, &sibling.entry) => "apart.size",
        _ => "apart.some",
    };
    let why = match word {
        "apart.hand" => "kept apart by a person",
        "apart.size" => "together they would have too many records",
        _ => level,
    };
    SiblingSays {
        id: sibling.entry.id.to_string(),
        title: sibling.entry.bib.title.clone(),
        year: sibling.entry.bib.year,
        word,
        why,
        matching_pairs: found.matching,
        between: pair.map(|(i, j)| [MemberDocument::from(ours[i].0), MemberDocument::from(theirs[j].0)]),
        comparisons,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use indexer::bib::{EditionId, Grounds, Isbn, LibraryCode};

    use super::*;
    use crate::union::tests::{book, entry};

    fn with_isbn(title: &str, isbn: u64) -> Bib {
        let mut bib = book(title, 2013);
        bib.isbns = vec![Isbn(isbn)];
        bib.responsibility = Some("林巧民主编".to_owned());
        bib
    }

    fn heard(key: u64, libraries: &[&str], isbn: u64) -> Heard {
        let bib = with_isbn("Java简明教程", isbn);
        let on = Grounds::ISBN.with(Grounds::TITLE);
        let mut entry = entry(bib.clone(), libraries, &vec![on; libraries.len() - 1]);
        entry.id = EditionId::from_key(key);
        Heard { entry, said: libraries.iter().map(|_| Ok(bib.clone())).collect() }
    }

    const ISBN: u64 = 9_787_302_312_345;

    fn record(library: &str) -> (LibraryCode, String) {
        (LibraryCode::new(library), "001".to_owned())
    }

    #[test]
    fn members_links_and_provenance() {
        let mut own = heard(1, &["BJFU", "BUPT", "NLC"], ISBN);
        own.said[1] = Ok(with_isbn("JAVA简明敎程", ISBN));
        own.said[2] = Err(MemberError::Unreadable);
        own.entry.provenance = vec![(BibField::Main, 1), (BibField::Subjects, 0)];
        let document = explained(Some("老号".to_owned()), &own, &[], &[]);
        let json: serde_json::Value = serde_json::to_value(&document).unwrap();
        assert_eq!(json["asked"], "老号");
        assert_eq!(json["reasons"], serde_json::json!(["isbn+title"]));
        assert_eq!(json["members"][1]["title"], "JAVA简明敎程");
        assert_eq!(json["members"][1]["library"], "BUPT");
        assert_eq!(json["members"][2]["missing"], "the original record cannot be read");
        let link = &json["links"][0];
        assert_eq!((&link["a"]["library"], &link["b"]["library"]), (&"BJFU".into(), &"BUPT".into()));
        assert_eq!((link["weight"].as_f64(), &link["grounds"][0]), (Some(42.0), &"isbn".into()));
        let isbn = &link["comparisons"][0];
        assert_eq!((&isbn["comparison"], &isbn["level"]), (&"isbn".into(), &"equal".into()));
        assert_eq!(json["links"][1]["comparisons"], serde_json::json!([]), "a record that is not there");
        let from =
            |at: usize| (json["provenance"][at]["field"].clone(), json["provenance"][at]["library"].clone());
        assert_eq!(from(0), ("main".into(), "BUPT".into()));
        assert_eq!(from(1), ("subjects".into(), "BJFU".into()));
    }

    #[test]
    fn siblings_say_what_keeps_them_apart() {
        let own = heard(1, &["BJFU", "BUPT"], ISBN);
        let other_isbn = heard(2, &["NLC"], 9_787_533_918_453);
        let alike = heard(3, &["SHL"], ISBN);
        let many = heard(4, &["SHL"; cluster::GROUP_CAP], ISBN);
        let split = Decision {
            kind: DecisionKind::Split,
            records: vec![record("SHL"), record("BJFU")],
            note: Some("装帧不同".to_owned()),
        };
        let undo = Decision { kind: DecisionKind::Undo(1), records: split.records.clone(), note: None };
        for (sibling, decisions, word, matching) in [
            (&other_isbn, vec![], "apart.isbn", 0),
            (&alike, vec![split.clone()], "apart.hand", 2),
            (&alike, vec![split.clone(), undo], "apart.some", 2),
            (&many, vec![], "apart.size", 2 * cluster::GROUP_CAP),
        ] {
            let says = sibling_says(&own, sibling, &decisions);
            assert_eq!((says.word, says.matching_pairs), (word, matching));
            assert_eq!(says.between.unwrap()[0].library, "BJFU");
        }
        let document = explained(None, &own, &[], &[split]);
        assert_eq!(document.decisions.len(), 1);
        assert_eq!((document.decisions[0].number, document.decisions[0].kind), (1, "split"));
    }
}
