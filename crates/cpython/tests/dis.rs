//! Our opcode tables are those that Python's own `opcode`, `_opcode` and `dis` modules have.

use std::collections::HashMap;
use std::process::Command;

use whipsnake_cpython::layout::BUILD_PYTHON;
use whipsnake_cpython::opcode::*;

fn ask(program: &str) -> String {
    let done =
        Command::new(BUILD_PYTHON).args(["-I", "-c", program]).output().expect("the Python this was built for runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).expect("UTF-8")
}

#[test]
fn numbers_caches_and_specialisations() {
    let answer = ask("
import opcode
opmap = {**opcode.opmap, **opcode._specialized_opmap}
for name, op in opmap.items():
    if op < 256: print('number', name, op)
for name, count in opcode._inline_cache_entries.items():
    print('caches', name, count)
for base, specialised in opcode._specializations.items():
    for name in specialised: print('deopt', name, opmap[base])
");
    let ours: HashMap<&str, usize> = NAMES.iter().enumerate().map(|(op, &name)| (name, op)).collect();
    let mut numbers = 0;
    for line in answer.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let [table, name, value] = words[..] else {
            panic!("{line}");
        };
        let value: usize = value.parse().expect("a number");
        let op = ours[name];
        match table {
            "number" => {
                numbers += 1;
                assert_eq!(op, value, "{name}");
            }
            "caches" => assert_eq!(CACHES[op] as usize, value, "{name}"),
            _ => assert_eq!(DEOPT[op] as usize, value, "{name}"),
        }
    }
    let named = NAMES.iter().filter(|name| !name.is_empty()).count();
    assert_eq!(numbers, named, "an opcode is missing on one side");
}

#[test]
fn stack_effects() {
    let answer = ask("
import dis, opcode
for name, op in opcode.opmap.items():
    if op >= opcode.MIN_INSTRUMENTED_OPCODE if hasattr(opcode, 'MIN_INSTRUMENTED_OPCODE') else op >= 236: continue
    for arg in (*range(256), 256, 257, 0x0302, 1000, 65535):
        try:
            effect = dis.stack_effect(op, arg if op in dis.hasarg else None, jump=False)
        except ValueError:
            continue
        print(op, arg, effect)
");
    let mut compared = [false; 256];
    for line in answer.lines() {
        let words: Vec<i64> = line.split(' ').map(|word| word.parse().expect("a number")).collect();
        let (op, arg, effect) = (words[0] as u8, words[1] as u32, words[2]);
        let ours = pushed(op, arg) - popped(op, arg);
        assert_eq!(ours as i64, effect, "{} {arg}", NAMES[op as usize]);
        compared[op as usize] = true;
    }
    assert!(compared.iter().filter(|&&done| done).count() > 100);
}

#[test]
fn properties() {
    let answer = ask("
import _opcode, opcode
for op in opcode.opmap.values():
    if op < 256:
        print(op, *(int(has(op)) for has in (_opcode.has_arg, _opcode.has_const, _opcode.has_name,
            _opcode.has_jump, _opcode.has_free, _opcode.has_local)))
");
    let bits = [flag::ARG, flag::CONST, flag::NAME, flag::JUMP, flag::FREE, flag::LOCAL];
    for line in answer.lines() {
        let words: Vec<usize> = line.split(' ').map(|word| word.parse().expect("a number")).collect();
        for (bit, theirs) in bits.iter().zip(&words[1..]) {
            let ours = FLAGS[words[0]] & bit != 0;
            assert_eq!(ours, *theirs != 0, "{} {bit}", NAMES[words[0]]);
        }
    }
}
