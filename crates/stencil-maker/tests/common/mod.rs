//! Small operations compiled by Cranelift, as the input of the maker.
#![allow(dead_code, reason = "each test file uses a part")]

use cranelift_codegen::binemit::Reloc;
use cranelift_codegen::ir::{
    self, AbiParam, ExtFuncData, ExternalName, Function, GlobalValueData, InstBuilder, MemFlagsData, Signature,
    StackSlot, StackSlotData, StackSlotKind, Type, UserExternalName, Value, types::*,
};
use cranelift_codegen::isa::{CallConv, OwnedTargetIsa};
use cranelift_codegen::settings::{self, Configurable};
use cranelift_codegen::{Context, FinalizedRelocTarget};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use whipsnake_stencil_maker::{Operands, RawCode, RawReloc, RelocKind, Symbol};

pub const ON: u32 = 0;
pub const TARGET: u32 = 1;
pub const MISS: u32 = 2;
pub const ERROR: u32 = 3;

pub fn isa(triple: &str) -> OwnedTargetIsa {
    let mut flags = settings::builder();
    for (name, value) in [
        ("opt_level", "speed"),
        ("enable_pinned_reg", "true"),
        ("unwind_info", "false"),
        ("enable_probestack", "false"),
        ("preserve_frame_pointers", "true"),
    ] {
        flags.set(name, value).unwrap();
    }
    let triple: target_lexicon::Triple = triple.parse().unwrap();
    cranelift_codegen::isa::lookup(triple).unwrap().finish(settings::Flags::new(flags)).unwrap()
}

/// Builds one operation.
pub struct Op<'a, 'b> {
    pub b: &'a mut FunctionBuilder<'b>,
    pub v: [i32; 16],
    pub activation: Option<StackSlot>,
    pub param: Option<Value>,
}

pub fn flags() -> MemFlagsData {
    MemFlagsData::trusted()
}

impl Op<'_, '_> {
    pub fn frame(&mut self) -> Value {
        self.b.ins().get_pinned_reg(I64)
    }

    /// Loads the slot whose displacement is operand `k`.
    pub fn load(&mut self, k: usize) -> Value {
        let frame = self.frame();
        self.b.ins().load(I64, flags(), frame, self.v[k])
    }

    pub fn store(&mut self, k: usize, value: Value) {
        let frame = self.frame();
        self.b.ins().store(flags(), value, frame, self.v[k]);
    }

    fn function(&mut self, name: (u32, u32), conv: CallConv, params: &[Type], results: &[Type]) -> ir::FuncRef {
        let mut signature = Signature::new(conv);
        signature.params.extend(params.iter().map(|t| AbiParam::new(*t)));
        signature.returns.extend(results.iter().map(|t| AbiParam::new(*t)));
        let signature = self.b.import_signature(signature);
        let name = self.b.func.declare_imported_user_function(UserExternalName::new(name.0, name.1));
        self.b.import_function(ExtFuncData {
            name: ExternalName::user(name),
            signature,
            colocated: true,
            patchable: false,
        })
    }

    /// Leaves to a continuation.
    pub fn leave(&mut self, cont: u32, args: &[Value]) {
        let f = self.function((0, cont), CallConv::Tail, &vec![I64; args.len()], &[]);
        self.b.ins().return_call(f, args);
    }

    /// Leaves to a continuation if the condition holds, from a cold block.
    pub fn leave_if(&mut self, condition: Value, cont: u32) {
        let (out, on) = (self.b.create_block(), self.b.create_block());
        self.b.set_cold_block(out);
        self.b.ins().brif(condition, out, &[], on, &[]);
        self.b.switch_to_block(out);
        self.leave(cont, &[]);
        self.b.switch_to_block(on);
    }

    pub fn helper(&mut self, k: u32, conv: CallConv, args: &[Value], result: Option<Type>) -> Option<Value> {
        let params: Vec<Type> = args.iter().map(|a| self.b.func.dfg.value_type(*a)).collect();
        let f = self.function((1, k), conv, &params, result.as_slice());
        let call = self.b.ins().call(f, args);
        result.map(|_| self.b.inst_results(call)[0])
    }

    pub fn address(&mut self, namespace: u32, k: u32, offset: i64) -> Value {
        let name = self.b.func.declare_imported_user_function(UserExternalName::new(namespace, k));
        let global = self.b.func.create_global_value(GlobalValueData::Symbol {
            name: ExternalName::user(name),
            offset: offset.into(),
            colocated: false,
            tls: false,
        });
        self.b.ins().symbol_value(I64, global)
    }

    pub fn pointer(&mut self, k: u32) -> Value {
        self.address(2, k, 0)
    }

