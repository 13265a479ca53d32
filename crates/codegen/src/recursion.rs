//! Functions that call themselves: the machine code of such a region is in two parts.
//!
//! The *body* is the function, with its arguments in registers, as numbers where they always are. It calls itself as C does, and has no frame in memory: before a call it
//! writes a *record* on the stack, which has what an exit at that place would store. Where a callee leaves the region, the frames of all the calls are made from
//! the records, the outermost first, and every caller returns at once. What *opens* the recursion is the region that is entered: it takes the arguments out of its frame
//! and calls the body, which runs for that frame.
//!
//! The body is `(thread state, record of the caller, calls that it may still make, arguments…) -> (address or value, frame)`: the frame is NULL where it has
//! returned, else native code goes on at the address. A record is the address of the one below it, the number of its exit, and the exit's words; the lowest is NULL and the frame.

use crate::lower::{Lowering, clif_type};
use crate::raw::Symbol;
use cranelift_codegen::ir::{self, AbiParam, InstBuilder, MemFlagsData, StackSlot, types};
use cranelift_codegen::isa::CallConv;
use whipsnake_ir::{BodySignature, Continuation, Function, Helper, Inst, Type, Value};

/// Words of a record before those of its exit.
pub const RECORD_HEAD: u32 = 2;

/// What lowering a recursive body, or what opens one, keeps beside the rest.
pub(crate) struct Recursion {
    /// Where it writes its record.
    pub(crate) record: StackSlot,
    words: u32,
    /// How many calls it may still make, and the arguments.
    params: Vec<ir::Value>,
}

impl Recursion {
    pub(crate) fn new(record: StackSlot, params: Vec<ir::Value>) -> Recursion {
        Recursion { record, words: RECORD_HEAD, params }
    }

    /// The length of its longest record.
    pub(crate) fn bytes(&self) -> u32 {
        8 * self.words
    }
}

/// Whether it is a recursive body, or opens one.
pub(crate) fn is_in(func: &Function) -> bool {
    func.signature.is_some() || func.body.is_some()
}

/// The signature of a body's machine code. No register survives it: whatever its caller has is on the stack anyway.
pub(crate) fn signature(of: &BodySignature) -> ir::Signature {
    let mut signature = ir::Signature::new(CallConv::Tail);
    signature.params.extend([types::I64; 3].map(AbiParam::new));
    signature.params.extend(of.params.iter().map(|&ty| AbiParam::new(clif_type(ty))));
    signature.returns.extend([types::I64; 2].map(AbiParam::new));
    signature
}

impl Lowering<'_, '_> {
    fn recursion(&mut self) -> &mut Recursion {
        self.region_state().recursion.as_mut().expect("a recursive body, or what opens one")
    }

    /// A parameter of the body.
    pub(crate) fn argument(&mut self, index: u8) -> ir::Value {
        self.recursion().params[usize::from(index)]
    }

    /// Returns from the body.
    pub(crate) fn return_from_body(&mut self, value: ir::Value) {
        let word = match self.b.func.dfg.value_type(value) {
            types::F64 => self.b.ins().bitcast(types::I64, MemFlagsData::new(), value),
            _ => value,
        };
        let returned = self.b.ins().iconst(types::I64, 0);
        self.b.ins().return_(&[word, returned]);
    }

    /// Calls the body. Where that leaves the region, so does this.
    pub(crate) fn recurse(&mut self, inst: Inst, args: &[Value], ret: Type) {
        let body = self.func.body.as_deref().unwrap_or(self.func);
        let signature = signature(body.signature.as_ref().expect("that of a body"));
        let (thread, below) = (self.region_state().thread, self.region_state().frame);
        let (head, levels) = if self.func.signature.is_some() {
            let state = self.current_state();
            let (exit, values) = self.describe(state, Continuation::Next);
            let number = self.region_state().add_exit(exit);
            let recursion = self.recursion();
            recursion.words = recursion.words.max(RECORD_HEAD + values.len() as u32);
            let (record, levels) = (recursion.record, recursion.params[0]);
            self.store_words(record, RECORD_HEAD, &values);
            let number = self.b.ins().iconst(types::I64, number as i64);
            ([below, number], self.b.ins().iadd_imm_s(levels, -1))
        } else {
            let none = self.b.ins().iconst(types::I64, 0);
            ([none, below], self.first_levels(thread))
        };
        let record = self.recursion().record;
        for (index, word) in head.into_iter().enumerate() {
            self.b.ins().stack_store(types::I64, word, record, 8 * index as i32);
        }
        let record = self.b.ins().stack_addr(types::I64, record, 0);
        let mut words = vec![thread, record, levels];
        words.extend(args.iter().map(|&arg| self.use_value(arg)));
        let signature = self.b.import_signature(signature);
        let callee = self.external(Symbol::Body, signature);
        let call = self.b.ins().call(callee, &words);
        let &[word, frame] = self.b.inst_results(call) else { unreachable!("two results") };
        let (left, returned) = (self.b.create_block(), self.b.create_block());
        self.b.set_cold_block(left);
        self.b.ins().brif(frame, left, &[], returned, &[]);
        self.b.switch_to_block(left);
        self.b.ins().return_(&[word, frame]);
        self.b.switch_to_block(returned);
        let result = match ret {
            Type::F64 => self.b.ins().bitcast(types::F64, MemFlagsData::new(), word),
            _ => word,
        };
        self.define(inst, &[result]);
    }

    /// How many calls the body may make.
    fn first_levels(&mut self, thread: ir::Value) -> ir::Value {
        let bytes = i64::from(self.region_form().body_bytes);
        let bytes = self.b.ins().iconst(types::I32, bytes);
        self.call(Helper::BodyLevels, &[thread, bytes])[0]
    }
}
