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

/// Whether two titles differ in what tells books of one row apart.
pub(super) fn says_other(a: &str, b: &str, place: Place) -> bool {
    if a == b || a.is_empty() || b.is_empty() {
        return false;
    }
    let [a, b] = [a, b].map(|title| title.chars().collect::<Vec<char>>());
    let n_before = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[n_before..], &b[n_before..]);
    let n_after = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
    let behind = &a[a.len() - n_after..];
    match (&a[..a.len() - n_after], &b[..b.len() - n_after]) {
        ([x], [y]) if ROWS.iter().any(|row| row.contains(*x) && row.contains(*y)) => n_before + n_after > 0,
        ([x, y], [v, w]) if (x, y) == (w, v) && [x, y].iter().all(|c| LANGUAGES.contains(**c)) => true,
        (x, y) if are_words(x, y) => true,
        (x, y) if place == Place::Title => n_before >= 2 && is_volume_name(x, y, behind, UNITS),
        (x, y) => is_volume_name(x, y, behind, VOLUMES),
    }
}

/// Whether both titles end in a designation of the same kind with another name: 河南卷 and 湖南卷.
fn is_volume_name(a: &[char], b: &[char], behind: &[char], units: &str) -> bool {
    let fits = |own: &[char]| !own.is_empty() && own.len() + behind.len() <= LONGEST_END;
    fits(a) && fits(b) && behind.last().is_some_and(|last| units.contains(*last))
}

fn are_words(a: &[char], b: &[char]) -> bool {
    let [a, b] = [a, b].map(|word| word.iter().collect::<String>());
    WORDS.iter().any(|row| a != b && row.contains(&a.as_str()) && row.contains(&b.as_str()))
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
