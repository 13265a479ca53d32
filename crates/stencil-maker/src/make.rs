//! From compiler output to a stencil: the sequence of steps.

use crate::error::{Located, Problem, StencilError};
use crate::raw::{Operands, RawCode};
use crate::stencil::{Stencil, StencilOptions};
use crate::{proof, x64};

/// Compiles an operation with some operand values. An error is the compiler's message.
pub type Compile<'a> = dyn FnMut(&Operands) -> Result<RawCode, String> + 'a;

/// How many compilations with magics the holes are found from.
const COMPILATIONS: u64 = 6;

/// Makes the x86-64 stencil of an operation.
///
/// `compile` must give the same code for the same operands; it is called about ten times.
pub fn make(name: &str, compile: &mut Compile<'_>, options: &StencilOptions) -> Result<Stencil, StencilError> {
    located(name, make_located(compile, options))
}

fn make_located(compile: &mut Compile<'_>, options: &StencilOptions) -> Result<Stencil, Located> {
    let compilations = compile_magics(compile)?;
    let mut code = x64::decode::decode(&compilations)?;
    let unsigned_operands = proof::prove(&code, &compilations[0].1, compile)?;
    let stack_bytes = x64::frame::strip(&mut code, options)?;
    x64::flow::clean(&mut code, options)?;
    if options.optimize {
        x64::copies::remove(&mut code, options);
        x64::peephole::improve(&mut code, options);
        x64::flow::clean(&mut code, options)?;
    }
    x64::liveness::check_preserving_calls(&code, options)?;
    let (hot, cold, holes) = x64::layout::lay_out(&code)?;
    Ok(Stencil { hot, cold, holes, stack_bytes, unsigned_operands })
}

/// The same operation compiled with several sets of magics, checked to be comparable.
pub(crate) fn compile_magics(compile: &mut Compile<'_>) -> Result<Vec<(Operands, RawCode)>, Located> {
    let mut all: Vec<(Operands, RawCode)> = Vec::new();
    for seed in 0..COMPILATIONS {
        let operands = Operands::magic(seed);
        let raw = compile(&operands).map_err(|message| (0, Problem::Compile(message)))?;
        if let Some((_, first)) = all.first() {
            if raw.bytes.len() != first.bytes.len() {
                return Err((0, Problem::LengthDiffers(first.bytes.len(), raw.bytes.len())));
            }
            if raw.relocs != first.relocs {
                return Err((0, Problem::RelocationsDiffer));
            }
        }
        all.push((operands, raw));
    }
    Ok(all)
}

pub(crate) fn located<T>(name: &str, result: Result<T, Located>) -> Result<T, StencilError> {
    result.map_err(|(offset, problem)| StencilError { operation: name.to_owned(), offset, problem })
}
