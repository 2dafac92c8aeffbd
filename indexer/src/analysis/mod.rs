//! Text → terms: folding, segmenting, pinyin, numbers; the same for index and query.
