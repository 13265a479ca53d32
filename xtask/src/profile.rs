//! `cargo xtask profile`: makes the profile that the extension is compiled with, of which ways through its code are taken (profile-guided optimization).

use crate::PythonOptions;
use crate::develop::{Venv, develop};
use crate::process::{command, output, root, run, short, step};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};

/// Builds the extension so that it counts, runs `benches/training.py`, and writes what was counted to `profile/`.
pub fn profile() -> Result<()> {
    let merge = merger()?;
    let venv = develop(&PythonOptions { python: None, no_default_features: false })?;
    let folder = root().join("target/profiling");
    let [raw, wheels, package] = ["raw", "wheels", "package"].map(|name| folder.join(name));
    for made in [&raw, &wheels, &package] {
        if made.exists() {
            fs::remove_dir_all(made)?;
        }
        fs::create_dir_all(made)?;
    }
    step("building an extension that counts (some minutes)");
    run(venv
        .command("maturin")
        .env("CARGO_TARGET_DIR", &folder)
        .env("WHIPSNAKE_WRITE_PROFILES", &raw)
        .args(["build", "--release", "--out"])
        .arg(&wheels)
        .arg("--interpreter")
        .arg(venv.python()))?;
    unpack(&venv, &wheels, &package)?;
    step("running what it is to be fast at (some minutes)");
    run(venv.command("python").env("PYTHONPATH", &package).arg("benches/training.py"))?;

    let profile = root().join(format!("profile/{}.profdata", std::env::consts::ARCH));
    run(command(merge).args(["merge", "--sparse", "-o"]).arg(&profile).arg(&raw))?;
    println!("{} is made; what is built next uses it", short(&profile));
    Ok(())
}

fn unpack(venv: &Venv, wheels: &Path, package: &Path) -> Result<()> {
    let wheel = fs::read_dir(wheels)?.next().context("maturin has made no wheel")??.path();
    run(venv.command("python").args(["-m", "zipfile", "-e"]).arg(wheel).arg(package))
}

/// LLVM's program that merges counts, of the LLVM that this Rust has: an older one can't read them.
fn merger() -> Result<PathBuf> {
    let about = output(command("rustc").arg("-vV"))?;
    let field = |name: &str| about.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let version = field("LLVM version:").context("rustc doesn't say what LLVM it has")?;
    let major = version.split('.').next().unwrap_or(version);
    let host = field("host:").context("rustc doesn't say what it runs on")?;
    let component = Path::new(&output(command("rustc").args(["--print", "sysroot"]))?)
        .join(format!("lib/rustlib/{host}/bin/llvm-profdata"));
    let named = [component, format!("llvm-profdata-{major}").into(), "llvm-profdata".into()];
    let fits = |program: &PathBuf| {
        output(command(program).arg("--version")).is_ok_and(|text| text.contains(&format!("version {major}.")))
    };
    match named.into_iter().find(fits) {
        Some(found) => Ok(found),
        None => bail!(
            "no llvm-profdata of LLVM {major} was found, as rustup's component llvm-tools, or on PATH as llvm-profdata-{major} or \
             llvm-profdata; `rustup component add llvm-tools` installs one, or Debian's package llvm-{major}"
        ),
    }
}
