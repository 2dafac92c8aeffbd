//! How long does the whole answer take for the mixed query set: ten classes in equal shares?
//!
//! `cargo bench -p benches --bench search -- 100000`; with `layered` behind it seven nights of one entry in a
//! hundred lie on the base, with `dir=PATH` the generation is kept there and used again.
//! Times are those of the processor, since the machine has other work. Measured are the total with the best twenty alone, the whole document, and a page of twenty fetched by id.
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

#[allow(dead_code, reason = "each bench uses its part")]
mod shared;

use std::path::PathBuf;
use std::time::Instant;

use indexer::bib::{Entry, LibraryCode};
use indexer::search::{Catalogue, Query, SearchField};
use shared::Seed;

/// The allocator of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const EACH: usize = 200;
/// Each query is asked this often and the quickest counts.
const TIMES: usize = 3;

/// Entries that queries are drawn from.
const SAMPLE: usize = 100_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (count, mut seed) = (shared::count(), Seed(46));
    let temporary = tempfile::tempdir()?;
    let kept = std::env::args().find_map(|a| a.strip_prefix("dir=").map(PathBuf::from));
    let dir = kept.as_deref().unwrap_or(temporary.path());
    let step = count.div_ceil(SAMPLE);
    let entries = shared::sample_built(dir, count, step, &mut seed)?;
    if std::env::args().any(|a| a == "layered") {
        (0..7).try_for_each(|night| shared::lay(dir, &entries, night).map(drop))?;
    }
    let start = Instant::now();
    let catalogue = Catalogue::open(dir)?;
    println!("{count} entries; opened in {:.1} ms", start.elapsed().as_secs_f64() * 1e3);
    let start = Instant::now();
    catalogue.search(&Query { text: "三国".to_owned(), ..Query::default() })?;
    println!("first answer in {:.1} ms", start.elapsed().as_secs_f64() * 1e3);
    let (mut alone, mut whole, mut pages) = (Vec::new(), Vec::new(), Vec::new());
    for (name, queries) in classes(&entries, &mut seed) {
        alone.extend(measured(&format!("{name}, top 20"), &queries, |query| catalogue.ids(query).map(drop))?);
        whole.extend(measured(name, &queries, |query| catalogue.search(query).map(drop))?);
        for query in &queries {
            let (_, ids) = catalogue.ids(query)?;
            if ids.len() == 20 {
                let start = spent();
                catalogue.entries(&ids)?;
                pages.push(spent() - start);
            }
        }
    }
    measured("hostile, not in the mix", &hostile(), |query| catalogue.search(query).map(drop))?;
    say("mixed, top 20", &mut alone);
    say("mixed, whole", &mut whole);
    say("page of twenty", &mut pages);
    memory();
    Ok(())
}

fn measured(
    name: &str,
    queries: &[Query],
    act: impl Fn(&Query) -> Result<(), indexer::index::Error>,
) -> Result<Vec<f64>, indexer::index::Error> {
    let mut times = Vec::new();
    let mut slowest = (0.0, "");
    let mut asked = 0;
    for query in queries {
        let mut best = f64::INFINITY;
        for _ in 0..TIMES {
            asked += 1;
            let anew = Query { text: format!("{}{}", query.text, blanks(asked)), ..query.clone() };
            let start = Instant::now();
            act(&anew)?;
            best = best.min(start.elapsed().as_secs_f64() * 1e3);
        }
        if best > slowest.0 {
            slowest = (best, &query.text);
        }
        times.push(best);
    }
    say(name, &mut times);
    println!("{:26} slowest: {}", "", slowest.1.chars().take(40).collect::<String>());
    Ok(times)
}

/// Blanks that mean nothing and never come again: no answer is one that was kept of an earlier time.
fn blanks(n: u32) -> String {
    (0..13).map(|bit| if n >> bit & 1 == 0 { ' ' } else { '\t' }).collect()
}

/// Milliseconds of processor time that this thread has had: it shares the machine.
fn spent() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
}

