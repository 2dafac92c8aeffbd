//! Who wrote it, as names that can be compared: access points first, then the statement of responsibility.
//!
//! A Chinese name is compared whole, without country and role (`[美] 布鲁斯·埃克尔著` → 布鲁斯埃克尔); a Western
//! one as surname and first initial (`Abercrombie, John, 1780-` → `abercrombie j`).

use crate::analysis::fold::{Class, class_of, fold, fold_into};
use crate::bib::{Agent, AgentKind};
use crate::mapping::statement::ROLES;

/// Parts names in the record's text.
pub(super) const NAME: char = '\u{1f}';

/// More names add nothing to a comparison.
const MAX_NAMES: usize = 4;

/// No name is longer, in bytes.
const LONGEST: usize = 60;

/// What stands behind names besides `ROLES`: too short or too common to be taken for a role anywhere else.
const FURTHER: [&str; 10] = ["著者", "作者", "责任", "注", "校", "摄", "文", "图", "等", "作"];

/// Appends up to four names, parted by `NAME`, without repetition.
pub(super) fn names_into(agents: &[Agent], responsibility: Option<&str>, out: &mut String) {
    let mut names = Names { start: out.len(), n_names: 0, out };
    let by_weight = agents.iter().filter(|a| a.main).chain(agents.iter().filter(|a| !a.main));
    for agent in by_weight.take(MAX_NAMES) {
        match agent.kind {
            AgentKind::Person => names.person(&agent.name),
            AgentKind::Body | AgentKind::Meeting => names.body(&agent.name),
        }
    }
    if let Some(text) = responsibility {
        let text = &text[..text.floor_char_boundary(200)];
        for piece in text.split(['/', '／', ';', '；', ',', '，', '、', '|', '\n']) {
            names.stated(piece);
        }
    }
}

struct Names<'a> {
    out: &'a mut String,
    start: usize,
    n_names: usize,
}

impl Names<'_> {
    /// Adds a name in the form in which it is compared.
    fn add(&mut self, write: impl FnOnce(&mut String)) {
        if self.n_names == MAX_NAMES {
            return;
        }
        let before = self.out.len();
        if before > self.start {
            self.out.push(NAME);
        }
        let from = self.out.len();
        write(self.out);
        let end = self.out.floor_char_boundary(from + LONGEST);
        self.out.truncate(end);
        let (known, name) = self.out.split_at(from);
        if name.is_empty() || known[self.start..].split(NAME).any(|k| k == name && !k.is_empty()) {
            self.out.truncate(before);
        } else {
            self.n_names += 1;
        }
    }

    fn person(&mut self, name: &str) {
        let name = without_brackets(name);
        if is_dense(name) {
            return self.add(|out| fold_into(name, out));
        }
        match name.split_once(',') {
            Some((surname, given)) => self.add(|out| western(surname, given, out)),
            None => self.add(|out| direct_order(name, out)),
        }
    }

    fn body(&mut self, name: &str) {
        self.add(|out| fold_into(name, out));
    }

    /// A piece of a statement of responsibility. Western statements are prose: their words are compared instead.
    fn stated(&mut self, piece: &str) {
        let piece = without_brackets(piece.trim());
        if !is_dense(piece) {
            // `eric cole` alone is a name; `edited by the author of …` is not.
            let n_words = piece.split_whitespace().count();
            if self.n_names == 0 && (2..=3).contains(&n_words) && !piece.contains("by ") {
                self.add(|out| direct_order(piece, out));
            }
            return;
        }
        for word in piece.split_whitespace() {
            // Roles are looked for in the folded word: 編 and 编 are one.
            let folded = fold(without_brackets(word));
            let bare = without_role(&folded);
            if bare.chars().nth(1).is_some() {
                self.add(|out| out.push_str(bare));
            }
        }
    }
}

/// Surname and first initial.
fn western(surname: &str, given: &str, out: &mut String) {
    fold_into(surname, out);
    let mut rest = String::new();
    fold_into(given, &mut rest);
    if let Some(initial) = rest.chars().next() {
        out.push(' ');
        out.push(initial);
    }
}

