//! Which libraries a reader means by `bjyddx`, `北邮`, `BUPT` (DOMAIN §6).
//!
//! A small automaton: every letter is used, every character in turn gives at least one letter of its reading, from
//! the start of the name or behind 北京, 中国 and the like. No letter is skipped: `bjtdx` finds nothing.

use crate::analysis::fold::fold;

use super::members::Library;
use super::readings::{Sound, sounds, spoken_name};

/// A name may also be begun behind one of these.
const PLACES: [&str; 5] = ["北京", "中国", "首都", "中央", "国家"];

/// How well a library fits, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Exact,
    WholeInitials,
    Initials,
    FullPinyin,
    HanStart,
    Mixed,
    BehindPlace,
    HanInside,
    Tolerated,
}

/// What a library is found by.
#[derive(Clone, Debug)]
pub(super) struct Key {
    code: String,
    exact: Vec<String>,
    /// Folded names that Han may be a part of.
    names: Vec<String>,
    initials: String,
    sounds: Vec<Sound>,
    /// How many sounds the name has; behind them stands a 图书馆 that may be typed or not.
    core: usize,
    starts: Vec<usize>,
    order: (usize, String),
}

/// Fills in missing initials and pinyin; a sentence if the pinyin given does not fit the name.
pub(super) fn complete(library: &mut Library) -> Option<String> {
    let spoken = spoken_name(&library.name, &library.initials);
    let mut problem = None;
    let own = sounds(&spoken, &library.pinyin).or_else(|| {
        problem = Some(format!(
            "the pinyin of {} does not fit its name {spoken}; the usual reading is taken",
            library.code
        ));
        sounds(&spoken, "")
    });
    let own = own.unwrap_or_default();
    if library.initials.is_empty() {
        library.initials = own.iter().filter_map(|s| s.right.first()?.chars().next()).collect();
    }
    if library.pinyin.is_empty() || problem.is_some() {
        let spell =
            |s: &Sound| s.right.iter().take(1).chain(&s.tolerated).cloned().collect::<Vec<_>>().join("/");
        library.pinyin = own.iter().map(spell).collect::<Vec<_>>().join(" ");
    }
    problem
}

impl Key {
    pub(super) fn of(library: &Library) -> Self {
        let spoken = spoken_name(&library.name, &library.initials);
        let mut own = sounds(&spoken, &library.pinyin).unwrap_or_default();
        let core = own.len();
        own.extend(sounds("图书馆", "tu shu guan").unwrap_or_default());
        let mut starts = vec![0];
        starts.extend(PLACES.iter().filter(|p| spoken.starts_with(**p)).map(|p| p.chars().count()));
        let mut exact =
            vec![fold(library.code.as_str()), fold(&library.name), spoken.clone(), fold(&library.short_name)];
        exact.extend(library.aliases.iter().map(|a| fold(a)));
        exact.retain(|e| !e.is_empty());
        let mut names = vec![fold(&library.name), spoken.clone()];
        names.extend(exact.iter().skip(1).cloned());
        let pinyin: String = own[..core].iter().filter_map(|s| s.right.first()).map(String::as_str).collect();
        Self {
            code: library.code.to_string(),
            exact: exact.iter().map(|e| bare(e)).collect(),
            names,
            initials: library.initials.clone(),
            sounds: own,
            core,
            starts,
            order: (spoken.chars().count(), pinyin),
        }
    }

    fn rank(&self, typed: &Typed) -> Option<Rank> {
        if self.exact.contains(&typed.bare) {
            return Some(Rank::Exact);
        }
        if typed.han {
            let start = self.names.iter().any(|n| n.starts_with(&typed.folded));
            let inside = self.names.iter().any(|n| n.contains(&typed.folded));
            if start || inside {
                return Some(if start { Rank::HanStart } else { Rank::HanInside });
            }
        } else if self.initials == typed.letters || format!("{}tsg", self.initials) == typed.letters {
            return Some(Rank::WholeInitials);
        } else if self.initials.starts_with(&typed.letters) {
            return Some(Rank::Initials);
        }
        let mut best = None;
        for &start in &self.starts {
            let found = walk(self, &typed.chars, start);
            let rank = found.map(|way| match way {
                Way { tolerated: true, .. } => Rank::Tolerated,
                _ if start > 0 => Rank::BehindPlace,
                Way { partial: false, .. } => Rank::FullPinyin,
                _ => Rank::Mixed,
            });
            best = [best, rank].into_iter().flatten().min();
        }
        best
    }
}

