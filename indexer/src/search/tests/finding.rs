//! Access points, grammar, folding, pinyin, advice.

use super::*;
use crate::search::AdviceKind;

/// Finds `expect` in any order.
fn check(catalogue: &Catalogue, field: SearchField, text: &str, expect: &[u64]) {
    let answer = catalogue.search(&query(text, field)).unwrap();
    let mut found = keys(&answer);
    found.sort_unstable();
    assert_eq!(found, expect, "{} in {}: {:?}", text, field.name(), answer.advice);
    assert_eq!(answer.total, expect.len() as u64, "{text}");
    assert!(answer.total > 0 || !answer.advice.is_empty(), "{text}");
}

#[test]
fn every_access_point_and_the_grammar() {
    use SearchField::*;
    let (_dir, catalogue) = catalogue(&shelf());
    for (field, text, expect) in [
        (Title, "三国", &[1, 2][..]),
        (Title, "三国演义上", &[2]),
        (Title, "演义（上）", &[2]),
        (Title, "罗贯中", &[]),
        (Title, "国演", &[1, 2]),
        (Title, "历史", &[7]),
        (Title, "教育", &[8]),
        (Title, "JAVA", &[3]),
        (Title, "ｊａｖａ", &[3]),
        (Title, "c++", &[9]),
        (Title, "works", &[11]),
        (Title, "第三卷", &[11]),
        (Author, "罗贯中", &[1, 2]),
        (Author, "霍金", &[4]),
        (Author, "史蒂文霍金", &[4]),
        (Subject, "家庭", &[6]),
        (Publisher, "人民文学", &[5]),
        (Series, "高等教育", &[8]),
        (Isbn, "978-7-302-12260-9", &[3]),
        (Isbn, "7 302 12260 1", &[3]),
        (Isbn, "10019·1979", &[10]),
        (Any, "7-302-12260-1", &[3]),
        (Issn, "1000-0135", &[9]),
        (Any, "ISSN1000-0135", &[9]),
        (CallNumber, "TP312JA", &[3]),
        (CallNumber, "tp312ja / 8.5c", &[3]),
        (CallNumber, "I242", &[1, 2]),
        (Class, "TP3", &[4]),
        (Class, "tp311.5", &[4]),
        (Class, "TP312", &[]),
        (Any, "TP311", &[4]),
        (Any, "tp312ja", &[3]),
        (Any, "978-7-3021", &[3]),
        (Any, "鲁迅 呐喊", &[10]),
        (Any, "鲁迅：呐喊", &[10]),
        (Any, "\"演义上\"", &[2]),
        (Any, "三国 -\"演义上\"", &[1]),
        (Any, "java OR python", &[3, 4]),
        (Any, "title:家", &[5, 6]),
        (Any, "作者：巴金", &[5]),
        (Any, "author:鲁迅 title:全集", &[11]),
        (Any, "progr*", &[9]),
        (Any, "朝代", &[7]),
        (Any, "《三国演义》", &[1, 2]),
        (Any, "没有这本书", &[]),
        (Pinyin, "sanguo", &[1, 2]),
        (Any, "sanguoyanyi", &[1, 2]),
        (Any, "san guo yan yi", &[1, 2]),
        (Any, "sanguo yanyi", &[1, 2]),
        (Any, "SANGUO YANYI", &[1, 2]),
        (Any, "sgyy", &[1, 2]),
        (Any, "lgz", &[1, 2]),
        (Author, "luguanzhong", &[]),
        (Pinyin, "java", &[]),
        (Any, "朝代更替", &[7]),
        (Any, "述朝", &[]),
        (Author, "luoguanzhong", &[1, 2]),
    ] {
        check(&catalogue, field, text, expect);
    }
}

