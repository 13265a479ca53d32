//! The handlers of a code object that were found last: its exceptions mostly come from the same few places, and a search of the table reads numbers of several bytes.

use std::cell::{Cell, OnceCell};
use whipsnake_bytecode::{Handler, find_in_table};

/// How many places are remembered.
const PLACES: usize = 4;

/// A code unit, and the handler that covers it, if any does.
type Found = Option<(u32, Option<Handler>)>;

/// What was found last. Takes no memory until something has been raised.
#[derive(Debug, Default)]
pub(super) struct LastHandlers(OnceCell<Box<[Cell<Found>; PLACES]>>);

impl LastHandlers {
    /// The handler that covers a code unit, by the code object's exception table, which is always the same one.
    #[inline]
    pub fn find(&self, table: &[u8], unit: usize) -> Option<Handler> {
        if table.is_empty() {
            return None;
        }
        let places = self.0.get_or_init(Box::default);
        let (place, unit) = (&places[unit % PLACES], unit as u32);
        match place.get() {
            Some((known, handler)) if known == unit => handler,
            _ => {
                let handler = find_in_table(table, unit);
                place.set(Some((unit, handler)));
                handler
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::LastHandlers;
    use whipsnake_bytecode::find_in_table;

    #[test]
    fn finds_what_the_table_says() {
        // Units 2 to 5 lead to 20, 8 to 9 to 30 with the position pushed.
        let table = [0x82, 4, 20, 2, 0x88, 2, 30, 3];
        let last = LastHandlers::default();
        for unit in (0..40).chain([3, 3, 7, 3, 8, 4, 8, 12, 8]) {
            assert_eq!(last.find(&table, unit), find_in_table(&table, unit as u32), "unit {unit}");
        }
        assert!(last.find(&table, 3).is_some_and(|handler| handler.target == 20));
        assert_eq!(LastHandlers::default().find(&[], 3), None);
    }
}
