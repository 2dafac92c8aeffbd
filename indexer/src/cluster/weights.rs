//! The table of weights, unpacked.

use std::sync::LazyLock;

use super::levels::{COMPARISONS, Levels, N_COMPARISONS};

const MAX_LEVELS: usize = 12;

/// Weights for titles of one script.
#[derive(Clone, Debug)]
pub(super) struct Weights {
    pub(super) threshold: f32,
    levels: [[f32; MAX_LEVELS]; N_COMPARISONS],
}

static WEIGHTS: LazyLock<[Weights; 2]> = LazyLock::new(|| {
    let table = data::match_weights::TABLE;
    [Weights::unpack(table, 0), Weights::unpack(table, 1)]
});

impl Weights {
    /// Those for titles in Han, or for titles in letters.
    pub(super) fn get(is_dense: bool) -> &'static Self {
        let [han, letters] = &*WEIGHTS;
        if is_dense { han } else { letters }
    }

    fn unpack(table: &str, column: usize) -> Self {
        let mut weights = Self { threshold: f32::INFINITY, levels: [[0.0; MAX_LEVELS]; N_COMPARISONS] };
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let mut cells = line.split('\t');
            let (Some(comparison), Some(level)) = (cells.next(), cells.next()) else { continue };
            let Some(weight) = cells.nth(column).and_then(|w| w.parse().ok()) else { continue };
            if comparison == "threshold" {
                weights.threshold = weight;
            }
            let at = COMPARISONS.iter().position(|(name, _)| *name == comparison);
            let Some(at) = at else { continue };
            if let Some(slot) = COMPARISONS[at].1.iter().position(|name| *name == level) {
                weights.levels[at][slot] = weight;
            }
        }
        weights
    }

    /// What one comparison contributes.
    pub(super) fn of(&self, comparison: usize, level: u8) -> f32 {
        self.levels[comparison][usize::from(level)]
    }

    /// What all of them come to.
    pub(super) fn sum(&self, levels: &Levels) -> f32 {
        levels.iter().enumerate().map(|(comparison, level)| self.of(comparison, *level)).sum()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;

    #[test]
    fn every_level_has_its_row() {
        let rows: Vec<(&str, &str)> = data::match_weights::TABLE
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(|line| {
                let cells: Vec<&str> = line.split('\t').collect();
                assert_eq!(cells.len(), 4, "{line}");
                assert!(cells[2..].iter().all(|w| w.parse::<f32>().unwrap().is_finite()), "{line}");
                (cells[0], cells[1])
            })
            .collect();
        let expected = COMPARISONS.iter().flat_map(|(name, levels)| levels.iter().map(move |l| (*name, *l)));
        let expected: Vec<_> = [("threshold", "-")].into_iter().chain(expected).collect();
        assert_eq!(rows, expected);
    }
}