#[test]
fn readings_and_publishers_as_catalogued() {
    let given = |title: &str, key| {
        with(book(key, title, "乐黛云"), |b| {
            b.title_pinyin = vec!["Yuè fǔ shī".to_owned()];
            b.agents[0].pinyin = Some("Lao Dai Yun".to_owned());
            b.other_publishers = vec!["商务印书馆".to_owned()];
            b.romanised_title = Some("Yueh fu shih".to_owned());
        })
    };
    let (_dir, catalogue) = catalogue(&[given("樂府詩", 1), given("无题", 2), book(3, "跃浮失", "")]);
    for (field, text, expect) in [
        (SearchField::Any, "yuefushi", &[1, 2, 3][..]),
        (SearchField::Pinyin, "yue fu", &[1, 2, 3]),
        (SearchField::Title, "yueh", &[1, 2]),
        (SearchField::Pinyin, "laodaiyun", &[1, 2]),
        (SearchField::Author, "lao dai yun", &[1, 2]),
        (SearchField::Publisher, "商务印书馆", &[1, 2]),
    ] {
        check(&catalogue, field, text, expect);
    }
    let answer = catalogue.search(&query("yuefushi", SearchField::Any)).unwrap();
    let first = answer.hits.iter().find(|h| h.entry.id.key() == Some(1)).unwrap();
    assert_eq!(first.title_highlight, vec![0..3]);
}

#[test]
fn part_numbers_are_verified() {
    let titles = ["鲁迅全集第3卷", "鲁迅全集（第三卷）", "全集第三辑与第四卷", "鲁迅全集第4卷"];
    let entries: Vec<Entry> = (1..).zip(titles).map(|(n, title)| book(n, title, "")).collect();
    let (_dir, catalogue) = catalogue(&entries);
    for (text, expect) in
        [("第三卷", &[1, 2][..]), ("第3卷", &[1, 2]), ("全集第三卷", &[1, 2]), ("鲁迅全集第四卷", &[4])]
    {
        check(&catalogue, SearchField::Title, text, expect);
        assert!(catalogue.search(&query(text, SearchField::Title)).unwrap().total_is_exact, "{text}");
    }
}

#[test]
fn the_best_title_comes_first() {
    let (_dir, catalogue) = catalogue(&shelf());
    for (text, first) in
        [("家", 5), ("三国演义", 1), ("三国演义上", 2), ("鲁迅", 11), ("呐喊 鲁迅", 10), ("sgyy", 1)]
    {
        let answer = catalogue.search(&query(text, SearchField::Any)).unwrap();
        assert_eq!(keys(&answer).first(), Some(&first), "{text}");
    }
}

#[test]
fn a_title_is_ranked_by_its_own_words_whatever_else_was_asked() {
    let published = |key, title| with(book(key, title, ""), |b| b.publisher = Some("某某出版社".to_owned()));
    let entries =
        [published(1, "大众心理"), published(2, "心理学入门"), published(3, "心理"), book(4, "心理", "")];
    let (_dir, catalogue) = catalogue(&entries);
    for text in ["title:心理 publisher:出版社", "publisher:出版社 title:心理"] {
        let answer = catalogue.search(&query(text, SearchField::Any)).unwrap();
        assert_eq!(keys(&answer), [3, 2, 1], "{text}");
    }
}

#[test]
fn the_best_of_many_comes_first_wherever_it_stands() {
    let mut entries: Vec<Entry> = (0..200).map(|n| book(n, &format!("略论鲁迅 {n}"), "")).collect();
    entries.push(book(200, "呐喊", "鲁迅"));
    entries.push(book(201, "呐喊评论", "鲁迅研究会"));
    entries.push(book(202, "鲁迅", ""));
    let (_dir, catalogue) = catalogue(&entries);
    let answer = catalogue.search(&query("鲁迅", SearchField::Any)).unwrap();
    assert_eq!(answer.total, 203);
    assert_eq!(keys(&answer)[..2], [202, 200], "the title, then the author, then titles that hold it");
    assert!(!keys(&answer).contains(&201));
}

#[test]
fn literal_hits_come_before_readings() {
    let entries = [book(1, "三国", ""), book(2, "Sanguo studies", ""), book(3, "散果", "")];
    let (_dir, catalogue) = catalogue(&entries);
    let answer = catalogue.search(&query("sanguo", SearchField::Any)).unwrap();
    assert_eq!(keys(&answer)[0], 2);
    assert_eq!(answer.total, 3);
    let answer = catalogue.search(&query("sg", SearchField::Any)).unwrap();
    assert_eq!(answer.advice[0].kind, AdviceKind::ReadAsPinyin);
}

