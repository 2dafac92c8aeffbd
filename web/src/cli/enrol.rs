//! `lianmu enrol`: this machine becomes the branch of a library. It runs beside a daemon, which goes on with it.

use std::sync::Arc;

use anyhow::bail;
use daemon::clock::SystemClock;
use daemon::delivery;
use daemon::harvest::Clock;
use daemon::settings::Role;
use daemon::sync::Site;
use daemon::sync::carrier::carrier_of;
use daemon::sync::repository::first_root;
use daemon::sync::status::pin_root;
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
    let site = Site { data_dir: global.data.clone(), files: Arc::new(Disk), clock };
    // The same line that brought the hub's keys; a hub that publishes nothing yet has no root.
    let root = carrier_of(&format!("{}/repository", hub.url), &settings.snapshot.access, &global.data)
        .and_then(|carrier| first_root(carrier.as_ref()));
    match root.and_then(|root| root.map(|root| pin_root(&site, &root)).transpose()) {
        Ok(Some(_)) => {
            println!("it trusts the snapshots of that hub: `lianmu snapshot pull` brings the newest")
        }
        Ok(None) => {}
        Err(cause) => eprintln!("lianmu: the snapshots of the hub cannot be trusted yet: {cause}"),
    }
    Ok(Outcome::Done)
}
