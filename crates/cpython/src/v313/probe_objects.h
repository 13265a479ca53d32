/* Part of probe.c: offsets and constants of frames, states and objects. */

static void print_execution(void) {
    begin("frame", "`_PyInterpreterFrame`.");
    OFF(EXECUTABLE, _PyInterpreterFrame, f_executable);
    OFF(PREVIOUS, _PyInterpreterFrame, previous);
    OFF(FUNCOBJ, _PyInterpreterFrame, f_funcobj);
    OFF(GLOBALS, _PyInterpreterFrame, f_globals);
    OFF(BUILTINS, _PyInterpreterFrame, f_builtins);
    OFF(LOCALS, _PyInterpreterFrame, f_locals);
    OFF(FRAME_OBJ, _PyInterpreterFrame, frame_obj);
    OFF(INSTR_PTR, _PyInterpreterFrame, instr_ptr);
    OFF(STACKTOP, _PyInterpreterFrame, stacktop);
    OFF(RETURN_OFFSET, _PyInterpreterFrame, return_offset);
    OFF(OWNER, _PyInterpreterFrame, owner);
    OFF(LOCALSPLUS, _PyInterpreterFrame, localsplus);
    SIZE(_PyInterpreterFrame);
    DOC("Words a frame takes besides its locals and stack (`co_framesize` includes them).");
    CONST(SPECIALS_SIZE, i32, FRAME_SPECIALS_SIZE);
    VAL(OWNED_BY_THREAD, u8, FRAME_OWNED_BY_THREAD);
    VAL(OWNED_BY_GENERATOR, u8, FRAME_OWNED_BY_GENERATOR);
    VAL(OWNED_BY_FRAME_OBJECT, u8, FRAME_OWNED_BY_FRAME_OBJECT);
    VAL(OWNED_BY_CSTACK, u8, FRAME_OWNED_BY_CSTACK);
    end();

    begin("frame_object", "`PyFrameObject`: what Python code sees of a frame.");
    OFF(F_BACK, PyFrameObject, f_back);
    OFF(F_FRAME, PyFrameObject, f_frame);
    OFF(F_TRACE, PyFrameObject, f_trace);
    OFF(F_LINENO, PyFrameObject, f_lineno);
    OFF(F_EXTRA_LOCALS, PyFrameObject, f_extra_locals);
    OFF(F_LOCALS_CACHE, PyFrameObject, f_locals_cache);
    OFF(F_FRAME_DATA, PyFrameObject, _f_frame_data);
    SIZE(PyFrameObject);
    end();

    begin("thread_state", "`PyThreadState`.");
    OFF(INTERP, PyThreadState, interp);
    OFF(EVAL_BREAKER, PyThreadState, eval_breaker);
    OFF(PY_RECURSION_REMAINING, PyThreadState, py_recursion_remaining);
    OFF(PY_RECURSION_LIMIT, PyThreadState, py_recursion_limit);
    OFF(C_RECURSION_REMAINING, PyThreadState, c_recursion_remaining);
    OFF(RECURSION_HEADROOM, PyThreadState, recursion_headroom);
    OFF(TRACING, PyThreadState, tracing);
    OFF(WHAT_EVENT, PyThreadState, what_event);
    OFF(CURRENT_FRAME, PyThreadState, current_frame);
    OFF(C_PROFILEFUNC, PyThreadState, c_profilefunc);
    OFF(C_TRACEFUNC, PyThreadState, c_tracefunc);
    OFF(CURRENT_EXCEPTION, PyThreadState, current_exception);
    OFF(EXC_INFO, PyThreadState, exc_info);
    OFF(ASYNC_EXC, PyThreadState, async_exc);
    OFF(THREAD_ID, PyThreadState, thread_id);
    OFF(NATIVE_THREAD_ID, PyThreadState, native_thread_id);
    OFF(DELETE_LATER, PyThreadState, delete_later);
    OFF(CONTEXT, PyThreadState, context);
    OFF(ID, PyThreadState, id);
    OFF(DATASTACK_CHUNK, PyThreadState, datastack_chunk);
    OFF(DATASTACK_TOP, PyThreadState, datastack_top);
    OFF(DATASTACK_LIMIT, PyThreadState, datastack_limit);
    OFF(EXC_STATE, PyThreadState, exc_state);
    DOC("`Py_C_RECURSION_LIMIT`: what `c_recursion_remaining` starts from.");
    CONST(C_RECURSION_LIMIT, i32, Py_C_RECURSION_LIMIT);
    end();

    begin("stack_chunk", "`_PyStackChunk`: a block of the data stack frames live on.");
    OFF(PREVIOUS, _PyStackChunk, previous);
    OFF(SIZE, _PyStackChunk, size);
    OFF(TOP, _PyStackChunk, top);
    OFF(DATA, _PyStackChunk, data);
    end();

    begin("exc_stack_item", "`_PyErr_StackItem`.");
    OFF(EXC_VALUE, _PyErr_StackItem, exc_value);
    OFF(PREVIOUS_ITEM, _PyErr_StackItem, previous_item);
    SIZE(_PyErr_StackItem);
    end();

    begin("eval_breaker", "The low bits of `PyThreadState.eval_breaker`; above them is the instrumentation version.");
    VAL(GIL_DROP_REQUEST, u32, _PY_GIL_DROP_REQUEST_BIT);
    VAL(SIGNALS_PENDING, u32, _PY_SIGNALS_PENDING_BIT);
    VAL(CALLS_TO_DO, u32, _PY_CALLS_TO_DO_BIT);
    VAL(ASYNC_EXCEPTION, u32, _PY_ASYNC_EXCEPTION_BIT);
    VAL(GC_SCHEDULED, u32, _PY_GC_SCHEDULED_BIT);
    VAL(PLEASE_STOP, u32, _PY_EVAL_PLEASE_STOP_BIT);
    VAL(EXPLICIT_MERGE, u32, _PY_EVAL_EXPLICIT_MERGE_BIT);
    VAL(EVENTS_BITS, u32, _PY_EVAL_EVENTS_BITS);
    VAL(EVENTS_MASK, u64, _PY_EVAL_EVENTS_MASK);
    end();

    begin("monitoring", "`sys.monitoring` (PEP 669).");
    VAL(TOOL_IDS, u32, PY_MONITORING_TOOL_IDS);
    VAL(OPTIMIZER_ID, u32, PY_MONITORING_OPTIMIZER_ID);
    VAL(SYS_PROFILE_ID, u32, PY_MONITORING_SYS_PROFILE_ID);
    VAL(SYS_TRACE_ID, u32, PY_MONITORING_SYS_TRACE_ID);
    VAL(LOCAL_EVENTS, u32, _PY_MONITORING_LOCAL_EVENTS);
    VAL(UNGROUPED_EVENTS, u32, _PY_MONITORING_UNGROUPED_EVENTS);
    VAL(EVENTS, u32, _PY_MONITORING_EVENTS);
    VAL(EVENT_PY_START, u32, PY_MONITORING_EVENT_PY_START);
    VAL(EVENT_PY_RESUME, u32, PY_MONITORING_EVENT_PY_RESUME);
    VAL(EVENT_PY_RETURN, u32, PY_MONITORING_EVENT_PY_RETURN);
    VAL(EVENT_PY_YIELD, u32, PY_MONITORING_EVENT_PY_YIELD);
    VAL(EVENT_CALL, u32, PY_MONITORING_EVENT_CALL);
    VAL(EVENT_LINE, u32, PY_MONITORING_EVENT_LINE);
    VAL(EVENT_INSTRUCTION, u32, PY_MONITORING_EVENT_INSTRUCTION);
    VAL(EVENT_JUMP, u32, PY_MONITORING_EVENT_JUMP);
    VAL(EVENT_BRANCH, u32, PY_MONITORING_EVENT_BRANCH);
    VAL(EVENT_STOP_ITERATION, u32, PY_MONITORING_EVENT_STOP_ITERATION);
    VAL(EVENT_RAISE, u32, PY_MONITORING_EVENT_RAISE);
    VAL(EVENT_EXCEPTION_HANDLED, u32, PY_MONITORING_EVENT_EXCEPTION_HANDLED);
    VAL(EVENT_PY_UNWIND, u32, PY_MONITORING_EVENT_PY_UNWIND);
    VAL(EVENT_PY_THROW, u32, PY_MONITORING_EVENT_PY_THROW);
    VAL(EVENT_RERAISE, u32, PY_MONITORING_EVENT_RERAISE);
    end();

    begin("co_monitoring", "`_PyCoMonitoringData`, at `co_monitoring` of a code object.");
    OFF(LOCAL_MONITORS, _PyCoMonitoringData, local_monitors);
    OFF(ACTIVE_MONITORS, _PyCoMonitoringData, active_monitors);
    OFF(TOOLS, _PyCoMonitoringData, tools);
    OFF(LINES, _PyCoMonitoringData, lines);
    OFF(LINE_TOOLS, _PyCoMonitoringData, line_tools);
    OFF(PER_INSTRUCTION_OPCODES, _PyCoMonitoringData, per_instruction_opcodes);
    OFF(PER_INSTRUCTION_TOOLS, _PyCoMonitoringData, per_instruction_tools);
    end();

    begin("interpreter_state",
          "`PyInterpreterState`. Fields after the configuration may move between patch versions: see `live::check`.");
    OFF(NEXT, PyInterpreterState, next);
    OFF(ID, PyInterpreterState, id);
    OFF(THREADS_HEAD, PyInterpreterState, threads.head);
    OFF(GC, PyInterpreterState, gc);
    OFF(GC_GENERATION0, PyInterpreterState, gc.generation0);
    OFF(GC_ENABLED, PyInterpreterState, gc.enabled);
    OFF(GC_COUNT0, PyInterpreterState, gc.generations[0].count);
    OFF(GC_THRESHOLD0, PyInterpreterState, gc.generations[0].threshold);
    OFF(GC_COLLECTING, PyInterpreterState, gc.collecting);
    OFF(SYSDICT, PyInterpreterState, sysdict);
    OFF(BUILTINS, PyInterpreterState, builtins);
    OFF(IMPORTS_MODULES, PyInterpreterState, imports.modules);
    OFF(IMPORT_FUNC, PyInterpreterState, imports.import_func);
    OFF(CEVAL_GIL, PyInterpreterState, ceval.gil);
    OFF(EVAL_FRAME, PyInterpreterState, eval_frame);
    OFF(CO_EXTRA_USER_COUNT, PyInterpreterState, co_extra_user_count);
    OFF(FLOAT_FREELIST, PyInterpreterState, object_state.freelists.floats.items);
    OFF(FLOAT_NUMFREE, PyInterpreterState, object_state.freelists.floats.numfree);
    OFF(TUPLE_FREELISTS, PyInterpreterState, object_state.freelists.tuples.items);
    OFF(TUPLE_NUMFREE, PyInterpreterState, object_state.freelists.tuples.numfree);
    OFF(LIST_FREELIST, PyInterpreterState, object_state.freelists.lists.items);
    OFF(LIST_NUMFREE, PyInterpreterState, object_state.freelists.lists.numfree);
    OFF(SLICE_CACHE, PyInterpreterState, object_state.freelists.slices.slice_cache);
    OFF(DICT_GLOBAL_VERSION, PyInterpreterState, dict_state.global_version);
    OFF(DICT_WATCHERS, PyInterpreterState, dict_state.watchers);
    OFF(CALLABLE_ISINSTANCE, PyInterpreterState, callable_cache.isinstance);
    OFF(CALLABLE_LEN, PyInterpreterState, callable_cache.len);
    OFF(CALLABLE_LIST_APPEND, PyInterpreterState, callable_cache.list_append);
    OFF(CALLABLE_OBJECT_GETATTRIBUTE, PyInterpreterState, callable_cache.object__getattribute__);
    OFF(MONITORS, PyInterpreterState, monitors);
    SIZE(PyInterpreterState);
    VAL(FLOAT_MAXFREELIST, i32, PyFloat_MAXFREELIST);
    VAL(TUPLE_MAXSAVESIZE, i32, PyTuple_MAXSAVESIZE);
    VAL(TUPLE_MAXFREELIST, i32, PyTuple_MAXFREELIST);
    VAL(LIST_MAXFREELIST, i32, PyList_MAXFREELIST);
    end();

    begin("runtime", "`_PyRuntime`. The singletons may move between patch versions: take addresses from `live::singletons`.");
    OFF(DEBUG_OFFSETS, _PyRuntimeState, debug_offsets);
    OFF(INTERPRETERS_MAIN, _PyRuntimeState, interpreters.main);
    OFF(SMALL_INTS, _PyRuntimeState, static_objects.singletons.small_ints);
    OFF(BYTES_EMPTY, _PyRuntimeState, static_objects.singletons.bytes_empty);
    OFF(TUPLE_EMPTY, _PyRuntimeState, static_objects.singletons.tuple_empty);
    OFF(STRINGS_ASCII, _PyRuntimeState, static_objects.singletons.strings.ascii);
    OFF(STRINGS_LATIN1, _PyRuntimeState, static_objects.singletons.strings.latin1);
    DOC("Distance between two one-character ASCII strings of the table at `STRINGS_ASCII`.");
    CONST(STRINGS_ASCII_STRIDE, i32, sizeof(_PyRuntime.static_objects.singletons.strings.ascii[0]));
    DOC("Distance between two one-character strings (U+0080 to U+00FF) of the table at `STRINGS_LATIN1`.");
    CONST(STRINGS_LATIN1_STRIDE, i32, sizeof(_PyRuntime.static_objects.singletons.strings.latin1[0]));
    SIZE(_PyRuntimeState);
    end();
}

