//! The statement of responsibility (200 `$f` `$g`, 245 `$c`) taken apart: names, roles, and where somebody is from.

use crate::analysis::fold::{Class, class_of, fold};

/// What cataloguers write behind names, folded: 編 and 编 are one.
pub(crate) const ROLES: [&str; 51] = [
    "执行主编",
    "编著译",
    "总主编",
    "副主编",
    "主编译",
    "编著者",
    "编写组",
    "编著",
    "主编",
    "编译",
    "译著",
    "译注",
    "校注",
    "校点",
    "点校",
    "选编",
    "选注",
    "选译",
    "汇编",
    "编写",
    "编纂",
    "编辑",
    "编绘",
    "改编",
    "主译",
    "主审",
    "审校",
    "审订",
    "校订",
    "原著",
    "合著",
    "合编",
    "合译",
    "翻译",
    "注释",
    "注译",
    "整理",
    "口述",
    "执笔",
    "撰文",
    "撰稿",
    "绘图",
    "插图",
    "摄影",
    "导读",
    "著",
    "编",
    "译",
    "撰",
    "绘",
    "辑",
];
/// The longest of them, in characters.
const LONGEST_ROLE: usize = 4;

/// Longer texts in brackets are no country or dynasty.
const LONGEST_ORIGIN: usize = 6;

/// A name, or names, and the role that is glued to the last of them; empty where there is none.
pub(crate) fn split_role(group: &str) -> (&str, &str) {
    let begins = group.char_indices().rev().take(LONGEST_ROLE).map(|(at, _)| at).filter(|at| *at > 0);
    // The longest: 主编, not 编.
    let Some(at) = begins.filter(|at| is_plain_role(&group[*at..])).last() else { return (group, "") };
    let names = group[..at].trim_end();
    let names = names.strip_suffix(['等', '〔', '［', '[']).map_or(names, str::trim_end);
    (names, group[names.len()..].trim_start())
}

/// Whether a text is nothing but a role.
pub(crate) fn is_role(text: &str) -> bool {
    is_plain_role(text.trim_start_matches('等').trim_start())
}

fn is_plain_role(text: &str) -> bool {
    ROLES.contains(&fold(text).as_str())
}

/// `(美)`, `[英]`, `（法）` in front of a name say where it comes from, not what it is: the origin and the rest.
pub(crate) fn split_origin(name: &str) -> (&str, &str) {
    let name = name.trim();
    for (open, close) in [('(', ')'), ('[', ']'), ('（', '）'), ('〔', '〕'), ('［', '］')] {
        if let Some((origin, rest)) = name.strip_prefix(open).and_then(|rest| rest.split_once(close))
            && origin.chars().count() <= LONGEST_ORIGIN
        {
            return (origin, rest.trim());
        }
    }
    ("", name)
}

/// The pieces of a statement, each by itself: who, from where, as what. A text that `is_name` knows stays whole.
pub(crate) fn pieces(statement: &str, is_name: impl Fn(&str) -> bool) -> impl Iterator<Item = &str> {
    let is_dense = statement.chars().any(|c| class_of(c) == Class::Dense);
    let groups =
        statement.split(move |c| matches!(c, ';' | '；' | '/' | '／' | '，' | '、') || is_dense && c == ',');
    let mut pieces = Vec::new();
    for group in groups {
        group_into(group.trim(), &is_name, &mut pieces);
    }
    pieces.into_iter().filter(|piece| !piece.is_empty())
}

// `卡什诺著 孙振南译`: a role ends a name, a blank alone does not.
fn group_into<'a>(group: &'a str, is_name: &impl Fn(&str) -> bool, pieces: &mut Vec<&'a str>) {
    let mut rest = group;
    while !rest.is_empty() {
        let (origin, named) = split_origin(rest);
        pieces.push(origin);
        rest = named;
        let ends =
            rest.char_indices().filter(|(_, c)| c.is_whitespace()).map(|(at, _)| at).chain([rest.len()]);
        let of_role = ends.map(|end| (end, split_role(&rest[..end]))).find(|(end, (names, role))| {
            !role.is_empty() && names.chars().nth(1).is_some() && !is_name(&rest[..*end])
        });
        let Some((end, (names, role))) = of_role else { return pieces.push(rest) };
        pieces.extend([names, role]);
        rest = rest[end..].trim_start();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_taken_apart() {
        for (statement, expect) in [
            ("林巧民主编", "林巧民|主编"),
            ("(英) James Edwards, (澳) Cameron Adams著", "英|James Edwards|澳|Cameron Adams|著"),
            ("（美）卡什诺著 孙振南译", "美|卡什诺|著|孙振南|译"),
            ("斯笛尔 著 / 田毅松 等译", "斯笛尔|著|田毅松|等译"),
            ("李荣融 朱丽兰 等 主编", "李荣融 朱丽兰|等 主编"),
            ("谭浩强等编著", "谭浩强|等编著"),
            ("张三, 李四主编", "张三|李四|主编"),
            ("林巧民執行主編", "林巧民|執行主編"),
            ("陳成謙 等編著", "陳成謙|等編著"),
            ("Knuth, Donald E.", "Knuth, Donald E."),
            ("edited by J. Smith ; with A. B.", "edited by J. Smith|with A. B."),
            ("陈晓东", "陈晓东"),
            ("大译", "大译"),
            ("国家编译局", "国家编译局"),
            ("吴编", "吴编"),
            ("著", "著"),
            ("[美] (Zed A. Shaw)", "美|(Zed A. Shaw)"),
            ("", ""),
        ] {
            let found = pieces(statement, |name| name == "大译").collect::<Vec<_>>().join("|");
            assert_eq!(found, expect, "{statement}");
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics_and_no_letter_is_lost(statement in "[林巧民主编译著等美(（\\[〔)）\\]〕 ;,，/A-C]{0,24}") {
            let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).count();
            let found: usize = pieces(&statement, |_| false).map(letters).sum();
            proptest::prop_assert_eq!(found, letters(&statement));
        }
    }
}
