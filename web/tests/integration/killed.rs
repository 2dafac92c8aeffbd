//! Everything accepted has one effect, whatever dies on the way: hub and branch are killed at random moments, and at
//! every named step of submit → deliver → settle (`daemon/src/store/step.rs`) while a reader goes on.
//!
//! `LIANMU_KILLS` says how often, `LIANMU_SEED` at which moments; by default 24 times at random, and four times at each
//! of the eighteen steps.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::machines::{Pair, until};

/// Steps of a branch, then of a hub.
const STEPS: [(&str, bool); 6] = [
    ("submit", true),
    ("mark", true),
    ("settle", true),
    ("learn", true),
    ("letters", false),
    ("contact", false),
];
const PHASES: [&str; 3] = ["before", "inside", "after"];

fn n_kills() -> Option<usize> {
    std::env::var("LIANMU_KILLS").ok().and_then(|text| text.parse().ok())
}

/// Ids that a reader was shown as accepted.
type Accepted = Arc<Mutex<Vec<String>>>;

/// A reader who goes on while machines die under him.
fn reader(pair: &Pair, accepted: &Accepted, round: usize, n: usize) -> JoinHandle<()> {
    let (port, token, known) = (pair.branch.port, pair.token.clone(), Arc::clone(accepted));
    std::thread::spawn(move || {
        for n in 0..n {
            let form = json!({
                "title": format!("第{round}轮第{n}本"), "year": 2011, "call_number": "S72/12", "supplier": "PKU",
                "delivery": "courier", "recipient": "林巧", "email": "l@example.org",
            })
            .to_string();
            let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { continue };
            let sent = write!(
                stream,
                "POST /api/v1/requests HTTP/1.0\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Length: \
                 {}\r\n\r\n{form}",
                form.len()
            );
            let mut answer = String::new();
            if sent.is_ok() && stream.read_to_string(&mut answer).is_ok() && answer.contains(" 201 ") {
                let body = answer.split_once("\r\n\r\n").unwrap().1;
                if let Ok(document) = serde_json::from_str::<Value>(body) {
                    known.lock().unwrap().push(document["id"].as_str().unwrap().to_owned());
                }
            }
        }
    })
}

/// In the end hub and branch know the same, event by event, and everything accepted once.
fn agree(pair: &Pair, accepted: &Accepted) -> (usize, usize) {
    let accepted = accepted.lock().unwrap().clone();
    pair.branch.run(&["queue", "retry", accepted.last().unwrap()]);
    until("all is delivered", 240, || {
        pair.branch.queue().iter().all(|message| message["delivery"] == "delivered")
    });
    let (mut at_hub, mut at_branch) = (pair.hub.requests(), pair.branch.requests());
    for id in &accepted {
        assert_eq!(at_hub.iter().filter(|request| request["id"] == **id).count(), 1, "{id} was accepted");
    }
    // What was kept although its answer was lost is there once too; nothing else is.
    for all in [&mut at_hub, &mut at_branch] {
        all.sort_by_key(|request| request["id"].as_str().unwrap().to_owned());
    }
    assert_eq!(at_hub.len(), at_branch.len());
    for (here, there) in at_hub.iter().zip(&at_branch) {
        assert_eq!(
            (&here["id"], &here["state"], &here["events"]),
            (&there["id"], &there["state"], &there["events"])
        );
        assert_eq!(here["events"].as_array().unwrap().len(), 3, "{here}");
    }
    (accepted.len(), at_hub.len())
}

#[test]
fn killed_at_any_moment_everything_accepted_has_one_effect() {
    let n_kills = n_kills().unwrap_or(24);
    let mut pair = Pair::new();
    let accepted = Accepted::default();
    let seed = std::env::var("LIANMU_SEED").ok().and_then(|text| text.parse::<u64>().ok());
    let mut dice = 0x9e37_79b9_u64 ^ seed.unwrap_or_default();
    let mut roll = |bound: u64| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) % bound
    };
    for round in 0..n_kills {
        let reader = reader(&pair, &accepted, round, 6);
        std::thread::sleep(Duration::from_millis(roll(120)));
        let victim = if roll(2) == 0 { &mut pair.branch } else { &mut pair.hub };
        victim.kill();
        reader.join().unwrap();
        victim.start();
        // Not every round has time to deliver: what is under way piles up too.
        std::thread::sleep(Duration::from_millis(roll(300)));
    }
    let (n_accepted, n_kept) = agree(&pair, &accepted);
    assert!(n_accepted > n_kills, "only {n_accepted} were accepted");
    println!("{n_kills} kills at random, {n_accepted} accepted, {n_kept} kept, each with one effect");
}

#[test]
fn killed_at_every_named_step_everything_accepted_has_one_effect() {
    let n_steps = STEPS.len() * PHASES.len();
    let n_rounds = n_kills().map_or(4, |n| n.div_ceil(n_steps));
    let mut pair = Pair::new();
    let accepted = Accepted::default();
    let mut n_died = [[0; PHASES.len()]; STEPS.len()];
    for round in 0..n_rounds * n_steps {
        // Branch and hub in turn; each dies at the first, second or third time that it is there.
        let (step, phase) = (round % STEPS.len(), round / STEPS.len() % PHASES.len());
        let (name, is_branch) = STEPS[step];
        let at = format!("{name}-{}:{}", PHASES[phase], 1 + round / n_steps % 3);
        let victim = if is_branch { &mut pair.branch } else { &mut pair.hub };
        victim.kill();
        victim.start_with(&[("LIANMU_KILL_AT", &at)]);
        let reader = reader(&pair, &accepted, round, 3);
        let victim = if is_branch { &mut pair.branch } else { &mut pair.hub };
        let deadline = Instant::now() + Duration::from_secs(3);
        while !victim.has_ended() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(5));
        }
        n_died[step][phase] += usize::from(victim.has_ended());
        reader.join().unwrap();
        let victim = if is_branch { &mut pair.branch } else { &mut pair.hub };
        victim.kill();
        victim.start();
    }
    let (n_accepted, n_kept) = agree(&pair, &accepted);
    let n_all: usize = n_died.iter().flatten().sum();
    println!("{n_all} kills at named steps, {n_accepted} accepted, {n_kept} kept, each with one effect");
    for ((name, _), phases) in STEPS.iter().zip(n_died) {
        println!("{name}: {phases:?} times before, inside and after its transaction");
        // Within three seconds some steps come once only, so that not every round has its kill.
        assert!(phases.iter().all(|n| n * 4 >= n_rounds), "{name}: {phases:?} of {n_rounds}");
    }
}
