//! Makes the stencil library of the target.

use std::path::PathBuf;
use whipsnake_stencil_maker::library;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let made = match library::make(library::Target::X64) {
        Ok(made) => made,
        Err(error) => {
            eprintln!("the stencil library cannot be made: {error}");
            std::process::exit(1);
        }
    };
    std::fs::write(out.join("library.rs"), made.rust).expect("OUT_DIR is writable");
    std::fs::write(out.join("stencils.bin"), made.blob).expect("OUT_DIR is writable");
}
