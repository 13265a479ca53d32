//! Sets of locals, one per instruction or block, side by side in one buffer.

/// A set of locals.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct LocalSet<'s> {
    words: &'s [u64],
}

impl<'s> LocalSet<'s> {
    /// Whether a local is in it.
    pub fn contains(&self, local: u32) -> bool {
        self.words.get(local as usize / 64).is_some_and(|word| word >> (local % 64) & 1 != 0)
    }

    /// The locals in it, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u32> + 's {
        self.words.iter().enumerate().flat_map(|(index, &word)| {
            let mut left = word;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros())?;
                left &= left - 1;
                Some(index as u32 * 64 + bit)
            })
        })
    }

    /// Its bits, 64 locals a word.
    pub fn words(&self) -> &'s [u64] {
        self.words
    }
}

impl std::fmt::Debug for LocalSet<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// A row of bits per instruction or block.
#[derive(Clone, Debug, Default)]
pub struct BitMatrix {
    words: Vec<u64>,
    stride: usize,
}

impl BitMatrix {
    /// Makes `rows` rows of `columns` bits, all equal to `value`.
    pub(crate) fn reset(&mut self, rows: usize, columns: u32, value: bool) {
        self.stride = (columns as usize).div_ceil(64);
        self.words.clear();
        self.words.resize(rows * self.stride, if value { u64::MAX } else { 0 });
    }

    /// Words a row.
    pub(crate) fn stride(&self) -> usize {
        self.stride
    }

    /// All rows, one after another.
    pub(crate) fn words(&self) -> &[u64] {
        &self.words
    }

    pub(crate) fn words_mut(&mut self) -> &mut [u64] {
        &mut self.words
    }

    pub(crate) fn row(&self, row: usize) -> &[u64] {
        &self.words[row * self.stride..(row + 1) * self.stride]
    }

    pub(crate) fn row_mut(&mut self, row: usize) -> &mut [u64] {
        &mut self.words[row * self.stride..(row + 1) * self.stride]
    }

    /// A row as a set.
    pub fn set(&self, row: u32) -> LocalSet<'_> {
        LocalSet { words: self.row(row as usize) }
    }
}

pub(crate) fn insert(set: &mut [u64], local: u32) {
    set[local as usize / 64] |= 1 << (local % 64);
}

pub(crate) fn remove(set: &mut [u64], local: u32) {
    set[local as usize / 64] &= !(1 << (local % 64));
}

pub(crate) fn unite(set: &mut [u64], other: &[u64]) {
    for (word, other) in set.iter_mut().zip(other) {
        *word |= other;
    }
}

pub(crate) fn intersect(set: &mut [u64], other: &[u64]) {
    for (word, other) in set.iter_mut().zip(other) {
        *word &= other;
    }
}
