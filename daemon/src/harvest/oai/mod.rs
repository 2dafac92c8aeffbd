//! OAI-PMH 2.0 (DOMAIN §9.1): a provider's list of records, page by page, kept as files.
//!
//! After every page the checkpoint is durable, so that whatever is killed goes on behind it. What the provider
//! cannot deliver in one list is fetched in windows of time, halved down to the record that breaks it; that one
//! is set aside and counted. What a reply says stands in `reply.rs`, windows in `window.rs`, files in `pages.rs`.

mod ask;
mod format;
mod one_by_one;
mod pages;
mod reply;
mod window;

use std::time::Duration;

use indexer::archive::ImportMode;
use serde::{Deserialize, Serialize};

use self::ask::{Answer, Asker, Halt};
use self::format::chosen_prefix;
use self::pages::Pages;
use self::reply::Reply;
use self::window::{Granularity, Moment, Window, moment};
use super::{FetchContext, Fetched, FetchedMode, Fetcher};
use crate::settings::Source;
use crate::{Error, Result};

/// Pages in a row that bring no new identifier before a list counts as endless.
const MOST_STALE_PAGES: u32 = 20;
const MOST_PAGES: u32 = 900_000;
const MOST_WINDOWS: usize = 256;
/// So often a list that cannot be cut begins anew because its token ran out.
const MOST_RESTARTS: u32 = 3;
/// A harvest that broke off longer ago than this begins anew.
const OLDEST_CHECKPOINT: i64 = 7 * 86_400;
/// Where a provider does not say when its first record changed.
const LONG_AGO: Moment = 631_152_000;

/// Harvests one provider.
pub(super) struct OaiFetcher {
    source: Source,
    longest: Duration,
}

/// Where a harvest stands; the checkpoint.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Standing {
    prefix: String,
    granularity: Granularity,
    earliest: Moment,
    /// When the list began to be told, by the provider's own clock: the next delta begins there.
    began: Moment,
    /// What this harvest may leave out: it is a delta behind an earlier one.
    is_delta: bool,
    keeps_deleted: bool,
    /// What is still to be fetched, the next one last.
    windows: Vec<Window>,
    /// The next request of that window; `None` at its beginning.
    token: Option<String>,
    /// Pages that are kept altogether, and before this window.
    n_pages: u32,
    n_before_window: u32,
    restarts: u32,
    bytes: u64,
    /// Records that could not be had.
    unread: Vec<String>,
    n_broken_pages: u32,
}

/// What the last good run leaves to the next.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Fingerprint {
    began: Moment,
}

impl OaiFetcher {
    /// A fetcher of a configured source.
    pub(super) fn new(source: &Source) -> Self {
        Self { source: source.clone(), longest: Duration::from_secs(24 * 3600) }
    }
}

impl Fetcher for OaiFetcher {
    fn fetch(&mut self, context: &FetchContext<'_>) -> Result<Fetched> {
        let place = self.source.shown();
        let mut asker = match Asker::new(&self.source, context, self.longest) {
            Ok(asker) => asker,
            Err(trouble) => return Err(Error::source(&place, trouble.reason())),
        };
        let standing = match self.resumed(context)? {
            Some(standing) => standing,
            None => match self.begin(context, &mut asker) {
                Ok(standing) => standing,
                Err(Halt::Failed(error)) => return Err(error),
                Err(Halt::Over(reason)) => return Err(Error::source(&place, &reason)),
            },
        };
        let pages = Pages::open(context.inbox, context.identifiers, standing.n_pages)?;
        let mut harvest =
            Harvest { set: &self.source.set, context, asker, standing, pages, stale: 0, came: 0 };
        let broke_off = match harvest.run() {
            Ok(()) => None,
            Err(Halt::Failed(error)) => return Err(error),
            Err(Halt::Over(reason)) => Some(reason),
        };
        if broke_off.is_some() && harvest.pages.len() == 0 {
            return Err(Error::source(&place, &broke_off.unwrap_or_default()));
        }
        harvest.fetched(broke_off, self.source.mode)
    }
}

impl OaiFetcher {
    fn resumed(&self, context: &FetchContext<'_>) -> Result<Option<Standing>> {
        let Some(text) = context.checkpoints.load()? else { return Ok(None) };
        let Ok(standing) = serde_json::from_str::<Standing>(&text) else { return Ok(None) };
        let age = context.clock.now().as_second().saturating_sub(standing.began);
        if age.abs() > OLDEST_CHECKPOINT {
            context.checkpoints.clear()?;
            return Ok(None);
        }
        Ok(Some(standing))
    }

