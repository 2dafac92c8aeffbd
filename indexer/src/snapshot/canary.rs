//! Questions whose answers are known: what a generation answered where it was made it must answer everywhere.
//!
//! A copy whose bytes are right and that answers wrongly was made by another program than it says, or is read by
//! one that is broken; it is not put in force.

use serde::{Deserialize, Serialize};

use super::refusal::Refusal;
use crate::index::Error;
use crate::search::{Catalogue, Query};

/// Questions that are taken along.
const N_CANARIES: u32 = 12;
const PER_PAGE: u32 = 10;

/// A question and its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Canary {
    /// What is asked, in every access point.
    pub question: String,
    /// How many entries answer.
    pub total: u64,
    /// The first of them, in order.
    pub ids: Vec<String>,
}

/// Titles of entries from all over the generation, and what is found by them.
pub fn canaries(catalogue: &Catalogue) -> Result<Vec<Canary>, Error> {
    let n_live = u32::try_from(catalogue.generation.n_entries_live()).unwrap_or(u32::MAX);
    let step = (n_live / N_CANARIES).max(1) as usize;
    let numbers: Vec<u32> = catalogue.generation.live().step_by(step).take(N_CANARIES as usize).collect();
    let mut canaries = Vec::new();
    for number in numbers {
        let Some(question) = catalogue.generation.entry(number)?.bib.title else { continue };
        let (total, ids) = answer(catalogue, &question)?;
        canaries.push(Canary { question, total, ids });
    }
    Ok(canaries)
}

/// Asks all of them, and whether the number of entries is right.
pub fn check_canaries(
    catalogue: &Catalogue,
    entries: u64,
    canaries: &[Canary],
) -> Result<Option<Refusal>, Error> {
    let generation = catalogue.generation().to_owned();
    let wrong = |question: &str| Some(Refusal::Canary { generation, question: question.to_owned() });
    if catalogue.generation.n_entries_live() != entries {
        return Ok(wrong("how many entries are there?"));
    }
    for canary in canaries {
        if answer(catalogue, &canary.question)? != (canary.total, canary.ids.clone()) {
            return Ok(wrong(&canary.question));
        }
    }
    Ok(None)
}

fn answer(catalogue: &Catalogue, question: &str) -> Result<(u64, Vec<String>), Error> {
    let query = Query { text: question.to_owned(), per_page: PER_PAGE, ..Query::default() };
    let (total, ids) = catalogue.ids(&query)?;
    Ok((total, ids.iter().map(ToString::to_string).collect()))
}
