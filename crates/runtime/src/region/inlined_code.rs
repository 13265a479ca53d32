//! The code of functions and generators that a region inlines, analysed once each.

use super::kinds::object_of;
use super::world::Live;
use crate::native::code;
use crate::native::compiled_entry::compiled_entry;
use crate::tier::code_input;
use pyo3_ffi::PyObject;
use whipsnake_bytecode::{Decoder, LeaveOut, Unreached};
use whipsnake_cpython::CodeKind;
use whipsnake_cpython::layout::code::{CO_OPTIMIZED, CO_VARARGS, CO_VARKEYWORDS};
use whipsnake_cpython::live::{Code, Frame, Function};
use whipsnake_optimizer::Callee;

/// What is inlined. The same twice is analysed once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Inlined {
    /// Of a call.
    function: Option<Function>,
    code: Code,
    /// Of a generator that is suspended.
    frame: Option<Frame>,
    globals: *mut PyObject,
    builtins: *mut PyObject,
}

impl Inlined {
    /// A call of a function.
    pub(super) fn call(function: Function) -> Inlined {
        let (globals, builtins) = (function.globals(), function.builtins());
        Inlined { function: Some(function), code: function.code(), frame: None, globals, builtins }
    }

    /// A generator that goes on.
    pub(super) fn resumed(frame: Frame) -> Inlined {
        let (globals, builtins) = (frame.globals(), frame.builtins());
        Inlined { function: None, code: frame.function().code(), frame: Some(frame), globals, builtins }
    }

    /// A generator that is not made yet. `None` if calls of functions of that code make none.
    pub(super) fn generator(code: Code, globals: *mut PyObject, builtins: *mut PyObject) -> Option<Inlined> {
        let inlined = Inlined { function: None, code, frame: None, globals, builtins };
        (code.kind() == CodeKind::Generator).then_some(inlined)
    }
}

/// Its bytecode, and what is known of its surroundings.
pub(super) struct Analysed {
    inlined: Inlined,
    decoder: Decoder,
    reached: u32,
    pub(super) live: Live,
}

impl Analysed {
    /// Analyses code that is compiled.
    pub(super) fn new(inlined: &Inlined, caller: &Live) -> Option<Analysed> {
        let Inlined { code, frame, globals, builtins, .. } = *inlined;
        let compiled = code::find(code).filter(|compiled| !compiled.is_stub())?;
        let mut decoder = Decoder::default();
        // SAFETY: the GIL is held, and references are kept by whoever inlines it.
        let (live, reached) = unsafe {
            let live = Live::new(code, frame, globals, builtins, compiled, caller.alive(), caller.namespaces());
            decoder.analyse(code_input(code)).ok()?;
            (live, reached(&decoder.analysed(code_input(code))))
        };
        Some(Analysed { inlined: *inlined, decoder, reached, live })
    }

    /// Whether it is that of `inlined`.
    pub(super) fn is_of(&self, inlined: &Inlined) -> bool {
        self.inlined == *inlined
    }

    /// As the optimizer sees it.
    pub(super) fn callee(&self) -> Callee<'_> {
        let Inlined { function, code, globals, builtins, .. } = self.inlined;
        let defaults = function.and_then(Function::defaults);
        let values = defaults
            .map_or(vec![], |tuple| (0..tuple.len()).filter_map(|index| tuple.item(index)).map(object_of).collect());
        Callee {
            // SAFETY: what was analysed, and is alive.
            code: self.decoder.analysed(unsafe { code_input(code) }),
            reached: self.reached,
            world: &self.live,
            executable: code.as_ptr() as u64,
            globals: globals as u64,
            builtins: builtins as u64,
            parameters: code.argcount() as u32,
            takes_more: code.flags() & CO_VARARGS != 0,
            takes_named: code.flags() & CO_VARKEYWORDS != 0,
            default_values: values,
        }
    }
}

/// How many instructions are in blocks that the interpreter has run, or may have.
fn reached(code: &whipsnake_bytecode::Code<'_>) -> u32 {
    let mut unreached = Unreached::default();
    unreached.find(code, LeaveOut::Unreached);
    let blocks = (0..).zip(code.blocks()).filter(|&(number, _)| !unreached.contains(number));
    blocks.map(|(_, block)| block.end - block.first).sum()
}

/// Whether calls of the function need no arguments that are for keywords only, and what it does is done when it returns.
pub(super) fn is_inlinable(function: Function) -> bool {
    let code = function.code();
    let entered = function.vectorcall().is_some_and(|entry| entry as usize == compiled_entry as *const () as usize);
    entered && code.flags() & CO_OPTIMIZED != 0 && code.kind() == CodeKind::Plain && code.kwonlyargcount() == 0
}
