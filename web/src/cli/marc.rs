//! `lianmu marc`: reads any MARC file without a data directory (CONTRACT §4).

use std::path::PathBuf;

use super::{Global, Outcome};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Files to read.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

pub(crate) fn run(_global: &Global, args: Args) -> anyhow::Result<Outcome> {
    let _ = args.files;
    Ok(Outcome::WrongUsage)
}
