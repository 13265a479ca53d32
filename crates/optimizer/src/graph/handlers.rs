//! Handlers that are done with an exception before anybody can see it, as their bytecode tells.
//!
//! Such a handler tests the exception against classes, drops it or names it without reading that name, and does nothing up to its `POP_EXCEPT` but move values and
//! compute with numbers.

use super::blocks::Walk;
use crate::Site;
use smallvec::SmallVec;
use std::rc::Rc;
use whipsnake_bytecode::{Code, Flow};
use whipsnake_cpython::opcode as op;

/// Handlers with more instructions than this are left to the baseline tier: each instruction that may raise gets a copy.
const MAX_INSTRUCTIONS: usize = 16;

/// More clauses than this are not looked at.
const MAX_CLAUSES: usize = 4;

/// An `except` clause.
#[derive(Clone, Debug)]
pub(super) struct Clause {
    /// The instructions that load the classes it is for; none if it is for all.
    pub(super) loads: SmallVec<[u32; 2]>,
    /// The addresses of these classes.
    pub(super) classes: SmallVec<[u64; 2]>,
    /// What it does, if nobody can see the exception there, and it ever ran.
    pub(super) body: Option<ClauseBody>,
}

/// What a clause does.
#[derive(Clone, Copy, Debug)]
pub(super) struct ClauseBody {
    /// Its first instruction behind the one that takes the exception off the stack.
    pub(super) first: u32,
    /// The local variable that names the exception.
    pub(super) name: Option<u32>,
    /// Its `POP_EXCEPT`.
    pub(super) done: u32,
    /// What comes when nothing is left of the exception, its name neither.
    pub(super) after: u32,
}

impl Clause {
    /// Whatever comes there is the baseline tier's business.
    fn unknown() -> Clause {
        Clause { loads: SmallVec::new(), classes: SmallVec::new(), body: None }
    }
}

/// A handler.
#[derive(Clone, Debug)]
pub(super) struct Handler {
    /// How many values stay on the stack.
    pub(super) depth: usize,
    /// Whether the position of what raised is pushed.
    pub(super) lasti: bool,
    pub(super) clauses: Vec<Clause>,
    /// Instructions of a `finally`: the first, and the one that raises again.
    pub(super) finally: Option<(u32, u32)>,
    /// The instruction that raises again what no clause is for.
    pub(super) rest: Option<u32>,
}

/// What is known of an exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Raised {
    /// It is set in the thread.
    Set,
    /// There is none yet; it would be of this class.
    Of(u64),
}

impl Walk<'_, '_> {
    /// Whether an exception that an instruction raises comes to a clause that is built here, as far as that can be told.
    pub(super) fn will_catch(&self, number: u32, raised: Raised) -> bool {
        self.clauses_around(number).is_some_and(|clauses| self.catches(&clauses, raised))
    }

    fn catches(&self, clauses: &[Clause], raised: Raised) -> bool {
        match raised {
            Raised::Set => clauses.iter().any(|clause| clause.body.is_some()),
            Raised::Of(class) => self.catching(clauses, class).is_some_and(|index| clauses[index].body.is_some()),
        }
    }

    /// The clause for exceptions of a class.
    pub(super) fn catching(&self, clauses: &[Clause], class: u64) -> Option<usize> {
        let world = self.request.world;
        let is_for = |clause: &Clause| {
            clause.loads.is_empty() || clause.classes.iter().any(|&other| world.derives(class, other))
        };
        clauses.iter().position(is_for)
    }

    /// The clauses that an exception of an instruction comes to, one after the other.
    pub(super) fn clauses_around(&self, number: u32) -> Option<Rc<[Clause]>> {
        let mut clauses = vec![];
        let mut at = number;
        while self.body.code.handler_of(at).is_some() {
            let handler = self.handler(at, number)?;
            clauses.extend(handler.clauses);
            match handler.rest {
                Some(rest) => at = rest,
                None => return Some(clauses.into()),
            }
        }
        let outside = self.body.caught_outside.as_deref().unwrap_or_default();
        if clauses.is_empty() && outside.is_empty() {
            return None;
        }
        clauses.extend(outside.iter().cloned());
        Some(clauses.into())
    }

