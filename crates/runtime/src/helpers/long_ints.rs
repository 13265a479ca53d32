//! Products, quotients and remainders of ints of many digits, and bits of those of a few. CPython works on digits of 30 bits and looks for signals after each digit of a
//! quotient; words of 64 bits need a fifth of the steps, which pays for taking the digits apart and putting them together again. Of bits, it asks for the operator's
//! function twice, and for signs; hashes and boards of 64 bits have none.

use super::pools;
use super::words::{self, Words};
use crate::native::raw::get;
use pyo3_ffi::PyObject;
use std::cell::UnsafeCell;
use std::ffi::c_int;
use std::{mem, slice};
use whipsnake_cpython::layout::long;
use whipsnake_cpython::live::symbols;

/// Factors of fewer digits are multiplied as quickly by CPython.
const FACTOR: usize = 6;

/// Products whose shorter factor has more digits are left to CPython, which knows a way that is not quadratic.
const LONGEST_FACTOR: usize = 512;

/// Dividends of fewer digits are divided as quickly by CPython.
const DIVIDEND: usize = 4;

/// Numbers of more digits are left to CPython, which can be interrupted between two digits.
const LONGEST: usize = 4096;

/// Bits of numbers of more digits are left to CPython.
const BITS: usize = 8;

/// An exact int: its digits, least first, and whether it is below zero.
#[derive(Clone, Copy, Debug)]
struct Digits<'a> {
    digits: &'a [u32],
    negative: bool,
}

impl<'a> Digits<'a> {
    /// Of an exact int; `None` for anything else.
    unsafe fn of(object: &'a *mut PyObject) -> Option<Self> {
        // SAFETY: a live object; an exact int has as many digits as its tag says.
        unsafe {
            if pyo3_ffi::PyLong_CheckExact(*object) == 0 {
                return None;
            }
            let tag: u64 = get(*object, long::LV_TAG);
            let first = object.cast::<u8>().offset(long::OB_DIGIT as isize).cast::<u32>();
            let digits = slice::from_raw_parts(first, (tag >> long::NON_SIZE_BITS) as usize);
            Some(Self { digits, negative: tag & long::SIGN_MASK == long::SIGN_NEGATIVE })
        }
    }
}

/// Numbers on their way, in memory that is kept.
#[derive(Debug, Default)]
struct Numbers {
    left: Words,
    right: Words,
    result: Words,
    digits: Vec<u32>,
}

struct Shared(UnsafeCell<Numbers>);

// SAFETY: only used under the GIL, by code that calls no Python code.
unsafe impl Sync for Shared {}

static NUMBERS: Shared =
    Shared(UnsafeCell::new(Numbers { left: vec![], right: vec![], result: vec![], digits: vec![] }));

/// `left OP right`, where both are exact ints and the operator (an operand of `BINARY_OP`) is `*`, `//`, `%`, `&`, `|` or `^`, if it is done more quickly here
/// than by CPython. A null pointer in the answer: an exception is set.
///
/// # Safety
/// Live objects, the GIL held.
pub(super) unsafe fn arithmetic(operator: c_int, left: *mut PyObject, right: *mut PyObject) -> Option<*mut PyObject> {
    // SAFETY: the caller's.
    let (left, right) = unsafe { (Digits::of(&left)?, Digits::of(&right)?) };
    let (long, short) = (left.digits.len(), right.digits.len());
    if long.max(short) > LONGEST {
        return None;
    }
    if matches!(operator % 13, 1 | 7 | 12) {
        let mut digits = [0; BITS];
        let count = combine(&mut digits, operator % 13, left, right)?;
        // SAFETY: the caller's.
        return Some(unsafe { made_of(false, &digits[..count]) });
    }
    // SAFETY: the caller's; nothing below comes here again.
    let numbers = unsafe { &mut *NUMBERS.0.get() };
    // The operand's numbers of `BINARY_OP`; the in-place forms follow in the same order.
    let negative = match operator % 13 {
        2 | 6 if short == 0 || long < DIVIDEND || long <= short => return None,
        2 => numbers.floor_divide(left, right),
        6 => numbers.modulo(left, right),
        5 if !(FACTOR..=LONGEST_FACTOR).contains(&long.min(short)) => return None,
        5 => numbers.multiply(left, right),
        _ => return None,
    };
    unpack(&mut numbers.digits, &numbers.result);
    // SAFETY: the caller's.
    Some(unsafe { made_of(negative, &numbers.digits) })
}

