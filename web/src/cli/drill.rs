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
    let (now, lasts) = (Timestamp::now(), SignedDuration::from_mins(args.minutes));
    store.drill(lasts.as_secs(), now)?;
    if lasts.is_zero() {
        store.nudge()?;
        println!("the drill is over; what waits goes at once");
    } else {
        println!("the centre is taken for away until {}; requests are kept and wait", now + lasts);
    }
    Ok(Outcome::Done)
}
