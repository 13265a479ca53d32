//! The exception table: which handler covers which instruction.
//!
//! An entry is four numbers, start, length, target, and depth × 2 + lasti, in code units. Each number is a varint of six
//! bits a byte, most significant first; bit 6 says that another byte follows, and bit 7 marks the first byte of an entry, so that
//! a search can start anywhere. Entries are sorted and do not overlap.

/// One entry of the exception table. Positions are code units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handler {
    /// First unit covered.
    pub start: u32,
    /// First unit no longer covered.
    pub end: u32,
    /// Where the handler starts.
    pub target: u32,
    /// How many values stay on the stack.
    pub depth: u32,
    /// Whether the position of the raising instruction is pushed, as an `int`, before the exception.
    pub lasti: bool,
}

impl Handler {
    /// Values on the stack when the handler starts.
    pub fn entry_depth(&self) -> u32 {
        self.depth + u32::from(self.lasti) + 1
    }

    /// Whether it covers a unit.
    pub fn covers(&self, unit: u32) -> bool {
        self.start <= unit && unit < self.end
    }
}

/// First byte of an entry.
const ENTRY_START: u8 = 0x80;
/// Another byte follows.
const MORE: u8 = 0x40;
/// The bits that count.
const PAYLOAD: u8 = 0x3f;
/// A search goes on linearly below this many bytes.
const LINEAR: usize = 40;

#[inline]
fn varint(table: &[u8], position: &mut usize) -> Option<u32> {
    let mut byte = *table.get(*position)?;
    let mut value = u32::from(byte & PAYLOAD);
    while byte & MORE != 0 {
        *position += 1;
        byte = *table.get(*position)?;
        value = value << 6 | u32::from(byte & PAYLOAD);
    }
    *position += 1;
    Some(value)
}

/// Iterates over an exception table's entries. Ends early when the table is cut off.
#[derive(Clone)]
pub struct HandlerIter<'a> {
    table: &'a [u8],
    position: usize,
}

impl<'a> HandlerIter<'a> {
    /// Starts at the first entry.
    pub fn new(table: &'a [u8]) -> Self {
        Self { table, position: 0 }
    }
}

impl Iterator for HandlerIter<'_> {
    type Item = Handler;

    fn next(&mut self) -> Option<Handler> {
        let mut at = self.position;
        let start = varint(self.table, &mut at)?;
        let length = varint(self.table, &mut at)?;
        let target = varint(self.table, &mut at)?;
        let depth_lasti = varint(self.table, &mut at)?;
        self.position = at;
        Some(Handler {
            start,
            end: start.saturating_add(length),
            target,
            depth: depth_lasti >> 1,
            lasti: depth_lasti & 1 != 0,
        })
    }
}

/// Parses a table into `handlers`. None if it is cut off, unsorted, or overlapping.
pub fn parse(table: &[u8], handlers: &mut Vec<Handler>) -> Option<()> {
    handlers.clear();
    let mut entries = HandlerIter::new(table);
    let mut covered = 0;
    for handler in &mut entries {
        if handler.start < covered {
            return None;
        }
        covered = handler.end;
        handlers.push(handler);
    }
    (entries.position == table.len()).then_some(())
}

/// The entry that covers a unit. Any unit of an instruction will do: entries cover its prefixes and caches too.
pub fn find(handlers: &[Handler], unit: u32) -> Option<&Handler> {
    let after = handlers.partition_point(|handler| handler.start <= unit);
    handlers[..after].last().filter(|handler| handler.covers(unit))
}

/// The same, straight from the table's bytes, by the search that the interpreter uses.
///
/// For an exception raised while an instruction runs, `unit` is that instruction's unit. For one thrown into a suspended
/// generator, `instr_ptr` is already past the `YIELD_VALUE`, so `unit` is `instr_ptr − 1`.
pub fn find_in_table(table: &[u8], unit: u32) -> Option<Handler> {
    let (mut low, mut high) = (0, table.len());
    if high > LINEAR {
        if varint(table, &mut { low })? > unit {
            return None;
        }
        while high - low > LINEAR {
            let mut middle = low + (high - low) / 2;
            while table[middle] & ENTRY_START == 0 {
                middle = middle.checked_sub(1)?;
            }
            if varint(table, &mut { middle })? > unit {
                high = middle;
            } else if middle == low {
                // Only a malformed table has an entry this long.
                break;
            } else {
                low = middle;
            }
        }
    }
    let table = &table[..high];
    loop {
        let start = varint(table, &mut low)?;
        if start > unit {
            return None;
        }
        let end = start.saturating_add(varint(table, &mut low)?);
        if unit < end {
            let target = varint(table, &mut low)?;
            let depth_lasti = varint(table, &mut low)?;
            return Some(Handler { start, end, target, depth: depth_lasti >> 1, lasti: depth_lasti & 1 != 0 });
        }
        // The next entry's mark is quicker to find than two numbers are to read.
        low += table.get(low..)?.iter().position(|byte| byte & ENTRY_START != 0)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push_varint(table: &mut Vec<u8>, value: u32, first: u8) {
        let bits = (32 - value.leading_zeros()).max(1);
        let bytes = bits.div_ceil(6);
        for byte in (0..bytes).rev() {
            let more = if byte > 0 { MORE } else { 0 };
            let mark = if byte + 1 == bytes { first } else { 0 };
            table.push((value >> (6 * byte)) as u8 & PAYLOAD | more | mark);
        }
    }

    fn encode(handlers: &[Handler]) -> Vec<u8> {
        let mut table = Vec::new();
        for h in handlers {
            push_varint(&mut table, h.start, ENTRY_START);
            push_varint(&mut table, h.end - h.start, 0);
            push_varint(&mut table, h.target, 0);
            push_varint(&mut table, h.depth << 1 | u32::from(h.lasti), 0);
        }
        table
    }

    #[test]
    fn round_trip_and_search() {
        let handlers: Vec<_> = (0..60u32)
            .map(|i| Handler {
                start: i * 100 + 7,
                end: i * 100 + 57,
                target: 5000 + i,
                depth: i % 70,
                lasti: i % 3 == 0,
            })
            .collect();
        let table = encode(&handlers);
        let mut parsed = Vec::new();
        assert_eq!(parse(&table, &mut parsed), Some(()));
        assert_eq!(parsed, handlers);
        for unit in 0..6200 {
            assert_eq!(find_in_table(&table, unit).as_ref(), find(&handlers, unit), "unit {unit}");
        }
    }

    #[test]
    fn malformed_tables() {
        let mut out = Vec::new();
        assert_eq!(parse(&[0x81], &mut out), None);
        assert_eq!(parse(&[0xc1], &mut out), None);
        assert_eq!(parse(&[0x85, 1, 1, 0, 0x81, 1, 1, 0], &mut out), None);
        for length in 0..120 {
            let _ = find_in_table(&vec![0x40; length], 3);
            let _ = find_in_table(&vec![0; length], 3);
            let _ = find_in_table(&vec![0xff; length], 3);
            let mut table = vec![0x80; 1];
            table.extend(std::iter::repeat_n(0x40, length));
            let _ = find_in_table(&table, 3);
        }
    }
}
