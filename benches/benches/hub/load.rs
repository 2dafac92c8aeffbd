//! Calls at fixed moments, whether or not earlier ones were answered: a slow answer makes those behind it no fewer.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use daemon::store::Store;
use jiff::Timestamp;

use crate::branch::Branch;
use crate::machine::Machine;

/// A branch with nothing under way asks so often.
const POLL: f64 = 300.0;
/// More calls at once than are ever under way.
const N_CALLERS: usize = 64;

pub(crate) fn load(n_branches: usize, requests_a_second: usize, seconds: usize) {
    let folder = tempfile::tempdir().unwrap();
    let branches: Vec<Mutex<Branch>> = (0..n_branches).map(|n| Mutex::new(Branch::new(n))).collect();
    let store = Store::open(folder.path()).unwrap();
    for (n, branch) in branches.iter().enumerate() {
        let (branch, mut hash) = (branch.lock().unwrap(), [0; 32]);
        hash[..8].copy_from_slice(&(n as u64).to_be_bytes());
        store.add_enrol_code(hash, &branch.library, Timestamp::MAX).unwrap();
        let (keys, now) = (branch.identity.public(), Timestamp::now());
        store.enrol(hash, None, keys, now).unwrap().unwrap();
    }
    drop(store);
    let mut hub = Machine::start(folder.path(), "role = \"hub\"\n");
    let polls_a_second = n_branches as f64 / POLL;
    let a_second = requests_a_second as f64 + polls_a_second;
    let n_calls = (a_second * seconds as f64) as usize;
    let share_of_polls = polls_a_second / a_second;
    let waits: [Mutex<Vec<Duration>>; 2] = Default::default();
    let n_failed = AtomicUsize::new(0);
    let spent = hub.processor_seconds();
    let lasted = at_moments(n_calls, a_second, |n, due| {
        let is_poll = ((n + 1) as f64 * share_of_polls) as usize > (n as f64 * share_of_polls) as usize;
        // Each call is of another branch than those around it.
        let mut branch = branches[n.wrapping_mul(7919) % n_branches].lock().unwrap();
        let well = if is_poll { branch.poll(&hub.address) } else { branch.ask(&hub.address, n) };
        n_failed.fetch_add(usize::from(!well), Ordering::Relaxed);
        waits[usize::from(is_poll)].lock().unwrap().push(due.elapsed());
    });
    println!(
        "load: {n_branches} branches, {n_calls} calls in {lasted:.1} s, {} failed; the hub spent {:.1} processor seconds",
        n_failed.load(Ordering::Relaxed),
        hub.processor_seconds() - spent
    );
    for (what, waits) in ["requests", "polls"].into_iter().zip(waits) {
        say("load", what, waits.into_inner().unwrap(), lasted);
    }
    hub.kill();
}

/// Makes calls, so many a second: of each its number and the moment at which it is due. How many seconds all took.
pub(crate) fn at_moments(n_calls: usize, a_second: f64, call: impl Fn(usize, Instant) + Sync) -> f64 {
    let next = AtomicUsize::new(0);
    let began = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..N_CALLERS {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= n_calls {
                        return;
                    }
                    let due = began + Duration::from_secs_f64(n as f64 / a_second);
                    std::thread::sleep(due.saturating_duration_since(Instant::now()));
                    call(n, due);
                }
            });
        }
    });
    began.elapsed().as_secs_f64()
}

/// Says how long answers were waited for.
pub(crate) fn say(of: &str, what: &str, mut waits: Vec<Duration>, lasted: f64) {
    waits.sort_unstable();
    let at = |share: f64| {
        let place = ((waits.len() as f64 * share) as usize).min(waits.len().saturating_sub(1));
        waits.get(place).map_or(0.0, |wait| wait.as_secs_f64() * 1000.0)
    };
    println!(
        "{of}: {} {what}, {:.1} a second, answered in {:.1} ms (p50), {:.1} (p99), {:.1} (longest)",
        waits.len(),
        waits.len() as f64 / lasted,
        at(0.5),
        at(0.99),
        at(1.0)
    );
}
