//! Compares every pass with what CPython says about the code objects of some fifty modules of its library.

mod support;

use std::collections::HashSet;
use std::fmt;
use std::time::Instant;
use support::{Dumped, dump};
use whipsnake_bytecode::{
    Assigned, Code, Decoder, Flow, Handler, Liveness, LocalEffect, Marks, NONE, find, find_in_table, local_effect,
};
use whipsnake_cpython::opcode as op;

/// Says which code object an assertion is about.
struct Context<'c>(&'c Dumped, &'c Code<'c>);

impl fmt::Display for Context<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(dumped, code) = self;
        write!(f, "{} ({})\n{}", dumped.name, dumped.mode, code.listing())
    }
}

#[test]
fn agrees_with_cpython() {
    let all = dump(&[]);
    let mut decoder = Decoder::new();
    let mut specialised = HashSet::new();
    for dumped in &all {
        let code = decoder
            .analyse(dumped.input())
            .unwrap_or_else(|error| panic!("{} ({}): {error}", dumped.name, dumped.mode));
        let context = Context(dumped, &code);
        check_instructions(dumped, &code, &context);
        check_table(dumped, &code, &context);
        check_depths(dumped, &code, &context);
        check_blocks(&code, &context);
        check_locals(dumped, &code, &context);
        specialised.extend(code.instrs().iter().filter(|i| i.is_specialised()).map(|i| i.opcode));
        let instrumented = code.instrs().iter().any(|i| i.is_instrumented());
        assert_eq!(instrumented, dumped.mode == "instrumented", "{context}");
    }
    assert!(all.len() > 5000, "only {} code objects", all.len());
    assert!(specialised.len() > 30, "only {} specialised opcodes", specialised.len());
    if !cfg!(debug_assertions) {
        measure(&all);
    }
}

fn check_instructions(dumped: &Dumped, code: &Code<'_>, context: &Context<'_>) {
    assert_eq!(code.instrs().len(), dumped.instructions.len(), "{context}");
    for (instr, expected) in code.instrs().iter().zip(&dumped.instructions) {
        let field = |at: usize| expected[at].as_u64().map(|value| value as u32);
        assert_eq!(Some(instr.index * 2), field(0), "{context}");
        if dumped.mode == "instrumented" {
            assert_eq!(Some(u32::from(instr.base)), field(1), "{context}");
        } else {
            assert_eq!(Some(u32::from(instr.opcode)), field(1), "{context}");
            assert_eq!(Some(instr.name()), expected[2].as_str(), "{context}");
        }
        assert_eq!(instr.oparg, field(3).unwrap_or(0), "{context}");
        let target = code.instrs().get(instr.target as usize);
        assert_eq!(target.map(|target| target.start * 2), field(4), "{context}");
    }
}

fn check_table(dumped: &Dumped, code: &Code<'_>, context: &Context<'_>) {
    let expected: Vec<Handler> = dumped
        .entries
        .iter()
        .map(|entry| Handler {
            start: entry[0].as_u64().unwrap() as u32 / 2,
            end: entry[1].as_u64().unwrap() as u32 / 2,
            target: entry[2].as_u64().unwrap() as u32 / 2,
            depth: entry[3].as_u64().unwrap() as u32,
            lasti: entry[4].as_bool().unwrap(),
        })
        .collect();
    assert_eq!(code.handlers(), expected, "{context}");
    for unit in 0..dumped.units.len() as u32 {
        let expected = expected.iter().find(|handler| handler.covers(unit));
        assert_eq!(find(code.handlers(), unit), expected, "{context}");
        assert_eq!(find_in_table(&dumped.table, unit).as_ref(), expected, "{context}");
    }
}

fn check_depths(dumped: &Dumped, code: &Code<'_>, context: &Context<'_>) {
    // CPython keeps room for one value even where none is pushed.
    assert_eq!(code.max_depth().max(1), dumped.stacksize, "{context}");
    for (number, (instr, expected)) in code.instrs().iter().zip(&dumped.instructions).enumerate() {
        let at = |number: u32| i64::from(code.depths()[number as usize]);
        let number = number as u32;
        assert_eq!(code.depth(number).is_some(), code.is_reachable(number), "{context}");
        if at(number) < 0 {
            continue;
        }
        if instr.flow.falls_through() {
            let effect = at(number + 1) - at(number);
            assert_eq!(Some(effect), expected[5].as_i64(), "at {}\n{context}", instr.index);
        }
        if instr.target != NONE {
            let effect = at(instr.target) - at(number);
            assert_eq!(Some(effect), expected[6].as_i64(), "at {}\n{context}", instr.index);
        }
        if let Some(exhausted) = instr.exhausted() {
            assert_eq!(at(exhausted), at(number) - 1, "{context}");
        }
        if let Some(handler) = code.handler_of(number) {
            assert!(at(number) >= i64::from(handler.depth), "{context}");
            let target = code.handler_target(handler);
            assert_eq!(at(target), i64::from(handler.entry_depth()), "{context}");
        }
    }
}

