//! Which records hang together: a union-find that several threads may write to.
//!
//! It knows numbers only. Four bytes a record, the only thing of a build that grows with the consortium and is
//! always in memory beside one of the same size for the order.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// Disjoint sets of the numbers below `len`.
pub(super) struct Forest {
    parents: Vec<AtomicU32>,
}

impl Forest {
    pub(super) fn new(len: usize) -> Self {
        Self { parents: (0..len as u32).map(AtomicU32::new).collect() }
    }

    /// The number that stands for the set of `number`. Only roots are ever linked, to a smaller root, so the walk
    /// ends and the result does not depend on who came first.
    pub(super) fn root(&self, number: u32) -> u32 {
        let mut here = number;
        loop {
            let parent = self.parents[here as usize].load(Relaxed);
            if parent == here {
                return here;
            }
            let above = self.parents[parent as usize].load(Relaxed);
            self.parents[here as usize].store(above, Relaxed);
            here = above;
        }
    }

    pub(super) fn together(&self, a: u32, b: u32) -> bool {
        self.root(a) == self.root(b)
    }

    /// Makes one set of the sets of both.
    pub(super) fn join(&self, a: u32, b: u32) {
        let (mut a, mut b) = (a, b);
        loop {
            (a, b) = (self.root(a), self.root(b));
            if a == b {
                return;
            }
            let (low, high) = (a.min(b), a.max(b));
            if self.parents[high as usize].compare_exchange(high, low, Relaxed, Relaxed).is_ok() {
                return;
            }
        }
    }

    /// All sets: the numbers sorted by their set, and where each set ends.
    pub(super) fn sets(&self) -> Sets {
        let roots: Vec<u32> = (0..self.parents.len() as u32).map(|number| self.root(number)).collect();
        let mut starts = vec![0u32; roots.len() + 1];
        roots.iter().for_each(|root| starts[*root as usize + 1] += 1);
        for i in 1..starts.len() {
            starts[i] += starts[i - 1];
        }
        let mut next = starts.clone();
        let mut numbers = vec![0u32; roots.len()];
        for (number, root) in roots.iter().enumerate() {
            let place = &mut next[*root as usize];
            numbers[*place as usize] = number as u32;
            *place += 1;
        }
        starts.dedup();
        Sets { numbers, starts }
    }
}

/// The sets of a forest.
pub(super) struct Sets {
    numbers: Vec<u32>,
    starts: Vec<u32>,
}

impl Sets {
    pub(super) fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// The numbers of a set, ascending.
    pub(super) fn get(&self, set_idx: usize) -> &[u32] {
        &self.numbers[self.starts[set_idx] as usize..self.starts[set_idx + 1] as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_what_was_joined() {
        let forest = Forest::new(7);
        for (a, b) in [(6, 2), (2, 4), (1, 5), (5, 1)] {
            forest.join(a, b);
        }
        let sets = forest.sets();
        let all: Vec<&[u32]> = (0..sets.len()).map(|i| sets.get(i)).collect();
        assert_eq!(all, [&[0][..], &[1, 5], &[2, 4, 6], &[3]]);
        assert!(forest.together(6, 4) && !forest.together(1, 2));
        assert_eq!(Forest::new(0).sets().len(), 0);
    }
}