/// `John Abercrombie`: the last word is the surname.
fn direct_order(name: &str, out: &mut String) {
    let name = name.trim();
    match name.rsplit_once(' ') {
        Some((given, surname)) => western(surname, given, out),
        None => fold_into(name, out),
    }
}

/// Brackets in which a country stands, or whatever else is no part of a name.
const BRACKETS: [(char, char); 6] =
    [('[', ']'), ('(', ')'), ('（', '）'), ('〔', '〕'), ('［', '］'), ('【', '】')];

/// Without a country in front, or whatever else stands in brackets at an end: `[美]`, `(Laurie Lee)`.
fn without_brackets(text: &str) -> &str {
    let mut rest = text.trim();
    let opens = |c| BRACKETS.iter().any(|(open, _)| *open == c);
    let closes = |c| BRACKETS.iter().any(|(_, close)| *close == c);
    for _ in 0..2 {
        if !rest.starts_with(opens) && !rest.ends_with(closes) {
            break;
        }
        for (open, close) in BRACKETS {
            if let Some((inside, after)) = rest.strip_prefix(open).and_then(|r| r.split_once(close)) {
                rest = if after.trim().is_empty() { inside } else { after };
            }
            if let Some((before, _)) = rest.strip_suffix(close).and_then(|r| r.rsplit_once(open))
                && !before.trim().is_empty()
            {
                rest = before;
            }
            rest = rest.trim();
        }
    }
    rest
}

/// Without the role behind the name, unless nothing of a name would be left.
fn without_role(name: &str) -> &str {
    let mut rest = name;
    for _ in 0..2 {
        // Most words end in no role at all: their last character says so at once.
        let last = rest.as_bytes().last_chunk::<3>();
        let mut roles = ROLES.iter().chain(&FURTHER).filter(|role| role.as_bytes().last_chunk() == last);
        let Some(bare) = roles.find_map(|role| rest.strip_suffix(role)) else { break };
        match bare.chars().count() {
            0 => return bare,
            // 作 and 文 end given names too; a surname alone is no name.
            1 => break,
            _ => rest = bare.trim_end(),
        }
    }
    rest
}

fn is_dense(text: &str) -> bool {
    text.chars().any(|c| class_of(c) == Class::Dense)
}

/// How the names of two records agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Agreement {
    /// The first name of one is among the names of the other.
    First,
    /// Some name is in both.
    Some,
    /// Two names differ as spellings of one do.
    Near,
    None,
}

/// Compares two lists of names; neither may be empty.
pub(super) fn agreement(a: &str, b: &str) -> Agreement {
    let first = |names: &'_ str| names.split(NAME).next().unwrap_or_default().len();
    let (a_first, b_first) = (&a[..first(a)], &b[..first(b)]);
    if b.split(NAME).any(|n| n == a_first) || a.split(NAME).any(|n| n == b_first) {
        return Agreement::First;
    }
    if a.split(NAME).any(|x| b.split(NAME).any(|y| x == y)) {
        return Agreement::Some;
    }
    if a.split(NAME).any(|x| b.split(NAME).any(|y| near(x, y))) {
        return Agreement::Near;
    }
    Agreement::None
}

/// Whether two lists have no script in common: `Hunt, Andrew` and 安德鲁·亨特 may well be one.
pub(super) fn other_script(a: &str, b: &str) -> bool {
    let first_is_dense = |names: &str| is_dense(names.split(NAME).next().unwrap_or_default());
    first_is_dense(a) != first_is_dense(b)
}

