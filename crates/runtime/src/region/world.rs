//! What the optimizer asks of the running program.

use super::alive::Alive;
use super::inlined_code::{Analysed, Inlined, is_inlinable};
use super::{accessors, attribute_shapes, constructed, operators, samples};
use crate::helpers::constructors::makes_plain_instances;
use crate::helpers::globals;
use crate::helpers::instance_pool;
use crate::helpers::pointers::CodeSource;
use crate::helpers::special;
use crate::helpers::unseen_exceptions;
use crate::native::code::CompiledCode;
use crate::native::raw::get;
use crate::native::{operator_shim, shim};
use elsa::FrozenVec;
use pyo3_ffi::{PyObject, PyTypeObject};
use std::cell::RefCell;
use std::ptr;
use std::rc::Rc;
use whipsnake_bytecode::Instr;
use whipsnake_cpython::layout::generator::FRAME_EXECUTING;
use whipsnake_cpython::layout::{cell, dict_iterator, enumeration, object, runtime, type_object, zip};
use whipsnake_cpython::live::{Code, Dict, Float, Frame, Function, Generator, KeysKind, Long, Tuple};
use whipsnake_cpython::opcode as op;
use whipsnake_ir::abi::FEEDBACK_WORDS;
use whipsnake_ir::{Failure, Global};
use whipsnake_ops::Ptr;
use whipsnake_ops::consumers::Consumer;
use whipsnake_optimizer::{
    Accessor, Asked, AttributeShape, Callee, ClassAttribute, Constructor, Identity, Method, New, Number, Object,
    Operand, Operator, PlainException, Purpose, Shim, Special, Suspended, Truth, World,
};
use whipsnake_stencils::Source;

/// The exact types that the optimizer knows by name.
const CLASSES: &[Global] = &[
    Global::IntType,
    Global::FloatType,
    Global::BoolType,
    Global::StrType,
    Global::BytesType,
    Global::ByteArrayType,
    Global::ListType,
    Global::TupleType,
    Global::DictType,
    Global::SetType,
    Global::FrozenSetType,
    Global::SliceType,
    Global::FunctionType,
    Global::MethodType,
    Global::BuiltinType,
    Global::MethodDescriptorType,
    Global::RangeIteratorType,
    Global::ListIteratorType,
    Global::TupleIteratorType,
    Global::EnumerateType,
    Global::ZipType,
    Global::DictItemIteratorType,
    Global::DictKeyIteratorType,
    Global::DictValueIteratorType,
    Global::ModuleType,
    Global::TypeType,
];

/// Code that a region is made of: that of the frame that waits for it, or of a function that is inlined.
pub(super) struct Live {
    code: Code,
    source: CodeSource,
    frame: Option<Frame>,
    globals: *mut PyObject,
    builtins: *mut PyObject,
    data: u64,
    alive: Rc<Alive>,
    cells: RefCell<Vec<Box<[u64]>>>,
    callees: FrozenVec<Box<Analysed>>,
}

impl Live {
    /// The code of a frame that waits.
    ///
    /// # Safety
    /// The GIL is held, and the frame runs `compiled`, as long as this is used.
    pub(super) unsafe fn of_frame(frame: Frame, code: Code, compiled: &CompiledCode) -> Live {
        // SAFETY: the caller's.
        unsafe { Live::new(code, Some(frame), frame.globals(), frame.builtins(), compiled, Rc::default()) }
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
    ) -> Live {
        // SAFETY: the caller's.
        let source = unsafe { CodeSource::new(code) };
        let data = ptr::from_ref(compiled) as u64;
        let (cells, callees) = (RefCell::default(), FrozenVec::new());
        Live { code, source, frame, globals, builtins, data, alive, cells, callees }
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

    /// A function that was found in a class, which has a version then, if it can be inlined.
    fn method(&self, class: *mut PyTypeObject, function: *mut PyObject) -> Option<Method<'_>> {
        // SAFETY: a live type.
        let version = unsafe { get::<u32>(class, type_object::TP_VERSION_TAG) };
        if version == 0 || function.is_null() {
            return None;
        }
        // The class holds it.
        self.alive.note(function as u64);
        Some(Method { version, function: function as u64, callee: self.callee(function as u64)? })
    }

    /// A live object that was found is noted.
    fn found(&self, address: Option<u64>) -> Option<u64> {
        if let Some(address) = address {
            self.alive.note(address);
        }
        address
    }

