//! Values, guards and loads that are there already: texts, and random functions that must do the same before and after.

mod support;

use rustc_hash::FxHashMap;
use support::check;
use whipsnake_ir::{
    BinaryOp, Block, Condition, Continuation, ExitState, FrameState, Function, Global, Helper, Inst, InstData,
    MissReason, Offset, Slot, Type, UnaryOp, Value, parse,
};
use whipsnake_optimizer::passes::{remove_dead, reuse};

/// What is left of the instructions of a function, in order.
#[track_caller]
fn left(text: &str) -> Vec<String> {
    let text = format!("function \"f\" {{\n{text}\n}}\n");
    let mut function = parse(&text).unwrap_or_else(|e| panic!("{e}\n{text}"));
    check(&function);
    reuse(&mut function);
    check(&function);
    let insts = function.blocks.iter().flat_map(|block| &block.insts);
    insts.map(|&inst| function.display_inst(inst).trim().to_owned()).collect()
}

const START: &str = "block0:\nv0: ptr = frame\nv1: obj = load v0[80]\nv2: i64 = load v0[88]\n";
const END: &str = "state0:\nframe 3: locals [v1 clean], stack []";

fn count(lines: &[String], word: &str) -> usize {
    lines.iter().filter(|line| line.contains(word)).count()
}

#[test]
fn a_guard_that_an_earlier_one_implies_goes() {
    let lines = left(&format!(
        "{START}v3: i64 = iconst 7\nv4: bool = lt v2, v3\nguard v4, bounds @state0\nv5: i64 = iconst 7\nv6: bool = lt v2, v5\n\
         guard v6, bounds @state0\nv7: bool = ge v2, v3\nerror_if v7 @state0\nguard_exact v1, ListType @state0\n\
         guard_exact v1, ListType @state0\nleave next @state0\n{END}"
    ));
    assert_eq!(count(&lines, "guard v"), 1, "{lines:?}");
    assert_eq!(count(&lines, "error_if"), 0, "{lines:?}");
    assert_eq!(count(&lines, "guard_exact"), 1, "{lines:?}");
}

/// A loop that carries three objects, of which two are the same in each round: v5 as itself, v6 as what it began with.
#[test]
fn what_all_ways_give_a_block_takes_the_place_of_its_parameter() {
    let lines = left(&format!(
        "{START}v3: bool = iconst 1\nv4: obj = load v0[96]\njump block1(v1, v1, v4) @state0\n\
         block1(v5: obj, v6: obj, v7: obj) depth 1:\nv8: i64 = load v5[16]\nstore v8, v6[24] @state1\nv9: i64 = load v7[16]\n\
         store v9, v0[88] @state1\nv10: obj = load v6[32]\nbranch v3, block2, block3 @state1\n\
         block2 depth 1:\njump block1(v5, v1, v10) @state1\nblock3:\nleave next @state1\n{END}\n\
         state1:\nframe 4: locals [v5 borrowed], stack [v6 borrowed]"
    ));
    assert_eq!(count(&lines, "load v1[16]"), 1, "{lines:?}");
    assert_eq!(count(&lines, "v1[24]"), 1, "{lines:?}");
    assert_eq!(count(&lines, "load v7[16]"), 1, "{lines:?}");
}

#[test]
fn what_holds_on_one_way_only_is_asked_where_ways_meet() {
    let lines = left(&format!(
        "{START}v3: i64 = iconst 7\nv4: bool = lt v2, v3\nbranch v4, block1, block2 @state0\n\
         block1:\nguard v4, bounds @state0\nguard_exact v1, ListType @state0\njump block3 @state0\nblock2:\njump block3 @state0\n\
         block3:\nguard v4, bounds @state0\nguard_exact v1, ListType @state0\nleave next @state0\n{END}"
    ));
    // In block1 the branch has said so.
    assert_eq!(count(&lines, "guard v"), 1, "{lines:?}");
    assert_eq!(count(&lines, "guard_exact"), 2, "{lines:?}");
}