/// An int of digits below the base, the last of which is not zero.
unsafe fn made_of(negative: bool, digits: &[u32]) -> *mut PyObject {
    // SAFETY: the GIL is held.
    unsafe {
        match *digits {
            [] => pools::int(0),
            [digit] => pools::int(if negative { -i64::from(digit) } else { digit.into() }),
            _ => symbols::_PyLong_FromDigits(negative.into(), digits.len() as isize, digits.as_ptr()),
        }
    }
}

/// The digits of `&` (1), `|` (7) or `^` (12) of two numbers that are not negative, and how many those are; `None` if they are too long.
#[inline]
fn combine(result: &mut [u32; BITS], operator: c_int, left: Digits<'_>, right: Digits<'_>) -> Option<usize> {
    let (long, short) = if left.digits.len() < right.digits.len() { (right, left) } else { (left, right) };
    if long.digits.len() > BITS || left.negative || right.negative {
        return None;
    }
    let both = short.digits.len();
    for (index, (&x, &y)) in long.digits.iter().zip(short.digits).enumerate() {
        result[index] = match operator {
            1 => x & y,
            7 => x | y,
            _ => x ^ y,
        };
    }
    let mut count = both;
    if operator != 1 {
        count = long.digits.len();
        result[both..count].copy_from_slice(&long.digits[both..]);
    }
    while count > 0 && result[count - 1] == 0 {
        count -= 1;
    }
    Some(count)
}

impl Numbers {
    fn take(&mut self, left: Digits<'_>, right: Digits<'_>) {
        pack(&mut self.left, left.digits);
        pack(&mut self.right, right.digits);
    }

    /// The magnitude of the product becomes the result. Whether it is below zero.
    fn multiply(&mut self, left: Digits<'_>, right: Digits<'_>) -> bool {
        self.take(left, right);
        words::multiply(&mut self.result, &self.left, &self.right);
        left.negative != right.negative
    }

    /// The same for the quotient rounded down.
    fn floor_divide(&mut self, left: Digits<'_>, right: Digits<'_>) -> bool {
        self.take(left, right);
        let negative = left.negative != right.negative;
        words::divide(&mut self.result, &mut self.left, &mut self.right);
        if negative && self.left.iter().any(|&word| word != 0) {
            words::increment(&mut self.result);
        }
        negative
    }

    /// The same for the remainder, which has the divisor's sign.
    fn modulo(&mut self, left: Digits<'_>, right: Digits<'_>) -> bool {
        self.take(left, right);
        let shift = words::divide(&mut self.result, &mut self.left, &mut self.right);
        mem::swap(&mut self.result, &mut self.left);
        if left.negative != right.negative && self.result.iter().any(|&word| word != 0) {
            words::shift_right(&mut self.right, shift);
            words::subtract_from(&self.right, &mut self.result);
        }
        right.negative
    }
}

/// The words of a number of 30-bit digits, without zeros at the end.
fn pack(words: &mut Words, digits: &[u32]) {
    words.clear();
    words.reserve(digits.len() / 2 + 1);
    let (mut rest, mut bits) = (0, 0);
    for &digit in digits {
        rest |= u64::from(digit) << bits;
        bits += long::SHIFT;
        if bits >= u64::BITS {
            bits -= u64::BITS;
            words.push(rest);
            rest = u64::from(digit) >> (long::SHIFT - bits);
        }
    }
    if rest != 0 {
        words.push(rest);
    }
}

