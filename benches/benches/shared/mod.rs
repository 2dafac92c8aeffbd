//! Entries for the benches of index and search: real titles where the corpus is there, recombined ones elsewhere.

use std::path::Path;
use std::sync::Arc;

use indexer::bib::{
    Agent, AgentKind, Bib, EditionId, Entry, Holding, Isbn, Lendable, LibraryCode, LibraryHolding,
    MaterialType, Member, RecordLocator,
};
use indexer::files::Disk;
use indexer::index::{
    Builder, BuilderOptions, EntryOrder, Generation, GenerationSummary, ManifestInput, Prepared,
};

/// A small seeded generator: every run measures the same.
pub(crate) struct Seed(pub(crate) u64);

impl Seed {
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n.max(1)
    }
}

/// Title and author of real books, or of the few that are always here.
pub(crate) fn books() -> Vec<(String, String)> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/corpus/zh_books.tsv");
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let fields = |row: &str| {
        let mut fields = row.split('\t');
        Some((fields.next()?.to_owned(), fields.next()?.to_owned())).filter(|(title, _)| !title.is_empty())
    };
    let mut books: Vec<_> = text.lines().skip(1).filter_map(fields).collect();
    if books.is_empty() {
        let few = [
            ("三国演义", "罗贯中"),
            ("Java简明教程", "林巧民"),
            ("中国通史", "吕思勉"),
            ("红楼梦研究", "俞平伯"),
        ];
        books = few.map(|(title, author)| (title.to_owned(), author.to_owned())).to_vec();
    }
    books
}

/// Entry `n`: a real title, or from the end of the list on halves of two.
pub(crate) fn entry(n: usize, books: &[(String, String)], seed: &mut Seed) -> Entry {
    let half = |text: &str, second: bool| -> String {
        let chars: Vec<char> = text.chars().collect();
        let (a, b) = chars.split_at(chars.len() / 2);
        if second { b.iter().collect() } else { a.iter().collect() }
    };
    let (title, author) = &books[n % books.len()];
    let mut bib = Bib::empty(MaterialType::BookChi);
    let other = &books[seed.below(books.len())].0;
    bib.title = Some(if n < books.len() { title.clone() } else { half(title, false) + &half(other, true) });
    if !author.is_empty() {
        bib.responsibility = Some(format!("{author}著"));
        bib.agents = vec![Agent::new(author, AgentKind::Person)];
    }
    bib.publisher =
        Some(["人民文学出版社", "清华大学出版社", "科学出版社", "中华书局"][seed.below(4)].to_owned());
    bib.year = Some(1950 + seed.below(75) as i16);
    bib.languages = vec!["chi".to_owned()];
    bib.isbns = vec![Isbn(9_787_000_000_000 + seed.below(1_000_000_000) as u64)];
    bib.clc = vec![["I247.5", "TP312JA", "K207", "F830.9", "G634", "R24"][seed.below(6)].to_owned()];
    bib.subjects = vec![["长篇小说", "程序设计", "历史研究", "金融学", "教育学"][seed.below(5)].to_owned()];
    let mut holdings = Vec::new();
    for library in 0..46 {
        if seed.below(library + 1) == 0 {
            let call_number = Some(format!("{}/{}", bib.clc[0], seed.below(9_999)));
            let holding = Holding {
                location: Some("总馆书库".to_owned()),
                call_number,
                copies: 2,
                barcodes: Vec::new(),
                coverage: None,
                lendable: Lendable::Yes,
            };
            holdings.push(LibraryHolding { library: LibraryCode::new(format!("L{library:02}")), holding });
        }
    }
    let members = holdings.iter().take(4).map(|held| member(n, &held.library)).collect();
    Entry::new(EditionId::from_key(mixed(n as u64)), bib, holdings, members)
}

/// A record with a control number of nine digits, in one of a few packs of its library.
fn member(n: usize, library: &LibraryCode) -> Member {
    let own = library.as_str().bytes().fold(n as u64, |own, byte| mixed(own ^ u64::from(byte)));
    let pack = library.as_str().bytes().fold(own % 3, |pack, byte| mixed(pack ^ u64::from(byte)));
    let control_number = Some(format!("{:09}", own / 7 % 1_000_000));
    let locator = RecordLocator { pack, slot: (own / 11 % 200_000) as u32 };
    Member { library: library.clone(), control_number, locator }
}

