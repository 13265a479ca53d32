//! Reading the text form of functions.
//!
//! Two steps: the text becomes blocks of instructions over value *numbers*; then the function is made with each value under
//! the number it has in the text. A text may use values and blocks before it defines them, since block order is free. Types of operands and
//! the like are not checked here: that is the verifier's task.

mod instruction;
mod lexer;
mod state;

use crate::{BodySignature, ExitState, Function, Global, Inst, InstData, StateId, Type, Value};
use lexer::{Place, Token};
use std::collections::BTreeMap;
use std::fmt;

/// Why a text is not a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// The line, from 1.
    pub line: u32,
    /// The column, in characters from 1.
    pub column: u32,
    /// What is wrong there.
    pub message: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for ParseError {}

type Result<T> = std::result::Result<T, ParseError>;

/// Reads one function in the form that its `Display` writes.
pub fn parse(text: &str) -> Result<Function> {
    let mut parser = Parser { tokens: lexer::tokens(text)?, at: 0, raws: Vec::new() };
    let (name, signature, blocks, states) = parser.function()?;
    let mut function = build(name, blocks, states)?;
    function.signature = signature;
    Ok(function)
}

/// Value numbers above this are taken for mistakes: they would need a huge table.
const MAX_VALUE: u32 = 1 << 20;

struct ParsedBlock {
    params: Vec<(Value, Type, Place)>,
    classes: Vec<(Value, Global)>,
    cold: bool,
    depth: u32,
    insts: Vec<ParsedInst>,
}

struct ParsedInst {
    results: Vec<(Value, Type, Place)>,
    data: InstData,
    /// Arguments of a jump, and the numbers in them.
    raws: Vec<(Value, Value)>,
    state: Option<(StateId, Place)>,
}

/// Name, signature, blocks and states.
type Parsed = (String, Option<BodySignature>, Vec<ParsedBlock>, BTreeMap<StateId, ExitState>);

struct Parser {
    tokens: Vec<(Token, Place)>,
    at: usize,
    raws: Vec<(Value, Value)>,
}

impl Parser {
    fn peek(&self) -> &Token {
        &self.tokens[self.at].0
    }

    fn place(&self) -> Place {
        self.tokens[self.at].1
    }

    fn next(&mut self) -> Token {
        let token = self.tokens[self.at].0.clone();
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        token
    }

    fn wanted<T>(&self, what: &str) -> Result<T> {
        Err(self.place().error(format!("expected {what}, found {}", self.peek())))
    }

    /// Takes the token if it is next.
    fn accept(&mut self, token: &Token) -> bool {
        let found = self.peek() == token;
        if found {
            self.next();
        }
        found
    }

    fn accept_mark(&mut self, mark: char) -> bool {
        self.accept(&Token::Mark(mark))
    }

    fn expect(&mut self, token: Token) -> Result<()> {
        if self.accept(&token) { Ok(()) } else { self.wanted(&token.to_string()) }
    }

    fn mark(&mut self, mark: char) -> Result<()> {
        self.expect(Token::Mark(mark))
    }

    /// A word that `read` understands.
    fn word<T>(&mut self, what: &str, read: impl FnOnce(&str) -> Option<T>) -> Result<T> {
        let found = match self.peek() {
            Token::Word(word) => read(word),
            _ => None,
        };
        match found {
            Some(found) => {
                self.next();
                Ok(found)
            }
            None => self.wanted(what),
        }
    }

    fn numbered(&mut self, what: &str, prefix: &str) -> Result<u32> {
        self.word(what, |word| {
            let digits = word.strip_prefix(prefix)?;
            // One spelling a number, so that names compare as text.
            let canonical = digits == "0" || !digits.starts_with(['0', '+']);
            digits.parse().ok().filter(|_| canonical)
        })
    }

    fn value(&mut self) -> Result<Value> {
        self.numbered("a value", "v").map(Value)
    }

