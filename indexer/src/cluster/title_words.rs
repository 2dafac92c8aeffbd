//! Titles in Han that are alike to a character and yet name another book: 有机化学 and 无机化学, 河南卷 and 湖南卷.
//!
//! A slip of the pen writes some other character, seldom the opposite of it. Knows two folded titles and no records.

/// Characters of one row stand for each other where books differ.
const ROWS: [&str; 17] = [
    "上中下",
    "正续初",
    "前后",
    "内外",
    "元亨利贞",
    "有无",
    "古近现当",
    "男女",
    "东西南北",
    "大中小",
    "春夏秋冬",
    "左右",
    "阴阳",
    "动静",
    "初高",
    "城乡",
    "公私",
];

/// Languages of dictionaries: 英汉 and 汉英.
const LANGUAGES: &str = "汉英日俄法德韩西";

/// Words of one row.
const WORDS: [[&str; 2]; 1] = [["教师", "学生"]];

/// Where two texts stand.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Place {
    Title,
    /// Behind one and the same title.
    Subtitle,
}

/// Units that end the designation of a volume or of one of several editions side by side.
const UNITS: &str = "卷册集编篇部辑版";

/// … and those that end nothing else.
const VOLUMES: &str = "卷册";

/// Longest designation at the end of a title, in characters.
const LONGEST_END: usize = 6;
/// Bytes of a character.
const HAN: usize = 3;

/// Whether two titles differ in what tells books of one row apart.
pub(super) fn says_other(a: &str, b: &str, place: Place) -> bool {
    if a.is_empty() || b.is_empty() {
        return false;
    }
    let (before, x, y, behind) = difference(a, b);
    // Nearly all titles that are compared are quite other ones: no character of those is looked at.
    if x.is_empty() || y.is_empty() || x.len().max(y.len()) > LONGEST_END * HAN {
        return false;
    }
    let whole = before.is_empty() && behind.is_empty();
    are_of_a_row(x, y) && !whole
        || are_languages(x, y)
        || WORDS.iter().any(|row| row.contains(&x) && row.contains(&y))
        || match place {
            Place::Title => before.len() >= 2 * HAN && are_names(x, y, behind, UNITS),
            Place::Subtitle => are_names(x, y, behind, VOLUMES),
        }
}

/// What both texts begin with, where they differ, and what both end with.
fn difference<'a>(a: &'a str, b: &'a str) -> (&'a str, &'a str, &'a str, &'a str) {
    let same = |(x, y): &(u8, u8)| x == y;
    let n_before = a.bytes().zip(b.bytes()).take_while(same).count();
    let n_before = a.floor_char_boundary(n_before).min(b.floor_char_boundary(n_before));
    let (rest_a, rest_b) = (&a[n_before..], &b[n_before..]);
    let mut n_after = rest_a.bytes().rev().zip(rest_b.bytes().rev()).take_while(same).count();
    while !rest_a.is_char_boundary(rest_a.len() - n_after) {
        n_after -= 1;
    }
    let (x, behind) = rest_a.split_at(rest_a.len() - n_after);
    (&a[..n_before], x, &rest_b[..rest_b.len() - n_after], behind)
}

fn are_of_a_row(x: &str, y: &str) -> bool {
    let is_one = |text: &str| text.chars().nth(1).is_none();
    is_one(x) && is_one(y) && ROWS.iter().any(|row| row.contains(x) && row.contains(y))
}

/// 英汉 and 汉英.
fn are_languages(x: &str, y: &str) -> bool {
    let two = |text: &str| -> Option<[char; 2]> {
        let mut chars = text.chars();
        Some([chars.next()?, chars.next()?]).filter(|_| chars.next().is_none())
    };
    let (Some([first, second]), Some(other)) = (two(x), two(y)) else { return false };
    [second, first] == other && LANGUAGES.contains(first) && LANGUAGES.contains(second)
}

/// Whether both titles end in a designation of the same kind with another name: 河南卷 and 湖南卷.
fn are_names(x: &str, y: &str, behind: &str, units: &str) -> bool {
    let fits = |own: &str| own.chars().count() + behind.chars().count() <= LONGEST_END;
    behind.chars().next_back().is_some_and(|last| units.contains(last)) && fits(x) && fits(y)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opposites_and_names_of_volumes() {
        for (a, b, expect) in [
            ("有机化学", "无机化学", true),
            ("世界近代史", "世界现代史", true),
            ("英汉词典", "汉英词典", true),
            ("高等数学上册习题解答", "高等数学下册习题解答", true),
            ("中国民间歌曲集成河南卷", "中国民间歌曲集成湖南卷", true),
            ("中国民间歌曲集成上海卷", "中国民间歌曲集成广东卷", true),
            ("中国通史正编", "中国通史续编", true),
            ("医方集解元集", "医方集解亨集", true),
            ("北京师范大学学报自然科学版", "北京师范大学学报社会科学版", true),
            ("鲁迅全集", "鲁迅选集", true),
            // Slips, and what one record leaves out.
            ("三国演义", "三国演艺", false),
            ("三国演义研究", "三国演议研究", false),
            ("中国民间歌曲集成", "中国民间歌曲集成河南卷", false),
            ("中国通史", "中国通史", false),
            ("上", "下", false),
            ("", "下", false),
        ] {
            assert_eq!(says_other(a, b, Place::Title), expect, "{a} {b}");
            assert_eq!(says_other(b, a, Place::Title), expect, "{b} {a}");
        }
        for (a, b, expect) in [
            ("河南卷", "湖南卷", true),
            ("教师用书", "学生用书", true),
            ("八年级上学期", "八年级下学期", true),
            ("图文版", "彩图版", false),
            ("研究与教学", "教学与研究", false),
        ] {
            assert_eq!(says_other(a, b, Place::Subtitle), expect, "{a} {b}");
        }
    }
}
