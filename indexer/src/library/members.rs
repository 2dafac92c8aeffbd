//! The list of members: the embedded table, and what a data directory changes in it.

use crate::bib::LibraryCode;

use super::filter::{self, Key};

/// One member library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Library {
    /// Its code.
    pub code: LibraryCode,
    /// Its full name: 北京邮电大学图书馆.
    pub name: String,
    /// What readers call it: 北邮.
    pub short_name: String,
    /// The group it is listed in: 工科类.
    pub group: String,
    /// The institution it is a campus or college of; not always a member itself.
    pub parent: Option<LibraryCode>,
    /// Initials of its name: `bjyddx`.
    pub initials: String,
    /// Syllables of its name, tolerated other readings behind a stroke: `yin yue/le xue yuan`.
    pub pinyin: String,
    /// Other names.
    pub aliases: Vec<String>,
    /// Marked as a new member.
    pub new: bool,
    /// Still listed, but not to be chosen.
    pub suspended: bool,
    /// Address of its own catalogue.
    pub opac_url: Option<String>,
}

/// Something in an overrides file that could not be used, as a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Line of the file, from 1.
    pub line: usize,
    /// What is wrong with it, and what was done instead.
    pub sentence: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: {}", self.line, self.sentence)
    }
}

/// All members, in list order.
#[derive(Clone, Debug)]
pub struct Members {
    all: Vec<Library>,
    keys: Vec<Key>,
}

const COLUMNS: [&str; 11] = [
    "code",
    "name",
    "short_name",
    "group",
    "parent",
    "initials",
    "pinyin",
    "aliases",
    "new",
    "suspended",
    "opac_url",
];

impl Members {
    /// The members that the program knows by itself.
    pub fn embedded() -> Self {
        Self::load(None).0
    }

    /// The embedded members with a file of overrides laid over them.
    ///
    /// The file has a header row that names its columns in any order (`code` is required) and one library a row:
    /// a known code changes what the row gives (`-` empties a field), an unknown one is added at the end of its
    /// group, `suspended` and `new` take `1` or `0`. A faulty row is left out and told of.
    pub fn load(overrides_tsv: Option<&str>) -> (Self, Vec<Problem>) {
        let mut all = Vec::new();
        let mut problems = Vec::new();
        lay_over(&mut all, data::members::TABLE, &mut problems);
        debug_assert!(problems.is_empty(), "the embedded table is sound: {problems:?}");
        if let Some(text) = overrides_tsv {
            lay_over(&mut all, text, &mut problems);
        }
        let keys = all.iter().map(Key::of).collect();
        (Self { all, keys }, problems)
    }

    /// All libraries in list order: group by group.
    pub fn iter(&self) -> std::slice::Iter<'_, Library> {
        self.all.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The library with this code.
    pub fn get(&self, code: &LibraryCode) -> Option<&Library> {
        self.all.iter().find(|l| l.code == *code)
    }

    /// The groups in list order, each with its libraries.
    pub fn groups(&self) -> Vec<(&str, Vec<&Library>)> {
        let mut groups: Vec<(&str, Vec<&Library>)> = Vec::new();
        for library in &self.all {
            match groups.iter_mut().find(|(name, _)| *name == library.group) {
                Some((_, own)) => own.push(library),
                None => groups.push((&library.group, vec![library])),
            }
        }
        groups
    }

    /// The libraries that what was typed can mean, best first; all of them, in list order, for nothing typed.
    ///
    /// ```
    /// use indexer::library::Members;
    /// let members = Members::embedded();
    /// assert_eq!(members.filter("bjyddx")[0].name, "北京邮电大学图书馆");
    /// ```
    pub fn filter(&self, typed: &str) -> Vec<&Library> {
        filter::ranked(&self.keys, typed).into_iter().map(|i| &self.all[i]).collect()
    }
}

impl<'a> IntoIterator for &'a Members {
    type Item = &'a Library;
    type IntoIter = std::slice::Iter<'a, Library>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

fn lay_over(all: &mut Vec<Library>, text: &str, problems: &mut Vec<Problem>) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut header: Option<Vec<Option<&str>>> = None;
    for (i, line) in text.lines().enumerate() {
        let mut tell = |sentence: String| problems.push(Problem { line: i + 1, sentence });
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let cells: Vec<&str> = line.split('\t').map(str::trim).collect();
        let Some(columns) = &header else {
            if !cells.contains(&"code") {
                tell(
                    "the first row must name the columns, `code` among them; nothing of this file is used"
                        .to_owned(),
                );
                return;
            }
            for unknown in cells.iter().filter(|c| !c.is_empty() && !COLUMNS.contains(c)) {
                tell(format!("no column is called `{unknown}`; it is left out"));
            }
            header = Some(cells.iter().map(|c| COLUMNS.into_iter().find(|k| k == c)).collect());
            continue;
        };
        let row: Vec<(&str, &str)> = columns
            .iter()
            .zip(&cells)
            .filter_map(|(k, v)| k.map(|k| (k, *v)))
            .filter(|(_, v)| !v.is_empty())
            .collect();
        if let Err(sentence) = lay_row(all, &row, &mut tell) {
            tell(sentence);
        }
    }
}

