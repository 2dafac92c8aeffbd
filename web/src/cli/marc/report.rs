//! The report for a person: what is wrong, where, why; and the totals of each file.

use std::io::{self, Write};

use indexer::marc::{Account, Flaw, Grade, Lang};

use super::{Item, Sink};

pub(super) struct Report<W> {
    out: W,
    lang: Lang,
}

impl<W: Write> Report<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out, lang: lang_of_environment() }
    }

    fn flaw(&mut self, item: &Item<'_>, flaw: &Flaw) -> io::Result<()> {
        let grade = match flaw.code.grade() {
            Grade::Minor => "·",
            Grade::Major => "!",
            Grade::Fatal => "✗",
        };
        let code = flaw.code;
        let sentence = code.sentence(self.lang);
        write!(self.out, "{grade} {}: record {}, byte {}", item.file, item.n, flaw.at)?;
        if let Some(field) = item.record.field(b"001") {
            write!(self.out, ", 001 {}", field.value().trim())?;
        }
        writeln!(self.out, ": {sentence} [{code}]")?;
        if code.grade() == Grade::Fatal {
            writeln!(self.out, "    {}", code.advice(self.lang))?;
        }
        Ok(())
    }
}

impl<W: Write> Sink for Report<W> {
    fn item(&mut self, item: &Item<'_>) -> io::Result<()> {
        for flaw in item.record.flaws.iter().filter(|_| item.reject.is_none()) {
            self.flaw(item, flaw)?;
        }
        if let Some(flaw) = &item.reject {
            self.flaw(item, flaw)?;
        }
        Ok(())
    }

    fn summary(&mut self, file: &str, account: &Account) -> io::Result<()> {
        let Account { bytes, records, repaired, rejected, bytes_in_records, bytes_filler, bytes_quarantined } =
            *account;
        writeln!(self.out, "{file}: {records} records, {repaired} repaired, {rejected} rejected")?;
        writeln!(
            self.out,
            "    {bytes} bytes = {bytes_in_records} in records + {bytes_filler} between them + {bytes_quarantined} quarantined"
        )
    }

    fn finish(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn lang_of_environment() -> Lang {
    let set = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()));
    match set.unwrap_or_default() {
        lang if lang.starts_with("zh_TW") || lang.starts_with("zh_HK") => Lang::ZhHant,
        lang if lang.starts_with("zh") => Lang::ZhHans,
        _ => Lang::En,
    }
}
