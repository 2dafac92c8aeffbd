//! The records of a window each by itself, where a list of them will not come.
//!
//! A record that cannot be had even so is set aside and counted; a window whose very identifiers cannot be had
//! is a hole, and the harvest is not whole.

use super::ask::{Answer, Halt};
use super::window::Window;
use super::{Harvest, list};

/// More bad records than this mean that it is not the records.
const MOST_UNREAD: usize = 100;

impl Harvest<'_> {
    /// Fetches the records of a window each by itself; those that cannot be had are set aside.
    pub(super) fn one_by_one(&mut self, window: Window, reason: &str) -> Result<(), Halt> {
        let (granularity, prefix) = (self.standing.granularity, self.standing.prefix.clone());
        let from = window.from.map(|moment| granularity.text(moment));
        let until = window.until.map(|moment| granularity.text(moment));
        let mut token: Option<String> = None;
        let mut identifiers: Vec<String> = Vec::new();
        for _ in 0..1000 {
            let answer = match &token {
                Some(token) => self.asker.ask(&[("verb", "ListIdentifiers"), ("resumptionToken", token)])?,
                None => self.asker.ask(&list("ListIdentifiers", &prefix, self.set, &from, &until))?,
            };
            let Answer::Reply(_, reply) = answer else { return self.give_up(&from, reason) };
            if reply.error.as_ref().is_some_and(|(code, _)| code != "noRecordsMatch") {
                return self.give_up(&from, reason);
            }
            let before = identifiers.len();
            let live = reply.headers.iter().filter(|header| !header.deleted);
            identifiers.extend(live.map(|header| header.identifier.clone()));
            self.pages.add_deleted(&reply.headers)?;
            let next = reply.token.filter(|next| !next.is_empty() && token.as_ref() != Some(next));
            if next.is_none() || identifiers.len() == before {
                break;
            }
            token = next;
        }
        for identifier in identifiers {
            self.one(&identifier, &prefix)?;
        }
        self.next_window()
    }

    fn one(&mut self, identifier: &str, prefix: &str) -> Result<(), Halt> {
        let arguments = [("verb", "GetRecord"), ("metadataPrefix", prefix), ("identifier", identifier)];
        match self.asker.ask(&arguments)? {
            Answer::Reply(bytes, reply) if reply.error.is_none() => {
                self.came += bytes.len() as u64;
                self.standing.bytes += bytes.len() as u64;
                self.pages.add(&bytes, &reply)?;
            }
            // Gone between the list and the question.
            Answer::Reply(_, reply) if reply.error.as_ref().is_some_and(|e| e.0 == "idDoesNotExist") => {}
            Answer::Reply(_, reply) => {
                let (code, message) = reply.error.unwrap_or_default();
                self.set_aside(identifier, &format!("{code}: {message}"))?;
            }
            Answer::Broken(reason) => self.set_aside(identifier, &reason)?,
        }
        Ok(())
    }

    fn set_aside(&mut self, identifier: &str, reason: &str) -> Result<(), Halt> {
        tracing::warn!(identifier, reason, "a record cannot be fetched");
        self.pages.add_lost(identifier, reason)?;
        self.standing.unread.push(identifier.to_owned());
        if self.standing.unread.len() > MOST_UNREAD {
            self.context.checkpoints.clear()?;
            return Err(Halt::Over(format!("more than {MOST_UNREAD} records cannot be fetched: {reason}")));
        }
        Ok(())
    }

    // Not even the identifiers of the window can be had: the harvest has a hole, and is not whole.
    fn give_up(&mut self, from: &Option<String>, reason: &str) -> Result<(), Halt> {
        self.context.checkpoints.clear()?;
        let from = from.as_deref().unwrap_or("the beginning");
        Err(Halt::Over(format!("records changed on {from} cannot be fetched: {reason}")))
    }
}
