//! Makes a virtual environment with the development tools and the extension, and keeps it up to date.

use crate::PythonOptions;
use crate::find_python::{self, Python};
use crate::process::{command, output, root, run, step};
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

/// A virtual environment.
pub struct Venv {
    folder: PathBuf,
}

impl Venv {
    /// Its Python.
    pub fn python(&self) -> PathBuf {
        self.folder.join("bin/python")
    }

    /// A command that runs its Python, or a tool in it, with what builds need to know in the environment.
    pub fn command(&self, tool: &str) -> Command {
        let mut command = command(self.folder.join("bin").join(tool));
        self.set_environment(&mut command);
        command
    }

    /// Makes whatever is built by this command be built for this Python.
    pub fn set_environment(&self, command: &mut Command) {
        command
            .env("VIRTUAL_ENV", &self.folder)
            .env("PYO3_PYTHON", self.python())
            .env("WHIPSNAKE_PYTHON", self.python());
    }

    fn stamp(&self, name: &str) -> PathBuf {
        self.folder.join(format!(".whipsnake-{name}"))
    }
}

/// Brings the environment up to date and returns it.
///
/// Without `--python` it is `.venv`; another Python gets one of its own, so that one can compare interpreters without
/// building everything again.
pub fn develop(options: &PythonOptions) -> Result<Venv> {
    let default = Venv { folder: root().join(".venv") };
    let kept = fs::read_to_string(default.stamp("python")).ok();
    let kept_fits = kept.as_deref().is_some_and(|kept| !kept.is_empty() && default.python().exists());
    let venv = if options.python.is_none() && std::env::var_os("WHIPSNAKE_PYTHON").is_none() && kept_fits {
        default
    } else {
        let python = find_python::find(options.python.as_deref())?;
        let description = format!("{} {}", python.version, python.path.display());
        let venv = if !kept_fits || kept.as_deref() == Some(description.as_str()) {
            default
        } else {
            Venv { folder: root().join("target/venvs").join(folder_name(&python)) }
        };
        if fs::read_to_string(venv.stamp("python")).ok().as_deref() != Some(description.as_str()) {
            create(&venv, &python, &description)?;
        }
        venv
    };
    install(&venv, options)?;
    Ok(venv)
}

/// A name for the environment of a Python that isn't the default one.
fn folder_name(python: &Python) -> String {
    let path = python.path.display().to_string();
    let readable: String = path.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect();
    format!("{}-{}", python.version, readable.trim_matches('-'))
}

fn create(venv: &Venv, python: &Python, description: &str) -> Result<()> {
    let folder = crate::process::short(&venv.folder);
    step(&format!("making {folder} with CPython {} ({})", python.version, python.path.display()));
    let mut make = command(&python.path);
    make.args(["-m", "venv", "--clear"]).arg(&venv.folder);
    output(&mut make).context("the Python can't make a virtual environment (on Debian it needs python3.13-venv)")?;
    fs::write(venv.stamp("python"), description)?;
    Ok(())
}

/// Installs what changed since the last time: the tools, the extension, both or nothing.
fn install(venv: &Venv, options: &PythonOptions) -> Result<()> {
    let project = fs::read_to_string(root().join("pyproject.toml"))?;
    let tools_are_old = fs::read_to_string(venv.stamp("tools")).ok().as_deref() != Some(project.as_str());
    let features = if options.no_default_features { "no compiler" } else { "compiler" };
    let built = venv.stamp("built");
    if !tools_are_old && fs::read_to_string(&built).ok().as_deref() == Some(features) && !changed_since(&built)? {
        return Ok(());
    }
    // Taken before the build: what changes while it runs is newer.
    let started = SystemTime::now();

    if tools_are_old {
        step("installing the development tools");
        run(venv
            .command("python")
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
            .args(tools(&project)))?;
    }
    step("building the extension (the first time takes some minutes)");
    let mut build = venv.command("maturin");
    build.args(["develop", "--release"]);
    if options.no_default_features {
        build.arg("--no-default-features");
    }
    run(&mut build)?;
    fs::write(venv.stamp("tools"), project)?;
    fs::write(&built, features)?;
    fs::File::options().write(true).open(&built)?.set_modified(started)?;
    Ok(())
}

/// Installs another extra, for what few commands need.
pub fn install_extra(venv: &Venv, name: &str) -> Result<()> {
    let project = fs::read_to_string(root().join("pyproject.toml"))?;
    let stamp = venv.stamp(name);
    if fs::read_to_string(&stamp).ok().as_deref() == Some(project.as_str()) {
        return Ok(());
    }
    step(&format!("installing what the extra {name} names"));
    run(venv
        .command("python")
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
        .args(extra(&project, name)))?;
    Ok(fs::write(stamp, project)?)
}

/// The requirements of the extra `dev`.
fn tools(project: &str) -> Vec<String> {
    extra(project, "dev")
}

/// The requirements of an extra in `pyproject.toml`, which is a plain list of strings.
fn extra(project: &str, name: &str) -> Vec<String> {
    let head = format!("{name} = [");
    project
        .lines()
        .skip_while(|line| !line.starts_with(&head))
        .skip(1)
        .take_while(|line| line.trim() != "]")
        .filter_map(|line| line.trim().strip_prefix('"')?.split('"').next().map(str::to_owned))
        .collect()
}

/// Whether anything the extension is built from is newer than this file.
fn changed_since(stamp: &Path) -> Result<bool> {
    let time = fs::metadata(stamp)?.modified()?;
    let sources = ["crates", "Cargo.toml", "Cargo.lock", "profile", "whipsnake.data", "python/whipsnake"];
    Ok(sources.iter().any(|source| newer(&root().join(source), time)))
}

fn newer(path: &Path, time: SystemTime) -> bool {
    let Ok(metadata) = fs::symlink_metadata(path) else { return false };
    if metadata.is_dir() {
        let Ok(entries) = fs::read_dir(path) else { return true };
        return entries.flatten().any(|entry| newer(&entry.path(), time));
    }
    let is_source =
        path.extension().is_none_or(|extension| extension != "so" && extension != "pyc" && extension != "py");
    is_source && metadata.modified().is_ok_and(|modified| modified > time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_tools_from_the_project_file() {
        let text = "[x]\ndev = [\n    \"pytest>=8\",\n    # why\n    \"ruff\",\n]\nother = [\n    \"no\",\n]\n";
        assert_eq!(tools(text), ["pytest>=8", "ruff"]);
        let real = tools(&fs::read_to_string(root().join("pyproject.toml")).unwrap());
        assert!(real.contains(&"pyperformance==1.14.0".to_owned()), "{real:?}");
    }
}