fn lay_row(
    all: &mut Vec<Library>,
    row: &[(&str, &str)],
    tell: &mut impl FnMut(String),
) -> Result<(), String> {
    let cell = |name: &str| row.iter().find(|(k, _)| *k == name).map(|(_, v)| *v);
    let code = cell("code").ok_or("this row has no code; it is left out")?;
    if code.len() > 32 || !code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
        return Err(format!(
            "`{code}` is no code: letters, digits, `-` and `_`, at most 32; the row is left out"
        ));
    }
    let code = LibraryCode::new(code);
    let known = all.iter().position(|l| l.code == code);
    let mut library = match known {
        Some(at) => all[at].clone(),
        None => Library {
            name: cell("name")
                .ok_or_else(|| format!("{code} is new and has no name; the row is left out"))?
                .to_owned(),
            short_name: cell("name").unwrap_or("").replace("图书馆", ""),
            group: cell("group").unwrap_or("其他").to_owned(),
            code,
            parent: None,
            initials: String::new(),
            pinyin: String::new(),
            aliases: Vec::new(),
            new: false,
            suspended: false,
            opac_url: None,
        },
    };
    let (old_name, old_group) = (library.name.clone(), library.group.clone());
    for (key, value) in row {
        change(&mut library, key, if *value == "-" { "" } else { value })?;
    }
    // A new name has new sounds, unless the row gives them.
    if library.name != old_name && cell("pinyin").is_none() {
        library.pinyin.clear();
    }
    if library.name != old_name && cell("initials").is_none() {
        library.initials.clear();
    }
    if let Some(sentence) = filter::complete(&mut library) {
        tell(sentence);
    }
    match known {
        Some(at) if library.group == old_group => all[at] = library,
        Some(at) => {
            all.remove(at);
            insert(all, library);
        }
        None => insert(all, library),
    }
    Ok(())
}

fn insert(all: &mut Vec<Library>, library: Library) {
    let at = all.iter().rposition(|l| l.group == library.group).map_or(all.len(), |i| i + 1);
    all.insert(at, library);
}