/// The 30-bit digits of a number, without zeros at the end.
fn unpack(digits: &mut Vec<u32>, words: &[u64]) {
    const MASK: u64 = (1 << long::SHIFT) - 1;
    digits.clear();
    digits.reserve(words.len() * 3 + 1);
    let (mut rest, mut bits) = (0u64, 0);
    for &word in words {
        // What is left of the words before has fewer bits than a digit.
        digits.push(((rest | word << bits) & MASK) as u32);
        let mut taken = long::SHIFT - bits;
        while u64::BITS - taken >= long::SHIFT {
            digits.push((word >> taken & MASK) as u32);
            taken += long::SHIFT;
        }
        bits = u64::BITS - taken;
        rest = if bits == 0 { 0 } else { word >> taken };
    }
    digits.push(rest as u32);
    while digits.last() == Some(&0) {
        digits.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_bigint::{BigInt, BigUint};
    use proptest::collection;
    use proptest::prelude::*;

    fn number() -> impl Strategy<Value = Vec<u32>> {
        let digit = prop_oneof![4 => 0..1u32 << long::SHIFT, 1 => Just(0), 1 => Just((1u32 << long::SHIFT) - 1)];
        collection::vec(digit, 0..40).prop_map(|mut digits| {
            digits.push(1);
            digits
        })
    }

    /// By another library, digit by digit.
    fn known(negative: bool, digits: &[u32]) -> BigInt {
        let sum = digits.iter().rev().fold(BigUint::ZERO, |sum, &digit| (sum << long::SHIFT) + digit);
        if negative { -BigInt::from(sum) } else { sum.into() }
    }

    proptest! {
        #[test]
        fn digits_survive_packing(digits in number()) {
            let (mut words, mut again) = (vec![7; 3], vec![7; 3]);
            pack(&mut words, &digits);
            unpack(&mut again, &words);
            prop_assert_eq!(again, digits);
        }

        #[test]
        fn bits_are_combined(left in collection::vec(0..1u32 << long::SHIFT, 0..BITS), right in collection::vec(0..1u32 << long::SHIFT, 0..BITS), same in 0..BITS) {
            let mut right = right;
            for (x, y) in left.iter().zip(&mut right).rev().take(same) {
                *y = *x;
            }
            let [x, y] = [&left, &right].map(|digits| known(false, digits));
            let [left, right] = [&left, &right].map(|digits| Digits { digits, negative: false });
            for (operator, wanted) in [(1, &x & &y), (7, &x | &y), (12, &x ^ &y)] {
                let mut digits = [7; BITS];
                let count = combine(&mut digits, operator, left, right).unwrap();
                prop_assert_eq!(known(false, &digits[..count]), wanted);
                prop_assert!(count == 0 || digits[count - 1] != 0);
            }
            let negative = Digits { negative: true, ..left };
            prop_assert_eq!(combine(&mut [0; BITS], 12, negative, right), None);
        }

        #[test]
        fn division_rounds_down(left in number(), right in number(), signs in any::<(bool, bool)>()) {
            let [dividend, divisor] = [known(signs.0, &left), known(signs.1, &right)];
            let left = Digits { digits: &left, negative: signs.0 };
            let right = Digits { digits: &right, negative: signs.1 };
            let mut numbers = Numbers::default();
            let mut answer = |operation: fn(&mut Numbers, Digits<'_>, Digits<'_>) -> bool| {
                let negative = operation(&mut numbers, left, right);
                unpack(&mut numbers.digits, &numbers.result);
                known(negative, &numbers.digits)
            };
            prop_assert_eq!(answer(Numbers::multiply), &dividend * &divisor);
            let (quotient, rest) = (answer(Numbers::floor_divide), answer(Numbers::modulo));
            prop_assert_eq!(&quotient * &divisor + &rest, dividend);
            prop_assert!(rest == BigInt::ZERO || (rest < BigInt::ZERO) == (divisor < BigInt::ZERO));
            prop_assert!(rest.magnitude() < divisor.magnitude());
        }
    }
}
