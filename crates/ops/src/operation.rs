//! The table of operations, and how one becomes an IR function.

use crate::{Imm, Place, Ptr};
use smallvec::SmallVec;
use whipsnake_ir::{Builder, Continuation, Function, Value};

/// The values an operation pushes.
pub type Outputs = SmallVec<[Value; 3]>;

/// One operation.
#[derive(Debug)]
pub struct Operation {
    /// The opcode's name, possibly with a suffix after a dot for a variant.
    pub name: &'static str,
    /// How many values from the top of the stack are its inputs.
    pub inputs: u8,
    /// How many of the inputs, counted from the lowest, stay on the stack (and stay owned by it).
    pub keeps: u8,
    /// How many values it pushes.
    pub outputs: u8,
    /// Which inputs may be borrowed from a local or a constant; variants are made for each combination.
    pub borrows: &'static [u8],
    /// Whether it starts with a value in the first argument register.
    pub receives: bool,
    /// What its 32-bit immediates stand for.
    pub imms: &'static [Imm],
    /// What its pointers stand for.
    pub ptrs: &'static [Ptr],
    /// What local or stack slot it names.
    pub place: Place,
    /// Builds it.
    pub emit: fn(&mut Builder<'_>, &[Value]) -> Outputs,
}

impl Operation {
    /// The operation as a function that reads inputs from their slots, writes outputs to theirs and goes on at `next`.
    ///
    /// Bit `i` of `borrowed` says that input `i` is borrowed.
    pub fn build(&self, borrowed: u8) -> Function {
        let mut function = Function::new(self.name);
        let mut b = Builder::new(&mut function);
        let inputs: SmallVec<[Value; 4]> =
            (0..self.inputs).map(|i| b.input(i, i < self.keeps || borrowed & (1 << i) != 0)).collect();
        let outputs = (self.emit)(&mut b, &inputs);
        if !b.is_ended() {
            assert_eq!(outputs.len(), usize::from(self.outputs), "outputs of {}", self.name);
            for (index, &output) in outputs.iter().enumerate() {
                b.set_output(index as u8, output);
            }
            b.leave(Continuation::Next);
        }
        function
    }
}

/// What an operation's function may return.
pub(crate) trait IntoOutputs {
    fn into_outputs(self) -> Outputs;
}

impl IntoOutputs for () {
    fn into_outputs(self) -> Outputs {
        Outputs::new()
    }
}

impl IntoOutputs for Outputs {
    fn into_outputs(self) -> Outputs {
        self
    }
}

impl IntoOutputs for Value {
    fn into_outputs(self) -> Outputs {
        SmallVec::from_slice(&[self])
    }
}

impl<const N: usize> IntoOutputs for [Value; N] {
    fn into_outputs(self) -> Outputs {
        SmallVec::from_slice(&self)
    }
}

/// A theme's table. One line an operation:
///
/// `"NAME" (inputs) -> outputs, settings… => function;` where settings are any of `borrows [0, 1]`, `keeps n`, `receives`, `imms [..]`,
/// `ptrs [..]`, `place p`.
macro_rules! operations {
    ($($name:literal ($($input:ident),*) -> $outputs:literal $(, $key:ident $($setting:expr)?)* => $function:expr;)*) => {
        /// The operations of this theme.
        pub(crate) const OPERATIONS: &[$crate::Operation] = &[$({
            #[allow(unused_mut, reason = "an operation without settings")]
            let mut operation = $crate::Operation {
                name: $name,
                inputs: 0 $(+ { let _ = stringify!($input); 1 })*,
                keeps: 0,
                outputs: $outputs,
                borrows: &[],
                receives: false,
                imms: &[],
                ptrs: &[],
                place: $crate::Place::None,
                emit: |b, inputs| {
                    let [$($input),*] = inputs else { unreachable!("as many inputs as declared") };
                    $crate::operation::IntoOutputs::into_outputs(($function)(b, $(*$input),*))
                },
            };
            $(operations!(@set operation $key $($setting)?);)*
            operation
        }),*];
    };
    (@set $op:ident borrows $setting:expr) => { $op.borrows = &$setting; };
    (@set $op:ident keeps $setting:expr) => { $op.keeps = $setting; };
    (@set $op:ident receives) => { $op.receives = true; };
    (@set $op:ident imms $setting:expr) => { $op.imms = &$setting; };
    (@set $op:ident ptrs $setting:expr) => { $op.ptrs = &$setting; };
    (@set $op:ident place $setting:expr) => { $op.place = $setting; };
}
pub(crate) use operations;
