//! What tests of the daemon share: a clock that is turned by hand, records, a fetcher that plays a part.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use indexer::archive::ImportMode;
use indexer::bib::LibraryCode;
use jiff::{SignedDuration, Timestamp};

use crate::harvest::{Clock, FetchContext, Fetched, Fetcher, Stop};
use crate::import::ImportSet;
use crate::lock::Holder;
use crate::requests::{Party, RequestForm, RequestId};
use crate::runs::{History, Run};
use crate::settings::Settings;
use crate::store::{Account, AccountId, AccountRole, NewAccount, NewRequest, Store};
use crate::writer::Writer;
use crate::{Error, Result};

/// A clock that stands until it is turned.
pub(crate) struct FakeClock(Mutex<Timestamp>);

impl FakeClock {
    pub(crate) fn at(text: &str) -> Arc<Self> {
        Arc::new(Self(Mutex::new(text.parse().unwrap())))
    }

    pub(crate) fn turn(&self, hours: i64) {
        *self.0.lock().unwrap() += SignedDuration::from_hours(hours);
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }

    fn sleep(&self, _how_long: Duration, stop: &Stop) -> bool {
        stop.is_asked()
    }
}

pub(crate) const NIGHT: &str = "2026-11-25T01:30:00Z";

pub(crate) fn settings(text: &str) -> Settings {
    Settings::parse(text, Path::new("lianmu.toml")).unwrap()
}

pub(crate) fn writer(data_dir: &Path) -> Writer {
    writer_at(data_dir, FakeClock::at(NIGHT))
}

pub(crate) fn writer_at(data_dir: &Path, clock: Arc<FakeClock>) -> Writer {
    Writer::open(data_dir, &settings(""), Holder::Command, clock).unwrap()
}

pub(crate) fn code(text: &str) -> LibraryCode {
    LibraryCode::new(text)
}

/// Records as MARCXML, without anything around them.
pub(crate) fn records(range: std::ops::Range<u32>, title: &str) -> String {
    range.map(|number| record(&format!("{number:06}"), &format!("{title}{number}"))).collect()
}

pub(crate) fn record(number: &str, title: &str) -> String {
    format!(
        "<record><leader>00000nam0 2200000   450 </leader><controlfield tag=\"001\">{number}</controlfield><datafield \
         tag=\"200\" ind1=\"1\" ind2=\" \"><subfield code=\"a\">{title}</subfield></datafield></record>"
    )
}

pub(crate) fn collection(records: &str) -> String {
    format!("<collection>{records}</collection>")
}

/// A full set of one file.
pub(crate) fn set(folder: &Path, library: &str, text: &str) -> ImportSet {
    let file = folder.join(format!("{library}.xml"));
    std::fs::write(&file, text).unwrap();
    ImportSet { library: code(library), mode: ImportMode::Full, paths: vec![file] }
}

pub(crate) fn runs(writer: &Writer, library: &str) -> Vec<Run> {
    let archive = writer.archive().unwrap();
    let history = History::of(&archive.library(&code(library)).unwrap()).unwrap();
    history.runs.into_iter().map(|run| run.run).collect()
}

pub(crate) fn n_records(writer: &Writer, library: &str) -> usize {
    writer.archive().unwrap().library(&code(library)).unwrap().state().unwrap().slots.len()
}

/// The law of every report.
#[track_caller]
pub(crate) fn adds_up(run: &Run) {
    assert_eq!(run.seen, run.new + run.changed + run.same + run.rejected + run.duplicate, "{run:?}");
}

/// What a fetcher does when its turn comes.
pub(crate) enum Turn {
    Bring(&'static str, String),
    BreakOff(&'static str, String),
    Nothing,
    Fail,
}

/// Plays its turns one after the other; what it brings is written into the inbox.
pub(crate) struct Player(pub(crate) Vec<Turn>);

impl Fetcher for Player {
    fn fetch(&mut self, context: &FetchContext<'_>) -> Result<Fetched> {
        let turn = if self.0.is_empty() { Turn::Nothing } else { self.0.remove(0) };
        let (name, text, complete) = match turn {
            Turn::Nothing => return Ok(Fetched { complete: true, ..Fetched::default() }),
            Turn::Fail => {
                let path = context.inbox.join("无");
                return Err(Error::reading(&path)(std::io::ErrorKind::ConnectionRefused.into()));
            }
            Turn::Bring(name, text) => (name, text, true),
            Turn::BreakOff(name, text) => (name, text, false),
        };
        let path = context.inbox.join(name);
        std::fs::write(&path, &text).unwrap();
        if !complete {
            context.checkpoints.save("half way")?;
        }
        Ok(Fetched {
            files: vec![path],
            complete,
            bytes: text.len() as u64,
            reason: (!complete).then(|| "the line broke".to_owned()),
            fingerprint: Some(format!("{}", text.len())),
            file_hashes: vec![format!("{name}{}", text.len())],
            ..Fetched::default()
        })
    }
}

/// A reader's account that is to be made.
pub(crate) fn new_account<'a>(library: &'a str, barcode: &'a str) -> NewAccount<'a> {
    NewAccount {
        library,
        barcode,
        code: barcode,
        name: "王芳",
        email: "wf@example.cn",
        phone: "",
        lang: "",
        role: AccountRole::Reader,
        password: Some("$argon2id$"),
    }
}

/// A reader of BJFU, made in `store`.
pub(crate) fn reader(store: &Store, now: Timestamp) -> Account {
    reader_of(store, "BJFU", now)
}

pub(crate) fn reader_of(store: &Store, library: &str, now: Timestamp) -> Account {
    let new = NewAccount { name: "林巧", email: "linqiao@example.org", ..new_account(library, "R001") };
    store.add_account(&new, now).unwrap();
    store.account(library, "R001").unwrap().unwrap()
}

/// A request of a reader of BJFU, kept in `store`.
pub(crate) fn kept_request(store: &Store, account: AccountId, now: Timestamp) -> RequestId {
    let id = RequestId::new(now, [7; 10]);
    let new = NewRequest {
        id,
        number: "BJFU-7",
        account,
        library: &code("BJFU"),
        form: &request_form(),
        party: Party::Reader,
        key: None,
        is_barred: false,
    };
    store.submit_request(&new, now).unwrap();
    id
}

/// A request form that nothing stands against.
pub(crate) fn request_form() -> RequestForm {
    RequestForm {
        title: "森林培育学".into(),
        year: "2011".into(),
        call_number: "S72/12".into(),
        supplier: "PKU".into(),
        delivery: "courier".into(),
        recipient: "林巧".into(),
        email: "linqiao@example.org".into(),
        ..RequestForm::default()
    }
}

/// A reader's request on its way to PKU.
pub(crate) fn submitted(store: &Store, now: Timestamp) -> RequestId {
    let account = reader(store, now);
    let (form, library) = (request_form(), LibraryCode::new("BJFU"));
    let id = RequestId::new(now, [1; 10]);
    let new = NewRequest {
        id,
        number: "BJFU-261129-000001",
        account: account.id,
        library: &library,
        form: &form,
        party: Party::Reader,
        key: None,
        is_barred: false,
    };
    store.submit_request(&new, now).unwrap();
    id
}
