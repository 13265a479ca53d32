//! The addresses that machine code refers to.

use super::trampoline;
use crate::helpers;
use crate::memory::CodeMemory;
use whipsnake_ir::{Continuation, Global, Helper};
use whipsnake_stencils::Addresses;

/// Bytes of a stub: `movabs r11, address; jmp r11`.
const STUB_LEN: usize = 13;

/// Resolves every helper, global and continuation; helpers out of reach of a 32-bit displacement get a stub in code memory.
///
/// # Safety
/// The GIL is held.
pub(crate) unsafe fn make(memory: &CodeMemory) -> Result<Addresses, String> {
    let mut stubs = Stubs { memory, block: None };
    let helpers =
        Helper::ALL.iter().map(|&helper| stubs.near(helpers::address(helper) as u64)).collect::<Result<Vec<_>, _>>()?;
    // SAFETY: the caller's contract.
    let globals: Vec<_> =
        Global::ALL.iter().map(|&global| unsafe { helpers::globals::address(global) } as u64).collect();
    let mut continuations = [0; Continuation::ALL.len()];
    for &continuation in Continuation::ALL {
        let Some(stub) = trampoline::stub(continuation) else { continue };
        continuations[continuation as usize] = stubs.near(stub as u64)?;
    }
    if let Some((block, _)) = stubs.block {
        // The stubs serve all code, to the end of the process.
        block.seal().map_err(|error| error.to_string())?;
        block.leak();
    }
    Ok(Addresses::new(&helpers, &globals, &continuations))
}

/// Makes stubs for far addresses.
struct Stubs<'m> {
    memory: &'m CodeMemory,
    block: Option<(crate::memory::Block, usize)>,
}

impl Stubs<'_> {
    fn near(&mut self, target: u64) -> Result<u64, String> {
        if self.memory.reaches(target as usize) {
            return Ok(target);
        }
        let room = (Helper::ALL.len() + Continuation::ALL.len()) * STUB_LEN;
        let (block, used) = match &mut self.block {
            Some(found) => found,
            empty => empty.insert((self.memory.allocate(room).map_err(|e| e.to_string())?, 0)),
        };
        let mut code = [0; STUB_LEN];
        code[..2].copy_from_slice(&[0x49, 0xbb]);
        code[2..10].copy_from_slice(&target.to_le_bytes());
        code[10..].copy_from_slice(&[0x41, 0xff, 0xe3]);
        let at = *used;
        *used += STUB_LEN;
        // SAFETY: the block has room for a stub for every address, and nothing runs in it yet.
        unsafe { block.write().add(at).copy_from_nonoverlapping(code.as_ptr(), STUB_LEN) };
        Ok(block.run() as u64 + at as u64)
    }
}