    /// Learns what the provider can do and decides what to ask for.
    fn begin(&self, context: &FetchContext<'_>, asker: &mut Asker<'_>) -> Result<Standing, Halt> {
        let identify = expect_reply(asker.ask(&[("verb", "Identify")])?)?;
        let granularity = identify.granularity.as_deref().map_or(Granularity::Day, Granularity::of);
        let formats = match asker.ask(&[("verb", "ListMetadataFormats")])? {
            Answer::Reply(_, reply) => reply.formats,
            Answer::Broken(_) => Vec::new(),
        };
        let prefix = chosen_prefix(&self.source.metadata_prefix, &formats)?;
        let now = context.clock.now().as_second();
        let began = identify.response_date.as_deref().and_then(moment).unwrap_or(now - granularity.overlap());
        let last: Option<Fingerprint> = context
            .last_good
            .as_ref()
            .filter(|_| self.source.mode != ImportMode::Full)
            .and_then(|last| serde_json::from_str(last.fingerprint.as_deref()?).ok());
        let from = last.map(|last| last.began - granularity.overlap());
        Ok(Standing {
            prefix,
            granularity,
            earliest: identify.earliest.as_deref().and_then(moment).unwrap_or(LONG_AGO),
            began,
            is_delta: from.is_some(),
            keeps_deleted: identify.deleted_record.as_deref().is_none_or(|word| word.trim() != "no"),
            windows: vec![Window { from, until: None }],
            token: None,
            n_pages: 0,
            n_before_window: 0,
            restarts: 0,
            bytes: 0,
            unread: Vec::new(),
            n_broken_pages: 0,
        })
    }
}

fn expect_reply(answer: Answer) -> Result<Reply, Halt> {
    match answer {
        Answer::Reply(_, reply) => match &reply.error {
            Some((code, message)) => Err(refusal(code, message)),
            None => Ok(*reply),
        },
        Answer::Broken(reason) => Err(Halt::Over(reason)),
    }
}

fn refusal(code: &str, message: &str) -> Halt {
    let message: String = message.chars().take(200).collect();
    Halt::Over(format!("the provider refuses: {code} ({message})"))
}

struct Harvest<'a> {
    set: &'a str,
    context: &'a FetchContext<'a>,
    asker: Asker<'a>,
    standing: Standing,
    pages: Pages<'a>,
    stale: u32,
    came: u64,
}

