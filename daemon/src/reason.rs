//! Why a run was held, a source is unwell or a message waits, and what the program itself says with an event: a code with values, and the English sentence that it is kept as.
//!
//! Runs, holds and the store keep the sentence (CONTRACT §7); `read` finds the code in it again, so that whoever
//! shows it may say it in another language. Pure. What no sentence here fits stays as it was said.

use crate::requests::EXTENDED;

/// Each code with its sentence; of two that fit the first counts. `last` and `why` are reasons themselves.
const SENTENCES: &[(&str, &str)] = &[
    ("drop", "{n} of {of} records ({share} %) would be gone; more than {limit} % need a person's word"),
    ("change", "{n} of {of} records ({share} %) would change; more than {limit} % need a person's word"),
    ("empty", "the file is empty"),
    (
        "same-records",
        "it looks like the file of {library}: {share} % of the records are those of {library}, byte for byte",
    ),
    (
        "same-locations",
        "it looks like the file of {library}: the locations in its holdings are those of {library}",
    ),
    ("overdue-last", "no good run since {since}; the last one: {last}"),
    ("overdue", "no good run since {since}"),
    ("stopped", "lianmu was stopped in the middle of it; nothing was changed"),
    ("stopped-fetching", "lianmu was stopped while it fetched; the next run goes on from there"),
    ("broke-off", "the source broke off"),
    ("half-read", "{file} ends inside a record"),
    ("no-end", "{file} breaks off before its end"),
    ("no-record", "no record could be read"),
    ("damaged", "a compressed file is damaged or was refused"),
    ("folder", "the folder {folder} cannot be read: {cause}"),
    ("status", "the server answered {status}"),
    ("web-page", "the server sent a web page instead of data"),
    ("unreachable", "the server could not be reached in time"),
    ("silent", "the server fell silent"),
    ("slow", "the server sends too slowly"),
    ("no-host", "there is no host of this name"),
    ("connection", "the connection broke off"),
    ("disk-full", "No space left on device (os error 28)"),
    ("disk-full", "database or disk is full"),
    ("line-unknown-here", "the hub's address answered {status}: it does not know this machine"),
    ("line-status", "the hub's address answered {status}"),
    ("peer-status", "the peer's address answered {status}"),
    ("line-stranger", "somebody answered who is not the hub"),
    ("line-unreadable", "the hub's answer cannot be read: {cause}"),
    ("line-other-letters", "the hub answered for other letters"),
    ("line-broke", "the answer broke off: {cause}"),
    ("line-own-store", "this machine's own state.db: {cause}"),
    ("line-drill", "a drill: the centre is taken for away"),
    ("peer-no-confirmation", "the peer's answer is no confirmation"),
    ("peer-other", "the peer confirmed another message"),
    ("quota-month", "the {n} requests a month to {library} are used up: it goes when a month begins"),
    ("quota-reader", "the reader has {n} requests under way: it goes when one of them has ended"),
    ("on-stick", "it is on a stick"),
    ("withdrawn-home", "withdrawn before it was sent"),
    ("never-taken", "the request was not taken"),
    ("waited-too-long", "it waited too long to be sent"),
    ("taken-out", "taken out of the queue by a librarian"),
    ("line-gap", "the other side knows message {n} as the last one of this request"),
    ("vacation", EXTENDED),
    ("withdrawn-queue", "withdrawn from the queue by a librarian"),
    ("clock-set", "the clock is in doubt, so the reader keeps the right: at {since} it was set by {n} s"),
    (
        "clock-ahead",
        "the clock is in doubt, so the reader keeps the right: at {since} it was found ahead of the centre's by {n} s",
    ),
    ("at", "{what}: {why}"),
];

/// A reason that is known by its code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// What happened, as a word.
    pub code: &'static str,
    /// With what, by name.
    pub values: Vec<(&'static str, String)>,
}

/// The English sentence of a code of this table.
pub(crate) fn said(code: &str, values: &[(&str, &str)]) -> String {
    let sentence = SENTENCES.iter().find(|(known, _)| *known == code);
    let mut text = sentence.map_or(code, |(_, sentence)| *sentence).to_owned();
    for (name, value) in values {
        text = text.replace(&format!("{{{name}}}"), value);
    }
    text
}

/// The reason in a sentence that was kept.
pub fn read(text: &str) -> Option<Reason> {
    SENTENCES.iter().find_map(|(code, sentence)| {
        let values = fit(sentence, text)?;
        // Colons stand in many sentences: what is behind one must be known itself.
        let is_known = |(name, value): &(&str, String)| *name != "why" || read(value).is_some();
        values.iter().all(is_known).then_some(Reason { code, values })
    })
}

/// All codes, each once.
pub fn codes() -> Vec<&'static str> {
    let mut codes: Vec<_> = SENTENCES.iter().map(|(code, _)| *code).collect();
    codes.dedup();
    codes
}

// What stands in the gaps of a sentence; the same name twice is the same value. A gap reaches to the next words.
fn fit(sentence: &'static str, text: &str) -> Option<Vec<(&'static str, String)>> {
    let (before, mut sentence) = sentence.split_once('{').unwrap_or((sentence, ""));
    let mut rest = text.strip_prefix(before)?;
    let mut values: Vec<(&str, String)> = Vec::new();
    while let Some((name, after)) = sentence.split_once('}') {
        let (words, next) = after.split_once('{').unwrap_or((after, ""));
        let end = if words.is_empty() { rest.len() } else { rest.find(words)? };
        let value = &rest[..end];
        match values.iter().find(|(known, _)| *known == name) {
            Some((_, known)) if known != value => return None,
            Some(_) => {}
            None if value.is_empty() => return None,
            None => values.push((name, value.to_owned())),
        }
        rest = &rest[end + words.len()..];
        sentence = next;
    }
    rest.is_empty().then_some(values)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    #[test]
    fn what_was_said_is_read_again() {
        for code in codes().into_iter().filter(|code| *code != "at") {
            let gaps = [
                "n", "of", "share", "limit", "library", "since", "last", "file", "folder", "cause", "status",
            ];
            let values: Vec<(&str, &str)> = gaps
                .into_iter()
                .zip(["51", "1000", "5.1", "5.0", "北林", "昨天", "超时", "a: b.mrc", "/x", "no", "503"])
                .collect();
            let sentence = said(code, &values);
            assert!(!sentence.contains('{'), "{sentence}: a gap that this test does not fill");
            let reason = read(&sentence).unwrap();
            assert_eq!(reason.code, code, "{sentence}");
            assert_eq!(
                said(code, &reason.values.iter().map(|(n, v)| (*n, v.as_str())).collect::<Vec<_>>()),
                sentence
            );
        }
    }

    #[test]
    fn a_place_before_a_known_reason_is_taken_off_and_nothing_is_guessed() {
        let code = |text| read(text).map(|reason| reason.code);
        let full = read("cannot write /x/y: No space left on device (os error 28)").unwrap();
        assert_eq!(full.code, "at");
        assert_eq!(full.values[0].1, "cannot write /x/y");
        assert_eq!(read(&full.values[1].1).unwrap().code, "disk-full");
        for unknown in ["", "timed out", "a: b", ": the file is empty", "the file is empty."] {
            assert_eq!(code(unknown), None, "{unknown}");
        }
        let twice = "it looks like the file of A: the locations in its holdings are those of B";
        assert_eq!(code(twice), None);
    }
}
