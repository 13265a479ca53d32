//! The library: every operation in every variant, and the Rust source of its tables.

use crate::{
    HelperConvention, Hole, HoleKind, Operands, RawCode, RawReloc, RelocKind, Section, Stencil, StencilError,
    StencilOptions, Symbol,
};
use std::collections::HashMap;
use std::fmt::Write;
use whipsnake_codegen::{Compiler, InputPlace, StencilForm};
use whipsnake_cpython::opcode as op;
use whipsnake_ir::{Continuation, Effects, Function, Helper, InstData, Type, abi};
use whipsnake_ops::{Imm, Operation, Ptr};

pub use whipsnake_codegen::Target;

/// The files the build script writes.
pub struct Library {
    /// Rust source of the tables.
    pub rust: String,
    /// Machine code of all stencils.
    pub blob: Vec<u8>,
}

/// Why the library can't be made.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// A stencil can't be proved.
    #[error(transparent)]
    Stencil(#[from] StencilError),
}

/// How a variant takes one borrowable input.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Owned,
    Borrowed,
    Const,
}

const MODES: [Mode; 3] = [Mode::Owned, Mode::Borrowed, Mode::Const];

/// What the compiler must know of an operation, read off its IR.
#[derive(Default)]
struct Traits {
    misses: bool,
    errors: bool,
    hands_on: bool,
    feedback: bool,
}

fn traits(function: &Function) -> Traits {
    let mut t = Traits::default();
    for block in &function.blocks {
        for &inst in &block.insts {
            match function.inst(inst) {
                InstData::Guard { .. } | InstData::GuardExact { .. } => t.misses = true,
                InstData::ErrorIf { .. } | InstData::NewFloat { .. } | InstData::NewInt { .. } => t.errors = true,
                InstData::Leave { to, arg } => match to {
                    Continuation::Next => {
                        t.hands_on |= arg.is_some();
                    }
                    Continuation::Miss => t.misses = true,
                    Continuation::Error => t.errors = true,
                    _ => {}
                },
                InstData::Enter { .. } => t.hands_on = true,
                InstData::Pointer { pointer: abi::pointer::FEEDBACK, .. } => t.feedback = true,
                _ => {}
            }
        }
    }
    t
}

fn convert(raw: whipsnake_codegen::RawCode) -> RawCode {
    use whipsnake_codegen as cg;
    let symbol = |s| match s {
        cg::Symbol::Cont(n) => Symbol::Cont(n),
        cg::Symbol::Helper(n) => Symbol::Helper(n),
        cg::Symbol::Pointer(n) => Symbol::Pointer(n),
        cg::Symbol::Global(n) => Symbol::Global(n),
        cg::Symbol::Body => unreachable!("operations have no recursive body"),
    };
    let kind = |k| match k {
        cg::RelocKind::Abs8 => RelocKind::Abs8,
        cg::RelocKind::X86CallPCRel4 => RelocKind::X86CallPCRel4,
        cg::RelocKind::Arm64Call => RelocKind::Arm64Call,
        cg::RelocKind::Other(_) => RelocKind::Other,
    };
    RawCode {
        bytes: raw.bytes,
        relocs: raw
            .relocs
            .into_iter()
            .map(|r| RawReloc { offset: r.offset, kind: kind(r.kind), symbol: symbol(r.symbol), addend: r.addend })
            .collect(),
    }
}

/// Holes that are filled together: numbers of the linker.
const NARROW_GROUP: usize = 4;
const WIDE_GROUP: usize = 2;

