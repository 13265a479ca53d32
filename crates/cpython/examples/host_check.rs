//! An extension module that checks, when imported, that `live` sees what Python sees. `tests/live.rs` imports it.
//!
//! A failed check panics, which ends the process: that is all a test needs.

use std::cell::RefCell;
use std::ffi::{CStr, CString};
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3_ffi::*;
use whipsnake_cpython::layout::{frame, generator, type_object};
use whipsnake_cpython::live::extra::Extra;
use whipsnake_cpython::live::monitoring::{self, Events, Monitoring, Verdict};
use whipsnake_cpython::live::watch::*;
use whipsnake_cpython::live::*;
use whipsnake_cpython::opcode;

/// Python code to look at, in a namespace of its own.
struct Namespace(*mut PyObject);

impl Namespace {
    fn run(&self, source: &str) {
        let source = CString::new(source).expect("no NUL");
        // SAFETY: under the GIL; a NULL result is reported.
        unsafe {
            let result = PyRun_String(source.as_ptr(), Py_file_input, self.0, self.0);
            check_python(result);
        }
    }

    fn get(&self, name: &CStr) -> *mut PyObject {
        // SAFETY: under the GIL; borrowed from the namespace.
        let found = unsafe { PyDict_GetItemString(self.0, name.as_ptr()) };
        assert!(!found.is_null(), "{name:?}");
        found
    }

    fn function(&self, name: &CStr) -> Function {
        // SAFETY: the tests ask for functions, which the namespace keeps.
        unsafe { Function::new_unchecked(self.get(name).cast()) }
    }

    fn int(&self, name: &CStr) -> i64 {
        // SAFETY: the tests ask for small ints.
        unsafe { Long::new_unchecked(self.get(name)) }.compact_value().expect("a small int")
    }
}

/// Panics with the traceback printed if an exception is set.
fn check_python(result: *mut PyObject) {
    if result.is_null() {
        // SAFETY: under the GIL.
        unsafe { PyErr_Print() };
        panic!("Python raised");
    }
}

fn values(names: &Namespace) {
    names.run(
        "small, big, low, huge, number = -7, 1 << 40, -(1 << 60) + 5, 1 << 60, 1.5\nitems, pair, table = [1, 2], (3, 4), {'a': 5, 'b': 6}\nmixed = {1: 7}\n\
         class C:\n    __slots__ = ()\nclass D:\n    def __init__(self): self.x = 1; self.y = 2\n    def __getitem__(self, i): return i\nd = D()\n",
    );
    // SAFETY: all objects are in the namespace, under the GIL, of the types asked for.
    unsafe {
        let value = |object| Long::new_unchecked(object).compact_value();
        assert_eq!(names.int(c"small"), -7);
        assert_eq!(value(names.get(c"big")), None);
        let wide = |name| Long::new_unchecked(names.get(name)).value_of_two_digits();
        assert_eq!(
            [c"small", c"big", c"low", c"huge"].map(wide),
            [Some(-7), Some(1 << 40), Some(-(1 << 60) + 5), None]
        );
        assert_eq!(Float::new_unchecked(names.get(c"number")).value(), 1.5);
        let items = List::new_unchecked(names.get(c"items"));
        assert_eq!((items.len(), value(items.item(1).unwrap())), (2, Some(2)));
        assert!(items.allocated() >= 2 && items.item(2).is_none());
        let pair = Tuple::new_unchecked(names.get(c"pair"));
        assert_eq!((pair.len(), value(pair.item(1).unwrap())), (2, Some(4)));

        let table = Dict::new_unchecked(names.get(c"table"));
        assert_eq!((table.len(), table.keys().kind()), (2, KeysKind::Unicode));
        assert_eq!(value(table.keys().entry(1).unwrap().1), Some(6));
        let mixed = Dict::new_unchecked(names.get(c"mixed"));
        assert_eq!(mixed.keys().kind(), KeysKind::General);
        assert_eq!(value(mixed.keys().entry(0).unwrap().0), Some(1));

        let plain = TypeObject::new_unchecked(names.get(c"C").cast());
        assert!(plain.has(type_object::HEAPTYPE) && !plain.has(type_object::INLINE_VALUES));
        let instance = names.get(c"d");
        let class = TypeObject::of(instance);
        assert!(class.has(type_object::INLINE_VALUES | type_object::MANAGED_DICT));
        let inline = InlineValues::of(instance).expect("inline values");
        assert!(inline.is_valid() && inline.len() == 2 && managed_dict(instance).is_null());
        let keys = class.cached_keys().expect("shared keys");
        assert_eq!((keys.kind(), keys.nentries()), (KeysKind::Split, 2));
        assert_eq!(value(inline.value(1).unwrap()), Some(2));
        assert!(class.assign_version_tag() && class.version_tag() != 0);
    }
}

