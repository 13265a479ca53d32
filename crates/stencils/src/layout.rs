//! Where everything goes, known before anything is written.
//!
//! The hot parts in order, each falling through to the next; then the hot pieces' cold parts; then the cold pieces (miss
//! paths), each with a jump back where it does not fall through; then their cold parts. Planning notes each part's offset in its section; with the
//! last piece the sections' starts are known.

use crate::library::{OPERATIONS, SELECTOR};
use crate::plan::{Piece, Plan, Received};
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
        let span = |piece: &Piece, offset: u32, len: u32, cold| crate::Span {
            offset,
            len,
            unit: code.instrs()[piece.instr as usize].start,
            operation: OPERATIONS[piece.operation as usize].name,
            cold,
        };
        let cold_len = |piece: &Piece| u32::from(piece.stencil().cold_len);
        let receive_name = OPERATIONS[SELECTOR.receive as usize].name;
        let hot = self.hot.iter().flat_map(|p| {
            let along = u32::from(p.stencil().receive);
            let before = p.len() - along;
            let receive = crate::Span { operation: receive_name, ..span(p, p.hot + before, along, false) };
            [span(p, p.hot, before, false), receive]
        });
        let hot_cold = self.hot.iter().map(|p| span(p, self.hot_cold_start() + p.cold, cold_len(p), true));
        let cold = self.cold.iter().map(|p| span(p, self.cold_start() + p.hot, p.len(), true));
        let cold_cold = self.cold.iter().map(|p| span(p, self.cold_cold_start() + p.cold, cold_len(p), true));
        hot.chain(hot_cold).chain(cold).chain(cold_cold).filter(|s| s.len > 0).collect()
    }
}
