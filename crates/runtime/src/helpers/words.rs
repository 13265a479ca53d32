//! Numbers of any length as words of 64 bits, least first: what long ints are multiplied and divided in. Lengths are those of a key or a few hundred
//! decimal digits, so the schoolbook ways are the quickest. A library's numbers, which own memory, take 250 ns more an operation than these,
//! which is as long as CPython takes for the whole of most.

/// A number, least word first; zeros may stand at the end. What is made is written over what was there, so that memory is used again.
pub(super) type Words = Vec<u64>;

/// `product = left * right`.
pub(super) fn multiply(product: &mut Words, left: &[u64], right: &[u64]) {
    product.clear();
    product.resize(left.len() + right.len(), 0);
    for (index, &factor) in right.iter().enumerate() {
        let mut carry = 0;
        for (word, &other) in product[index..].iter_mut().zip(left) {
            let sum = u128::from(other) * u128::from(factor) + u128::from(*word) + u128::from(carry);
            *word = sum as u64;
            carry = (sum >> 64) as u64;
        }
        product[index + left.len()] = carry;
    }
}

/// Divides in place: the dividend becomes the remainder, the divisor is shifted by what is answered.
///
/// Knuth, *The Art of Computer Programming*, volume 2, 4.3.1, algorithm D.
///
/// # Panics
/// If the divisor has a zero at its end, or no word at all.
pub(super) fn divide(quotient: &mut Words, dividend: &mut Words, divisor: &mut [u64]) -> u32 {
    let count = divisor.len();
    let shift = divisor[count - 1].leading_zeros();
    assert!(shift < u64::BITS, "a divisor ends with a word that is not zero");
    dividend.push(0);
    shift_left(dividend, shift);
    shift_left(divisor, shift);
    let top = Divisor::new(divisor[count - 1]);
    let steps = dividend.len().saturating_sub(count);
    quotient.clear();
    quotient.resize(steps, 0);
    for step in (0..steps).rev() {
        let part = &mut dividend[step..=step + count];
        let found = top.guess(part, divisor);
        quotient[step] = if found != 0 && subtract_multiple(part, divisor, found) {
            // One too many, once in 2⁶³ numbers or so.
            add(part, divisor);
            found - 1
        } else {
            found
        };
    }
    dividend.truncate(count);
    shift_right(dividend, shift);
    shift
}

/// `number += 1`.
pub(super) fn increment(number: &mut Words) {
    for word in number.iter_mut() {
        let (sum, carry) = word.overflowing_add(1);
        *word = sum;
        if !carry {
            return;
        }
    }
    number.push(1);
}

/// `number = left - number`, which is not below zero.
pub(super) fn subtract_from(left: &[u64], number: &mut Words) {
    number.resize(left.len(), 0);
    let mut borrow = false;
    for (word, &other) in number.iter_mut().zip(left) {
        (*word, borrow) = other.borrowing_sub(*word, borrow);
    }
}

/// The highest word of a divisor, its highest bit set, with a reciprocal that makes multiplications of divisions.
///
/// Möller and Granlund, *Improved division by invariant integers*, IEEE Transactions on Computers 60 (2011), algorithm 4.
struct Divisor {
    word: u64,
    reciprocal: u64,
}

impl Divisor {
    fn new(word: u64) -> Self {
        let reciprocal = (u128::MAX / u128::from(word)) as u64;
        Self { word, reciprocal }
    }

    /// Quotient and remainder of two words, the high one below the divisor.
    fn divide(&self, high: u64, low: u64) -> (u64, u64) {
        let guess = u128::from(self.reciprocal) * u128::from(high) + (u128::from(high) << 64 | u128::from(low));
        let mut quotient = ((guess >> 64) as u64).wrapping_add(1);
        let mut rest = low.wrapping_sub(quotient.wrapping_mul(self.word));
        if rest > guess as u64 {
            quotient = quotient.wrapping_sub(1);
            rest = rest.wrapping_add(self.word);
        }
        if rest >= self.word {
            quotient = quotient.wrapping_add(1);
            rest -= self.word;
        }
        (quotient, rest)
    }

    /// The next word of a quotient, from the highest words of both numbers: at most one too high.
    fn guess(&self, part: &[u64], divisor: &[u64]) -> u64 {
        let count = divisor.len();
        let (high, low) = (part[count], part[count - 1]);
        let (mut quotient, mut rest) = if high >= self.word {
            match low.checked_add(self.word) {
                Some(rest) => (u64::MAX, rest),
                None => return u64::MAX,
            }
        } else {
            self.divide(high, low)
        };
        if count > 1 {
            let (below, next) = (u128::from(divisor[count - 2]), part[count - 2]);
            while u128::from(quotient) * below > (u128::from(rest) << 64 | u128::from(next)) {
                quotient -= 1;
                let Some(more) = rest.checked_add(self.word) else { break };
                rest = more;
            }
        }
        quotient
    }
}

