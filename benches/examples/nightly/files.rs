//! The files of two nights, the folders they arrive in, and what readers ask meanwhile.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use data::sample::{Config, Consortium, Random, Work};

use crate::Result;

/// Queries of each class.
const EACH: usize = 60;

/// Writes the exports of the first night and of the second, and the queries.
pub(crate) fn write(dir: &Path, n_records: u32, share: f64) -> Result<()> {
    let mut config = Config { damage: 0.0, evenly: true, ..Config::demo(46, 0) };
    // 3.5 libraries hold a work on average.
    config.works = (f64::from(n_records) * config.libraries.len() as f64 / 3.56) as u32;
    let consortium = Consortium::new(config);
    for night in ["first", "second"] {
        fs::create_dir_all(dir.join(night))?;
    }
    let positions: Vec<usize> = (0..consortium.libraries().len()).collect();
    let (one, other) = positions.split_at(positions.len() / 2);
    let write_some = |some: &[usize]| -> std::io::Result<()> {
        for position in some {
            let library = &consortium.libraries()[*position];
            let mut file = BufWriter::new(File::create(dir.join("first").join(library))?);
            consortium.write_export(*position, &mut file, |_| {})?;
            file.flush()?;
            let mut file = BufWriter::new(File::create(dir.join("second").join(library))?);
            consortium.write_export_after(*position, share, &mut file)?;
            file.flush()?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(|| write_some(other));
        write_some(one).and(other.join().expect("writing does not panic"))
    })?;
    fs::write(dir.join("queries.tsv"), queries(&consortium))?;
    println!("{} records, {share} of them touched in the second night", consortium.n_records());
    Ok(())
}

/// A configuration with a folder for each library of the table; how many.
pub(crate) fn configure(site: &Path) -> Result<usize> {
    let libraries = Config::demo(46, 0).libraries;
    let mut text = String::new();
    for library in &libraries {
        fs::create_dir_all(site.join("exports").join(library))?;
        let _ = writeln!(
            text,
            "[[source]]\nlibrary = \"{library}\"\nkind = \"folder\"\nlocation = \"exports/{library}\""
        );
    }
    fs::write(site.join("lianmu.toml"), text)?;
    Ok(libraries.len())
}

/// Puts a night's files into their folders under their old names, as a sender does; how many.
#[expect(clippy::disallowed_methods, reason = "a bench is the edge")]
pub(crate) fn drop_in(night: &Path, site: &Path) -> Result<usize> {
    let mut n_files = 0;
    for item in fs::read_dir(night)? {
        let from = item?.path();
        let folder = site.join("exports").join(from.file_name().unwrap_or_default());
        let (part, whole) = (folder.join("all.iso.part"), folder.join("all.iso"));
        // The same bytes are on the disk once.
        fs::hard_link(&from, &part)?;
        fs::rename(&part, &whole)?;
        File::open(&whole)?.set_modified(std::time::SystemTime::now())?;
        n_files += 1;
    }
    Ok(n_files)
}

/// A copy to spoil: what is never written in place is shared.
pub(crate) fn copy_site(from: &Path, to: &Path) -> Result<()> {
    if to.exists() {
        fs::remove_dir_all(to)?;
    }
    copy(from, to, false)
}

fn copy(from: &Path, to: &Path, is_shared: bool) -> Result<()> {
    fs::create_dir_all(to)?;
    for item in fs::read_dir(from)? {
        let item = item?;
        let (path, target) = (item.path(), to.join(item.file_name()));
        let name = item.file_name();
        let never_changes = ["packs", "states", "exports"].iter().any(|n| name == *n);
        if path.is_dir() {
            let is_generation = from.file_name().is_some_and(|name| name == "catalogue");
            copy(&path, &target, is_shared || never_changes || is_generation)?;
        } else if is_shared {
            fs::hard_link(&path, &target)?;
        } else {
            fs::copy(&path, &target)?;
        }
    }
    Ok(())
}

// Ten classes in equal shares, as query strings of the API; a row each: class, query string.
fn queries(consortium: &Consortium) -> String {
    let mut random = Random::new(46, 1);
    let n_works = consortium.works().count();
    let mut text = String::new();
    for n in 0..EACH {
        let mut work = || consortium.work(random.below(n_works) as u32);
        let broad = ["", "的", "中国", "研究", "不存在的书名啊", "zzzz"];
        let latin = ["java", "python", "C++", "web 开发", "english"];
        let pinyin = ["sanguoyanyi", "hongloumeng", "zhong guo", "lishi", "sgyy", "chong qing"];
        let person = |work: &Work| work.people.first().map(|(name, _)| name.clone()).unwrap_or_default();
        let library = &consortium.libraries()[n % consortium.libraries().len()];
        let rows = [
            ("one character", format!("q={}", piece(&work(), 1, n))),
            ("two", format!("q={}", piece(&work(), 2, n))),
            ("three to six", format!("q={}", piece(&work(), 3 + n % 4, n))),
            ("author", format!("field=author&q={}", person(&work()))),
            ("subject", format!("field=subject&q={}", work().subjects.first().cloned().unwrap_or_default())),
            ("Latin words", format!("q={}", latin[n % latin.len()].replace('+', "%2B"))),
            ("ISBN", format!("q={}", work().isbn.unwrap_or_default())),
            ("pinyin", format!("q={}", pinyin[n % pinyin.len()])),
            (
                "fields, filters",
                format!("q=title:{} publisher:出版社&library={library}&from=1990", piece(&work(), 2, n)),
            ),
            ("broadest, no hit", format!("q={}", broad[n % broad.len()])),
        ];
        rows.iter().for_each(|(class, query)| {
            let _ = writeln!(text, "{class}\t{query}");
        });
    }
    text
}

fn piece(work: &Work, length: usize, n: usize) -> String {
    let chars: Vec<char> = work.title.chars().filter(|c| ('\u{4e00}'..='\u{9fff}').contains(c)).collect();
    let start = n % chars.len().saturating_sub(length).max(1);
    chars.iter().skip(start).take(length).collect()
}
