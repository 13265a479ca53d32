//! Instructions.

use crate::{Block, Global, Helper, Type, Value};
use smallvec::SmallVec;

/// Argument lists; most have few elements.
pub type Args = SmallVec<[Value; 4]>;

macro_rules! named_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant),* }

        impl $name {
            /// Every variant, in order.
            pub const ALL: &[$name] = &[$($name::$variant),*];

            /// The name in the text form.
            pub fn name(self) -> &'static str {
                match self { $($name::$variant => $text),* }
            }

            /// The variant of that name in the text form.
            pub fn from_name(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|v| v.name() == text)
            }
        }
    };
}

named_enum!(
    /// Integer operations on two values of one type.
    BinaryOp {
        /// Wrapping addition.
        Add = "add",
        /// Wrapping subtraction.
        Sub = "sub",
        /// Wrapping multiplication.
        Mul = "mul",
        /// Bitwise and.
        And = "and",
        /// Bitwise or.
        Or = "or",
        /// Bitwise exclusive or.
        Xor = "xor",
        /// Shift left; the amount is taken modulo the width.
        Shl = "shl",
        /// Logical shift right.
        ShrU = "shr_u",
        /// Arithmetic shift right.
        ShrS = "shr_s",
        /// Signed division toward zero. The divisor is neither 0 nor −1 with the least dividend.
        DivS = "div_s",
        /// Float addition.
        FAdd = "fadd",
        /// Float subtraction.
        FSub = "fsub",
        /// Float multiplication.
        FMul = "fmul",
        /// Float division.
        FDiv = "fdiv",
    }
);

named_enum!(
    /// Operations on one value.
    UnaryOp {
        /// Two's complement negation.
        Neg = "neg",
        /// Bitwise complement.
        Not = "not",
        /// Float negation.
        FNeg = "fneg",
        /// Square root of a float.
        FSqrt = "fsqrt",
        /// A float without its sign.
        FAbs = "fabs",
        /// Zero-extends a bool, i8 or i32 to i64.
        ExtendU = "extend_u",
        /// Sign-extends an i32 to i64.
        ExtendS = "extend_s",
        /// Truncates a word to i32.
        Truncate = "truncate",
        /// The low 8 bits of a word.
        TruncateByte = "truncate_byte",
        /// Signed i64 to f64, rounding to nearest.
        IntToFloat = "int_to_float",
        /// f64 to signed i64, rounding toward zero; the nearest there is for what is out of range, 0 for NaN.
        FloatToInt = "float_to_int",
        /// The same 64 bits, seen as a pointer.
        AsPtr = "as_ptr",
        /// The same 64 bits, seen as an object reference (no count changes).
        AsObj = "as_obj",
        /// The same 64 bits, seen as an i64.
        AsInt = "as_int",
        /// A value that is not read again from its slot later: see [`crate::Builder::hold`].
        Hold = "hold",
    }
);

named_enum!(
    /// Integer comparisons.
    Condition {
        /// Equal.
        Eq = "eq",
        /// Not equal.
        Ne = "ne",
        /// Signed less.
        Lt = "lt",
        /// Signed less or equal.
        Le = "le",
        /// Signed greater.
        Gt = "gt",
        /// Signed greater or equal.
        Ge = "ge",
        /// Unsigned less.
        LtU = "lt_u",
        /// Unsigned less or equal.
        LeU = "le_u",
        /// Unsigned greater.
        GtU = "gt_u",
        /// Unsigned greater or equal.
        GeU = "ge_u",
    }
);

named_enum!(
    /// Float comparisons; all but `ne` are false for NaN.
    FloatCondition {
        /// Equal.
        Eq = "feq",
        /// Not equal, or unordered.
        Ne = "fne",
        /// Less.
        Lt = "flt",
        /// Less or equal.
        Le = "fle",
        /// Greater.
        Gt = "fgt",
        /// Greater or equal.
        Ge = "fge",
    }
);