struct Typed {
    folded: String,
    bare: String,
    letters: String,
    /// Letters and Han to be used one after the other.
    chars: Vec<char>,
    han: bool,
}

/// Longer than any name in pinyin.
const LONGEST: usize = 200;

impl Typed {
    fn new(typed: &str) -> Self {
        let typed: String = typed.chars().take(LONGEST).collect();
        let folded = fold(&typed);
        let umlauts: String =
            typed.chars().flat_map(char::to_lowercase).map(|c| if c == 'ü' { 'v' } else { c }).collect();
        let bare = bare(&folded);
        let chars: Vec<char> = bare_chars(&fold(&umlauts)).filter(|c| !c.is_ascii_digit()).collect();
        let letters = chars.iter().collect();
        let han = !folded.is_ascii();
        Self { folded, bare, letters, chars, han }
    }
}

fn bare_chars(folded: &str) -> impl Iterator<Item = char> {
    folded.chars().filter(|c| !c.is_whitespace())
}

fn bare(folded: &str) -> String {
    bare_chars(folded).collect()
}

/// How the letters were used up.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Way {
    tolerated: bool,
    /// A character but the last gave less than its whole syllable.
    partial: bool,
}

/// The best way in which the sounds from `start` on use up all that was typed.
fn walk(key: &Key, typed: &[char], start: usize) -> Option<Way> {
    // For each place in what was typed the best way to it; one sound further with every turn.
    let mut reached: Vec<Option<Way>> = vec![None; typed.len() + 1];
    reached[0] = Some(Way { tolerated: false, partial: false });
    let mut best = None;
    for i in start..=key.sounds.len() {
        // 图书馆 behind the name counts only whole: `bjdxt` is nothing.
        if i <= key.core || i == key.sounds.len() {
            best = better(best, reached[typed.len()]);
        }
        let Some(sound) = key.sounds.get(i) else { break };
        let mut next = vec![None; typed.len() + 1];
        for (at, way) in reached.iter().enumerate().take(typed.len()) {
            if let Some(way) = *way {
                say(sound, typed, at, way, &mut next);
            }
        }
        if next.iter().all(Option::is_none) {
            break;
        }
        reached = next;
    }
    best
}

/// Uses one sound from `typed[at..]`, in every way that it can be typed.
fn say(sound: &Sound, typed: &[char], at: usize, way: Way, next: &mut [Option<Way>]) {
    if typed[at] == sound.c {
        next[at + 1] = better(next[at + 1], Some(way));
    }
    let right = sound.right.iter().map(|s| (s, false));
    for (syllable, tolerated) in right.chain(sound.tolerated.iter().map(|s| (s, true))) {
        let common = syllable.chars().zip(&typed[at..]).take_while(|(a, b)| a == *b).count();
        for n in 1..=common {
            let last = at > 0 && at + n == typed.len();
            let partial = way.partial || (n < syllable.len() && !last);
            let own = Way { tolerated: way.tolerated || tolerated, partial };
            next[at + n] = better(next[at + n], Some(own));
        }
    }
}

fn better(a: Option<Way>, b: Option<Way>) -> Option<Way> {
    a.into_iter().chain(b).min()
}

/// The numbers of the libraries that fit, best first.
pub(super) fn ranked(keys: &[Key], typed: &str) -> Vec<usize> {
    if typed.trim().is_empty() {
        return (0..keys.len()).collect();
    }
    let typed = Typed::new(typed);
    if typed.bare.is_empty() {
        return Vec::new();
    }
    let mut found: Vec<(Rank, usize)> =
        keys.iter().enumerate().filter_map(|(i, key)| key.rank(&typed).map(|rank| (rank, i))).collect();
    found.sort_by(|(a, i), (b, j)| {
        let (x, y) = (&keys[*i], &keys[*j]);
        a.cmp(b).then_with(|| x.order.cmp(&y.order)).then_with(|| x.code.cmp(&y.code))
    });
    found.into_iter().map(|(_, i)| i).collect()
}

#[cfg(test)]
mod tests;
