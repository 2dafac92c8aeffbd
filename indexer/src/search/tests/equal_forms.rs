//! What a Chinese reader takes for the same, and what for different: asked of an index, not of a function.

use super::*;

const T: SearchField = SearchField::Title;
const ANY: SearchField = SearchField::Any;

/// Titles, and authors where one is given; the place in the table is the key.
const BOOKS: [(&str, &str); 46] = [
    ("敎育", ""),
    ("近代中国基督敎敎育硏究", ""),
    ("歷史研究", ""),
    ("佛敎學報", ""),
    ("新華字典", ""),
    ("困学纪闻", "王應麟"),
    ("边城", "沈從文"),
    ("知青文學", ""),
    ("安装简单", ""),
    ("大灯", ""),
    ("测试工具箱", ""),
    ("小化妆包", ""),
    ("一段简单", ""),
    ("胡蝶", ""),
    ("经典", ""),
    ("诗集", "张芸"),
    ("文集", "钟俊生"),
    ("音乐", ""),
    ("重庆", ""),
    ("重慶", ""),
    ("会计", ""),
    ("画集", "王超超"),
    ("後面", ""),
    ("王后", ""),
    ("系統", ""),
    ("戶田家族", ""),
    ("戸田城外", ""),
    ("JAVA", ""),
    ("鲁迅全集 第3卷", ""),
    ("㈱三国", ""),
    ("①号文件", ""),
    ("ﬁne arts", ""),
    ("Café", ""),
    ("C++程序设计", ""),
    ("C#高级编程", ""),
    (".NET框架", ""),
    ("R语言实战", ""),
    ("5G移动通信", ""),
    ("𠮷野家の歴史", ""),
    ("국어사전", ""),
    ("Ⅲ型", ""),
    ("二〇二〇年", ""),
    ("ＡＢＣ词典", ""),
    ("约翰·克利斯朵夫", "罗曼•罗兰"),
    ("東アジアの図書館", "広沢"),
    ("西遊記", ""),
];

/// What is typed, where, the titles that it finds, and titles that it does not find.
const ASKED: &[(&str, SearchField, &[&str], &[&str])] = &[
    ("教育", ANY, &["敎育", "近代中国基督敎敎育硏究"], &[]),
    ("中国基督教教育", ANY, &["近代中国基督敎敎育硏究"], &["敎育"]),
    ("历史研究", ANY, &["歷史研究"], &[]),
    ("歷史硏究", ANY, &["歷史研究"], &[]),
    ("佛教學", ANY, &["佛敎學報"], &[]),
    ("新华字典", ANY, &["新華字典"], &[]),
    ("王应麟", SearchField::Author, &["困学纪闻"], &[]),
    ("沈从文", ANY, &["边城"], &[]),
    ("shen congwen", ANY, &["边城"], &[]),
    ("scw", ANY, &["边城"], &[]),
    ("知青文学", ANY, &["知青文學"], &[]),
    ("简单", ANY, &["安装简单", "一段简单"], &[]),
    ("灯", ANY, &["大灯"], &[]),
    ("工具", ANY, &["测试工具箱"], &[]),
    ("\"小化妆\"", ANY, &["小化妆包"], &[]),
    ("段简", ANY, &["一段简单"], &["安装简单"]),
    ("蝶", ANY, &["胡蝶"], &[]),
    ("景点", ANY, &[], &["经典"]),
    ("张云", ANY, &[], &["诗集", "文集"]),
    ("yy", SearchField::Pinyin, &["音乐"], &[]),
    ("cq", ANY, &["重庆", "重慶"], &[]),
    ("kj", ANY, &["会计"], &[]),
    ("tt", ANY, &[], &["画集"]),
    ("后面", ANY, &["後面"], &[]),
    ("後", ANY, &["後面", "王后"], &[]),
    ("系统", ANY, &["系統"], &[]),
    ("户田", ANY, &["戶田家族", "戸田城外"], &[]),
    ("戶田", ANY, &["戶田家族", "戸田城外"], &[]),
    ("戸田", ANY, &["戶田家族", "戸田城外"], &[]),
    ("硏究", ANY, &["歷史研究", "近代中国基督敎敎育硏究"], &[]),
    ("研究", ANY, &["歷史研究", "近代中国基督敎敎育硏究"], &[]),
    ("java", ANY, &["JAVA"], &[]),
    ("第三卷", ANY, &["鲁迅全集 第3卷"], &[]),
    ("第Ⅲ卷", ANY, &["鲁迅全集 第3卷"], &[]),
    ("第３卷", ANY, &["鲁迅全集 第3卷"], &[]),
    ("株三国", ANY, &["㈱三国"], &[]),
    ("(株)三国", ANY, &["㈱三国"], &[]),
    ("1号文件", ANY, &["①号文件"], &[]),
    ("fine", ANY, &["ﬁne arts"], &[]),
    ("cafe", ANY, &["Café"], &[]),
    ("CAFÉ", ANY, &["Café"], &[]),
    ("C++", T, &["C++程序设计"], &["C#高级编程"]),
    ("C#", T, &["C#高级编程"], &["C++程序设计"]),
    (".NET", T, &[".NET框架"], &[]),
    ("R", T, &["R语言实战"], &["JAVA"]),
    ("5G", T, &["5G移动通信"], &[]),
    ("𠮷野", T, &["𠮷野家の歴史"], &[]),
    ("家の历", T, &["𠮷野家の歴史"], &[]),
    ("어사", T, &["국어사전"], &[]),
    ("iii型", T, &["Ⅲ型"], &[]),
    ("二〇二〇", T, &["二〇二〇年"], &[]),
    ("abc词", T, &["ＡＢＣ词典"], &[]),
    ("约翰克利斯朵夫", ANY, &["约翰·克利斯朵夫"], &[]),
    ("约翰•克利", ANY, &["约翰·克利斯朵夫"], &[]),
    ("罗曼·罗兰", SearchField::Author, &["约翰·克利斯朵夫"], &[]),
    ("东アジアの图书", ANY, &["東アジアの図書館"], &[]),
    ("广泽", SearchField::Author, &["東アジアの図書館"], &[]),
    ("西游记", ANY, &["西遊記"], &[]),
];

