//! Helpers: the run time's functions that machine code calls.
//!
//! To add one: a line here in the section of its theme, and a function of the same name in snake case in
//! `crates/runtime/src/helpers/` with the same parameters (`extern "C"`); the compiler checks that none is missing.

use crate::Type;
use bitflags::bitflags;

bitflags! {
    /// What a call can do, beyond computing its result.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Effects: u8 {
        /// May run Python code, raise, or be looked at: `instr_ptr` is written before the call.
        const ESCAPES = 1;
        /// Preserves every integer register; no float may be live across the call.
        const PRESERVE = 2;
    }
}

/// Parameter and result types of a helper. Two results come back in two registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Parameter types.
    pub params: &'static [Type],
    /// Result types, two at most.
    pub results: &'static [Type],
    /// What the call can do.
    pub effects: Effects,
}

macro_rules! helpers {
    (@type obj) => { Type::Obj };
    (@type ptr) => { Type::Ptr };
    (@type i32) => { Type::I32 };
    (@type i64) => { Type::I64 };
    (@type f64) => { Type::F64 };
    (@effects pure) => { Effects::empty() };
    (@effects escapes) => { Effects::ESCAPES };
    (@effects preserve) => { Effects::PRESERVE.union(Effects::ESCAPES) };
    ($($(#[$doc:meta])* $name:ident($($param:ident: $pty:ident),*) $(-> ($($rty:ident),*))? [$effect:ident];)*) => {
        /// A function of the run time that machine code can call.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u16)]
        pub enum Helper { $($(#[$doc])* $name),* }

        impl Helper {
            /// Every helper, in order of its number.
            pub const ALL: &[Helper] = &[$(Helper::$name),*];

            /// The name in the text form.
            pub fn name(self) -> &'static str {
                match self { $(Helper::$name => stringify!($name)),* }
            }

            /// The helper of that name in the text form.
            pub fn from_name(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|h| h.name() == text)
            }

            /// Parameters, results and effects.
            pub fn signature(self) -> Signature {
                match self {
                    $(Helper::$name => Signature {
                        params: &[$(helpers!(@type $pty)),*],
                        results: &[$($(helpers!(@type $rty)),*)?],
                        effects: helpers!(@effects $effect),
                    }),*
                }
            }
        }
    };
}

helpers! {
    // Objects.
    /// Destroys an object whose count reached zero.
    Dealloc(object: obj) [preserve];
    /// A new float; NULL with `MemoryError` set.
    NewFloat(value: f64) -> (obj) [escapes];
    /// A new int; NULL with `MemoryError` set.
    NewInt(value: i64) -> (obj) [escapes];
}
