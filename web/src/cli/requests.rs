//! `lianmu requests list`: every request that this machine knows.

use daemon::store::Store;

use super::{Global, Outcome};
use crate::wire::requests::RequestLine;

/// Readers' requests for interlibrary loan.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// List all requests, the eldest first.
    List {
        /// Print one line of JSON a request.
        #[arg(long)]
        json: bool,
    },
}

pub(crate) fn run(global: &Global, args: Args) -> anyhow::Result<Outcome> {
    let Action::List { json } = args.action;
    let mut outcome = Ok(());
    Store::open(&global.data)?.each_request(|request, history| {
        if json {
            match serde_json::to_string(&RequestLine::new(&request, &history)) {
                Ok(line) => println!("{line}"),
                Err(cause) => outcome = Err(cause),
            }
        } else {
            let (form, due) = (&request.form, request.due.map_or_else(String::new, |day| day.to_string()));
            println!(
                "{}  {:14}  {:10}  {:8}  {}",
                request.number, request.state, due, form.supplier, form.title
            );
        }
    })?;
    outcome?;
    Ok(Outcome::Done)
}
