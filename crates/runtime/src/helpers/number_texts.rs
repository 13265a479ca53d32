//! Numbers as text: what `str`, `repr` and `format` make of ints and floats, for the usual formats.

use smallvec::SmallVec;

/// Text on its way: ASCII.
pub(super) type Text = SmallVec<[u8; 64]>;

/// What stands between the colon and the brace, if it is among what is done here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spec {
    fill: u8,
    align: Option<u8>,
    width: usize,
    thousands: bool,
    precision: Option<usize>,
    kind: u8,
}

impl Spec {
    /// `[[fill]align][0][width][,][.precision][type]`, with widths below a thousand and precisions below ten; `None` for all else.
    pub(super) fn parse(text: &[u8]) -> Option<Spec> {
        let mut spec = Spec { fill: b' ', align: None, width: 0, thousands: false, precision: None, kind: 0 };
        let is_align = |character: Option<&u8>| character.is_some_and(|c| b"<>^=".contains(c));
        let mut rest = match text {
            [fill, align, rest @ ..] if is_align(Some(align)) => {
                (spec.fill, spec.align) = (*fill, Some(*align));
                rest
            }
            [align, rest @ ..] if is_align(Some(align)) => {
                spec.align = Some(*align);
                rest
            }
            _ => text,
        };
        if let [b'0', after @ ..] = rest {
            // With an alignment of its own, this zero means other things to each type.
            if spec.align.is_some() {
                return None;
            }
            (spec.fill, spec.align, rest) = (b'0', Some(b'='), after);
        }
        rest = spec.take_width(rest)?;
        if let [b',', after @ ..] = rest {
            (spec.thousands, rest) = (true, after);
        }
        rest = spec.take_precision(rest);
        match rest {
            [] => Some(spec),
            [kind @ (b'd' | b'f' | b's' | b'x' | b'X' | b'b' | b'o')] => Some(Spec { kind: *kind, ..spec }),
            _ => None,
        }
    }

    /// What follows the `%` of old formats: `[-0][width][.precision](s|d|i|f)`, with what is left of the text; `None` for all else.
    pub(super) fn parse_old(text: &[u8]) -> Option<(Spec, &[u8])> {
        let mut spec = Spec { fill: b' ', align: Some(b'>'), width: 0, thousands: false, precision: None, kind: 0 };
        let mut rest = text;
        match rest {
            [b'-', after @ ..] => (spec.align, rest) = (Some(b'<'), after),
            [b'0', after @ ..] => (spec.fill, spec.align, rest) = (b'0', Some(b'='), after),
            _ => {}
        }
        rest = spec.take_width(rest)?;
        rest = spec.take_precision(rest);
        let (kind, rest) = rest.split_first()?;
        spec.kind = match kind {
            b'f' => b'f',
            b's' if spec.precision.is_none() && spec.fill == b' ' => b's',
            b'd' | b'i' if spec.precision.is_none() => b'd',
            _ => return None,
        };
        Some((spec, rest))
    }