    /// The handler of an instruction, for an exception of instruction `number`; none if that can't be one of those.
    pub(super) fn handler(&self, at: u32, number: u32) -> Option<Handler> {
        let code = &self.body.code;
        let found = code.handler_of(at).filter(|_| !self.choices.seen.contains(&self.site(number)))?;
        let instrs = code.instrs();
        let base = |number: u32| instrs.get(number as usize).map(|instr| instr.base);
        let mut at = code.handler_target(found);
        if base(at) != Some(op::PUSH_EXC_INFO) {
            return None;
        }
        at += 1;
        let mut handler =
            Handler { depth: found.depth as usize, lasti: found.lasti, clauses: vec![], finally: None, rest: None };
        while handler.clauses.len() < MAX_CLAUSES {
            while base(at) == Some(op::NOP) {
                at += 1;
            }
            let mut loads = SmallVec::new();
            while base(at) == Some(op::LOAD_GLOBAL) && instrs[at as usize].oparg & 1 == 0 {
                loads.push(at);
                at += 1;
            }
            if loads.is_empty() {
                self.end_of_handler(number, at, &mut handler);
                return Some(handler);
            }
            let is_tuple = base(at) == Some(op::BUILD_TUPLE) && instrs[at as usize].oparg as usize == loads.len();
            at += u32::from(is_tuple);
            let tests = base(at) == Some(op::CHECK_EXC_MATCH) && base(at + 1) == Some(op::POP_JUMP_IF_FALSE);
            let classes: Option<SmallVec<[u64; 2]>> = loads.iter().map(|&load| self.exception_class(load)).collect();
            let Some(classes) = classes.filter(|_| tests && (is_tuple || loads.len() == 1)) else { break };
            let ran = self.has_run(number, &loads);
            handler.clauses.push(Clause { body: self.clause_body(number, at + 2, ran), loads, classes });
            at = instrs[at as usize + 1].target;
        }
        handler.clauses.push(Clause::unknown());
        Some(handler)
    }

    /// What comes behind a handler's clauses: one for all exceptions, or the end, maybe that of a `finally`.
    fn end_of_handler(&self, number: u32, at: u32, handler: &mut Handler) {
        let instrs = self.body.code.instrs();
        if let Some(body) = self.clause_body(number, at, true) {
            handler.clauses.push(Clause { body: Some(body), ..Clause::unknown() });
            return;
        }
        let length = instrs[at as usize..].iter().take(MAX_INSTRUCTIONS).position(|instr| !is_unseen(instr.base));
        let again = length.map(|length| at + length as u32);
        let rest = again.filter(|&again| instrs[again as usize].base == op::RERAISE).and_then(|again| self.rest(again));
        match (again, rest) {
            (Some(again), Some(rest)) => {
                handler.rest = Some(rest);
                handler.finally = (again > at && handler.clauses.is_empty()).then_some((at, again));
                if again > at && handler.finally.is_none() {
                    handler.rest = None;
                    handler.clauses.push(Clause::unknown());
                }
            }
            _ => handler.clauses.push(Clause::unknown()),
        }
    }

    /// Where an exception goes on that a handler raises again: its own handler only restores what was handled before.
    fn rest(&self, again: u32) -> Option<u32> {
        let code = &self.body.code;
        let first = code.handler_target(code.handler_of(again)?) as usize;
        let is_it = |instrs: &[whipsnake_bytecode::Instr]| {
            let bases: Vec<u8> = instrs.iter().map(|instr| instr.base).collect();
            bases == [op::COPY, op::POP_EXCEPT, op::RERAISE]
        };
        code.instrs().get(first..first + 3).is_some_and(is_it).then_some(first as u32 + 2)
    }

    /// The class that an instruction of a handler loads.
    fn exception_class(&self, load: u32) -> Option<u64> {
        let world = self.body.world;
        let found = world.global(&self.body.code.instrs()[load as usize])?;
        world.is_exception_class(found.address).then_some(found.address)
    }

