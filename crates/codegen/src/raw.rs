//! Machine code as Cranelift left it, with relocations against symbols of ours.

use cranelift_codegen::FinalizedRelocTarget;
use cranelift_codegen::binemit::Reloc;
use cranelift_codegen::ir::{ExternalName, Function, UserExternalName};

/// What a relocation refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Symbol {
    /// A continuation (`whipsnake_ir::Continuation` as a number).
    Cont(u8),
    /// A helper (`whipsnake_ir::Helper` as a number).
    Helper(u16),
    /// A pointer operand (`whipsnake_ir::abi::pointer`).
    Pointer(u8),
    /// A global (`whipsnake_ir::Global` as a number).
    Global(u16),
    /// The recursive body of the region.
    Body,
}

impl Symbol {
    pub(crate) fn name(self) -> UserExternalName {
        match self {
            Symbol::Cont(n) => UserExternalName::new(0, n.into()),
            Symbol::Helper(n) => UserExternalName::new(1, n.into()),
            Symbol::Pointer(n) => UserExternalName::new(2, n.into()),
            Symbol::Global(n) => UserExternalName::new(3, n.into()),
            Symbol::Body => UserExternalName::new(4, 0),
        }
    }

    fn from_name(name: &UserExternalName) -> Symbol {
        match name.namespace {
            0 => Symbol::Cont(name.index as u8),
            1 => Symbol::Helper(name.index as u16),
            2 => Symbol::Pointer(name.index as u8),
            3 => Symbol::Global(name.index as u16),
            4 => Symbol::Body,
            other => unreachable!("symbol namespace {other}"),
        }
    }
}

/// The kinds of relocation our code has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelocKind {
    /// A 64-bit absolute address.
    Abs8,
    /// A 32-bit displacement in an x86-64 call or jump, relative to the end of the field.
    X86CallPCRel4,
    /// A 26-bit displacement in an aarch64 branch.
    Arm64Call,
    /// Anything else, by Cranelift's name; no stencil may have one.
    Other(Reloc),
}

/// One relocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawReloc {
    /// Where, in bytes from the start.
    pub offset: u32,
    /// How the address is written.
    pub kind: RelocKind,
    /// Whose address.
    pub symbol: Symbol,
    /// Added to the address.
    pub addend: i64,
}

/// The result of one compilation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawCode {
    /// Machine code.
    pub bytes: Vec<u8>,
    /// Its relocations, in order of offset.
    pub relocs: Vec<RawReloc>,
    /// How much of the stack it takes.
    pub stack_bytes: u32,
}

impl RawCode {
    pub(crate) fn from_buffer(func: &Function, code: &cranelift_codegen::CompiledCode) -> RawCode {
        let relocs = code
            .buffer
            .relocs()
            .iter()
            .map(|r| {
                let FinalizedRelocTarget::ExternalName(ExternalName::User(user)) = &r.target else {
                    unreachable!("relocation against {:?}", r.target)
                };
                RawReloc {
                    offset: r.offset,
                    kind: match r.kind {
                        Reloc::Abs8 => RelocKind::Abs8,
                        Reloc::X86CallPCRel4 => RelocKind::X86CallPCRel4,
                        Reloc::Arm64Call => RelocKind::Arm64Call,
                        other => RelocKind::Other(other),
                    },
                    symbol: Symbol::from_name(&func.params.user_named_funcs()[*user]),
                    addend: r.addend,
                }
            })
            .collect();
        let layout = code.buffer.frame_layout();
        // What it saves, and its return address, are above the frame pointer.
        let stack_bytes = layout.map_or(0, |layout| layout.frame_to_fp_offset) + 16;
        RawCode { bytes: code.code_buffer().to_vec(), relocs, stack_bytes }
    }
}
