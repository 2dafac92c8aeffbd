//! Whom to ask next: of the libraries that hold the book the one that may, has the least to do and answers fastest,
//! each with the reason.

use super::lender::NotSubmitted;

/// A library that could be asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Its code.
    pub code: String,
    /// Where the book stands there.
    pub call_number: String,
    /// It holds the entry; others may have it all the same.
    pub holds: bool,
    /// Its holdings say that it may be lent; `None`: they say nothing.
    pub lendable: Option<bool>,
    /// It was asked for this book before.
    pub was_asked: bool,
    /// What its rules say against it.
    pub bars: Vec<NotSubmitted>,
    /// What it has been asked for and has not answered or sent.
    pub load: u32,
    /// Hours until half of its requests were answered, lately; `None`: nothing is known.
    pub hours: Option<u32>,
}

/// Why a library stands where it stands; in this order the reasons count.
#[derive(Clone, Debug, PartialEq)]
pub enum Because {
    /// It cannot be asked.
    Barred(NotSubmitted),
    /// It was asked before.
    WasAsked,
    /// Its holdings say that it is not lent.
    NotLendable,
    /// Nothing shows that it holds the book.
    HoldsNone,
    /// It may be asked: so many open requests, an answer after so many hours.
    Open {
        /// Requests that wait there.
        load: u32,
        /// Hours until half were answered.
        hours: Option<u32>,
    },
}

/// A library with its place in the order.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranked {
    /// Which.
    pub candidate: Candidate,
    /// Why it stands here.
    pub because: Because,
}

impl Ranked {
    /// Whether it can be asked at all.
    pub fn may_be_asked(&self) -> bool {
        !matches!(self.because, Because::Barred(_))
    }
}

/// Hours that are taken for a library of which nothing is known: neither the best nor the worst.
const UNKNOWN_HOURS: u32 = 48;
/// An open request counts as so many hours of waiting.
const HOURS_A_REQUEST: u32 = 4;

/// All candidates, the best first; equal ones by code, so that the same question has the same answer.
pub fn rank(candidates: Vec<Candidate>) -> Vec<Ranked> {
    let mut ranked: Vec<Ranked> = candidates.into_iter().map(ranked).collect();
    ranked.sort_by(|a, b| place(a).cmp(&place(b)).then_with(|| a.candidate.code.cmp(&b.candidate.code)));
    ranked
}

fn ranked(candidate: Candidate) -> Ranked {
    let because = if let Some(bar) = candidate.bars.first() {
        Because::Barred(*bar)
    } else if candidate.was_asked {
        Because::WasAsked
    } else if candidate.lendable == Some(false) {
        Because::NotLendable
    } else if !candidate.holds {
        Because::HoldsNone
    } else {
        Because::Open { load: candidate.load, hours: candidate.hours }
    };
    Ranked { candidate, because }
}

fn place(ranked: &Ranked) -> (u8, u64) {
    match ranked.because {
        Because::Open { load, hours } => {
            let waiting = u64::from(load) * u64::from(HOURS_A_REQUEST);
            (0, waiting + u64::from(hours.unwrap_or(UNKNOWN_HOURS)))
        }
        Because::HoldsNone => (1, 0),
        Because::NotLendable => (2, 0),
        Because::WasAsked => (3, 0),
        Because::Barred(_) => (4, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(code: &str) -> Candidate {
        Candidate {
            code: code.into(),
            call_number: "S72/12".into(),
            holds: true,
            lendable: None,
            was_asked: false,
            bars: Vec::new(),
            load: 0,
            hours: None,
        }
    }

    #[test]
    fn rules_come_before_load_and_load_with_speed() {
        let ranked = rank(vec![
            Candidate { bars: vec![NotSubmitted::QuotaUsed(500)], hours: Some(1), ..candidate("NLC") },
            Candidate { was_asked: true, hours: Some(1), ..candidate("PKU") },
            Candidate { lendable: Some(false), ..candidate("RUC") },
            Candidate { holds: false, hours: Some(1), ..candidate("THU") },
            Candidate { load: 20, hours: Some(4), ..candidate("BUPT") },
            Candidate { load: 1, hours: Some(30), ..candidate("CAU") },
            candidate("BNU"),
            candidate("BIT"),
        ]);
        let order: Vec<&str> = ranked.iter().map(|one| one.candidate.code.as_str()).collect();
        assert_eq!(order, ["CAU", "BIT", "BNU", "BUPT", "THU", "RUC", "PKU", "NLC"]);
        assert_eq!(ranked[0].because, Because::Open { load: 1, hours: Some(30) });
        assert_eq!(ranked[7].because, Because::Barred(NotSubmitted::QuotaUsed(500)));
        assert!(ranked[6].may_be_asked() && !ranked[7].may_be_asked());
    }
}