/// 加缪 and 阿尔贝加缪, 海因莱因 and 海因莱恩, `smith` and `smith j`; not 李明 and 李军.
fn near(x: &str, y: &str) -> bool {
    let (short, long) = if (x.len(), x) <= (y.len(), y) { (x, y) } else { (y, x) };
    let n_chars = short.chars().count();
    if is_dense(short) {
        return near_dense(short, long, n_chars);
    }
    let surname = |name: &'_ str| {
        name.rsplit_once(' ').map_or(name, |(s, i)| if i.len() == 1 { s } else { name }).len()
    };
    let (s, l) = (&short[..surname(short)], &long[..surname(long)]);
    if s == l {
        // The same surname with another initial is another person.
        return s.len() == short.len() || l.len() == long.len();
    }
    // Bodies: `Colonial Williamsburg, inc.`, `Colonial Williamsburg, Incorporated`.
    let is_body = s.contains(' ') && l.contains(' ');
    n_chars >= 6 && super::similar::edits(short, long) <= 1
        || is_body && (l.starts_with(s) || super::similar::shared_words(s, l).1 >= 0.75)
}

/// Foreign names in Han: the surname alone, or one or two characters chosen otherwise.
fn near_dense(short: &str, long: &str, n_short: usize) -> bool {
    let n_long = long.chars().count();
    let shared = |same: usize| same >= 3 && n_short >= 4;
    let head = short.chars().zip(long.chars()).take_while(|(x, y)| x == y).count();
    let tail = short.chars().rev().zip(long.chars().rev()).take_while(|(x, y)| x == y).count();
    n_short >= 2 && n_long >= n_short + 2 && (tail == n_short || head == n_short)
        || n_short >= 3 && tail == n_short
        || shared(tail)
        || shared(head) && n_short >= 5
        || n_short >= 4 && super::similar::edits(short, long) <= 1 + n_short / 6
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(responsibility: &str) -> Vec<String> {
        let mut out = String::new();
        names_into(&[], Some(responsibility), &mut out);
        out.split(NAME).filter(|n| !n.is_empty()).map(str::to_owned).collect()
    }

    #[test]
    fn names_of_statements() {
        for (text, expected) in [
            ("（美）坦娜希尔 / 童仁", vec!["坦娜希尔", "童仁"]),
            ("[美] 库尔特·冯内古特著", vec!["库尔特冯内古特"]),
            ("(日)松本清张 著 / (日)宫部美雪 导读", vec!["松本清张", "宫部美雪"]),
            ("北川理惠等 / 杨英洁", vec!["北川理惠", "杨英洁"]),
            ("〔日〕东野圭吾 / 徐建雄", vec!["东野圭吾", "徐建雄"]),
            ("洛瑞·李(Laurie Lee)", vec!["洛瑞李"]),
            ("劉慈欣", vec!["刘慈欣"]),
            ("陳成謙編", vec!["陈成谦"]),
            ("陳成謙主譯", vec!["陈成谦"]),
            ("张三，李四主编 ; 王五译", vec!["张三", "李四", "王五"]),
            ("eric cole", vec!["cole e"]),
            ("by John Smith", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(names(text), expected, "{text}");
        }
    }

    #[test]
    fn names_of_access_points() {
        let agent = |name: &str, main| Agent { main, ..Agent::new(name, AgentKind::Person) };
        let mut out = String::new();
        names_into(&[agent("Abbott, Jacob", false), agent("Abercrombie, John", true)], None, &mut out);
        assert_eq!(out, "abercrombie j\u{1f}abbott j");
    }

    #[test]
    fn names_agree() {
        for (a, b, expected) in [
            ("刘慈欣", "刘慈欣", Agreement::First),
            ("张三\u{1f}刘慈欣", "刘慈欣", Agreement::First),
            ("张三\u{1f}李四", "王五\u{1f}李四", Agreement::Some),
            ("狄更斯", "查尔斯狄更斯", Agreement::Near),
            ("罗伯特海因莱因", "罗伯特海因莱恩", Agreement::Near),
            ("加缪", "阿尔贝加缪", Agreement::Near),
            ("卡恰佩克", "卡雷尔恰佩克", Agreement::Near),
            ("王小明", "王小波", Agreement::None),
            ("李明", "李军", Agreement::None),
            ("smith j", "smith", Agreement::Near),
            ("smith j", "smith k", Agreement::None),
            ("business training corporation", "business training corporation new york", Agreement::Near),
        ] {
            assert_eq!((agreement(a, b), agreement(b, a)), (expected, expected), "{a} {b}");
        }
    }
}
