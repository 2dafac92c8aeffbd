//! Carries mail away, on a thread of its own: a server that is slow keeps nobody else waiting.

use std::sync::Arc;
use std::time::Duration;

use super::complaints::Complaints;
use crate::harvest::Stop;
use crate::mail::{self, Post, WriteNews};
use crate::writer::Writer;

/// How often it is looked whether there is mail.
const LOOK: Duration = Duration::from_secs(2);

pub(super) struct Mailman {
    pub(super) post: Post,
    pub(super) write: WriteNews,
    pub(super) writer: Arc<Writer>,
    pub(super) stop: Stop,
}

impl Mailman {
    pub(super) fn go_round(self) {
        let mut complaints = Complaints::default();
        while !self.stop.wait(LOOK) {
            let now = || self.writer.now();
            let gathered = mail::gather_news(&self.writer.store, &self.write, now());
            complaints.note("news", gathered);
            let sent = mail::send_due(&self.writer.store, &self.post, now, || self.stop.is_asked());
            complaints.note("mail", sent);
        }
    }
}
