//! Which ranges of the memory are free: best fit, with neighbours joined. Knows nothing of mappings.
//!
//! What was never given out, or was given back next to that, is the *rest*: most blocks come from there, without a search.

use super::MemoryStats;
use std::collections::{BTreeMap, BTreeSet};

/// The free ranges of a piece of memory, in bytes from its start.
#[derive(Debug)]
pub(super) struct Space {
    granularity: usize,
    /// Start to length of each free range before the rest; no two touch, and none touches the rest.
    free: BTreeMap<usize, usize>,
    /// The same as (length, start).
    by_length: BTreeSet<(usize, usize)>,
    /// Where the rest begins.
    rest: usize,
    end: usize,
    limit: usize,
    used: usize,
    blocks: usize,
    high_water: usize,
}

impl Space {
    /// Everything from `start` to `end` is free; both are multiples of `granularity`.
    pub fn new(start: usize, end: usize, granularity: usize) -> Space {
        Space {
            granularity,
            free: BTreeMap::new(),
            by_length: BTreeSet::new(),
            rest: start,
            end,
            limit: end - start,
            used: 0,
            blocks: 0,
            high_water: start,
        }
    }

    /// Start and length of a new block: of the smallest free range that has room, the lowest of its size; of the rest if none has.
    pub fn allocate(&mut self, size: usize) -> Option<(usize, usize)> {
        let len = size.max(1).checked_next_multiple_of(self.granularity)?;
        let start = match self.by_length.range((len, 0)..).next() {
            Some(&(free_len, start)) => {
                self.remove(start, free_len);
                if free_len > len {
                    self.insert(start + len, free_len - len);
                }
                start
            }
            None if self.end - self.rest >= len => {
                self.rest += len;
                self.rest - len
            }
            None => return None,
        };
        self.used += len;
        self.blocks += 1;
        self.high_water = self.high_water.max(start + len);
        Some((start, len))
    }

    /// Gives a block back.
    pub fn free(&mut self, mut start: usize, mut len: usize) {
        self.retire(len);
        if let Some((&before, &before_len)) = self.free.range(..start).next_back()
            && before + before_len == start
        {
            self.remove(before, before_len);
            (start, len) = (before, before_len + len);
        }
        if start + len == self.rest {
            self.rest = start;
            return;
        }
        if let Some(&after_len) = self.free.get(&(start + len)) {
            self.remove(start + len, after_len);
            len += after_len;
        }
        self.insert(start, len);
    }

    /// Counts a block as gone, but does not use its place again.
    pub fn retire(&mut self, len: usize) {
        self.used -= len;
        self.blocks -= 1;
    }

    /// The end of the highest block there ever was.
    pub fn high_water(&self) -> usize {
        self.high_water
    }

    pub fn stats(&self) -> MemoryStats {
        MemoryStats {
            limit: self.limit,
            used: self.used,
            high_water: self.high_water,
            blocks: self.blocks,
            free_ranges: self.free.len() + usize::from(self.rest < self.end),
            dual: false,
        }
    }

    fn insert(&mut self, start: usize, len: usize) {
        self.free.insert(start, len);
        self.by_length.insert((len, start));
    }

    fn remove(&mut self, start: usize, len: usize) {
        self.free.remove(&start);
        self.by_length.remove(&(len, start));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn neighbours_join() {
        let mut space = Space::new(64, 4096, 16);
        let blocks: Vec<_> = (0..4).map(|_| space.allocate(100).unwrap()).collect();
        assert_eq!(blocks[0], (64, 112));
        for n in [1, 3, 2, 0] {
            space.free(blocks[n].0, blocks[n].1);
        }
        assert_eq!(space.stats().free_ranges, 1);
        assert_eq!(space.allocate(4096 - 64), Some((64, 4096 - 64)));
        assert_eq!(space.allocate(1), None);
    }

    #[test]
    fn smallest_fit_is_used_first() {
        let mut space = Space::new(0, 1 << 16, 16);
        let small = space.allocate(32).unwrap();
        let _keep = space.allocate(16).unwrap();
        space.free(small.0, small.1);
        assert_eq!(space.allocate(32), Some(small));
    }

    #[test]
    fn retired_blocks_are_not_used_again() {
        let mut space = Space::new(0, 256, 16);
        let (_, len) = space.allocate(128).unwrap();
        space.retire(len);
        assert_eq!(space.stats().used, 0);
        assert_eq!(space.allocate(129), None);
        assert_eq!(space.allocate(128), Some((128, 128)));
    }

    proptest! {
        /// Against a model of bytes: no overlap, inside the limit, everything comes back.
        #[test]
        fn blocks_never_overlap(steps in proptest::collection::vec((any::<bool>(), 0usize..400, any::<prop::sample::Index>()), 1..120)) {
            let (start, end) = (64, 4096);
            let mut space = Space::new(start, end, 16);
            let mut owner = vec![false; end];
            let mut live: Vec<(usize, usize)> = Vec::new();
            for (allocates, size, which) in steps {
                if allocates {
                    let Some((at, len)) = space.allocate(size) else {
                        let fits = owner[start..].chunks(16).fold((0, 0), |(run, best), c| {
                            let run = if c[0] { 0 } else { run + 16 };
                            (run, run.max(best))
                        }).1;
                        prop_assert!(fits < size.max(1));
                        continue;
                    };
                    prop_assert!(at % 16 == 0 && len >= size && len < size + 17 && at >= start && at + len <= end);
                    prop_assert!(owner[at..at + len].iter().all(|used| !used));
                    owner[at..at + len].fill(true);
                    live.push((at, len));
                } else if !live.is_empty() {
                    let (at, len) = live.swap_remove(which.index(live.len()));
                    space.free(at, len);
                    owner[at..at + len].fill(false);
                }
                prop_assert_eq!(space.stats().used, owner.iter().filter(|used| **used).count());
                prop_assert_eq!(space.stats().blocks, live.len());
            }
            for (at, len) in live {
                space.free(at, len);
            }
            prop_assert_eq!(space.stats().free_ranges, 1);
        }
    }
}
