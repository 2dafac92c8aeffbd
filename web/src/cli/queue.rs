//! `lianmu queue list`: the messages that requests have become, and how far each has come.

use daemon::store::Store;

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
}

pub(crate) fn run(global: &Global, args: Args) -> anyhow::Result<Outcome> {
    let Action::List { json } = args.action;
    for message in Store::open(&global.data)?.messages()? {
        if json {
            println!("{}", serde_json::to_string(&MessageLine::new(&message))?);
        } else {
            let (number, n, delivery) = (&message.number, message.n, message.delivery.code());
            let error = message.last_error.as_deref().unwrap_or_default();
            println!("{number} #{n}  {:9}  {delivery:9}  {:8}  {error}", message.kind, message.recipient);
        }
    }
    Ok(Outcome::Done)
}