fn functions(names: &Namespace) {
    names.run(
        "def f(a, b=2, *, c=3):\n    x = a\n    return x + b + c\n\
         def make(n):\n    def inner(): return n\n    return inner\ninner = make(1)\n\
         def gen():\n    yield 1\ng = gen()\nnext(g)\n",
    );
    let f = names.function(c"f");
    let code = f.code();
    assert_eq!((code.argcount(), code.kwonlyargcount(), code.nlocalsplus()), (2, 1, 4));
    assert_eq!(code.framesize(), code.stacksize() + 4 + frame::SPECIALS_SIZE);
    assert_eq!(code.unit(0).op, opcode::RESUME);
    assert_eq!((f.globals(), f.defaults().unwrap().len()), (names.0, 1));
    assert!(!f.kwdefaults().is_null() && f.closure().is_none());
    assert_eq!(names.function(c"inner").closure().unwrap().len(), 1);
    assert!(code.active_monitors().is_none());

    // SAFETY: a suspended generator in the namespace.
    let suspended = unsafe { Generator::new_unchecked(names.get(c"g")) };
    assert_eq!(suspended.state(), generator::FRAME_SUSPENDED);
    assert_eq!(suspended.frame().owner(), frame::OWNED_BY_GENERATOR);
    assert_eq!(suspended.frame().code(), Some(names.function(c"gen").code()));
    // SAFETY: the frame is a generator's.
    assert_eq!(unsafe { Generator::of_frame(suspended.frame()) }, suspended);
}

static ENTERED: AtomicUsize = AtomicUsize::new(0);

/// A native entry for `def f(a)`, that looks at the caller's frame and returns its argument.
unsafe extern "C" fn native(
    _function: *mut PyObject,
    args: *const *mut PyObject,
    _nargsf: usize,
    _names: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: called by the interpreter from a Python function, with one argument.
    unsafe {
        let thread = ThreadState::current();
        let caller = thread.current_frame().expect("a caller");
        let (code, here) = (caller.code().expect("code"), caller.instruction_index());
        assert_eq!(opcode::base(code.unit(here).op), opcode::CALL);
        assert!(!caller.is_incomplete() && caller.stack_base() >= caller.localsplus());
        assert_eq!(caller.owner(), frame::OWNED_BY_THREAD);
        ENTERED.fetch_add(1, Ordering::Relaxed);
        Py_NewRef(*args)
    }
}

fn entries(names: &Namespace) {
    names.run("def one(a): return a + 1\ndef caller():\n    r = one(41)\n    return r\nfor _ in range(50): caller()\n");
    let one = names.function(c"one");
    // SAFETY: `native` is a fair stand-in for `one` as far as this test goes.
    unsafe {
        entry::original().expect("an entry");
        assert!(entry::is_original(one));
        assert!(one.version() != 0);
        entry::set(one, native);
        assert!(one.version() == 0 && !entry::is_original(one));
        names.run("natively = caller()\n");
        entry::restore(one);
        assert!(entry::is_original(one));
        names.run("interpreted = caller()\n");
    }
    assert_eq!((names.int(c"natively"), names.int(c"interpreted")), (41, 42));
    assert_eq!(ENTERED.load(Ordering::Relaxed), 1);
}