#[test]
fn fields_of_different_types_are_different() {
    // v1 is a string or a list, v5 a list that an item is appended to.
    let body = |class: &str, change: &str| {
        let lines = left(&format!(
            "{START}v5: obj = load v0[96]\nguard_exact v1, {class} @state0\nguard_exact v5, ListType @state0\n\
             v3: i64 = load v1[16]\nv4: i64 = load v1[24]\n{change}\nv9: i64 = load v1[16]\nv10: i64 = load v1[24]\n\
             v11: i64 = add v9, v10\nstore v11, v0[96] @state0\nstore v3, v0[104] @state0\nstore v4, v0[112] @state0\n\
             leave next @state0\n{END}"
        ));
        (count(&lines, "load v1[16]"), count(&lines, "load v1[24]"))
    };
    assert_eq!(body("StrType", "store v2, v5[16] @state0"), (1, 1));
    assert_eq!(body("ListType", "store v2, v5[16] @state0"), (2, 1));
    assert_eq!(body("RangeIteratorType", "store v2, v5[24] @state0"), (1, 1));
    // More room is another place for the items, not another size.
    let room = "v6: i32 = call MakeRoom(v5) @state0";
    assert_eq!(body("ListType", room), (1, 2));
    assert_eq!(body("RangeIteratorType", room), (1, 1));
    // What a string says of itself lasts, but its hash.
    let other = "release v5 @state0";
    assert_eq!(body("StrType", other), (1, 2));
}

#[test]
fn a_load_is_there_until_somebody_may_have_written() {
    let body = |between: &str| {
        left(&format!(
            "{START}v3: i64 = load v1[16]\n{between}\nv9: i64 = load v1[16]\nstore v9, v0[96] @state0\nstore v3, v0[104] @state0\n\
             leave next @state0\n{END}"
        ))
    };
    let loads = |between: &str| count(&body(between), "load v1[16]");
    assert_eq!(loads(""), 1);
    assert_eq!(loads("retain v1\nv5: f64 = float_value v1"), 1);
    assert_eq!(loads("store v2, v1[32] @state0"), 1);
    assert_eq!(loads("store v2, v0[112] @state0"), 1);
    // Another object may be the same one.
    assert_eq!(loads("v5: obj = load v0[112]\nstore v2, v5[16] @state0"), 2);
    assert_eq!(loads("v5: ptr = load v0[112]\nstore v2, v5[16] @state0"), 2);
    assert_eq!(loads("release v1 @state0"), 2);
    assert_eq!(loads("v5: i32 = call IsTrue(v1) @state0"), 2);
    // A new list changes counts only; what a list has been given may be anywhere.
    assert_eq!(loads("v5: obj = call ListSlice(v1, v2, v2)"), 1);
    assert_eq!(loads("v5: i32 = call ExchangeSlice(v1, v1, v2, v2)"), 2);
    // What was stored is there.
    let lines = body("store v2, v1[16] @state0");
    assert!(lines.contains(&"store v2, v0[96] @state0".to_owned()), "{lines:?}");
}

#[test]
fn the_release_of_a_float_ends_nothing() {
    let body = |class: &str| {
        left(&format!(
            "{START}guard_exact v1, {class} @state0\nv3: i64 = load v1[16]\nrelease v1 @state0\nv4: i64 = load v1[16]\n\
             store v4, v0[96] @state0\nleave next @state0\n{END}"
        ))
    };
    let lines = body("FloatType");
    assert_eq!((count(&lines, "release_plain v1"), count(&lines, "load v1[16]")), (1, 1), "{lines:?}");
    let lines = body("ListType");
    assert_eq!((count(&lines, "release v1"), count(&lines, "load v1[16]")), (1, 2), "{lines:?}");
}

/// A loop over the items of list v1; what is in it besides.
fn items_loop(body: &str) -> String {
    let item = |n: u32| {
        format!(
            "v{n}1: i64 = load v1[16]\nv{n}2: ptr = load v1[24]\nv{n}3: i64 = as_int v{n}2\nv{n}4: i64 = iconst 3\n\
             v{n}5: i64 = shl v2, v{n}4\nv{n}6: i64 = add v{n}3, v{n}5\nv{n}7: ptr = as_ptr v{n}6\nv{n}8: obj = load v{n}7[0]\n\
             v{n}9: bool = lt v2, v{n}1\nguard v{n}9, bounds @state0\n"
        )
    };
    format!(
        "{START}guard_exact v1, ListType @state0\n{}jump block1 @state0\nblock1 depth 1:\n{}{body}\nbranch v19, block1, block2 @state0\n\
         block2:\nleave next @state0\n{END}",
        item(1),
        item(2)
    )
}

