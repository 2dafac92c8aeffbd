//! `lianmu branch enrol|list`: the branches of this hub.

use anyhow::bail;
use daemon::central::new_code;
use daemon::settings::Role;
use daemon::store::Store;
use indexer::bib::LibraryCode;
use jiff::Timestamp;
use serde_json::json;

use super::{Global, Outcome};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Make a one-time code with which the machine of a library becomes a branch; it is good for a week.
    Enrol {
        /// Code of the member library.
        #[arg(long, value_name = "CODE")]
        library: String,
    },
    /// List the branches: when each was here last, and how far it has read.
    List {
        /// Print one line of JSON a branch.
        #[arg(long)]
        json: bool,
    },
}

pub(crate) fn run(global: &Global, args: Args) -> anyhow::Result<Outcome> {
    if super::settings(global)?.role != Role::Hub {
        bail!("branches belong to a hub: this machine is none (role = \"hub\" in the configuration)");
    }
    match args.action {
        Action::Enrol { library } => {
            let library = LibraryCode::new(library);
            if !super::all_are_members(global, std::slice::from_ref(&library))? {
                return Ok(Outcome::WrongUsage);
            }
            let code = new_code(&Store::open(&global.data)?, &library, Timestamp::now())?;
            println!("on the machine of {library}: lianmu enrol --hub URL --code {code}");
        }
        Action::List { json } => {
            for branch in Store::open(&global.data)?.branches()? {
                let last = branch.last_contact.map(|at| at.to_string());
                if json {
                    let line = json!({
                        "library": branch.library.as_str(), "enrolled": branch.enrolled.to_string(),
                        "last_contact": last, "skew": branch.skew, "read_to": branch.acked,
                    });
                    println!("{line}");
                } else {
                    println!("{:8}  {}", branch.library, last.as_deref().unwrap_or("never here"));
                }
            }
        }
    }
    Ok(Outcome::Done)
}