/// Accumulates the tables.
#[derive(Default)]
struct Tables {
    blob: Vec<u8>,
    stencils: String,
    stencil_count: usize,
    /// By stencil, the one that is followed by `RECEIVE`, as Rust source.
    received: String,
    /// The stencil of `RECEIVE`.
    receive: Option<Stencil>,
    /// Those that are followed by it, to be added last.
    joined: Vec<(Stencil, &'static Operation)>,
    holes: String,
    hole_count: usize,
    operations: String,
    variants: String,
    variant_count: usize,
    stack_bytes: u32,
    /// Where each part is, so that equal ones are stored once.
    parts: HashMap<Vec<u8>, usize>,
}

/// How each borrowable input is taken, for every variant in order; `None` for a variant that would never be used.
fn variants(operation: &Operation) -> Vec<Option<Vec<Mode>>> {
    let kinds = operation.borrows.len() as u32;
    let modes = |variant: usize| -> Vec<Mode> { (0..kinds).map(|k| MODES[variant / 3usize.pow(k) % 3]).collect() };
    // Constants in several places at once are folded by CPython's compiler.
    let used = |modes: &Vec<Mode>| modes.iter().filter(|m| **m == Mode::Const).count() <= 1;
    (0..3usize.pow(kinds)).map(|variant| Some(modes(variant)).filter(used)).collect()
}

/// One variant of an operation, ready to be compiled.
struct Variant {
    name: String,
    function: Function,
    form: StencilForm,
}

impl Variant {
    fn new(operation: &Operation, modes: &[Mode]) -> Variant {
        let mut form = StencilForm { receives: operation.receives, ..StencilForm::default() };
        let mut borrowed = 0;
        for (&input, mode) in operation.borrows.iter().zip(modes) {
            if *mode != Mode::Owned {
                borrowed |= 1 << input;
            }
            if *mode == Mode::Const {
                form.inputs[usize::from(input)] = InputPlace::Const;
            }
        }
        let suffix: String = modes.iter().map(|m| ["o", "b", "c"][*m as usize]).collect();
        let name = if suffix.is_empty() { operation.name.to_owned() } else { format!("{} ({suffix})", operation.name) };
        Variant { name, function: operation.build(borrowed), form }
    }

    fn compile(&mut self, compiler: &mut Compiler, operands: &Operands) -> Result<RawCode, String> {
        self.form.operands = operands.values;
        compiler.stencil(&self.function, &self.form).map(convert).map_err(|error| error.to_string())
    }
}

fn stencil(operation: &Operation, modes: &[Mode], compiler: &mut Compiler) -> Result<(String, Stencil), LibraryError> {
    let mut variant = Variant::new(operation, modes);
    let (name, options) = (variant.name.clone(), options(&variant.function));
    let stencil = crate::make(&name, &mut |operands| variant.compile(compiler, operands), &options)?;
    Ok((name, stencil))
}

/// Compiles every operation for 64-bit ARM, in one variant or in all of them, and proves its holes; says how many there are.
pub fn prove_arm64(all_variants: bool) -> Result<usize, LibraryError> {
    let mut compiler = Compiler::new(Target::Aarch64);
    let mut count = 0;
    for operation in whipsnake_ops::all() {
        let wanted = if all_variants { usize::MAX } else { 1 };
        for modes in variants(operation).into_iter().flatten().take(wanted) {
            let mut variant = Variant::new(operation, &modes);
            let name = variant.name.clone();
            crate::prove_arm64(&name, &mut |operands| variant.compile(&mut compiler, operands))?;
            count += 1;
        }
    }
    Ok(count)
}

/// Every stencil of a target with its name, for listings and checks.
pub fn stencils(target: Target) -> Result<Vec<(String, Stencil)>, LibraryError> {
    let mut compiler = Compiler::new(target);
    let mut all = Vec::new();
    for operation in whipsnake_ops::all() {
        for modes in variants(operation).into_iter().flatten() {
            all.push(stencil(operation, &modes, &mut compiler)?);
        }
    }
    Ok(all)
}

/// Makes every stencil of a target.
pub fn make(target: Target) -> Result<Library, LibraryError> {
    let mut compiler = Compiler::new(target);
    let mut tables = Tables::default();
    for operation in whipsnake_ops::all() {
        tables.operation(operation, &mut compiler)?;
    }
    Ok(tables.finish())
}

impl Tables {
    fn operation(&mut self, operation: &'static Operation, compiler: &mut Compiler) -> Result<(), LibraryError> {
        let t = traits(&operation.build(0));
        let receive = match &self.receive {
            Some(receive) => receive.clone(),
            None => self.receive.insert(receive_stencil(compiler)?).clone(),
        };
        writeln!(
            self.operations,
            "OperationInfo {{ name: {:?}, inputs: {}, keeps: {}, outputs: {}, borrows: &{:?}, variants: {}, imms: &{}, ptrs: &{}, \
             place: Place::{:?}, misses: {}, errors: {}, hands_on: {} }},",
            operation.name,
            operation.inputs,
            operation.keeps,
            operation.outputs,
            operation.borrows,
            self.variant_count,
            paths("Imm", operation.imms),
            paths("Ptr", operation.ptrs),
            operation.place,
            t.misses,
            t.errors,
            t.hands_on,
        )
        .expect("writing to a string");
        for modes in variants(operation) {
            match modes {
                Some(modes) => {
                    let (_, stencil) = stencil(operation, &modes, compiler)?;
                    write!(self.variants, "{}, ", self.stencil_count).expect("writing to a string");
                    let joined = if t.hands_on { join(&stencil, &receive) } else { None };
                    self.push(&stencil, operation, t.feedback, 0);
                    let number = match joined {
                        Some(_) => numbered("JOINED", self.joined.len() as u16),
                        None => "NONE".to_owned(),
                    };
                    self.received.push_str(&format!("{number}, "));
                    self.joined.extend(joined.map(|joined| (joined, operation)));
                }
                None => self.variants.push_str("NONE, "),
            }
            self.variant_count += 1;
        }
        Ok(())
    }

