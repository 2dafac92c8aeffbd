//! `lianmu branch enrol|list`: the branches of this hub.

use anyhow::{Context, bail};
use daemon::authority::mark_of_root;
use daemon::central::new_code;
use daemon::settings::{Role, Tls};
use daemon::store::Store;
use indexer::bib::LibraryCode;
use jiff::Timestamp;
use serde_json::json;

use super::{Global, Outcome};
use crate::tls::authority;

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
    let settings = super::settings(global)?;
    if settings.role != Role::Hub {
        bail!("branches belong to a hub: this machine is none (role = \"hub\" in the configuration)");
    }
    match args.action {
        Action::Enrol { library } => {
            let library = LibraryCode::new(library);
            if !super::all_are_members(global, std::slice::from_ref(&library))? {
                return Ok(Outcome::WrongUsage);
            }
            let mut code = new_code(&Store::open(&global.data)?, &library, Timestamp::now())?;
            // With an authority of its own the hub says by which root it is known.
            if settings.server.tls == Tls::Internal {
                let root = authority::root(&global.data)
                    .context("start this hub once: it has no certificate yet")?;
                code += &mark_of_root(&root.pem).map(|mark| format!("-{mark}")).unwrap_or_default();
            }
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
