//! Operations that answer yes or no, alone and together with the conditional jump that follows them.

use crate::Outputs;
use whipsnake_ir::{Builder, Continuation, Value};

/// What is done with the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// `True` or `False` is pushed.
    Object,
    /// Jumps if the answer is yes.
    JumpIfTrue,
    /// Jumps if the answer is no.
    JumpIfFalse,
}

impl Answer {
    /// Uses the condition. Inputs are released already.
    pub fn give(self, b: &mut Builder<'_>, condition: Value) -> Outputs {
        match self {
            Answer::Object => Outputs::from_slice(&[b.bool_object(condition)]),
            Answer::JumpIfTrue => {
                b.when(condition, |b| b.leave(Continuation::Target));
                Outputs::new()
            }
            Answer::JumpIfFalse => {
                let (next, target) = (b.block(), b.block());
                b.branch(condition, next, target);
                b.switch_to(target);
                b.leave(Continuation::Target);
                b.switch_to(next);
                Outputs::new()
            }
        }
    }

    /// Uses an answer that is known beforehand.
    pub fn give_known(self, b: &mut Builder<'_>, answer: bool) -> Outputs {
        match self {
            Answer::Object => Outputs::from_slice(&[b.global(if answer {
                whipsnake_ir::Global::True
            } else {
                whipsnake_ir::Global::False
            })]),
            Answer::JumpIfTrue | Answer::JumpIfFalse => {
                if answer == (self == Answer::JumpIfTrue) {
                    b.leave(Continuation::Target);
                }
                Outputs::new()
            }
        }
    }

    /// Uses the condition and releases values; an operation alone does that in each of the two cases on its own: for conditions of floats, which it must
    /// not keep in registers while objects are destroyed.
    pub fn give_and_release(self, b: &mut Builder<'_>, condition: Value, inputs: &[Value]) -> Outputs {
        if b.in_region() || inputs.iter().all(|&input| b.is_borrowed(input)) {
            b.release_all(inputs);
            return self.give(b, condition);
        }
        if self == Answer::Object {
            let object = |answer| {
                move |b: &mut Builder<'_>| {
                    b.release_all(inputs);
                    b.global(if answer { whipsnake_ir::Global::True } else { whipsnake_ir::Global::False })
                }
            };
            return Outputs::from_slice(&[b.choose(
                condition,
                whipsnake_ir::Type::Obj,
                false,
                object(true),
                object(false),
            )]);
        }
        let (yes, no) = (b.block(), b.block());
        b.branch(condition, yes, no);
        let (jumps, stays) = if self == Answer::JumpIfTrue { (yes, no) } else { (no, yes) };
        b.switch_to(jumps);
        b.release_all(inputs);
        b.leave(Continuation::Target);
        b.switch_to(stays);
        b.release_all(inputs);
        Outputs::new()
    }
}

/// A table of tests: each line makes an operation and its two fusions with a conditional jump.
///
/// `"NAME" (inputs), settings… => function;` where the function gets builder, inputs and [`Answer`], and gives [`Outputs`].
macro_rules! tests {
    ($($name:literal ($($input:ident),*) $(, $key:ident $setting:expr)* => $function:expr;)*) => {
        /// The tests of this theme.
        pub(crate) const TESTS: &[$crate::Operation] = &[$(
            tests!(@one $name, $crate::tests_table::Answer::Object, 1, ($($input),*), ($($key $setting),*), $function),
            tests!(@one concat!($name, "+POP_JUMP_IF_FALSE"), $crate::tests_table::Answer::JumpIfFalse, 0, ($($input),*),
                ($($key $setting),*), $function),
            tests!(@one concat!($name, "+POP_JUMP_IF_TRUE"), $crate::tests_table::Answer::JumpIfTrue, 0, ($($input),*),
                ($($key $setting),*), $function),
        )*];
    };
    (@one $name:expr, $answer:expr, $outputs:literal, ($($input:ident),*), ($($key:ident $setting:expr),*), $function:expr) => {{
        #[allow(unused_mut, reason = "a test without settings")]
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
                ($function)(b, $(*$input,)* $answer)
            },
        };
        $($crate::operation::operations!(@set operation $key $setting);)*
        operation
    }};
}
pub(crate) use tests;