#[test]
fn a_loop_loads_only_what_it_changes() {
    let lines = left(&items_loop(""));
    assert_eq!(count(&lines, "load"), 5, "{lines:?}");
    // Another item, but the same list.
    let lines = left(&items_loop("store v28, v27[0] @state0\nguard_exact v28, FloatType @state0\nrelease v28 @state0"));
    assert_eq!(count(&lines, "load v1["), 2, "{lines:?}");
    let lines = left(&items_loop("v3: i64 = iconst 9\nstore v3, v1[16] @state0"));
    assert_eq!((count(&lines, "load v1[16]"), count(&lines, "load v1[24]")), (2, 1), "{lines:?}");
    let lines = left(&items_loop("release v1 @state0"));
    assert_eq!(count(&lines, "load v1["), 4, "{lines:?}");
}

#[test]
fn each_round_of_a_loop_looks_whether_something_is_pending() {
    let poll = |n: u32| {
        format!(
            "v{n}1: ptr = thread_state\nv{n}2: i64 = load v{n}1[24]\nv{n}3: bool = eq v{n}2, v2\nguard v{n}3, value @state0\n"
        )
    };
    let lines = left(&format!(
        "{START}{}{}jump block1 @state0\nblock1:\n{}jump block1 @state0\n{END}",
        poll(1),
        poll(2),
        poll(3)
    ));
    assert_eq!(count(&lines, "[24]"), 2, "{lines:?}");
}

// Random functions.

const OBJECTS: u64 = 5;
const FRAME: u64 = 0x1_0000;

fn object(number: u64) -> u64 {
    0x2_0000 + 0x100 * number
}

fn items(number: u64) -> u64 {
    0x4_0000 + 0x100 * number
}

struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit
    }

    fn of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len() as u64) as usize]
    }
}

struct Writer {
    random: Random,
    function: Function,
    block: Block,
    frame: Value,
    objects: Vec<Value>,
    lists: Vec<Value>,
    ints: Vec<Value>,
    conditions: Vec<Value>,
}

impl Writer {
    fn add(&mut self, data: InstData, results: &[Type]) -> Inst {
        let with_state = data.has_state();
        let inst = self.function.add_inst(self.block, data, results);
        if with_state {
            let shown = [self.random.of(&self.objects), self.random.of(&self.ints)].map(Slot::owned);
            let unit = self.random.below(1000) as u32;
            let frame = FrameState { unit, locals: shown.to_vec(), ..FrameState::default() };
            let state = self.function.add_state(ExitState {
                frames: [frame].into_iter().collect(),
                fields: vec![],
                raised: false,
            });
            self.function.set_state(inst, state);
        }
        inst
    }

    fn value(&mut self, data: InstData, ty: Type) -> Value {
        let inst = self.add(data, &[ty]);
        self.function.results(inst)[0]
    }

    /// The address of an item of a list.
    fn item(&mut self, list: Value) -> Value {
        let array = self.value(InstData::Load { ty: Type::Ptr, base: list, offset: Offset::Known(24) }, Type::Ptr);
        let array = self.value(InstData::Unary { op: UnaryOp::AsInt, arg: array }, Type::I64);
        let (int, mask) =
            (self.random.of(&self.ints), self.value(InstData::Iconst { ty: Type::I64, value: 3 }, Type::I64));
        let index = self.value(InstData::Binary { op: BinaryOp::And, left: int, right: mask }, Type::I64);
        let bytes = self.value(InstData::Binary { op: BinaryOp::Shl, left: index, right: mask }, Type::I64);
        let address = self.value(InstData::Binary { op: BinaryOp::Add, left: array, right: bytes }, Type::I64);
        self.value(InstData::Unary { op: UnaryOp::AsPtr, arg: address }, Type::Ptr)
    }

