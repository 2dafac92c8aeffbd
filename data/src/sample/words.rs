//! Words by class, drawn as unevenly as language does, and titles put together from them.
//!
//! Distinct pairs of characters grow like those of real titles: 28.6 k at 10,000 titles, 140 k at 100,000.

use std::sync::LazyLock;

use super::random::Random;

const TABLE: &str = include_str!("../../tables/words.tsv");

/// Words of one class with the running sum of their weights.
struct Class {
    words: Vec<&'static str>,
    sums: Vec<f64>,
}

struct Words {
    nouns: Class,
    verbs: Class,
    adjectives: Class,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let of_class = |class: &str| {
        let words: Vec<&'static str> = TABLE
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| line.split_once('\t'))
            .filter(|(_, c)| *c == class)
            .map(|(word, _)| word)
            .collect();
        // Rank to a power: flatter than language at large, as titles are.
        let mut sum = 0.0;
        let sums = (0..words.len()).map(|rank| {
            sum += (rank as f64 + 20.0).powf(-0.6);
            sum
        });
        Class { sums: sums.collect(), words }
    };
    Words { nouns: of_class("n"), verbs: of_class("v"), adjectives: of_class("a") }
});

impl Class {
    fn pick(&self, random: &mut Random) -> &'static str {
        let total = self.sums.last().copied().unwrap_or_default();
        let drawn = random.unit() * total;
        let at = self.sums.partition_point(|sum| *sum < drawn).min(self.words.len() - 1);
        self.words[at]
    }
}

const GENRES: [&str; 28] = [
    "概论",
    "研究",
    "教程",
    "导论",
    "基础",
    "原理",
    "手册",
    "实务",
    "分析",
    "设计",
    "技术",
    "应用",
    "理论与实践",
    "史",
    "论集",
    "案例",
    "指南",
    "词典",
    "方法",
    "学",
    "实验",
    "管理",
    "评论",
    "鉴赏",
    "入门",
    "选读",
    "新编",
    "图解",
];

/// A noun, as an invented subject heading.
pub(super) fn noun(random: &mut Random) -> &'static str {
    WORDS.nouns.pick(random)
}

/// A title that could stand on a shelf.
pub fn title(random: &mut Random) -> String {
    let words = &*WORDS;
    let kind = random.unit();
    let noun = words.nouns.pick(random);
    let other = words.nouns.pick(random);
    let genre = random.pick(&GENRES);
    match kind {
        k if k < 0.30 => format!("{noun}{other}{genre}"),
        k if k < 0.45 => format!("{noun}与{other}"),
        k if k < 0.55 => format!("{noun}{other}"),
        k if k < 0.65 => format!("{}的{noun}", words.adjectives.pick(random)),
        k if k < 0.75 => format!("{}{noun}", words.verbs.pick(random)),
        k if k < 0.85 => format!("{noun}{}{genre}", words.verbs.pick(random)),
        k if k < 0.92 => format!("{noun}中的{other}{}", words.nouns.pick(random)),
        _ => format!("{}{noun}{genre}", words.adjectives.pick(random)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn pairs_of_characters_grow_like_those_of_real_titles() {
        let mut random = Random::new(46, 0);
        let (mut titles, mut pairs) = (HashSet::new(), HashSet::new());
        for (n_titles, real) in [(10_000, 28_600.0), (50_000, 89_000.0), (100_000, 140_000.0)] {
            while titles.len() < n_titles {
                let title = title(&mut random);
                let chars: Vec<char> = title.chars().collect();
                pairs.extend(chars.windows(2).map(|pair| (pair[0], pair[1])));
                titles.insert(title);
            }
            let ratio = pairs.len() as f64 / real;
            assert!((0.7..=1.3).contains(&ratio), "{} pairs at {n_titles} titles", pairs.len());
        }
    }
}
