//! `lianmu cluster split|join|list|undo|review`: a person's decisions about which records are one entry.
//!
//! They are kept with the archive, outlive every harvest, and are followed by the next build.

use std::collections::HashMap;
use std::io::Write;

use anyhow::Context;
use daemon::jobs::{Answer, Request};
use indexer::archive::{Archive, PackName, RecordKey, State};
use indexer::bib::{Entry, LibraryCode, Member};
use indexer::cluster::in_force;
use indexer::pipeline::decisions;

use super::{Global, Outcome};
use crate::decided::{Plan, PlanFault, Record, plan_join, plan_split, plan_undo};
use crate::explained::{DecisionSays, decision_says};
use crate::i18n::Lang;
use crate::reviews::reviews;
use crate::state::{App, Open};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Take records out of an entry; they stay together if they match each other.
    Split {
        /// Id of the entry.
        id: String,
        /// The records that leave, such as BJFU:012013000001.
        #[arg(required = true, value_name = "LIBRARY:CONTROL_NUMBER")]
        records: Vec<String>,
        #[command(flatten)]
        how: How,
    },
    /// Make entries one.
    Join {
        /// Ids of two entries or more.
        #[arg(required = true, num_args = 2.., value_name = "ID")]
        ids: Vec<String>,
        #[command(flatten)]
        how: How,
    },
    /// List all decisions, oldest first.
    List {
        /// One JSON document a line.
        #[arg(long)]
        json: bool,
    },
    /// List the entries that the rules leave to a person.
    Review {
        /// One JSON document a line.
        #[arg(long)]
        json: bool,
    },
    /// Take a decision back, as if it had never been made.
    Undo {
        /// Its number, as `list` shows it.
        number: u32,
        #[command(flatten)]
        how: How,
    },
}

#[derive(clap::Args)]
struct How {
    /// Why, for those who come after.
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// Build at once, so that readers see it.
    #[arg(long)]
    build: bool,
}

pub(crate) fn run(global: &Global, args: Args) -> anyhow::Result<Outcome> {
    match args.command {
        Command::Split { id, records, how } => split(global, id, &records, &how),
        Command::Join { ids, how } => join(global, &ids, &how),
        Command::List { json } => list(global, json),
        Command::Review { json } => review(global, json),
        Command::Undo { number, how } => undo(global, number, &how),
    }
}

fn split(global: &Global, id: String, records: &[String], how: &How) -> anyhow::Result<Outcome> {
    let entry = entries(global, &[id])?.remove(0);
    let mut leaving = Vec::new();
    for record in records {
        let Some((library, number)) = record.split_once([':', '：']) else {
            return wrong(&format!(
                "{record} names no record: write LIBRARY:CONTROL_NUMBER, as `lianmu explain` does"
            ));
        };
        leaving.push((LibraryCode::new(library.trim()), number.trim().to_owned()));
    }
    take(global, plan_split(&entry, &leaving), how)
}

fn join(global: &Global, ids: &[String], how: &How) -> anyhow::Result<Outcome> {
    let entries = entries(global, ids)?;
    take(global, plan_join(&entries), how)
}

fn undo(global: &Global, number: u32, how: &How) -> anyhow::Result<Outcome> {
    let archive = Archive::open(&global.data)?;
    let plan = plan_undo(&decisions(&archive)?, number);
    take(global, plan, how)
}

/// The entries of these ids in the generation in force; members that decisions cannot name are without a number.
fn entries(global: &Global, ids: &[String]) -> anyhow::Result<Vec<Entry>> {
    let lang = Lang::of_terminal();
    let app = super::open_app(global)?;
    let open = super::opened(global, &app, lang)?;
    let entries = ids.iter().map(|id| super::entry(&open, id, lang));
    let mut entries = entries.collect::<anyhow::Result<Vec<Entry>>>()?;
    let mut states = HashMap::new();
    for member in entries.iter_mut().flat_map(|entry| &mut entry.members) {
        if !states.contains_key(&member.library) {
            states.insert(member.library.clone(), state_built_from(&app, &open, &member.library));
        }
        if states[&member.library].as_ref().is_some_and(|state| is_anothers_number(member, state)) {
            member.control_number = None;
        }
    }
    Ok(entries)
}

/// The state of a library that the generation was built from; none where it is not kept any more.
fn state_built_from(app: &App, open: &Open, library: &LibraryCode) -> Option<State> {
    let was = open.catalogue.manifest().libraries.iter().find(|was| was.code == *library)?;
    app.archive().library(library).ok()?.state_numbered(was.state).ok()
}

/// Whether the library knows another record by this member's control number: it gave the number twice.
fn is_anothers_number(member: &Member, state: &State) -> bool {
    let key = member.control_number.as_deref().and_then(RecordKey::of_control_number);
    let Some(slot) = key.and_then(|key| state.find(&key)).map(|at| state.slots[at]) else { return false };
    let pack = state.packs.get(slot.pack_idx()).map(PackName::prefix);
    pack != Some(member.locator.pack) || slot.slot != member.locator.slot
}