/// Runs a frame of our own making through the interpreter.
fn frames(names: &Namespace) {
    names.run("def double(n):\n    return n * 2\n");
    let double = names.function(c"double");
    // SAFETY: the frame is made, filled and handed over as the interpreter does it.
    unsafe {
        let thread = ThreadState::current();
        let words = double.code().framesize() as usize;
        let memory = thread.allocate_frame(words);
        let new = Frame::new(memory).expect("room on the data stack");
        Py_INCREF(double.as_ptr().cast());
        new.initialize(double, ptr::null_mut(), 1);
        new.localsplus().write(PyLong_FromLong(21));
        let result = symbols::_PyEval_EvalFrameDefault(thread.as_ptr(), memory, 0);
        check_python(result);
        assert_eq!(Long::new_unchecked(result).compact_value(), Some(42));
        Py_DECREF(result);
        assert_eq!(thread.allocate_frame(words), memory, "the frame was popped");
        symbols::_PyThreadState_PopFrame(thread.as_ptr(), memory);
    }
}

struct Noisy;
static DROPPED: AtomicUsize = AtomicUsize::new(0);
impl Drop for Noisy {
    fn drop(&mut self) {
        DROPPED.fetch_add(1, Ordering::Relaxed);
    }
}

fn extras(names: &Namespace) {
    names.run("def short_lived(): pass\n");
    // SAFETY: under the GIL; nothing keeps the values.
    unsafe {
        let extra = Extra::<Noisy>::request().expect("a slot");
        let code = names.function(c"short_lived").code();
        assert!(extra.get(code).is_none());
        let first = extra.set(code, Box::new(Noisy)).unwrap();
        assert_eq!(extra.get(code), Some(first));
        assert!(extra.agrees(code));
        extra.set(code, Box::new(Noisy)).unwrap();
        assert_eq!(DROPPED.load(Ordering::Relaxed), 1);
        names.run("del short_lived\n");
        assert_eq!(DROPPED.load(Ordering::Relaxed), 2);
    }
}

