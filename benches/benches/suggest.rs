//! How long do completions take while a reader types, and does advice help where nothing is found?
//!
//! `cargo bench -p benches --bench suggest -- 1000000`: every beginning of titles, names and subjects, in Han, in
//! pinyin and as initials; then titles with one character wrong, homophones, and misspelt words of letters.
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

#[allow(dead_code, reason = "each bench uses its part")]
mod shared;

use std::time::Instant;

use indexer::analysis::pinyin;
use indexer::bib::Entry;
use indexer::index::EntryOrder;
use indexer::search::{AdviceKind, Catalogue, Query, SearchField};
use shared::Seed;

const EACH: usize = 150;
/// Each is asked this often and the quickest counts: the machine has other work too.
const TIMES: usize = 3;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (books, mut seed) = (shared::books(), Seed(46));
    let entries: Vec<Entry> = (0..shared::count()).map(|n| shared::entry(n, &books, &mut seed)).collect();
    let dir = tempfile::tempdir()?;
    shared::build(dir.path(), &entries, EntryOrder::AsGiven)?;
    let catalogue = Catalogue::open(dir.path())?;
    println!("{} entries", entries.len());
    catalogue.search(&Query { text: "sanguo".to_owned(), ..Query::default() })?;
    completions(&catalogue, &entries, &mut seed)?;
    advice(&catalogue, &entries, &mut seed)?;
    Ok(())
}

fn completions(
    catalogue: &Catalogue,
    entries: &[Entry],
    seed: &mut Seed,
) -> Result<(), indexer::index::Error> {
    let mut all = Vec::new();
    for (name, typed) in beginnings(entries, seed) {
        let mut times = Vec::new();
        let (mut answered, mut slowest) = (0, (0.0, ""));
        for typed in &typed {
            let mut best = f64::INFINITY;
            for _ in 0..TIMES {
                let start = Instant::now();
                let found = catalogue.suggest(typed, 10)?;
                best = best.min(start.elapsed().as_secs_f64() * 1e3);
                answered += usize::from(!found.is_empty());
            }
            if best > slowest.0 {
                slowest = (best, typed);
            }
            times.push(best);
        }
        say(name, &mut times);
        println!("{:22} answered {} of {}; slowest {}", "", answered / TIMES, typed.len(), slowest.1);
        all.extend(times);
    }
    say("all", &mut all);
    Ok(())
}

fn say(name: &str, times: &mut [f64]) {
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    println!("{name:22} p50 {:7.3} ms  p99 {:7.3} ms  max {:7.3} ms", at(0.5), at(0.99), at(1.0));
}

/// Every beginning of a text, as a reader types it.
fn each_beginning(text: &str, into: &mut Vec<String>) {
    let ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
    into.extend(ends.take(12).map(|end| text[..end].to_owned()));
}

fn beginnings(entries: &[Entry], seed: &mut Seed) -> Vec<(&'static str, Vec<String>)> {
    let mut any = |text: fn(&Entry) -> Option<String>| loop {
        if let Some(text) = text(&entries[seed.below(entries.len())]).filter(|text| !text.is_empty()) {
            return text;
        }
    };
    let title = |entry: &Entry| entry.bib.title.clone();
    let author = |entry: &Entry| entry.bib.agents.first().map(|agent| agent.name.clone());
    let mut lists = vec![("titles", Vec::new()), ("names", Vec::new()), ("title, pinyin", Vec::new())];
    lists.extend([("name, pinyin", Vec::new()), ("title, initials", Vec::new())]);
    for _ in 0..EACH {
        each_beginning(&any(title), &mut lists[0].1);
        each_beginning(&any(author), &mut lists[1].1);
        each_beginning(&pinyin::reading(&any(title)).replace(' ', ""), &mut lists[2].1);
        each_beginning(&pinyin::reading(&any(author)).replace(' ', ""), &mut lists[3].1);
        each_beginning(&pinyin::initials(&any(title)), &mut lists[4].1);
    }
    let subjects = ["长篇小说", "程序设计", "历史研究", "金融学", "教育学"];
    let mut of_subjects = Vec::new();
    for subject in subjects {
        each_beginning(subject, &mut of_subjects);
        each_beginning(&pinyin::reading(subject).replace(' ', ""), &mut of_subjects);
    }
    lists.push(("subjects", of_subjects));
    let broad = ["的", "中国", "中", "研究", "zhong", "zhongg", "shi", "yi", "y", "zg", "a", "s", "1"];
    lists.push(("broadest", broad.map(str::to_owned).into()));
    lists
}

