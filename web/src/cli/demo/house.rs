//! What the demo's people have done before the first visitor comes: what libraries say of themselves, notices, and
//! requests on their way. All of it is invented; texts are in Chinese, as catalogue data is.

use anyhow::Context;
use daemon::counter::{Clerk, Counter, Words};
use daemon::directory::LibraryFacts;
use daemon::keys::random;
use daemon::requests::{Act, Party, RequestForm, RequestId, Side, number_of};
use daemon::store::{Account, NewRegistration, NewRequest, Notice};
use indexer::bib::{Entry, Lendable, LibraryCode};
use indexer::search::{Query, Sort};
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::counter;
use crate::state::App;

/// Who reads at home, who lends.
const HOME: &str = "BJFU";
const LENDER: &str = "PKU";

/// The people at the two desks and the reader between them.
struct People {
    reader: Account,
    borrowing: Account,
    lending: Account,
}

/// Furnishes the house of a demo whose people were just invented.
pub(super) fn furnish(app: &App) -> anyhow::Result<()> {
    let counter = counter::counter(app)?;
    let account = |library, barcode| {
        let found = counter.store.account(library, barcode)?;
        found.with_context(|| format!("{barcode} of {library} is not there"))
    };
    let people = People {
        reader: account(HOME, "reader")?,
        borrowing: account(HOME, "staff")?,
        lending: account(LENDER, "staff")?,
    };
    libraries(app, &counter)?;
    notices(&counter)?;
    requests(app, &counter, &people)?;
    desk(&counter, &people)
}

// Numbers and addresses lead nowhere.
fn libraries(app: &App, counter: &Counter) -> anyhow::Result<()> {
    for (n, library) in app.members().iter().enumerate() {
        let code = library.code.as_str().to_lowercase();
        let facts = LibraryFacts {
            desk: "馆际互借处".to_owned(),
            phone: format!("010-5550-{:04}", 100 + n),
            email: format!("ill@{code}.example.org"),
            address: "图书馆一层（演示）".to_owned(),
            hours: "周一至周五 8:30–17:00".to_owned(),
            ..LibraryFacts::default()
        };
        counter.store.keep_facts(&library.code, &facts)?;
    }
    Ok(())
}

fn notices(counter: &Counter) -> anyhow::Result<()> {
    let day = counter.day(Timestamp::now()).to_string();
    let notices = [
        (None, "联合目录已更新，断网也能检索和申请", "各馆数据的日期见[成员馆](/libraries)。"),
        (Some(HOME), "馆际互借处周三下午闭馆学习", "急用的书请当天上午来取。"),
        (Some(LENDER), "西文库搬迁，部分图书暂缓外借", "搬迁期间请先借中文图书。"),
    ];
    for (library, title, markdown) in notices {
        let (title, markdown, library) = (title.to_owned(), markdown.to_owned(), library.map(str::to_owned));
        counter.store.add_notice(&Notice {
            id: 0,
            library,
            title,
            markdown,
            day: day.clone(),
            until: None,
        })?;
    }
    Ok(())
}

/// A loan that is due soon, a book on its way, and a request that the lender has just got.
fn requests(app: &App, counter: &Counter, people: &People) -> anyhow::Result<()> {
    use Act::{Accept, CheckOut, Receive, Ship};
    let ways: [(i64, &[Act]); 3] =
        [(28 * 24, &[Accept, Ship, Receive, CheckOut]), (2 * 24, &[Accept, Ship]), (3, &[])];
    let (now, hour) = (Timestamp::now(), SignedDuration::from_hours(1));
    for (entry, (hours_ago, acts)) in lent_entries(app)?.iter().zip(ways) {
        let mut at = now - SignedDuration::from_hours(hours_ago);
        let id = asked(counter, &people.reader, entry, at)?;
        counter.store.carry_here(at)?;
        for act in acts {
            at += hour;
            let clerk = match act {
                Receive | CheckOut => Clerk { account: &people.borrowing, side: Side::Borrowing },
                _ => Clerk { account: &people.lending, side: Side::Lending },
            };
            let done = counter.act(clerk, id, *act, &Words::default(), at)?;
            done.map_err(|why| anyhow::anyhow!("a request of the demo: {why:?}"))?;
            counter.store.carry_here(at)?;
        }
        // Who has the book at home has read what led to it.
        if acts.contains(&CheckOut)
            && let Some(newest) = counter.store.letters(people.reader.id, 1)?.first()
        {
            counter.store.read_letters(people.reader.id, newest.id, at)?;
        }
    }
    Ok(())
}

fn lent_entries(app: &App) -> anyhow::Result<Vec<Entry>> {
    let open = app.open().context("the demo has no catalogue")?;
    let libraries = vec![LibraryCode::new(LENDER)];
    let query = Query { libraries, sort: Sort::Newest, per_page: 100, ..Query::default() };
    let hits = open.catalogue.search(&query)?.hits;
    let is_lent = |entry: &Entry| {
        let mut held = entry.holdings.iter().filter(|held| held.library.as_str() == LENDER);
        held.any(|held| held.holding.lendable == Lendable::Yes && held.holding.call_number.is_some())
            && entry.bib.year.is_some()
    };
    Ok(hits.into_iter().map(|hit| hit.entry).filter(is_lent).collect())
}

fn asked(counter: &Counter, reader: &Account, entry: &Entry, at: Timestamp) -> anyhow::Result<RequestId> {
    let bib = &entry.bib;
    let held = entry.holdings.iter().find(|held| held.library.as_str() == LENDER);
    let text = |text: Option<String>| text.unwrap_or_default();
    let form = RequestForm {
        title: text(bib.title.clone()),
        author: text(bib.responsibility.clone()),
        year: text(bib.year.map(|year| year.to_string())),
        publisher: text(bib.publisher.clone()),
        isbn: text(bib.isbns.first().map(ToString::to_string)),
        call_number: text(held.and_then(|held| held.holding.call_number.clone())),
        supplier: LENDER.to_owned(),
        delivery: "courier".to_owned(),
        recipient: reader.name.clone(),
        email: reader.email.clone(),
        record_id: entry.id.to_string(),
        ..RequestForm::default()
    };
    let new = NewRequest {
        id: RequestId::new(at, random()?),
        number: &number_of(HOME, counter.day(at), random()?),
        account: reader.id,
        library: &LibraryCode::new(HOME),
        form: &form,
        party: Party::Reader,
        key: None,
        is_barred: false,
    };
    counter.store.submit_request(&new, at)?;
    Ok(new.id)
}

/// A card, a fine, a word from the desk, and somebody who waits to be confirmed.
fn desk(counter: &Counter, People { reader, borrowing, .. }: &People) -> anyhow::Result<()> {
    let (store, now) = (&counter.store, Timestamp::now());
    let today = counter.day(now);
    store.issue_card(reader.id, &crate::card::number(HOME)?, (today, today.saturating_add(1.year())), now)?;
    store.add_fine((HOME, reader.id), 150, "上一本逾期 3 天", borrowing.id, now)?;
    store.write_letter(reader.id, borrowing.id, "您好，来取书时请带读者证。", now)?;
    let (barcode, name) = ("2026010203", "陆知夏");
    store.add_registration(
        &NewRegistration {
            library: HOME,
            barcode,
            code: barcode,
            name,
            email: "demo@example.org",
            phone: "",
            lang: "",
            // Nobody can sign in with it: confirmed, the person asks the desk for a code.
            password: "",
        },
        now,
    )?;
    Ok(())
}
