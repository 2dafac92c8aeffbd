//! How long to wait after wrong passwords: the delay grows by account and by address, and is never a lock.
//!
//! Pure but for its memory, which is bounded; the store keeps it beyond a restart, by `Subject::key`. A try counts as wrong from its beginning until it proves right, so
//! that guessing side by side gains nothing. Search does not pass here.

use std::collections::HashMap;
use std::time::Duration;

/// For whom tries are counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// Library and barcode, whether there is such an account or not.
    Account(String, String),
    /// Where the try comes from: a reading room shares one, so it may err more often.
    Address(std::net::IpAddr),
    /// Registrations from one address: a class in the reading room is welcome, a machine is not.
    Registration(std::net::IpAddr),
    /// Codes that are asked for by mail, for this library and barcode.
    Mail(String, String),
}

impl Subject {
    /// What it is known by: a hash, so that nothing that was typed is kept.
    pub(crate) fn key(&self) -> [u8; 32] {
        let text = match self {
            Subject::Account(library, barcode) => format!("account\0{library}\0{barcode}"),
            Subject::Address(address) => format!("address\0{address}"),
            Subject::Registration(address) => format!("registration\0{address}"),
            Subject::Mail(library, barcode) => format!("mail\0{library}\0{barcode}"),
        };
        *blake3::hash(text.as_bytes()).as_bytes()
    }