    /// Adds a stencil, whose hot part ends with so many bytes of `RECEIVE`.
    fn push(&mut self, stencil: &Stencil, operation: &Operation, feedback: bool, receive: usize) {
        let hot = self.part(&stencil.hot);
        let cold = self.part(&stencil.cold);
        let first = self.hole_count;
        let mut counts = [0; 2];
        for (groups, wide, size) in [(0, false, NARROW_GROUP), (1, true, WIDE_GROUP)] {
            let holes: Vec<&Hole> = stencil.holes.iter().filter(|hole| is_wide(hole.kind) == wide).collect();
            counts[groups] = holes.len().div_ceil(size);
            // The last group is completed with its last hole.
            let all = holes.iter().copied().chain(holes.last().copied().into_iter().cycle());
            all.take(counts[groups] * size).for_each(|hole| self.hole(hole, operation));
        }
        assert!(stencil.unsigned_operands >> abi::operand::INSTR_LOW & 1 == 0, "half of an address has any sign");
        assert!(counts.iter().all(|&count| count < 256), "counts of groups fit a byte");
        writeln!(
            self.stencils,
            "Stencil {{ hot: {hot}, cold: {cold}, holes: {first}, hot_len: {}, cold_len: {}, narrow: {}, wide: {}, feedback: {}, needs: {}, receive: {receive} }},",
            stencil.hot.len(),
            stencil.cold.len(),
            counts[0],
            counts[1],
            if feedback { cell_words(operation) } else { 0 },
            needs(operation, stencil),
        )
        .expect("writing to a string");
        self.stencil_count += 1;
        self.stack_bytes = self.stack_bytes.max(stencil.stack_bytes);
    }

    /// One line of the table of holes: names of values are those of the linker.
    fn hole(&mut self, hole: &Hole, operation: &Operation) {
        use abi::{operand, pointer};
        let (value, addend) = match hole.kind {
            HoleKind::Cont(k) => match Continuation::ALL[usize::from(k)] {
                Continuation::Next => ("NEXT".to_owned(), 0),
                Continuation::Target => ("TARGET".to_owned(), 0),
                Continuation::Miss => ("MISS".to_owned(), 0),
                Continuation::Error => ("ERROR".to_owned(), 0),
                _ => (numbered("CONTINUATION", k), 0),
            },
            HoleKind::Helper(k) => (numbered("HELPER", k), 0),
            HoleKind::ToHot(to) => ("HOT".to_owned(), i32::from(to)),
            HoleKind::ToCold(to) => ("COLD".to_owned(), i32::from(to)),
            HoleKind::Global(k, add) => (numbered("GLOBAL", k), add),
            HoleKind::Pointer(k, add) => match k {
                pointer::INSTR => ("INSTR".to_owned(), add),
                pointer::FEEDBACK => ("FEEDBACK".to_owned(), add),
                pointer::CODE => ("CODE".to_owned(), add),
                // An input is a slot or a constant, so both have one place.
                pointer::CONST_INPUT..pointer::INSTR => (numbered("INPUT", k - pointer::CONST_INPUT), add),
                _ if is_everywhere(operation.ptrs[usize::from(k)]) => ("NEXT".to_owned(), add),
                _ => (numbered("POINTER", k), add),
            },
            HoleKind::Disp32 { operand, addend } | HoleKind::Imm32 { operand, addend } => match operand {
                operand::INPUT..operand::OUTPUT => (numbered("INPUT", operand - operand::INPUT), addend),
                operand::OUTPUT..operand::LOCAL => {
                    ("OUTPUT".to_owned(), addend + 8 * i32::from(operand - operand::OUTPUT))
                }
                operand::LOCAL => ("PLACE".to_owned(), addend),
                operand::BASE => ("BASE".to_owned(), addend),
                operand::INSTR_LOW => ("INSTR_LOW".to_owned(), addend),
                _ => match operation.imms[usize::from(operand - operand::PARAM)] {
                    Imm::Oparg(0) => ("OPARG".to_owned(), addend),
                    Imm::Length => ("ZERO".to_owned(), addend + length(operation)),
                    Imm::ReturnWord => ("OWNER".to_owned(), addend + length(operation)),
                    _ => (numbered("IMMEDIATE", operand - operand::PARAM), addend),
                },
            },
        };
        let number = if value.contains('+') { format!("(value::{value})") } else { format!("value::{value}") };
        let cold = if hole.section == Section::Cold { " | Hole::COLD" } else { "" };
        // A distance counts from the end of the field, the linker's from the start of the part.
        let (relative, addend) = match hole.kind {
            HoleKind::Cont(_) | HoleKind::Helper(_) | HoleKind::ToHot(_) | HoleKind::ToCold(_) => {
                (" | Hole::RELATIVE", addend - hole.offset as i32 - 4)
            }
            _ => ("", addend),
        };
        writeln!(self.holes, "Hole {{ offset: {}, value: {number}{cold}{relative}, addend: {addend} }},", hole.offset)
            .expect("writing to a string");
        self.hole_count += 1;
    }

