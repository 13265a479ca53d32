//! Compiling one operation alone, with chosen operand values.

use crate::isa::make_region_isa;
use crate::lower::Lowering;
use crate::raw::RawCode;
use crate::{Target, make_isa};
use cranelift_codegen::Context;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::isa::{OwnedTargetIsa, TargetFrontendConfig};
use cranelift_frontend::FunctionBuilderContext;
use whipsnake_ir::{Function, abi};

/// Where a stencil finds an input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum InputPlace {
    /// In the frame, at the input's displacement operand (a stack slot or a local).
    #[default]
    Slot,
    /// A constant, by the input's pointer operand.
    Const,
}

/// What is fixed when an operation is compiled as a stencil.
#[derive(Clone, Debug, Default)]
pub struct StencilForm {
    /// Where each input is.
    pub inputs: [InputPlace; 4],
    /// The values of the 32-bit operands.
    pub operands: [i32; abi::operand::COUNT],
    /// Whether the stencil is entered with a value in the first argument register.
    pub receives: bool,
}

/// Cranelift refused a function: a mistake in an operation or in the lowering.
#[derive(Debug, thiserror::Error)]
#[error("cannot compile operation {name}: {message}\n{clif}")]
pub struct CodegenError {
    name: String,
    message: String,
    clif: String,
}

/// Compiles operations for one target, reusing its buffers.
pub struct Compiler {
    isa: OwnedTargetIsa,
    context: Context,
    builder_context: FunctionBuilderContext,
}

impl Compiler {
    /// A compiler of stencils for the target.
    pub fn new(target: Target) -> Compiler {
        Compiler::with_isa(make_isa(target))
    }

    /// A compiler of regions for the target.
    pub fn for_regions(target: Target) -> Compiler {
        Compiler::with_isa(make_region_isa(target))
    }

    fn with_isa(isa: OwnedTargetIsa) -> Compiler {
        Compiler { isa, context: Context::new(), builder_context: FunctionBuilderContext::new() }
    }

    /// The machine code of `func` as a stencil with the operands of `form`.
    pub fn stencil(&mut self, func: &Function, form: &StencilForm) -> Result<RawCode, CodegenError> {
        self.context.clear();
        Lowering::stencil(func, form, &mut self.context.func, &mut self.builder_context, self.isa.frontend_config());
        self.compile(func)
    }

    /// The buffers, and what the target asks of a front end.
    pub(crate) fn parts(&mut self) -> (&mut Context, &mut FunctionBuilderContext, TargetFrontendConfig) {
        let config = self.isa.frontend_config();
        (&mut self.context, &mut self.builder_context, config)
    }

    /// Forgets the last function.
    pub(crate) fn clear(&mut self) {
        self.context.clear();
    }

    /// The machine code of what was lowered.
    pub(crate) fn compile(&mut self, func: &Function) -> Result<RawCode, CodegenError> {
        match self.context.compile(&*self.isa, &mut ControlPlane::default()) {
            Ok(_) => {}
            Err(error) => {
                return Err(CodegenError {
                    name: func.name.clone(),
                    message: format!("{:?}", error.inner),
                    clif: error.func.display().to_string(),
                });
            }
        }
        let code = self.context.compiled_code().expect("just compiled");
        Ok(RawCode::from_buffer(&self.context.func, code))
    }

    /// The Cranelift IR of the last function compiled, for dumps.
    pub fn clif(&self) -> String {
        self.context.func.display().to_string()
    }
}