    /// The object at the address, if it is alive.
    fn live(&self, address: u64) -> Option<*mut PyObject> {
        self.alive.has(address).then_some(address as *mut PyObject)
    }

    /// What is known of a live object, which is noted.
    fn object(&self, value: *mut PyObject) -> Object {
        self.alive.note(value as u64);
        object_of(value)
    }

    /// The object, if it is of a type whose objects seldom take each other's place in a variable.
    fn lasting(&self, value: *mut PyObject) -> Option<Object> {
        use Global::{BuiltinType, FunctionType, ModuleType, TypeType};
        let object = self.object(value);
        // SAFETY: a live object.
        let class = unsafe { pyo3_ffi::PyType_Check(value) != 0 };
        (class || matches!(object.class, Some(FunctionType | BuiltinType | ModuleType | TypeType))).then_some(object)
    }

    /// The class that is known of an operand.
    fn operand(&self, operand: Operand) -> Option<*mut PyTypeObject> {
        match operand {
            // SAFETY: the GIL is held.
            Operand::Exactly(name) => Some(unsafe { globals::address(name) } as *mut PyTypeObject),
            Operand::OfClass(class) => self.live(class).map(|class| class.cast()),
        }
    }

    fn name(&self, number: u32) -> Option<*mut PyObject> {
        self.code.names().item(number as usize)
    }
}

/// What is known of a live object.
pub(super) fn object_of(value: *mut PyObject) -> Object {
    let class = class_of(value);
    // SAFETY: a live object, of the type that was found.
    unsafe {
        let number = match class {
            Some(Global::IntType) => Long::new_unchecked(value).compact_value().map_or(Number::No, Number::Int),
            Some(Global::FloatType) => Number::Float(Float::new_unchecked(value).value()),
            _ => Number::No,
        };
        let immortal = (get::<u32>(value, object::OB_REFCNT) as i32) < 0;
        let is_none = value == pyo3_ffi::Py_None();
        let is_character = class == Some(Global::StrType) && is_character(value);
        Object { address: value as u64, class, immortal, is_none, is_character, number }
    }
}

/// Whether an object is one of the strings that the interpreter has for ASCII characters.
fn is_character(value: *mut PyObject) -> bool {
    // SAFETY: the GIL is held.
    let place = (value as usize).wrapping_sub(unsafe { globals::address(Global::AsciiStrings) });
    place < 0x80 * runtime::STRINGS_ASCII_STRIDE as usize
}

/// The name of an object's exact type.
fn class_of(value: *mut PyObject) -> Option<Global> {
    // SAFETY: a live object; the GIL is held.
    unsafe {
        let class = get::<*mut PyTypeObject>(value, object::OB_TYPE) as usize;
        let found = CLASSES.iter().copied().find(|&name| globals::address(name) == class);
        found.or_else(|| samples::is_array(value).then_some(Global::ArrayType))
    }
}

/// Built-in types and methods whose calls are known.
const NAMED: &[Global] = &[
    Global::FloatType,
    Global::IntType,
    Global::BoolType,
    Global::RangeType,
    Global::EnumerateType,
    Global::ZipType,
    Global::DictGetMethod,
    Global::DictItemsMethod,
    Global::DictKeysMethod,
    Global::DictValuesMethod,
];

/// Whether the class has nothing in C that tells the truth of its instances.
unsafe fn is_without_truth(class: *mut PyTypeObject) -> bool {
    // SAFETY: a live type, whose tables of methods are live, too.
    unsafe {
        (*class).tp_as_number.as_ref().is_none_or(|number| number.nb_bool.is_none())
            && (*class).tp_as_mapping.as_ref().is_none_or(|mapping| mapping.mp_length.is_none())
            && (*class).tp_as_sequence.as_ref().is_none_or(|sequence| sequence.sq_length.is_none())
    }
}

/// Whether an `enumerate` has its fields where they are expected, as far as its size tells: no header has them.
fn has_known_enumerations() -> bool {
    let class = &raw const pyo3_ffi::PyEnum_Type;
    // SAFETY: a static type.
    unsafe { (*class).tp_basicsize == enumeration::SIZEOF as isize }
}

/// The same of iterators over dicts.
fn has_known_dict_iterators() -> bool {
    let class = &raw const pyo3_ffi::PyDictIterItem_Type;
    // SAFETY: a static type.
    unsafe { (*class).tp_basicsize == dict_iterator::SIZEOF as isize }
}