/// What is said where a slip gives no hit: how often, how long it takes, and whether it was the right word.
fn advice(catalogue: &Catalogue, entries: &[Entry], seed: &mut Seed) -> Result<(), indexer::index::Error> {
    type Slip = fn(&str, &mut Seed) -> Option<String>;
    let slips: [(&str, Slip); 3] =
        [("one wrong character", replaced), ("a homophone", homophone), ("a Latin slip", misspelt)];
    for (name, slip) in slips {
        let (mut asked, mut advised, mut right, mut times) = (0, 0, 0, Vec::new());
        for _ in 0..200_000 {
            let title = entries[seed.below(entries.len())].bib.title.clone().unwrap_or_default();
            let Some(typed) = slip(&title, seed) else { continue };
            let query = Query { text: typed, field: SearchField::Title, ..Query::default() };
            let start = Instant::now();
            let answer = catalogue.search(&query)?;
            if answer.total > 0 {
                continue;
            }
            times.push(start.elapsed().as_secs_f64() * 1e3);
            asked += 1;
            let helps = |kind| matches!(kind, AdviceKind::OtherSpelling | AdviceKind::SameSound);
            let said: Vec<_> = answer.advice.into_iter().filter(|a| helps(a.kind)).collect();
            advised += usize::from(!said.is_empty());
            let folded = |text: &str| indexer::analysis::fold::fold(text);
            let meant = folded(&title);
            right +=
                usize::from(said.iter().any(|a| meant.contains(&*folded(a.query.as_deref().unwrap_or("-")))));
            if asked == 300 {
                break;
            }
        }
        println!("{name}: {asked} without a hit, advised {advised}, the right word {right}");
        if !times.is_empty() {
            say("", &mut times);
        }
    }
    Ok(())
}

fn han(title: &str) -> Option<Vec<char>> {
    let chars: Vec<char> = title.chars().collect();
    let own = |c: &char| ('\u{4e00}'..='\u{9fff}').contains(c);
    ((4..=10).contains(&chars.len()) && chars.iter().all(own)).then_some(chars)
}

fn replaced(title: &str, seed: &mut Seed) -> Option<String> {
    let mut chars = han(title)?;
    let at = seed.below(chars.len());
    chars[at] =
        "的一是在不了有和人这中大为上个国我以要他".chars().nth(seed.below(20)).filter(|c| *c != chars[at])?;
    Some(chars.into_iter().collect())
}

/// Two characters replaced by others of the same sound.
fn homophone(title: &str, seed: &mut Seed) -> Option<String> {
    let mut chars = han(title)?;
    let first = seed.below(chars.len() - 1);
    for c in &mut chars[first..first + 2] {
        let syllable = pinyin::syllables(*c).next()?;
        let others = pinyin::chars_of_syllable(syllable);
        let common = others.iter().filter(|o| *o != c && ('\u{4e00}'..='\u{8fff}').contains(*o));
        let common: Vec<char> = common.copied().collect();
        *c = *common.get(seed.below(common.len()))?;
    }
    Some(chars.into_iter().collect())
}

fn misspelt(title: &str, seed: &mut Seed) -> Option<String> {
    let mut words = title.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| word.len() >= 5);
    let word = words.next()?.to_ascii_lowercase();
    let at = 1 + seed.below(word.len() - 2);
    let (head, tail) = word.split_at(at);
    Some(format!("{head}{}", &tail[1..]))
}