/// Spreads numbers as hashes are spread.
fn mixed(n: u64) -> u64 {
    let state = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

/// What entries are found by when the next ones are compared with them: as many keys as a union has.
pub(crate) fn block_keys(entry: &Entry) -> Vec<u64> {
    let id = entry.id.key().unwrap_or_default();
    let key = |n: u64| mixed(id ^ n);
    (1..6).map(key).collect()
}

/// Builds a base of the entries, prepared by two callers and pushed in their order.
pub(crate) fn build(
    dir: &Path,
    entries: &[Entry],
    order: EntryOrder,
) -> Result<GenerationSummary, indexer::index::Error> {
    let options = BuilderOptions { threads: 2, memory_bytes: 512 << 20 };
    let builder = Builder::create(dir, options, Arc::new(Disk))?;
    builder.train(entries.iter().step_by((entries.len() / 4_000).max(1)), entries.len() as u32);
    push_all(&builder, entries)?;
    builder.finish(ManifestInput { order, ..ManifestInput::default() })
}

/// Builds a base of `count` entries, made on the way, where `dir` has none yet; gives every `step`th of them.
pub(crate) fn sample_built(
    dir: &Path,
    count: usize,
    step: usize,
    seed: &mut Seed,
) -> Result<Vec<Entry>, indexer::index::Error> {
    const BLOCK: usize = 50_000;
    let books = books();
    let there = Generation::open_in_force(dir).ok().flatten().is_some();
    let options = BuilderOptions { threads: 2, memory_bytes: 512 << 20 };
    let builder = if there { None } else { Some(Builder::create(dir, options, Arc::new(Disk))?) };
    let mut sample = Vec::new();
    for start in (0..count).step_by(BLOCK) {
        let block: Vec<Entry> = (start..count.min(start + BLOCK)).map(|n| entry(n, &books, seed)).collect();
        if let Some(builder) = &builder {
            if start == 0 {
                builder.train(block.iter().step_by((block.len() / 4_000).max(1)), count as u32);
            }
            push_all(builder, &block)?;
        }
        sample.extend(block.into_iter().enumerate().filter(|(n, _)| (start + n) % step == 0).map(|(_, e)| e));
    }
    if let Some(builder) = builder {
        builder.finish(ManifestInput::default())?;
    }
    Ok(sample)
}

/// Prepares blocks of entries on two threads and pushes them in order.
pub(crate) fn push_all(builder: &Builder, entries: &[Entry]) -> Result<(), indexer::index::Error> {
    let prepare = |part: &[Entry]| -> Result<Vec<Prepared>, indexer::index::Error> {
        part.iter().map(|entry| builder.prepare(entry, &block_keys(entry))).collect()
    };
    for block in entries.chunks(2_048) {
        let (first, second) = block.split_at(block.len() / 2);
        let (first, second) = std::thread::scope(|scope| {
            let other = scope.spawn(|| prepare(second));
            (prepare(first), other.join().expect("preparing does not panic"))
        });
        for prepared in first?.into_iter().chain(second?) {
            builder.push(prepared)?;
        }
    }
    Ok(())
}

/// Lays a night on the base: one entry in a hundred, changed.
pub(crate) fn lay(dir: &Path, entries: &[Entry], night: usize) -> Result<usize, indexer::index::Error> {
    let options = BuilderOptions { threads: 2, memory_bytes: 64 << 20 };
    let mut builder = Builder::extend(dir, options, Arc::new(Disk))?;
    let changed: Vec<Entry> = entries.iter().skip(night).step_by(100).cloned().collect();
    let generation = Generation::open_in_force(dir)?;
    let number = |entry: &Entry| generation.as_ref()?.number_of(&entry.id);
    let numbers: Vec<u32> = changed.iter().filter_map(number).collect();
    numbers.into_iter().for_each(|number| builder.retire(number));
    push_all(&builder, &changed)?;
    builder.finish(ManifestInput::default())?;
    Ok(changed.len())
}

/// Entries to measure with: the first argument that is a number, else 50,000.
pub(crate) fn count() -> usize {
    std::env::args().skip(1).find_map(|a| a.parse().ok()).unwrap_or(50_000)
}
