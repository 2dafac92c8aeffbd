//! What every cut needs: a record as bytes, and a clock that stands.

use std::time::Duration;

use daemon::harvest::{Clock, Stop};

/// A record of CNMARC in ISO 2709.
pub(super) fn iso2709(number: &str, title: &str) -> Vec<u8> {
    let fields = [
        ("001", number.to_owned()),
        ("200", format!("1 \x1fa{title}\x1ff罗贯中著")),
        ("905", format!("  \x1fa北林\x1fdI242.4/{number}")),
    ];
    let (mut directory, mut data) = (String::new(), String::new());
    for (tag, body) in &fields {
        directory += &format!("{tag}{:04}{:05}", body.len() + 1, data.len());
        data += &format!("{body}\x1e");
    }
    let base = 24 + directory.len() + 1;
    format!("{:05}nam0 22{base:05}   450 {directory}\x1e{data}\x1d", base + data.len() + 1).into_bytes()
}

/// A clock that stands.
pub(super) struct Standing(pub(super) jiff::Timestamp);

impl Clock for Standing {
    fn now(&self) -> jiff::Timestamp {
        self.0
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }

    fn sleep(&self, _how_long: Duration, stop: &Stop) -> bool {
        stop.is_asked()
    }
}