named_enum!(
    /// Where an operation can go on, other than inside itself.
    Continuation {
        /// The next bytecode.
        Next = "next",
        /// The jump target.
        Target = "target",
        /// A guard failed: the generic form of the operation. Nothing was consumed or changed.
        Miss = "miss",
        /// An exception is set; inputs still own their references.
        Error = "error",
        /// Leave to the interpreter at this bytecode. Nothing was consumed or changed.
        Exit = "exit",
        /// Leave to the interpreter at this bytecode, because it had never run when the code was compiled. Nothing was consumed or changed.
        Unreached = "unreached",
        /// Native code ends with [`crate::abi::Status::Return`]; the argument is the result.
        FinishReturn = "finish_return",
        /// Native code ends with [`crate::abi::Status::Yield`]; the argument is the yielded value.
        FinishYield = "finish_yield",
        /// The frame is done: pop it and go on in its caller, or finish if it is the base frame; the argument is the result.
        Return = "return",
        /// An exception that has its traceback entry is set again; the argument is the address of the raising instruction,
        /// whose handler is looked up (`instr_ptr` may have been set to where it was first raised).
        Reraise = "reraise",
        /// The frame becomes that of a new generator, which is the result of the call. `instr_ptr` is this instruction.
        ReturnGenerator = "return_generator",
        /// A generator that delegates hands on what the one below it yielded: it is suspended, and so are those above it that do no more than that. The
        /// argument is the value, which is not on the stack any more; `stacktop` and `instr_ptr` are those of the `YIELD_VALUE`.
        YieldThrough = "yield_through",
        /// A generator that delegates is resumed, and with it those below it, down to the one that yielded. The argument is the frame of the first; the value is in
        /// its next stack slot.
        SendThrough = "send_through",
        /// A result was received and is in its slot, and something is pending or the instrumentation changed: looked after out of line, and then on to
        /// the next instruction. `instr_ptr` is still that of the instruction that called.
        Received = "received",
    }
);

named_enum!(
    /// Why a guard can fail; statistics are kept by these.
    MissReason {
        /// An operand is not of the expected exact type.
        Type = "type",
        /// An int is not compact, or the result overflows.
        Int = "int",
        /// A type's version tag changed.
        TypeVersion = "type_version",
        /// A dict's keys version changed.
        KeysVersion = "keys_version",
        /// An instance's inline values are gone.
        InlineValues = "inline_values",
        /// A value is not there (NULL).
        Missing = "missing",
        /// An index is outside the sequence.
        Bounds = "bounds",
        /// The callable is not the expected one.
        Callable = "callable",
        /// Argument count or defaults do not fit.
        Arguments = "arguments",
        /// No room for a frame in the current chunk.
        FrameSpace = "frame_space",
        /// An iterator is exhausted or in an unexpected state.
        Iterator = "iterator",
        /// A generator is running, finished or not compiled.
        Generator = "generator",
        /// Division by zero and other values the fast path leaves to the generic one.
        Value = "value",
    }
);

impl Condition {
    /// Whether it holds of two constants.
    pub fn holds(self, x: i64, y: i64) -> bool {
        match self {
            Condition::Eq => x == y,
            Condition::Ne => x != y,
            Condition::Lt => x < y,
            Condition::Le => x <= y,
            Condition::Gt => x > y,
            Condition::Ge => x >= y,
            Condition::LtU => (x as u64) < y as u64,
            Condition::LeU => x as u64 <= y as u64,
            Condition::GtU => x as u64 > y as u64,
            Condition::GeU => x as u64 >= y as u64,
        }
    }

    /// The condition that holds where this does not.
    pub fn inverse(self) -> Condition {
        match self {
            Condition::Eq => Condition::Ne,
            Condition::Ne => Condition::Eq,
            Condition::Lt => Condition::Ge,
            Condition::Le => Condition::Gt,
            Condition::Gt => Condition::Le,
            Condition::Ge => Condition::Lt,
            Condition::LtU => Condition::GeU,
            Condition::LeU => Condition::GtU,
            Condition::GtU => Condition::LeU,
            Condition::GeU => Condition::LtU,
        }
    }
}

/// An offset from a base address: known, or an operand of the instruction (a hole in a stencil) plus a constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Offset {
    /// Known when the function is built.
    Known(i32),
    /// Operand `.0` (see [`crate::abi::operand`]) plus `.1`.
    Operand(u8, i32),
}

impl From<i32> for Offset {
    fn from(offset: i32) -> Self {
        Offset::Known(offset)
    }
}