/// Whether all keys of a dict are strings; `None` for other objects, NULL, and dicts that share their keys.
fn has_string_keys(object: *mut PyObject) -> Option<bool> {
    if object.is_null() || class_of(object) != Some(Global::DictType) {
        return None;
    }
    // SAFETY: a live object of that type.
    match unsafe { Dict::new_unchecked(object).keys().kind() } {
        KeysKind::General => Some(false),
        KeysKind::Unicode => Some(true),
        KeysKind::Split => None,
    }
}

/// The same of `zip`.
fn has_known_zips() -> bool {
    let class = &raw const pyo3_ffi::PyZip_Type;
    // SAFETY: a static type.
    unsafe { (*class).tp_basicsize == zip::SIZEOF as isize }
}

impl World for Live {
    fn pointer(&self, meaning: Ptr, instr: &Instr, oparg: u32) -> u64 {
        let pointer = self.source.pointer(meaning, instr, oparg);
        if instr.base == op::LOAD_ATTR && matches!(meaning, Ptr::Cache64(_)) {
            self.alive.note_cached(pointer, self.source.type_version(instr));
        }
        pointer
    }

    fn constant(&self, number: u32) -> Object {
        self.object(self.source.constant(number) as *mut PyObject)
    }

    fn first_unit(&self) -> u64 {
        self.source.first_unit()
    }

    fn code_data(&self) -> u64 {
        self.data
    }

    fn feedback_cell(&self) -> u64 {
        let cell: Box<[u64]> = Box::new([0; FEEDBACK_WORDS]);
        let address = cell.as_ptr() as u64;
        self.cells.borrow_mut().push(cell);
        address
    }

    fn is_polymorphic(&self, instr: &Instr) -> bool {
        /// Types beside the one that the interpreter has specialised the instruction for.
        const OTHER_TYPES: u32 = 2;
        // SAFETY: compiled code lives as long as its code object, which whoever has this keeps.
        let compiled = unsafe { &*(self.data as *const CompiledCode) };
        compiled.attribute_cell(instr.index).is_some_and(|cell| cell.fills >= OTHER_TYPES)
    }

    fn has_mixed_numbers(&self) -> bool {
        // SAFETY: as above.
        unsafe { (*(self.data as *const CompiledCode)).mixed_numbers.get() }
    }

    fn shapes(&self, instr: &Instr) -> Vec<AttributeShape> {
        // SAFETY: as above.
        let compiled = unsafe { &*(self.data as *const CompiledCode) };
        attribute_shapes::seen(&self.source, compiled.attribute_cell(instr.index), &self.alive, instr)
    }

    fn local(&self, local: u32) -> Option<u64> {
        // SAFETY: the frame is live, and the code has so many locals.
        let value = unsafe { *self.frame?.localsplus().add(local as usize) };
        self.found((!value.is_null()).then_some(value as u64))
    }

    fn stack(&self, index: u32) -> Option<u64> {
        // The frame was saved with its stack, which lies behind the locals.
        self.local(self.code.nlocalsplus() as u32 + index)
    }

    fn enumerated(&self, object: u64) -> Option<Global> {
        let object = self.live(object).filter(|&object| class_of(object) == Some(Global::EnumerateType))?;
        // SAFETY: a live object of that type.
        let inner = has_known_enumerations().then(|| unsafe { get::<*mut PyObject>(object, enumeration::EN_SIT) })?;
        if inner.is_null() { None } else { class_of(inner) }
    }

    fn dict_iterator(&self, object: u64) -> Option<(Global, bool)> {
        const CLASSES: [Global; 3] =
            [Global::DictItemIteratorType, Global::DictKeyIteratorType, Global::DictValueIteratorType];
        let object = self.live(object)?;
        let class = class_of(object).filter(|class| CLASSES.contains(class) && has_known_dict_iterators())?;
        // SAFETY: a live object of that type.
        let owner: *mut PyObject = unsafe { get(object, dict_iterator::DI_DICT) };
        Some((class, has_string_keys(owner)?))
    }

    fn has_string_keys(&self, object: u64) -> Option<bool> {
        has_string_keys(self.live(object)?)
    }

