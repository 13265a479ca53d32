//! What the optimizer asks of classes: which functions in Python answer for their instances.

use super::world::Live;
use super::{accessors, operators};
use crate::helpers::class_variables::fixed_version;
use crate::helpers::constructors::makes_plain_instances;
use crate::helpers::new_methods;
use crate::helpers::{globals, new_instances, special};
use crate::native::raw::get;
use crate::native::shim;
use pyo3_ffi::{PyObject, PyTypeObject};
use whipsnake_bytecode::Instr;
use whipsnake_cpython::layout::type_object;
use whipsnake_cpython::opcode as op;
use whipsnake_optimizer::{
    Accessor, Asked, Callees, Constructor, Method, New, Operand, Operator, Own, Purpose, Special, Truth,
};

impl Live {
    /// A function that was found in a class, which has a version then, if it can be inlined.
    pub(super) fn method(&self, class: *mut PyTypeObject, function: *mut PyObject) -> Option<Method<'_>> {
        // SAFETY: a live type.
        let version = unsafe { fixed_version(class) };
        if version == 0 || function.is_null() {
            return None;
        }
        // The class holds it.
        self.alive.note(function as u64);
        Some(Method { version, function: function as u64, callee: self.callee(function as u64)? })
    }

    /// The class that is known of an operand.
    pub(super) fn operand(&self, operand: Operand) -> Option<*mut PyTypeObject> {
        match operand {
            // SAFETY: the GIL is held.
            Operand::Exactly(name) => Some(unsafe { globals::address(name) } as *mut PyTypeObject),
            Operand::OfClass(class) => self.live(class).map(|class| class.cast()),
        }
    }

    /// How instances of a class are made, if `object` makes them and an `__init__` in Python follows.
    pub(super) fn constructor_of(&self, class: u64) -> Option<Constructor<'_>> {
        if !self.alive.has(class) {
            return None;
        }
        // SAFETY: a live object; the type's method cache answers without running code.
        unsafe {
            let object = class as *mut PyObject;
            if pyo3_ffi::Py_TYPE(object) != &raw mut pyo3_ffi::PyType_Type || !makes_plain_instances(object.cast()) {
                return None;
            }
            let version = fixed_version(object.cast());
            let function = special::look_up(object.cast(), special::Name::Init) as u64;
            let shim_unit = shim::code_object()?.instructions() as u64;
            if version == 0 || function == 0 {
                return None;
            }
            // The class holds it.
            self.alive.note(function);
            let keeps_values = new_instances::keeps_values(object.cast());
            Some(Constructor { version, function, init: self.callee(function)?, shim_unit, keeps_values })
        }
    }

    /// What a class answers for a special method.
    pub(super) fn special_of(&self, class: u64, name: Special) -> Option<Method<'_>> {
        let name = match name {
            Special::GetItem => special::Name::GetItem,
            Special::SetItem => special::Name::SetItem,
            Special::Contains => special::Name::Contains,
            Special::Call => special::Name::Call,
            Special::Bool => special::Name::Bool,
            Special::Len => special::Name::Len,
            Special::Enter => special::Name::Enter,
            Special::Exit => special::Name::Exit,
            Special::Next => special::Name::Next,
            Special::Iter => special::Name::Iter,
        };
        let class = self.live(class)?.cast::<PyTypeObject>();
        // SAFETY: a live type.
        let flags: u64 = unsafe { get(class, type_object::TP_FLAGS) };
        let calls = type_object::HAVE_VECTORCALL | type_object::HEAPTYPE;
        if matches!(name, special::Name::Call) && flags & calls != type_object::HEAPTYPE {
            return None;
        }
        // SAFETY: its type.
        self.method(class, unsafe { special::look_up(class, name) })
    }

    /// The method in Python behind an operator or a comparison.
    pub(super) fn operator_for(&self, left: Operand, right: Operand, instr: &Instr) -> Option<Operator<'_>> {
        let (left, right) = (self.operand(left)?, self.operand(right)?);
        // SAFETY: live types.
        let (function, reflected, purpose) = unsafe {
            if instr.base == op::COMPARE_OP {
                let (function, purpose) = operators::comparison(left, right, instr.oparg >> op::compare::OP_SHIFT)?;
                (function, false, purpose)
            } else {
                let found = operators::method(left, right, instr.oparg)?;
                (found.function, found.reflected, Purpose::Operator)
            }
        };
        let (owner, other) = if reflected { (right, left) } else { (left, right) };
        let method = self.method(owner, function)?;
        // SAFETY: as above.
        let other = unsafe { fixed_version(other) };
        (other != 0).then_some(Operator { method, reflected, other, purpose })
    }

    /// Who tells the truth of the instances of a class.
    pub(super) fn truth_of(&self, class: u64) -> Option<Truth> {
        let class = self.live(class)?.cast::<PyTypeObject>();
        // SAFETY: a live type.
        unsafe {
            if !special::look_up(class, special::Name::Bool).is_null() {
                return Some(Truth::Asked(Special::Bool));
            }
            if !special::look_up(class, special::Name::Len).is_null() {
                return Some(Truth::Asked(Special::Len));
            }
            // A class of C code may have slots without names.
            let flags: u64 = get(class, type_object::TP_FLAGS);
            let version = fixed_version(class);
            let plain = flags & type_object::HEAPTYPE != 0 && special::is_always_true(class);
            (plain && version != 0).then_some(Truth::Always { version })
        }
    }

    /// The `__new__` in Python of a class.
    pub(super) fn new_in_python(&self, class: u64) -> Option<New<'_>> {
        let object = self.live(class)?;
        // SAFETY: live objects, a type after the check; the type's method cache answers without running code.
        unsafe {
            if pyo3_ffi::PyType_Check(object) == 0 {
                return None;
            }
            let found = new_methods::new_in_python(object.cast()).filter(|found| found.metaclass != 0)?;
            self.alive.note(found.wrapper as u64);
            let method = self.method(object.cast(), found.function)?;
            Some(New { method, wrapper: found.wrapper as u64, metaclass: found.metaclass })
        }
    }

    /// Who in Python is asked when an attribute of an instance is read or written.
    pub(super) fn accessor_of(&self, class: u64, seen: Option<u64>, instr: &Instr) -> Option<Accessor<'_>> {
        let class = self.live(class)?.cast::<PyTypeObject>();
        let seen = seen.and_then(|seen| self.live(seen));
        // SAFETY: live objects.
        let found = unsafe {
            match instr.base {
                op::STORE_ATTR => accessors::store(class, self.name(instr.oparg)?)?,
                _ => accessors::load(class, self.name(instr.oparg >> 1)?)?,
            }
        };
        // SAFETY: as above.
        if seen.is_some_and(|seen| unsafe { accessors::has_own(seen, class, found.own) }) {
            return None;
        }
        if let Own::Dict { name, .. } = found.own {
            self.alive.note(name);
        }
        // The class holds the descriptor, the code object the name.
        let (Asked::Descriptor { address, .. } | Asked::Property { address, .. } | Asked::Class { name: address }) =
            found.asked;
        self.alive.note(address);
        Some(Accessor { method: self.method(class, found.function)?, asked: found.asked, own: found.own })
    }
}