fn shelf_of_forms() -> (TempDir, Catalogue) {
    let books = (0..).zip(BOOKS).map(|(key, (title, author))| book(key, title, author));
    catalogue(&books.collect::<Vec<_>>())
}

#[test]
fn the_same_finds_and_the_different_does_not() {
    let (_dir, catalogue) = shelf_of_forms();
    for (typed, field, found, not_found) in ASKED {
        let asked = Query { per_page: 100, ..query(typed, *field) };
        let answer = catalogue.search(&asked).unwrap();
        let titles: Vec<&str> = answer.hits.iter().filter_map(|hit| hit.entry.bib.title.as_deref()).collect();
        for title in *found {
            assert!(titles.contains(title), "{typed} should find {title}: {titles:?}");
        }
        for title in *not_found {
            assert!(!titles.contains(title), "{typed} should not find {title}: {titles:?}");
        }
        assert!(answer.total > 0 || !answer.advice.is_empty(), "{typed}");
    }
}

#[test]
fn every_form_finds_itself_and_stands_first() {
    let (_dir, catalogue) = shelf_of_forms();
    for (title, author) in BOOKS {
        let answer = catalogue.search(&query(title, ANY)).unwrap();
        let first = answer.hits.first().and_then(|hit| hit.entry.bib.title.as_deref());
        let folded = |text: &str| crate::index::terms::normal(text);
        assert_eq!(first.map(folded), Some(folded(title)), "{title}");
        if !author.is_empty() {
            let answer = catalogue.search(&query(author, SearchField::Author)).unwrap();
            assert_eq!(answer.total, 1, "{author}");
        }
    }
}

#[test]
fn marks_stand_on_what_was_entered() {
    let (_dir, catalogue) = shelf_of_forms();
    for (typed, title, marked) in [
        ("教育", "敎育", "敎育"),
        ("基督教", "近代中国基督敎敎育硏究", "基督敎"),
        ("后", "王后", "后"),
        ("后面", "後面", "後面"),
        ("株", "㈱三国", "㈱"),
        ("fine", "ﬁne arts", "ﬁne"),
        ("cafe", "Café", "Café"),
        ("东アジ", "東アジアの図書館", "東アジ"),
        ("𠮷", "𠮷野家の歴史", "𠮷"),
    ] {
        let answer = catalogue.search(&query(typed, ANY)).unwrap();
        let hit = answer.hits.iter().find(|h| h.entry.bib.title.as_deref() == Some(title));
        let ranges = &hit.unwrap_or_else(|| panic!("{typed} finds {title}")).title_highlight;
        let chars: Vec<char> = title.chars().collect();
        let text: String =
            ranges.iter().flat_map(|r| &chars[r.start as usize..r.end as usize]).copied().collect();
        assert_eq!(text, marked, "{typed} in {title}");
    }
}

#[test]
fn publishers_and_numbers_in_any_form() {
    let of = |key, publisher: &str, isbn| {
        with(book(key, "书", ""), |bib| {
            bib.publisher = Some(publisher.to_owned());
            bib.isbns = vec![Isbn(isbn)];
        })
    };
    let books = [of(1, "三晉出版社", 9_787_302_122_609), of(2, "中華書局", 9_787_101_003_048)];
    let (_dir, catalogue) = catalogue(&books);
    for (typed, field, expect) in [
        ("三晋出版社", SearchField::Publisher, 1),
        ("三晉出版社", ANY, 1),
        ("中华书局", SearchField::Publisher, 2),
        ("中華書局", ANY, 2),
        ("978-7-302-12260-9", ANY, 1),
        ("9787302122609", ANY, 1),
        ("7-302-12260-1", ANY, 1),
        ("7302122601", SearchField::Isbn, 1),
        ("ISBN 978-7-101-00304-8", ANY, 2),
        ("978 7 101 00304 8", SearchField::Isbn, 2),
        ("9787101003048", SearchField::Isbn, 2),
    ] {
        let answer = catalogue.search(&query(typed, field)).unwrap();
        assert_eq!(keys(&answer), [expect], "{typed}");
    }
}
