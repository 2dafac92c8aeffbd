//! `lianmu library list|add|edit|export`: the members, their records as received, and the lines of `<data>/members.tsv` that change them.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use indexer::archive::Archive;
use indexer::bib::LibraryCode;
use indexer::files::{Disk, replace_file};
use indexer::library::Members;

use super::{Global, Outcome, overrides};
use crate::i18n::Lang;
use crate::wire::LibrariesDocument;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// List the members, all or those that a filter finds.
    List {
        /// Initials, pinyin, short name or code.
        filter: Option<String>,
        /// One JSON document, the same as that of the API.
        #[arg(long)]
        json: bool,
    },
    /// Add a member.
    Add(Member),
    /// Change a member; what is not given stays.
    Edit(Member),
    /// Write a library's current records as they were received, byte for byte.
    Export {
        /// Code of the library.
        code: String,
        /// File to write; the standard output where none is given.
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

#[derive(clap::Args)]
struct Member {
    /// Code, such as BJFU.
    code: String,
    /// Full name.
    #[arg(long)]
    name: Option<String>,
    /// Short name.
    #[arg(long)]
    short_name: Option<String>,
    /// Group, such as 工科类.
    #[arg(long)]
    group: Option<String>,
    /// Initials of the name in pinyin.
    #[arg(long)]
    initials: Option<String>,
    /// The name in pinyin.
    #[arg(long)]
    pinyin: Option<String>,
    /// Print the member as JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(global: &Global, args: Args) -> anyhow::Result<Outcome> {
    match args.command {
        Command::List { filter, json } => list(global, filter.as_deref().unwrap_or_default(), json),
        Command::Add(member) => write(global, &member, true),
        Command::Edit(member) => write(global, &member, false),
        Command::Export { code, output } => export(global, &code, output.as_deref()),
    }
}

fn list(global: &Global, filter: &str, json: bool) -> anyhow::Result<Outcome> {
    let app = super::open_app(global)?;
    let document = LibrariesDocument::new(&app.members(), app.open().as_deref(), filter);
    let mut out = std::io::stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string(&document)?)?;
        return Ok(Outcome::Done);
    }
    for library in &document.libraries {
        let as_of = library.as_of.as_deref().unwrap_or("—");
        let (code, name, group) = (&library.code, &library.name, &library.group);
        writeln!(out, "{code}\t{name}\t{group}\t{}\t{as_of}", library.records)?;
    }
    Ok(Outcome::Done)
}

fn export(global: &Global, code: &str, output: Option<&Path>) -> anyhow::Result<Outcome> {
    let library = Archive::open(&global.data)?.library(&LibraryCode::new(code))?;
    if library.current_number()?.is_none() {
        eprintln!("lianmu: {code} has no records; `lianmu import --library {code} FILE` brings some");
        return Ok(Outcome::WrongUsage);
    }
    let n_records = match output {
        Some(path) => {
            let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
            library.write_as_received(&mut BufWriter::new(file))?
        }
        None => library.write_as_received(&mut BufWriter::new(std::io::stdout().lock()))?,
    };
    eprintln!("{n_records} records");
    Ok(Outcome::Done)
}

/// One row a library, cells by column name.
struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    fn parse(text: &str) -> Self {
        let mut lines = text.lines().filter(|line| !line.trim().is_empty());
        let cells = |line: &str| line.split('\t').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
        let columns = lines.next().map_or_else(|| vec!["code".to_owned()], cells);
        Self { columns, rows: lines.map(cells).collect() }
    }

    fn set(&mut self, code: &str, column: &str, value: &str) {
        let column = self.column(column);
        let code_column = self.column("code");
        let found = self.rows.iter().position(|row| row.get(code_column).is_some_and(|c| c == code));
        let row = found.unwrap_or_else(|| {
            self.rows.push(Vec::new());
            self.rows.len() - 1
        });
        let row = &mut self.rows[row];
        row.resize(row.len().max(self.columns.len()), String::new());
        code.clone_into(&mut row[code_column]);
        value.clone_into(&mut row[column]);
    }

    fn column(&mut self, name: &str) -> usize {
        self.columns.iter().position(|c| c == name).unwrap_or_else(|| {
            self.columns.push(name.to_owned());
            self.columns.len() - 1
        })
    }

    fn text(&self) -> String {
        let lines = std::iter::once(&self.columns).chain(&self.rows);
        lines.map(|cells| cells.join("\t") + "\n").collect()
    }
}

fn write(global: &Global, member: &Member, new: bool) -> anyhow::Result<Outcome> {
    let lang = Lang::of_terminal();
    let before = overrides(global)?;
    let (members, _) = Members::load(before.as_deref());
    let code = LibraryCode::new(member.code.as_str());
    let known = members.get(&code).is_some();
    if new && known {
        eprintln!("lianmu: {code} is a member already: use `lianmu library edit`");
        return Ok(Outcome::WrongUsage);
    }
    if !new && !known {
        eprintln!("lianmu: {}", lang.fill("error.unknown_library", &[("code", &member.code)]));
        return Ok(Outcome::WrongUsage);
    }
    if new && member.name.is_none() {
        eprintln!("lianmu: a new member needs a --name");
        return Ok(Outcome::WrongUsage);
    }
    let mut table = Table::parse(before.as_deref().unwrap_or_default());
    let cells = [
        ("name", &member.name),
        ("short_name", &member.short_name),
        ("group", &member.group),
        ("initials", &member.initials),
        ("pinyin", &member.pinyin),
    ];
    table.column("code");
    for (column, value) in cells {
        if let Some(value) = value {
            anyhow::ensure!(!value.contains(['\t', '\n', '\r']), "--{column} must be one line without tabs");
            table.set(&member.code, column, value);
        }
    }
    let text = table.text();
    let (members, problems) = Members::load(Some(&text));
    let told_before = Members::load(before.as_deref()).1;
    if let Some(problem) = problems.iter().find(|p| !told_before.contains(p)) {
        return Err(anyhow!("{}", problem.sentence));
    }
    std::fs::create_dir_all(&global.data)
        .with_context(|| format!("cannot make {}", global.data.display()))?;
    let path = global.data.join("members.tsv");
    replace_file(&Disk, &path, text.as_bytes())
        .with_context(|| format!("cannot write {}", path.display()))?;
    if member.json {
        let mut document = LibrariesDocument::new(&members, None, "");
        document.libraries.retain(|library| library.code == member.code);
        println!("{}", serde_json::to_string(&document.libraries.first())?);
    }
    Ok(Outcome::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_keeps_what_it_does_not_change() {
        let mut table = Table::parse("code\tname\tsuspended\nBJFU\t北林\t1\n");
        table.set("BJFU", "group", "农林医类");
        table.set("XXU", "name", "新馆");
        let expect = "code\tname\tsuspended\tgroup\nBJFU\t北林\t1\t农林医类\nXXU\t新馆\t\t\n";
        assert_eq!(table.text(), expect);
    }
}
