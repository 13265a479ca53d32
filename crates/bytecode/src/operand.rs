//! Operands that hold more than one thing, and what instructions do to locals.

use crate::decode::Instr;
use whipsnake_cpython::opcode as op;

/// Two locals in one operand: first in the high, second in the low four bits.
pub fn local_pair(oparg: u32) -> (u32, u32) {
    (oparg >> 4, oparg & 15)
}

/// The operand of `COMPARE_OP`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compare {
    /// `Py_LT` … `Py_GE`.
    pub op: u32,
    /// Whether the result is converted to `bool`.
    pub to_bool: bool,
    /// The outcomes that make it true: 1 unordered, 2 less, 4 greater, 8 equal.
    pub mask: u32,
}

impl Compare {
    /// Takes an operand apart.
    pub fn new(oparg: u32) -> Self {
        Self {
            op: oparg >> 5,
            to_bool: oparg & 16 != 0,
            mask: oparg & 15,
        }
    }
}

/// The operand of `LOAD_SUPER_ATTR`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SuperAttr {
    /// Index in `co_names`.
    pub name: u32,
    /// Whether a method is loaded: the result is two values.
    pub method: bool,
    /// Whether `super` was written with two arguments.
    pub two_arguments: bool,
}

impl SuperAttr {
    /// Takes an operand apart.
    pub fn new(oparg: u32) -> Self {
        Self {
            name: oparg >> 2,
            method: oparg & 1 != 0,
            two_arguments: oparg & 2 != 0,
        }
    }
}

/// What an instruction does to locals (cells and free variables included: reading through a cell reads the slot).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LocalEffect {
    /// Nothing.
    None,
    /// Reads one that is known to be bound.
    Load(u32),
    /// Reads one, or raises if it is unbound.
    LoadChecked(u32),
    /// Reads two that are known to be bound.
    LoadLoad(u32, u32),
    /// Reads one, bound or not, and leaves it unbound.
    Take(u32),
    /// Writes one.
    Store(u32),
    /// Writes the first, then reads the second.
    StoreLoad(u32, u32),
    /// Writes two.
    StoreStore(u32, u32),
    /// Makes one unbound; raises if it is already.
    Delete(u32),
    /// Reads one, bound or not, and puts a cell there.
    MakeCell(u32),
    /// Writes this many, the last ones.
    StoreLast(u32),
}

impl LocalEffect {
    /// The highest local named, if any.
    pub(crate) fn highest(self) -> Option<u32> {
        match self {
            Self::None | Self::StoreLast(_) => None,
            Self::Load(a)
            | Self::LoadChecked(a)
            | Self::Take(a)
            | Self::Store(a)
            | Self::Delete(a)
            | Self::MakeCell(a) => Some(a),
            Self::LoadLoad(a, b) | Self::StoreLoad(a, b) | Self::StoreStore(a, b) => Some(a.max(b)),
        }
    }
}

/// What `instr` does to locals.
#[inline]
pub fn local_effect(instr: &Instr) -> LocalEffect {
    let oparg = instr.oparg;
    let (a, b) = local_pair(oparg);
    match instr.base {
        op::LOAD_FAST => LocalEffect::Load(oparg),
        op::LOAD_FAST_LOAD_FAST => LocalEffect::LoadLoad(a, b),
        op::STORE_FAST => LocalEffect::Store(oparg),
        op::STORE_FAST_LOAD_FAST => LocalEffect::StoreLoad(a, b),
        op::STORE_FAST_STORE_FAST => LocalEffect::StoreStore(a, b),
        op::LOAD_FAST_CHECK => LocalEffect::LoadChecked(oparg),
        op::LOAD_FAST_AND_CLEAR => LocalEffect::Take(oparg),
        op::DELETE_FAST => LocalEffect::Delete(oparg),
        op::MAKE_CELL => LocalEffect::MakeCell(oparg),
        op::COPY_FREE_VARS => LocalEffect::StoreLast(oparg),
        // The cell stays where it is, whatever happens to its content. It can raise, unlike `LOAD_FAST`.
        op::LOAD_DEREF | op::STORE_DEREF | op::DELETE_DEREF | op::LOAD_FROM_DICT_OR_DEREF => {
            LocalEffect::LoadChecked(oparg)
        }
        _ => LocalEffect::None,
    }
}
