//! The code that is being built, and where its walk is.

use super::Site;
use super::handlers::Clause;
use super::loops::{Extent, Loops};
use super::unwinding::Leaving;
use crate::{World, operands};
use rustc_hash::FxHashMap;
use std::rc::Rc;
use whipsnake_bytecode::{Code, UsualBlocks};
use whipsnake_ir::{Block, OpenLoop, Slot, Value};
use whipsnake_ops::consumers::Consumer;

/// Where a jump back to the header of a scope leads.
pub(super) enum Back {
    /// On to the copy that loops.
    Next(Block),
    /// To the header of the loop that is being built, with this copy's plan.
    Loop(Box<OpenLoop>),
}

/// A copy of a loop's body that is being built.
pub(super) struct Scope {
    pub(super) extent: Extent,
    pub(super) copy: u32,
    pub(super) back: Back,
    /// Whether any way led back.
    pub(super) closed: bool,
}

/// What the code of an inlined call was entered for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entered {
    /// A call.
    Call,
    /// The call of a class, in this slot, whose `__init__` it is.
    Init(Slot),
    /// An instruction for which C code calls it as a method.
    Method {
        /// How many operands stay on the stack until it has returned.
        operands: usize,
        /// What is made of the result.
        wanted: Wanted,
    },
}

/// What an instruction makes of what a method returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Nothing.
    Nothing,
    /// It is the result.
    Result,
    /// It is an iterator.
    Iterator,
    /// It is an item for a loop, which goes on here when there are no more.
    Item {
        /// The iterator is on the stack there.
        ended: Block,
    },
    /// It is the result, unless it is `NotImplemented`.
    Answer,
    /// Its truth, or the opposite.
    Truth {
        /// Whether it is the latter.
        inverted: bool,
    },
    /// Whether it is a length that is not 0.
    Emptiness,
    /// It is a length.
    Length,
    /// It is an instance of a class of this version.
    Instance {
        /// That version.
        version: u32,
    },
}

/// A generator whose body is being built.
#[derive(Clone, Copy, Debug)]
pub(super) struct InlinedGenerator {
    pub(super) object: Value,
    /// The address of the instruction where it was suspended.
    pub(super) resumed_at: u64,
    /// Where that goes on when the generator has ended.
    pub(super) ended: Block,
    /// The built-in function that goes through it, if that is inlined, too.
    pub(super) consumer: Option<Consumer>,
}

/// The code that is being built: the region's own, or that of an inlined call.
pub(super) struct Body<'a> {
    pub(super) code: Code<'a>,
    pub(super) world: &'a dyn World,
    /// The calls around it.
    pub(super) calls: Site,
    /// What it was entered for.
    pub(super) entered: Entered,
    /// Where an inlined call goes on when it returns.
    pub(super) after: Option<Block>,
    /// The generator, if it is the body of one: then `after` is where its consumer goes on with what it yields.
    pub(super) generator: Option<InlinedGenerator>,
    /// The code unit of the caller that comes then.
    pub(super) next: u32,
    /// Whether the interpreter has run it, so that what it has not specialised was never reached.
    pub(super) observed: bool,
    /// Which of several classes the instructions are built for, from the load of a method to its call; 0 elsewhere.
    pub(super) variant: u32,
    /// How many classes they are built for.
    pub(super) ways: usize,
    /// The copy of the caller's loop that it is in.
    pub(super) copy: u32,
    /// Whether all of the code is built: it is that of an inlined call, or of a function that is a region.
    pub(super) is_whole: bool,
    /// The clauses that exceptions come to that leave it.
    pub(super) caught_outside: Option<Rc<[Clause]>>,
    /// Exceptions that have left it.
    pub(super) leaving: Vec<Leaving>,
    pub(super) loops: Loops,
    pub(super) usual: UsualBlocks,
    pub(super) scopes: Vec<Scope>,
    pub(super) blocks: FxHashMap<(u32, u32), Block>,
}

impl<'a> Body<'a> {
    pub(super) fn new(code: Code<'a>, world: &'a dyn World, calls: Site, after: Option<Block>, copy: u32) -> Body<'a> {
        let loops = Loops::of(&code);
        let observed = operands::has_run(&code);
        Body {
            code,
            world,
            calls,
            entered: Entered::Call,
            after,
            generator: None,
            next: 0,
            observed,
            variant: 0,
            ways: 1,
            copy,
            is_whole: after.is_some(),
            caught_outside: None,
            leaving: vec![],
            loops,
            usual: UsualBlocks::default(),
            scopes: vec![],
            blocks: FxHashMap::default(),
        }
    }
}
