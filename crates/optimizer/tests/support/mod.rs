//! Hand-assembled loops and a program that does not run.
#![allow(dead_code, reason = "each test uses some of it")]

use rustc_hash::FxHashSet;
use std::cell::Cell;
use whipsnake_bytecode::{CodeInput, Decoder, Instr};
use whipsnake_cpython::opcode as op;
use whipsnake_ir::{Block, Failure, Function, Global, InstData, parse, verify};
use whipsnake_ops::Ptr;
use whipsnake_optimizer::{
    AttributeShape, Callee, Callees, Classes, Constructor, Feedback, Method, Number, Object, Objects, Refusal, Request,
    Special, Start, Surroundings, build, passes,
};

/// A line of assembly.
#[derive(Clone, Copy)]
pub enum Line {
    /// An opcode and its operand.
    Op(u8, u8),
    /// An opcode whose operand leads to a label.
    To(u8, &'static str),
    /// Where such operands lead.
    Label(&'static str),
}

/// Code units of the lines, with caches; and the unit of each label.
fn assemble(lines: &[Line]) -> (Vec<u16>, Vec<(&'static str, usize)>) {
    let length = |opcode: u8| 1 + usize::from(op::CACHES[op::DEOPT[opcode as usize] as usize]);
    let mut labels = Vec::new();
    let mut at = 0;
    for line in lines {
        match *line {
            Line::Op(opcode, _) | Line::To(opcode, _) => at += length(opcode),
            Line::Label(name) => labels.push((name, at)),
        }
    }
    let mut units = Vec::new();
    for line in lines {
        let (opcode, oparg) = match *line {
            Line::Op(opcode, oparg) => (opcode, oparg),
            Line::To(opcode, label) => {
                let target = labels.iter().find(|l| l.0 == label).expect("the label is there").1;
                (opcode, (units.len() + length(opcode)).abs_diff(target) as u8)
            }
            Line::Label(_) => continue,
        };
        units.push(u16::from(opcode) | u16::from(oparg) << 8);
        units.resize(units.len() + length(opcode) - 1, 0);
    }
    (units, labels)
}

/// What the program would know.
#[derive(Default)]
pub struct Program {
    /// The constants' values: an int, a float, or neither.
    pub constants: Vec<Number>,
    /// The types of what the locals hold.
    pub locals: Vec<Option<Global>>,
    /// What was seen at each access to an attribute.
    pub shapes: Vec<AttributeShape>,
    /// How often each instruction has failed in regions.
    pub failures: u8,
    /// Whether ints are too large for a register.
    pub large: bool,
    /// Labels: between the first two, what is raised goes to the third, with the stack this deep.
    pub handler: Option<(&'static str, &'static str, &'static str, u8)>,
    /// The function itself, which is what every global variable holds then.
    pub itself: Cell<Option<&'static Callee<'static>>>,
}

impl Surroundings for Program {
    fn pointer(&self, meaning: Ptr, _: &Instr, oparg: u32) -> u64 {
        match meaning {
            Ptr::BinaryFunction => 0x5000 + 16 * u64::from(oparg),
            _ => 0x6000,
        }
    }

    fn constant(&self, number: u32) -> Object {
        let value = self.constants[number as usize];
        let class = match value {
            Number::Int(_) => Some(Global::IntType),
            Number::Float(_) => Some(Global::FloatType),
            Number::No => None,
        };
        Object {
            address: 0x4000 + 32 * u64::from(number),
            class,
            // As the interpreter has it.
            immortal: matches!(value, Number::Int(-5..=256)),
            is_none: false,
            is_character: false,
            number: value,
        }
    }

    fn first_unit(&self) -> u64 {
        0x1000
    }

    fn code_data(&self) -> u64 {
        0x2000
    }

    fn feedback_cell(&self) -> u64 {
        0x3000
    }

    /// Objects of the frame have addresses that tell their types.
    fn local(&self, local: u32) -> Option<u64> {
        self.locals[local as usize].map(|class| OF_CLASS + class as u64)
    }

    fn stack(&self, _: u32) -> Option<u64> {
        None
    }

    fn global_now(&self, _: &Instr) -> Option<u64> {
        None
    }

    fn global(&self, _: &Instr) -> Option<Object> {
        self.itself.get().map(|_| Object {
            address: ITSELF,
            class: Some(Global::FunctionType),
            immortal: false,
            is_none: false,
            is_character: false,
            number: Number::No,
        })
    }

    fn function(&self) -> Option<u64> {
        self.itself.get().map(|_| ITSELF)
    }

    fn module_attribute(&self, _: u64, _: &Instr) -> Option<Object> {
        None
    }
}

impl Feedback for Program {
    fn shapes(&self, _: &Instr) -> Vec<AttributeShape> {
        self.shapes.clone()
    }

    fn failures(&self, _: &Instr) -> u8 {
        self.failures
    }
}

impl Objects for Program {
    fn class(&self, object: u64) -> Option<Global> {
        object.checked_sub(OF_CLASS).and_then(|number| Global::ALL.get(number as usize).copied())
    }

    /// The first constant may be a string: `"ab0"`.
    fn characters(&self, string: u64) -> Option<[u64; 2]> {
        (string == 0x4000 && matches!(self.constants[0], Number::No)).then_some([1 << 0x30, 6 << 0x20])
    }

    fn address(&self, name: Global) -> Option<u64> {
        matches!(name, Global::AsciiIteratorType | Global::SetIteratorType).then_some(0x8000 + 0x100 * name as u64)
    }

    fn attribute(&self, _: u64, _: &Instr) -> Option<u64> {
        None
    }

    fn item(&self, _: u64, _: i64) -> Option<u64> {
        None
    }

    fn index(&self, object: u64) -> Option<i64> {
        (self.class(object) == Some(Global::IntType) && !self.large).then_some(1)
    }

    fn array(&self, object: u64) -> Option<(u8, u64)> {
        (self.class(object) == Some(Global::ArrayType)).then_some((b'd', 0x7000))
    }
}

impl Classes for Program {
    fn special(&self, _: u64, _: Special) -> Option<Method<'_>> {
        None
    }

    fn property(&self, _: u64, _: &Instr) -> Option<Method<'_>> {
        None
    }

    fn class_of_failure(&self, failure: Failure) -> Option<u64> {
        Some(OF_FAILURE + failure as u64)
    }

    fn constructor(&self, _: u64) -> Option<Constructor<'_>> {
        None
    }
}

impl Callees for Program {
    fn callee(&self, function: u64) -> Option<Callee<'_>> {
        self.itself.get().filter(|_| function == ITSELF).cloned()
    }
}