    fn ty(&mut self) -> Result<Type> {
        self.word("a type", |word| Type::ALL.into_iter().find(|t| t.name() == word))
    }

    /// `v1: obj`
    fn definition(&mut self) -> Result<(Value, Type, Place)> {
        let place = self.place();
        let value = self.value()?;
        self.mark(':')?;
        Ok((value, self.ty()?, place))
    }

    fn function(&mut self) -> Result<Parsed> {
        self.expect(Token::Word("function".into()))?;
        let Token::Text(name) = self.peek().clone() else { return self.wanted("a name in quotes") };
        self.next();
        let signature = if self.accept(&Token::Word("takes".into())) { Some(self.signature()?) } else { None };
        self.mark('{')?;
        self.expect(Token::NewLine)?;
        let (mut blocks, mut states) = (Vec::new(), BTreeMap::new());
        while !self.accept_mark('}') {
            if self.at_numbered("state") {
                self.state(&mut states)?;
            } else {
                let block = self.block(blocks.len() as u32)?;
                blocks.push(block);
            }
        }
        self.accept(&Token::NewLine);
        self.expect(Token::End)?;
        Ok((name, signature, blocks, states))
    }

    /// `(i64, obj) gives i64`
    fn signature(&mut self) -> Result<BodySignature> {
        let mut params = Vec::new();
        self.mark('(')?;
        while !self.accept_mark(')') {
            if !params.is_empty() {
                self.mark(',')?;
            }
            params.push(self.ty()?);
        }
        self.expect(Token::Word("gives".into()))?;
        Ok(BodySignature { params, result: self.ty()? })
    }

    fn block(&mut self, number: u32) -> Result<ParsedBlock> {
        // Blocks are numbered in layout order: the name says nothing new, but it must not lie.
        let name = format!("block{number}");
        self.word(&format!("`{name}` or `}}`"), |word| (word == name).then_some(()))?;
        let (params, classes, insts) = (Vec::new(), Vec::new(), Vec::new());
        let mut block = ParsedBlock { params, classes, cold: false, depth: 0, insts };
        if self.accept_mark('(') {
            loop {
                let param = self.definition()?;
                block.params.push(param);
                if let Token::Word(_) = self.peek() {
                    block.classes.push((param.0, self.global()?));
                }
                if !self.accept_mark(',') {
                    break;
                }
            }
            self.mark(')')?;
        }
        block.cold = self.accept(&Token::Word("cold".into()));
        if self.accept(&Token::Word("depth".into())) {
            block.depth = self.number("a number of loops")?;
        }
        self.mark(':')?;
        self.expect(Token::NewLine)?;
        while !self.at_block_end() {
            let mut results = Vec::new();
            if self.tokens.get(self.at + 1).is_some_and(|t| t.0 == Token::Mark(':')) {
                loop {
                    results.push(self.definition()?);
                    if !self.accept_mark(',') {
                        break;
                    }
                }
                self.mark('=')?;
            }
            let data = self.instruction(results.first().map(|r| r.1))?;
            let raws = std::mem::take(&mut self.raws);
            let place = self.place();
            let state = if self.accept_mark('@') { Some((self.state_id()?, place)) } else { None };
            self.expect(Token::NewLine)?;
            block.insts.push(ParsedInst { results, data, raws, state });
        }
        Ok(block)
    }

    fn at_block_end(&self) -> bool {
        match self.peek() {
            Token::Mark('}') | Token::End => true,
            // No instruction is called so.
            _ => self.at_numbered("block") || self.at_numbered("state"),
        }
    }

    fn at_numbered(&self, prefix: &str) -> bool {
        match self.peek() {
            Token::Word(word) => word.strip_prefix(prefix).is_some_and(|n| n.parse::<u32>().is_ok()),
            _ => false,
        }
    }
}