    /// Whether a clause was ever come to, as far as that is known: what instruction `number` raised may have shown it.
    fn has_run(&self, number: u32, loads: &[u32]) -> bool {
        !self.body.observed
            || loads.iter().any(|&load| !self.body.code.is_untouched(load))
            || self.request.general.contains(&self.site_in_machine_code(number))
            || self.request.general.contains(&raised_at(self.site_in_machine_code(number)))
    }

    /// Whether a clause for an exception of an instruction was come to before what failed has told of it.
    pub(super) fn had_handler(&self, number: u32) -> bool {
        let code = &self.body.code;
        let loads = self.handler(number, number).map(|handler| handler.clauses).unwrap_or_default();
        let mut loads = loads.iter().flat_map(|clause| &clause.loads);
        !self.body.observed || loads.any(|&load| !code.is_untouched(load))
    }

    /// What a clause does, if that is nothing that shows the exception to anybody. It is for the exception of instruction `number`.
    fn clause_body(&self, number: u32, first: u32, ran: bool) -> Option<ClauseBody> {
        let code = &self.body.code;
        let instrs = code.instrs();
        let name = match instrs.get(first as usize).filter(|_| ran)? {
            instr if instr.base == op::POP_TOP => None,
            instr if instr.base == op::STORE_FAST => Some(instr.oparg),
            _ => return None,
        };
        let mut done = first + 1;
        loop {
            let instr = instrs.get(done as usize)?;
            let locals: &[u32] = match instr.base {
                op::POP_EXCEPT => break,
                op::LOAD_FAST | op::STORE_FAST => &[instr.oparg],
                op::LOAD_FAST_LOAD_FAST | op::STORE_FAST_LOAD_FAST | op::STORE_FAST_STORE_FAST => {
                    &[instr.oparg >> 4, instr.oparg & 15]
                }
                base if is_unseen(base) => &[],
                _ => return None,
            };
            if name.is_some_and(|name| locals.contains(&name)) || (done - first) as usize > MAX_INSTRUCTIONS {
                return None;
            }
            done += 1;
        }
        let mut after = done + 1;
        if let Some(name) = name {
            let at = |number: u32| instrs.get(number as usize).map(|instr| (instr.base, instr.oparg));
            let forgets = at(after).is_some_and(|(base, _)| base == op::LOAD_CONST)
                && at(after + 1) == Some((op::STORE_FAST, name))
                && at(after + 2) == Some((op::DELETE_FAST, name));
            if !forgets {
                return None;
            }
            after += 3;
        }
        self.goes_on(code, number, after).then_some(ClauseBody { first: first + 1, name, done, after })
    }

    /// Whether what follows a handler leads to where the walk has yet to come, or out.
    fn goes_on(&self, code: &Code<'_>, number: u32, after: u32) -> bool {
        let (instrs, here) = (code.instrs(), code.block_of(number));
        if after as usize >= instrs.len() {
            return false;
        }
        let end = code.blocks()[code.block_of(after) as usize].end;
        let last = &instrs[end as usize - 1];
        let to = match last.flow {
            Flow::Return => return true,
            Flow::JumpForward | Flow::JumpBackward => code.block_of(last.target),
            Flow::Next => code.block_of(end),
            _ => return false,
        };
        for scope in self.body.scopes.iter().rev() {
            if to == scope.extent.header {
                return true;
            }
            if scope.extent.blocks().contains(&to) {
                return to > here;
            }
        }
        !self.body.is_whole || to > here
    }
}

/// Whether an instruction of a handler may be one that nobody sees.
fn is_unseen(base: u8) -> bool {
    matches!(
        base,
        op::NOP
            | op::POP_TOP
            | op::LOAD_CONST
            | op::COPY
            | op::SWAP
            | op::BINARY_OP
            | op::LOAD_FAST
            | op::STORE_FAST
            | op::LOAD_FAST_LOAD_FAST
            | op::STORE_FAST_LOAD_FAST
            | op::STORE_FAST_STORE_FAST
    )
}

/// What stands for an instruction that has raised what a handler of the region's was run for.
pub fn raised_at(mut site: Site) -> Site {
    /// No code unit has this number.
    const RAISED: u32 = u32::MAX - 1;
    site.push(RAISED);
    site
}
