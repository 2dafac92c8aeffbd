//! Volumes are never joined, wherever a record names them, and titles that hundreds of books have never suffice.

use super::*;
use crate::bib::Series;

/// A pair of titles under one ISBN and without it; `$h` may stand behind a bar.
fn check_titles(rows: &[(&str, &str, bool)]) {
    for (a, b, same) in rows {
        let bib = |text: &str, numbers: &[&str]| {
            let (title, number) = text.split_once('|').unwrap_or((text, ""));
            with(&book(title, "林巧民", "科学出版社", 1985), |bib| {
                bib.part = (!number.is_empty()).then(|| part(number)).flatten();
                bib.isbns = numbers.iter().map(|text| isbn(text)).collect();
            })
        };
        for numbers in [&[ISBN][..], &[]] {
            let found = verdict(&bib(a, numbers), &bib(b, numbers));
            assert_eq!(found == Verdict::Same, *same, "{a} {b} {numbers:?}: {found:?}");
        }
    }
}

#[test]
fn volumes_are_told_apart_wherever_they_are_named() {
    check_titles(&[
        // Figures of the title are none of the part.
        ("20世纪中国文学史", "20世纪中国文学史|上册", false),
        ("２０世纪中国文学史", "２０世纪中国文学史|上册", false),
        ("２０世纪中国文学史：1949", "２０世纪中国文学史：1949|上册", false),
        ("钱从哪里来4：岛链化经济", "钱从哪里来：岛链化经济|4", true),
        ("World history since 1945", "World history since 1945|Volume II", false),
        // All volumes are no volume.
        ("中国通史|上下册", "中国通史|下册", false),
        ("中国通史（上、中、下册）", "中国通史|下册", false),
        ("中国通史|上中下册", "中国通史（上中下）", true),
        ("高等数学Ⅰ", "高等数学Ⅱ", false),
        ("高等数学 I", "高等数学Ⅰ", true),
        ("大学物理 A", "大学物理 B", false),
        ("大学物理(A)", "大学物理A", true),
        ("Calculus I", "Calculus II", false),
        ("Great lives. Vol. I", "Great lives. Vol. II", false),
        ("Great lives, volume one", "Great lives, volume two", false),
        ("Great lives, volume one", "Great lives|v. 1", true),
        // In the subtitle.
        ("中国通史：上册", "中国通史：下册", false),
        ("中国通史：上册", "中国通史|上册", true),
        ("大学英语：教师用书", "大学英语：学生用书", false),
        ("英语：八年级上学期", "英语：八年级下学期", false),
        ("语文：义务教育教科书三年级练习册", "语文：义务教育教科书四年级练习册", false),
        // By a name.
        ("中国民间歌曲集成 河南卷", "中国民间歌曲集成 湖南卷", false),
        ("中国民间歌曲集成：河南卷", "中国民间歌曲集成：湖南卷", false),
        ("医方集解(元集)", "医方集解(亨集)", false),
        ("高等数学上册习题解答", "高等数学下册习题解答", false),
        ("近代史上巻", "近代史下巻", false),
        ("한국사 (상)", "한국사 (하)", false),
        ("中国通史 上", "中国通史|上册", true),
        ("中国通史|第1卷(1949-1956)", "中国通史|第1卷", true),
        ("有机化学", "无机化学", false),
        ("英汉大词典", "汉英大词典", false),
        ("三国演义（38.00元）", "三国演义", true),
    ]);
}

#[test]
fn volumes_are_told_apart_by_series_and_by_their_own_isbn() {
    let set =
        with(&book("鲁迅全集", "鲁迅", "人民文学出版社", 1981), |b| b.isbns = vec![isbn(ISBN)]);
    let volume = |number: &str| {
        let series = Series { title: "鲁迅全集".into(), volume: Some(number.into()) };
        with(&set, |b| b.series = vec![series])
    };
    let numbered = |own: &str| with(&set, |b| b.isbns = vec![isbn(ISBN), isbn(own)]);
    check(&[
        ("volumes by 461 $v", volume("第1卷"), volume("第2卷"), false),
        ("461 $v and 200 $h", volume("第1卷"), with(&set, |b| b.part = part("第一卷")), true),
        ("the set's ISBN and their own", numbered(OTHER_ISBN), numbered("9787302123453"), false),
        ("the set's ISBN and one's own", numbered(OTHER_ISBN), numbered(OTHER_ISBN), true),
    ]);
}

#[test]
fn generic_titles_want_author_publisher_and_year() {
    let maths = book("高等数学", "同济大学数学系", "高等教育出版社", 2014);
    let pages = |bib: &Bib| with(bib, |b| b.extent = Some("302页".into()));
    let maths = pages(&maths);
    let western = |title: &str, subtitle: &str| {
        with(&pages(&book(title, "IEEE", "IEEE Press", 2010)), |b| {
            b.material_type = MaterialType::BookWes;
            b.subtitle = Some(subtitle.into());
        })
    };
    check(&[
        ("the very same", maths.clone(), maths.clone(), true),
        (
            "another publisher",
            maths.clone(),
            with(&maths, |b| b.publisher = Some("科学出版社".into())),
            false,
        ),
        ("no author", maths.clone(), with(&maths, |b| (b.agents, b.responsibility) = (vec![], None)), false),
        ("the year after", maths.clone(), with(&maths, |b| b.year = Some(2015)), false),
        (
            "proceedings",
            western("Proceedings", "robotics in Kyoto"),
            western("Proceedings", "databases"),
            false,
        ),
    ]);
}
