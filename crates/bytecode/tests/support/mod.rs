//! Code objects for tests, dumped by the Python that is built for.

use serde_json::Value;
use std::process::Command;
use whipsnake_bytecode::CodeInput;

/// One code object as Python sees it.
#[allow(dead_code, reason = "each test program uses a part")]
pub struct Dumped {
    pub name: String,
    pub mode: String,
    pub units: Vec<u16>,
    pub table: Vec<u8>,
    pub nlocalsplus: u32,
    pub stacksize: u32,
    pub flags: u32,
    pub first_traceable: u32,
    pub arguments: u32,
    pub instructions: Vec<Value>,
    pub entries: Vec<Value>,
}

impl Dumped {
    pub fn input(&self) -> CodeInput<'_> {
        CodeInput {
            units: &self.units,
            exception_table: &self.table,
            nlocalsplus: self.nlocalsplus,
            stacksize: self.stacksize,
            first_traceable: self.first_traceable,
            flags: self.flags,
        }
    }
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn number(value: &Value) -> u32 {
    u32::try_from(value.as_u64().unwrap()).unwrap()
}

fn parse(line: &str) -> Dumped {
    let mut value: Value = serde_json::from_str(line).unwrap();
    let bytes = hex(value["code"].as_str().unwrap());
    let mut list = |name| match value[name].take() {
        Value::Array(list) => list,
        other => panic!("{name} is {other}"),
    };
    let (instructions, entries) = (list("instructions"), list("entries"));
    Dumped {
        name: value["name"].as_str().unwrap().to_owned(),
        mode: value["mode"].as_str().unwrap().to_owned(),
        units: bytes.chunks_exact(2).map(|unit| u16::from_ne_bytes([unit[0], unit[1]])).collect(),
        table: hex(value["table"].as_str().unwrap()),
        nlocalsplus: number(&value["nlocalsplus"]),
        stacksize: number(&value["stacksize"]),
        flags: number(&value["flags"]),
        first_traceable: number(&value["first_traceable"]),
        arguments: number(&value["arguments"]),
        instructions,
        entries,
    }
}

/// Runs `dump.py`: without arguments for the standard library, with one for the functions of a source text.
pub fn dump(arguments: &[&str]) -> Vec<Dumped> {
    let python =
        std::env::var("WHIPSNAKE_PYTHON").unwrap_or_else(|_| whipsnake_cpython::layout::BUILD_PYTHON.to_owned());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/dump.py");
    let output = Command::new(&python)
        .args(["-I", script])
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("{python}: {error}"));
    assert!(output.status.success(), "{python}: {}", String::from_utf8_lossy(&output.stderr));
    std::str::from_utf8(&output.stdout).unwrap().lines().map(parse).collect()
}
