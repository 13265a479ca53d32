//! Targets and Cranelift settings.

use cranelift_codegen::isa::{self, OwnedTargetIsa};
use cranelift_codegen::settings::{self, Configurable};

/// A machine we make code for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// x86-64, System V.
    X64,
    /// 64-bit ARM.
    Aarch64,
}

impl Target {
    /// The target triple.
    pub fn triple(self) -> &'static str {
        match self {
            Target::X64 => "x86_64-unknown-linux-gnu",
            Target::Aarch64 => "aarch64-unknown-linux-gnu",
        }
    }
}

/// Cranelift for stencils: the frame in the pinned register, best code, no unwind tables, no stack probes.
pub fn make_isa(target: Target) -> OwnedTargetIsa {
    isa_with(target, true)
}

/// Cranelift for regions: C functions, so that no register is taken out.
pub fn make_region_isa(target: Target) -> OwnedTargetIsa {
    isa_with(target, false)
}

fn isa_with(target: Target, pinned: bool) -> OwnedTargetIsa {
    let mut flags = settings::builder();
    let mut set = |name: &str, value: &str| flags.set(name, value).expect("a Cranelift setting of the pinned version");
    // The optimizer has its own passes. What Cranelift's could add to them does not show, and they are a fifth of its time.
    set("opt_level", if pinned { "speed" } else { "none" });
    set("enable_pinned_reg", if pinned { "true" } else { "false" });
    set("unwind_info", "false");
    set("enable_verifier", if cfg!(debug_assertions) { "true" } else { "false" });
    set("regalloc_algorithm", "backtracking");
    set("enable_probestack", "false");
    // Tail calls on x86-64 need frame pointers; the post-pass takes the frame code out again.
    set("preserve_frame_pointers", "true");
    let triple = target.triple().parse().expect("a valid triple");
    isa::lookup(triple)
        .expect("both targets are built in")
        .finish(settings::Flags::new(flags))
        .expect("consistent settings")
}
