//! What the optimizer asks of the running program.

mod callees;
mod classes;
mod feedback;
mod objects;
mod surroundings;

use crate::helpers::pointers::CodeSource;
use crate::native::code::CompiledCode;
use crate::region::alive::Alive;
use crate::region::inlined_code::{Analysed, Inlined};
use crate::region::kinds::object_of;
use crate::region::namespaces::Namespaces;
use elsa::FrozenVec;
use pyo3_ffi::PyObject;
use std::cell::RefCell;
use std::ptr;
use std::rc::Rc;
use whipsnake_cpython::live::{Code, Frame};
use whipsnake_ir::Global;
use whipsnake_optimizer::{Callee, Object};

/// Code that a region is made of: that of the frame that waits for it, or of a function that is inlined.
pub(super) struct Live {
    code: Code,
    source: CodeSource,
    frame: Option<Frame>,
    globals: *mut PyObject,
    builtins: *mut PyObject,
    data: u64,
    pub(super) alive: Rc<Alive>,
    namespaces: Rc<RefCell<Namespaces>>,
    cells: RefCell<Vec<Box<[u64]>>>,
    callees: FrozenVec<Box<Analysed>>,
}

impl Live {
    /// The code of a frame that waits.
    ///
    /// # Safety
    /// The GIL is held, and the frame runs `compiled`, as long as this is used.
    pub(super) unsafe fn of_frame(
        frame: Frame,
        code: Code,
        compiled: &CompiledCode,
        namespaces: Rc<RefCell<Namespaces>>,
    ) -> Live {
        // SAFETY: the caller's.
        unsafe { Live::new(code, Some(frame), frame.globals(), frame.builtins(), compiled, Rc::default(), namespaces) }
    }

    /// Code in those surroundings; `frame` is the one that is run, if there is one already.
    ///
    /// # Safety
    /// As above.
    pub(super) unsafe fn new(
        code: Code,
        frame: Option<Frame>,
        globals: *mut PyObject,
        builtins: *mut PyObject,
        compiled: &CompiledCode,
        alive: Rc<Alive>,
        namespaces: Rc<RefCell<Namespaces>>,
    ) -> Live {
        if alive.is_new_code(code) {
            // SAFETY: the caller's; nobody has looked at the code yet.
            unsafe { namespaces.borrow_mut().bring_up_to_date(code, globals, builtins) };
        }
        // SAFETY: the caller's.
        let source = unsafe { CodeSource::new(code) };
        let data = ptr::from_ref(compiled) as u64;
        let (cells, callees) = (RefCell::default(), FrozenVec::new());
        Live { code, source, frame, globals, builtins, data, alive, namespaces, cells, callees }
    }

    /// The feedback cells that the region uses, and the code objects of functions that may be inlined in it.
    pub(super) fn into_parts(self) -> (Vec<Box<[u64]>>, Vec<Code>) {
        let mut cells = self.cells.into_inner();
        let mut codes = vec![];
        for callee in self.callees.into_vec() {
            codes.push(callee.live.code);
            let (theirs, inner) = callee.live.into_parts();
            cells.extend(theirs);
            codes.extend(inner);
        }
        (cells, codes)
    }

    /// The objects that were found.
    pub(super) fn alive(&self) -> Rc<Alive> {
        self.alive.clone()
    }

    /// What is remembered of global variables.
    pub(super) fn namespaces(&self) -> Rc<RefCell<Namespaces>> {
        self.namespaces.clone()
    }

    /// What is inlined, as the optimizer sees it. `None` if its code is not compiled.
    fn inlined(&self, inlined: &Inlined) -> Option<Callee<'_>> {
        let known = self.callees.iter().find(|callee| callee.is_of(inlined));
        let analysed = match known {
            Some(known) => known,
            None => self.callees.push_get(Box::new(Analysed::new(inlined, self)?)),
        };
        Some(analysed.callee())
    }

    /// The value of a global variable or built-in.
    fn lookup(&self, name: *mut PyObject) -> Option<*mut PyObject> {
        // SAFETY: exact dicts are looked up by strings that hash as strings do, which runs no code of anybody; the GIL is held.
        unsafe {
            [self.globals, self.builtins].into_iter().find_map(|namespace| {
                if pyo3_ffi::PyDict_CheckExact(namespace) == 0 {
                    return None;
                }
                let found = pyo3_ffi::PyDict_GetItemWithError(namespace, name);
                (!found.is_null()).then_some(found)
            })
        }
    }

    /// A live object that was found is noted.
    pub(super) fn found(&self, address: Option<u64>) -> Option<u64> {
        if let Some(address) = address {
            self.alive.note(address);
        }
        address
    }

    /// The object at the address, if it is alive.
    pub(super) fn live(&self, address: u64) -> Option<*mut PyObject> {
        self.alive.has(address).then_some(address as *mut PyObject)
    }

    /// What is known of a live object, which is noted.
    fn object(&self, value: *mut PyObject) -> Object {
        self.alive.note(value as u64);
        object_of(value)
    }

    /// The object, if it is of a type whose objects seldom take each other's place in a variable.
    fn lasting(&self, value: *mut PyObject) -> Option<Object> {
        use Global::{BuiltinType, FunctionType, TypeType};
        let object = self.object(value);
        // SAFETY: a live object.
        let is_other = unsafe { pyo3_ffi::PyType_Check(value) != 0 || pyo3_ffi::PyModule_CheckExact(value) != 0 };
        (is_other || matches!(object.class, Some(FunctionType | BuiltinType | TypeType))).then_some(object)
    }

    pub(super) fn name(&self, number: u32) -> Option<*mut PyObject> {
        self.code.names().item(number as usize)
    }
}