    fn zipped(&self, object: u64) -> Option<Vec<Global>> {
        let object = self.live(object).filter(|&object| class_of(object) == Some(Global::ZipType))?;
        if !has_known_zips() {
            return None;
        }
        // SAFETY: a live object of that type, which has a tuple of iterators unless it is being made or has ended.
        let iterators = unsafe { Tuple::new(get(object, zip::ITTUPLE))? };
        let inside: Vec<_> = (0..iterators.len()).filter_map(|index| iterators.item(index)).collect();
        if inside.iter().enumerate().any(|(index, it)| inside[..index].contains(it)) {
            return None;
        }
        inside.into_iter().map(class_of).collect()
    }

    fn class(&self, object: u64) -> Option<Global> {
        class_of(self.live(object)?)
    }

    fn attribute(&self, owner: u64, instr: &Instr) -> Option<u64> {
        self.found(samples::attribute(self.live(owner)?, self.name(instr.oparg >> 1)?))
    }

    fn item(&self, container: u64, index: i64) -> Option<u64> {
        self.found(samples::item(self.live(container)?, index))
    }

    fn index(&self, object: u64) -> Option<i64> {
        match object_of(self.live(object)?).number {
            Number::Int(index) => Some(index),
            _ => None,
        }
    }

    fn array(&self, object: u64) -> Option<(u8, u64)> {
        samples::array(self.live(object)?)
    }

    fn global_now(&self, instr: &Instr) -> Option<u64> {
        self.found(self.lookup(self.name(instr.oparg >> 1)?).map(|value| value as u64))
    }

    fn global(&self, instr: &Instr) -> Option<Object> {
        self.lasting(self.lookup(self.name(instr.oparg >> 1)?)?)
    }

    fn free_variable(&self, function: Option<u64>, number: u32) -> Option<Object> {
        // SAFETY: live objects: the function has its cells, and what these hold.
        unsafe {
            let function = match function {
                Some(function) => Function::new(self.live(function)?.cast())?,
                None => self.frame?.function(),
            };
            let code = function.code();
            let index = (number as i32).checked_sub(code.nlocalsplus() - code.nfreevars())?;
            let cell = function.closure()?.item(usize::try_from(index).ok()?)?;
            let found = get::<*mut PyObject>(cell, cell::OB_REF);
            if found.is_null() { None } else { self.lasting(found) }
        }
    }

    fn module_attribute(&self, module: u64, instr: &Instr) -> Option<Object> {
        if !self.alive.has(module) {
            return None;
        }
        let module = module as *mut PyObject;
        // SAFETY: a live object, as in `lookup`.
        unsafe {
            if pyo3_ffi::PyModule_CheckExact(module) == 0 {
                return None;
            }
            let found =
                pyo3_ffi::PyDict_GetItemWithError(pyo3_ffi::PyModule_GetDict(module), self.name(instr.oparg >> 1)?);
            if found.is_null() { None } else { self.lasting(found) }
        }
    }