#[test]
fn advice() {
    let (_dir, catalogue) = catalogue(&shelf());
    let kinds = |query: &Query| {
        let answer = catalogue.search(query).unwrap();
        answer.advice.into_iter().map(|a| (a.kind, a.hits, a.query)).collect::<Vec<_>>()
    };
    let any = |text: &str| query(text, SearchField::Any);
    let says = |text: &str, kind, hits: Option<u64>, words: Option<&str>| {
        let all = kinds(&any(text));
        assert!(all.contains(&(kind, hits, words.map(str::to_owned))), "{text}: {all:?}");
    };
    says("三国演艺", AdviceKind::OtherSpelling, Some(2), Some("三国演义"));
    says("pyhton", AdviceKind::OtherSpelling, Some(1), Some("python"));
    says("java简明教呈", AdviceKind::OtherSpelling, Some(1), Some("java简明教程"));
    says("鲁讯", AdviceKind::SameSound, Some(2), Some("鲁迅"));
    says("国家与家庭庭", AdviceKind::OtherSpelling, Some(1), Some("国家与家庭"));
    says("国佳与佳庭", AdviceKind::SameSound, Some(1), Some("国家与家庭"));
    says("呐喊 水浒", AdviceKind::FewerWords, Some(1), Some("呐喊"));
    says("《", AdviceKind::Ignored, None, Some("《"));
    says("《", AdviceKind::NothingFound, None, None);
    says("不存在之书", AdviceKind::NothingFound, None, None);
    says("author:三国演义", AdviceKind::AnyField, Some(2), Some("三国演义"));
    says("人民文字出版社", AdviceKind::OtherSpelling, Some(1), Some("人民文学出版社"));
    says("水浒 luoguanzhong", AdviceKind::FewerWords, Some(2), Some("luoguanzhong"));
    says("author:林巧明", AdviceKind::OtherSpelling, Some(1), Some("author:林巧民"));
    says("sgyy", AdviceKind::ReadAsPinyin, Some(2), Some("sgyy"));
    let away = Query { libraries: vec![LibraryCode::new("PKU")], ..any("java") };
    assert_eq!(kinds(&away)[0], (AdviceKind::OtherLibraries, Some(1), None));
    let early = Query { to: Some(1900), ..any("三国") };
    assert_eq!(kinds(&early)[0], (AdviceKind::FewerFilters, Some(2), None));
}

#[test]
fn highlights_home_and_scores() {
    let both = held(held(book(1, "三國演義（上）", ""), "BJFU", "A/1"), "PKU", "B/2");
    let (_dir, catalogue) = catalogue(&[both]);
    let home = Some(LibraryCode::new("PKU"));
    let asked = Query { home, explain_score: true, ..query("演义", SearchField::Any) };
    let answer = catalogue.search(&asked).unwrap();
    let hit = &answer.hits[0];
    assert_eq!(hit.title_highlight, vec![2..4]);
    assert_eq!(hit.entry.holdings[0].library.as_str(), "PKU");
    assert!(hit.score.as_deref().is_some_and(|s| s.contains("phrase in the title")), "{:?}", hit.score);
}

#[test]
fn pinyin_as_people_type_it() {
    let books = [
        ("音乐", ""),
        ("汉语", ""),
        ("人员", ""),
        ("边缘", ""),
        ("红楼梦", "曹雪芹"),
        ("国民经济", ""),
        ("女性", ""),
        ("绿色", ""),
        ("Java教程", ""),
        ("家", "巴金"),
    ];
    let entries: Vec<Entry> =
        (1..).zip(books).map(|(key, (title, author))| book(key, title, author)).collect();
    let (_dir, catalogue) = catalogue(&entries);
    for (typed, expect) in [
        ("yinyue", &[1][..]),
        ("yin yue", &[1]),
        ("hanyu", &[2]),
        ("renyuan", &[3]),
        ("bianyuan", &[4]),
        ("hóng lóu mèng", &[5]),
        ("hong2lou2meng4", &[5]),
        ("jīngjì", &[6]),
        ("jing1ji4", &[6]),
        ("nǚxìng", &[7]),
        ("nv3xing4", &[7]),
        ("nyuxing", &[7]),
        ("lǜsè", &[8]),
        ("java jiaocheng", &[9]),
        ("hongloumeng caoxueqin", &[5]),
        ("caoxueqin hongloumeng", &[5]),
        ("honglm", &[5]),
        ("jia", &[10]),
        ("caoxueqin jiaocheng", &[]),
    ] {
        check(&catalogue, SearchField::Any, typed, expect);
    }
}

