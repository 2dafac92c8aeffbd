//! The centre: what a hub does with the messages of its branches, and what it tells each of them.
//!
//! Pure are the judgement of a message (`judge`), the documents of the line (`wire`), how a call is signed (`signed`),
//! and which branch wants a look (`fares`). The effect of a message, the note that it had it, and what others are told
//! of it are one transaction of `store::inbox`. A hub is a branch of its own too, without a line.

mod fares;
mod hub;
pub mod iso18626;
mod judge;
mod signed;
mod wire;

pub use fares::{Fares, Worry};
pub use hub::{Answer, CODE_LENGTH, Call, Caller, HubDesk, new_code};
pub use judge::{Judgement, judge};
pub use signed::{AUTHOR, SIGNATURE, TIME, answer_text, call_text};
pub use wire::{
    Enrolled, Enrolling, FeedAnswer, Item, LettersAnswer, LettersCall, Reply, Stand, Told, mark_of,
};

/// Where the hub takes letters.
pub const LETTERS_PATH: &str = "/api/v1/hub/letters";
/// Where the hub tells a branch what it should know.
pub const FEED_PATH: &str = "/api/v1/hub/feed";
/// Where a branch enrols.
pub const ENROL_PATH: &str = "/api/v1/hub/enrol";
/// A hub keeps a question for news no longer than this; proxies give up later.
pub const LONGEST_POLL: std::time::Duration = std::time::Duration::from_secs(25);
/// Letters that are taken in one call.
pub const MOST_LETTERS: usize = 64;
/// Bytes of a letter.
pub const MOST_LETTER_BYTES: usize = 64 << 10;
/// Items of one answer of a feed.
pub const MOST_ITEMS: u32 = 200;
