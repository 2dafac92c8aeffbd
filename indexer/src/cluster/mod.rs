//! Which member records describe the same edition, and the one entry that is made of them.
//!
//! In two stages: records that share a specific key meet (`block_keys`), and each pair that met is proved or refused
//! with a reason (`compare`). What matches forms components; `resolve` cuts them into editions, and `merge` chooses
//! the best description field by field. All of it is pure and independent of the order of its input; sorting a million
//! records on disk is `pipeline`'s affair.

mod block;
mod codec;
mod compare;
mod decision;
mod edition;
mod extent;
mod levels;
mod merge;
mod name;
mod order;
mod part;
mod publisher;
mod record;
mod resolve;
mod similar;
mod title;
mod title_level;
mod title_words;
mod variants;
mod weights;

/// Changes whenever two records may be judged otherwise than before, or more is kept of the judgement: a catalogue must
/// be built anew then.
pub const VERSION: u32 = 4;

pub use block::{BLOCK_CAP, block_keys, stored_keys, wanted_keys, with_one_isbn};
pub use compare::{Comparison, Contribution, Verdict, compare, explain};
pub use decision::{Constraints, Decision, DecisionKind, constraints, in_force};
pub use extent::describes_set;
pub use merge::{Source, merge, work_key};
pub use order::OrderKey;
pub use record::MatchRecord;
pub use resolve::{GROUP_CAP, Link, Resolution, Unsettled, resolve};

#[cfg(test)]
mod tests;