    /// Reads a width below a thousand, if one is there, and gives what follows; `None` for wider ones.
    fn take_width<'a>(&mut self, mut text: &'a [u8]) -> Option<&'a [u8]> {
        while let [digit @ b'0'..=b'9', after @ ..] = text {
            self.width = self.width * 10 + usize::from(digit - b'0');
            text = after;
            if self.width >= 1000 {
                return None;
            }
        }
        Some(text)
    }

    /// Reads a precision below ten, if one is there, and gives what follows.
    fn take_precision<'a>(&mut self, text: &'a [u8]) -> &'a [u8] {
        match text {
            [b'.', digit @ b'0'..=b'9', after @ ..] => {
                self.precision = Some(usize::from(digit - b'0'));
                after
            }
            _ => text,
        }
    }

    /// Whether this is for text, whatever the value.
    pub(super) fn is_text(&self) -> bool {
        self.kind == b's'
    }

    /// Appends an int of 64 bits in this format; `None`, and nothing is appended, if it is not among what is done here.
    pub(super) fn int(&self, value: i64, result: &mut Text) -> Option<()> {
        if self.precision.is_some() || self.thousands && self.fill == b'0' {
            return None;
        }
        let magnitude = value.unsigned_abs();
        let mut digits = Text::new();
        match self.kind {
            0 | b'd' => {
                let mut buffer = itoa::Buffer::new();
                let decimal = buffer.format(magnitude).as_bytes();
                if !self.thousands {
                    self.pad(value < 0, decimal, b'>', result);
                    return Some(());
                }
                group(decimal, &mut digits);
            }
            _ if self.thousands => return None,
            b'x' => radix(magnitude, 4, b"0123456789abcdef", &mut digits),
            b'X' => radix(magnitude, 4, b"0123456789ABCDEF", &mut digits),
            b'o' => radix(magnitude, 3, b"01234567", &mut digits),
            b'b' => radix(magnitude, 1, b"01", &mut digits),
            _ => return None,
        }
        self.pad(value < 0, &digits, b'>', result);
        Some(())
    }

    /// Appends a float in this format; `None`, and nothing is appended, if it is not among what is done here.
    pub(super) fn float(&self, value: f64, result: &mut Text) -> Option<()> {
        if self.kind != b'f' || self.thousands && self.fill == b'0' {
            return None;
        }
        let precision = self.precision.unwrap_or(6);
        let digits = fixed(value.abs(), precision)?;
        if !self.thousands {
            self.pad(value.is_sign_negative(), &digits, b'>', result);
            return Some(());
        }
        let whole = digits.len() - if precision == 0 { 0 } else { precision + 1 };
        let mut grouped = Text::new();
        group(&digits[..whole], &mut grouped);
        grouped.extend_from_slice(&digits[whole..]);
        self.pad(value.is_sign_negative(), &grouped, b'>', result);
        Some(())
    }

    /// Appends an ASCII string in this format; `None`, and nothing is appended, if it is not among what is done here.
    #[inline]
    pub(super) fn string(&self, text: &[u8], result: &mut Text) -> Option<()> {
        let is_plain = matches!(self.kind, 0 | b's') && !self.thousands && self.precision.is_none();
        (is_plain && self.align != Some(b'=')).then(|| self.pad(false, text, b'<', result))
    }

    /// Appends a text, filled up to the width.
    #[inline]
    fn pad(&self, negative: bool, text: &[u8], usual: u8, result: &mut Text) {
        let missing = self.width.saturating_sub(text.len() + usize::from(negative));
        // Most formats have no width, or one that the text fills.
        let (before, inside, after) = match self.align.unwrap_or(usual) {
            _ if missing == 0 => (0, 0, 0),
            b'<' => (0, 0, missing),
            b'>' => (missing, 0, 0),
            b'^' => (missing / 2, 0, missing - missing / 2),
            _ => (0, missing, 0),
        };
        self.fill_up(before, result);
        if negative {
            result.push(b'-');
        }
        self.fill_up(inside, result);
        result.extend_from_slice(text);
        self.fill_up(after, result);
    }

    #[inline]
    fn fill_up(&self, count: usize, result: &mut Text) {
        if count > 0 {
            result.resize(result.len() + count, self.fill);
        }
    }
}

/// Appends digits with a comma before each three.
fn group(digits: &[u8], result: &mut Text) {
    for (index, &digit) in digits.iter().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            result.push(b',');
        }
        result.push(digit);
    }
}

/// Appends the digits of a number in base two to the power of `bits`.
fn radix(number: u64, bits: u32, digits: &[u8], result: &mut Text) {
    let count = (u64::BITS - number.leading_zeros()).div_ceil(bits).max(1);
    let mask = (1 << bits) - 1;
    result.extend((0..count).rev().map(|place| digits[(number >> (place * bits) & mask) as usize]));
}

