//! Finds a Python that Whipsnake can be built for.

use crate::process;
use anyhow::{Result, bail};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// The version that the compiler knows.
const VERSION: &str = "3.13";

/// A Python that fits.
#[derive(Clone, Debug, PartialEq)]
pub struct Python {
    /// The interpreter itself, not a link or a shim.
    pub path: PathBuf,
    /// Its whole version.
    pub version: String,
}

/// The Python to use: the one asked for, or the first that fits.
pub fn find(asked: Option<&str>) -> Result<Python> {
    let variable = env::var("WHIPSNAKE_PYTHON").ok().filter(|value| !value.is_empty());
    let explicit = match asked {
        Some(asked) => Some((asked.to_owned(), "--python")),
        None => variable.map(|value| (value, "WHIPSNAKE_PYTHON")),
    };
    if let Some((name, source)) = explicit {
        return match probe(Path::new(&name)) {
            Ok(python) => Ok(python),
            Err(reason) => bail!("{source}={name}: {reason}"),
        };
    }

    let mut looked_at = Vec::new();
    for candidate in candidates() {
        match probe(&candidate) {
            Ok(python) => return Ok(python),
            Err(reason) => looked_at.push(format!("  {}: {reason}", candidate.display())),
        }
    }
    let found = if looked_at.is_empty() { "  no Python at all".to_owned() } else { looked_at.join("\n") };
    bail!(
        "no CPython {VERSION} that Whipsnake can be built for was found.\n\
         Looked for python{VERSION} and python3 on PATH, in pyenv's versions ({}), and in uv's ({}):\n{found}\n\
         To get one: `pyenv install {VERSION}`, or `uv python install {VERSION}`, or your system's package with headers \
         (python{VERSION}, python{VERSION}-dev and python{VERSION}-venv on Debian). To name one: `--python PATH`.",
        pyenv_versions().display(),
        uv_pythons().display(),
    );
}

fn home() -> PathBuf {
    PathBuf::from(env::var_os("HOME").unwrap_or_default())
}

fn pyenv_versions() -> PathBuf {
    env::var_os("PYENV_ROOT").map_or_else(|| home().join(".pyenv"), PathBuf::from).join("versions")
}

fn uv_pythons() -> PathBuf {
    if let Some(folder) = env::var_os("UV_PYTHON_INSTALL_DIR") {
        return PathBuf::from(folder);
    }
    env::var_os("XDG_DATA_HOME").map_or_else(|| home().join(".local/share"), PathBuf::from).join("uv/python")
}

/// Every file that may be a fitting Python, the likeliest first.
fn candidates() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut add = |path: PathBuf| {
        if path.is_file() && !found.contains(&path) {
            found.push(path);
        }
    };
    let on_path: Vec<PathBuf> = env::split_paths(&env::var_os("PATH").unwrap_or_default()).collect();
    for name in [format!("python{VERSION}"), "python3".to_owned()] {
        for folder in &on_path {
            add(folder.join(&name));
        }
    }
    for (folder, prefix) in [(pyenv_versions(), VERSION.to_owned()), (uv_pythons(), format!("cpython-{VERSION}"))] {
        let mut installs: Vec<PathBuf> = fs::read_dir(folder)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&prefix)))
            .collect();
        // The newest patch release first.
        installs.sort_by_key(|path| std::cmp::Reverse(patch_release(path)));
        for install in installs {
            add(install.join("bin").join(format!("python{VERSION}")));
        }
    }
    found
}

/// The number after `3.13.` in an install's name.
fn patch_release(install: &Path) -> u32 {
    let name = install.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let patch = name.split_once(&format!("{VERSION}.")).map_or("", |(_, rest)| rest);
    patch.split(|c: char| !c.is_ascii_digit()).next().and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

/// What a Python says about itself: five lines.
const PROBE: &str = "
import os, platform, sys, sysconfig
base = getattr(sys, '_base_executable', None) or sys.executable
print(platform.python_implementation())
print(platform.python_version())
print('debug' if hasattr(sys, 'gettotalrefcount') else 'free-threaded' if 't' in sys.abiflags else 'release')
print(os.path.join(sysconfig.get_path('include'), 'Python.h'))
print(base)
";

/// Whether this Python fits, or why not.
fn probe(path: &Path) -> std::result::Result<Python, String> {
    let text =
        process::output(process::command(path).args(["-I", "-c", PROBE])).map_err(|_| "it doesn't run".to_owned())?;
    let lines: Vec<&str> = text.lines().collect();
    let [implementation, version, build, header, base] = lines[..] else {
        return Err("it isn't a Python".to_owned());
    };
    if implementation != "CPython" {
        return Err(format!("it is {implementation} {version}"));
    }
    if !version.starts_with(&format!("{VERSION}.")) {
        return Err(format!("it is {version}"));
    }
    if build != "release" {
        return Err(format!("it is a {build} build"));
    }
    if !Path::new(header).is_file() {
        return Err(format!("it has no headers ({header})"));
    }
    Ok(Python { path: PathBuf::from(base), version: version.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newest_patch_release_wins() {
        assert_eq!(patch_release(Path::new("/x/3.13.0")), 0);
        assert_eq!(patch_release(Path::new("/x/3.13.12")), 12);
        assert_eq!(patch_release(Path::new("/x/cpython-3.13.7-linux-x86_64-gnu")), 7);
        assert_eq!(patch_release(Path::new("/x/3.13-dev")), 0);
    }

    #[test]
    fn says_why_a_program_is_no_python() {
        assert_eq!(probe(Path::new("/nonexistent/python")).unwrap_err(), "it doesn't run");
        assert_eq!(probe(Path::new("/bin/echo")).unwrap_err(), "it isn't a Python");
    }

    #[test]
    fn a_python_that_was_asked_for_is_the_only_one_tried() {
        let error = find(Some("/nonexistent/python")).unwrap_err().to_string();
        assert_eq!(error, "--python=/nonexistent/python: it doesn't run");
    }
}
