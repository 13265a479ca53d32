//! Versions of classes that have variables which change again and again (`Task.count += 1`).
//!
//! The interpreter takes a class's version away at each change of an attribute, since its caches have what the class had under that version; after a thousand changes the class gets
//! no more, and is looked up anew each time. Of the upper half of the versions, which the interpreter does not come to, such classes have a *series* each: with each change of such a variable the class
//! gets the next version of its series, so that no cache of the interpreter's holds any more, while in all versions of a series the class has the same attributes but for those variables. What relies on nothing
//! else can rely on the [`fixed`] part.

/// The first version of a series. The interpreter counts up from 2^17, and gives a class no more than a thousand.
pub const FIRST: u32 = 1 << 31;

/// The first versions of series of each size, with the number of low bits that vary in these. Most classes are changed some thousand times at most; one that has used up a series gets one of the next size.
pub const SIZES: [(u32, u32); 3] = [(FIRST, 14), (3 << 30, 20), (7 << 29, 26)];

/// How many of the low bits of a version count the changes in its series; none in versions of the interpreter's own.
#[must_use]
#[inline]
pub const fn varying_bits(version: u32) -> u32 {
    if version < SIZES[0].0 {
        0
    } else if version < SIZES[1].0 {
        SIZES[0].1
    } else if version < SIZES[2].0 {
        SIZES[1].1
    } else {
        SIZES[2].1
    }
}

/// The first version of the series that a version is in, or else the version itself.
#[must_use]
#[inline]
pub const fn fixed(version: u32) -> u32 {
    version & u32::MAX << varying_bits(version)
}

/// A number that tables of so many places find the place of a version by: the low bits of fixed parts are all the same.
#[must_use]
#[inline]
pub const fn place(version: u32, places: usize) -> usize {
    (version ^ version >> 14 ^ version >> 20) as usize % places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_a_series_have_one_fixed_part() {
        assert_eq!([1, FIRST - 1].map(fixed), [1, FIRST - 1]);
        for (first, bits) in SIZES {
            assert_eq!([first, first + 1, first + (1 << bits) - 1].map(fixed), [first; 3]);
            assert_eq!(fixed(first + (1 << bits)), first + (1 << bits));
        }
        assert_eq!(fixed(u32::MAX), u32::MAX << 26);
    }
}