/// What the process holds of its own, where the system says so.
fn memory() {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().filter(|l| l.starts_with("RssAnon")).for_each(|line| println!("{line}"));
}

fn say(name: &str, times: &mut [f64]) {
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    println!("{name:26} p50 {:7.3} ms  p99 {:7.3} ms  max {:7.3} ms", at(0.5), at(0.99), at(1.0));
}

/// What nobody means: it must be answered all the same, and soon.
fn hostile() -> Vec<Query> {
    let texts = [
        "三".repeat(3_400),
        "的 ".repeat(3_400),
        "a* OR ".repeat(1_500),
        format!("{}三国{}", "(\"-".repeat(1_600), "\")".repeat(1_600)),
        "*".to_owned(),
        "a*".to_owned(),
        "-的".to_owned(),
        "\u{1}\u{2}\u{1b}\u{7f}".to_owned(),
        "\"".to_owned(),
        "“的".to_owned(),
        "\u{202e}的\u{200f}\u{2067}国".to_owned(),
        "yi yi yi yi yi yi yi yi yi yi".to_owned(),
        "\"的\" \"中国\" \"研究\"".to_owned(),
    ];
    let fields = [SearchField::Any, SearchField::Title, SearchField::Pinyin, SearchField::CallNumber];
    let asked = |field| texts.iter().map(move |text| Query { text: text.clone(), field, ..Query::default() });
    fields.into_iter().flat_map(asked).collect()
}

fn classes(entries: &[Entry], seed: &mut Seed) -> Vec<(&'static str, Vec<Query>)> {
    let any = |text: String| Query { text, ..Query::default() };
    let title = |seed: &mut Seed| entries[seed.below(entries.len())].bib.title.clone().unwrap_or_default();
    let piece = |seed: &mut Seed, length: usize| loop {
        let chars: Vec<char> = title(seed).chars().collect();
        let start = seed.below(chars.len());
        let piece = chars.get(start..start + length).unwrap_or_default();
        if !piece.is_empty() && piece.iter().all(|c| ('\u{4e00}'..='\u{9fff}').contains(c)) {
            return piece.iter().collect::<String>();
        }
    };
    let mut each =
        |make: &mut dyn FnMut(&mut Seed, usize) -> Query| (0..EACH).map(|n| make(seed, n)).collect();
    let field = |text: &str, field| Query { text: text.to_owned(), field, ..Query::default() };
    let broad = ["", "的", "中国", "研究", "不存在的书名啊", "zzzz"];
    let latin = ["java", "python", "C++", "web 开发", "english"];
    let pinyin = ["sanguoyanyi", "hongloumeng", "zhong guo", "lishi", "sgyy", "chong qing"];
    vec![
        ("one character", each(&mut |seed, _| any(piece(seed, 1)))),
        ("two", each(&mut |seed, _| any(piece(seed, 2)))),
        ("three to six", each(&mut |seed, n| any(piece(seed, 3 + n % 4)))),
        ("author", {
            let author =
                |n: usize| entries[n * 31 % entries.len()].bib.agents.first().map(|a| a.name.clone());
            each(&mut |_, n| field(&author(n).unwrap_or_default(), SearchField::Author))
        }),
        ("subject", {
            let subjects = ["长篇小说", "程序设计", "历史", "金融", "教育学"];
            each(&mut |_, n| field(subjects[n % subjects.len()], SearchField::Subject))
        }),
        ("Latin words", each(&mut |_, n| any(latin[n % latin.len()].to_owned()))),
        ("ISBN", each(&mut |_, n| any(entries[n * 17 % entries.len()].bib.isbns[0].to_string()))),
        ("pinyin", each(&mut |_, n| any(pinyin[n % pinyin.len()].to_owned()))),
        (
            "fields, filters",
            each(&mut |seed, n| Query {
                libraries: vec![LibraryCode::new(format!("L{:02}", n % 46))],
                from: Some(1990),
                ..any(format!("title:{} publisher:出版社", piece(seed, 2)))
            }),
        ),
        ("broadest, no hit", each(&mut |_, n| any(broad[n % broad.len()].to_owned()))),
    ]
}