static void print_code(void) {
    begin("function", "`PyFunctionObject`.");
    OFF(GLOBALS, PyFunctionObject, func_globals);
    OFF(BUILTINS, PyFunctionObject, func_builtins);
    OFF(NAME, PyFunctionObject, func_name);
    OFF(QUALNAME, PyFunctionObject, func_qualname);
    OFF(CODE, PyFunctionObject, func_code);
    OFF(DEFAULTS, PyFunctionObject, func_defaults);
    OFF(KWDEFAULTS, PyFunctionObject, func_kwdefaults);
    OFF(CLOSURE, PyFunctionObject, func_closure);
    OFF(DOC, PyFunctionObject, func_doc);
    OFF(DICT, PyFunctionObject, func_dict);
    OFF(MODULE, PyFunctionObject, func_module);
    OFF(ANNOTATIONS, PyFunctionObject, func_annotations);
    OFF(TYPEPARAMS, PyFunctionObject, func_typeparams);
    OFF(VECTORCALL, PyFunctionObject, vectorcall);
    OFF(VERSION, PyFunctionObject, func_version);
    SIZE(PyFunctionObject);
    end();

    begin("code", "`PyCodeObject`.");
    OFF(SIZE, PyCodeObject, ob_base.ob_size);
    OFF(CONSTS, PyCodeObject, co_consts);
    OFF(NAMES, PyCodeObject, co_names);
    OFF(EXCEPTIONTABLE, PyCodeObject, co_exceptiontable);
    OFF(FLAGS, PyCodeObject, co_flags);
    OFF(ARGCOUNT, PyCodeObject, co_argcount);
    OFF(POSONLYARGCOUNT, PyCodeObject, co_posonlyargcount);
    OFF(KWONLYARGCOUNT, PyCodeObject, co_kwonlyargcount);
    OFF(STACKSIZE, PyCodeObject, co_stacksize);
    OFF(FIRSTLINENO, PyCodeObject, co_firstlineno);
    OFF(NLOCALSPLUS, PyCodeObject, co_nlocalsplus);
    OFF(FRAMESIZE, PyCodeObject, co_framesize);
    OFF(NLOCALS, PyCodeObject, co_nlocals);
    OFF(NCELLVARS, PyCodeObject, co_ncellvars);
    OFF(NFREEVARS, PyCodeObject, co_nfreevars);
    OFF(VERSION, PyCodeObject, co_version);
    OFF(LOCALSPLUSNAMES, PyCodeObject, co_localsplusnames);
    OFF(LOCALSPLUSKINDS, PyCodeObject, co_localspluskinds);
    OFF(FILENAME, PyCodeObject, co_filename);
    OFF(NAME, PyCodeObject, co_name);
    OFF(QUALNAME, PyCodeObject, co_qualname);
    OFF(LINETABLE, PyCodeObject, co_linetable);
    OFF(EXECUTORS, PyCodeObject, co_executors);
    OFF(INSTRUMENTATION_VERSION, PyCodeObject, _co_instrumentation_version);
    OFF(MONITORING, PyCodeObject, _co_monitoring);
    OFF(FIRSTTRACEABLE, PyCodeObject, _co_firsttraceable);
    OFF(CO_EXTRA, PyCodeObject, co_extra);
    OFF(CODE_ADAPTIVE, PyCodeObject, co_code_adaptive);
    SIZE(PyCodeObject);
    DOC("Size of a code unit in bytes.");
    CONST(UNIT_SIZE, i32, sizeof(_Py_CODEUNIT));
    VAL(CO_OPTIMIZED, u32, CO_OPTIMIZED);
    VAL(CO_NEWLOCALS, u32, CO_NEWLOCALS);
    VAL(CO_VARARGS, u32, CO_VARARGS);
    VAL(CO_VARKEYWORDS, u32, CO_VARKEYWORDS);
    VAL(CO_NESTED, u32, CO_NESTED);
    VAL(CO_GENERATOR, u32, CO_GENERATOR);
    VAL(CO_COROUTINE, u32, CO_COROUTINE);
    VAL(CO_ITERABLE_COROUTINE, u32, CO_ITERABLE_COROUTINE);
    VAL(CO_ASYNC_GENERATOR, u32, CO_ASYNC_GENERATOR);
    VAL(CO_NO_MONITORING_EVENTS, u32, CO_NO_MONITORING_EVENTS);
    VAL(FAST_HIDDEN, u8, CO_FAST_HIDDEN);
    VAL(FAST_LOCAL, u8, CO_FAST_LOCAL);
    VAL(FAST_CELL, u8, CO_FAST_CELL);
    VAL(FAST_FREE, u8, CO_FAST_FREE);
    end();

    begin("code_extra", "`_PyCodeObjectExtra`, at `co_extra` of a code object. Private to `codeobject.c`; checked at run time.");
    /* Not in any header: `typedef struct { Py_ssize_t ce_size; void *ce_extras[1]; }`. */
    DOC("Offset of `ce_size`, the number of slots allocated.");
    CONST(CE_SIZE, i32, 0);
    DOC("Offset of `ce_extras`, the slots.");
    CONST(CE_EXTRAS, i32, sizeof(Py_ssize_t));
    end();

    begin("generator", "`PyGenObject`, `PyCoroObject` and `PyAsyncGenObject`.");
    OFF(NAME, PyGenObject, gi_name);
    OFF(QUALNAME, PyGenObject, gi_qualname);
    OFF(EXC_STATE, PyGenObject, gi_exc_state);
    OFF(ORIGIN_OR_FINALIZER, PyGenObject, gi_origin_or_finalizer);
    OFF(HOOKS_INITED, PyGenObject, gi_hooks_inited);
    OFF(CLOSED, PyGenObject, gi_closed);
    OFF(RUNNING_ASYNC, PyGenObject, gi_running_async);
    OFF(FRAME_STATE, PyGenObject, gi_frame_state);
    OFF(IFRAME, PyGenObject, gi_iframe);
    SIZE(PyGenObject);
    VAL(FRAME_CREATED, i8, FRAME_CREATED);
    VAL(FRAME_SUSPENDED, i8, FRAME_SUSPENDED);
    VAL(FRAME_SUSPENDED_YIELD_FROM, i8, FRAME_SUSPENDED_YIELD_FROM);
    VAL(FRAME_EXECUTING, i8, FRAME_EXECUTING);
    VAL(FRAME_COMPLETED, i8, FRAME_COMPLETED);
    VAL(FRAME_CLEARED, i8, FRAME_CLEARED);
    end();
}