#[test]
fn roles_and_origins_are_no_part_of_names() {
    let said = |key, statement: &str| {
        with(book(key, "通论", ""), |b| b.responsibility = Some(statement.to_owned()))
    };
    let entries = [
        said(1, "林巧民主编"),
        said(2, "(英)迪尤逊著，董明等译"),
        book(3, "民主新论", ""),
        with(book(4, "文集", "林巧民"), |b| b.responsibility = Some("林巧民主编".to_owned())),
    ];
    let (_dir, catalogue) = catalogue(&entries);
    for (field, typed, expect) in [
        (SearchField::Any, "民主", &[3][..]),
        (SearchField::Author, "民主", &[]),
        (SearchField::Author, "林巧民", &[1, 4]),
        (SearchField::Author, "巧民", &[1, 4]),
        (SearchField::Author, "董明", &[2]),
        (SearchField::Author, "明等", &[]),
        (SearchField::Author, "\"迪尤逊\"", &[2]),
        (SearchField::Any, "zb", &[]),
    ] {
        check(&catalogue, field, typed, expect);
    }
}

#[test]
fn call_numbers_and_book_numbers_without_a_field() {
    let (_dir, catalogue) = catalogue(&shelf());
    for (typed, expect) in [
        ("TP312JA/8.5C", &[3][..]),
        ("tp312ja/8", &[3]),
        ("I242.4/123", &[1]),
        ("I242.4", &[1, 2]),
        ("I242.4 罗贯中", &[1, 2]),
        ("TP311.5", &[4]),
        ("统一书号 10019·1979", &[10]),
        ("统一书号：10019.1979", &[10]),
        ("10019·1979", &[10]),
    ] {
        check(&catalogue, SearchField::Any, typed, expect);
    }
    let short = with(book(1, "毛泽东选集", ""), |bib| bib.cn_book_no = Some("9231.47".to_owned()));
    let (_dir, catalogue) = super::catalogue(&[short]);
    for typed in ["9231.47", "9231·47", "923147", "统一书号：9231·47"] {
        check(&catalogue, SearchField::Any, typed, &[1]);
    }
}

#[test]
fn a_title_that_says_a_word_twice_comes_first() {
    let mut entries = vec![book(1, "伊人，伊人", "")];
    entries.extend((2..99).map(|key| held(book(key, "伊人", ""), "PKU", "")));
    let (_dir, catalogue) = catalogue(&entries);
    let answer = catalogue.search(&query("伊人，伊人", SearchField::Any)).unwrap();
    assert_eq!(keys(&answer)[0], 1);
}

#[test]
fn every_alternative_is_found_and_ranked() {
    let titles = ["红楼梦", "财政红楼梦", "三国演义", "三国演义图说", "呐喊"];
    let mut entries: Vec<Entry> = (1..).zip(titles).map(|(key, title)| book(key, title, "")).collect();
    entries.push(book(6, "呐喊", "鲁迅"));
    entries.extend((7..200).map(|key| book(key, "漫谈三国演义和红楼梦", "")));
    let (_dir, catalogue) = catalogue(&entries);
    for (typed, first) in [
        ("红楼梦 OR 三国演义", [1, 3, 4]),
        ("三国演义 OR 红楼梦", [1, 3, 4]),
        ("鲁迅：呐喊 OR 三国演义", [3, 4, 6]),
        ("三国演义 OR 鲁迅：呐喊", [3, 4, 6]),
    ] {
        let answer = catalogue.search(&query(typed, SearchField::Any)).unwrap();
        let mut found = keys(&answer)[..3].to_vec();
        found.sort_unstable();
        assert_eq!(found, first, "{typed}");
    }
    let answer = catalogue.search(&query("红楼梦 OR -三国", SearchField::Any)).unwrap();
    assert!(answer.advice.iter().any(|a| a.kind == AdviceKind::Ignored && a.query.as_deref() == Some("OR")));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(20))]
    #[test]
    fn nothing_typed_is_an_error(texts in proptest::collection::vec("\\PC{0,20}|[a-z三国 \"*:-]{0,20}", 10)) {
        static SHELF: std::sync::LazyLock<(TempDir, Catalogue)> = std::sync::LazyLock::new(|| catalogue(&shelf()));
        for text in texts {
            for field in SearchField::ALL {
                let answer = SHELF.1.search(&query(&text, field)).unwrap();
                proptest::prop_assert!(answer.total > 0 || !answer.advice.is_empty());
            }
        }
    }
}