fn check_blocks(code: &Code<'_>, context: &Context<'_>) {
    let mut next = 0;
    for (number, block) in code.blocks().iter().enumerate() {
        assert_eq!(block.first, next, "{context}");
        assert!(code.is_leader(block.first), "{context}");
        for instr in block.first + 1..block.end {
            assert!(!code.is_leader(instr), "{context}");
            assert_eq!(code.instrs()[instr as usize - 1].flow, Flow::Next, "{context}");
        }
        next = block.end;
        let overlapping: Vec<Handler> = code
            .handlers()
            .iter()
            .filter(|handler| (block.first..block.end).any(|i| handler.covers(code.instrs()[i as usize].index)))
            .copied()
            .collect();
        assert_eq!(code.handlers_of_block(number as u32), overlapping, "{context}");
        let last = &code.instrs()[block.end as usize - 1];
        let back = code.marks(block.end - 1).contains(Marks::BACK_EDGE);
        if back {
            assert!(code.marks(last.target).contains(Marks::LOOP_HEADER), "{context}");
            assert_eq!(last.flow, Flow::JumpBackward, "{context}");
        }
        let to_iteration = last.flow == Flow::JumpBackward
            && matches!(code.instrs()[last.target as usize].base, op::FOR_ITER | op::SEND);
        if to_iteration && code.is_reachable(block.first) {
            assert!(back, "at {}\n{context}", last.index);
        }
    }
    assert_eq!(next as usize, code.instrs().len(), "{context}");
}

/// CPython's compiler has proven each `LOAD_FAST` to be bound; and what is read is live.
fn check_locals(dumped: &Dumped, code: &Code<'_>, context: &Context<'_>) {
    let mut live = Liveness::new();
    live.compute(code).unwrap();
    let mut bound = Assigned::new();
    bound.compute(code, dumped.arguments).unwrap();
    let saved: HashSet<u32> = code
        .instrs()
        .iter()
        .filter_map(|instr| match local_effect(instr) {
            LocalEffect::Take(local) => Some(local),
            _ => None,
        })
        .collect();
    for (number, instr) in code.instrs().iter().enumerate() {
        let number = number as u32;
        if !code.is_reachable(number) {
            continue;
        }
        let (before, bound) = (live.before(number), bound.before(number));
        let loads: &[u32] = match local_effect(instr) {
            LocalEffect::Load(local) => &[local],
            LocalEffect::LoadLoad(a, b) => &[a, b],
            LocalEffect::LoadChecked(local) if instr.base == op::LOAD_FAST_CHECK => {
                assert!(!bound.contains(local), "{context}");
                &[]
            }
            _ => &[],
        };
        for &local in loads {
            assert!(before.contains(local), "local {local} at {}\n{context}", instr.index);
            let known = bound.contains(local) || saved.contains(&local);
            assert!(known, "local {local} at {}\n{context}", instr.index);
        }
        // A local that is live needs a reason: the instruction, or what comes after.
        let after_block = code.blocks()[code.block_of(number) as usize].end;
        if number + 1 < after_block && code.handlers().is_empty() {
            for local in before.iter() {
                assert!(
                    live.before(number + 1).contains(local) || local_effect(instr) != LocalEffect::None,
                    "{context}"
                );
            }
        }
    }
}

/// Prints what the passes cost. Each code object is met once a round, so caches
/// and branch predictors know nothing about it; "warm" is what a second time in a row costs.
fn measure(all: &[Dumped]) {
    let instructions: usize = all.iter().map(|dumped| dumped.instructions.len()).sum();
    let mut decoder = Decoder::new();
    let mut live = Liveness::new();
    let mut time = |times: u32, with_liveness: bool| {
        let round = || {
            let start = Instant::now();
            for dumped in all {
                for _ in 0..times {
                    let code = decoder.analyse(dumped.input()).unwrap();
                    if with_liveness {
                        live.compute(&code).unwrap();
                    }
                }
            }
            start.elapsed()
        };
        let best = std::iter::repeat_with(round).take(5).min().unwrap();
        best.as_nanos() as f64 / instructions as f64
    };
    println!("ns an instruction, over {instructions}:");
    for (name, with_liveness) in [("decode, blocks, depths", false), ("and liveness", true)] {
        let (once, twice) = (time(1, with_liveness), time(2, with_liveness));
        println!("{name}: {once:.1}, warm {:.1}", twice - once);
    }
}