/// Where classes of exceptions begin.
const OF_FAILURE: u64 = 0x8000;

/// Where the function itself is.
const ITSELF: u64 = 0xa000;

/// Where objects begin of which only the type matters.
const OF_CLASS: u64 = 0x9000;

/// Builds the region of the loop at label `loop`. What is built must verify, and so must what the passes make of it.
pub fn region(program: &Program, lines: &[Line]) -> Result<Function, Refusal> {
    let header = assemble(lines).1.iter().find(|l| l.0 == "loop").expect("a label `loop`").1 as u32;
    region_from(program, lines, Start::Loop(header))
}

/// Builds the region of all of the code, whose first locals are `arguments`.
#[allow(dead_code, reason = "not every test binary has functions")]
pub fn function_region(program: &Program, lines: &[Line], arguments: u32) -> Result<Function, Refusal> {
    region_from(program, lines, Start::Function(arguments))
}

/// Builds the region of a function that calls itself: every global variable holds it. What it opens is checked, too.
#[allow(dead_code, reason = "not every test binary has functions")]
pub fn recursive_region(program: Program, lines: &[Line], arguments: u32) -> Result<Function, Refusal> {
    let program: &'static Program = Box::leak(Box::new(program));
    let units = Box::leak(assemble(lines).0.into_boxed_slice());
    let input = CodeInput { units, nlocalsplus: program.locals.len() as u32, stacksize: 8, ..CodeInput::default() };
    let decoder = Box::leak(Box::new(Decoder::new()));
    let callee = Callee {
        code: decoder.analyse(input).expect("the code is right"),
        world: program,
        reached: 30,
        executable: 0xb000,
        globals: 0xb100,
        builtins: 0xb200,
        parameters: arguments,
        takes_more: false,
        takes_named: false,
        default_values: vec![],
    };
    program.itself.set(Some(Box::leak(Box::new(callee))));
    let function = region_from(program, lines, Start::Function(arguments))?;
    function.body.iter().for_each(|body| check(body));
    Ok(function)
}

