//! Pages and notices: what staff write for readers.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};

use super::{Cached, Store};
use crate::Result;

/// Something readers should know for a while.
#[derive(serde::Serialize, serde::Deserialize, Clone, Debug, Default, PartialEq, Eq)]
pub struct Notice {
    /// Its number.
    pub id: i64,
    /// The library that says it; none where the consortium does.
    pub library: Option<String>,
    /// Its title.
    pub title: String,
    /// Its text, in Markdown.
    pub markdown: String,
    /// The day from which it is shown.
    pub day: String,
    /// The last day on which it is shown.
    pub until: Option<String>,
}

impl Store {
    /// What staff wrote on a page, if they did.
    pub fn page_text(&self, slug: &str, lang: &str) -> Result<Option<String>> {
        self.read(|connection| {
            connection
                .row("SELECT markdown FROM pages WHERE slug = ?1 AND lang = ?2", params![slug, lang], |row| {
                    row.get(0)
                })
                .optional()
        })
    }

    /// Keeps what staff wrote on a page; nothing written brings back what it said by itself.
    pub fn keep_page(&self, slug: &str, lang: &str, markdown: &str, now: Timestamp) -> Result<()> {
        self.write(|transaction| {
            if markdown.trim().is_empty() {
                transaction.run("DELETE FROM pages WHERE slug = ?1 AND lang = ?2", params![slug, lang])?;
                return Ok(());
            }
            transaction.run(
                "INSERT INTO pages (slug, lang, markdown, changed) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (slug, lang) \
                 DO UPDATE SET markdown = excluded.markdown, changed = excluded.changed",
                params![slug, lang, markdown, now.as_second()],
            )?;
            Ok(())
        })
    }

    /// The notices that count on a day, the latest first; of one library where it is named.
    pub fn notices_on(&self, day: &str, library: Option<&str>, n_wanted: u32) -> Result<Vec<Notice>> {
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT id, library, title, markdown, day, until FROM notices WHERE day <= ?1 AND (until IS NULL \
                     OR until >= ?1) AND (?2 IS NULL OR library = ?2) ORDER BY day DESC, id DESC LIMIT ?3",
                )?
                .query_map(params![day, library, n_wanted], notice)?
                .collect()
        })
    }

    /// All notices, past and coming too, the latest first.
    pub fn all_notices(&self, n_wanted: u32) -> Result<Vec<Notice>> {
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT id, library, title, markdown, day, until FROM notices ORDER BY day DESC, id DESC LIMIT ?1",
                )?
                .query_map(params![n_wanted], notice)?
                .collect()
        })
    }

    /// Puts up a notice; its number is given here.
    pub fn add_notice(&self, notice: &Notice) -> Result<i64> {
        self.write(|transaction| {
            transaction.run(
                "INSERT INTO notices (library, title, markdown, day, until) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![notice.library, notice.title, notice.markdown, notice.day, notice.until],
            )?;
            Ok(transaction.last_insert_rowid())
        })
    }

    /// Takes a notice down: any for whom no library is named, else only one of that library.
    pub fn remove_notice(&self, id: i64, of: Option<&str>) -> Result<bool> {
        self.write(|transaction| {
            let n = transaction
                .run("DELETE FROM notices WHERE id = ?1 AND (?2 IS NULL OR library = ?2)", params![id, of])?;
            Ok(n > 0)
        })
    }
}

fn notice(row: &Row<'_>) -> rusqlite::Result<Notice> {
    Ok(Notice {
        id: row.get(0)?,
        library: row.get(1)?,
        title: row.get(2)?,
        markdown: row.get(3)?,
        day: row.get(4)?,
        until: row.get(5)?,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    #[test]
    fn pages_are_kept_and_given_back() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        assert_eq!(store.page_text("guide", "en").unwrap(), None);
        for text in ["one", "two 三国"] {
            store.keep_page("guide", "en", text, Timestamp::UNIX_EPOCH).unwrap();
        }
        assert_eq!(store.page_text("guide", "en").unwrap().as_deref(), Some("two 三国"));
        assert_eq!(store.page_text("guide", "zh-Hans").unwrap(), None);
        store.keep_page("guide", "en", " \n", Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(store.page_text("guide", "en").unwrap(), None);
    }

    #[test]
    fn notices_count_for_their_days() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let add = |library: Option<&str>, title: &str, day: &str, until: Option<&str>| {
            let notice = Notice {
                library: library.map(str::to_owned),
                title: title.to_owned(),
                day: day.to_owned(),
                until: until.map(str::to_owned),
                ..Notice::default()
            };
            store.add_notice(&notice).unwrap()
        };
        add(None, "old", "2026-01-01", Some("2026-01-31"));
        let own = add(Some("BUPT"), "own", "2026-02-01", None);
        let all = add(None, "all", "2026-02-02", Some("2026-02-10"));
        add(None, "later", "2026-03-01", None);
        let titles = |day: &str, library: Option<&str>| -> Vec<String> {
            store.notices_on(day, library, 9).unwrap().into_iter().map(|n| n.title).collect()
        };
        assert_eq!(titles("2026-02-10", None), ["all", "own"]);
        assert_eq!(titles("2026-02-11", None), ["own"]);
        assert_eq!(titles("2026-02-10", Some("BUPT")), ["own"]);
        assert_eq!(store.all_notices(9).unwrap().len(), 4);
        assert!(!store.remove_notice(all, Some("BUPT")).unwrap());
        assert!(store.remove_notice(own, Some("BUPT")).unwrap());
        assert!(store.remove_notice(all, None).unwrap());
        assert_eq!(titles("2026-02-10", None), [""; 0]);
    }
}
