//! The text form of functions. `docs/ir.md` describes it; [`crate::parse()`] reads it back.
//!
//! Values and blocks keep their numbers, so what a dump or an error message calls `v7` is `Value(7)`.

use crate::{Block, BodySignature, ExitState, Function, Inlined, Inst, InstData, Offset, Slot, StateId, Value, abi};
use std::collections::BTreeSet;
use std::fmt::{self, Write};

/// Names of ranges of operand numbers: the first number, how many, and the name (with an index appended if `indexed`).
struct Names {
    first: u8,
    count: u8,
    name: &'static str,
    indexed: bool,
}

const fn group(first: u8, count: u8, name: &'static str) -> Names {
    Names { first, count, name, indexed: true }
}

const fn single(first: u8, name: &'static str) -> Names {
    Names { first, count: 1, name, indexed: false }
}

/// How 32-bit operands are called.
const OPERANDS: &[Names] = &[
    group(abi::operand::INPUT, abi::operand::OUTPUT - abi::operand::INPUT, "input"),
    group(abi::operand::OUTPUT, abi::operand::LOCAL - abi::operand::OUTPUT, "output"),
    single(abi::operand::LOCAL, "local"),
    single(abi::operand::BASE, "base"),
    group(abi::operand::PARAM, abi::operand::INSTR_LOW - abi::operand::PARAM, "param"),
    single(abi::operand::INSTR_LOW, "instr_low"),
];

/// How pointer operands are called.
const POINTERS: &[Names] = &[
    group(abi::pointer::PARAM, abi::pointer::CONST_INPUT - abi::pointer::PARAM, "param"),
    group(abi::pointer::CONST_INPUT, abi::pointer::INSTR - abi::pointer::CONST_INPUT, "const"),
    single(abi::pointer::INSTR, "instr"),
    single(abi::pointer::FEEDBACK, "feedback"),
    single(abi::pointer::CODE, "code"),
];

fn name_of(table: &[Names], number: u8) -> String {
    match table.iter().find(|n| (n.first..n.first + n.count).contains(&number)) {
        Some(n) if n.indexed => format!("{}{}", n.name, number - n.first),
        Some(n) => n.name.into(),
        // Out of range: the verifier reports it, the dump shows it.
        None => format!("operand{number}"),
    }
}

fn number_of(table: &[Names], text: &str) -> Option<u8> {
    if let Some(number) = text.strip_prefix("operand") {
        return number.parse().ok();
    }
    table.iter().find_map(|n| {
        let rest = text.strip_prefix(n.name)?;
        let index: u8 = if n.indexed { rest.parse().ok()? } else { rest.is_empty().then_some(0)? };
        (index < n.count).then(|| n.first + index)
    })
}

/// The name of a 32-bit operand.
pub(crate) fn operand_name(number: u8) -> String {
    name_of(OPERANDS, number)
}

/// The number of a named 32-bit operand.
pub(crate) fn operand_number(name: &str) -> Option<u8> {
    number_of(OPERANDS, name)
}

/// The name of a pointer operand.
pub(crate) fn pointer_name(number: u8) -> String {
    name_of(POINTERS, number)
}

/// The number of a named pointer operand.
pub(crate) fn pointer_number(name: &str) -> Option<u8> {
    number_of(POINTERS, name)
}

/// `v1, v2`
fn list(values: &[Value]) -> String {
    values.iter().map(Value::to_string).collect::<Vec<_>>().join(", ")
}

/// A local variable or stack element: `v1`, `null`, `v1 borrowed clean`.
fn slot(slot: &Slot) -> String {
    let value = slot.value.map_or("null".into(), |v| v.to_string());
    let owner = if slot.owned { "" } else { " borrowed" };
    let memory = if slot.dirty { "" } else { " clean" };
    format!("{value}{owner}{memory}")
}

fn slots(list: &[Slot]) -> String {
    list.iter().map(slot).collect::<Vec<_>>().join(", ")
}

/// `v1[16]`, `v1[local]`, `v1[param0 + 8]`
fn place(base: Value, offset: Offset) -> String {
    match offset {
        Offset::Known(n) => format!("{base}[{n}]"),
        Offset::Operand(operand, 0) => format!("{base}[{}]", operand_name(operand)),
        Offset::Operand(operand, add) => {
            let sign = if add < 0 { '-' } else { '+' };
            format!("{base}[{} {sign} {}]", operand_name(operand), add.unsigned_abs())
        }
    }
}