/// An instruction with its operands.
#[derive(Clone, Debug, PartialEq)]
pub enum InstData {
    /// An integer constant of any integer or word type.
    Iconst { ty: Type, value: i64 },
    /// A float constant, by its bits.
    Fconst { bits: u64 },
    /// A 32-bit operand of the instruction (see [`crate::abi::operand`]).
    Operand32 { operand: u8 },
    /// A pointer operand of the instruction (see [`crate::abi::pointer`]).
    Pointer { pointer: u8, ty: Type },
    /// The address of a named object or variable of the host.
    Global { global: Global },
    /// The current frame.
    Frame,
    /// The current thread state.
    ThreadState,
    /// A word of the activation, at a byte offset.
    ActivationField { offset: i32 },
    /// Input `index` of the operation. In a stencil it is read from its slot anew at each use.
    Input { index: u8 },
    /// The value that native code was entered with (results of calls, yielded values).
    Received,
    /// A parameter of a recursive body: the first is how many calls of itself may still be made, the others are the function's arguments.
    Argument { index: u8, ty: Type },
    /// An instance that is not made but by exits that need it, of a class whose address is known.
    Instance { class: Value },
    /// An object of a built-in type, with nothing in it, that is not made but by exits that need it: an iterator over a range, or a dict.
    Empty { class: Global },
    /// An iterator over a list or tuple that is not made but by exits that need it. For each reference to it there is one to the sequence.
    LateIterator { sequence: Value },
    /// Reads memory. Not atomic, not volatile, never traps.
    Load { ty: Type, base: Value, offset: Offset },
    /// Writes memory.
    Store { value: Value, base: Value, offset: Offset },
    /// `base + offset`.
    Address { base: Value, offset: Offset },
    /// One-operand arithmetic.
    Unary { op: UnaryOp, arg: Value },
    /// Two-operand arithmetic.
    Binary { op: BinaryOp, left: Value, right: Value },
    /// Signed i64 addition (`add`), subtraction (`sub`) or multiplication (`mul`): result and overflow.
    Overflowing { op: BinaryOp, left: Value, right: Value },
    /// Integer comparison.
    Compare { condition: Condition, left: Value, right: Value },
    /// Float comparison.
    FloatCompare { condition: FloatCondition, left: Value, right: Value },
    /// `condition ? then : otherwise`.
    Select { condition: Value, then: Value, otherwise: Value },
    /// Adds a reference.
    Retain { value: Value },
    /// Drops a reference; may run a finalizer.
    Release { value: Value },
    /// Drops a reference to an object whose end runs no Python code.
    ReleasePlain { value: Value },
    /// The value of an exact int; stops here (continuation `miss`) if it has more than two digits.
    UnboxInt { value: Value },
    /// Stops here (continuation `miss`) unless the condition holds.
    Guard { condition: Value, reason: MissReason },
    /// Stops here (continuation `miss`) unless the object's type is exactly the named one.
    GuardExact { value: Value, class: Global },
    /// Goes to continuation `error` if the condition holds.
    ErrorIf { condition: Value },
    /// The double inside an exact float.
    FloatValue { value: Value },
    /// A float object; takes over the storage of one of `reuse` where it is owned by nobody else, and releases all of them.
    NewFloat { value: Value, reuse: Args },
    /// The value of a compact int (exact, one digit at most).
    IntValue { value: Value },
    /// An int object from an i64; takes over the storage of one of `reuse` where it is owned by nobody else, and releases all of them.
    NewInt { value: Value, reuse: Args },
    /// A number that is a float on some ways and an int on others: a float object of the double, or an int object if `is_int`; the double is an integer then, of less than
    /// 54 bits, and not -0.0. Only in regions.
    NewNumber { value: Value, is_int: Value },
    /// One that is made only where an exit puts it into a frame.
    LateNumber { value: Value, is_int: Value },
    /// A tuple of these objects, or of the object and function that they are a bound method, or a dict of values and strings in turn, the last string first;
    /// takes their references.
    NewTuple { class: Global, items: Args },
    /// One that is made only where an exit puts it into a frame. Until then references to its items are held for it, but for those that are only lent to it:
    /// bits, the lowest for the first.
    LateTuple { class: Global, items: Args, lent: u32 },
    /// Writes this instruction's address to the frame's `instr_ptr`.
    SaveInstr,
    /// Calls a helper.
    Call { helper: Helper, args: Args },
    /// Calls a C function by address, with word arguments; one result of type `ret`.
    CallPointer { callee: Value, args: Args, ret: Type },
    /// Calls the recursive body, with the function's arguments, of which it takes the references; one result of type `ret`, with a reference. Where the callee leaves
    /// the region, so does the caller, whose frames are those of the state.
    Recurse { args: Args, ret: Type },

    // Terminators.
    /// Goes to a block.
    Jump { to: Block, args: Args },
    /// Goes to one of two blocks.
    Branch { condition: Value, then: Block, then_args: Args, otherwise: Block, otherwise_args: Args },
    /// Leaves the operation.
    Leave { to: Continuation, arg: Option<Value> },
    /// Leaves to a code address with another frame, and possibly a value to receive.
    Enter { address: Value, frame: Value, arg: Option<Value> },
}

