//! What the optimizer asks of the running program.

use super::alive::Alive;
use super::inlined_code::{Analysed, Inlined, is_inlinable};
use super::kinds::{
    class_of, has_known_dict_iterators, has_known_enumerations, has_known_zips, has_string_keys, object_of,
};
use super::namespaces::Namespaces;
use super::{attribute_shapes, class_variables, kinds, operators, samples};
use crate::helpers::globals;
use crate::helpers::pointers::CodeSource;
use crate::helpers::text::ascii;
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
use whipsnake_cpython::class_version;
use whipsnake_cpython::layout::generator::FRAME_EXECUTING;
use whipsnake_cpython::layout::{cell, dict_iterator, enumeration, object, unicode, zip};
use whipsnake_cpython::live::{Code, Dict, Frame, Function, Generator, Tuple};
use whipsnake_cpython::opcode as op;
use whipsnake_ir::abi::FEEDBACK_WORDS;
use whipsnake_ir::{Failure, Global};
use whipsnake_ops::Ptr;
use whipsnake_ops::consumers::Consumer;
use whipsnake_optimizer::{
    Accessor, AttributeShape, Callee, ClassAttribute, ClassVariable, Constructor, Identity, Method, New, Number,
    Object, Operand, Operator, PlainException, Purpose, Shim, Special, Suspended, Truth, World,
};
use whipsnake_stencils::Source;

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

impl World for Live {
    fn pointer(&self, meaning: Ptr, instr: &Instr, oparg: u32) -> u64 {
        let pointer = self.source.pointer(meaning, instr, oparg);
        if instr.base == op::LOAD_ATTR && matches!(meaning, Ptr::Cache64(_)) {
            let version = self.source.type_version(instr);
            // In a series it may be a variable that has varied since.
            if version < class_version::FIRST {
                self.alive.note_cached(pointer, version);
            }
        }
        pointer
    }

    fn constant(&self, number: u32) -> Object {
        self.object(self.source.constant(number) as *mut PyObject)
    }

    fn first_unit(&self) -> u64 {
        self.source.first_unit()
    }

    fn function(&self) -> Option<u64> {
        self.found(Some(self.frame?.function().as_ptr() as u64))
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

    fn is_outdated(&self, instr: &Instr) -> bool {
        if !matches!(instr.base, op::LOAD_ATTR | op::STORE_ATTR)
            || matches!(instr.opcode, op::LOAD_ATTR | op::STORE_ATTR | op::LOAD_ATTR_MODULE)
            || instr.is_instrumented()
        {
            return false;
        }
        let version = self.source.type_version(instr);
        version >= class_version::FIRST || !self.alive.has_class(version)
    }

    fn has_mixed_numbers(&self) -> bool {
        // SAFETY: as above.
        unsafe { (*(self.data as *const CompiledCode)).mixed_numbers.get() }
    }

    fn shapes(&self, instr: &Instr) -> Vec<AttributeShape> {
        // SAFETY: as above.
        let compiled = unsafe { &*(self.data as *const CompiledCode) };
        let name = if instr.base == op::LOAD_ATTR { self.name(instr.oparg >> 1) } else { None };
        attribute_shapes::seen(&self.source, compiled.attribute_cell(instr.index), &self.alive, instr, name)
    }

    fn shape_with(&self, version: u32, instr: &Instr) -> Option<AttributeShape> {
        let stores = instr.base == op::STORE_ATTR;
        let name = self.name(if stores { instr.oparg } else { instr.oparg >> 1 })?;
        attribute_shapes::of_instances(version, instr, name, &self.alive)
    }

    fn failures(&self, instr: &Instr) -> u8 {
        // SAFETY: as above.
        unsafe { (*(self.data as *const CompiledCode)).failures(instr.index) }
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

    fn characters(&self, string: u64) -> Option<[u64; 2]> {
        let string = self.live(string).filter(|&string| class_of(string) == Some(Global::StrType))?;
        let mut bits = [0; 2];
        // SAFETY: a live string.
        for &character in unsafe { ascii(string)? } {
            bits[usize::from(character >> 6)] |= 1 << (character & 63);
        }
        Some(bits)
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
        self.constructor_of(class)
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

    fn is_wide_text(&self, object: u64) -> bool {
        let text = self.live(object).filter(|&object| class_of(object) == Some(Global::StrType));
        // SAFETY: a live string.
        text.is_some_and(|text| unsafe { get::<u32>(text, unicode::STATE) } & unicode::ASCII_MASK == 0)
    }

    fn parameter(&self, function: u64, name: u64) -> Option<usize> {
        // SAFETY: live objects.
        let function = unsafe { Function::new(self.live(function)?.cast()) }?;
        samples::parameter(name, function.code())
    }

    fn named_object(&self, address: u64) -> Option<Global> {
        kinds::named(address)
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

    fn class_variable(&self, class: u64, instr: &Instr) -> Option<ClassVariable> {
        let number = if instr.base == op::STORE_ATTR { instr.oparg } else { instr.oparg >> 1 };
        class_variables::of_class(class, self.name(number)?, &self.alive)
    }

    fn super_method(&self, class: u64, of_object: u64, instr: &Instr) -> Option<Method<'_>> {
        let of_object = self.live(of_object)?.cast::<PyTypeObject>();
        let function = operators::behind(of_object, self.live(class)?, self.name(instr.oparg >> 2)?)?;
        self.method(of_object, function)
    }

    fn special(&self, class: u64, name: Special) -> Option<Method<'_>> {
        self.special_of(class, name)
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
        let address = Some(unsafe { globals::address(name) } as u64);
        // Not all of them are objects.
        if matches!(name, Global::None | Global::True | Global::False) { self.found(address) } else { address }
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
        self.operator_for(left, right, instr)
    }

    fn identity(&self, left: Operand, right: Operand) -> Option<Identity> {
        // SAFETY: live types.
        unsafe { operators::identity(self.operand(left)?, self.operand(right)?) }
    }

    fn truth(&self, class: u64) -> Option<Truth> {
        self.truth_of(class)
    }

    fn property(&self, class: u64, instr: &Instr) -> Option<Method<'_>> {
        let class = self.live(class)?.cast::<PyTypeObject>();
        self.method(class, samples::property(class, self.name(instr.oparg >> 1)?)?)
    }

    fn new_of(&self, class: u64) -> Option<New<'_>> {
        self.new_in_python(class)
    }

    fn accessor(&self, class: u64, seen: Option<u64>, instr: &Instr) -> Option<Accessor<'_>> {
        self.accessor_of(class, seen, instr)
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