    /// Wrong tries without a delay.
    fn patience(&self) -> u32 {
        match self {
            Subject::Account(..) => 5,
            Subject::Address(_) => 20,
            Subject::Registration(_) => 40,
            Subject::Mail(..) => 3,
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Tries {
    n_wrong: u32,
    // Of the process' clock.
    last: Duration,
}

/// Wrong tries of the last hour.
#[derive(Debug, Default)]
pub(crate) struct Delays(HashMap<[u8; 32], Tries>);

/// Longest delay: an attacker must not be able to keep the owner out.
const LONGEST: Duration = Duration::from_secs(300);
/// After so long without a try all is forgotten.
pub(crate) const FORGOTTEN: Duration = Duration::from_secs(3600);
const MAX_SUBJECTS: usize = 20_000;

impl Delays {
    /// Begins a try at a time of the process' clock; or says how long to wait before the next one.
    pub(crate) fn begin(&mut self, subjects: &[Subject], now: Duration) -> Result<(), Duration> {
        let waits = subjects.iter().filter_map(|subject| self.wait(subject, now));
        if let Some(longest) = waits.max() {
            return Err(longest);
        }
        for subject in subjects {
            self.make_room(now);
            let tries = self.0.entry(subject.key()).or_insert(Tries { n_wrong: 0, last: now });
            if now.saturating_sub(tries.last) > FORGOTTEN {
                tries.n_wrong = 0;
            }
            *tries = Tries { n_wrong: tries.n_wrong.saturating_add(1), last: now };
        }
        Ok(())
    }

    /// The try was right: its account begins anew, of its address this one try is taken back.
    pub(crate) fn was_right(&mut self, subjects: &[Subject]) {
        for subject in subjects {
            match subject {
                Subject::Account(..) => drop(self.0.remove(&subject.key())),
                Subject::Address(_) | Subject::Registration(_) | Subject::Mail(..) => {
                    if let Some(tries) = self.0.get_mut(&subject.key()) {
                        tries.n_wrong = tries.n_wrong.saturating_sub(1);
                    }
                }
            }
        }
    }

    /// How often each erred, by its key.
    pub(crate) fn counts(&self, subjects: &[Subject]) -> Vec<([u8; 32], u32)> {
        let count = |key: &[u8; 32]| self.0.get(key).map_or(0, |tries| tries.n_wrong);
        subjects.iter().map(Subject::key).map(|key| (key, count(&key))).collect()
    }

    /// What an earlier process knew, with the time of this one's clock.
    pub(crate) fn remember(&mut self, key: [u8; 32], n_wrong: u32, last: Duration) {
        self.0.entry(key).or_insert(Tries { n_wrong, last });
    }

    fn wait(&self, subject: &Subject, now: Duration) -> Option<Duration> {
        let tries = self.0.get(&subject.key())?;
        let beyond = tries.n_wrong.checked_sub(subject.patience())?;
        let delay = Duration::from_secs(1u64 << beyond.min(16)).min(LONGEST);
        let passed = now.saturating_sub(tries.last);
        (passed < delay).then(|| delay - passed)
    }

    fn make_room(&mut self, now: Duration) {
        if self.0.len() < MAX_SUBJECTS {
            return;
        }
        self.0.retain(|_, tries| now.saturating_sub(tries.last) <= FORGOTTEN);
        // Many strangers at once: those who erred least are forgotten first.
        let mut least = 1;
        while self.0.len() >= MAX_SUBJECTS {
            self.0.retain(|_, tries| tries.n_wrong > least);
            least = least.saturating_mul(2);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account() -> Subject {
        Subject::Account("BJFU".to_owned(), "001".to_owned())
    }

    fn address(last: u8) -> Subject {
        Subject::Address([10, 0, 0, last].into())
    }

    fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn the_delay_grows_and_ends() {
        let mut delays = Delays::default();
        for _ in 0..5 {
            assert_eq!(delays.begin(&[account()], seconds(0)), Ok(()));
        }
        let mut now = 0;
        for expect in [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300] {
            assert_eq!(delays.begin(&[account()], seconds(now)), Err(seconds(expect)));
            now += expect;
            assert_eq!(delays.begin(&[account()], seconds(now)), Ok(()), "never a lock");
        }
        assert_eq!(delays.begin(&[account()], seconds(now + 3601)), Ok(()));
        assert_eq!(delays.begin(&[account()], seconds(now + 3601)), Ok(()), "forgotten after an hour");
    }

    #[test]
    fn the_right_password_clears_its_account_alone() {
        let mut delays = Delays::default();
        for n in 0..25 {
            let other = Subject::Account("BJFU".to_owned(), n.to_string());
            let _ = delays.begin(&[other, address(1)], seconds(0));
        }
        assert!(
            delays.begin(&[account(), address(1)], seconds(0)).is_err(),
            "the address tried many accounts"
        );
        assert_eq!(delays.begin(&[account(), address(2)], seconds(0)), Ok(()), "another address is free");
        for _ in 0..4 {
            assert_eq!(delays.begin(&[account(), address(2)], seconds(0)), Ok(()));
        }
        delays.was_right(&[account(), address(2)]);
        assert_eq!(delays.begin(&[account(), address(2)], seconds(0)), Ok(()));
    }

    #[test]
    fn its_memory_is_bounded_and_keeps_the_worst() {
        let mut delays = Delays::default();
        for _ in 0..5 {
            let _ = delays.begin(&[account()], seconds(0));
        }
        for n in 0..50_000u32 {
            let other = Subject::Account("X".to_owned(), n.to_string());
            assert_eq!(delays.begin(&[other], seconds(0)), Ok(()));
        }
        assert!(delays.0.len() <= MAX_SUBJECTS);
        assert!(delays.begin(&[account()], seconds(0)).is_err());
    }

    #[test]
    fn another_process_remembers() {
        let mut delays = Delays::default();
        for _ in 0..8 {
            let _ = delays.begin(&[account()], seconds(0));
        }
        let counts = delays.counts(&[account(), address(1)]);
        assert_eq!(counts.iter().map(|(_, n)| *n).collect::<Vec<_>>(), [5, 0]);
        let mut later = Delays::default();
        later.remember(counts[0].0, counts[0].1, seconds(3600));
        assert_eq!(later.begin(&[account()], seconds(3600)), Err(seconds(1)));
        assert_eq!(later.begin(&[account()], seconds(3601)), Ok(()));
    }

    #[test]
    fn a_clock_that_stands_still_is_no_trouble() {
        let mut delays = Delays::default();
        for _ in 0..5 {
            let _ = delays.begin(&[account()], seconds(100));
        }
        assert_eq!(delays.begin(&[account()], seconds(50)), Err(seconds(1)));
    }
}