/// A float by its shortest decimal form, or by its bits where that loses some.
fn float(bits: u64) -> String {
    let value = f64::from_bits(bits);
    if value.is_finite() { format!("{value:?}") } else { format!("{bits:#018x}") }
}

/// The operation and its operands, without results.
fn operation(func: &Function, inst: Inst) -> String {
    use InstData::*;
    // `block1(v1, v2)`, or `block1` without arguments.
    let destination = |block: &Block, args: &[Value]| {
        let args: Vec<String> = args.iter().map(|&arg| argument(func, inst, arg)).collect();
        if args.is_empty() { block.to_string() } else { format!("{block}({})", args.join(", ")) }
    };
    match func.inst(inst) {
        Iconst { value, .. } => format!("iconst {value}"),
        Fconst { bits } => format!("fconst {}", float(*bits)),
        Operand32 { operand } => format!("operand {}", operand_name(*operand)),
        Pointer { pointer, .. } => format!("pointer {}", pointer_name(*pointer)),
        Global { global } => format!("global {}", global.name()),
        Frame => "frame".into(),
        ThreadState => "thread_state".into(),
        ActivationField { offset } => format!("activation {offset}"),
        Input { index } => format!("input {index}"),
        Received => "received".into(),
        Argument { index, .. } => format!("argument {index}"),
        Load { base, offset, .. } => format!("load {}", place(*base, *offset)),
        Store { value, base, offset } => format!("store {value}, {}", place(*base, *offset)),
        LateIterator { sequence } => format!("late_iterator {sequence}"),
        Empty { class } => format!("empty {}", class.name()),
        Instance { class } => format!("instance {class}"),
        Address { base, offset } => format!("address {}", place(*base, *offset)),
        Unary { op, arg } => format!("{} {arg}", op.name()),
        Binary { op, left, right } => format!("{} {left}, {right}", op.name()),
        Overflowing { op, left, right } => format!("overflowing {} {left}, {right}", op.name()),
        Compare { condition, left, right } => format!("{} {left}, {right}", condition.name()),
        FloatCompare { condition, left, right } => format!("{} {left}, {right}", condition.name()),
        Select { condition, then, otherwise } => format!("select {condition}, {then}, {otherwise}"),
        Retain { value } => format!("retain {value}"),
        Release { value } => format!("release {value}"),
        ReleasePlain { value } => format!("release_plain {value}"),
        UnboxInt { value } => format!("unbox_int {value}"),
        Guard { condition, reason } => format!("guard {condition}, {}", reason.name()),
        GuardExact { value, class } => format!("guard_exact {value}, {}", class.name()),
        ErrorIf { condition } => format!("error_if {condition}"),
        FloatValue { value } => format!("float_value {value}"),
        NewFloat { value, reuse } => format!("new_float {value}, reuse ({})", list(reuse)),
        IntValue { value } => format!("int_value {value}"),
        NewInt { value, reuse } => format!("new_int {value}, reuse ({})", list(reuse)),
        NewNumber { value, is_int } => format!("new_number {value}, {is_int}"),
        LateNumber { value, is_int } => format!("late_number {value}, {is_int}"),
        NewTuple { class, items } => format!("new_{} ({})", collected(*class), list(items)),
        LateTuple { class, items, lent } => format!("late_{} ({}), lent {lent}", collected(*class), list(items)),
        SaveInstr => "save_instr".into(),
        Call { helper, args } => format!("call {}({})", helper.name(), list(args)),
        CallPointer { callee, args, .. } => format!("call_pointer {callee}({})", list(args)),
        Recurse { args, .. } => format!("recurse ({})", list(args)),
        Jump { to, args } => format!("jump {}", destination(to, args)),
        Branch { condition, then, then_args, otherwise, otherwise_args } => {
            format!("branch {condition}, {}, {}", destination(then, then_args), destination(otherwise, otherwise_args))
        }
        Leave { to, arg: None } => format!("leave {}", to.name()),
        Leave { to, arg: Some(arg) } => format!("leave {}({arg})", to.name()),
        Enter { address, frame, arg: None } => format!("enter {address}, {frame}"),
        Enter { address, frame, arg: Some(arg) } => format!("enter {address}, {frame}, {arg}"),
    }
}

