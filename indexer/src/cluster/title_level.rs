//! How far two titles agree, subtitles and slips of the pen considered; and which titles say little.

use super::record::{MatchRecord, Text};
use super::similar::{Chars, shared_words, shared_words_of};

/// Levels of the title, in the order of `COMPARISONS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Title {
    Equal,
    /// Equal, but few characters or words: many books may be called so.
    EqualShort,
    /// Equal but for a subtitle that one record leaves out.
    Proper,
    ProperShort,
    /// One is the beginning of the other, or holds all its words.
    Longer,
    Near,
    Similar,
    Loose,
    /// The titles proper are equal, the subtitles are not.
    OtherSubtitle,
    Differs,
    /// One in Han, the other in letters.
    OtherScript,
}

pub(super) fn title(a: &MatchRecord, b: &MatchRecord) -> Title {
    let [(at, ao), (bt, bo)] = [a, b].map(|r| (r.get(Text::Title), r.get(Text::Other)));
    if at.is_empty() || bt.is_empty() {
        return Title::Differs;
    }
    if a.is_dense != b.is_dense {
        return Title::OtherScript;
    }
    if at != bt {
        return unequal_titles(a, b);
    }
    let short = is_short(at, a.is_dense);
    match (ao == bo, ao.is_empty() || bo.is_empty()) {
        (true, _) if short && ao.is_empty() => Title::EqualShort,
        (true, _) => Title::Equal,
        (_, true) if short => Title::ProperShort,
        (_, true) => Title::Proper,
        _ if subtitles_agree(ao, bo) => Title::Equal,
        _ => Title::OtherSubtitle,
    }
}

/// Titles that several books may well have by chance.
pub(super) fn is_short(title: &str, is_dense: bool) -> bool {
    if is_dense { title.chars().nth(6).is_none() } else { title.split(' ').nth(3).is_none() }
}

fn subtitles_agree(a: &str, b: &str) -> bool {
    a.starts_with(b)
        || b.starts_with(a)
        || Chars::of(a).similarity(&Chars::of(b)) >= 0.8
        || shared_words(a, b).1 >= 0.8
}

fn unequal_titles(a: &MatchRecord, b: &MatchRecord) -> Title {
    let [a_whole, b_whole] =
        [a, b].map(|r| Chars::whole(r.get(Text::Title), r.get(Text::Other), !r.is_dense));
    let mut likeness = a_whole.similarity(&b_whole);
    if likeness == 1.0 {
        return Title::Equal;
    }
    let [a_proper, b_proper] = [a, b].map(|r| r.get(Text::Title));
    if a.get(Text::Other).is_empty() != b.get(Text::Other).is_empty() {
        likeness = likeness.max(Chars::of(a_proper).similarity(&Chars::of(b_proper)));
    }
    let (fewer, more) =
        if a_whole.get().len() <= b_whole.get().len() { (&a_whole, &b_whole) } else { (&b_whole, &a_whole) };
    let specific = if a.is_dense {
        fewer.get().len() >= 4
    } else {
        fewer.get().iter().filter(|c| **c == ' ').count() >= 2
    };
    if specific && fewer.begins(more) {
        return Title::Longer;
    }
    if !a.is_dense {
        let (over_more, over_fewer) = shared_words_of(&a_whole, &b_whole);
        likeness = likeness.max(over_more);
        if over_fewer >= 0.9 && specific {
            return if likeness >= 0.9 { Title::Near } else { Title::Longer };
        }
    }
    if a_whole.is_typo_of(&b_whole) {
        // 活着 and 活看: half of a title of two characters is as much as one slip leaves.
        likeness = likeness.max(if fewer.get().len() >= 3 { 0.9 } else { 0.6 });
    }
    match likeness {
        0.9.. => Title::Near,
        0.75.. => Title::Similar,
        0.6.. => Title::Loose,
        _ => Title::Differs,
    }
}

/// Titles under which hundreds of books stand; author and publisher tell them apart, or nothing does.
pub(super) fn is_generic(title: &str) -> bool {
    const TITLES: [&str; 52] = [
        "高等数学",
        "大学英语",
        "大学语文",
        "大学物理",
        "线性代数",
        "概率论与数理统计",
        "微积分",
        "普通物理学",
        "有机化学",
        "无机化学",
        "分析化学",
        "数学",
        "英语",
        "语文",
        "物理学",
        "化学",
        "计算机基础",
        "大学计算机基础",
        "会计学",
        "经济学",
        "管理学",
        "心理学",
        "哲学",
        "社会学",
        "政治经济学",
        "西方经济学",
        "文集",
        "论文集",
        "会议论文集",
        "学术论文集",
        "选集",
        "全集",
        "作品选",
        "作品集",
        "诗选",
        "诗集",
        "散文选",
        "小说选",
        "短篇小说选",
        "中短篇小说选",
        "proceedings",
        "works",
        "collected works",
        "selected works",
        "complete works",
        "poems",
        "essays",
        "plays",
        "selected papers",
        "annual report",
        "bulletin",
        "transactions",
    ];
    TITLES.contains(&title)
        || ["文集", "选集", "全集", "年鉴", "年报", "汇编"].iter().any(|end| title.ends_with(end))
}