static void print_type(void) {
    begin("object", "`PyObject`.");
    OFF(OB_REFCNT, PyObject, ob_refcnt);
    OFF(OB_TYPE, PyObject, ob_type);
    SIZE(PyObject);
    DOC("The reference count immortal objects are given. An object is immortal if its count, as an `i32`, is negative;");
    DOC("an increment that would overflow 32 bits is dropped.");
    CONST(IMMORTAL_REFCNT, i64, _Py_IMMORTAL_REFCNT);
    DOC("Where the pointer to an instance's `__dict__` is, from the object (`Py_TPFLAGS_MANAGED_DICT`).");
    CONST(MANAGED_DICT_OFFSET, i32, MANAGED_DICT_OFFSET);
    DOC("Where the pointer to an instance's weak references is, from the object (`Py_TPFLAGS_MANAGED_WEAKREF`).");
    CONST(MANAGED_WEAKREF_OFFSET, i32, MANAGED_WEAKREF_OFFSET);
    DOC("Where inline values are, from the object (`Py_TPFLAGS_INLINE_VALUES`; such types have this `tp_basicsize`).");
    CONST(INLINE_VALUES_OFFSET, i32, sizeof(PyObject));
    end();

    begin("var_object", "`PyVarObject`.");
    OFF(OB_SIZE, PyVarObject, ob_size);
    SIZE(PyVarObject);
    end();

    begin("gc_head", "`PyGC_Head`, in front of each object the collector tracks.");
    OFF(GC_NEXT, PyGC_Head, _gc_next);
    OFF(GC_PREV, PyGC_Head, _gc_prev);
    SIZE(PyGC_Head);
    VAL(PREV_SHIFT, u32, _PyGC_PREV_SHIFT);
    VAL(PREV_MASK_FINALIZED, u64, _PyGC_PREV_MASK_FINALIZED);
    VAL(PREV_MASK_COLLECTING, u64, _PyGC_PREV_MASK_COLLECTING);
    end();

    begin("type_object", "`PyTypeObject` and `PyHeapTypeObject`.");
    OFF(TP_NAME, PyTypeObject, tp_name);
    OFF(TP_BASICSIZE, PyTypeObject, tp_basicsize);
    OFF(TP_ITEMSIZE, PyTypeObject, tp_itemsize);
    OFF(TP_DEALLOC, PyTypeObject, tp_dealloc);
    OFF(TP_VECTORCALL_OFFSET, PyTypeObject, tp_vectorcall_offset);
    OFF(TP_AS_ASYNC, PyTypeObject, tp_as_async);
    OFF(TP_AS_NUMBER, PyTypeObject, tp_as_number);
    OFF(TP_AS_SEQUENCE, PyTypeObject, tp_as_sequence);
    OFF(TP_AS_MAPPING, PyTypeObject, tp_as_mapping);
    OFF(TP_HASH, PyTypeObject, tp_hash);
    OFF(TP_CALL, PyTypeObject, tp_call);
    OFF(TP_REPR, PyTypeObject, tp_repr);
    OFF(TP_STR, PyTypeObject, tp_str);
    OFF(TP_GETATTRO, PyTypeObject, tp_getattro);
    OFF(TP_SETATTRO, PyTypeObject, tp_setattro);
    OFF(TP_FLAGS, PyTypeObject, tp_flags);
    OFF(TP_TRAVERSE, PyTypeObject, tp_traverse);
    OFF(TP_RICHCOMPARE, PyTypeObject, tp_richcompare);
    OFF(TP_WEAKLISTOFFSET, PyTypeObject, tp_weaklistoffset);
    OFF(TP_ITER, PyTypeObject, tp_iter);
    OFF(TP_ITERNEXT, PyTypeObject, tp_iternext);
    OFF(TP_BASE, PyTypeObject, tp_base);
    OFF(TP_DICT, PyTypeObject, tp_dict);
    OFF(TP_DESCR_GET, PyTypeObject, tp_descr_get);
    OFF(TP_DESCR_SET, PyTypeObject, tp_descr_set);
    OFF(TP_DICTOFFSET, PyTypeObject, tp_dictoffset);
    OFF(TP_INIT, PyTypeObject, tp_init);
    OFF(TP_ALLOC, PyTypeObject, tp_alloc);
    OFF(TP_NEW, PyTypeObject, tp_new);
    OFF(TP_FREE, PyTypeObject, tp_free);
    OFF(TP_MRO, PyTypeObject, tp_mro);
    OFF(TP_VERSION_TAG, PyTypeObject, tp_version_tag);
    OFF(TP_VECTORCALL, PyTypeObject, tp_vectorcall);
    OFF(TP_WATCHED, PyTypeObject, tp_watched);
    OFF(TP_VERSIONS_USED, PyTypeObject, tp_versions_used);
    SIZE(PyTypeObject);
    OFF(HT_NAME, PyHeapTypeObject, ht_name);
    OFF(HT_SLOTS, PyHeapTypeObject, ht_slots);
    OFF(HT_QUALNAME, PyHeapTypeObject, ht_qualname);
    OFF(HT_CACHED_KEYS, PyHeapTypeObject, ht_cached_keys);
    OFF(HT_MODULE, PyHeapTypeObject, ht_module);
    OFF(SPEC_CACHE_GETITEM, PyHeapTypeObject, _spec_cache.getitem);
    OFF(SPEC_CACHE_GETITEM_VERSION, PyHeapTypeObject, _spec_cache.getitem_version);
    OFF(SPEC_CACHE_INIT, PyHeapTypeObject, _spec_cache.init);
    OFF(NB_BOOL, PyNumberMethods, nb_bool);
    OFF(SQ_LENGTH, PySequenceMethods, sq_length);
    OFF(SQ_ITEM, PySequenceMethods, sq_item);
    OFF(SQ_CONTAINS, PySequenceMethods, sq_contains);
    OFF(MP_LENGTH, PyMappingMethods, mp_length);
    OFF(MP_SUBSCRIPT, PyMappingMethods, mp_subscript);
    OFF(MP_ASS_SUBSCRIPT, PyMappingMethods, mp_ass_subscript);
    OFF(AM_AWAIT, PyAsyncMethods, am_await);
    OFF(AM_AITER, PyAsyncMethods, am_aiter);
    OFF(AM_ANEXT, PyAsyncMethods, am_anext);
    OFF(AM_SEND, PyAsyncMethods, am_send);
    VAL(INLINE_VALUES, u64, Py_TPFLAGS_INLINE_VALUES);
    VAL(MANAGED_WEAKREF, u64, Py_TPFLAGS_MANAGED_WEAKREF);
    VAL(MANAGED_DICT, u64, Py_TPFLAGS_MANAGED_DICT);
    VAL(SEQUENCE, u64, Py_TPFLAGS_SEQUENCE);
    VAL(MAPPING, u64, Py_TPFLAGS_MAPPING);
    VAL(IMMUTABLETYPE, u64, Py_TPFLAGS_IMMUTABLETYPE);
    VAL(HEAPTYPE, u64, Py_TPFLAGS_HEAPTYPE);
    VAL(BASETYPE, u64, Py_TPFLAGS_BASETYPE);
    VAL(HAVE_VECTORCALL, u64, Py_TPFLAGS_HAVE_VECTORCALL);
    VAL(READY, u64, Py_TPFLAGS_READY);
    VAL(HAVE_GC, u64, Py_TPFLAGS_HAVE_GC);
    VAL(METHOD_DESCRIPTOR, u64, Py_TPFLAGS_METHOD_DESCRIPTOR);
    VAL(VALID_VERSION_TAG, u64, Py_TPFLAGS_VALID_VERSION_TAG);
    VAL(IS_ABSTRACT, u64, Py_TPFLAGS_IS_ABSTRACT);
    VAL(ITEMS_AT_END, u64, Py_TPFLAGS_ITEMS_AT_END);
    VAL(LONG_SUBCLASS, u64, Py_TPFLAGS_LONG_SUBCLASS);
    VAL(LIST_SUBCLASS, u64, Py_TPFLAGS_LIST_SUBCLASS);
    VAL(TUPLE_SUBCLASS, u64, Py_TPFLAGS_TUPLE_SUBCLASS);
    VAL(BYTES_SUBCLASS, u64, Py_TPFLAGS_BYTES_SUBCLASS);
    VAL(UNICODE_SUBCLASS, u64, Py_TPFLAGS_UNICODE_SUBCLASS);
    VAL(DICT_SUBCLASS, u64, Py_TPFLAGS_DICT_SUBCLASS);
    VAL(BASE_EXC_SUBCLASS, u64, Py_TPFLAGS_BASE_EXC_SUBCLASS);
    VAL(TYPE_SUBCLASS, u64, Py_TPFLAGS_TYPE_SUBCLASS);
    end();
}

