//! Code objects.

use std::ffi::{c_int, c_void};

use pyo3_ffi::{PyCodeObject, PyObject};

use super::Tuple;
use super::handle::handle;
use crate::CodeKind;
use crate::layout::{co_monitoring, code, function_version, interpreter_state, monitoring};

/// A unit of bytecode: an instruction or a cache entry.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeUnit {
    /// The opcode, specialised and instrumented as it may be.
    pub op: u8,
    /// The operand.
    pub arg: u8,
}

const _: () = assert!(size_of::<CodeUnit>() == code::UNIT_SIZE as usize);

handle! {
    /// A code object: `PyCodeObject`.
    Code, PyCodeObject
}

impl Code {
    /// How many code units there are.
    pub fn len(self) -> usize {
        self.get::<isize>(code::SIZE) as usize
    }

    /// Whether there are no code units. Never the case for code the compiler made.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The first code unit.
    pub fn instructions(self) -> *mut CodeUnit {
        self.field(code::CODE_ADAPTIVE)
    }

    /// A copy of the code unit at `index`, which must be less than [`len`](Self::len).
    pub fn unit(self, index: usize) -> CodeUnit {
        assert!(index < self.len(), "code unit {index} of {}", self.len());
        // SAFETY: in bounds; with the GIL nobody else writes.
        unsafe { self.instructions().add(index).read() }
    }

    /// A unit of the inline cache of the instruction at `index`: the one at `place` of it.
    pub fn cache(self, index: usize, place: usize) -> u16 {
        let CodeUnit { op, arg } = self.unit(index + 1 + place);
        u16::from_ne_bytes([op, arg])
    }

    /// Writes a unit of an inline cache.
    ///
    /// # Safety
    /// The GIL is held, nobody refers to the units, and that is what the interpreter might have written there.
    pub unsafe fn set_cache(self, index: usize, place: usize, value: u16) {
        let at = index + 1 + place;
        assert!(at < self.len(), "code unit {at} of {}", self.len());
        // SAFETY: in bounds.
        unsafe { self.instructions().add(at).cast::<u16>().write(value) };
    }

    /// The constants.
    pub fn consts(self) -> Tuple {
        // SAFETY: always a tuple.
        unsafe { Tuple::new_unchecked(self.get(code::CONSTS)) }
    }

    /// The names used.
    pub fn names(self) -> Tuple {
        // SAFETY: always a tuple.
        unsafe { Tuple::new_unchecked(self.get(code::NAMES)) }
    }

    /// The exception table, a `bytes` object, borrowed.
    pub fn exception_table(self) -> *mut PyObject {
        self.get(code::EXCEPTIONTABLE)
    }

    /// The names of locals, cells and free variables.
    pub fn localsplus_names(self) -> Tuple {
        // SAFETY: always a tuple.
        unsafe { Tuple::new_unchecked(self.get(code::LOCALSPLUSNAMES)) }
    }

    /// The kinds of locals, cells and free variables: a `bytes` object, a byte for each, borrowed.
    pub fn localsplus_kinds(self) -> *mut PyObject {
        self.get(code::LOCALSPLUSKINDS)
    }

    /// `co_qualname`, a string, borrowed.
    pub fn qualname(self) -> *mut PyObject {
        self.get(code::QUALNAME)
    }

    /// `co_filename`, a string, borrowed.
    pub fn filename(self) -> *mut PyObject {
        self.get(code::FILENAME)
    }

    /// Bits `layout::code::CO_…`.
    pub fn flags(self) -> u32 {
        self.get(code::FLAGS)
    }

    /// What calls of its functions come to.
    pub fn kind(self) -> CodeKind {
        CodeKind::of(self.flags())
    }

    /// Positional parameters, without `*args`.
    pub fn argcount(self) -> c_int {
        self.get(code::ARGCOUNT)
    }

    /// Positional-only parameters.
    pub fn posonlyargcount(self) -> c_int {
        self.get(code::POSONLYARGCOUNT)
    }

    /// Keyword-only parameters.
    pub fn kwonlyargcount(self) -> c_int {
        self.get(code::KWONLYARGCOUNT)
    }

    /// Slots of the value stack.
    pub fn stacksize(self) -> c_int {
        self.get(code::STACKSIZE)
    }

    /// Line of the `def`.
    pub fn first_line(self) -> c_int {
        self.get(code::FIRSTLINENO)
    }

    /// Locals, cells and free variables.
    pub fn nlocalsplus(self) -> c_int {
        self.get(code::NLOCALSPLUS)
    }

    /// Cells made by the code.
    pub fn ncellvars(self) -> c_int {
        self.get(code::NCELLVARS)
    }

    /// Free variables.
    pub fn nfreevars(self) -> c_int {
        self.get(code::NFREEVARS)
    }

    /// Words of a whole frame.
    pub fn framesize(self) -> c_int {
        self.get(code::FRAMESIZE)
    }

    /// The version functions made from this code start with.
    pub fn version(self) -> u32 {
        self.get(code::VERSION)
    }