    fn constructor(&self, class: u64) -> Option<Constructor<'_>> {
        if !self.alive.has(class) {
            return None;
        }
        // SAFETY: a live object; the type's method cache answers without running code.
        unsafe {
            let object = class as *mut PyObject;
            if pyo3_ffi::Py_TYPE(object) != &raw mut pyo3_ffi::PyType_Type || !makes_plain_instances(object.cast()) {
                return None;
            }
            let version = get::<u32>(object, type_object::TP_VERSION_TAG);
            let function = special::look_up(object.cast(), special::Name::Init) as u64;
            let shim_unit = shim::code_object()?.instructions() as u64;
            if version == 0 || function == 0 {
                return None;
            }
            // The class holds it.
            self.alive.note(function);
            let keeps_values = instance_pool::keeps_values(object.cast());
            Some(Constructor { version, function, init: self.callee(function)?, shim_unit, keeps_values })
        }
    }

    fn names(&self, tuple: u64) -> Option<Vec<u64>> {
        let names = samples::names(self.live(tuple)?)?;
        for &name in &names {
            self.alive.note(name);
        }
        Some(names)
    }

    fn same_text(&self, one: u64, other: u64) -> Option<bool> {
        let texts = [self.live(one)?, self.live(other)?];
        // SAFETY: live strings, which are compared without running code.
        texts
            .iter()
            .all(|&text| class_of(text) == Some(Global::StrType))
            .then(|| unsafe { pyo3_ffi::PyUnicode_Compare(texts[0], texts[1]) == 0 })
    }

    fn parameter(&self, function: u64, name: u64) -> Option<usize> {
        // SAFETY: live objects.
        let function = unsafe { Function::new(self.live(function)?.cast()) }?;
        samples::parameter(name, function.code())
    }

    fn named_object(&self, address: u64) -> Option<Global> {
        // SAFETY: the GIL is held.
        let is_it = |named: &Global| unsafe { globals::address(*named) } as u64 == address;
        NAMED.iter().copied().find(is_it).filter(|&found| match found {
            Global::EnumerateType => has_known_enumerations(),
            Global::ZipType => has_known_zips(),
            Global::DictItemsMethod | Global::DictKeysMethod | Global::DictValuesMethod => has_known_dict_iterators(),
            _ => true,
        })
    }

    fn math_function(&self, address: u64) -> Option<whipsnake_ops::MathFunction> {
        // SAFETY: a live object.
        unsafe { super::c_functions::math(self.live(address)?) }
    }

    fn known_function(&self, address: u64) -> Option<whipsnake_ops::KnownFunction> {
        // SAFETY: a live object.
        unsafe { super::c_functions::known(self.live(address)?) }
    }

    fn consumer(&self, address: u64) -> Option<(Consumer, u64)> {
        // SAFETY: a live object; the GIL is held.
        unsafe {
            let consumer = super::c_functions::consumer_at(self.live(address)?)?;
            Some((consumer, shim::consumer_code()?.instructions() as u64))
        }
    }

    fn shim(&self, purpose: Purpose) -> Option<Shim> {
        // SAFETY: the GIL is held.
        let (code, purpose) = unsafe { (shim::operator_code()?, operator_shim::object_of(purpose)) };
        Some(Shim { first_unit: code.instructions() as u64, purpose: purpose as u64 })
    }

    fn class_attribute(&self, class: Option<u64>, instr: &Instr) -> Option<ClassAttribute> {
        // SAFETY: as in `is_polymorphic`.
        let compiled = unsafe { &*(self.data as *const CompiledCode) };
        let cell = compiled.attribute_cell(instr.index);
        attribute_shapes::of_class(class, self.name(instr.oparg >> 1)?, cell, &self.alive)
    }

    fn super_method(&self, class: u64, of_object: u64, instr: &Instr) -> Option<Method<'_>> {
        let of_object = self.live(of_object)?.cast::<PyTypeObject>();
        let function = operators::behind(of_object, self.live(class)?, self.name(instr.oparg >> 2)?)?;
        self.method(of_object, function)
    }

    fn special(&self, class: u64, name: Special) -> Option<Method<'_>> {
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

    fn keys_versions(&self) -> Option<(u32, u32)> {
        // SAFETY: live objects.
        let version = |namespace: *mut PyObject| unsafe {
            (pyo3_ffi::PyDict_CheckExact(namespace) != 0).then(|| Dict::new_unchecked(namespace).keys().version())
        };
        Some((version(self.globals)?, version(self.builtins)?))
    }

    fn is_exception_class(&self, address: u64) -> bool {
        // SAFETY: a live object.
        self.live(address).is_some_and(|class| unsafe { pyo3_ffi::PyExceptionClass_Check(class) != 0 })
    }

    fn derives(&self, class: u64, from: u64) -> bool {
        let (Some(class), Some(from)) = (self.live(class), self.live(from)) else { return false };
        // SAFETY: live types.
        unsafe { pyo3_ffi::PyType_IsSubtype(class.cast(), from.cast()) != 0 }
    }

    fn plain_exception(&self, class: u64) -> Option<PlainException> {
        // SAFETY: a live type.
        unsafe { unseen_exceptions::plain(self.live(class).filter(|_| self.is_exception_class(class))?.cast()) }
    }

    fn class_of_failure(&self, failure: Failure) -> Option<u64> {
        // SAFETY: classes that are never freed.
        let class = unsafe {
            match failure {
                Failure::Key => pyo3_ffi::PyExc_KeyError,
                Failure::Index => pyo3_ffi::PyExc_IndexError,
                Failure::Value => pyo3_ffi::PyExc_ValueError,
                Failure::ZeroDivision => pyo3_ffi::PyExc_ZeroDivisionError,
                Failure::Any => pyo3_ffi::PyExc_BaseException,
            }
        };
        self.found(Some(class as u64))
    }

    fn is_stop_iteration(&self, address: u64) -> bool {
        // SAFETY: a class that is never freed.
        unsafe { pyo3_ffi::PyExc_StopIteration as u64 == address }
    }

    fn address(&self, name: Global) -> Option<u64> {
        // SAFETY: the GIL is held.
        self.found(Some(unsafe { globals::address(name) } as u64))
    }

    fn class_with(&self, version: u32) -> Option<u64> {
        self.alive.class_with(version)
    }

    fn class_of(&self, object: u64) -> Option<u64> {
        // SAFETY: a live object.
        let class: *mut PyTypeObject = unsafe { get(self.live(object)?, object::OB_TYPE) };
        self.found(Some(class as u64))
    }

    fn operator(&self, left: Operand, right: Operand, instr: &Instr) -> Option<Operator<'_>> {
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
        let other = unsafe { get::<u32>(other, type_object::TP_VERSION_TAG) };
        (other != 0).then_some(Operator { method, reflected, other, purpose })
    }

    fn identity(&self, left: Operand, right: Operand) -> Option<Identity> {
        // SAFETY: live types.
        unsafe { operators::identity(self.operand(left)?, self.operand(right)?) }
    }

    fn truth(&self, class: u64) -> Option<Truth> {
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
            let version: u32 = get(class, type_object::TP_VERSION_TAG);
            let plain = flags & type_object::HEAPTYPE != 0 && is_without_truth(class);
            (plain && version != 0).then_some(Truth::Always { version })
        }
    }

    fn property(&self, class: u64, instr: &Instr) -> Option<Method<'_>> {
        let class = self.live(class)?.cast::<PyTypeObject>();
        self.method(class, samples::property(class, self.name(instr.oparg >> 1)?)?)
    }

    fn new_of(&self, class: u64) -> Option<New<'_>> {
        let object = self.live(class)?;
        // SAFETY: live objects, a type after the check; the type's method cache answers without running code.
        unsafe {
            if pyo3_ffi::PyType_Check(object) == 0 {
                return None;
            }
            let found = constructed::new_in_python(object.cast())?;
            self.alive.note(found.wrapper as u64);
            let method = self.method(object.cast(), found.function)?;
            Some(New { method, wrapper: found.wrapper as u64, metaclass: found.metaclass })
        }
    }

    fn accessor(&self, class: u64, seen: Option<u64>, instr: &Instr) -> Option<Accessor<'_>> {
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
        // The class holds the descriptor, the code object the name.
        let (Asked::Descriptor { address, .. } | Asked::Property { address, .. } | Asked::Class { name: address }) =
            found.asked;
        self.alive.note(address);
        Some(Accessor { method: self.method(class, found.function)?, asked: found.asked, own: found.own })
    }

    fn callee(&self, function: u64) -> Option<Callee<'_>> {
        let value = function as *mut PyObject;
        if !self.alive.has(function) || class_of(value) != Some(Global::FunctionType) {
            return None;
        }
        // SAFETY: of that type; the GIL is held, and references are kept by whoever inlines it.
        let function = unsafe { Function::new_unchecked(value.cast()) };
        if !is_inlinable(function) {
            return None;
        }
        self.inlined(&Inlined::call(function))
    }

    fn generator(&self, generator: u64) -> Option<Suspended<'_>> {
        let value = self.live(generator)?;
        // SAFETY: live objects; a generator that has not ended has a frame, of the code of its function.
        unsafe {
            if get::<*mut PyTypeObject>(value, object::OB_TYPE) != &raw mut pyo3_ffi::PyGen_Type {
                return None;
            }
            let generator = Generator::new_unchecked(value);
            if generator.state() >= FRAME_EXECUTING {
                return None;
            }
            let frame = generator.frame();
            let callee = self.inlined(&Inlined::resumed(frame))?;
            Some(Suspended { callee, unit: frame.instruction_index() as u32 })
        }
    }

    fn generator_function(&self, function: u64) -> Option<Callee<'_>> {
        let value = self.live(function).filter(|&value| class_of(value) == Some(Global::FunctionType))?;
        // SAFETY: of that type.
        let function = unsafe { Function::new_unchecked(value.cast()) };
        self.inlined(&Inlined::generator(function.code(), function.globals(), function.builtins())?)
    }

    fn generator_code(&self, code: u64) -> Option<Callee<'_>> {
        let value = self.live(code)?;
        // SAFETY: a live object.
        let code = unsafe { Code::new(value.cast()) }?;
        self.inlined(&Inlined::generator(code, self.globals, self.builtins)?)
    }
}