/// What defines a value number in the text.
#[derive(Clone, Copy)]
enum Definition {
    Param { block: usize, param: usize },
    Result { block: usize, inst: usize, result: usize },
}

/// Makes the function; values are created in the order of their numbers.
fn build(name: String, blocks: Vec<ParsedBlock>, states: BTreeMap<StateId, ExitState>) -> Result<Function> {
    let mut definitions: BTreeMap<Value, (Definition, Type, Place)> = BTreeMap::new();
    let mut define = |definition: Definition, &(value, ty, place): &(Value, Type, Place)| {
        if value.0 > MAX_VALUE {
            return Err(place.error(format!("{value} is too large a number for a value")));
        }
        match definitions.insert(value, (definition, ty, place)) {
            Some(_) => Err(place.error(format!("{value} is defined twice"))),
            None => Ok(()),
        }
    };
    for (block, parsed) in blocks.iter().enumerate() {
        for (param, defined) in parsed.params.iter().enumerate() {
            define(Definition::Param { block, param }, defined)?;
        }
        for (inst, parsed) in parsed.insts.iter().enumerate() {
            for (result, defined) in parsed.results.iter().enumerate() {
                define(Definition::Result { block, inst, result }, defined)?;
            }
        }
    }

    let mut function = Function::new(name);
    for parsed in &blocks {
        let block = function.add_block();
        function.blocks[block.index()].cold = parsed.cold;
        function.blocks[block.index()].depth = parsed.depth;
        for &(param, class) in &parsed.classes {
            function.note_class(param, Some(class));
        }
    }
    // Numbers that the text leaves out belong to a block that is taken away again.
    let spare = function.add_block();
    let mut insts: Vec<Vec<Option<Inst>>> = blocks.iter().map(|b| vec![None; b.insts.len()]).collect();
    for (&value, &(definition, ty, place)) in &definitions {
        // Results after the first were made along with it.
        if let Definition::Result { result: 1.., .. } = definition {
            if function.value_count() <= value.index() {
                return Err(place.error("results of one instruction must be numbered one after the other"));
            }
            continue;
        }
        while function.value_count() < value.index() {
            function.add_param(spare, Type::I64);
        }
        match definition {
            Definition::Param { block, param } => {
                let id = crate::Block(block as u32);
                if function.blocks[block].params.len() != param {
                    return Err(place.error("parameters of one block must have ascending numbers"));
                }
                function.add_param(id, ty);
            }
            Definition::Result { block, inst, .. } => {
                let parsed = &blocks[block].insts[inst];
                let consecutive = parsed.results.iter().enumerate().all(|(i, r)| r.0.index() == value.index() + i);
                if !consecutive {
                    return Err(place.error("results of one instruction must be numbered one after the other"));
                }
                let types: Vec<Type> = parsed.results.iter().map(|r| r.1).collect();
                insts[block][inst] = Some(function.add_inst(spare, parsed.data.clone(), &types));
            }
        }
    }
    for (block, parsed) in blocks.iter().enumerate() {
        let mut list = Vec::with_capacity(parsed.insts.len());
        for (parsed, made) in parsed.insts.iter().zip(&insts[block]) {
            let inst = made.unwrap_or_else(|| function.add_inst(spare, parsed.data.clone(), &[]));
            for &(arg, raw) in &parsed.raws {
                function.note_raw(inst, arg, Some(raw));
            }
            if let Some((state, place)) = parsed.state {
                if !states.contains_key(&state) {
                    return Err(place.error(format!("there is no state{}", state.0)));
                }
                function.set_state(inst, state);
            }
            list.push(inst);
        }
        function.blocks[block].insts = list;
    }
    // States keep their numbers too; nothing refers to those that the text leaves out.
    let count = states.keys().next_back().map_or(0, |last| last.index() + 1);
    function.states.resize(count, ExitState::default());
    for (id, state) in states {
        function.states[id.index()] = state;
    }
    function.blocks.pop();
    Ok(function)
}
