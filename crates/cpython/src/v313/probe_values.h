/* Part of probe.c: numbers, strings, containers and iterators. */

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

    begin("bytearray", "`PyByteArrayObject`.");
    DOC("Where its first byte is.");
    OFF(OB_START, PyByteArrayObject, ob_start);
    SIZE(PyByteArrayObject);
    end();

    /* No header has this: Modules/arraymodule.c, the same since 3.4. Instances are compared with it where arrays are first seen. */
    typedef struct {
        PyObject_VAR_HEAD
        char *ob_item;
        Py_ssize_t allocated;
        const void *ob_descr;
        PyObject *weakreflist;
        Py_ssize_t ob_exports;
    } arrayobject;

    begin("array", "`array.array`.");
    DOC("Where its first item is.");
    OFF(OB_ITEM, arrayobject, ob_item);
    DOC("What describes its items; the first byte is the type code.");
    OFF(OB_DESCR, arrayobject, ob_descr);
    SIZE(arrayobject);
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
    OFF(DICT, PyBaseExceptionObject, dict);
    OFF(ARGS, PyBaseExceptionObject, args);
    OFF(NOTES, PyBaseExceptionObject, notes);
    OFF(TRACEBACK, PyBaseExceptionObject, traceback);
    OFF(CONTEXT, PyBaseExceptionObject, context);
    OFF(CAUSE, PyBaseExceptionObject, cause);
    OFF(SUPPRESS_CONTEXT, PyBaseExceptionObject, suppress_context);
    OFF(STOP_ITERATION_VALUE, PyStopIterationObject, value);
    OFF(ATTRIBUTE_ERROR_OBJ, PyAttributeErrorObject, obj);
    OFF(ATTRIBUTE_ERROR_NAME, PyAttributeErrorObject, name);
    SIZE(PyBaseExceptionObject);
    end();

    begin("traceback", "`PyTracebackObject`: an entry of a traceback.");
    OFF(TB_NEXT, PyTracebackObject, tb_next);
    OFF(TB_FRAME, PyTracebackObject, tb_frame);
    OFF(TB_LASTI, PyTracebackObject, tb_lasti);
    OFF(TB_LINENO, PyTracebackObject, tb_lineno);
    SIZE(PyTracebackObject);
    end();
}

/* CPython has the struct in enumobject.c only; that it is as large is checked where it is used. */
typedef struct {
    PyObject_HEAD
    Py_ssize_t en_index;
    PyObject *en_sit;
    PyObject *en_result;
    PyObject *en_longindex;
    PyObject *one;
} whipsnake_enumobject;

/* Likewise, in _collectionsmodule.c. */
typedef struct {
    PyObject_HEAD
    Py_ssize_t index;
    PyObject *doc;
} whipsnake_tuplegetter;

// `classmethod` and `staticmethod`, as Objects/funcobject.c has them both.
typedef struct {
    PyObject_HEAD
    PyObject *cm_callable;
    PyObject *cm_dict;
} whipsnake_wrapper;

/* Likewise, in bltinmodule.c. */
typedef struct {
    PyObject_HEAD
    Py_ssize_t tuplesize;
    PyObject *ittuple;
    PyObject *result;
    int strict;
} whipsnake_zipobject;

/* Likewise, in genobject.c. */
typedef struct {
    PyObject_HEAD
    PyObject *ags_gen;
    PyObject *ags_sendval;
    int ags_state;
} whipsnake_asend;

typedef struct {
    PyObject_HEAD
    PyObject *agw_val;
} whipsnake_wrapped_value;

/* Likewise, in dictobject.c. */
typedef struct {
    PyObject_HEAD
    PyDictObject *di_dict;
    Py_ssize_t di_used;
    Py_ssize_t di_pos;
    PyObject *di_result;
    Py_ssize_t len;
} whipsnake_dictiterobject;

/* Likewise, in setobject.c. */
typedef struct {
    PyObject_HEAD
    PySetObject *si_set;
    Py_ssize_t si_used;
    Py_ssize_t si_pos;
    Py_ssize_t len;
} whipsnake_setiterobject;

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

    begin("method_wrapper", "`classmethod` and `staticmethod`.");
    OFF(CALLABLE, whipsnake_wrapper, cm_callable);
    end();

    begin("field_of_tuples", "`_tuplegetterobject`.");
    OFF(INDEX, whipsnake_tuplegetter, index);
    SIZE(whipsnake_tuplegetter);
    end();

    begin("enumeration", "`enumobject`. `en_longindex` is NULL while the number fits `en_index`.");
    OFF(EN_INDEX, whipsnake_enumobject, en_index);
    OFF(EN_SIT, whipsnake_enumobject, en_sit);
    OFF(EN_RESULT, whipsnake_enumobject, en_result);
    OFF(EN_LONGINDEX, whipsnake_enumobject, en_longindex);
    SIZE(whipsnake_enumobject);
    end();

    begin("async_item", "`PyAsyncGenASend`: what is awaited for an item of an asynchronous generator.");
    OFF(AGS_GEN, whipsnake_asend, ags_gen);
    OFF(AGS_SENDVAL, whipsnake_asend, ags_sendval);
    OFF(AGS_STATE, whipsnake_asend, ags_state);
    SIZE(whipsnake_asend);
    // `AWAITABLE_STATE_…`.
    CONST(INIT, i32, 0);
    CONST(ITER, i32, 1);
    CONST(CLOSED, i32, 2);
    end();

    begin("wrapped_value", "`_PyAsyncGenWrappedValue`: what an asynchronous generator yields as an item.");
    OFF(AGW_VAL, whipsnake_wrapped_value, agw_val);
    SIZE(whipsnake_wrapped_value);
    end();

    begin("zip", "`zipobject`.");
    OFF(TUPLESIZE, whipsnake_zipobject, tuplesize);
    OFF(ITTUPLE, whipsnake_zipobject, ittuple);
    OFF(RESULT, whipsnake_zipobject, result);
    SIZE(whipsnake_zipobject);
    end();

    begin("dict_iterator", "`dictiterobject`. `di_dict` is NULL when exhausted.");
    OFF(DI_DICT, whipsnake_dictiterobject, di_dict);
    OFF(DI_USED, whipsnake_dictiterobject, di_used);
    OFF(DI_POS, whipsnake_dictiterobject, di_pos);
    OFF(DI_RESULT, whipsnake_dictiterobject, di_result);
    OFF(LEN, whipsnake_dictiterobject, len);
    SIZE(whipsnake_dictiterobject);
    end();

    begin("set_iterator", "`setiterobject`. `si_set` is NULL when exhausted.");
    OFF(SI_SET, whipsnake_setiterobject, si_set);
    OFF(SI_USED, whipsnake_setiterobject, si_used);
    OFF(SI_POS, whipsnake_setiterobject, si_pos);
    OFF(LEN, whipsnake_setiterobject, len);
    SIZE(whipsnake_setiterobject);
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