    /// Adds a reference, the way the real operations do: a count of all ones stays.
    pub fn retain(&mut self, object: Value) {
        let count = self.b.ins().load(I32, flags(), object, 0);
        let more = self.b.ins().iadd_imm_s(count, 1);
        let (count_up, done) = (self.b.create_block(), self.b.create_block());
        self.b.ins().brif(more, count_up, &[], done, &[]);
        self.b.switch_to_block(count_up);
        self.b.ins().store(flags(), more, object, 0);
        self.b.ins().jump(done, &[]);
        self.b.switch_to_block(done);
    }

    /// Drops a reference, the way the real operations do.
    pub fn release(&mut self, object: Value) {
        let count = self.b.ins().load(I32, flags(), object, 0);
        let mortal = self.b.ins().icmp_imm_s(ir::condcodes::IntCC::SignedGreaterThanOrEqual, count, 0);
        let (drop, done, dead) = (self.b.create_block(), self.b.create_block(), self.b.create_block());
        self.b.set_cold_block(dead);
        self.b.ins().brif(mortal, drop, &[], done, &[]);
        self.b.switch_to_block(drop);
        let less = self.b.ins().iadd_imm_s(count, -1);
        self.b.ins().store(flags(), less, object, 0);
        let zero = self.b.ins().icmp_imm_s(ir::condcodes::IntCC::Equal, less, 0);
        self.b.ins().brif(zero, dead, &[], done, &[]);
        self.b.switch_to_block(dead);
        self.helper(PRESERVING, CallConv::PreserveAll, &[object], None);
        self.b.ins().jump(done, &[]);
        self.b.switch_to_block(done);
    }
}

/// The helper that preserves integer registers.
pub const PRESERVING: u32 = 9;

/// How a test operation is compiled.
#[derive(Clone, Copy)]
pub struct Form {
    pub triple: &'static str,
    /// Declares the activation's stack slot.
    pub activation: bool,
    /// Takes a value in the first argument register.
    pub receives: bool,
}

impl Default for Form {
    fn default() -> Self {
        Form { triple: "x86_64-unknown-linux-gnu", activation: true, receives: false }
    }
}

/// A compile function of an operation.
pub fn compiler(
    form: Form,
    build: impl Fn(&mut Op<'_, '_>) + 'static,
) -> impl FnMut(&Operands) -> Result<RawCode, String> {
    let isa = isa(form.triple);
    move |operands| {
        let mut context = Context::new();
        let mut builder_context = FunctionBuilderContext::new();
        let mut signature = Signature::new(CallConv::Tail);
        if form.receives {
            signature.params.push(AbiParam::new(I64));
        }
        context.func.signature = signature;
        let mut b = FunctionBuilder::new(&mut context.func, &mut builder_context);
        let activation =
            form.activation.then(|| b.create_sized_stack_slot(StackSlotData::new(StackSlotKind::ExplicitSlot, 32, 4)));
        let entry = b.create_block();
        b.append_block_params_for_function_params(entry);
        b.switch_to_block(entry);
        let param = b.block_params(entry).first().copied();
        build(&mut Op { b: &mut b, v: operands.values, activation, param });
        b.seal_all_blocks();
        b.finalize(isa.frontend_config());
        context
            .compile(&*isa, &mut Default::default())
            .map_err(|error| format!("{:?}\n{}", error.inner, error.func))?;
        Ok(raw(&context.func, context.compiled_code().unwrap()))
    }
}

fn raw(func: &Function, code: &cranelift_codegen::CompiledCode) -> RawCode {
    let relocs = code.buffer.relocs().iter().map(|reloc| {
        let FinalizedRelocTarget::ExternalName(ExternalName::User(user)) = &reloc.target else {
            return RawReloc { offset: reloc.offset, kind: RelocKind::Other, symbol: Symbol::Cont(0), addend: 0 };
        };
        let name = &func.params.user_named_funcs()[*user];
        RawReloc {
            offset: reloc.offset,
            kind: match reloc.kind {
                Reloc::Abs8 => RelocKind::Abs8,
                Reloc::X86CallPCRel4 => RelocKind::X86CallPCRel4,
                Reloc::Arm64Call => RelocKind::Arm64Call,
                _ => RelocKind::Other,
            },
            symbol: match name.namespace {
                0 => Symbol::Cont(name.index as u8),
                1 => Symbol::Helper(name.index as u16),
                2 => Symbol::Pointer(name.index as u8),
                _ => Symbol::Global(name.index as u16),
            },
            addend: reloc.addend,
        }
    });
    RawCode { bytes: code.code_buffer().to_vec(), relocs: relocs.collect() }
}

/// Instructions as text, one a line.
pub fn listing(bytes: &[u8]) -> String {
    use iced_x86::{Decoder, DecoderOptions, Formatter, IntelFormatter};
    let mut formatter = IntelFormatter::new();
    let mut text = String::new();
    for inst in Decoder::with_ip(64, bytes, 0, DecoderOptions::NONE) {
        let mut line = String::new();
        formatter.format(&inst, &mut line);
        text += &format!("{:3x}  {line}\n", inst.ip());
    }
    text
}