    fn part(&mut self, bytes: &[u8]) -> usize {
        let at = *self.parts.entry(bytes.to_vec()).or_insert(self.blob.len());
        if at == self.blob.len() {
            self.blob.extend_from_slice(bytes);
        }
        at
    }

    fn finish(mut self) -> Library {
        let (first, joined) = (self.stencil_count, std::mem::take(&mut self.joined));
        let receive = self.receive.as_ref().map_or(0, |receive| receive.hot.len());
        for (stencil, operation) in joined {
            self.push(&stencil, operation, traits(&operation.build(0)).feedback, receive);
        }
        assert!(Helper::ALL.len() <= 256, "helper numbers fit a byte");
        // Copies run in chunks and may read beyond the end.
        self.blob.extend_from_slice(&[0xcc; 128]);
        let names: Vec<&str> = whipsnake_ops::all().iter().map(|operation| operation.name).collect();
        let rust = format!(
            "/// Machine code of all stencils.\n\
             pub(crate) static BLOB: &[u8] = include_bytes!(concat!(env!(\"OUT_DIR\"), \"/stencils.bin\"));\n\
             /// All stencils.\n\
             pub(crate) static STENCILS: &[Stencil] = &[\n{}];\n\
             /// Holes of all stencils.\n\
             pub(crate) static HOLES: &[Hole] = &[\n{}];\n\
             /// The first stencil that is followed by `RECEIVE`.\n\
             const JOINED: u16 = {first};\n\
             /// By stencil, the same followed by `RECEIVE`, if it may be.\n\
             pub(crate) static RECEIVED: &[u16] = &[{}];\n\
             /// Stencils of the operations' variants.\n\
             pub(crate) static VARIANTS: &[u16] = &[{}];\n\
             /// All operations.\n\
             pub(crate) static OPERATIONS: &[OperationInfo] = &[\n{}];\n\
             {}\
             /// Bytes of native stack that stencils use, the activation included.\n\
             pub const STACK_BYTES: usize = {};\n",
            self.stencils,
            self.holes,
            self.received,
            self.variants,
            self.operations,
            crate::selector::source(&names),
            self.stack_bytes.max(abi::ACTIVATION_SIZE).next_multiple_of(16),
        );
        Library { rust, blob: self.blob }
    }
}

fn receive_stencil(compiler: &mut Compiler) -> Result<Stencil, LibraryError> {
    let receive = whipsnake_ops::all().into_iter().find(|operation| operation.name == "RECEIVE").expect("an operation");
    Ok(stencil(receive, &[], compiler)?.1)
}

/// A stencil and the `RECEIVE` that it goes on with, as one; `None` if the first has an output of its own, whose slot the second needs.
fn join(stencil: &Stencil, receive: &Stencil) -> Option<Stencil> {
    use abi::operand::{LOCAL, OUTPUT};
    let is_output = |hole: &Hole| matches!(hole.kind, HoleKind::Disp32 { operand, .. } | HoleKind::Imm32 { operand, .. } if (OUTPUT..LOCAL).contains(&operand));
    let alone = |hole: &Hole| {
        matches!(hole.kind, HoleKind::Pointer(abi::pointer::CODE, _) | HoleKind::Cont(_)) || is_output(hole)
    };
    let next =
        |hole: &Hole| matches!(hole.kind, HoleKind::Cont(k) if Continuation::ALL[usize::from(k)] == Continuation::Next);
    assert!(
        receive.cold.is_empty() && receive.holes.iter().all(|hole| alone(hole) && !next(hole)),
        "RECEIVE can be moved"
    );
    if stencil.holes.iter().any(is_output) {
        return None;
    }
    let mut joined = stencil.clone();
    let moved = |hole: &Hole| Hole { offset: hole.offset + stencil.hot.len() as u16, ..*hole };
    joined.hot.extend(&receive.hot);
    joined.holes.extend(receive.holes.iter().map(moved));
    joined.holes.sort();
    Some(joined)
}

/// Words of an operation's feedback cell.
fn cell_words(operation: &Operation) -> usize {
    let is_of_variables =
        ["LOAD_GLOBAL", "STORE_GLOBAL", "LOAD_NAME", "STORE_NAME"].iter().any(|name| operation.name.starts_with(name));
    if is_of_variables { abi::GLOBAL_FEEDBACK_WORDS } else { abi::FEEDBACK_WORDS }
}

/// Whether the linker has an immediate without looking for it.
fn is_in_every_piece(imm: Imm) -> bool {
    matches!(imm, Imm::Oparg(0) | Imm::Length | Imm::ReturnWord)
}

/// Whether the linker has a pointer without looking for it: it has where each operation goes on.
fn is_everywhere(ptr: Ptr) -> bool {
    ptr == Ptr::NextCode
}

/// Code units of an operation's instruction, with its cache.
fn length(operation: &Operation) -> i32 {
    let name = operation.name.split(['.', '+']).next().unwrap_or_default();
    let opcode = op::NAMES.iter().position(|&opcode| opcode == name).expect("an operation of an instruction");
    1 + i32::from(op::CACHES[usize::from(op::base(opcode as u8))])
}

/// What the linker must find out for an operation, as Rust source.
fn needs(operation: &Operation, stencil: &Stencil) -> String {
    let whole_address = |hole: &Hole| matches!(hole.kind, HoleKind::Pointer(abi::pointer::INSTR, _));
    let all = [
        (stencil.holes.iter().any(whole_address), "INSTR"),
        (!operation.imms.iter().all(|&imm| is_in_every_piece(imm)), "IMMEDIATES"),
        (!operation.ptrs.iter().all(|&ptr| is_everywhere(ptr)), "POINTERS"),
    ];
    let names: Vec<String> =
        all.iter().filter(|(needed, _)| *needed).map(|(_, name)| format!("needs::{name}")).collect();
    if names.is_empty() { "0".to_owned() } else { names.join(" | ") }
}

/// A value's number as Rust source.
fn numbered(first: &str, more: impl Into<u16>) -> String {
    match more.into() {
        0 => first.to_owned(),
        more => format!("{first} + {more}"),
    }
}

/// Whether a hole takes 64 bits.
fn is_wide(kind: HoleKind) -> bool {
    matches!(kind, HoleKind::Pointer(..) | HoleKind::Global(..))
}

/// A slice of `Imm` or `Ptr` as Rust source.
fn paths<T: std::fmt::Debug>(name: &str, items: &[T]) -> String {
    let items: Vec<String> = items.iter().map(|item| format!("{name}::{item:?}")).collect();
    format!("[{}]", items.join(", "))
}

/// What the post-pass must know: which continuations pass a value, what helpers take and preserve.
fn options(function: &Function) -> StencilOptions {
    let mut options =
        StencilOptions { helpers: Helper::ALL.iter().map(|&h| convention(h)).collect(), ..Default::default() };
    for block in &function.blocks {
        for &inst in &block.insts {
            if let InstData::Leave { to, arg: Some(_) } = function.inst(inst) {
                options.conts_with_argument |= 1 << *to as u8;
            }
        }
    }
    options
}

fn convention(helper: Helper) -> HelperConvention {
    let signature = helper.signature();
    let floats = signature.params.iter().filter(|t| **t == Type::F64).count() as u8;
    HelperConvention {
        int_args: signature.params.len() as u8 - floats,
        float_args: floats,
        float_result: signature.results.contains(&Type::F64),
        preserve: signature.effects.contains(Effects::PRESERVE),
    }
}
