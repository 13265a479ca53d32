//! Making a region: graph, passes, machine code.

use super::world::Live;
use super::{Held, Region, dump};
use crate::native::code::CompiledCode;
use crate::tier::{Jit, code_input};
use rustc_hash::FxHashSet;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use whipsnake_bytecode::Decoder;
use whipsnake_codegen::{Compiler, RawCode, RegionForm, RelocKind, Symbol, Target};
use whipsnake_cpython::live::{Code, CodeUnit, Frame};
use whipsnake_optimizer::{Request, Site, build, passes};
use whipsnake_stencils::Addresses;

/// Compiles the loop that starts at `target`; it belongs to `compiled`.
///
/// # Safety
/// The GIL is held; the frame runs `compiled` and is at a jump to `target`, all in memory.
pub(super) unsafe fn compile(
    jit: &mut Jit,
    frame: Frame,
    compiled: &mut CompiledCode,
    target: *mut CodeUnit,
    general: FxHashSet<Site>,
) -> Option<*const Region> {
    // SAFETY: the caller's.
    unsafe {
        let code = frame.code()?;
        let header = target.offset_from(code.instructions()) as u32;
        if !dump::allows(jit.stats.regions) {
            return None;
        }
        // A mistake of the optimizer must not end the program: the loop stays in the baseline tier, and the message of the panic tells of it.
        let made = catch_unwind(AssertUnwindSafe(|| attempt(jit, frame, code, compiled, header, general)))
            .unwrap_or_else(|_| Err("the optimizer failed".to_owned()));
        match made {
            Ok(region) => {
                let address: *const Region = &raw const *region;
                compiled.regions.push(region);
                jit.stats.regions += 1;
                Some(address)
            }
            Err(reason) => {
                dump::write(&format!("loop at {header}: not optimized"), reason);
                None
            }
        }
    }
}

unsafe fn attempt(
    jit: &mut Jit,
    frame: Frame,
    code: Code,
    compiled: &CompiledCode,
    header: u32,
    general: FxHashSet<Site>,
) -> Result<Box<Region>, String> {
    // SAFETY: the caller's.
    let (live, input) = unsafe { (Live::of_frame(frame, code, compiled), code_input(code)) };
    let mut decoder = Decoder::default();
    let decoded = decoder.analyse(input).map_err(|e| e.to_string())?;
    let mut function = build(&Request { code: &decoded, world: &live, header, general: &general })
        .map_err(|refusal| refusal.to_string())?;
    if dump::is_on() {
        dump::write(&format!("loop at {header}: graph"), &function);
    }
    passes::run(&mut function);
    if dump::is_on() {
        dump::write(&format!("loop at {header}: after the passes"), &function);
    }
    // The region's address is in its machine code.
    let mut region: Box<std::mem::MaybeUninit<Region>> = Box::new_uninit();
    let form = RegionForm { region: region.as_ptr() as u64 };
    let mut compiler = Compiler::for_regions(Target::X64);
    let made = compiler.region(&function, &form).map_err(|e| e.to_string())?;
    if dump::is_on() {
        dump::write(&format!("loop at {header}: Cranelift"), compiler.clif());
    }
    let block = jit.memory.allocate(made.code.bytes.len()).map_err(|e| e.to_string())?;
    // SAFETY: the block has room, and nothing runs in it yet.
    unsafe { place(&made.code, &jit.addresses, block.write(), block.run() as u64) };
    block.seal().map_err(|e| e.to_string())?;
    jit.stats.region_bytes += made.code.bytes.len() as u64;
    let (cells, codes) = live.into_parts();
    region.write(Region {
        entry: block.run(),
        taken: vec![Cell::new(0); made.exits.len()],
        entered: Cell::new(0),
        spent: Cell::default(),
        exits: made.exits,
        general,
        cells,
        callees: Held::new(codes, code),
        block,
    });
    // SAFETY: just written.
    Ok(unsafe { region.assume_init() })
}

/// Writes machine code and resolves its relocations.
unsafe fn place(code: &RawCode, addresses: &Addresses, write: *mut u8, run: u64) {
    // SAFETY: the caller's: there is room at `write`.
    unsafe {
        write.copy_from_nonoverlapping(code.bytes.as_ptr(), code.bytes.len());
        for reloc in &code.relocs {
            let target = match reloc.symbol {
                Symbol::Helper(number) => addresses.helper(number),
                Symbol::Global(number) => addresses.global(number),
                other => unreachable!("a region refers to {other:?}"),
            };
            let target = target.wrapping_add_signed(reloc.addend);
            let at = write.add(reloc.offset as usize);
            match reloc.kind {
                RelocKind::Abs8 => at.cast::<u64>().write_unaligned(target),
                RelocKind::X86CallPCRel4 => {
                    let distance = target.wrapping_sub(run + u64::from(reloc.offset)) as i64;
                    debug_assert_eq!(distance, i64::from(distance as i32), "helpers are within 2 GiB");
                    at.cast::<i32>().write_unaligned(distance as i32);
                }
                other => unreachable!("relocation {other:?}"),
            }
        }
    }
}
