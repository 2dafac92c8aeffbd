//! `lianmu doctor`: what is well and what is not, with the remedy. It runs beside a daemon and changes nothing.

use daemon::doctor;
use jiff::Timestamp;

use super::{Global, Outcome};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(global: &Global, args: Args) -> anyhow::Result<Outcome> {
    let findings = doctor::examine(&global.data, &super::settings(global)?, Timestamp::now())?;
    let is_well = findings.iter().all(|finding| finding.ok);
    if args.json {
        println!("{}", serde_json::to_string(&findings)?);
    } else {
        for finding in &findings {
            let mark = if finding.ok { "well" } else { "ILL " };
            println!("{mark}  {:9}  {}", finding.check, finding.sentence);
            if !finding.ok {
                println!("      {:9}  → {}", "", finding.remedy);
            }
        }
    }
    Ok(if is_well { Outcome::Done } else { Outcome::Failed })
}
