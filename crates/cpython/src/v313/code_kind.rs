//! What a call of a function comes to: its body runs, or an object is made that runs it bit by bit.

use super::layout::code::{CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR};
use super::layout::frame::{OWNED_BY_GENERATOR, OWNED_BY_THREAD};

/// The kinds of code, told by `co_flags`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeKind {
    /// A function, class body or module: a call runs it.
    Plain,
    Generator,
    Coroutine,
    AsyncGenerator,
}

impl CodeKind {
    /// That of code with these flags.
    pub const fn of(flags: u32) -> CodeKind {
        if flags & CO_GENERATOR != 0 {
            CodeKind::Generator
        } else if flags & CO_COROUTINE != 0 {
            CodeKind::Coroutine
        } else if flags & CO_ASYNC_GENERATOR != 0 {
            CodeKind::AsyncGenerator
        } else {
            CodeKind::Plain
        }
    }

    /// `owner` of the frames that run such code after calls: one of `layout::frame::OWNED_BY_…`.
    pub fn frame_owner(self) -> u8 {
        if self == CodeKind::Plain { OWNED_BY_THREAD } else { OWNED_BY_GENERATOR }
    }
}
