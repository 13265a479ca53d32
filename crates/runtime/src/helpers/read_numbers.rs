//! Numbers that are read from text, without an exception where there is none.

use super::text;
use pyo3_ffi::PyObject;

/// A number that was read, and what there is to say of it.
#[repr(C)]
#[derive(Debug)]
pub struct ReadNumber {
    value: i64,
    status: i64,
}

/// What `int` makes of a string, if that is clear at once: 1 for a number, −1 for `ValueError`, 0 where `int` has to tell.
///
/// # Safety
/// Called by machine code, with an exact string.
pub unsafe extern "C" fn number_of_text(string: *mut PyObject) -> ReadNumber {
    // SAFETY: the caller's.
    let Some(characters) = (unsafe { text::ascii(string) }) else { return ReadNumber { value: 0, status: 0 } };
    match read_digits(characters) {
        Ok(Some(value)) => ReadNumber { value, status: 1 },
        Ok(None) => ReadNumber { value: 0, status: 0 },
        Err(()) => ReadNumber { value: 0, status: -1 },
    }
}

/// The number with these digits; none if it is too long, an error if it is no number.
fn read_digits(characters: &[u8]) -> Result<Option<i64>, ()> {
    /// Any number with so many digits fits.
    const MOST: usize = 18;
    let is_space = |&byte: &u8| matches!(byte, 9..=13 | 32);
    let first = characters.iter().position(|byte| !is_space(byte)).ok_or(())?;
    let last = characters.iter().rposition(|byte| !is_space(byte)).ok_or(())?;
    let characters = &characters[first..=last];
    let (negative, digits) = match characters {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if digits.len() > MOST {
        return Ok(None);
    }
    let (mut value, mut after_digit) = (0i64, false);
    for &byte in digits {
        match byte {
            b'0'..=b'9' => (value, after_digit) = (value * 10 + i64::from(byte - b'0'), true),
            b'_' if after_digit => after_digit = false,
            // Spaces to some.
            28..=31 => return Ok(None),
            _ => return Err(()),
        }
    }
    if !after_digit {
        return Err(());
    }
    Ok(Some(if negative { -value } else { value }))
}

#[cfg(test)]
mod tests {
    use super::read_digits;

    #[test]
    fn what_int_would_make_of_it() {
        for (text, wanted) in [
            ("12", Ok(Some(12))),
            (" -1_000\n", Ok(Some(-1000))),
            ("+007", Ok(Some(7))),
            ("999999999999999999", Ok(Some(999_999_999_999_999_999))),
            ("1000000000000000000", Ok(None)),
            ("\x1c5", Ok(None)),
            ("", Err(())),
            (" ", Err(())),
            ("-", Err(())),
            ("- 1", Err(())),
            ("_1", Err(())),
            ("1__0", Err(())),
            ("1_", Err(())),
            ("0x10", Err(())),
            ("1 2", Err(())),
        ] {
            assert_eq!(read_digits(text.as_bytes()), wanted, "{text:?}");
        }
    }
}