    fn statement(&mut self, nesting: u32) {
        let (object, int) = (self.random.of(&self.objects), self.random.of(&self.ints));
        let field = Offset::Known([16, 32][self.random.below(2) as usize]);
        match self.random.below(17) {
            0 | 1 => {
                let loaded = self.value(InstData::Load { ty: Type::I64, base: object, offset: field }, Type::I64);
                self.ints.push(loaded);
            }
            2 => {
                self.add(InstData::Store { value: int, base: object, offset: field }, &[]);
            }
            3 => {
                let op = self.random.of(&[BinaryOp::Add, BinaryOp::Sub, BinaryOp::Xor]);
                let right = self.random.of(&self.ints);
                let value = self.value(InstData::Binary { op, left: int, right }, Type::I64);
                self.ints.push(value);
            }
            4 | 5 => {
                let condition = self.random.of(&[Condition::Lt, Condition::Ge, Condition::Eq, Condition::Ne]);
                let right = self.random.of(&self.ints);
                let value = self.value(InstData::Compare { condition, left: int, right }, Type::Bool);
                self.conditions.push(value);
            }
            6 if !self.conditions.is_empty() && self.random.below(3) == 0 => {
                let condition = self.random.of(&self.conditions);
                self.add(InstData::Guard { condition, reason: MissReason::Bounds }, &[]);
            }
            7 => {
                self.add(InstData::GuardExact { value: object, class: Global::ListType }, &[]);
                self.lists.push(object);
            }
            8 if self.random.below(4) == 0 => {
                self.add(InstData::GuardExact { value: object, class: Global::FloatType }, &[]);
            }
            9 | 10 if !self.lists.is_empty() => {
                let list = self.random.of(&self.lists);
                let item = self.item(list);
                let loaded =
                    self.value(InstData::Load { ty: Type::Obj, base: item, offset: Offset::Known(0) }, Type::Obj);
                self.objects.push(loaded);
            }
            11 if !self.lists.is_empty() => {
                let list = self.random.of(&self.lists);
                let item = self.item(list);
                self.add(InstData::Store { value: object, base: item, offset: Offset::Known(0) }, &[]);
            }
            12 => {
                let data = match self.random.below(4) {
                    0 => InstData::Release { value: object },
                    1 => InstData::Call { helper: Helper::IsTrue, args: [object].into_iter().collect() },
                    _ => InstData::Retain { value: object },
                };
                let results: &[Type] = if matches!(data, InstData::Call { .. }) { &[Type::I32] } else { &[] };
                self.add(data, results);
            }
            13 => {
                let (base, offset) = (self.frame, Offset::Known(80 + 8 * self.random.below(OBJECTS) as i32));
                if self.random.below(2) == 0 {
                    self.add(InstData::Store { value: object, base, offset }, &[]);
                } else {
                    let loaded = self.value(InstData::Load { ty: Type::Obj, base, offset }, Type::Obj);
                    self.objects.push(loaded);
                }
            }
            14 | 15 if nesting < 3 && !self.conditions.is_empty() => self.either(nesting),
            16 if nesting < 3 => self.again(nesting),
            _ => {}
        }
    }

    fn known(&self) -> [usize; 4] {
        [self.objects.len(), self.lists.len(), self.ints.len(), self.conditions.len()]
    }

    fn forget(&mut self, known: [usize; 4]) {
        self.objects.truncate(known[0]);
        self.lists.truncate(known[1]);
        self.ints.truncate(known[2]);
        self.conditions.truncate(known[3]);
    }

    fn statements(&mut self, nesting: u32) {
        for _ in 0..2 + self.random.below(7) {
            self.statement(nesting);
        }
    }

    fn either(&mut self, nesting: u32) {
        let [then, otherwise, after] = [(); 3].map(|()| self.function.add_block());
        let condition = self.random.of(&self.conditions);
        let args = || [].into_iter().collect();
        self.add(InstData::Branch { condition, then, then_args: args(), otherwise, otherwise_args: args() }, &[]);
        for block in [then, otherwise] {
            let known = self.known();
            self.block = block;
            self.statements(nesting + 1);
            self.add(InstData::Jump { to: after, args: args() }, &[]);
            self.forget(known);
        }
        self.block = after;
    }

