//! The file `current`: which state of a library is in force, as of which day, and by which run.
//!
//! It is replaced by one rename, so that the records, the day they are from and the account of the run that
//! brought them change together. It knows no format of a run: that is a line of text.
//!
//! Format version 2, a text of UTF-8; `as-of` and `run` may be missing:
//!
//! ```text
//! lianmu-current 2
//! state 0000000007
//! as-of 2026-11-25
//! run {"run":"20261125T013000Z-BJFU", …}
//! blake3 <first 16 hex digits of the BLAKE3 hash of the lines before>
//! ```
//!
//! Version 1 was the number alone; the day was in a file `as-of` beside it.

use std::io::{ErrorKind, Read};
use std::path::Path;

use super::error::{Error, Result};

const VERSION: u32 = 2;
const MAGIC: &str = "lianmu-current ";
// A run is a line of some hundred bytes.
const MAX_LENGTH: u64 = 1 << 20;

/// What is in force in a library.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InForce {
    /// Number of the state; 0 before the first import.
    pub number: u64,
    /// The day as which the library's data counts: that of the last import that came to its end.
    pub as_of: Option<String>,
    /// The run that brought this about, as whoever did it wrote it down: one line.
    pub run: Option<String>,
}

impl InForce {
    pub(super) fn read(folder: &Path) -> Result<Self> {
        let path = folder.join("current");
        let Some(text) = read_text(&path)? else { return Ok(Self::default()) };
        let damaged = || Error::damaged(&path, "it does not name a state");
        let Some((version, _)) = text.strip_prefix(MAGIC).and_then(|rest| rest.split_once('\n')) else {
            let digits = text.strip_suffix('\n').unwrap_or(&text);
            let number = digits.parse().ok().filter(|_| digits.len() == 10).ok_or_else(damaged)?;
            let as_of = read_text(&folder.join("as-of"))?.map(|day| day.trim().to_owned());
            return Ok(Self { number, as_of: as_of.filter(|day| !day.is_empty()), run: None });
        };
        let found: u32 = version.parse().map_err(|_| damaged())?;
        if found > VERSION {
            return Err(Error::TooNew { path, found, known: VERSION });
        }
        Self::parse(&text).ok_or_else(damaged)
    }

    fn parse(text: &str) -> Option<Self> {
        let at = text.rfind("blake3 ")?;
        let (before, check) = text.split_at(at);
        if check != check_line(before) {
            return None;
        }
        let mut lines = before.lines().skip(1);
        let number = lines.next()?.strip_prefix("state ")?.parse().ok()?;
        let mut in_force = Self { number, as_of: None, run: None };
        for line in lines {
            match line.split_once(' ')? {
                ("as-of", day) => in_force.as_of = Some(day.to_owned()),
                ("run", run) => in_force.run = Some(run.to_owned()),
                _ => return None,
            }
        }
        Some(in_force)
    }

    pub(super) fn to_text(&self) -> String {
        let mut text = format!("{MAGIC}{VERSION}\nstate {:010}\n", self.number);
        for (name, value) in [("as-of", &self.as_of), ("run", &self.run)] {
            if let Some(value) = value {
                text += &format!("{name} {}\n", value.replace(['\r', '\n'], " "));
            }
        }
        let check = check_line(&text);
        text + &check
    }
}

fn check_line(text: &str) -> String {
    format!("blake3 {}\n", &blake3::hash(text.as_bytes()).to_hex()[..16])
}

fn read_text(path: &Path) -> Result<Option<String>> {
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::reading(path)(error)),
    };
    let mut bytes = Vec::new();
    file.take(MAX_LENGTH).read_to_end(&mut bytes).map_err(Error::reading(path))?;
    String::from_utf8(bytes).map(Some).map_err(|_| Error::damaged(path, "it is no text"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;

    #[test]
    fn what_is_written_is_read_and_a_flipped_bit_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("current");
        let run = Some("{\"run\":\"20261125T013000Z-BJFU\",\"reason\":\"联目 blake3 \"}".to_owned());
        let all = [
            InForce { number: 7, as_of: Some("2026-11-25".to_owned()), run },
            InForce { number: 0, as_of: None, run: None },
        ];
        for in_force in all {
            let text = in_force.to_text();
            std::fs::write(&path, &text).unwrap();
            assert_eq!(InForce::read(folder.path()).unwrap(), in_force);
            for bit in 0..text.len() * 8 {
                let mut bytes = text.clone().into_bytes();
                bytes[bit / 8] ^= 1 << (bit % 8);
                std::fs::write(&path, &bytes).unwrap();
                assert!(InForce::read(folder.path()).is_err(), "bit {bit} of {text}");
            }
        }
    }

    #[test]
    fn version_1_still_opens() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(InForce::read(folder.path()).unwrap(), InForce::default());
        std::fs::write(folder.path().join("current"), "0000000003\n").unwrap();
        std::fs::write(folder.path().join("as-of"), "2026-11-24\n").unwrap();
        let expect = InForce { number: 3, as_of: Some("2026-11-24".to_owned()), run: None };
        assert_eq!(InForce::read(folder.path()).unwrap(), expect);
        for bad in ["", "3\n", "000000000x\n", "lianmu-current x\n", "lianmu-current 2\nstate 0000000003\n"] {
            std::fs::write(folder.path().join("current"), bad).unwrap();
            assert!(InForce::read(folder.path()).is_err(), "{bad}");
        }
        std::fs::write(folder.path().join("current"), "lianmu-current 3\nanything\n").unwrap();
        assert!(matches!(InForce::read(folder.path()), Err(Error::TooNew { found: 3, .. })));
    }
}
