//! Compiling only some code objects, and telling which: what `python -m whipsnake bisect` steers the compiler with.
//!
//! Hidden switches in the environment, read once: `WHIPSNAKE_ONLY` names the code objects that may be compiled (separated by semicolons, or `@FILE`
//! with one a line), `WHIPSNAKE_COMPILED` is a file to which the name of each compiled code object is added before it first runs, `WHIPSNAKE_LISTING` one
//! to which its listing is. A name is `file:line:qualname`.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::Write;
use std::sync::OnceLock;
use whipsnake_cpython::live::Code;

struct Selection {
    only: Option<HashSet<String>>,
    names: Option<OsString>,
    listings: Option<OsString>,
}

/// The switches; `None` if there is none, which is the rule.
fn selection() -> Option<&'static Selection> {
    static SELECTION: OnceLock<Option<Selection>> = OnceLock::new();
    SELECTION.get_or_init(read).as_ref()
}

fn read() -> Option<Selection> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let selection = Selection {
        only: std::env::var_os("WHIPSNAKE_ONLY").map(|value| names(&value.to_string_lossy())),
        names: set("WHIPSNAKE_COMPILED"),
        listings: set("WHIPSNAKE_LISTING"),
    };
    (selection.only.is_some() || selection.names.is_some() || selection.listings.is_some()).then_some(selection)
}

/// The names in the value of `WHIPSNAKE_ONLY`. A file that can't be read names none.
fn names(value: &str) -> HashSet<String> {
    match value.strip_prefix('@') {
        Some(path) => std::fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect(),
        None => value.split(';').map(|name| name.trim().to_owned()).collect(),
    }
}

/// `file:line:qualname`.
fn name(code: Code) -> String {
    // SAFETY: the file and the name are strings that belong to the code object, which is alive; the GIL is held.
    let text = |object| unsafe {
        let mut size = 0;
        let data = pyo3_ffi::PyUnicode_AsUTF8AndSize(object, &mut size);
        if data.is_null() {
            // Surrogates.
            pyo3_ffi::PyErr_Clear();
            return "?".to_owned();
        }
        String::from_utf8_lossy(std::slice::from_raw_parts(data.cast::<u8>(), size as usize)).into_owned()
    };
    format!("{}:{}:{}", text(code.filename()), code.first_line(), text(code.qualname())).replace(['\n', ';'], "?")
}

/// Whether a code object may be compiled. May be called with an exception set.
pub(super) fn allows(code: Code) -> bool {
    match selection().and_then(|selection| selection.only.as_ref()) {
        Some(only) => only.contains(&name(code)),
        None => true,
    }
}

/// Tells that a code object was compiled, before it runs. A file that can't be written is passed over.
pub(super) fn tell(code: Code) {
    let Some(selection) = selection() else { return };
    let add = |path: &OsString, text: &str| {
        if let Ok(mut file) = OpenOptions::new().append(true).create(true).open(path) {
            // One write, so that processes can share the file.
            let _ = file.write_all(text.as_bytes());
        }
    };
    if let Some(path) = &selection.names {
        add(path, &format!("{}\n", name(code)));
    }
    if let Some(path) = &selection.listings {
        // SAFETY: the GIL is held while code is compiled.
        let listing = unsafe { crate::disassemble::disassemble(code) }.unwrap_or_default();
        add(path, &format!("==== {}\n{listing}\n", name(code)));
    }
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn names_are_separated_by_semicolons_or_lines_of_a_file() {
        assert_eq!(names("a.py:1:f; b.py:2:C.g"), ["a.py:1:f", "b.py:2:C.g"].map(str::to_owned).into());
        let path = std::env::temp_dir().join(format!("whipsnake-names-{}", std::process::id()));
        std::fs::write(&path, "a.py:1:f\nb c.py:2:C.<locals>.g\n").unwrap();
        let from_file = names(&format!("@{}", path.display()));
        std::fs::remove_file(&path).unwrap();
        assert_eq!(from_file, ["a.py:1:f", "b c.py:2:C.<locals>.g"].map(str::to_owned).into());
        assert!(names("@/no/such/file").is_empty());
    }
}
