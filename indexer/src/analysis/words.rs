//! Words of running text by jieba's dictionary: for abstracts, notes and contents, and for suggestions.
//!
//! Search mode without the hidden Markov model, which invents words. The dictionary (30 MB in memory) is loaded
//! when it is first asked for.

use std::sync::LazyLock;

use jieba_rs::Jieba;

use super::fold::{Class, class_of};

static JIEBA: LazyLock<Jieba> = LazyLock::new(Jieba::new);

/// Calls `word` with each word of the folded `text`, and with the shorter words inside long ones.
pub fn words(text: &str, word: &mut impl FnMut(&str)) {
    for piece in JIEBA.cut_for_search(text, false) {
        let piece = piece.word;
        if piece.chars().any(|c| matches!(class_of(c), Class::Dense | Class::Word)) {
            word(piece);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fold::fold;
    use super::*;

    #[test]
    fn words_and_the_words_inside_them() {
        let all = |text: &str| {
            let mut out = Vec::new();
            words(&fold(text), &mut |w| out.push(w.to_owned()));
            out
        };
        for (text, expect) in [
            ("計算機科學與技術", &["计算", "计算机", "科学", "技术"][..]),
            ("《三国演义》是中国古典小说", &["三国", "三国演义", "中国", "古典小说"]),
            ("本书介绍Java语言", &["介绍", "java", "语言"]),
        ] {
            let own = all(text);
            assert!(expect.iter().all(|w| own.iter().any(|o| o == w)), "{text} {own:?}");
        }
        assert_eq!(all("——，。"), Vec::<String>::new());
    }
}
