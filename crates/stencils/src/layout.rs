//! Where everything goes, known before anything is written.
//!
//! The hot parts in order, each falling through to the next; then the hot pieces' cold parts; then the cold pieces (miss
//! paths), each with a jump back where it does not fall through; then their cold parts. Planning notes each part's offset in its section; with the
//! last piece the sections' starts are known.

use crate::library::{OPERATIONS, SELECTOR};
use crate::plan::{PREFIX, Piece, Plan, Received};
use whipsnake_bytecode::Code;

impl Plan {
    /// Where the hot pieces' cold parts begin.
    pub(crate) fn hot_cold_start(&self) -> u32 {
        self.hot_end
    }

    /// Where the cold pieces begin.
    pub(crate) fn cold_start(&self) -> u32 {
        self.hot_end + self.hot_cold_len
    }

    /// Where the cold pieces' cold parts begin.
    pub(crate) fn cold_cold_start(&self) -> u32 {
        self.cold_start() + self.cold_len
    }

    /// Bytes of everything.
    pub(crate) fn size(&self) -> u32 {
        self.cold_cold_start() + self.cold_cold_len
    }

    /// The offset of a place where a value is received.
    pub(crate) fn received(&self, place: Received) -> u32 {
        match place {
            Received::Hot(at) => at,
            Received::Cold(at) => self.cold_start() + at,
        }
    }

    /// What machine code belongs to which instruction, in order of address.
    pub(crate) fn spans(&self, code: &Code<'_>) -> Vec<crate::Span> {
        let receive_name = OPERATIONS[SELECTOR.receive as usize].name;
        let mut spans = vec![];
        let mut offset = PREFIX;
        let mut add = |piece: &Piece, operation: &'static str, len: u32, cold: bool| {
            if len > 0 {
                let unit = code.instrs()[piece.instr as usize].start;
                spans.push(crate::Span { offset, len, unit, operation, cold });
            }
            offset += len;
        };
        let name = |piece: &Piece| OPERATIONS[piece.operation as usize].name;
        let cold_len = |piece: &Piece| u32::from(piece.stencil().cold_len);
        for piece in &self.hot {
            let along = u32::from(piece.stencil().receive);
            add(piece, name(piece), piece.len() - along, false);
            add(piece, receive_name, along, false);
        }
        self.hot.iter().for_each(|piece| add(piece, name(piece), cold_len(piece), true));
        self.cold.iter().for_each(|piece| add(piece, name(piece), piece.len(), true));
        self.cold.iter().for_each(|piece| add(piece, name(piece), cold_len(piece), true));
        spans
    }
}
