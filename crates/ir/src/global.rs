//! Named addresses of the host: types, singletons, variables.

macro_rules! globals {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// An address of the host that machine code may embed. The run time gives the addresses.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u16)]
        pub enum Global { $($(#[$doc])* $name),* }

        impl Global {
            /// Every global, in order of its number.
            pub const ALL: &[Global] = &[$(Global::$name),*];

            /// The name in the text form.
            pub fn name(self) -> &'static str {
                match self { $(Global::$name => stringify!($name)),* }
            }

            /// The global of that name in the text form.
            pub fn from_name(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|g| g.name() == text)
            }
        }
    };
}

globals! {
    /// `None`.
    None,
    /// `NotImplemented`.
    NotImplemented,
    /// `True`.
    True,
    /// `False`.
    False,
    /// `type` of `bool`.
    BoolType,
    /// `int`.
    IntType,
    /// `float`.
    FloatType,
    /// `str`.
    StrType,
    /// `bytes`.
    BytesType,
    /// `list`.
    ListType,
    /// `tuple`.
    TupleType,
    /// `dict`.
    DictType,
    /// `set`.
    SetType,
    /// `frozenset`.
    FrozenSetType,
    /// `slice`.
    SliceType,
    /// `type`.
    TypeType,
    /// The type of Python functions.
    FunctionType,
    /// The type of bound methods.
    MethodType,
    /// The type of built-in functions and bound built-in methods.
    BuiltinType,
    /// The type of unbound methods of built-in types.
    MethodDescriptorType,
    /// The type of `range` iterators.
    RangeIteratorType,
    /// `enumerate`.
    EnumerateType,
    /// `zip`.
    ZipType,
    /// The type of iterators over the items of dicts.
    DictItemIteratorType,
    /// The type of iterators over the keys of dicts.
    DictKeyIteratorType,
    /// The type of iterators over the values of dicts.
    DictValueIteratorType,
    /// The type of iterators over sets; nowhere, if these are not as expected.
    SetIteratorType,
    /// The method `items` of `dict`.
    DictItemsMethod,
    /// The method `keys` of `dict`.
    DictKeysMethod,
    /// The method `values` of `dict`.
    DictValuesMethod,
    /// `range`.
    RangeType,
    /// The type of list iterators.
    ListIteratorType,
    /// The type of tuple iterators.
    TupleIteratorType,
    /// The type of iterators over ASCII strings; nowhere, if these have their fields elsewhere than those of lists.
    AsciiIteratorType,
    /// The type of generators.
    GeneratorType,
    /// The type of coroutines.
    CoroutineType,
    /// The type of modules.
    ModuleType,
    /// The array of small ints (element of value 0 is `SmallInts + NSMALLNEGINTS * size`).
    SmallInts,
    /// The table of one-character ASCII strings.
    AsciiStrings,
    /// The empty string.
    EmptyString,
    /// `()`.
    EmptyTuple,
    /// The entry of functions that have compiled code.
    CompiledEntry,
    /// Not an address: where the compiled code is among a code object's extra data, in bytes from the first.
    CompiledSlot,
    /// Where the interpreter has the function that evaluates frames in its place; null there if none does.
    OtherEvaluator,
    /// A byte: whether a tool has an id of `sys.monitoring`, as far as was noticed.
    Watchful,
    /// `sys.monitoring.use_tool_id`.
    UseToolIdFunction,
    /// `getattr`.
    GetattrFunction,
    /// `hasattr`.
    HasattrFunction,
    /// `id`.
    IdFunction,
    /// What is called for `id`, in the same way.
    QuickId,
    /// What is called for `getattr`, in the same way.
    QuickGetattr,
    /// What is called for `hasattr`.
    QuickHasattr,
    /// What C code calls for `iter(x)` of iterators, which are their own.
    SelfIterFunction,
    /// The C function of the method `send` of generators and coroutines.
    SendFunction,
    /// What is called for that, in the same way.
    QuickSend,
    /// A word: the C function of `heapq.heappush`, or null as long as nobody has found it.
    HeapPushPlace,
    /// A word: the C function of `heapq.heappop`, likewise.
    HeapPopPlace,
    /// What is called for `heapq.heappush`, in the same way.
    QuickHeapPush,
    /// What is called for `heapq.heappop`.
    QuickHeapPop,
    /// `len`.
    LenFunction,
    /// `isinstance`.
    IsInstanceFunction,
    /// `list.append`.
    ListAppendMethod,
    /// `dict.get`.
    DictGetMethod,
    /// The method `join` of `str`.
    StrJoinMethod,
    /// `AssertionError`.
    AssertionError,
    /// `bytearray`.
    ByteArrayType,
    /// `array.array`, once a region was made for one.
    ArrayType,
    /// `super`.
    SuperType,
}
