//! `lianmu queue`: the messages that requests have become, how far each has come, and what a person decides about them.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use daemon::delivery::{Quotas, stick};
use daemon::keys::Identity;
use daemon::requests::RequestId;
use daemon::store::{QueueDecision, QueueRefusal, QueuedMessage, Store};
use indexer::bib::LibraryCode;
use indexer::files::{Disk, replace_file};
use jiff::Timestamp;
use serde_json::json;

use super::{Global, Outcome};
use crate::wire::requests::MessageLine;

/// Messages of requests on their way to others.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// List all messages, the eldest first; those that were delivered too.
    List {
        /// Print one line of JSON a message.
        #[arg(long)]
        json: bool,
    },
    /// Show messages with what is sent.
    Show(Which),
    /// Keep messages back, and with them those behind them.
    Hold(Which),
    /// Let held messages go.
    Release(Which),
    /// Try messages now; those that were rejected or given up once more.
    Retry(Which),
    /// Write what waits to a file for a stick, sealed to its reader: at a branch for the hub, at a hub for a branch.
    Export {
        /// The file.
        file: PathBuf,
        /// At a hub: code of the library whose branch reads it.
        #[arg(long = "for", value_name = "CODE")]
        library: Option<String>,
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
    /// Take in what lies on sticks.
    Import {
        /// The files, in the order of their writing.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Print one line of JSON a file.
        #[arg(long)]
        json: bool,
    },
    /// Never send messages. A request that has not left is withdrawn with its message.
    Cancel(Which),
}

#[derive(clap::Args)]
struct Which {
    /// Number or id of a request for all its messages, `NUMBER#N` for one of them.
    #[arg(required = true, value_name = "MESSAGE")]
    messages: Vec<String>,
    /// Print one line of JSON a message.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(global: &Global, args: Args) -> anyhow::Result<Outcome> {
    let store = Store::open(&global.data)?;
    match args.action {
        Action::List { json } => {
            for message in store.messages()? {
                print(&message, json)?;
            }
            Ok(Outcome::Done)
        }
        Action::Export { file, library, json } => export(global, &store, &file, library, json),
        Action::Import { files, json } => import(global, &store, &files, json),
        Action::Show(which) => show(&store, &which),
        Action::Hold(which) => decide(&store, &which, QueueDecision::Hold),
        Action::Release(which) => decide(&store, &which, QueueDecision::Release),
        Action::Retry(which) => decide(&store, &which, QueueDecision::Retry),
        Action::Cancel(which) => decide(&store, &which, QueueDecision::Cancel),
    }
}

fn print(message: &QueuedMessage, json: bool) -> anyhow::Result<()> {
    if json {
        println!("{}", serde_json::to_string(&MessageLine::new(message))?);
        return Ok(());
    }
    let (number, n, delivery) = (&message.number, message.n, message.delivery.code());
    let error = message.last_error.as_deref().unwrap_or_default();
    println!("{number}#{n}  {:9}  {delivery:9}  {:8}  {error}", message.kind, message.recipient);
    Ok(())
}

// All messages that a word names.
fn named(store: &Store, word: &str) -> anyhow::Result<Vec<QueuedMessage>> {
    let (name, n) = match word.rsplit_once('#') {
        Some((name, n)) => match n.parse::<u32>() {
            Ok(n) => (name, Some(n)),
            Err(_) => bail!("{word} names no message: write NUMBER#N, as `lianmu queue list` shows it"),
        },
        None => (word, None),
    };
    let id = match RequestId::parse(name) {
        Some(id) => Some(id),
        None => store.request_of_number(name)?,
    };
    let Some(id) = id else { bail!("no request is called {name}; `lianmu requests list` shows them all") };
    let mut found = store.messages()?;
    found.retain(|message| message.request == id && n.is_none_or(|n| message.n == n));
    if found.is_empty() {
        bail!("there is no message {word}; `lianmu queue list` shows them all");
    }
    Ok(found)
}

fn show(store: &Store, which: &Which) -> anyhow::Result<Outcome> {
    for word in &which.messages {
        for message in named(store, word)? {
            let packet = store.packet((message.request, message.n))?;
            if which.json {
                let mut line = serde_json::to_value(MessageLine::new(&message))?;
                // What is sent is JSON itself.
                line["letter"] = packet
                    .as_deref()
                    .map_or(json!(null), |text| serde_json::from_str(text).unwrap_or(json!(text)));
                println!("{line}");
            } else {
                print(&message, false)?;
                println!(
                    "{}",
                    packet.as_deref().unwrap_or("  nothing of it has been written down to be sent yet")
                );
            }
        }
    }
    Ok(Outcome::Done)
}

