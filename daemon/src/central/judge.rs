//! Whether a message shall have its effect: only the next one of its request, only once.

/// What is to be done with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// It is the next one: let it have its effect.
    New,
    /// It had its effect: the same answer again.
    Repeat,
    /// Another message had its effect under this number.
    OtherBody,
    /// Something is missing before it, or it comes from behind.
    Gap {
        /// The last one that had its effect; 0: none.
        last: u32,
    },
}

/// Judges message `n`, which its writer sent after `prev`. `known` is the hash of what had its effect under `n`, `last`
/// the highest number that had.
pub fn judge(known: Option<[u8; 32]>, last: u32, n: u32, prev: u32, hash: [u8; 32]) -> Judgement {
    match known {
        Some(known) if known == hash => Judgement::Repeat,
        Some(_) => Judgement::OtherBody,
        None if prev == last && n > last => Judgement::New,
        None => Judgement::Gap { last },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_next_one_has_its_effect_and_only_once() {
        let (a, b) = ([1; 32], [2; 32]);
        for (known, last, n, prev, expect) in [
            (None, 0, 1, 0, Judgement::New),
            (Some(a), 1, 1, 0, Judgement::Repeat),
            (Some(b), 1, 1, 0, Judgement::OtherBody),
            (Some(a), 3, 1, 0, Judgement::Repeat),
            (None, 1, 2, 1, Judgement::New),
            // The second was never sent.
            (None, 1, 3, 1, Judgement::New),
            (None, 1, 3, 2, Judgement::Gap { last: 1 }),
            (None, 0, 2, 1, Judgement::Gap { last: 0 }),
            (None, 5, 4, 3, Judgement::Gap { last: 5 }),
            (None, 1, 1, 1, Judgement::Gap { last: 1 }),
        ] {
            assert_eq!(judge(known, last, n, prev, a), expect, "{last} {n} {prev}");
        }
    }
}