    /// A loop, of a few rounds.
    fn again(&mut self, nesting: u32) {
        let [header, after] = [(); 2].map(|()| self.function.add_block());
        let zero = self.value(InstData::Iconst { ty: Type::I64, value: 0 }, Type::I64);
        self.add(InstData::Jump { to: header, args: [zero].into_iter().collect() }, &[]);
        let round = self.function.add_param(header, Type::I64);
        let known = self.known();
        self.block = header;
        self.ints.push(round);
        self.statements(nesting + 1);
        let one = self.value(InstData::Iconst { ty: Type::I64, value: 1 }, Type::I64);
        let next = self.value(InstData::Binary { op: BinaryOp::Add, left: round, right: one }, Type::I64);
        let limit = self.value(InstData::Iconst { ty: Type::I64, value: 3 }, Type::I64);
        let condition =
            self.value(InstData::Compare { condition: Condition::Lt, left: next, right: limit }, Type::Bool);
        let then_args = [next].into_iter().collect();
        let otherwise_args = [].into_iter().collect();
        self.add(InstData::Branch { condition, then: header, then_args, otherwise: after, otherwise_args }, &[]);
        self.forget(known);
        self.block = after;
    }
}

fn random_function(seed: u64) -> Function {
    let mut function = Function::new("random");
    let block = function.add_block();
    let mut writer = Writer {
        random: Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
        function,
        block,
        frame: Value(0),
        objects: vec![],
        lists: vec![],
        ints: vec![],
        conditions: vec![],
    };
    writer.frame = writer.value(InstData::Frame, Type::Ptr);
    for number in 0..OBJECTS as i32 {
        let data = InstData::Load { ty: Type::Obj, base: writer.frame, offset: Offset::Known(80 + 8 * number) };
        let object = writer.value(data, Type::Obj);
        writer.objects.push(object);
    }
    let int = writer.value(InstData::Iconst { ty: Type::I64, value: 1 }, Type::I64);
    writer.ints.push(int);
    for _ in 0..4 {
        writer.statements(0);
    }
    writer.add(InstData::Leave { to: Continuation::Next, arg: None }, &[]);
    writer.function
}

/// What a function did: what it left with, and what it wrote and called.
type Done = (Vec<u64>, Vec<u64>, Vec<(u64, u64)>);

struct Machine<'f> {
    function: &'f Function,
    values: Vec<u64>,
    memory: FxHashMap<u64, u64>,
    events: Vec<u64>,
}