fn change(library: &mut Library, key: &str, value: &str) -> Result<(), String> {
    let code = library.code.clone();
    let flag = |what: &str| match value {
        "1" | "true" | "yes" | "是" => Ok(true),
        "" | "0" | "false" | "no" | "否" => Ok(false),
        other => Err(format!("`{what}` of {code} is `{other}`, neither 1 nor 0; the row is left out")),
    };
    match key {
        "name" if value.is_empty() => {
            return Err(format!("{code} cannot be without a name; the row is left out"));
        }
        "name" => library.name = value.to_owned(),
        "short_name" => library.short_name = value.to_owned(),
        "group" => library.group = value.to_owned(),
        "parent" if value == code.as_str() => {
            return Err(format!("{code} cannot be its own parent; the row is left out"));
        }
        "parent" => library.parent = (!value.is_empty()).then(|| LibraryCode::new(value)),
        "initials" => library.initials = value.to_lowercase(),
        "pinyin" => library.pinyin = value.to_lowercase(),
        "aliases" => {
            library.aliases =
                value.split([';', '；']).map(|a| a.trim().to_owned()).filter(|a| !a.is_empty()).collect();
        }
        "new" => library.new = flag("new")?,
        "suspended" => library.suspended = flag("suspended")?,
        "opac_url" => {
            if !value.is_empty() && !value.starts_with("http://") && !value.starts_with("https://") {
                return Err(format!(
                    "`opac_url` of {code} does not begin with http:// or https://; the row is left out"
                ));
            }
            library.opac_url = (!value.is_empty()).then(|| value.to_owned());
        }
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn library<'a>(members: &'a Members, code: &str) -> &'a Library {
        members.get(&LibraryCode::new(code)).expect(code)
    }

    #[test]
    fn the_embedded_list_is_that_of_the_consortium() {
        let members = Members::embedded();
        let groups: Vec<(&str, usize)> =
            members.groups().into_iter().map(|(name, own)| (name, own.len())).collect();
        assert_eq!(
            groups,
            [
                ("公共馆", 2),
                ("工科类", 13),
                ("经贸管理类", 3),
                ("文科类", 4),
                ("师范类", 2),
                ("音乐艺术类", 3),
                ("政法类", 6),
                ("综合类", 8),
                ("农林医类", 5)
            ]
        );
        assert_eq!(library(&members, "BUU-CAS").parent, Some(LibraryCode::new("BUU")));
        assert_eq!(library(&members, "BISTU-S").parent, library(&members, "BISTU-X").parent);
        assert_eq!(library(&members, "CCMUSIC").pinyin, "zhong guo yin yue/le xue yuan");
        assert!(members.iter().all(|l| !l.initials.is_empty() && !l.short_name.is_empty()));
    }

    #[test]
    fn overrides_change_add_and_suspend() {
        let rows = "\u{feff}# our members\n\
            group\tcode\tname\tsuspended\tnew\tparent\topac_url\taliases\tpinyin\r\n\
            \tBJFU\t\t1\t\t\thttps://opac.example.edu.cn/\t林大；林业大学\t\r\n\
            理工类\tBIT\t北京理工大学图书馆\t\t\t\t\t\t\n\
            农林医类\tVET\t北京动物医学院图书馆\t\t是\tCAU\t\t\tbeijingdongwuyixueyuan\n\
            \tBUU-CAS\t\t\t\t-\t\t\t\n";
        let (members, problems) = Members::load(Some(rows));
        assert_eq!(problems, []);
        assert_eq!(members.len(), 47);
        let bjfu = library(&members, "BJFU");
        assert!(bjfu.suspended && !bjfu.new && bjfu.name == "北京林业大学图书馆");
        assert_eq!(bjfu.opac_url.as_deref(), Some("https://opac.example.edu.cn/"));
        assert_eq!(members.filter("林大")[0].code, bjfu.code);
        let vet = library(&members, "VET");
        assert!(vet.new && vet.parent == Some(LibraryCode::new("CAU")));
        assert_eq!((vet.initials.as_str(), vet.short_name.as_str()), ("bjdwyxy", "北京动物医学院"));
        assert_eq!(library(&members, "BUU-CAS").parent, None);
        let bit = library(&members, "BIT");
        assert_eq!((bit.initials.as_str(), bit.group.as_str()), ("bjlgdx", "理工类"));
        let codes: Vec<&str> = members
            .groups()
            .last()
            .map(|(_, own)| own.iter().map(|l| l.code.as_str()).collect())
            .unwrap_or_default();
        assert_eq!(codes, ["BIT"], "a new group stands at the end");
    }

    #[test]
    fn faults_are_told_and_the_rest_is_used() {
        for (rows, line, part) in [
            ("name\tgroup\nx\ty", 1, "first row"),
            ("code\tcolour\nBJFU\tred", 1, "`colour`"),
            ("code\tname\n\t北京图书馆", 2, "no code"),
            ("code\tname\n../x\t北京图书馆", 2, "`../x`"),
            ("code\tname\nNEW\t", 2, "no name"),
            ("code\tname\nBJFU\t-", 2, "without a name"),
            ("code\tsuspended\nBJFU\tmaybe", 2, "`maybe`"),
            ("code\tparent\nBJFU\tBJFU", 2, "own parent"),
            ("code\topac_url\nBJFU\tjavascript:alert(1)", 2, "http"),
            ("code\tpinyin\nBJFU\tbei jing", 2, "does not fit"),
        ] {
            let (members, problems) = Members::load(Some(rows));
            assert_eq!(members.len(), 46, "{rows}");
            assert_eq!(problems.len(), 1, "{rows} {problems:?}");
            assert!(
                problems[0].line == line && problems[0].sentence.contains(part),
                "{rows} {}",
                problems[0]
            );
            assert_eq!(members.filter("bjlydx").len(), 1, "{rows}");
        }
        assert_eq!(Members::load(Some("")).1, []);
    }

    proptest::proptest! {
        #[test]
        fn no_file_and_no_query_panics(rows in "(code|name|pinyin|\\t|\\n|[A-C三国lü/;1-]){0,40}", typed in "\\PC{0,20}") {
            let (members, _) = Members::load(Some(&format!("code\tname\tpinyin\n{rows}")));
            members.filter(&typed);
        }
    }
}
