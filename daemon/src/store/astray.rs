//! How far the wall clock is thought to stand from the right time, and for how long that counts against it. Pure.

/// Wrong by so much, or thought to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Astray {
    /// By how many seconds it is ahead.
    pub(super) seconds: i64,
    /// Until which second of the machine's life that is held against it.
    pub(super) until: i64,
}

/// The centre said so: that stays true whatever time passes.
const FOR_GOOD: i64 = i64::MAX;
/// A clock that jumped is believed after as long as a part of its jump, but a day at most: it may have been right to jump.
const PART: i64 = 24;
const MOST_DOUBTED: i64 = 86_400;

impl Astray {
    /// A clock that is wrong by no more than an hour says well enough what day it is.
    pub(super) const MOST: i64 = 3600;

    /// What the centre's clock says of this one.
    pub(super) fn told(skew: i64) -> Self {
        Self { seconds: skew, until: if Self::beyond(skew).is_some() { FOR_GOOD } else { 0 } }
    }

    /// The clock moved by so many seconds against the life of the machine. One that moves back to where it was is right
    /// again; what the centre said of it is forgotten only when it moves that far. `counted`: seconds that the life grows by
    /// with the jump, which settle no doubt from before it.
    pub(super) fn after_jump(self, jump: i64, lived: i64, counted: i64) -> Self {
        let before = if lived < self.until { self.seconds } else { 0 };
        let seconds = before.saturating_add(jump);
        let is_known_wrong = self.until == FOR_GOOD && jump.saturating_abs() < before.saturating_abs() / 2;
        let doubted = (seconds.saturating_abs() / PART).min(MOST_DOUBTED);
        Self { seconds, until: if is_known_wrong { FOR_GOOD } else { lived + counted + doubted } }
    }

    /// By how much it is wrong now, if by too much.
    pub(super) fn doubt(self, lived: i64) -> Option<i64> {
        Self::beyond(self.seconds).filter(|_| lived < self.until)
    }

    /// `seconds`, where they are too many.
    pub(super) fn beyond(seconds: i64) -> Option<i64> {
        (seconds.saturating_abs() > Self::MOST).then_some(seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;

    #[test]
    fn the_further_it_jumped_the_longer_it_is_doubted() {
        for (jump, doubted) in [(1800, 0), (DAY, 3600), (-DAY, 3600), (10 * DAY, 36_000), (3650 * DAY, DAY)] {
            let astray = Astray::default().after_jump(jump, 900, 100);
            assert_eq!(astray.doubt(1000).is_some(), doubted > 0, "{jump}");
            assert_eq!(astray.doubt(1000 + doubted), None, "{jump}");
            assert!(doubted == 0 || astray.doubt(999 + doubted).is_some(), "{jump}");
        }
    }

    #[test]
    fn what_the_centre_says_counts_until_it_says_otherwise_or_the_clock_goes_as_far_back() {
        let wrong = Astray::told(100 * DAY);
        assert_eq!(wrong.doubt(900 * DAY), Some(100 * DAY));
        let off_for_a_week = wrong.after_jump(7 * DAY, 1000, DAY);
        assert!(off_for_a_week.doubt(900 * DAY).is_some());
        assert_eq!(wrong.after_jump(-100 * DAY, 1000, 0).doubt(1000), None);
        assert_eq!(Astray::told(-30).after_jump(30 * DAY, 1000, DAY).doubt(1000 + 2 * DAY), None);
        let there_and_back = Astray::default().after_jump(-DAY, 0, 0).after_jump(3650 * DAY, 9, DAY);
        assert_eq!(there_and_back.after_jump(-3649 * DAY, 9 + DAY, 0).doubt(9 + DAY), None);
    }
}
