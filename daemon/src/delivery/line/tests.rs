//! The line step by step: what waits, what is tried, and after how long.
#![allow(clippy::unwrap_used, reason = "tests may panic")]
use super::*;
use crate::delivery::Receipt;

fn at(seconds: u64) -> Moment {
    let wall = Timestamp::from_second(1_790_000_000 + seconds as i64).unwrap();
    Moment { steady: Duration::from_secs(seconds), wall }
}

fn head(n: u8) -> Head {
    let id = RequestId::new(Timestamp::UNIX_EPOCH, [n; 10]);
    Head { key: (id, 1), attempts: 0, next_try: None }
}

fn heads(n: u8) -> Vec<Head> {
    (0..n).map(head).collect()
}

fn away() -> Trouble {
    Trouble::Away { reason: "no route".into(), wish: None, may_have_arrived: false }
}

fn look(line: &mut Line, heads: &[Head], now: Moment) -> Act {
    line.step(&Seen::Waiting { heads, is_expecting: false }, now).remove(0)
}

fn connected(most: usize) -> Line {
    let mut line = Line::new(most, 7);
    assert_eq!(line.step(&Seen::Probed(Ok(())), at(0)), vec![]);
    line
}

#[test]
fn nothing_is_sent_before_the_other_side_was_seen() {
    let mut line = Line::new(2, 1);
    let waiting = heads(3);
    assert_eq!(look(&mut line, &waiting, at(0)), Act::Probe);
    line.step(&Seen::Probed(Ok(())), at(0));
    assert_eq!(look(&mut line, &waiting, at(1)), Act::Send(waiting[..2].to_vec()));
    assert_eq!(look(&mut line, &waiting, at(60)), Act::Probe, "after a silence it is looked again");
}

#[test]
fn while_messages_wait_half_a_minute_is_the_longest_wait() {
    for seed in 0..200 {
        let mut line = Line::new(9, seed);
        let (waiting, mut now) = (heads(1), 0);
        for _ in 0..50 {
            assert_eq!(look(&mut line, &waiting, at(now)), Act::Probe);
            line.step(&Seen::Probed(Err(&away())), at(now));
            let Act::Rest(wait) = look(&mut line, &waiting, at(now)) else { panic!("no rest") };
            assert!(wait <= LONGEST_WAIT && !wait.is_zero(), "{wait:?}");
            now += wait.as_secs() + 1;
        }
        assert_eq!(line.step(&Seen::Probed(Ok(())), at(now)), vec![Act::FreeAll]);
        assert!(matches!(look(&mut line, &waiting, at(now)), Act::Send(_)), "at once when it answers");
    }
}

#[test]
fn a_wish_to_wait_is_heeded_and_bounded() {
    for (wish, seconds) in [(90, 90), (1_000_000, 3600)] {
        let mut line = Line::new(9, 1);
        let busy = Trouble::Away {
            reason: String::new(),
            wish: Some(Duration::from_secs(wish)),
            may_have_arrived: false,
        };
        line.step(&Seen::Probed(Err(&busy)), at(0));
        assert_eq!(look(&mut line, &heads(1), at(0)), Act::Rest(Duration::from_secs(seconds)));
    }
}

#[test]
fn poison_in_a_batch_is_found_and_holds_up_nobody() {
    let mut line = connected(3);
    let waiting = heads(3);
    let sick = Trouble::Sick { reason: "500".into() };
    let acts = line.step(&Seen::Broke(&waiting, &sick), at(1));
    assert!(acts.iter().all(|act| matches!(
        act,
        Act::Settle(_, Settlement::Waits { is_unknown: true, next_try: None, .. })
    )));
    assert_eq!(look(&mut line, &waiting, at(1)), Act::Send(vec![waiting[0]]), "one by one");
    let Act::Settle(_, Settlement::Waits { next_try: Some(next_try), .. }) =
        line.step(&Seen::Broke(&waiting[..1], &sick), at(1)).remove(0)
    else {
        panic!("the poison waits by itself")
    };
    let poison = Head { attempts: 2, next_try: Some(next_try), ..waiting[0] };
    let rest = [poison, waiting[1], waiting[2]];
    assert_eq!(look(&mut line, &rest, at(1)), Act::Send(vec![waiting[1]]), "the next one is not delayed");
    let ok = Outcome::Delivered(Receipt::Ok);
    line.step(&Seen::Sent(&[(waiting[1], ok.clone())]), at(1));
    line.step(&Seen::Sent(&[(waiting[2], ok)]), at(1));
    assert_eq!(look(&mut line, &heads(5), at(1)), Act::Send(heads(3)), "then together again");
}

#[test]
fn messages_that_all_fail_are_the_lines_trouble() {
    let mut line = connected(1);
    for n in 0..3 {
        assert!(matches!(look(&mut line, &[head(n)], at(1)), Act::Send(_)));
        line.step(&Seen::Broke(&[head(n)], &Trouble::Sick { reason: "a page of a portal".into() }), at(1));
    }
    assert!(matches!(look(&mut line, &[head(9)], at(1)), Act::Rest(_)));
}

#[test]
fn who_is_not_welcome_stops_until_a_person_has_looked() {
    let mut line = connected(1);
    let refused = Trouble::Unwelcome { reason: "401".into() };
    let acts = line.step(&Seen::Broke(&heads(1), &refused), at(1));
    assert_eq!(
        acts,
        vec![Act::Settle(
            head(0).key,
            Settlement::Waits { is_unknown: false, next_try: None, error: "401".into() }
        )]
    );
    assert!(line.is_stopped());
    assert!(matches!(look(&mut line, &heads(1), at(500)), Act::Rest(_)));
    assert_eq!(line.step(&Seen::Nudged, at(500)), vec![Act::FreeAll]);
    assert_eq!(look(&mut line, &heads(1), at(500)), Act::Probe);
    line.step(&Seen::Probed(Err(&refused)), at(500));
    assert_eq!(look(&mut line, &heads(1), at(1_200)), Act::Probe, "now and then it is looked");
    line.step(&Seen::Probed(Ok(())), at(1_200));
    assert!(matches!(look(&mut line, &heads(1), at(1_200)), Act::Send(_)));
}

#[test]
fn no_clock_parks_a_message() {
    let mut line = connected(1);
    let parked = |seconds: i64| Head {
        next_try: Some(Timestamp::from_second(1_790_000_000 + seconds).unwrap()),
        ..head(1)
    };
    assert!(matches!(look(&mut line, &[parked(20)], at(1)), Act::Rest(_)), "it waits its turn");
    let of_2099 = parked(73 * 365 * 86_400);
    assert_eq!(look(&mut line, &[of_2099], at(1)), Act::Send(vec![of_2099]));
}

#[test]
fn a_feed_is_asked_for_sooner_while_something_is_under_way() {
    let mut line = connected(1);
    assert!(matches!(look(&mut line, &[], at(20)), Act::Rest(_)));
    let expecting = Seen::Waiting { heads: &[], is_expecting: true };
    assert!(matches!(line.step(&expecting, at(20))[..], [Act::Rest(_)]));
    assert_eq!(line.step(&expecting, at(36)), vec![Act::Probe]);
}
