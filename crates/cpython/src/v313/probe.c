/* Prints, as Rust, the layouts and opcode tables of the CPython whose headers it is compiled against.
 *
 * The build script compiles and runs it; nothing here is linked into the product. Only offsetof, sizeof and
 * constants are used, so no symbol of libpython is needed.
 */
#define NEED_OPCODE_METADATA
#include "Python.h"
#include "frameobject.h"
#include "pycore_frame.h"
#include "pycore_interp.h"
#include "pycore_runtime.h"
#include "pycore_ceval.h"
#include "pycore_code.h"
#include "pycore_dict.h"
#include "pycore_list.h"
#include "pycore_tuple.h"
#include "pycore_long.h"
#include "pycore_range.h"
#include "pycore_object.h"
#include "pycore_function.h"
#include "pycore_genobject.h"
#include "pycore_moduleobject.h"
#include "pycore_descrobject.h"
#include "pycore_instruments.h"
#include "pycore_freelist.h"
#include "pycore_backoff.h"
#include "pycore_typeobject.h"
#include "pycore_intrinsics.h"
#include "pycore_opcode_utils.h"
#include "pycore_opcode_metadata.h"
#include "opcode.h"
#include "structmember.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* `NAME` is stringified where it stands, since some of the names are macros themselves. */
#define DOC(TEXT) printf("    /// %s\n", TEXT)
#define CONST(NAME, TYPE, VALUE) emit(#NAME, #TYPE, (long long)(VALUE))
#define OFF(NAME, STRUCT, FIELD) \
    (DOC("Offset of `" #FIELD "` in `" #STRUCT "`."), emit(#NAME, "i32", offsetof(STRUCT, FIELD)))
#define SIZE(STRUCT) (DOC("Size of `" #STRUCT "` in bytes."), emit("SIZEOF", "i32", sizeof(STRUCT)))
#define VAL(NAME, TYPE, VALUE) (DOC("`" #VALUE "`."), emit(#NAME, #TYPE, (long long)(VALUE)))

static void emit(const char *name, const char *type, long long value) {
    const char *format = type[0] == 'u' ? "    pub const %s: %s = %llu;\n" : "    pub const %s: %s = %lld;\n";
    printf(format, name, type, value);
}
static void begin(const char *name, const char *doc) {
    printf("/// %s\npub mod %s {\n", doc, name);
}
static void end(void) { printf("}\n"); }

#include "probe_execution.h"
#include "probe_types.h"
#include "probe_values.h"
#include "probe_opcodes.h"

/* Offsets the running interpreter knows of itself, to be compared with ours. Sizes of structs that patch versions
 * may append to are left out. */
static void print_debug_offsets(void) {
    begin("debug_offsets", "`_PyRuntime.debug_offsets`, where the interpreter tells its own layout.");
    OFF(FREE_THREADED, _Py_DebugOffsets, free_threaded);
    OFF(RUNTIME_STATE_SIZE, _Py_DebugOffsets, runtime_state.size);
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

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "layout") == 0) {
        print_layouts();
        return 0;
    }
    if (argc == 2 && strcmp(argv[1], "opcode") == 0) {
        return print_opcodes();
    }
    fprintf(stderr, "usage: probe layout|opcode\n");
    return 2;
}
