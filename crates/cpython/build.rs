//! Finds the Python to build for, and lets a C probe print the layouts of its structs and its opcode tables.

use std::env;
use std::error::Error;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The minor version whose module this crate has.
const MINOR: &str = "3.13";
const PROBE: &str = "src/v313/probe.c";

fn main() {
    if let Err(error) = run() {
        // A panic would bury the message; Cargo shows `error` lines of a failed script in full.
        println!("cargo::error={error}");
        std::process::exit(1);
    }
}

fn run() -> Result<()> {
    for name in ["WHIPSNAKE_PYTHON", "PYO3_PYTHON"] {
        println!("cargo::rerun-if-env-changed={name}");
    }
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/v313");

    if env::var("HOST")? != env::var("TARGET")? {
        return Err("cross-compiling is not supported: the layout probe has to run on the target".into());
    }
    let python = Python::find()?;
    check_pyo3(&python)?;
    println!("cargo::rerun-if-changed={}", python.include.join("patchlevel.h").display());
    println!("cargo::rustc-env=WHIPSNAKE_BUILD_PYTHON={}", python.executable.display());

    let out = PathBuf::from(env::var("OUT_DIR")?);
    let probe = compile_probe(&python, &out)?;
    for table in ["layout", "opcode"] {
        let printed = output(Command::new(&probe).arg(table))?;
        fs::write(out.join(format!("{table}.rs")), printed)?;
    }
    Ok(())
}

/// With the feature `live`, `pyo3-ffi` has to be built for the same minor version. It looks for a Python by itself.
fn check_pyo3(python: &Python) -> Result<()> {
    let Ok(config) = env::var("DEP_PYTHON_PYO3_CONFIG") else {
        return Ok(());
    };
    // Lines of `key=value`, in hexadecimal.
    let text: String = (0..config.len() / 2)
        .filter_map(|byte| u8::from_str_radix(config.get(2 * byte..2 * byte + 2)?, 16).ok())
        .map(char::from)
        .collect();
    let version = text.lines().find_map(|line| line.strip_prefix("version=")).unwrap_or(MINOR);
    if version == MINOR {
        return Ok(());
    }
    Err(format!(
        "Whipsnake needs Python {MINOR}, but pyo3-ffi was built for {version}: set PYO3_PYTHON={}",
        python.executable.display()
    )
    .into())
}

/// An interpreter to build for.
struct Python {
    executable: PathBuf,
    include: PathBuf,
}

impl Python {
    /// The interpreter named by the environment, else the first of the right version that has headers.
    fn find() -> Result<Python> {
        for name in ["WHIPSNAKE_PYTHON", "PYO3_PYTHON"] {
            if let Some(path) = env::var_os(name) {
                return Python::ask(Path::new(&path))
                    .map_err(|error| format!("{name}={}: {error}", Path::new(&path).display()).into());
            }
        }
        let mut tried = Vec::new();
        for candidate in candidates() {
            match Python::ask(&candidate) {
                Ok(python) => return Ok(python),
                Err(error) => tried.push(format!("{}: {error}", candidate.display())),
            }
        }
        Err(format!(
            "no CPython {MINOR} with development headers found; set WHIPSNAKE_PYTHON to its executable. Tried: {}",
            tried.join("; ")
        )
        .into())
    }

    /// Asks the interpreter for its version, build and include directory.
    fn ask(executable: &Path) -> Result<Python> {
        const QUESTION: &str = "import sys, sysconfig as s; print(sys.implementation.name, '%d.%d' % sys.version_info[:2], \
             s.get_config_var('Py_DEBUG') or 0, s.get_config_var('Py_GIL_DISABLED') or 0, sep='\\n'); \
             print(sys.executable); print(s.get_path('include'))";
        let answer = output(Command::new(executable).args(["-I", "-S", "-c", QUESTION]))?;
        let lines: Vec<&str> = answer.lines().collect();
        let [name, version, debug, free_threaded, path, include] = lines[..] else {
            return Err(format!("unexpected answer {answer:?}").into());
        };
        if name != "cpython" || version != MINOR {
            return Err(format!("this is {name} {version}; Whipsnake needs CPython {MINOR}").into());
        }
        if debug != "0" || free_threaded != "0" {
            return Err("debug and free-threaded builds are not supported".into());
        }
        let include = PathBuf::from(include);
        if !include.join("internal/pycore_frame.h").exists() {
            return Err(format!("no internal headers in {}", include.display()).into());
        }
        Ok(Python { executable: PathBuf::from(path), include })
    }
}

/// Where interpreters of the right version may be, best first.
fn candidates() -> Vec<PathBuf> {
    let mut found = vec![PathBuf::from(format!("python{MINOR}"))];
    if let Some(home) = env::var_os("HOME").map(PathBuf::from) {
        found.extend(newest_first(&home.join(".pyenv/versions"), &format!("{MINOR}.")));
        found.extend(newest_first(&home.join(".local/share/uv/python"), &format!("cpython-{MINOR}.")));
    }
    found
}

/// The interpreters in the sub-directories of `directory` called `prefix<patch version>…`, newest first.
fn newest_first(directory: &Path, prefix: &str) -> Vec<PathBuf> {
    let patch_version = |name: OsString| -> Option<u32> {
        let digits: String = name.to_str()?.strip_prefix(prefix)?.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    };
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir(directory)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let executable = entry.path().join(format!("bin/python{MINOR}"));
            Some((patch_version(entry.file_name())?, executable))
        })
        .collect();
    found.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    found.into_iter().map(|(_, path)| path).collect()
}

fn compile_probe(python: &Python, out: &Path) -> Result<PathBuf> {
    let compiler = cc::Build::new().cargo_metadata(false).try_get_compiler()?;
    let probe = out.join("probe");
    let mut command = compiler.to_command();
    command
        .arg("-DPy_BUILD_CORE")
        .arg("-w")
        .arg("-I")
        .arg(&python.include)
        .arg("-I")
        .arg(python.include.join("internal"))
        .arg(PROBE)
        .arg("-o")
        .arg(&probe);
    output(&mut command)?;
    Ok(probe)
}

/// Runs a command and returns what it printed.
fn output(command: &mut Command) -> Result<String> {
    let done = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if !done.status.success() {
        return Err(
            format!("{command:?} failed ({}): {}", done.status, String::from_utf8_lossy(&done.stderr).trim()).into()
        );
    }
    Ok(String::from_utf8(done.stdout)?)
}
