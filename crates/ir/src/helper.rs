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
        /// Preserves every register.
        const PRESERVE_ALL = 4;
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
    (@effects preserve_all) => { Effects::PRESERVE_ALL };
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
    /// Leaves a region by an exit, whose values are in the buffer: where to go on, with which frame.
    LeaveRegion(thread: ptr, frame: ptr, activation: ptr, region: ptr, exit: i32, buffer: ptr) -> (ptr, ptr) [pure];
    /// How many calls of itself a recursive body may make that takes so many bytes of the stack: not so many that Python's recursion limit or the stack is used up.
    BodyLevels(thread: ptr, bytes: i32) -> (i64) [pure];
    /// A jump back has come around often enough: optimizes the loop that starts at `target`, or runs it if that was done. Gives where to go on,
    /// with which frame; null for on as before. `cell` is the jump's feedback cell.
    HotLoop(thread: ptr, frame: ptr, code: ptr, cell: ptr, target: ptr) -> (ptr, ptr) [escapes];
    /// A function has been called often enough: optimizes it, or looks whether that was done. `cell` is the feedback cell of its first `RESUME`.
    HotFunction(thread: ptr, frame: ptr, code: ptr, cell: ptr) [pure];
    /// Destroys an object whose count reached zero in a region, and whose end nobody can look at, or who does finds everything in memory.
    DestroyPlain(object: obj) [preserve_all];
    /// Destroys an object whose count reached zero in a region if nobody can look at its end; the word at `noticed` says whether that is still to be done.
    DestroyUnnoticed(object: obj, noticed: ptr) [preserve_all];
    /// Destroys an object whose count reached zero in a region; if somebody looks at the frames, they find what the exit describes.
    DestroyInRegion(object: obj, exit: i32, buffer: ptr, region: ptr, frame: ptr, thread: ptr) [preserve_all];
    /// The same of an object that is known to be noticed.
    DestroyNoticed(object: obj, exit: i32, buffer: ptr, region: ptr, frame: ptr, thread: ptr) [preserve_all];
    /// Pushes the frame of a call that a region inlined, with nothing in its locals, above `caller`, which is at the call instruction `call`. NULL if
    /// there is no memory for it.
    PushInlined(thread: ptr, caller: ptr, function: obj, call: ptr) -> (ptr) [pure];
    /// Likewise for the frame below an `__init__` that a region inlined, or below a method that C code would call; `code` is the address of its first code
    /// unit, and it has `instance` on its stack.
    PushInit(thread: ptr, caller: ptr, code: ptr, instance: obj, call: ptr, counted: i32) -> (ptr) [pure];
    /// A new instance of a class that makes them as `object` does; NULL with `MemoryError` set.
    NewInstance(class: obj) -> (obj) [pure];
    /// A new iterator over a range, with nothing in its fields; NULL with `MemoryError` set.
    NewRangeIterator() -> (obj) [pure];
    /// A new iterator over an exact list or tuple, or an ASCII string; NULL with `MemoryError` set.
    NewSequenceIterator(sequence: obj) -> (obj) [pure];
    /// Has the collector look after an object that it has taken out of its lists.
    TrackAgain(object: obj) [pure];
    /// A new dict; NULL with `MemoryError` set.
    NewDict() -> (obj) [pure];
    /// A list without items that nobody has, with places for some; NULL with `MemoryError` set. `hidden` says that nobody will ask for their number.
    NewList(hidden: i32) -> (obj) [pure];
    /// A list of so many items, which the caller stores at once; NULL with `MemoryError` set.
    NewListOf(count: i32) -> (obj) [pure];
    /// A new set; NULL with `MemoryError` set.
    NewSet() -> (obj) [pure];
    /// Makes room for one item more in a list that is full. 0, or −1 without memory, and then nothing was done.
    MakeRoom(list: obj) -> (i32) [pure];
    /// Gives back what a list has of places beyond those that the interpreter would keep.
    CutList(list: obj) [pure];
    /// `list.sort()`.
    SortList(list: obj) -> (i32) [escapes];
    /// A tuple of a list's items, which takes the reference to the list, that nobody else has; NULL with `MemoryError` set.
    TupleOfList(list: obj) -> (obj) [pure];
    /// Adds to a set that only has what this has added. 0; −1 if that may take Python code, and then nothing was done.
    CollectInSet(set: obj, item: obj) -> (i32) [pure];
    /// The generator that a call of a function with one argument makes; NULL with `MemoryError` set. It takes references of its own.
    NewGenerator(thread: ptr, function: obj, argument: obj) -> (obj) [pure];
    /// Ends a generator whose frame is not linked, with an empty stack. Drops what its locals hold, and the reference to it.
    FinishGenerator(thread: ptr, generator: obj) [escapes];
    /// Pops a frame that one of these pushed; what its slots hold is not touched.
    PopInlined(thread: ptr, frame: ptr) [pure];
    /// Ends a generator whose body a region inlined: `frame` is its own and the current one, with an empty stack. Drops what its locals hold.
    EndInlinedGenerator(thread: ptr, frame: ptr) [escapes];
    /// A new float; NULL with `MemoryError` set.
    NewFloat(value: f64) -> (obj) [escapes];
    /// A new int; NULL with `MemoryError` set.
    NewInt(value: i64) -> (obj) [escapes];
    /// The same, in a region.
    NewFloatInRegion(value: f64) -> (obj) [preserve_all];
    /// The same, in a region.
    NewIntInRegion(value: i64) -> (obj) [preserve_all];
    /// A new float where a region is left, which can't fail.
    FloatForExit(value: f64) -> (obj) [pure];
    /// A new int likewise.
    IntForExit(value: i64) -> (obj) [pure];

    // Calls. `base` is the lowest slot of a call instruction; the first result is where to go on and the second the frame to go on with; or
    // the first is null and the second the result of the call, null with an exception set.
    /// `CALL` with `count` arguments; `length` is the instruction's, in code units, and `back` where machine code receives the result.
    Call(thread: ptr, frame: ptr, base: ptr, count: i32, length: i32, back: ptr) -> (ptr, ptr) [escapes];
    /// `CALL_KW` with `count` arguments.
    CallKw(thread: ptr, frame: ptr, base: ptr, count: i32, length: i32, back: ptr) -> (ptr, ptr) [escapes];
    /// `CALL_FUNCTION_EX`; `flags & 1` says that there are keyword arguments.
    CallFunctionEx(thread: ptr, frame: ptr, base: ptr, flags: i32, length: i32, back: ptr) -> (ptr, ptr) [escapes];
    /// `CALL` with `count` arguments, until it has returned.
    CallWhole(thread: ptr, base: ptr, count: i32) -> (obj) [escapes];
    /// `CALL_KW` likewise.
    CallKwWhole(thread: ptr, base: ptr, count: i32) -> (obj) [escapes];
    /// `CALL_FUNCTION_EX` likewise.
    CallFunctionExWhole(thread: ptr, base: ptr, flags: i32) -> (obj) [escapes];
    /// `len(value)` as a number, negative on error.
    ObjectSize(value: obj) -> (i64) [escapes];
    /// `isinstance(value, class)`: 1, 0, negative on error.
    IsInstance(value: obj, class: obj) -> (i32) [escapes];
    /// The same, but −1 where Python code has a say.
    TryIsInstance(value: obj, class: obj) -> (i32) [pure];
    /// `str(value)`.
    Str(value: obj) -> (obj) [escapes];
    /// `tuple(value)`.
    Tuple(value: obj) -> (obj) [escapes];
    /// Appends to a list that is full; steals the item, also on failure.
    ListAppendFull(list: obj, item: obj) -> (i32) [escapes];
    /// `CALL_ALLOC_AND_ENTER_INIT` with `count` arguments.
    EnterInit(thread: ptr, frame: ptr, base: ptr, count: i32, length: i32, back: ptr) -> (ptr, ptr) [escapes];
    /// Calls a Python function with the `count` arguments in the slots from `base` on.
    CallFunction(thread: ptr, function: obj, base: ptr, count: i32, length: i32, back: ptr) -> (ptr, ptr) [escapes];
    /// Calls a Python function with the value in the slot at `base` and with `name`.
    CallWithName(thread: ptr, function: obj, base: ptr, name: obj, length: i32, back: ptr) -> (ptr, ptr) [escapes];
    /// `owner.name` for the owner in the slot at `base`, which is taken; the getter of a property may be entered.
    LoadAttrCalling(thread: ptr, base: ptr, name: obj, cell: ptr, length: i32, back: ptr) -> (ptr, ptr) [escapes];
    /// `container[key]` for the two in the slots at `base`, which are taken; a Python `__getitem__` may be entered.
    GetItemCalling(thread: ptr, base: ptr, length: i32, back: ptr) -> (ptr, ptr) [escapes];
    /// Looks for tools that came up, and for a function that evaluates frames in the interpreter's place.
    NoticeTools() -> () [escapes];
    /// A new float; drops the references to `left` and `right` (either may be NULL) unless it fails.
    NewFloatFrom(value: f64, left: obj, right: obj) -> (obj) [escapes];
    /// A new int; drops the references to `left` and `right` (either may be NULL) unless it fails.
    NewIntFrom(value: i64, left: obj, right: obj) -> (obj) [escapes];

    // Values. Those marked *keeps* take references of their own while they run, so that arguments may be borrowed from locals.
    /// Raises `UnboundLocalError` for local variable `index`.
    UnboundLocal(frame: ptr, index: i32) [escapes];
    /// Calls the C function of the binary operator that has the number `operator` in bytecode; ints of up to two digits are done at once. Keeps.
    CallBinary(function: ptr, left: obj, right: obj, operator: i32) -> (obj) [escapes];
    /// `-value`. Keeps.
    Negative(value: obj) -> (obj) [escapes];
    /// `~value`.
    Invert(value: obj) -> (obj) [escapes];
    /// `left ** right` or `left **= right`: exact floats at once, else by the C function. Keeps.
    Power(function: ptr, left: obj, right: obj) -> (obj) [escapes];
    /// A comparison by its number. Keeps.
    RichCompare(left: obj, right: obj, comparison: i32) -> (obj) [escapes];
    /// The truth of a comparison: 0, 1, or −1 with an exception set. Keeps.
    RichCompareBool(left: obj, right: obj, comparison: i32) -> (i32) [escapes];
    /// The truth of a value: 0, 1, or −1 with an exception set. Keeps.
    IsTrue(value: obj) -> (i32) [escapes];
    /// Whether two exact strings are equal.
    StringsEqual(left: obj, right: obj) -> (i32) [pure];
    /// `left + right` of exact strings.
    ConcatStrings(left: obj, right: obj) -> (obj) [escapes];
    /// Appends to the exact string in a local variable, in place where nobody else holds it; another string than `right`.
    AppendString(local: ptr, right: obj) -> (i32) [escapes];

    // Containers.
    /// `container[key]`. Keeps.
    GetItem(container: obj, key: obj) -> (obj) [escapes];
    /// `container[key] = value`. Keeps.
    SetItem(container: obj, key: obj, value: obj) -> (i32) [escapes];
    /// `del container[key]`. Keeps.
    DeleteItem(container: obj, key: obj) -> (i32) [escapes];
    /// `dict[key]` of an exact dict. Keeps.
    DictGetItem(dict: obj, key: obj) -> (obj) [escapes];
    /// `dict[key] = value` of an exact dict. Keeps.
    DictSetItem(dict: obj, key: obj, value: obj) -> (i32) [escapes];
    /// `value in container`: 0, 1, or −1 with an exception set. Keeps.
    Contains(container: obj, value: obj) -> (i32) [escapes];
    /// `value in container` for an exact set or frozenset. Keeps.
    SetContains(container: obj, value: obj) -> (i32) [escapes];
    /// `value in container` for an exact dict. Keeps.
    DictContains(container: obj, value: obj) -> (i32) [escapes];
    /// The number that a string is the decimal digits of, and 1; 0 and −1 if `int` would raise `ValueError`, 0 and 0 where that has to tell.
    NumberOfText(text: obj) -> (i64, i64) [pure];
    /// The immortal string of the ASCII character at a position of a string, which may count from the end; NULL if there is none, or another one.
    CharacterAt(text: obj, position: i64) -> (obj) [pure];
    /// The value of a key of an exact dict, borrowed; NULL if there is none, or that takes Python code.
    DictFind(dict: obj, key: obj) -> (obj) [pure];
    /// The same, or `other` if there is none.
    DictFindOr(dict: obj, key: obj, other: obj) -> (obj) [pure];
    /// Whether an exact dict has a key: 1, 0, or −1 if that takes Python code.
    DictHas(dict: obj, key: obj) -> (i32) [pure];
    /// Whether an exact set or frozenset has a key, likewise.
    SetHas(container: obj, key: obj) -> (i32) [pure];
    /// A comparison, by its number, of sets or frozensets, which are exact: 1, 0, or −1 if that takes Python code.
    CompareSets(left: obj, right: obj, comparison: i32) -> (i32) [pure];
    /// The next item of an iterator over a set; NULL where there is none, or the iterator itself has to tell. Keeps.
    NextOfSet(iterator: obj) -> (obj) [pure];
    /// The truth of an object: 1, 0, or −1 if that takes Python code.
    QuietTruth(value: obj) -> (i32) [pure];
    /// `value in container` for a string, list or tuple: 1, 0, or −1 if that takes Python code, or it is something else.
    ItemsHave(container: obj, value: obj) -> (i32) [pure];
    /// `dict[key] = value` of an exact dict: the old value or NULL, a reference of its own, and 1; or 0 if that takes Python code, and nothing was done; or −1 with
    /// `MemoryError` set.
    DictPut(dict: obj, key: obj, value: obj) -> (obj, i64) [pure];
    /// `container[start:stop]`.
    GetSlice(container: obj, start: obj, stop: obj) -> (obj) [escapes];
    /// `container[start:stop:step]`; steals the last three, also on failure.
    GetStrided(container: obj, start: obj, stop: obj, step: obj) -> (obj) [escapes];
    /// `list[start:stop:step]` of an exact list, with a step that is not 0; NULL with `MemoryError` set. The lowest bits of `missing` say that there is no start,
    /// and no stop.
    ListStrided(list: obj, start: i64, stop: i64, step: i64, missing: i32) -> (obj) [pure];
    /// `list[start:stop]` of an exact list; NULL with `MemoryError` set.
    ListSlice(list: obj, start: i64, stop: i64) -> (obj) [pure];
    /// `left OP right` of exact ints, by an operator that can't fail; NULL with `MemoryError` set.
    CombineInts(function: ptr, left: obj, right: obj, operator: i32) -> (obj) [pure];
    /// `left + right` of exact lists; NULL with `MemoryError` set.
    JoinLists(left: obj, right: obj) -> (obj) [pure];
    /// `list[start:stop] = value` of an exact list, where `value` is a list of as many items that nobody else has a reference to: it gets the old ones. Whether
    /// that was so.
    ExchangeSlice(value: obj, list: obj, start: i64, stop: i64) -> (i32) [pure];
    /// `list[start:stop] = value` of an exact list; the largest number as `stop` stands for none.
    SetListSlice(value: obj, list: obj, start: i64, stop: i64) -> (i32) [escapes];
    /// `container[start:stop] = value`.
    SetSlice(value: obj, container: obj, start: obj, stop: obj) -> (i32) [escapes];
    /// Appends to an exact list.
    ListAppend(list: obj, value: obj) -> (i32) [escapes];
    /// Extends the list of a list display by `*iterable`.
    ListExtend(list: obj, iterable: obj) -> (i32) [escapes];
    /// Adds to a set. Keeps.
    SetAdd(set: obj, value: obj) -> (i32) [escapes];
    /// Updates a set.
    SetUpdate(set: obj, iterable: obj) -> (i32) [escapes];
    /// Updates the dict of a dict display by `**mapping`.
    DictUpdate(dict: obj, mapping: obj) -> (i32) [escapes];
    /// Updates the dict of keyword arguments in a stack slot by `**mapping`; the callable is three slots below.
    DictMerge(slot: ptr, mapping: obj) -> (i32) [escapes];
    /// Puts the items of one exact dict into another one that nobody else has: 1; 0, and then nothing has changed, if a key is in both, or Python code may have a say.
    TryDictMerge(dict: obj, mapping: obj) -> (i32) [pure];
    /// `class.name = value` of a variable that varies: the old value, a reference of its own, and 1; or NULL and 0 if nothing was done, since that may run code.
    PutVariable(class: obj, name: obj, value: obj) -> (obj, i64) [pure];

    // Building: `count` (or twice as many) values from a stack slot up, which are consumed unless it fails.
    /// A tuple.
    BuildTuple(base: ptr, count: i32) -> (obj) [escapes];
    /// A bound method, of two values: the object and the function.
    BuildMethod(base: ptr, count: i32) -> (obj) [escapes];
    /// A dict of values and strings in turn, the last string first.
    BuildNamed(base: ptr, count: i32) -> (obj) [escapes];
    /// A list.
    BuildList(base: ptr, count: i32) -> (obj) [escapes];
    /// A set.
    BuildSet(base: ptr, count: i32) -> (obj) [escapes];
    /// A dict of keys and values in turn.
    BuildMap(base: ptr, count: i32) -> (obj) [escapes];
    /// A dict of the values and a tuple of keys (which is not consumed).
    BuildConstKeyMap(base: ptr, count: i32, keys: obj) -> (obj) [escapes];
    /// The strings joined.
    BuildString(base: ptr, count: i32) -> (obj) [escapes];
    /// A slice of two or three values.
    BuildSlice(base: ptr, count: i32) -> (obj) [escapes];

    // Unpacking.
    /// Replaces the iterable in a stack slot by its values, the first one highest. `after` is −1 without a starred target.
    UnpackIterable(thread: ptr, base: ptr, before: i32, after: i32) -> (i32) [escapes];
    /// Assigns the values of an iterable to local variables: `stores` is `Stores` of crate `ops`. The iterable is in a stack slot and is consumed;
    /// or it is borrowed, and not NULL.
    UnpackToLocals(thread: ptr, frame: ptr, base: ptr, borrowed: obj, stores: ptr) -> (i32) [escapes];
    /// Copies `count` items to stack slots, the first one highest, with new references.
    UnpackItems(items: ptr, base: ptr, count: i32) [pure];

    // Text.
    /// `format(value, spec)`; NULL stands for an empty `spec`. Keeps.
    Format(value: obj, spec: obj) -> (obj) [escapes];

    // Patterns.
    /// `len(value)`.
    Length(value: obj) -> (obj) [escapes];
    /// The attributes a class pattern asks for, or `None`.
    MatchClass(subject: obj, class: obj, names: obj, count: i32) -> (obj) [escapes];
    /// The values of a mapping pattern's keys, or `None`.
    MatchKeys(subject: obj, keys: obj) -> (obj) [escapes];

    // Attributes. `cell` is the site's feedback cell. Loads and stores keep references of their own while they run code. A pair is a method and `self`, or another attribute and NULL; NULL and NULL on error.
    /// `owner.name`.
    LoadAttr(owner: obj, name: obj, cell: ptr) -> (obj) [escapes];
    /// `owner.name`, to be called.
    LoadMethod(owner: obj, name: obj, cell: ptr) -> (obj, obj) [escapes];
    /// `owner.name = value`.
    StoreAttr(owner: obj, name: obj, value: obj, cell: ptr) -> (i32) [escapes];
    /// Replaces the value at `place` in the table of an instance's dict, which has `name` as its key. Keeps.
    ReplaceDictValue(dict: obj, place: ptr, name: obj, value: obj) -> (i32) [escapes];
    /// `del owner.name`.
    DeleteAttr(owner: obj, name: obj) -> (i32) [escapes];
    /// `function(class, this).name`, or `function().name` where `arguments` is 0.
    LoadSuperAttr(function: obj, class: obj, this: obj, name: obj, arguments: i32) -> (obj) [escapes];
    /// `super(class, this).name`.
    SuperAttr(class: obj, this: obj, name: obj) -> (obj) [escapes];
    /// `super(class, this).name`, to be called.
    SuperMethod(class: obj, this: obj, name: obj) -> (obj, obj) [escapes];

    // Names.
    /// A global variable or built-in. `cell` is the site's feedback cell.
    LoadGlobal(frame: ptr, name: obj, cell: ptr) -> (obj) [escapes];
    /// Assigns a global variable. `cell` is the site's feedback cell.
    StoreGlobal(frame: ptr, name: obj, value: obj, cell: ptr) -> (i32) [escapes];
    /// Deletes a global variable.
    DeleteGlobal(frame: ptr, name: obj) -> (i32) [escapes];
    /// A name in locals, globals or builtins. `cell` is the site's feedback cell.
    LoadName(frame: ptr, name: obj, cell: ptr) -> (obj) [escapes];
    /// Assigns a name in locals, likewise.
    StoreName(frame: ptr, name: obj, value: obj, cell: ptr) -> (i32) [escapes];
    /// Deletes a name in locals.
    DeleteName(frame: ptr, name: obj) -> (i32) [escapes];
    /// Raises the error of a frame without a local namespace.
    RaiseNoLocals() [escapes];
    /// A name in a class's namespace, globals or builtins.
    LoadFromDictOrGlobals(frame: ptr, namespace: obj, name: obj) -> (obj) [escapes];
    /// `__build_class__`.
    LoadBuildClass(frame: ptr) -> (obj) [escapes];
    /// Makes `__annotations__` in locals unless it is there.
    SetupAnnotations(frame: ptr) -> (i32) [escapes];

    // Closures and functions.
    /// A cell with a value (maybe NULL), to which it takes a reference.
    NewCell(value: obj) -> (obj) [escapes];
    /// Raises the error of the empty cell in a frame's slot.
    RaiseUnboundCell(frame: ptr, number: i32) [escapes];
    /// A name in a class's namespace, or the value of the cell in a frame's slot, which has that name.
    LoadFromDictOrCell(frame: ptr, namespace: obj, number: i32) -> (obj) [escapes];
    /// A function from a code object, with the frame's globals.
    MakeFunction(frame: ptr, code: obj) -> (obj) [escapes];

    // Imports.
    /// `import name`, or the module of `from name import names`.
    ImportName(frame: ptr, name: obj, names: obj, level: obj) -> (obj) [escapes];
    /// `from module import name`, given the module.
    ImportFrom(module: obj, name: obj) -> (obj) [escapes];

    // Control flow. An i32 is −1 with an exception set.
    /// Something is pending or changed at `RESUME` (with its operand) or a back-edge: 0 to go on, 1 to leave to the interpreter.
    Poll(thread: ptr, frame: ptr, code: ptr, location: i32) -> (i32) [escapes];

    // Iteration.
    /// `iter(iterable)`; the iterator is received at `back`. Where to go on and the frame to go on with, if `__iter__` is a compiled generator function
    /// (then the iterable is taken); else NULL and the iterator, NULL with an exception set.
    GetIter(thread: ptr, frame: ptr, iterable: obj, back: ptr) -> (ptr, ptr) [escapes];
    /// An iterator gave NULL: 0 at its end, −1 on error.
    IterationEnd(thread: ptr, frame: ptr) -> (i32) [escapes];
    /// A list iterator is exhausted: it drops its list.
    ListIteratorEnd(iterator: obj) [escapes];
    /// A tuple iterator is exhausted: it drops its tuple.
    TupleIteratorEnd(iterator: obj) [escapes];

    // Generators.
    /// Sends a value by C functions: what is yielded and 0, what is returned and 1, or NULL with an exception set.
    Send(thread: ptr, frame: ptr, receiver: obj, value: obj) -> (obj, i64) [escapes];
    /// C's `pow`.
    FloatPower(x: f64, y: f64) -> (f64) [pure];
    /// C's `sin`.
    Sine(x: f64) -> (f64) [pure];
    /// C's `cos`.
    Cosine(x: f64) -> (f64) [pure];
    /// C's `tan`.
    Tangent(x: f64) -> (f64) [pure];
    /// C's `atan`.
    ArcTangent(x: f64) -> (f64) [pure];
    /// C's `exp`.
    Exponential(x: f64) -> (f64) [pure];
    /// `iter(iterable)`.
    Iter(iterable: obj) -> (obj) [escapes];
    /// The iterator of `yield from`, as by `GetIter`.
    GetYieldFromIter(thread: ptr, frame: ptr, iterable: obj, back: ptr) -> (ptr, ptr) [escapes];
    /// The context manager in a stack slot is replaced by its bound `__exit__`; `__enter__` is entered (as by `GetIter`) or called. On error the slot
    /// holds the manager or NULL.
    BeforeWith(thread: ptr, frame: ptr, slot: ptr, back: ptr) -> (ptr, ptr) [escapes];
    /// The same with `__aexit__` and `__aenter__`.
    BeforeAsyncWith(thread: ptr, frame: ptr, slot: ptr, back: ptr) -> (ptr, ptr) [escapes];
    /// The bound `__exit__` of a context manager, and what its `__enter__` returns; NULLs with an exception set.
    EnterWhole(manager: obj) -> (obj, obj) [escapes];
    /// The iterator of `await`.
    GetAwaitable(thread: ptr, iterable: obj, place: i32) -> (obj) [escapes];
    /// The iterator of `async for`.
    GetAiter(thread: ptr, iterable: obj) -> (obj) [escapes];
    /// The awaitable for the next value of an asynchronous iterator.
    GetAnext(thread: ptr, iterator: obj) -> (obj) [escapes];
    /// 1 if the exception is `StopAsyncIteration`; else 0 and it is set again.
    EndAsyncFor(exception: obj) -> (i32) [escapes];
    /// The value of a `StopIteration`; NULL for another exception, which is set again.
    CleanupThrow(exception: obj) -> (obj) [escapes];

    // Exceptions.
    /// `raise` with `count` values from a stack slot up, which are consumed. An exception is set; 1 if it was one that is being handled.
    Raise(thread: ptr, base: ptr, count: i32) -> (i32) [escapes];
    /// Sets an exception again, and `instr_ptr` to the code unit `raised_at` if `count` is not 0; −1 with another exception set.
    Reraise(thread: ptr, frame: ptr, exception: obj, raised_at: obj, count: i32) -> (i32) [escapes];
    /// Whether an exception matches `class`; −1 if that is not an exception class or a tuple of them.
    ExceptionMatches(thread: ptr, exception: obj, class: obj) -> (i32) [escapes];
    /// Whether the exception that is set is of a class or of one derived from it, nobody else has it, and its end runs no Python code.
    RaisedMatches(thread: ptr, class: obj) -> (i32) [pure];
    /// Drops the exception that is set, whose end runs no Python code.
    ClearRaised(thread: ptr) [pure];
    /// Whether no Python code would run if so many references to an object, or NULL, were dropped.
    DropsQuietly(object: obj, references: i32) -> (i32) [pure];
    /// Whether a name is an object in the globals or, if it is not there, the builtins.
    GlobalIs(globals: obj, builtins: obj, name: obj, object: obj) -> (i32) [pure];
    /// The parts of an exception that match and that do not; NULL on error.
    ExceptionGroupMatch(thread: ptr, exception: obj, class: obj) -> (obj, obj) [escapes];
    /// Makes an exception the one being handled.
    SetHandledException(exception: obj) [escapes];
    /// `exit(type(exception), exception, exception.__traceback__)`.
    WithExceptStart(exit: obj, exception: obj) -> (obj) [escapes];
}