impl Harvest<'_> {
    fn run(&mut self) -> Result<(), Halt> {
        while let Some(window) = self.standing.windows.last().copied() {
            let token = self.standing.token.clone();
            let (granularity, prefix) = (self.standing.granularity, self.standing.prefix.clone());
            let from = window.from.map(|moment| granularity.text(moment));
            let until = window.until.map(|moment| granularity.text(moment));
            let answer = match &token {
                Some(token) => self.asker.ask(&[("verb", "ListRecords"), ("resumptionToken", token)])?,
                None => self.asker.ask(&list("ListRecords", &prefix, self.set, &from, &until))?,
            };
            match answer {
                Answer::Broken(reason) => self.narrow(window, &reason)?,
                Answer::Reply(bytes, reply) => match &reply.error {
                    Some((code, _)) if code == "noRecordsMatch" => self.next_window()?,
                    Some((code, _)) if code == "badResumptionToken" && token.is_some() => {
                        self.narrow(window, "a token ran out before the list ended")?;
                    }
                    Some((code, message)) => return Err(refusal(code, message)),
                    None => self.take_page(&bytes, &reply, token.as_deref())?,
                },
            }
        }
        Ok(())
    }

    fn take_page(&mut self, bytes: &[u8], reply: &Reply, asked: Option<&str>) -> Result<(), Halt> {
        let brought = self.pages.add(bytes, reply)?;
        self.came += bytes.len() as u64;
        self.standing.bytes += bytes.len() as u64;
        self.standing.n_pages = self.pages.len();
        let fault = reply::fault(bytes);
        if let Some(fault) = &fault {
            self.standing.n_broken_pages += 1;
            tracing::warn!(
                page = self.pages.len(),
                fault,
                lost = brought.n_lost,
                "a page is not well-formed"
            );
        }
        self.context.progress.came(self.came, self.pages.n_seen());
        self.stale = if brought.n_new > 0 { 0 } else { self.stale + 1 };
        let next = reply.token.as_deref().filter(|token| !token.is_empty());
        let Some(next) = next else { return self.next_window() };
        let repeats = brought.n_new == 0 && asked == Some(next);
        if repeats || self.stale >= MOST_STALE_PAGES || self.pages.len() >= MOST_PAGES {
            self.context.checkpoints.clear()?;
            let n_seen = self.pages.n_seen();
            return Err(Halt::Over(format!(
                "the provider's list does not end: after {n_seen} records it repeats itself"
            )));
        }
        self.standing.token = Some(next.to_owned());
        self.save()
    }

    fn next_window(&mut self) -> Result<(), Halt> {
        self.standing.windows.pop();
        self.begin_window()
    }

    fn begin_window(&mut self) -> Result<(), Halt> {
        self.standing.token = None;
        self.standing.n_pages = self.pages.len();
        self.standing.n_before_window = self.pages.len();
        self.stale = 0;
        self.save()
    }

    fn save(&self) -> Result<(), Halt> {
        let text = serde_json::to_string(&self.standing).unwrap_or_default();
        Ok(self.context.checkpoints.save(&text)?)
    }

    /// A list did not come to its end: cut its window in two, or go record by record where that cannot be done.
    fn narrow(&mut self, window: Window, reason: &str) -> Result<(), Halt> {
        // A provider that is down altogether has no bad page: what came is kept until it is back.
        if let Answer::Broken(why) = self.asker.ask_once(&[("verb", "Identify")])? {
            return Err(Halt::Over(why));
        }
        tracing::info!(reason, ?window, "a list is fetched in smaller pieces");
        self.pages.cut_back(self.standing.n_before_window)?;
        let now = self.context.clock.now().as_second().max(self.standing.began);
        let halves = window.halves(self.standing.granularity, self.standing.earliest, now);
        match halves.filter(|_| self.standing.windows.len() < MOST_WINDOWS) {
            Some([early, late]) => {
                self.standing.windows.pop();
                self.standing.windows.extend([late, early]);
                self.begin_window()
            }
            None if reason.contains("token") && self.standing.restarts < MOST_RESTARTS => {
                self.standing.restarts += 1;
                self.begin_window()
            }
            None => self.one_by_one(window, reason),
        }
    }

    fn fetched(self, broke_off: Option<String>, mode: ImportMode) -> Result<Fetched> {
        let standing = &self.standing;
        let is_empty = self.pages.n_seen() == 0 && self.pages.len() == 0;
        if broke_off.is_none() && is_empty && mode == ImportMode::Full {
            // A list that ought to be whole and holds nothing is no word about the records that are here.
            self.context.checkpoints.clear()?;
            let reason = Some("the provider lists no record at all".to_owned());
            return Ok(Fetched { reason, ..Fetched::default() });
        }
        let complete = broke_off.is_none();
        let reason = broke_off.or_else(|| self.remark());
        // What could not be read is not known to be gone.
        let has_holes = !standing.unread.is_empty() && mode == ImportMode::Full;
        let mode = if has_holes { FetchedMode::Other(ImportMode::Delta) } else { FetchedMode::Configured };
        Ok(Fetched {
            files: self.pages.files()?,
            mode,
            complete,
            deleted: self.pages.deleted(),
            superseded: self.pages.superseded(),
            bytes: self.came,
            reason,
            fingerprint: serde_json::to_string(&Fingerprint { began: standing.began }).ok(),
            ..Fetched::default()
        })
    }

    /// What a person should know of a harvest that came to its end.
    fn remark(&self) -> Option<String> {
        let standing = &self.standing;
        if let [first, ..] = standing.unread.as_slice() {
            let n = standing.unread.len();
            return Some(format!(
                "{n} records cannot be fetched, the first is {first}; nothing absent was removed"
            ));
        }
        if standing.n_broken_pages > 0 {
            let n = standing.n_broken_pages;
            return Some(format!("{n} pages of the provider are not well-formed XML"));
        }
        let blind = standing.is_delta && !standing.keeps_deleted;
        blind.then(|| "this provider does not say what it deletes: only a full run finds out".to_owned())
    }
}

/// The arguments of a list that begins.
fn list<'a>(
    verb: &'a str,
    prefix: &'a str,
    set: &'a str,
    from: &'a Option<String>,
    until: &'a Option<String>,
) -> Vec<(&'static str, &'a str)> {
    let mut arguments = vec![("verb", verb), ("metadataPrefix", prefix)];
    arguments.extend((!set.is_empty()).then_some(("set", set)));
    arguments.extend(from.as_deref().map(|from| ("from", from)));
    arguments.extend(until.as_deref().map(|until| ("until", until)));
    arguments
}

#[cfg(test)]
mod tests;
