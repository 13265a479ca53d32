//! Typed SSA with block parameters: what bytecode operations are written in, what the passes work on, and what is
//! lowered to machine code.
//!
//! A [`Function`] is either one operation (it becomes a stencil) or a whole region. Values are references to Python objects
//! ([`Type::Obj`]), raw pointers, integers or floats. Object-level instructions (`retain`, `release`, `guard_exact`,
//! `new_float`, …) stay whole until lowering, so that passes can remove them.

pub mod abi;
mod builder;
mod entities;
mod fold;
mod frames;
mod function;
mod global;
mod helper;
mod inst;
mod instances;
mod parse;
mod print;
mod region;
mod state;
mod types;
mod unwinding;
mod verify;

pub use builder::Builder;
pub use entities::{Block, Inst, Value};
pub use function::{BlockData, BodySignature, Function, ValueDef};
pub use global::Global;
pub use helper::{Effects, Helper, Signature};
pub use inst::{Args, BinaryOp, Condition, Continuation, FloatCondition, InstData, MissReason, Offset, UnaryOp};
pub use instances::{Instance, Keeps};
pub use parse::{ParseError, parse};
pub use region::{Known, LoopPlan, OpenLoop, Region, State};
pub use state::{ExitState, Field, FrameState, Frames, Inlined, Resumed, Slot, StateId, rename_in_states};
pub use types::Type;
pub use unwinding::{Failure, PutOff, Unwinding};
pub use verify::{Dominators, OperationShape, VerifyError, verify, verify_operation};
