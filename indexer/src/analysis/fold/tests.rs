//! Folding on the examples that decided the table, and its laws.
use proptest::prelude::*;

use super::*;

#[test]
fn one_form_for_what_readers_take_as_one() {
    for (text, expect) in [
        ("JAVA", "java"),
        ("ＪＡＶＡ", "java"),
        ("Ｊａｖａ　简明教程", "java简明教程"),
        ("歷史", "历史"),
        ("曆法", "历法"),
        ("敎育", "教育"),
        ("三國演義（上）", "三国演义上"),
        ("三 国 演 义", "三国演义"),
        ("《红楼梦》·续", "红楼梦续"),
        ("㈱三国", "株三国"),
        ("ﬁne arts", "fine arts"),
        ("第Ⅳ卷", "第iv卷"),
        ("PartⅡ", "part ii"),
        ("Straße  Café", "strasse cafe"),
        ("Ёлка и й", "елка и и"),
        ("don’t O'Reilly", "dont oreilly"),
        ("e-mail: a/b", "e mail a b"),
        ("C++程序设计", "c++程序设计"),
        ("C＋＋11", "c++ 11"),
        ("C#入门", "c#入门"),
        ("a#b a+b", "a b a b"),
        (".NET", "net"),
        ("C 语言", "c语言"),
        ("ｶﾞｷﾞﾊﾟ", "ガギパ"),
        ("か\u{3099}", "が"),
        ("한국", "한국"),
        ("\u{1112}\u{1161}\u{11ab}\u{1100}\u{116e}\u{11a8}", "한국"),
        ("沢広仮図芸", "泽广假图艺"),
        ("二〇〇八", "二零零八"),
        ("２００９-2010", "2009 2010"),
        ("列夫·托尔斯泰", "列夫托尔斯泰"),
        ("A·B", "a b"),
        ("①②", "1 2"),
        ("བོད་ཡིག", "བོད ཡིག"),
        ("ئۇيغۇر", "ئۇيغۇر"),
        ("كِتَاب", "كتاب"),
        ("Cafe\u{301} Việt Nam", "cafe viet nam"),
        ("ᠮᠣᠩᠭᠣᠯ\u{202f}ᠤᠨ ᠬᠡᠯᠡ", "ᠮᠣᠩᠭᠣᠯ ᠤᠨ ᠬᠡᠯᠡ"),
        ("ภาษาไทย", "ภาษาไทย"),
        ("ﻛﺘﺎﺏ", "كتاب"),
        ("…——", ""),
        ("", ""),
        ("𠮷野家", "吉野家"),
    ] {
        assert_eq!(fold(text), expect, "{text}");
    }
}

#[test]
fn families_of_variants_fold_to_one() {
    for family in [
        "髮發发",
        "裏裡里",
        "臺檯颱台",
        "後后",
        "於于",
        "鐘鍾锺钟",
        "餘馀余",
        "乾幹干榦",
        "着著",
        "瞭了",
        "藉借",
        "爲為为",
        "說説说",
        "戶户戸",
        "歷曆历厤",
        "敎教",
        "國国圀",
        "圖図图",
        "藝芸艺",
        "馬马",
        "⼈人",
        "雲云",
    ] {
        let folded: Vec<String> = family.chars().map(|c| fold(&c.to_string())).collect();
        assert!(folded.iter().all(|f| *f == folded[0]), "{family} {folded:?}");
    }
    for (a, b) in
        [("沈", "沉"), ("己", "已"), ("未", "末"), ("土", "士"), ("芸豆", "云豆"), ("ガ", "カ"), ("が", "ガ")]
    {
        assert_ne!(fold(a), fold(b), "{a} {b}");
    }
}

#[test]
fn the_way_back_spans_what_was_folded() {
    for (text, needle, expect) in [
        ("三國演義（上）", "演义上", (2, 6)),
        ("㈱三国", "株", (0, 1)),
        ("ﬁne", "i", (0, 1)),
        ("ｶﾞﾝ", "ガ", (0, 2)),
        ("x  C++", "c++", (3, 6)),
        ("𠀀三国", "三国", (1, 3)),
    ] {
        let folded = fold_mapped(text);
        let at = folded.text.find(needle).expect(text);
        let (first, n) = (folded.text[..at].chars().count(), needle.chars().count());
        assert_eq!((folded.map[first].0, folded.map[first + n - 1].1), expect, "{text}");
    }
}

proptest! {
    #[test]
    fn folding_twice_changes_nothing(text in "\\PC{0,40}") {
        let once = fold(&text);
        prop_assert_eq!(fold(&once), once);
    }

    #[test]
    fn folding_awkward_text_twice_changes_nothing(text in "[a-cC+# ＋#①Ⅱ㈱ｶﾞが\u{3099}\u{200d}\u{1100}\u{1161}\u{11a8}\u{ac00}三國·\u{301}1²½.']{0,16}") {
        let folded = fold_mapped(&text);
        prop_assert_eq!(fold(&text), folded.text.clone());
        prop_assert_eq!(fold(&folded.text), folded.text.clone());
        prop_assert_eq!(folded.map.len(), folded.text.chars().count());
        prop_assert!(folded.map.is_sorted());
        let n = text.chars().count() as u32;
        prop_assert!(folded.map.iter().all(|&(a, b)| a < b && b <= n));
    }

    #[test]
    fn every_character_folds_to_a_fixed_point(c in any::<char>()) {
        let once = fold(&c.to_string());
        prop_assert_eq!(fold(&once), once);
    }
}
