//! `lianmu enrol`: this machine becomes the branch of a library. It runs beside a daemon, which goes on with it.

use std::sync::Arc;

use anyhow::bail;
use daemon::clock::SystemClock;
use daemon::delivery;
use daemon::harvest::Clock;
use daemon::settings::Role;
use indexer::files::Disk;

use super::{Global, Outcome};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Address of the hub: `https:`, or `http:` for one on this machine.
    #[arg(long, value_name = "URL")]
    hub: String,
    /// What `lianmu branch enrol` printed at the hub.
    #[arg(long)]
    code: String,
}

pub(crate) fn run(global: &Global, args: Args) -> anyhow::Result<Outcome> {
    let settings = super::settings(global)?;
    if settings.role == Role::Hub {
        bail!("this machine is a hub itself (role in the configuration)");
    }
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let library = settings.library.as_ref();
    let hub = delivery::enrol(&global.data, &Disk, &args.hub, &args.code, library, &clock)?;
    println!("this machine is the branch of {} at {}", hub.library, hub.url);
    Ok(Outcome::Done)
}