impl Machine<'_> {
    /// Objects 0 to 2 are lists, the others floats; the frame has some of them twice.
    fn new(function: &Function, seed: u64) -> Machine<'_> {
        let mut random = Random(seed | 1);
        let mut memory = FxHashMap::default();
        for number in 0..OBJECTS {
            let class = if number < 3 { Global::ListType } else { Global::FloatType };
            let fields = [100, class as u64, random.below(4), items(number), random.below(4)];
            memory.extend((0..).map(|n| object(number) + 8 * n).zip(fields));
            memory.extend((0..4).map(|n| (items(number) + 8 * n, object(random.below(OBJECTS)))));
            memory.insert(FRAME + 80 + 8 * number, object(random.below(OBJECTS)));
        }
        Machine { function, values: vec![0; function.value_count()], memory, events: vec![] }
    }

    fn address(&self, base: Value, offset: Offset) -> u64 {
        let Offset::Known(offset) = offset else { panic!("a region has no operands") };
        self.values[base.index()].wrapping_add_signed(offset.into())
    }

    /// What any code may do.
    fn disturb(&mut self, what: u64) {
        self.events.push(what);
        let mut random = Random(what.wrapping_mul(31).wrapping_add(self.events.len() as u64) | 1);
        for number in 0..OBJECTS {
            self.memory.insert(object(number) + 16, random.below(4));
            self.memory.insert(object(number) + 32, random.below(4));
            self.memory.insert(items(number) + 8 * random.below(4), object(random.below(OBJECTS)));
            self.memory.insert(FRAME + 80 + 8 * number, object(random.below(OBJECTS)));
        }
    }

    fn run(mut self) -> Done {
        let mut block = Block(0);
        loop {
            let mut next = None;
            for &inst in &self.function.blocks[block.index()].insts {
                match self.inst(inst) {
                    Step::On => {}
                    Step::To(to, args) => next = Some((to, args)),
                    Step::Exit => {
                        let state = self.function.state_of(inst).expect("an exit has a state");
                        let mut shown = vec![];
                        let state = &self.function.states[state.index()];
                        shown.push(state.frames[0].unit.into());
                        state.for_each_use(|value| shown.push(self.values[value.index()]));
                        let mut memory: Vec<(u64, u64)> = self.memory.into_iter().collect();
                        memory.sort_unstable();
                        return (shown, self.events, memory);
                    }
                }
            }
            let (to, args) = next.expect("a block ends");
            for (param, arg) in self.function.blocks[to.index()].params.iter().zip(args) {
                self.values[param.index()] = arg;
            }
            block = to;
        }
    }

    fn inst(&mut self, inst: Inst) -> Step {
        let get = |value: Value| self.values[value.index()];
        let args = |args: &[Value]| args.iter().map(|&arg| get(arg)).collect::<Vec<_>>();
        let result = match self.function.inst(inst) {
            InstData::Frame => FRAME,
            InstData::Iconst { value, .. } => *value as u64,
            InstData::Load { base, offset, .. } => self.memory[&self.address(*base, *offset)],
            InstData::Unary { arg, .. } => get(*arg),
            InstData::Binary { op, left, right } => {
                let (left, right) = (get(*left), get(*right));
                match op {
                    BinaryOp::Add => left.wrapping_add(right),
                    BinaryOp::Sub => left.wrapping_sub(right),
                    BinaryOp::Xor => left ^ right,
                    BinaryOp::And => left & right,
                    BinaryOp::Shl => left << right,
                    other => panic!("{other:?}"),
                }
            }
            InstData::Compare { condition, left, right } => {
                u64::from(condition.holds(get(*left) as i64, get(*right) as i64))
            }
            InstData::Guard { condition, .. } if get(*condition) == 0 => return Step::Exit,
            InstData::GuardExact { value, class } if self.memory[&(get(*value) + 8)] != *class as u64 => {
                return Step::Exit;
            }
            InstData::Guard { .. } | InstData::GuardExact { .. } => return Step::On,
            InstData::Store { value, base, offset } => {
                let (address, value) = (self.address(*base, *offset), get(*value));
                self.memory.insert(address, value);
                return Step::On;
            }
            InstData::Retain { value } => {
                let object = get(*value);
                *self.memory.get_mut(&object).expect("an object") += 1;
                return Step::On;
            }
            data @ (InstData::Release { value } | InstData::ReleasePlain { value }) => {
                let object = get(*value);
                *self.memory.get_mut(&object).expect("an object") -= 1;
                let quiet = self.memory[&(object + 8)] == Global::FloatType as u64;
                assert!(quiet || !matches!(data, InstData::ReleasePlain { .. }), "the end of a list runs code");
                if !quiet {
                    self.disturb(object);
                }
                return Step::On;
            }
            InstData::Call { args, .. } => {
                let object = get(args[0]);
                self.disturb(object);
                0
            }
            InstData::Jump { to, args: given } => return Step::To(*to, args(given)),
            InstData::Branch { condition, then, then_args, otherwise, otherwise_args } => {
                return match get(*condition) {
                    0 => Step::To(*otherwise, args(otherwise_args)),
                    _ => Step::To(*then, args(then_args)),
                };
            }
            InstData::Leave { .. } => return Step::Exit,
            other => panic!("{other:?}"),
        };
        self.values[self.function.results(inst)[0].index()] = result;
        Step::On
    }
}

enum Step {
    On,
    To(Block, Vec<u64>),
    Exit,
}

fn loads(function: &Function) -> usize {
    let insts = function.blocks.iter().flat_map(|block| &block.insts);
    insts.filter(|&&inst| matches!(function.inst(inst), InstData::Load { .. } | InstData::Guard { .. })).count()
}

#[test]
fn random_functions_do_the_same() {
    let (mut before, mut after) = (0, 0);
    for seed in 1..500 {
        let function = random_function(seed);
        check(&function);
        let mut shorter = function.clone();
        reuse(&mut shorter);
        check(&shorter);
        remove_dead(&mut shorter);
        check(&shorter);
        before += loads(&function);
        after += loads(&shorter);
        for memory in 1..8 {
            let (expected, found) = (Machine::new(&function, memory).run(), Machine::new(&shorter, memory).run());
            assert!(expected == found, "seed {seed}, memory {memory}: {expected:?}\n{found:?}\n{function}\n{shorter}");
        }
    }
    assert!(after * 10 < before * 9, "{before} loads and guards became {after}");
}
