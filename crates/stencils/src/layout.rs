//! Where everything goes, computed before anything is written.
//!
//! The hot parts in order, each falling through to the next; then the hot pieces' cold parts; then the cold pieces (miss
//! paths), each with a jump back where it does not fall through; then their cold parts.

use crate::library::{OPERATIONS, STENCILS, Stencil};
use crate::plan::{Label, Piece, Plan};
use whipsnake_bytecode::Code;

/// Offsets of everything, computed before anything is written.
#[derive(Default)]
pub(crate) struct Layout {
    /// Start of each hot piece, and the end of the last.
    pub hot: Vec<u32>,
    /// Start of each hot piece's cold part, from the first of them.
    hot_cold: Vec<u32>,
    /// Start of each cold piece, from the first of them.
    cold: Vec<u32>,
    /// Start of each cold piece's cold part, from the first of them.
    cold_cold: Vec<u32>,
    /// Where those parts begin.
    hot_cold_start: u32,
    cold_start: u32,
    cold_cold_start: u32,
    /// Size of everything.
    pub size: u32,
    /// Words of feedback cells.
    pub feedback_words: u32,
}

/// Bytes of a jump.
pub(crate) const JUMP_LEN: u32 = 5;

/// Unused bytes in front, so that no offset of code is 0.
pub(crate) const PREFIX: u32 = 16;

/// The stencil of a piece.
#[inline]
pub(crate) fn stencil_of(piece: &Piece) -> &'static Stencil {
    &STENCILS[piece.stencil as usize]
}

/// Where the parts of the piece being written are.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub hot: u32,
    pub cold: u32,
    /// Where `next` is.
    pub next: u32,
}

impl Layout {
    pub(crate) fn make(&mut self, plan: &Plan) {
        let mut words = 0;
        let (mut hot, mut cold) = (PREFIX, 0);
        self.hot.clear();
        self.hot_cold.clear();
        for piece in &plan.hot {
            let stencil = stencil_of(piece);
            self.hot.push(hot);
            self.hot_cold.push(cold);
            hot += u32::from(stencil.hot_len);
            cold += u32::from(stencil.cold_len);
            words += u32::from(OPERATIONS[piece.operation as usize].feedback);
        }
        self.hot.push(hot);
        self.hot_cold_start = hot;
        self.cold_start = hot + cold;
        let (mut hot, mut cold) = (0, 0);
        self.cold.clear();
        self.cold_cold.clear();
        for piece in &plan.cold {
            let stencil = stencil_of(piece);
            self.cold.push(hot);
            self.cold_cold.push(cold);
            hot += u32::from(stencil.hot_len) + if piece.next == Label::None { 0 } else { JUMP_LEN };
            cold += u32::from(stencil.cold_len);
            words += u32::from(OPERATIONS[piece.operation as usize].feedback);
        }
        self.cold_cold_start = self.cold_start + hot;
        self.size = self.cold_cold_start + cold;
        self.feedback_words = words;
    }

    /// The offset of a label; `None` for one outside this code.
    #[inline]
    pub(crate) fn offset(&self, plan: &Plan, label: Label) -> Option<u32> {
        match label {
            Label::Instr(instr) => Some(self.hot[plan.first[instr as usize] as usize]),
            Label::Hot(piece) => Some(self.hot[piece as usize]),
            Label::Cold(piece) => Some(self.cold_start + self.cold[piece as usize]),
            Label::Error | Label::None => None,
        }
    }

    /// Where the parts of a hot piece are.
    #[inline]
    pub(crate) fn of_hot(&self, index: usize) -> Place {
        let (hot, cold) = (self.hot[index], self.hot_cold_start + self.hot_cold[index]);
        Place { hot, cold, next: self.hot[index + 1] }
    }

    /// Where the parts of a cold piece are.
    #[inline]
    pub(crate) fn of_cold(&self, index: usize, hot_len: u16) -> Place {
        let (hot, cold) = (self.cold_start + self.cold[index], self.cold_cold_start + self.cold_cold[index]);
        Place { hot, cold, next: hot + u32::from(hot_len) }
    }
}

impl Layout {
    /// What machine code belongs to which instruction, in order of address.
    pub(crate) fn spans(&self, plan: &Plan, code: &Code<'_>) -> Vec<crate::Span> {
        let span = |piece: &Piece, offset: u32, len: u32, cold| crate::Span {
            offset,
            len,
            unit: code.instrs()[piece.instr as usize].start,
            operation: OPERATIONS[piece.operation as usize].name,
            cold,
        };
        let whole = |piece: &Piece| u32::from(stencil_of(piece).hot_len);
        let cold_len = |piece: &Piece| u32::from(stencil_of(piece).cold_len);
        let hot = plan.hot.iter().zip(&self.hot).map(|(p, &at)| span(p, at, whole(p), false));
        let hot_cold =
            plan.hot.iter().zip(&self.hot_cold).map(|(p, &at)| span(p, self.hot_cold_start + at, cold_len(p), true));
        let cold = plan.cold.iter().zip(&self.cold).map(|(p, &at)| {
            let jump = if p.next == Label::None { 0 } else { JUMP_LEN };
            span(p, self.cold_start + at, whole(p) + jump, true)
        });
        let cold_cold =
            plan.cold.iter().zip(&self.cold_cold).map(|(p, &at)| span(p, self.cold_cold_start + at, cold_len(p), true));
        hot.chain(hot_cold).chain(cold).chain(cold_cold).filter(|s| s.len > 0).collect()
    }
}