fn region_from(program: &Program, lines: &[Line], start: Start) -> Result<Function, Refusal> {
    let (units, labels) = assemble(lines);
    let nlocalsplus = program.locals.len() as u32;
    let at = |name| labels.iter().find(|l| l.0 == name).expect("the label is there").1 as u8;
    // Numbers below 64 are a byte each, the first of an entry marked.
    let table =
        program.handler.map(|(from, to, handler, depth)| [0x80 | at(from), at(to) - at(from), at(handler), depth << 1]);
    let exception_table = table.as_ref().map_or(&[][..], |table| table);
    let input = CodeInput { units: &units, nlocalsplus, stacksize: 8, exception_table, ..CodeInput::default() };
    let mut decoder = Decoder::new();
    let code = decoder.analyse(input).expect("the code is right");
    let general = FxHashSet::default();
    let mut function =
        build(&Request { code: &code, world: program, start, prunes: false, general: &general, most: None })?;
    if let Some(body) = &mut function.body {
        passes::run(body, |_, _| ());
    }
    passes::run(&mut function, |_, _| ());
    check(&function);
    Ok(function)
}

/// The function is right, and its text reads back.
#[track_caller]
pub fn check(function: &Function) {
    let text = function.to_string();
    if let Err(errors) = verify(function) {
        let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
        panic!("{}\n{text}", errors.join("\n"));
    }
    match parse(&text) {
        Ok(again) => assert_eq!(again.to_string(), text),
        Err(error) => panic!("{error}\n{text}"),
    }
}

/// Runs a pass on the blocks of a function; gives the blocks.
#[track_caller]
pub fn run(pass: fn(&mut Function), text: &str) -> String {
    let text = format!("function \"f\" {{\n{text}\n}}\n");
    let mut function = parse(&text).unwrap_or_else(|e| panic!("{e}\n{text}"));
    check(&function);
    pass(&mut function);
    check(&function);
    let lines: Vec<String> = function.to_string().lines().map(str::to_owned).collect();
    lines[1..lines.len() - 1].join("\n")
}

/// The blocks in the deepest loop of the function: those that come back to themselves.
pub fn looping(function: &Function) -> Vec<Block> {
    let comes_back = |&start: &Block| {
        let mut seen = vec![false; function.blocks.len()];
        let mut work = function.successors(start).to_vec();
        while let Some(block) = work.pop() {
            if !std::mem::replace(&mut seen[block.index()], true) {
                work.extend(function.successors(block));
            }
        }
        seen[start.index()]
    };
    let blocks: Vec<Block> = function.reverse_postorder().into_iter().filter(comes_back).collect();
    let depth = |block: &Block| function.blocks[block.index()].depth;
    let deepest = blocks.iter().map(depth).max().unwrap_or(0);
    blocks.into_iter().filter(|b| depth(b) == deepest).collect()
}

/// How many instructions of a function are of a kind.
pub fn count(function: &Function, is: impl Fn(&InstData) -> bool) -> usize {
    let insts = function.block_ids().flat_map(|block| &function.blocks[block.index()].insts);
    insts.filter(|&&inst| is(function.inst(inst))).count()
}

/// The instructions in the deepest loop that are of a kind, as text.
pub fn in_loop(function: &Function, kind: fn(&InstData) -> bool) -> Vec<String> {
    let insts = looping(function).into_iter().flat_map(|b| function.blocks[b.index()].insts.clone());
    insts.filter(|&inst| kind(function.inst(inst))).map(|inst| function.display_inst(inst)).collect()
}

/// Makes an object or changes a count.
pub fn is_object_work(data: &InstData) -> bool {
    use InstData::*;
    matches!(
        data,
        NewFloat { .. }
            | NewInt { .. }
            | Retain { .. }
            | Release { .. }
            | ReleasePlain { .. }
            | Call { .. }
            | CallPointer { .. }
    )
}

/// Takes a number out of its object, or makes sure that it can be.
pub fn is_unboxing(data: &InstData) -> bool {
    use InstData::*;
    matches!(data, GuardExact { .. } | FloatValue { .. } | IntValue { .. } | UnboxInt { .. })
}
