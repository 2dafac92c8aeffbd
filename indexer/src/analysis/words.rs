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
