//! Loads the example `host_check` into the Python this was built for; it checks the module `live` from inside.

use std::path::PathBuf;
use std::process::Command;

use whipsnake_cpython::layout::BUILD_PYTHON;

#[test]
fn host_check_passes_inside_python() {
    let library = std::env::current_exe()
        .ok()
        .and_then(|test| Some(test.parent()?.parent()?.join("examples/libhost_check.so")))
        .filter(|path: &PathBuf| path.exists())
        .expect("cargo built the example");
    // Others to try, separated by colons: `WHIPSNAKE_TEST_PYTHONS=/usr/bin/python3.13:…`.
    let others = std::env::var("WHIPSNAKE_TEST_PYTHONS").unwrap_or_default();
    let pythons = others.split(':').filter(|path| !path.is_empty());
    for python in std::iter::once(BUILD_PYTHON).chain(pythons) {
        let program = format!(
            "import importlib.machinery as m, importlib.util as u\n\
             loader = m.ExtensionFileLoader('host_check', {path:?})\n\
             u.module_from_spec(u.spec_from_loader('host_check', loader))\n\
             print('fine')",
            path = library.display().to_string()
        );
        let done =
            Command::new(python).args(["-I", "-X", "faulthandler", "-c", &program]).output().expect("Python runs");
        let errors = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{python}: {errors}");
        assert_eq!(String::from_utf8_lossy(&done.stdout).trim(), "fine");
    }
}