fn decide(store: &Store, which: &Which, decision: QueueDecision) -> anyhow::Result<Outcome> {
    let (mut n_done, mut refused) = (0, Vec::new());
    for word in &which.messages {
        for message in named(store, word)? {
            match store.decide_message((message.request, message.n), decision, Timestamp::now())? {
                Ok(delivery) => {
                    n_done += 1;
                    print(
                        &QueuedMessage { delivery, last_error: None, next_try: None, ..message },
                        which.json,
                    )?;
                }
                Err(refusal) => {
                    refused.push(format!("{}#{}: {}", message.number, message.n, sentence(refusal)))
                }
            }
        }
    }
    if matches!(decision, QueueDecision::Release | QueueDecision::Retry) {
        store.nudge()?;
    }
    // Of a whole request some messages need nothing; that is no failure.
    if n_done == 0 {
        refused.iter().for_each(|line| eprintln!("lianmu: {line}"));
        return Ok(Outcome::Failed);
    }
    Ok(Outcome::Done)
}

fn identity(global: &Global) -> anyhow::Result<Identity> {
    let identity = Identity::load(&global.data)?;
    identity.context("this machine has no keys: a branch is enrolled first, a hub started once")
}

fn export(
    global: &Global,
    store: &Store,
    file: &Path,
    library: Option<String>,
    json: bool,
) -> anyhow::Result<Outcome> {
    let (identity, now) = (identity(global)?, Timestamp::now());
    let (bytes, n, what) = match (library, store.hub()?) {
        (Some(library), _) => {
            let library = LibraryCode::new(library);
            let (bytes, n) = stick::export_to_branch(store, &identity, &library, now)?;
            (bytes, n, "items")
        }
        (None, Some(hub)) => {
            let quotas = Quotas::of(store, &super::settings(global)?, now)?;
            let (bytes, n) = stick::export_to_hub(store, &identity, &hub, Some(&quotas), now)?;
            (bytes, n, "messages")
        }
        (None, None) => bail!("say for which branch: --for CODE"),
    };
    replace_file(&Disk, file, &bytes).with_context(|| format!("cannot write {}", file.display()))?;
    if json {
        println!("{}", json!({"file": file.display().to_string(), (what): n, "bytes": bytes.len()}));
    } else {
        println!("{n} {what} are in {}; nobody but its reader can read them", file.display());
    }
    Ok(Outcome::Done)
}

fn import(global: &Global, store: &Store, files: &[PathBuf], json: bool) -> anyhow::Result<Outcome> {
    let (identity, name) = (identity(global)?, super::settings(global)?.hub_name());
    let taken = |file: &Path| {
        let bytes = std::fs::read(file).context("it cannot be read")?;
        anyhow::Ok(stick::import(store, &identity, &name, &bytes, Timestamp::now())?)
    };
    let mut outcome = Outcome::Done;
    for file in files {
        // One stick that is broken keeps no other one back.
        let brought = match taken(file) {
            Ok(brought) => brought,
            Err(cause) => {
                outcome = Outcome::DoneWithRejects;
                eprintln!("lianmu: {}: {cause:#}", file.display());
                continue;
            }
        };
        if brought.refused > 0 {
            outcome = Outcome::DoneWithRejects;
        }
        if json {
            println!(
                "{}",
                json!({
                    "file": file.display().to_string(), "from": brought.from, "letters": brought.letters,
                    "refused": brought.refused, "items": brought.items,
                })
            );
        } else if brought.from.is_empty() {
            println!("{}: {} items of the hub were new", file.display(), brought.items);
        } else {
            println!(
                "{}: {} messages of {} have their effect, {} were not taken",
                file.display(),
                brought.letters,
                brought.from,
                brought.refused
            );
        }
    }
    Ok(outcome)
}

fn sentence(refusal: QueueRefusal) -> String {
    match refusal {
        QueueRefusal::NotThere => "there is no such message".to_owned(),
        QueueRefusal::OnItsWay => "it is being sent this moment; try again".to_owned(),
        QueueRefusal::MayHaveArrived => {
            "it has left and may have arrived; withdraw the request instead, by a message behind it"
                .to_owned()
        }
        QueueRefusal::MustBeTold => {
            "it tells what has happened here, and the others have to know; it can be held".to_owned()
        }
        QueueRefusal::Stands(delivery) => format!("it is {} and needs nothing of the kind", delivery.code()),
        QueueRefusal::RequestEnded(state) => {
            format!("its request has ended ({state}); asking again makes a new one")
        }
    }
}