static void print_values(void) {
    begin("long", "`PyLongObject`. Compact (at most one digit) when `lv_tag < COMPACT_LIMIT`; then the value is `(1 - (lv_tag & SIGN_MASK)) * ob_digit[0]`.");
    OFF(LV_TAG, PyLongObject, long_value.lv_tag);
    OFF(OB_DIGIT, PyLongObject, long_value.ob_digit);
    SIZE(PyLongObject);
    VAL(NON_SIZE_BITS, u32, _PyLong_NON_SIZE_BITS);
    VAL(SIGN_MASK, u64, _PyLong_SIGN_MASK);
    DOC("`lv_tag & SIGN_MASK` of positive numbers.");
    CONST(SIGN_POSITIVE, u64, 0);
    DOC("`lv_tag & SIGN_MASK` of zero.");
    CONST(SIGN_ZERO, u64, 1);
    DOC("`lv_tag & SIGN_MASK` of negative numbers.");
    CONST(SIGN_NEGATIVE, u64, 2);
    DOC("Numbers with a tag below this are compact.");
    CONST(COMPACT_LIMIT, u64, 2 << _PyLong_NON_SIZE_BITS);
    DOC("Bits in a digit.");
    CONST(SHIFT, u32, PyLong_SHIFT);
    DOC("The largest digit.");
    CONST(DIGIT_MASK, u64, PyLong_MASK);
    DOC("Size of a digit in bytes.");
    CONST(DIGIT_SIZE, i32, sizeof(digit));
    DOC("How many negative numbers are preallocated.");
    CONST(NSMALLNEGINTS, i32, _PY_NSMALLNEGINTS);
    DOC("How many numbers from 0 on are preallocated.");
    CONST(NSMALLPOSINTS, i32, _PY_NSMALLPOSINTS);
    DOC("Distance between two preallocated numbers.");
    CONST(SMALL_INT_STRIDE, i32, sizeof(PyLongObject));
    end();

    begin("float", "`PyFloatObject`. The free list is linked through `ob_type`.");
    OFF(OB_FVAL, PyFloatObject, ob_fval);
    SIZE(PyFloatObject);
    end();

    begin("complex", "`PyComplexObject`.");
    OFF(REAL, PyComplexObject, cval.real);
    OFF(IMAG, PyComplexObject, cval.imag);
    SIZE(PyComplexObject);
    end();

    begin("list", "`PyListObject`.");
    OFF(OB_ITEM, PyListObject, ob_item);
    OFF(OB_SIZE, PyListObject, ob_base.ob_size);
    OFF(ALLOCATED, PyListObject, allocated);
    SIZE(PyListObject);
    end();

    begin("tuple", "`PyTupleObject`; the items are inside the object.");
    OFF(OB_ITEM, PyTupleObject, ob_item);
    OFF(OB_SIZE, PyTupleObject, ob_base.ob_size);
    SIZE(PyTupleObject);
    end();

    begin("bytes", "`PyBytesObject`.");
    OFF(OB_SIZE, PyBytesObject, ob_base.ob_size);
    OFF(OB_SVAL, PyBytesObject, ob_sval);
    SIZE(PyBytesObject);
    end();

    begin("unicode", "`PyUnicodeObject` and its compact forms. Bits are those of the 32-bit word at `STATE`.");
    OFF(LENGTH, PyASCIIObject, length);
    OFF(HASH, PyASCIIObject, hash);
    OFF(STATE, PyASCIIObject, state);
    DOC("Offset of the characters of a compact ASCII string.");
    CONST(ASCII_DATA, i32, sizeof(PyASCIIObject));
    DOC("Offset of the characters of a compact string that is not ASCII.");
    CONST(COMPACT_DATA, i32, sizeof(PyCompactUnicodeObject));
    OFF(DATA_POINTER, PyUnicodeObject, data);
    {
        PyASCIIObject s;
        uint32_t word;
#define BITS(NAME, FIELD, WIDTH) do { \
        memset(&s, 0, sizeof s); \
        s.state.FIELD = (1u << WIDTH) - 1; \
        memcpy(&word, &s.state, 4); \
        DOC("The bits of `" #FIELD "`."); \
        emit(#NAME "_MASK", "u32", word); \
        DOC("Where `" #FIELD "` begins."); \
        emit(#NAME "_SHIFT", "u32", __builtin_ctz(word)); \
    } while (0)
        BITS(INTERNED, interned, 2);
        BITS(KIND, kind, 3);
        BITS(COMPACT, compact, 1);
        BITS(ASCII, ascii, 1);
        BITS(STATICALLY_ALLOCATED, statically_allocated, 1);
#undef BITS
    }
    VAL(KIND_1BYTE, u32, PyUnicode_1BYTE_KIND);
    VAL(KIND_2BYTE, u32, PyUnicode_2BYTE_KIND);
    VAL(KIND_4BYTE, u32, PyUnicode_4BYTE_KIND);
    end();

    begin("slice", "`PySliceObject`.");
    OFF(START, PySliceObject, start);
    OFF(STOP, PySliceObject, stop);
    OFF(STEP, PySliceObject, step);
    SIZE(PySliceObject);
    end();

    begin("cell", "`PyCellObject`.");
    OFF(OB_REF, PyCellObject, ob_ref);
    SIZE(PyCellObject);
    end();

    begin("exception", "`PyBaseExceptionObject`.");
    OFF(ARGS, PyBaseExceptionObject, args);
    OFF(TRACEBACK, PyBaseExceptionObject, traceback);
    OFF(CONTEXT, PyBaseExceptionObject, context);
    OFF(CAUSE, PyBaseExceptionObject, cause);
    OFF(SUPPRESS_CONTEXT, PyBaseExceptionObject, suppress_context);
    OFF(STOP_ITERATION_VALUE, PyStopIterationObject, value);
    end();
}

static void print_containers(void) {
    begin("dict", "`PyDictObject`. Split when `ma_values` is not NULL.");
    OFF(MA_USED, PyDictObject, ma_used);
    OFF(MA_VERSION_TAG, PyDictObject, ma_version_tag);
    OFF(MA_KEYS, PyDictObject, ma_keys);
    OFF(MA_VALUES, PyDictObject, ma_values);
    SIZE(PyDictObject);
    DOC("Low bits of `ma_version_tag`: which watchers look at this dict.");
    CONST(WATCHER_MASK, u64, DICT_WATCHER_MASK);
    DOC("Low bits of `ma_version_tag` that are not the version: watchers and the mutation counter.");
    CONST(WATCHER_AND_MODIFICATION_MASK, u64, DICT_WATCHER_AND_MODIFICATION_MASK);
    DOC("What each modification adds to the interpreter's dict version.");
    CONST(VERSION_INCREMENT, u64, DICT_VERSION_INCREMENT);
    end();

    begin("dict_keys", "`PyDictKeysObject`. The entries begin `1 << dk_log2_index_bytes` bytes after `DK_INDICES`.");
    OFF(DK_REFCNT, PyDictKeysObject, dk_refcnt);
    OFF(DK_LOG2_SIZE, PyDictKeysObject, dk_log2_size);
    OFF(DK_LOG2_INDEX_BYTES, PyDictKeysObject, dk_log2_index_bytes);
    OFF(DK_KIND, PyDictKeysObject, dk_kind);
    OFF(DK_VERSION, PyDictKeysObject, dk_version);
    OFF(DK_USABLE, PyDictKeysObject, dk_usable);
    OFF(DK_NENTRIES, PyDictKeysObject, dk_nentries);
    OFF(DK_INDICES, PyDictKeysObject, dk_indices);
    VAL(GENERAL, u8, DICT_KEYS_GENERAL);
    VAL(UNICODE, u8, DICT_KEYS_UNICODE);
    VAL(SPLIT, u8, DICT_KEYS_SPLIT);
    VAL(SHARED_KEYS_MAX_SIZE, u32, SHARED_KEYS_MAX_SIZE);
    OFF(ENTRY_HASH, PyDictKeyEntry, me_hash);
    OFF(ENTRY_KEY, PyDictKeyEntry, me_key);
    OFF(ENTRY_VALUE, PyDictKeyEntry, me_value);
    DOC("Size of a general entry.");
    CONST(ENTRY_SIZE, i32, sizeof(PyDictKeyEntry));
    OFF(UNICODE_ENTRY_KEY, PyDictUnicodeEntry, me_key);
    OFF(UNICODE_ENTRY_VALUE, PyDictUnicodeEntry, me_value);
    DOC("Size of an entry of a table that has only string keys.");
    CONST(UNICODE_ENTRY_SIZE, i32, sizeof(PyDictUnicodeEntry));
    end();

    begin("dict_values", "`PyDictValues`: the values of a split dict, or of an instance (inline). The insertion order follows the values, a byte each.");
    OFF(CAPACITY, PyDictValues, capacity);
    OFF(SIZE, PyDictValues, size);
    OFF(EMBEDDED, PyDictValues, embedded);
    OFF(VALID, PyDictValues, valid);
    OFF(VALUES, PyDictValues, values);
    end();

    begin("set", "`PySetObject`.");
    OFF(FILL, PySetObject, fill);
    OFF(USED, PySetObject, used);
    OFF(MASK, PySetObject, mask);
    OFF(TABLE, PySetObject, table);
    SIZE(PySetObject);
    end();

    begin("range_iterator", "`_PyRangeIterObject`: fields are C longs.");
    OFF(START, _PyRangeIterObject, start);
    OFF(STEP, _PyRangeIterObject, step);
    OFF(LEN, _PyRangeIterObject, len);
    SIZE(_PyRangeIterObject);
    end();

    begin("list_iterator", "`_PyListIterObject`. `it_seq` is NULL when exhausted.");
    OFF(IT_INDEX, _PyListIterObject, it_index);
    OFF(IT_SEQ, _PyListIterObject, it_seq);
    SIZE(_PyListIterObject);
    end();

    begin("tuple_iterator", "`_PyTupleIterObject`. `it_seq` is NULL when exhausted.");
    OFF(IT_INDEX, _PyTupleIterObject, it_index);
    OFF(IT_SEQ, _PyTupleIterObject, it_seq);
    SIZE(_PyTupleIterObject);
    end();
}

static void print_callables(void) {
    begin("method", "`PyMethodObject`: a bound method.");
    OFF(IM_FUNC, PyMethodObject, im_func);
    OFF(IM_SELF, PyMethodObject, im_self);
    OFF(VECTORCALL, PyMethodObject, vectorcall);
    SIZE(PyMethodObject);
    end();

    begin("cfunction", "`PyCFunctionObject`: a built-in function or bound built-in method.");
    OFF(M_ML, PyCFunctionObject, m_ml);
    OFF(M_SELF, PyCFunctionObject, m_self);
    OFF(M_MODULE, PyCFunctionObject, m_module);
    OFF(VECTORCALL, PyCFunctionObject, vectorcall);
    OFF(MM_CLASS, PyCMethodObject, mm_class);
    SIZE(PyCFunctionObject);
    end();

    begin("method_def", "`PyMethodDef`.");
    OFF(ML_NAME, PyMethodDef, ml_name);
    OFF(ML_METH, PyMethodDef, ml_meth);
    OFF(ML_FLAGS, PyMethodDef, ml_flags);
    SIZE(PyMethodDef);
    VAL(METH_VARARGS, u32, METH_VARARGS);
    VAL(METH_KEYWORDS, u32, METH_KEYWORDS);
    VAL(METH_NOARGS, u32, METH_NOARGS);
    VAL(METH_O, u32, METH_O);
    VAL(METH_CLASS, u32, METH_CLASS);
    VAL(METH_STATIC, u32, METH_STATIC);
    VAL(METH_COEXIST, u32, METH_COEXIST);
    VAL(METH_FASTCALL, u32, METH_FASTCALL);
    VAL(METH_METHOD, u32, METH_METHOD);
    end();

    begin("descriptor", "Method, member and slot-wrapper descriptors.");
    OFF(D_TYPE, PyDescrObject, d_type);
    OFF(D_NAME, PyDescrObject, d_name);
    OFF(D_METHOD, PyMethodDescrObject, d_method);
    OFF(METHOD_VECTORCALL, PyMethodDescrObject, vectorcall);
    OFF(D_MEMBER, PyMemberDescrObject, d_member);
    OFF(D_GETSET, PyGetSetDescrObject, d_getset);
    OFF(D_BASE, PyWrapperDescrObject, d_base);
    OFF(D_WRAPPED, PyWrapperDescrObject, d_wrapped);
    end();

    begin("member_def", "`PyMemberDef`: a `__slots__` entry or a C member.");
    OFF(TYPE, PyMemberDef, type);
    OFF(OFFSET, PyMemberDef, offset);
    OFF(FLAGS, PyMemberDef, flags);
    VAL(OBJECT_EX, i32, Py_T_OBJECT_EX);
    VAL(READONLY, i32, Py_READONLY);
    end();

    begin("property", "`property`.");
    OFF(PROP_GET, _PyPropertyObject, prop_get);
    OFF(PROP_SET, _PyPropertyObject, prop_set);
    OFF(PROP_DEL, _PyPropertyObject, prop_del);
    SIZE(_PyPropertyObject);
    end();

    begin("module", "`PyModuleObject`.");
    OFF(MD_DICT, PyModuleObject, md_dict);
    SIZE(PyModuleObject);
    end();

    begin("vectorcall", "The vectorcall protocol.");
    DOC("`PY_VECTORCALL_ARGUMENTS_OFFSET`.");
    CONST(ARGUMENTS_OFFSET, u64, PY_VECTORCALL_ARGUMENTS_OFFSET);
    end();
}

/* Offsets the running interpreter knows of itself, to be compared with ours. Sizes of structs that patch versions
 * may append to are left out. */
static void print_debug_offsets(void) {
    begin("debug_offsets", "`_PyRuntime.debug_offsets`, where the interpreter tells its own layout.");
    OFF(FREE_THREADED, _Py_DebugOffsets, free_threaded);
    printf("    /// Name, offset of the entry in the table, and the value in these headers.\n");
    printf("    pub const EXPECTED: [(&str, i32, u64); %d] = [\n", 0
#define EXPECT(ENTRY, VALUE) +1
#include "probe_debug_offsets.h"
#undef EXPECT
    );
#define EXPECT(ENTRY, VALUE) \
    printf("        (\"" #ENTRY "\", %d, %d),\n", (int)offsetof(_Py_DebugOffsets, ENTRY), (int)(VALUE));
#include "probe_debug_offsets.h"
#undef EXPECT
    printf("    ];\n");
    end();
}

static void print_layouts(void) {
    printf("/// Version of the headers, as `sys.hexversion`.\npub const HEXVERSION: u32 = %u;\n", (unsigned)PY_VERSION_HEX);
    printf("/// Version of the headers, as text.\npub const VERSION: &str = \"%s\";\n", PY_VERSION);
    print_execution();
    print_code();
    print_type();
    print_values();
    print_containers();
    print_callables();
    print_debug_offsets();
}
