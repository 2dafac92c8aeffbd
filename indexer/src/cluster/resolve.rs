//! One component of matching records → groups that are one edition each.
//!
//! Strong links first, as Kruskal would; a union is refused where two members may not be together: by a veto, by a
//! decision of a librarian, or because the group would grow past its cap. The result depends on the set of records,
//! links and decisions alone, never on their order: ties are broken by birth keys.

use std::cmp::Ordering;

use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};

use crate::bib::Grounds;

use super::compare::veto;
use super::record::MatchRecord;

/// A larger group is a mistake of somebody's and is looked at by a person.
pub const GROUP_CAP: usize = 400;

/// Two records that match.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Link {
    /// Place of the one record.
    pub a: usize,
    /// Place of the other.
    pub b: usize,
    /// How far above the threshold.
    pub weight: f32,
    /// What agreed.
    pub grounds: Grounds,
}

/// Two records that something speaks for, and that were not put together: for a person to look at.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Unsettled {
    /// A link was left out because its group would have had too many records; the birth keys of its ends.
    TooLarge(u64, u64),
    /// A decision could not be followed because it contradicts others; the birth keys of its ends.
    Contradiction(u64, u64),
}

/// What a component comes to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resolution {
    /// Every record once; each group ascending, groups by their first.
    pub groups: Vec<Vec<usize>>,
    /// The links that hold the groups together: one fewer than records in each.
    pub links: Vec<Link>,
    /// What a person should look at, each once.
    pub unsettled: Vec<Unsettled>,
}

/// Resolves one component. `ids` are the records' birth keys; `must` and `cannot` are pairs of places.
pub fn resolve(
    records: &[&MatchRecord],
    ids: &[u64],
    edges: &[Link],
    must: &[(usize, usize)],
    cannot: &[(usize, usize)],
) -> Resolution {
    let n_records = records.len().min(ids.len());
    let inside = |(a, b): (usize, usize)| a < n_records && b < n_records && a != b;
    let mut forest = Forest::new(records, n_records);
    for &(a, b) in cannot.iter().filter(|pair| inside(**pair)) {
        forest.apart[a].push(b);
        forest.apart[b].push(a);
    }
    let mut resolution = Resolution::default();
    let by_hand = must.iter().filter(|pair| inside(**pair)).map(|&(a, b)| Link {
        a,
        b,
        weight: f32::MAX,
        grounds: Grounds::BY_HAND,
    });
    for link in in_order(by_hand.collect(), ids) {
        if forest.is_apart(link.a, link.b) {
            resolution.unsettled.push(Unsettled::Contradiction(ids[link.a], ids[link.b]));
        } else {
            forest.join(link, &mut resolution.links);
        }
    }
    forest.settle_atoms();
    for link in in_order(edges.iter().copied().filter(|l| inside((l.a, l.b))).collect(), ids) {
        let (x, y) = (forest.root(link.a), forest.root(link.b));
        if x == y || forest.is_apart(x, y) || forest.is_vetoed(x, y) {
            continue;
        }
        if forest.members[x].len() + forest.members[y].len() > GROUP_CAP {
            resolution.unsettled.push(Unsettled::TooLarge(ids[link.a], ids[link.b]));
            continue;
        }
        forest.join(link, &mut resolution.links);
    }
    resolution.groups = forest.groups();
    resolution.unsettled.sort_unstable();
    resolution.unsettled.dedup();
    resolution
}

/// Strongest first, then by birth keys; each with the elder key first, a repeated pair once.
fn in_order(mut links: Vec<Link>, ids: &[u64]) -> Vec<Link> {
    for link in &mut links {
        if (ids[link.a], link.a) > (ids[link.b], link.b) {
            (link.a, link.b) = (link.b, link.a);
        }
    }
    let ends = |l: &Link| (ids[l.a], ids[l.b]);
    links.sort_unstable_by(|x, y| {
        y.weight.total_cmp(&x.weight).then_with(|| ends(x).cmp(&ends(y))).then(x.grounds.0.cmp(&y.grounds.0))
    });
    let mut seen = FxHashSet::default();
    links.retain(|link| link.a.cmp(&link.b) != Ordering::Equal && seen.insert((link.a, link.b)));
    links
}

/// Groups as they grow.
struct Forest<'a> {
    records: &'a [&'a MatchRecord],
    parent: Vec<usize>,
    /// Of a root: its group.
    members: Vec<Vec<usize>>,
    /// Of a root: its atoms that a veto could tell apart; an atom is what librarians joined, else one record.
    atoms: Vec<Vec<Vec<usize>>>,
    /// Of a record: those that a decision keeps it apart from.
    apart: Vec<Vec<usize>>,
}

impl<'a> Forest<'a> {
    fn new(records: &'a [&'a MatchRecord], n_records: usize) -> Self {
        Self {
            records,
            parent: (0..n_records).collect(),
            members: (0..n_records).map(|i| vec![i]).collect(),
            atoms: vec![Vec::new(); n_records],
            apart: vec![Vec::new(); n_records],
        }
    }

    fn root(&mut self, mut at: usize) -> usize {
        while self.parent[at] != at {
            self.parent[at] = self.parent[self.parent[at]];
            at = self.parent[at];
        }
        at
    }

    /// Whether a decision keeps two groups apart.
    fn is_apart(&mut self, a: usize, b: usize) -> bool {
        let (x, y) = (self.root(a), self.root(b));
        let (fewer, other) = if self.members[x].len() <= self.members[y].len() { (x, y) } else { (y, x) };
        let bound = self.members[fewer].iter().flat_map(|&m| self.apart[m].clone()).collect::<Vec<_>>();
        bound.into_iter().any(|m| self.root(m) == other)
    }

    fn settle_atoms(&mut self) {
        for root in 0..self.parent.len() {
            if self.parent[root] == root {
                self.atoms[root] = vec![self.members[root].clone()];
            }
        }
    }

    /// Whether some atom of the one group is vetoed by some atom of the other: no member pair of them may be joined.
    fn is_vetoed(&self, x: usize, y: usize) -> bool {
        let vetoed = |a: &[usize], b: &[usize]| {
            a.iter().all(|&i| b.iter().all(|&j| veto(self.records[i], self.records[j]).is_some()))
        };
        self.atoms[x].iter().any(|a| self.atoms[y].iter().any(|b| vetoed(a, b)))
    }

    fn join(&mut self, link: Link, links: &mut Vec<Link>) {
        let (x, y) = (self.root(link.a), self.root(link.b));
        if x == y {
            return;
        }
        let (into, from) = if self.members[x].len() >= self.members[y].len() { (x, y) } else { (y, x) };
        self.parent[from] = into;
        let moved = std::mem::take(&mut self.members[from]);
        self.members[into].extend(moved);
        for atom in std::mem::take(&mut self.atoms[from]) {
            // An atom whose vetoes are another's adds nothing: sets of equal records stay cheap.
            let records = self.records;
            let known = |other: &Vec<usize>| {
                atom.len() == 1 && other.len() == 1 && records[atom[0]].vetoes_like(records[other[0]])
            };
            if !self.atoms[into].iter().any(known) {
                self.atoms[into].push(atom);
            }
        }
        links.push(link);
    }

    fn groups(self) -> Vec<Vec<usize>> {
        let mut groups: Vec<Vec<usize>> = self.members.into_iter().filter(|m| !m.is_empty()).collect();
        groups.iter_mut().for_each(|group| group.sort_unstable());
        groups.sort_unstable();
        groups
    }
}
