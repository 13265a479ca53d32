/* Part of probe.c: opcode numbers, tables, stack effects, and the layout of inline caches. */

#define INLINE_CACHE(NAME, STRUCT, FIELD) \
    (DOC("Code units from the first cache entry to `" #FIELD "` of `" #STRUCT "`."), \
     emit(#NAME, "usize", offsetof(STRUCT, FIELD) / sizeof(_Py_CODEUNIT)))

static void print_caches(void) {
    begin("cache", "Inline caches. Offsets are in code units from the first cache entry, which is the unit after the instruction; each cache begins with its counter.");
    INLINE_CACHE(COUNTER, _PyAttrCache, counter);
    INLINE_CACHE(LOAD_GLOBAL_MODULE_KEYS_VERSION, _PyLoadGlobalCache, module_keys_version);
    INLINE_CACHE(LOAD_GLOBAL_BUILTIN_KEYS_VERSION, _PyLoadGlobalCache, builtin_keys_version);
    INLINE_CACHE(LOAD_GLOBAL_INDEX, _PyLoadGlobalCache, index);
    INLINE_CACHE(ATTR_VERSION, _PyAttrCache, version);
    INLINE_CACHE(ATTR_INDEX, _PyAttrCache, index);
    INLINE_CACHE(METHOD_TYPE_VERSION, _PyLoadMethodCache, type_version);
    INLINE_CACHE(METHOD_KEYS_VERSION, _PyLoadMethodCache, keys_version);
    INLINE_CACHE(METHOD_DICT_OFFSET, _PyLoadMethodCache, dict_offset);
    INLINE_CACHE(METHOD_DESCR, _PyLoadMethodCache, descr);
    INLINE_CACHE(CALL_FUNC_VERSION, _PyCallCache, func_version);
    INLINE_CACHE(TO_BOOL_VERSION, _PyToBoolCache, version);
    DOC("A counter with this value is never updated.");
    CONST(UNREACHABLE_BACKOFF, u16, UNREACHABLE_BACKOFF);
    DOC("Bits of a counter that hold the backoff; above them is the value.");
    CONST(BACKOFF_BITS, u32, 4);
    end();
}

static void print_operands(void) {
    begin("compare", "The operand of `COMPARE_OP`: `oparg >> OP_SHIFT` is a `Py_LT`…; `oparg & TO_BOOL` asks for a bool; the low four bits are the outcomes that make it true.");
    VAL(UNORDERED, u32, COMPARISON_UNORDERED);
    VAL(LESS_THAN, u32, COMPARISON_LESS_THAN);
    VAL(GREATER_THAN, u32, COMPARISON_GREATER_THAN);
    VAL(EQUALS, u32, COMPARISON_EQUALS);
    VAL(NOT_EQUALS, u32, COMPARISON_NOT_EQUALS);
    DOC("Set when the result is only used as a truth value.");
    CONST(TO_BOOL, u32, 16);
    DOC("Above this is the operator.");
    CONST(OP_SHIFT, u32, 5);
    VAL(LT, u32, Py_LT);
    VAL(LE, u32, Py_LE);
    VAL(EQ, u32, Py_EQ);
    VAL(NE, u32, Py_NE);
    VAL(GT, u32, Py_GT);
    VAL(GE, u32, Py_GE);
    end();

    begin("binary", "The operand of `BINARY_OP`.");
#define NB(NAME) (DOC("`NB_" #NAME "`."), emit(#NAME, "u32", NB_##NAME))
    NB(ADD); NB(AND); NB(FLOOR_DIVIDE); NB(LSHIFT); NB(MATRIX_MULTIPLY); NB(MULTIPLY); NB(REMAINDER); NB(OR);
    NB(POWER); NB(RSHIFT); NB(SUBTRACT); NB(TRUE_DIVIDE); NB(XOR);
    NB(INPLACE_ADD); NB(INPLACE_AND); NB(INPLACE_FLOOR_DIVIDE); NB(INPLACE_LSHIFT); NB(INPLACE_MATRIX_MULTIPLY);
    NB(INPLACE_MULTIPLY); NB(INPLACE_REMAINDER); NB(INPLACE_OR); NB(INPLACE_POWER); NB(INPLACE_RSHIFT);
    NB(INPLACE_SUBTRACT); NB(INPLACE_TRUE_DIVIDE); NB(INPLACE_XOR);
#undef NB
    DOC("The last operator.");
    CONST(LAST, u32, NB_OPARG_LAST);
    end();

    begin("operand", "Operands of other instructions.");
    VAL(MAX_INTRINSIC_1, u32, MAX_INTRINSIC_1);
    VAL(MAX_INTRINSIC_2, u32, MAX_INTRINSIC_2);
    VAL(INTRINSIC_PRINT, u32, INTRINSIC_PRINT);
    VAL(INTRINSIC_IMPORT_STAR, u32, INTRINSIC_IMPORT_STAR);
    VAL(INTRINSIC_STOPITERATION_ERROR, u32, INTRINSIC_STOPITERATION_ERROR);
    VAL(INTRINSIC_ASYNC_GEN_WRAP, u32, INTRINSIC_ASYNC_GEN_WRAP);
    VAL(INTRINSIC_UNARY_POSITIVE, u32, INTRINSIC_UNARY_POSITIVE);
    VAL(INTRINSIC_LIST_TO_TUPLE, u32, INTRINSIC_LIST_TO_TUPLE);
    VAL(INTRINSIC_PREP_RERAISE_STAR, u32, INTRINSIC_PREP_RERAISE_STAR);
    VAL(RESUME_AT_FUNC_START, u32, RESUME_AT_FUNC_START);
    VAL(RESUME_AFTER_YIELD, u32, RESUME_AFTER_YIELD);
    VAL(RESUME_AFTER_YIELD_FROM, u32, RESUME_AFTER_YIELD_FROM);
    VAL(RESUME_AFTER_AWAIT, u32, RESUME_AFTER_AWAIT);
    VAL(RESUME_LOCATION_MASK, u32, RESUME_OPARG_LOCATION_MASK);
    VAL(RESUME_DEPTH1_MASK, u32, RESUME_OPARG_DEPTH1_MASK);
    DOC("Of `YIELD_VALUE` in `yield from` and `await`.");
    CONST(YIELD_DELEGATING, u32, 1);
    VAL(MAKE_FUNCTION_DEFAULTS, u32, MAKE_FUNCTION_DEFAULTS);
    VAL(MAKE_FUNCTION_KWDEFAULTS, u32, MAKE_FUNCTION_KWDEFAULTS);
    VAL(MAKE_FUNCTION_ANNOTATIONS, u32, MAKE_FUNCTION_ANNOTATIONS);
    VAL(MAKE_FUNCTION_CLOSURE, u32, MAKE_FUNCTION_CLOSURE);
    VAL(FVC_MASK, u32, FVC_MASK);
    VAL(FVC_NONE, u32, FVC_NONE);
    VAL(FVC_STR, u32, FVC_STR);
    VAL(FVC_REPR, u32, FVC_REPR);
    VAL(FVC_ASCII, u32, FVC_ASCII);
    end();

    begin("flag", "Bits of `FLAGS`.");
    VAL(ARG, u32, HAS_ARG_FLAG);
    VAL(CONST, u32, HAS_CONST_FLAG);
    VAL(NAME, u32, HAS_NAME_FLAG);
    VAL(JUMP, u32, HAS_JUMP_FLAG);
    VAL(FREE, u32, HAS_FREE_FLAG);
    VAL(LOCAL, u32, HAS_LOCAL_FLAG);
    VAL(EVAL_BREAK, u32, HAS_EVAL_BREAK_FLAG);
    VAL(DEOPT, u32, HAS_DEOPT_FLAG);
    VAL(ERROR, u32, HAS_ERROR_FLAG);
    VAL(ESCAPES, u32, HAS_ESCAPES_FLAG);
    VAL(EXIT, u32, HAS_EXIT_FLAG);
    VAL(PURE, u32, HAS_PURE_FLAG);
    end();
}

/* The opcode called `name`, or -1. */
static int find_opcode(const char *name) {
    for (int op = 0; op < 256; op++) {
        if (_PyOpcode_OpName[op] && strcmp(_PyOpcode_OpName[op], name) == 0) {
            return op;
        }
    }
    return -1;
}

/* `base + per_oparg * oparg + if_odd * (oparg & 1)`, or one of the rules the Rust side writes out. */
typedef struct { int base, per_oparg, if_odd; const char *by_hand; } Rule;

static int apply(Rule rule, int oparg) {
    if (rule.by_hand && strcmp(rule.by_hand, "BuildSlice") == 0) {
        return 2 + (oparg == 3);
    }
    if (rule.by_hand) {
        return 1 + (oparg & 0xFF) + (oparg >> 8);
    }
    return rule.base + rule.per_oparg * oparg + rule.if_odd * (oparg & 1);
}

/* Finds the rule for `effect` on `op` and verifies it for every operand of up to 16 bits. */
static int fit(int (*effect)(int, int), int op, Rule *rule) {
    int at0 = effect(op, 0), at1 = effect(op, 1), at2 = effect(op, 2);
    Rule candidates[] = {
        {at0, (at2 - at0) / 2, at1 - at0 - (at2 - at0) / 2, NULL},
        {0, 0, 0, "BuildSlice"},
        {0, 0, 0, "UnpackEx"},
    };
    for (size_t i = 0; i < sizeof candidates / sizeof candidates[0]; i++) {
        int oparg = 0;
        while (oparg < 65536 && apply(candidates[i], oparg) == effect(op, oparg)) {
            oparg++;
        }
        if (oparg == 65536) {
            *rule = candidates[i];
            return 0;
        }
    }
    fprintf(stderr, "no rule fits the stack effect of %s\n", _PyOpcode_OpName[op]);
    return -1;
}

static int print_effects(const char *name, const char *doc, int (*effect)(int, int)) {
    printf("/// %s\nconst %s: [Effect; 256] = [\n", doc, name);
    for (int op = 0; op < 256; op++) {
        Rule rule;
        if (_PyOpcode_OpName[op] == NULL || effect(op, 0) == -1) {
            printf("    Effect::Unknown,\n");
            continue;
        }
        if (fit(effect, op, &rule) < 0) {
            return -1;
        }
        if (rule.by_hand) {
            printf("    Effect::%s,\n", rule.by_hand);
        } else {
            printf("    Effect::Linear { base: %d, per_oparg: %d, if_odd: %d },\n",
                   rule.base, rule.per_oparg, rule.if_odd);
        }
    }
    printf("];\n");
    return 0;
}

static int print_opcodes(void) {
    for (int op = 0; op < 256; op++) {
        if (_PyOpcode_OpName[op]) {
            printf("/// Opcode `%s`.\npub const %s: u8 = %d;\n", _PyOpcode_OpName[op], _PyOpcode_OpName[op], op);
        }
    }
    printf("/// The lowest instrumented opcode.\npub const MIN_INSTRUMENTED: u8 = %d;\n", MIN_INSTRUMENTED_OPCODE);
    printf("/// Name of each opcode; empty where there is none.\npub const NAMES: [&str; 256] = [\n");
    for (int op = 0; op < 256; op++) {
        printf("    \"%s\",\n", _PyOpcode_OpName[op] ? _PyOpcode_OpName[op] : "");
    }
    printf("];\n/// How many cache entries follow each opcode; for specialised and instrumented ones too.\npub const CACHES: [u8; 256] = [");
    for (int op = 0; op < 256; op++) {
        const char *name = _PyOpcode_OpName[op];
        int base = op;
        if (name && strncmp(name, "INSTRUMENTED_", 13) == 0 && find_opcode(name + 13) >= 0) {
            base = find_opcode(name + 13);
        } else if (name) {
            base = _PyOpcode_Deopt[op];
        }
        printf("%d, ", _PyOpcode_Caches[base]);
    }
    printf("];\n/// Specialised opcode to the one it specialises; others to themselves.\npub const DEOPT: [u8; 256] = [");
    for (int op = 0; op < 256; op++) {
        printf("%d, ", _PyOpcode_OpName[op] ? _PyOpcode_Deopt[op] : op);
    }
    printf("];\n/// `INSTRUMENTED_X` to `X`; 0 for all others, and for `INSTRUMENTED_LINE` and `INSTRUMENTED_INSTRUCTION`, which hide any opcode.\npub const DEINSTRUMENT: [u8; 256] = [");
    for (int op = 0; op < 256; op++) {
        const char *name = _PyOpcode_OpName[op];
        int base = name && strncmp(name, "INSTRUMENTED_", 13) == 0 ? find_opcode(name + 13) : -1;
        printf("%d, ", base < 0 ? 0 : base);
    }
    printf("];\n/// Properties of each opcode: bits of [`flag`].\npub const FLAGS: [u32; 256] = [");
    for (int op = 0; op < 256; op++) {
        printf("%d, ", _PyOpcode_OpName[op] ? _PyOpcode_opcode_metadata[op].flags : 0);
    }
    printf("];\n");
    print_caches();
    print_operands();
    if (print_effects("POPPED", "Values each opcode takes off the stack.", _PyOpcode_num_popped) < 0) {
        return 1;
    }
    return print_effects("PUSHED", "Values each opcode leaves on the stack.", _PyOpcode_num_pushed) < 0;
}