/// Keeps what was planned, says so, and builds where that is wished.
fn take(global: &Global, plan: Result<Plan, PlanFault>, how: &How) -> anyhow::Result<Outcome> {
    let mut plan = match plan {
        Ok(plan) => plan,
        Err(fault) => return wrong(&fault.to_string()),
    };
    plan.decisions.iter_mut().for_each(|decision| decision.note.clone_from(&how.note));
    let archive = Archive::open(&global.data)?;
    if let Some(records) = gone(&archive, &plan.needed)? {
        return wrong(&format!(
            "{records} cannot be named: the archive has no such record, or a library uses the control number more \
             than once"
        ));
    }
    let before = decisions(&archive)?;
    if let Some(known) = plan.repeats(&before) {
        println!("nothing to do: decision {known} says so already");
    } else {
        let request = Request::Decide { decisions: plan.decisions.clone() };
        let Answer::Decided { first, last } = super::submit(global, request, &())? else {
            anyhow::bail!("the daemon gave an answer to another question");
        };
        let numbers =
            if first == last { format!("decision {last}") } else { format!("decisions {first} to {last}") };
        println!("{numbers}: {}", plan.sentence);
        if plan.unnamed > 0 {
            println!(
                "{} of the entry's records have no control number of their own, so no decision can name them",
                plan.unnamed
            );
        }
    }
    if how.build {
        return super::build::now(global);
    }
    println!("the next `lianmu build` follows it");
    Ok(Outcome::Done)
}

/// Records none of which the archive knows under its control number.
fn gone(archive: &Archive, needed: &[Vec<Record>]) -> anyhow::Result<Option<String>> {
    let mut states: HashMap<&LibraryCode, State> = HashMap::new();
    for records in needed {
        let mut is_there = false;
        for (library, number) in records {
            if !states.contains_key(library) {
                let state = archive.library(library)?.state();
                states.insert(library, state.with_context(|| format!("cannot read what {library} has"))?);
            }
            let key = RecordKey::of_control_number(number);
            is_there |= key.zip(states.get(library)).is_some_and(|(key, state)| state.find(&key).is_some());
        }
        if !is_there {
            let names = records.iter().map(|(library, number)| format!("{library}:{number}"));
            return Ok(Some(names.collect::<Vec<_>>().join(", ")));
        }
    }
    Ok(None)
}

fn wrong(sentence: &str) -> anyhow::Result<Outcome> {
    eprintln!("lianmu: {sentence}");
    Ok(Outcome::WrongUsage)
}

fn list(global: &Global, json: bool) -> anyhow::Result<Outcome> {
    let decisions = decisions(&Archive::open(&global.data)?)?;
    let mut out = std::io::stdout().lock();
    for (at, (decision, counts)) in decisions.iter().zip(in_force(&decisions)).enumerate() {
        let says = decision_says(at + 1, decision, counts);
        if json {
            writeln!(out, "{}", serde_json::to_string(&says)?)?;
        } else {
            decision_text(&says, &mut out)?;
        }
    }
    if decisions.is_empty() && !json {
        writeln!(out, "no decisions yet")?;
    }
    Ok(Outcome::Done)
}

fn review(global: &Global, json: bool) -> anyhow::Result<Outcome> {
    let lang = Lang::of_terminal();
    let app = super::open_app(global)?;
    let open = super::opened(global, &app, lang)?;
    let (found, _) =
        reviews(&open, usize::MAX).map_err(|cause| anyhow::anyhow!("{}", cause.sentence(lang)))?;
    let mut out = std::io::stdout().lock();
    for says in &found {
        if json {
            writeln!(out, "{}", serde_json::to_string(says)?)?;
        } else {
            writeln!(out, "{}  {}\n  {}: {}", says.entry, says.name(), says.other, says.sentence(lang))?;
        }
    }
    if !json {
        let what_next = match found.is_empty() {
            true => "no entry waits for a person",
            false => "`lianmu explain ID` shows why; `lianmu cluster join ID ID` makes them one",
        };
        writeln!(out, "{what_next}")?;
    }
    Ok(Outcome::Done)
}

/// One decision as a line.
pub(super) fn decision_text(decision: &DecisionSays, out: &mut impl Write) -> std::io::Result<()> {
    let name = |r: &crate::wire::MemberDocument| {
        format!("{}:{}", r.library, r.control_number.as_deref().unwrap_or("—"))
    };
    let records: Vec<String> = decision.records.iter().map(name).collect();
    let said = match (decision.kind, records.split_first()) {
        ("split", Some((first, others))) => format!("{first} is not one with {}", others.join(", ")),
        ("undo", _) => format!("decision {} is taken back", decision.undoes.unwrap_or_default()),
        _ => format!("one entry: {}", records.join(", ")),
    };
    let state = if decision.in_force { "" } else { "  (taken back)" };
    let note = decision.note.as_ref().map(|note| format!("  — {note}")).unwrap_or_default();
    writeln!(out, "{:>4}  {}  {said}{state}{note}", decision.number, decision.kind)
}
