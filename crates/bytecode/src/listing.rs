//! A listing of a code object for people.
//!
//! ```text
//!  unit depth       instruction
//!     0     0 >     RESUME_CHECK 0
//! ```
//! The marks before a block: `>` reachable, `L` loop header, `h` handler, `y` resume point.

use crate::cache::Cache;
use crate::cfg::Marks;
use crate::code::Code;
use crate::decode::{Instr, NONE};
use std::fmt;
use whipsnake_cpython::opcode as op;

/// Prints a [`Code`]; see [`Code::listing`].
#[derive(Clone, Copy)]
pub struct Listing<'c> {
    code: &'c Code<'c>,
    counters: bool,
}

impl<'s> Code<'s> {
    /// The code as text, one instruction a line.
    pub fn listing(&self) -> Listing<'_> {
        Listing { code: self, counters: false }
    }
}

impl Listing<'_> {
    /// Prints the counters of caches too.
    pub fn with_counters(mut self) -> Self {
        self.counters = true;
        self
    }

    fn line(&self, f: &mut fmt::Formatter<'_>, number: u32, instr: &Instr) -> fmt::Result {
        let marks = self.code.marks(number);
        let flag = |mark, sign: &'static str| if marks.contains(mark) { sign } else { " " };
        write!(f, "{:5}", instr.start)?;
        match self.code.depth(number) {
            Some(depth) => write!(f, " {depth:3}")?,
            None => write!(f, "   -")?,
        }
        write!(
            f,
            " {}{}{}{} {} {}",
            flag(Marks::REACHABLE, ">"),
            flag(Marks::LOOP_HEADER, "L"),
            flag(Marks::HANDLER, "h"),
            flag(Marks::RESUME_POINT, "y"),
            instr.name(),
            instr.oparg
        )?;
        if instr.target != NONE {
            let target = instr.exhausted().unwrap_or(instr.target);
            write!(f, " to {}", self.code.instrs()[target as usize].start)?;
        }
        if marks.contains(Marks::BACK_EDGE) {
            write!(f, " (back-edge)")?;
        }
        self.cache(f, instr, self.code.cache(number))?;
        if let Some(handler) = self.code.handler_of(number) {
            write!(f, "  handler {}", handler.target)?;
        }
        writeln!(f)
    }

    fn cache(&self, f: &mut fmt::Formatter<'_>, instr: &Instr, cache: Cache<'_>) -> fmt::Result {
        if let op::POP_JUMP_IF_TRUE | op::POP_JUMP_IF_FALSE | op::POP_JUMP_IF_NONE | op::POP_JUMP_IF_NOT_NONE =
            instr.base
        {
            return match cache.branch_history() {
                Some(history) if !history.is_initial() => {
                    write!(f, "  [taken {:016b}]", history.0)
                }
                _ => Ok(()),
            };
        }
        if self.counters
            && let Some(counter) = cache.counter()
        {
            let (value, backoff) = (counter.value(), counter.backoff());
            write!(f, "  [counter {value} backoff {backoff}]")?;
        }
        if !instr.is_specialised() {
            return Ok(());
        }
        match instr.base {
            op::LOAD_ATTR if finds_in_type(instr.opcode) => {
                let Some(method) = cache.method() else {
                    return Ok(());
                };
                let (version, keys) = (method.type_version, method.keys_version);
                write!(f, "  [type {version} keys {keys}]")
            }
            op::LOAD_ATTR | op::STORE_ATTR => {
                let Some(attr) = cache.attr() else {
                    return Ok(());
                };
                write!(f, "  [version {} index {}]", attr.version, attr.index)
            }
            op::LOAD_GLOBAL => {
                let Some(global) = cache.global() else {
                    return Ok(());
                };
                let (module, builtins) = (global.module_keys_version, global.builtin_keys_version);
                write!(f, "  [index {} module keys {module} builtin keys {builtins}]", global.index)
            }
            op::CALL => match cache.call() {
                Some(call) if call.func_version != 0 => {
                    write!(f, "  [version {}]", call.func_version)
                }
                _ => Ok(()),
            },
            _ if instr.opcode == op::TO_BOOL_ALWAYS_TRUE => {
                write!(f, "  [type {}]", cache.to_bool_version().unwrap_or(0))
            }
            _ => Ok(()),
        }
    }
}

fn finds_in_type(opcode: u8) -> bool {
    matches!(
        opcode,
        op::LOAD_ATTR_CLASS
            | op::LOAD_ATTR_PROPERTY
            | op::LOAD_ATTR_GETATTRIBUTE_OVERRIDDEN
            | op::LOAD_ATTR_METHOD_WITH_VALUES
            | op::LOAD_ATTR_METHOD_NO_DICT
            | op::LOAD_ATTR_METHOD_LAZY_DICT
            | op::LOAD_ATTR_NONDESCRIPTOR_WITH_VALUES
            | op::LOAD_ATTR_NONDESCRIPTOR_NO_DICT
    )
}

impl fmt::Display for Listing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, instr) in self.code.instrs().iter().enumerate() {
            self.line(f, number as u32, instr)?;
        }
        for handler in self.code.handlers() {
            writeln!(
                f,
                "handler {}..{} at {} depth {}{}",
                handler.start,
                handler.end,
                handler.target,
                handler.depth,
                if handler.lasti { " with lasti" } else { "" }
            )?;
        }
        Ok(())
    }
}