/// A finite number, not below zero, with a fixed count of digits behind the point, rounded half to even: exactly, so as the interpreter does it.
/// `None` if it is too large or too small for that.
fn fixed(value: f64, precision: usize) -> Option<Text> {
    const FRACTION: u32 = f64::MANTISSA_DIGITS - 1;
    let bits = value.to_bits();
    let exponent = (bits >> FRACTION) as i32;
    // The value is `mantissa / 2 ** shift`. The smallest numbers, zero among them, have no leading one.
    let (mantissa, shift) = match exponent {
        0 if bits == 0 => (0, 0),
        0 => return None,
        _ => (bits & ((1 << FRACTION) - 1) | 1 << FRACTION, f64::MAX_EXP + FRACTION as i32 - 1 - exponent),
    };
    if !(0..120).contains(&shift) {
        return None;
    }
    // 53 bits by 30 at most.
    let scaled = u128::from(mantissa) * u128::from(10u64.pow(precision as u32));
    let (whole, rest) = (scaled >> shift, scaled & ((1 << shift) - 1));
    let half = 1u128 << shift >> 1;
    let up = shift > 0 && (rest > half || rest == half && whole & 1 == 1);
    let number = whole + u128::from(up);
    let mut buffer = itoa::Buffer::new();
    let digits = buffer.format(number).as_bytes();
    let mut result = Text::new();
    if digits.len() <= precision {
        result.extend_from_slice(b"0.");
        result.resize(2 + precision - digits.len(), b'0');
        result.extend_from_slice(digits);
        return Some(result);
    }
    let (whole, fraction) = digits.split_at(digits.len() - precision);
    result.extend_from_slice(whole);
    if precision > 0 {
        result.push(b'.');
        result.extend_from_slice(fraction);
    }
    Some(result)
}

/// `repr` of a finite float: the fewest digits that tell it from others, with an exponent below 10⁻⁴ and from 10¹⁶ on.
pub(super) fn shortest(value: f64) -> Text {
    let mut buffer = zmij::Buffer::new();
    let text = buffer.format_finite(value.abs()).as_bytes();
    let (number, exponent) = match text.iter().position(|&character| character == b'e') {
        Some(at) => {
            let exponent: i32 = str::from_utf8(&text[at + 1..]).ok().and_then(|text| text.parse().ok()).unwrap_or(0);
            (&text[..at], exponent)
        }
        None => (text, 0),
    };
    let point = number.iter().position(|&character| character == b'.').unwrap_or(number.len());
    let all: SmallVec<[u8; 32]> = number.iter().copied().filter(|character| character.is_ascii_digit()).collect();
    let leading = all.iter().take_while(|&&digit| digit == b'0').count();
    let trailing = all[leading..].iter().rev().take_while(|&&digit| digit == b'0').count();
    let digits = &all[leading..all.len() - trailing];
    let mut result = Text::new();
    if value.is_sign_negative() {
        result.push(b'-');
    }
    if digits.is_empty() {
        result.extend_from_slice(b"0.0");
        return result;
    }
    // Where the point is, counted from before the first digit.
    let point = point as i32 - leading as i32 + exponent;
    if !(-3..=16).contains(&point) {
        result.push(digits[0]);
        if digits.len() > 1 {
            result.push(b'.');
            result.extend_from_slice(&digits[1..]);
        }
        let exponent = point - 1;
        result.extend_from_slice(if exponent < 0 { b"e-" } else { b"e+" });
        if exponent.abs() < 10 {
            result.push(b'0');
        }
        result.extend_from_slice(itoa::Buffer::new().format(exponent.unsigned_abs()).as_bytes());
    } else if point <= 0 {
        result.extend_from_slice(b"0.");
        result.resize(result.len() + point.unsigned_abs() as usize, b'0');
        result.extend_from_slice(digits);
    } else {
        let point = point as usize;
        result.extend_from_slice(&digits[..point.min(digits.len())]);
        result.resize(result.len() + point.saturating_sub(digits.len()), b'0');
        result.push(b'.');
        result.extend_from_slice(if digits.len() > point { &digits[point..] } else { b"0" });
    }
    result
}
