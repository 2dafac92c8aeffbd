//! Small drawings of the result page: which page numbers, which letters of a title, which bars.

use indexer::search::Marks;

use crate::i18n::{Lang, grouped};
use crate::wire::FacetValue;

/// Hits by year as bars.
pub(super) struct YearChart {
    pub(super) label: String,
    pub(super) bars: Vec<Bar>,
    pub(super) width: usize,
}

/// One bar.
pub(super) struct Bar {
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) height: usize,
    pub(super) title: String,
}

/// The pages whose numbers stand in the pager: the ends, and those around this one.
pub(super) fn pages_shown(page: u32, pages: u32) -> Vec<u32> {
    let around = page.saturating_sub(2)..=page.saturating_add(2);
    let mut shown: Vec<u32> =
        [1, pages].into_iter().chain(around).filter(|p| (1..=pages).contains(p)).collect();
    shown.sort_unstable();
    shown.dedup();
    shown
}

/// A title in pieces, each with whether it matches; ranges count Unicode scalar values.
pub(super) fn marked(title: &str, ranges: &[[u32; 2]]) -> Vec<(String, bool)> {
    let is_hit = |i: usize| ranges.iter().any(|[start, end]| (*start as usize..*end as usize).contains(&i));
    let mut pieces: Vec<(String, bool)> = Vec::new();
    for (i, c) in title.chars().enumerate() {
        match pieces.last_mut() {
            Some((piece, hit)) if *hit == is_hit(i) => piece.push(c),
            _ => pieces.push((c.to_string(), is_hit(i))),
        }
    }
    pieces
}

/// The same of what was asked for, wherever it stands in a text.
pub(super) fn marked_by(marks: &Marks, text: &str) -> Vec<(String, bool)> {
    let ranges: Vec<[u32; 2]> = marks.within(text).into_iter().map(|r| [r.start, r.end]).collect();
    marked(text, &ranges)
}

const CHART_HEIGHT: u64 = 40;

/// Bars of the years; of many years several share a bar.
pub(super) fn year_chart(years: &[FacetValue], lang: Lang) -> Option<YearChart> {
    let mut counts: Vec<(i32, u64)> =
        years.iter().filter_map(|v| Some((v.value.parse().ok()?, v.hits))).collect();
    counts.sort_unstable();
    let (first, last) = (counts.first()?.0, counts.last()?.0);
    let (top, most) = *counts.iter().max_by_key(|(_, hits)| *hits)?;
    let step = usize::try_from(last - first).ok()? / 40 + 1;
    let mut bars = vec![0u64; usize::try_from(last - first).ok()? / step + 1];
    for (year, hits) in &counts {
        bars[usize::try_from(year - first).ok()? / step] += hits;
    }
    let highest = bars.iter().max().copied()?.max(1);
    let gaps = [
        ("from", first.to_string()),
        ("to", last.to_string()),
        ("top", top.to_string()),
        ("n", grouped(most)),
    ];
    let gaps: Vec<(&str, &str)> = gaps.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let bar = |(i, hits): (usize, &u64)| {
        let height = usize::try_from((hits * CHART_HEIGHT).div_ceil(highest)).unwrap_or(0);
        let from = first + i32::try_from(i * step).unwrap_or(0);
        Bar {
            x: i * 6,
            y: CHART_HEIGHT as usize - height,
            height,
            title: format!("{from}: {}", grouped(*hits)),
        }
    };
    Some(YearChart {
        label: lang.fill("search.year_chart", &gaps),
        width: bars.len() * 6,
        bars: bars.iter().enumerate().map(bar).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_a_title_join_to_the_title() {
        let pieces = marked("𠀀Java简明教程", &[[1, 5], [7, 90]]);
        let expect = [("𠀀", false), ("Java", true), ("简明", false), ("教程", true)];
        assert_eq!(pieces, expect.map(|(text, hit)| (text.to_owned(), hit)));
        assert!(marked("", &[[0, 1]]).is_empty());
    }

    #[test]
    fn the_pager_shows_ends_and_neighbours() {
        assert_eq!(pages_shown(1, 23), [1, 2, 3, 23]);
        assert_eq!(pages_shown(10, 23), [1, 8, 9, 10, 11, 12, 23]);
        assert_eq!(pages_shown(1, 1), [1]);
        assert_eq!(pages_shown(9, 0), Vec::<u32>::new());
        assert_eq!(pages_shown(u32::MAX, 3), [1, 3]);
    }

    #[test]
    fn years_become_bars() {
        let value = |year: &str, hits| FacetValue { value: year.into(), label: year.into(), hits };
        let chart = year_chart(&[value("1998", 1), value("2008", 61), value("abc", 9)], Lang::ZhHans);
        let chart = chart.map(|c| (c.bars.len(), c.bars[10].height, c.bars[0].height, c.bars[5].height));
        assert_eq!(chart, Some((11, 40, 1, 0)));
        assert!(year_chart(&[], Lang::ZhHans).is_none());
        assert!(year_chart(&[value("-3000", 1), value("9999", u64::MAX / 64)], Lang::En).is_some());
    }
}