/// The one list of what an instruction reads: `visit` gets every value of it, by the kind of reference that `iter` gives.
macro_rules! for_each_operand {
    ($data:expr, $visit:ident, $iter:ident) => {{
        use InstData::*;
        match $data {
            Iconst { .. }
            | Fconst { .. }
            | Operand32 { .. }
            | Pointer { .. }
            | Global { .. }
            | Frame
            | ThreadState
            | ActivationField { .. }
            | Input { .. }
            | Received
            | Argument { .. }
            | Empty { .. }
            | SaveInstr => {}
            Load { base, .. } | Address { base, .. } | Instance { class: base } | LateIterator { sequence: base } => {
                $visit(base)
            }
            Store { value, base, .. } => {
                $visit(value);
                $visit(base);
            }
            Unary { arg, .. } => $visit(arg),
            Binary { left, right, .. }
            | Overflowing { left, right, .. }
            | Compare { left, right, .. }
            | FloatCompare { left, right, .. } => {
                $visit(left);
                $visit(right);
            }
            Select { condition, then, otherwise } => {
                $visit(condition);
                $visit(then);
                $visit(otherwise);
            }
            Retain { value }
            | Release { value }
            | ReleasePlain { value }
            | GuardExact { value, .. }
            | FloatValue { value }
            | IntValue { value }
            | UnboxInt { value } => $visit(value),
            Guard { condition, .. } | ErrorIf { condition } => $visit(condition),
            NewFloat { value, reuse } | NewInt { value, reuse } => {
                $visit(value);
                reuse.$iter().for_each($visit);
            }
            NewNumber { value, is_int } | LateNumber { value, is_int } => {
                $visit(value);
                $visit(is_int);
            }
            NewTuple { items, .. } | LateTuple { items, .. } => items.$iter().for_each($visit),
            Call { args, .. } | Recurse { args, .. } => args.$iter().for_each($visit),
            CallPointer { callee, args, .. } => {
                $visit(callee);
                args.$iter().for_each($visit);
            }
            Jump { args, .. } => args.$iter().for_each($visit),
            Branch { condition, then_args, otherwise_args, .. } => {
                $visit(condition);
                then_args.$iter().for_each(&mut $visit);
                otherwise_args.$iter().for_each($visit);
            }
            Leave { arg, .. } => arg.$iter().for_each($visit),
            Enter { address, frame, arg } => {
                $visit(address);
                $visit(frame);
                arg.$iter().for_each($visit);
            }
        }
    }};
}

impl InstData {
    /// Whether the instruction ends its block.
    pub fn is_terminator(&self) -> bool {
        matches!(
            self,
            InstData::Jump { .. } | InstData::Branch { .. } | InstData::Leave { .. } | InstData::Enter { .. }
        )
    }

    /// Whether the instruction can leave a region, or needs to say where it is.
    pub fn can_exit(&self) -> bool {
        use InstData::*;
        matches!(
            self,
            Release { .. }
                | Guard { .. }
                | GuardExact { .. }
                | ErrorIf { .. }
                | NewFloat { .. }
                | NewInt { .. }
                | NewNumber { .. }
                | NewTuple { .. }
                | UnboxInt { .. }
                | SaveInstr
                | Recurse { .. }
                | Leave { .. }
        )
    }

    /// Whether a region notes what the frames hold at the instruction: it can exit, or something put before it may.
    pub fn has_state(&self) -> bool {
        use InstData::*;
        self.can_exit() || matches!(self, Store { .. } | Call { .. } | CallPointer { .. } | Jump { .. } | Branch { .. })
    }

    /// Whether the instruction only reads and computes: it changes nothing, makes nothing, and goes nowhere.
    pub fn only_computes(&self) -> bool {
        use InstData::*;
        matches!(
            self,
            Iconst { .. }
                | Fconst { .. }
                | Global { .. }
                | Frame
                | ThreadState
                | Load { .. }
                | Address { .. }
                | Unary { .. }
                | Binary { .. }
                | Overflowing { .. }
                | Compare { .. }
                | FloatCompare { .. }
                | Select { .. }
                | FloatValue { .. }
                | IntValue { .. }
        )
    }

    /// Calls `visit` on every value the instruction reads.
    pub fn for_each_use(&self, mut visit: impl FnMut(Value)) {
        let mut visit = |value: &Value| visit(*value);
        for_each_operand!(self, visit, iter);
    }

    /// Calls `visit` on every value the instruction reads, to replace it.
    pub fn for_each_use_mut(&mut self, mut visit: impl FnMut(&mut Value)) {
        for_each_operand!(self, visit, iter_mut);
    }
}