    /// Makes functions made from this code start without a version, so that the interpreter gives them one only when it
    /// specialises a call of them, and not at all while they have another entry than its own.
    ///
    /// # Safety
    /// The GIL is held, in the interpreter that the code was made in.
    pub unsafe fn clear_version(self) {
        // Whenever a function is made of compiled code this comes by.
        if self.version() == 0 {
            return;
        }
        let place = self.version() % interpreter_state::FUNCTION_VERSION_CACHE_SIZE;
        // SAFETY: a field of a live code object that only functions being made read; the table has so many places.
        unsafe {
            self.as_ptr().cast::<u8>().offset(code::VERSION as isize).cast::<u32>().write(0);
            // When it ends the interpreter takes it from the place of the version that it has then. Left at this one, it would be read there after its end.
            let table =
                pyo3_ffi::PyInterpreterState_Get().cast::<u8>().offset(interpreter_state::FUNCTION_VERSIONS as isize);
            let last = table
                .add(place as usize * function_version::SIZEOF as usize)
                .offset(function_version::CODE as isize)
                .cast::<*mut PyCodeObject>();
            if last.read() == self.as_ptr() {
                last.write(std::ptr::null_mut());
            }
        }
    }

    /// Index of the first instruction (`RESUME`) from which on a frame may be seen.
    pub fn first_traceable(self) -> c_int {
        self.get(code::FIRSTTRACEABLE)
    }

    /// The instrumentation version the code was last brought up to.
    pub fn instrumentation_version(self) -> usize {
        self.get(code::INSTRUMENTATION_VERSION)
    }

    /// For each local event, the bit set of the tools it is reported to in this code: what is set for the code alone
    /// and what is set for the whole interpreter. `None` where the code was never instrumented.
    pub fn active_monitors(self) -> Option<[u8; monitoring::LOCAL_EVENTS as usize]> {
        let data: *mut c_void = self.get(code::MONITORING);
        if data.is_null() {
            return None;
        }
        // SAFETY: the code object owns the data, which begins with the two tables.
        Some(unsafe {
            data.cast::<u8>()
                .offset(co_monitoring::ACTIVE_MONITORS as isize)
                .cast::<[u8; monitoring::LOCAL_EVENTS as usize]>()
                .read()
        })
    }

    /// For each local event, the tools that asked for it in this code alone.
    pub fn local_monitors(self) -> Option<[u8; monitoring::LOCAL_EVENTS as usize]> {
        let data: *mut c_void = self.get(code::MONITORING);
        if data.is_null() {
            return None;
        }
        // SAFETY: as in `active_monitors`.
        Some(unsafe {
            data.cast::<u8>()
                .offset(co_monitoring::LOCAL_MONITORS as isize)
                .cast::<[u8; monitoring::LOCAL_EVENTS as usize]>()
                .read()
        })
    }

    /// Where the table is of the tools that single instructions are reported to: a byte for each code unit. `None` where the code was never instrumented.
    fn instruction_tools(self) -> Option<*mut *mut u8> {
        let data: *mut u8 = self.get(code::MONITORING);
        // SAFETY: the code object owns the data.
        (!data.is_null()).then(|| unsafe { data.offset(co_monitoring::PER_INSTRUCTION_TOOLS as isize).cast() })
    }

    /// Whether there is a table of the tools that single instructions are reported to.
    pub(super) fn has_instruction_tools(self) -> bool {
        // SAFETY: the place is part of the code object's data.
        self.instruction_tools().is_some_and(|place| unsafe { !place.read().is_null() })
    }

    /// Makes that table, for code that was just instrumented for a second tool, maybe; or completes it. CPython makes it only when two tools have the same event, and forgets to enter
    /// tools that had instruction events before: they would hear of no instruction any more.
    ///
    /// # Safety
    /// The GIL is held; before the code was instrumented there was no table.
    pub(super) unsafe fn make_instruction_tools(self) {
        let Some(place) = self.instruction_tools() else { return };
        let active = self.active_monitors().unwrap_or_default()[monitoring::EVENT_INSTRUCTION as usize];
        // SAFETY: the interpreter frees the table with the same allocator. Without memory things stay as they are.
        unsafe {
            if place.read().is_null() {
                place.write(pyo3_ffi::PyMem_Malloc(self.len()).cast());
            }
            if !place.read().is_null() {
                place.read().write_bytes(active, self.len());
            }
        }
    }

    /// Sets the table of data that others attach.
    ///
    /// # Safety
    /// The GIL is held, there was none, and the table is one that the interpreter can free.
    pub(super) unsafe fn set_extra_table(self, table: *mut c_void) {
        // SAFETY: a field of a live code object.
        unsafe { self.as_ptr().cast::<u8>().offset(code::CO_EXTRA as isize).cast::<*mut c_void>().write(table) };
    }

    /// The data others attached (see [`extra`](super::extra)).
    pub(super) fn extra_table(self) -> *mut c_void {
        self.get(code::CO_EXTRA)
    }
}
