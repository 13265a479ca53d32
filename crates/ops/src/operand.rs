//! What an operation's operands stand for: how the compiler finds their values in the instruction, its cache and its code object.

/// The meaning of a 32-bit immediate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Imm {
    /// The oparg, shifted right by `.0`.
    Oparg(u8),
    /// A number that says where the objects that were seen have it. In regions only.
    Seen,
    /// The oparg's low bits under a mask.
    OpargMasked(u32),
    /// The oparg times 8 plus `.0`: a byte offset into an array of pointers.
    OpargTimes8(i32),
    /// The low 32 bits of the inline cache at code unit `.0` after the instruction (1 is the counter).
    Cache32(u8),
    /// The 16 bits of the inline cache at code unit `.0`.
    Cache16(u8),
    /// The 16 bits of the inline cache at code unit `.0`, times `.1`, plus `.2`: a byte offset.
    Cache16Scaled(u8, i32, i32),
    /// Offset of the function's field that `SET_FUNCTION_ATTRIBUTE`'s oparg names.
    FunctionField,
    /// The value-stack depth before the instruction.
    Depth,
    /// The frame's `stacktop` once the instruction's inputs are popped.
    StackTop,
    /// Code units from this instruction to the next (for `return_offset`).
    Length,
    /// [`Imm::Length`] in the low half, and the owner of the code's frames in the third byte: the word at a frame's `return_offset`.
    ReturnWord,
    /// Code units from this instruction to its jump target, where `FOR_ITER` and `SEND` go on when a generator returns; the rest as in
    /// [`Imm::ReturnWord`].
    TargetWord,
}

/// The meaning of a pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ptr {
    /// Constant number oparg.
    Const,
    /// Name number oparg shifted right by `.0`.
    Name(u8),
    /// The 64 bits of the inline cache at code unit `.0` after the instruction (1 is the counter).
    Cache64(u8),
    /// The 16 bits of the inline cache at code unit `.0`, as a number: for where a 32-bit immediate would be folded.
    Cache16(u8),
    /// The C function of `BINARY_OP`'s oparg.
    BinaryFunction,
    /// The C function of `CALL_INTRINSIC_1`'s oparg.
    UnaryIntrinsic,
    /// The C function of `CALL_INTRINSIC_2`'s oparg.
    BinaryIntrinsic,
    /// The C function of `CONVERT_VALUE`'s oparg.
    Conversion,
    /// The code object.
    Code,
    /// The code unit `.0` units after the start of this instruction (0 is the instruction itself).
    InstrAt(u8),
    /// The code unit after this instruction and its caches.
    NextInstr,
    /// The code unit of the jump target.
    TargetInstr,
    /// The machine code that the operation goes on with: where the result of a call is received.
    NextCode,
    /// The local variables that the `STORE_FAST`s after the instruction name, which it does along: [`Stores`] as a word.
    Stores,
    /// The counter number oparg of the statistics.
    Counter,
    /// What the object that was seen says of itself. In regions only.
    Seen,
}

/// What [`whipsnake_ir::abi::operand::LOCAL`] names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Nothing.
    None,
    /// Local variable number oparg.
    Local,
    /// The local variable that the `STORE_FAST` after this instruction names; the instruction does the store along.
    NextLocal,
    /// The stack slot `oparg + .0` below the top, counted before the instruction (1 is the top itself).
    Below(u8),
}

/// Stores to several local variables, one item after the other, packed in a word: how many; for each whether a code unit starts with it (two
/// stores may share one); and the variables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stores(pub u64);

impl Stores {
    /// How many stores there can be.
    pub const MAX: usize = 12;
    /// Variables have smaller numbers than this.
    pub const LOCALS: u32 = 16;

    /// Adds a store. `starts` says that it is the first of its code unit.
    #[must_use]
    pub fn with(self, local: u32, starts: bool) -> Stores {
        let count = self.count();
        debug_assert!(count < Stores::MAX && local < Stores::LOCALS, "it fits");
        Stores((self.0 + 1) | u64::from(starts) << (4 + count) | u64::from(local) << (16 + 4 * count))
    }

    /// How many stores there are.
    #[inline]
    pub fn count(self) -> usize {
        (self.0 & 15) as usize
    }

    /// The variable of a store.
    #[inline]
    pub fn local(self, index: usize) -> usize {
        (self.0 >> (16 + 4 * index) & 15) as usize
    }

    /// The variables of all stores: four bits each, the first one lowest.
    #[inline]
    pub fn locals(self) -> u64 {
        self.0 >> 16
    }

    /// The first variable, if those that follow have the numbers that follow.
    #[inline]
    pub fn first_of_row(self) -> Option<usize> {
        const ONES: u64 = 0x1111_1111_1111;
        const ROW: u64 = 0xba98_7654_3210;
        let (count, first) = (self.count(), self.local(0));
        let all = (1 << (4 * count)) - 1;
        (first + count <= Stores::LOCALS as usize && self.locals() == (first as u64 * ONES + ROW) & all)
            .then_some(first)
    }

    /// The code unit of a store, counted from the first.
    #[inline]
    pub fn unit(self, index: usize) -> usize {
        let starts = self.0 >> 4 & ((2 << index) - 1);
        starts.count_ones() as usize - 1
    }
}

#[cfg(test)]
mod tests {
    use super::Stores;

    #[test]
    fn a_row_of_variables_is_known_as_such() {
        let row = |locals: &[u32]| {
            locals.iter().fold(Stores::default(), |stores, &local| stores.with(local, true)).first_of_row()
        };
        assert_eq!(row(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]), Some(0));
        assert_eq!(row(&[4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]), Some(4));
        assert_eq!((row(&[14, 15]), row(&[3]), row(&[15])), (Some(14), Some(3), Some(15)));
        assert_eq!((row(&[15, 0]), row(&[2, 1]), row(&[1, 2, 4]), row(&[7, 7])), (None, None, None, None));
    }

    #[test]
    fn stores_are_read_as_they_were_packed() {
        let locals = [3, 0, 15, 7, 1, 14, 2, 13, 4, 12, 5, 11];
        let starts = [true, false, true, true, false, true, false, true, false, true, false, true];
        let mut stores = Stores::default();
        for (&local, &start) in locals.iter().zip(&starts) {
            stores = stores.with(local, start);
        }
        assert_eq!(stores.count(), Stores::MAX);
        let mut unit = 0;
        for (index, (&local, &start)) in locals.iter().zip(&starts).enumerate() {
            unit += usize::from(start);
            assert_eq!((stores.local(index), stores.unit(index)), (local as usize, unit - 1), "store {index}");
            assert_eq!(stores.locals() >> (4 * index) & 15, local.into());
        }
    }
}
