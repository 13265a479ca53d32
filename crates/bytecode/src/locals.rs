//! What instructions do to locals.

use crate::code::Code;
use crate::decode::Instr;
use crate::error::DecodeError;
use crate::operand::local_pair;
use whipsnake_cpython::opcode as op;

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
        // The cell stays where it is, whatever happens to its content.
        op::LOAD_DEREF | op::STORE_DEREF | op::DELETE_DEREF | op::LOAD_FROM_DICT_OR_DEREF => {
            LocalEffect::LoadChecked(oparg)
        }
        _ => LocalEffect::None,
    }
}

/// The same as [`LocalEffect`] in a form that takes no branches: the operand, shifted, is one local, its low four bits
/// are another; each may be read and written. Reads come before writes, except that `STORE_FAST_LOAD_FAST` reads the second
/// after writing the first.
#[derive(Clone, Copy)]
pub(crate) struct Access {
    shift: u8,
    pub reads_first: bool,
    pub reads_second: bool,
    pub writes_first: bool,
    pub writes_second: bool,
    /// `COPY_FREE_VARS`, which the other fields don't describe.
    pub writes_last: bool,
}

impl Access {
    const NONE: Self = Self {
        shift: 0,
        reads_first: false,
        reads_second: false,
        writes_first: false,
        writes_second: false,
        writes_last: false,
    };

    #[inline]
    pub fn of(instr: &Instr) -> &'static Self {
        &ACCESS[instr.base as usize]
    }

    /// The two locals. Those that are neither read nor written mean nothing.
    #[inline]
    pub fn locals(self, oparg: u32) -> (u32, u32) {
        (oparg >> self.shift, oparg & 15)
    }
}

/// Indexed by base opcode.
static ACCESS: [Access; 256] = {
    let mut table = [Access::NONE; 256];
    let reads = Access { reads_first: true, ..Access::NONE };
    let writes = Access { writes_first: true, ..Access::NONE };
    let pair = Access { shift: 4, ..Access::NONE };
    table[op::LOAD_FAST as usize] = reads;
    table[op::LOAD_FAST_CHECK as usize] = reads;
    table[op::LOAD_FAST_AND_CLEAR as usize] = reads;
    table[op::DELETE_FAST as usize] = reads;
    table[op::MAKE_CELL as usize] = reads;
    table[op::LOAD_DEREF as usize] = reads;
    table[op::STORE_DEREF as usize] = reads;
    table[op::DELETE_DEREF as usize] = reads;
    table[op::LOAD_FROM_DICT_OR_DEREF as usize] = reads;
    table[op::STORE_FAST as usize] = writes;
    table[op::LOAD_FAST_LOAD_FAST as usize] = Access { reads_first: true, reads_second: true, ..pair };
    table[op::STORE_FAST_LOAD_FAST as usize] = Access { writes_first: true, reads_second: true, ..pair };
    table[op::STORE_FAST_STORE_FAST as usize] = Access { writes_first: true, writes_second: true, ..pair };
    table[op::COPY_FREE_VARS as usize] = Access { writes_last: true, ..Access::NONE };
    table
};

/// The bit sets are indexed by what operands say, so those are checked once.
pub(crate) fn check_locals(code: &Code<'_>) -> Result<(), DecodeError> {
    let count = code.input.nlocalsplus;
    let names_too_many = |instr: &Instr| {
        let access = Access::of(instr);
        let (first, second) = access.locals(instr.oparg);
        let first = (first >= count) & (access.reads_first | access.writes_first);
        let second = (second >= count) & (access.reads_second | access.writes_second);
        first | second | ((instr.oparg > count) & access.writes_last)
    };
    let any = code.instrs.iter().fold(false, |any, instr| any | names_too_many(instr));
    match any {
        false => Ok(()),
        true => Err(DecodeError::BadLocal {
            index: code.instrs.iter().find(|instr| names_too_many(instr)).map_or(0, |instr| instr.index),
        }),
    }
}