thread_local! {
    static SEEN: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

fn saw(event: impl std::fmt::Debug) {
    SEEN.with_borrow_mut(|seen| seen.push(format!("{event:?}")));
}

fn seen() -> String {
    SEEN.with_borrow_mut(|seen| std::mem::take(seen).join(" "))
}

fn watchers(names: &Namespace) {
    names.run("class Watched: pass\nlook = {'k': 1}\n");
    // SAFETY: under the GIL; the callbacks only take notes.
    unsafe {
        let on_type = TypeWatcher::install(|_| saw("type")).unwrap();
        let on_dict = DictWatcher::install(|event, _, _, _| saw(event)).unwrap();
        let on_function = FunctionWatcher::install(|event, _, _| saw(event)).unwrap();
        let on_code = CodeWatcher::install(|event, _| saw(event)).unwrap();
        seen();
        let class = TypeObject::new_unchecked(names.get(c"Watched").cast());
        let dict = Dict::new_unchecked(names.get(c"look"));
        on_type.watch(class).unwrap();
        on_dict.watch(dict).unwrap();
        assert_ne!(dict.watchers() & 1 << on_dict.id(), 0);
        PyDict_SetItemString(dict.as_ptr(), c"k".as_ptr(), Py_None());
        PyDict_SetItemString(dict.as_ptr(), c"l".as_ptr(), Py_None());
        assert_eq!(seen(), "Modified Added");
        PyObject_SetAttrString(class.as_ptr().cast(), c"x".as_ptr(), Py_None());
        assert_eq!((seen().as_str(), class.version_tag()), ("\"type\"", 0));
        on_type.unwatch(class).unwrap();
        on_dict.unwatch(dict).unwrap();
        let f = names.function(c"f").as_ptr().cast();
        PyFunction_SetDefaults(f, PyFunction_GetDefaults(f));
        assert_eq!(seen(), "ModifyDefaults");
        on_type.remove().unwrap();
        on_dict.remove().unwrap();
        on_function.remove().unwrap();
        names.run("1\n");
        assert_eq!(seen(), "Create Destroy", "only code is watched");
        on_code.remove().unwrap();
    }
}

fn monitored(names: &Namespace) {
    names.run("def loop(n):\n    total = 0\n    for i in range(n):\n        total += i\n    return total\n");
    let code = names.function(c"loop").code();
    // SAFETY: under the GIL; the callbacks only take notes.
    unsafe {
        let interpreter = PyInterpreterState_Get();
        let tool = Monitoring::claim().expect("the tool id is free");
        assert!(Monitoring::claim().is_err());
        PyErr_Clear();
        tool.on_start(|code, at| {
            saw(("start", opcode::NAMES[opcode::base(code.unit(at).op) as usize]));
            Verdict::Continue
        })
        .unwrap();
        tool.on_jump(|code, from, to| {
            let names = [from, to].map(|at| opcode::NAMES[opcode::base(code.unit(at).op) as usize]);
            saw(names);
            Verdict::Disable
        })
        .unwrap();
        tool.set_local_events(code, Events::PY_START | Events::JUMP).unwrap();
        assert_eq!(monitoring::local_events(code), Events::PY_START | Events::JUMP);
        names.run("result = loop(5)\n");
        assert_eq!(seen(), "(\"start\", \"RESUME\") [\"JUMP_BACKWARD\", \"FOR_ITER\"]");
        assert_eq!(names.int(c"result"), 10);
        assert_eq!(monitoring::other_tools(code, interpreter), 0);
        names.run("import sys\nsys.monitoring.use_tool_id(2, 'p')\nsys.monitoring.set_local_events(2, loop.__code__, sys.monitoring.events.LINE)\n");
        assert_eq!(monitoring::other_tools(code, interpreter), 1 << 2);
        names.run("sys.monitoring.set_local_events(2, loop.__code__, 0)\nsys.monitoring.free_tool_id(2)\nsys.settrace(lambda *a: None)\n");
        assert_ne!(monitoring::interpreter_tools(interpreter), 0);
        names.run("sys.settrace(None)\n");
        tool.set_local_events(code, Events::empty()).unwrap();
        assert_eq!(monitoring::other_tools(code, interpreter), 0);
        tool.release().unwrap();
        Monitoring::claim().unwrap().release().unwrap();
    }
}

fn allocators(names: &Namespace) {
    // SAFETY: under the GIL, with the allocator that Python starts with.
    unsafe {
        let allocator = Allocator::find().expect("the place is in the interpreter's state");
        assert!(allocator.is_usual());
        names.run("import tracemalloc; tracemalloc.start()");
        assert!(!allocator.is_usual());
        names.run("tracemalloc.stop()");
        assert!(allocator.is_usual());
        assert!(!Allocator::UNKNOWN.is_usual());
    }
}

/// Runs all checks; the module itself is empty.
///
/// # Safety
/// Called by Python's import.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyInit_host_check() -> *mut PyObject {
    static mut MODULE: PyModuleDef = PyModuleDef {
        m_base: PyModuleDef_HEAD_INIT,
        m_name: c"host_check".as_ptr(),
        m_doc: ptr::null(),
        m_size: 0,
        m_methods: ptr::null_mut(),
        m_slots: ptr::null_mut(),
        m_traverse: None,
        m_clear: None,
        m_free: None,
    };
    // SAFETY: under the GIL, at import.
    unsafe {
        if let Err(error) = check::host() {
            panic!("{error}");
        }
        let names = Namespace(PyDict_New());
        names.run("import builtins\n");
        values(&names);
        functions(&names);
        entries(&names);
        frames(&names);
        extras(&names);
        watchers(&names);
        monitored(&names);
        allocators(&names);
        Py_DECREF(names.0);
        check::host().expect("nothing has changed");
        PyModule_Create(&raw mut MODULE)
    }
}