/// `part -= divisor * factor`; whether that is below zero, in which case a borrow is missing.
fn subtract_multiple(part: &mut [u64], divisor: &[u64], factor: u64) -> bool {
    let mut carry = 0;
    for (word, &other) in part.iter_mut().zip(divisor) {
        let product = u128::from(other) * u128::from(factor) + u128::from(carry);
        let (difference, borrow) = word.overflowing_sub(product as u64);
        *word = difference;
        carry = (product >> 64) as u64 + u64::from(borrow);
    }
    let last = &mut part[divisor.len()];
    let (difference, borrow) = last.overflowing_sub(carry);
    *last = difference;
    borrow
}

/// `part += divisor`, without what overflows.
fn add(part: &mut [u64], divisor: &[u64]) {
    let mut carry = false;
    for (index, word) in part.iter_mut().enumerate() {
        (*word, carry) = word.carrying_add(divisor.get(index).copied().unwrap_or(0), carry);
    }
}

/// Shifts by less than a word; what leaves the last word is lost.
fn shift_left(number: &mut [u64], shift: u32) {
    if shift != 0 {
        for index in (1..number.len()).rev() {
            number[index] = number[index] << shift | number[index - 1] >> (u64::BITS - shift);
        }
        number[0] <<= shift;
    }
}

/// Shifts by less than a word.
pub(super) fn shift_right(number: &mut [u64], shift: u32) {
    if shift != 0 {
        for index in 0..number.len() {
            let above = number.get(index + 1).copied().unwrap_or(0);
            number[index] = number[index] >> shift | above << (u64::BITS - shift);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_bigint::BigUint;
    use proptest::collection;
    use proptest::prelude::*;

    /// Random numbers, and those of many zeros and ones, where guesses of a quotient's word go wrong.
    fn number(longest: usize) -> impl Strategy<Value = Words> {
        let word = prop_oneof![3 => any::<u64>(), 1 => Just(0), 1 => Just(u64::MAX), 1 => Just(1 << 63), 1 => 0..4u64];
        collection::vec(word, 0..longest).prop_flat_map(|words| {
            let last = prop_oneof![1..=u64::MAX, Just(1), Just(1 << 63), Just(u64::MAX)];
            last.prop_map(move |last| words.iter().copied().chain([last]).collect())
        })
    }

    fn known(words: &[u64]) -> BigUint {
        BigUint::new(words.iter().flat_map(|&word| [word as u32, (word >> 32) as u32]).collect())
    }

    fn product(left: &[u64], right: &[u64]) -> Words {
        let mut product = vec![7; 3];
        multiply(&mut product, left, right);
        product
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn products_are_those_of_another_library(left in number(12), right in number(12)) {
            prop_assert_eq!(known(&product(&left, &right)), known(&left) * known(&right));
        }

        #[test]
        fn quotients_are_those_of_another_library(left in number(16), right in number(9)) {
            let (mut quotient, mut rest, mut divisor) = (vec![7; 3], left.clone(), right.clone());
            let shift = divide(&mut quotient, &mut rest, &mut divisor);
            prop_assert_eq!(known(&rest), known(&left) % known(&right));
            prop_assert_eq!(known(&quotient), known(&left) / known(&right));
            shift_right(&mut divisor, shift);
            prop_assert_eq!(divisor, right);
        }

        #[test]
        fn exact_multiples_leave_nothing(left in number(9), right in number(9), less in any::<bool>()) {
            let product = known(&product(&left, &right)) - u32::from(less);
            let (mut quotient, mut rest) = (vec![], product.to_u64_digits());
            divide(&mut quotient, &mut rest, &mut right.clone());
            prop_assert_eq!(known(&quotient) * known(&right) + known(&rest), product);
            prop_assert!(known(&rest) < known(&right));
        }

        #[test]
        fn differences_are_those_of_another_library(left in number(9), right in number(9)) {
            let (large, small) = if known(&left) < known(&right) { (right, left) } else { (left, right) };
            let mut number = small.clone();
            subtract_from(&large, &mut number);
            prop_assert_eq!(known(&number), known(&large) - known(&small));
        }

        #[test]
        fn increments_carry(number in number(5)) {
            let mut more = number.clone();
            increment(&mut more);
            prop_assert_eq!(known(&more), known(&number) + 1u32);
        }
    }
}