/// An argument of a jump, with the number in it where that is known: `v1` or `v1 raw v2`.
fn argument(func: &Function, jump: Inst, arg: Value) -> String {
    match func.raw(jump, arg) {
        Some(raw) => format!("{arg} raw {raw}"),
        None => arg.to_string(),
    }
}

/// The word for what is made of several objects.
fn collected(class: crate::Global) -> &'static str {
    match class {
        crate::Global::MethodType => "method",
        crate::Global::DictType => "dict",
        _ => "tuple",
    }
}

/// The lines of a state.
fn write_state(f: &mut fmt::Formatter<'_>, id: StateId, state: &ExitState) -> fmt::Result {
    writeln!(f, "state{}:{}", id.0, if state.raised { " raised" } else { "" })?;
    for frame in state.frames.iter() {
        let (locals, stack) = (slots(&frame.locals), slots(&frame.stack));
        let code = if frame.first_unit == 0 { String::new() } else { format!(" of {}", frame.first_unit) };
        write!(f, "    frame {}{code}: locals [{locals}], stack [{stack}]", frame.unit)?;
        if let Some(inlined) = &frame.inlined {
            let Inlined { function, counted, globals, builtins, generator, memory } = inlined;
            let counted = if *counted { "" } else { " uncounted" };
            write!(f, ", function [{}]{counted}, globals {globals}, builtins {builtins}", slots(&[*function]))?;
            if let Some(resumed) = generator {
                write!(f, ", generator {} back {}", resumed.object, resumed.back)?;
            }
            if let Some(memory) = memory {
                write!(f, ", memory {memory}")?;
            }
        }
        writeln!(f)?;
    }
    for field in &state.fields {
        let memory = if field.dirty { "" } else { " clean" };
        let attribute = if field.attribute { " attribute" } else { "" };
        writeln!(f, "    field {}[{}] = {}{memory}{attribute}", field.object, field.offset, field.value)?;
    }
    Ok(())
}

impl Function {
    /// One instruction in the text form, with its results and their types.
    pub fn display_inst(&self, inst: Inst) -> String {
        let mut text = String::new();
        for (index, &result) in self.results(inst).iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            let _ = write!(text, "{separator}{result}: {}", self.ty(result));
        }
        if !text.is_empty() {
            text.push_str(" = ");
        }
        text += &operation(self, inst);
        if let Some(state) = self.state_of(inst) {
            let _ = write!(text, " @state{}", state.0);
        }
        text
    }

    /// A block's first line in the text form: `block2(v3: obj) cold:`.
    pub(crate) fn display_header(&self, block: Block) -> String {
        let data = &self.blocks[block.index()];
        let class = |p| self.class(p).map_or(String::new(), |class| format!(" {}", class.name()));
        let params: Vec<String> = data.params.iter().map(|&p| format!("{p}: {}{}", self.ty(p), class(p))).collect();
        let params = if params.is_empty() { String::new() } else { format!("({})", params.join(", ")) };
        let depth = if data.depth == 0 { String::new() } else { format!(" depth {}", data.depth) };
        format!("{block}{params}{}{depth}:", if data.cold { " cold" } else { "" })
    }

    /// The states that instructions in blocks refer to.
    fn used_states(&self) -> BTreeSet<StateId> {
        self.blocks.iter().flat_map(|b| &b.insts).filter_map(|&inst| self.state_of(inst)).collect()
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "function {:?}", self.name)?;
        if let Some(BodySignature { params, result }) = &self.signature {
            let params: Vec<String> = params.iter().map(ToString::to_string).collect();
            write!(f, " takes ({}) gives {result}", params.join(", "))?;
        }
        f.write_str(" {\n")?;
        for block in self.block_ids() {
            writeln!(f, "{}", self.display_header(block))?;
            for &inst in &self.blocks[block.index()].insts {
                writeln!(f, "    {}", self.display_inst(inst))?;
            }
        }
        for id in self.used_states() {
            write_state(f, id, &self.states[id.index()])?;
        }
        f.write_str("}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operand_has_a_name_of_its_own() {
        for number in 0..abi::operand::COUNT as u8 {
            assert_eq!(operand_number(&operand_name(number)), Some(number));
            assert!(!operand_name(number).starts_with("operand"));
        }
        for number in 0..abi::pointer::COUNT as u8 {
            assert_eq!(pointer_number(&pointer_name(number)), Some(number));
            assert!(!pointer_name(number).starts_with("operand"));
        }
    }
}
