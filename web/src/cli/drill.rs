//! `lianmu drill`: for some minutes this machine takes the centre for away, so that people see what happens then.

use daemon::store::Store;
use jiff::{SignedDuration, Timestamp};

use super::{Global, Outcome};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// For how long; 0 ends a drill.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(0..=1440))]
    minutes: i64,
}

pub(crate) fn run(global: &Global, args: Args) -> anyhow::Result<Outcome> {
    let store = Store::open(&global.data)?;
    let until = (args.minutes > 0).then(|| Timestamp::now() + SignedDuration::from_mins(args.minutes));
    store.drill(until)?;
    if until.is_none() {
        store.nudge()?;
    }
    match until {
        Some(until) => println!("the centre is taken for away until {until}; requests are kept and wait"),
        None => println!("the drill is over; what waits goes at once"),
    }
    Ok(Outcome::Done)
}
