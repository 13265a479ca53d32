//! `*args` and `**kwargs`: what inlined functions collect in them, and calls that hand it on.
//!
//! The tuple and the dict are the region's own until somebody else sees them. As long as that has not happened, their contents are known, and the passes leave
//! them out where only exits need them.

use super::arguments::{MAX_NAMED, Places};
use super::blocks::Walk;
use super::body::Entered;
use super::instructions::MAX_TUPLE;
use crate::Callee;
use whipsnake_bytecode::Instr;
use whipsnake_cpython::layout::dict;
use whipsnake_cpython::opcode as op;
use whipsnake_cpython::opcode::operand::INTRINSIC_LIST_TO_TUPLE;
use whipsnake_ir::{Condition, Global, Known, MissReason, Slot, Type, Value};

impl Callee<'_> {
    /// Whether it has parameters for any number of arguments.
    pub(super) fn collects(&self) -> bool {
        self.takes_more || self.takes_named
    }
}

impl Walk<'_, '_> {
    /// The values of the arguments that are for `*args`, the first argument being that element of the stack. Their references go along.
    pub(super) fn surplus(&mut self, first: usize, places: &Places) -> Vec<Value> {
        let stack = &self.knowledge().state.frame().stack;
        let values = stack[first..][places.surplus.clone()].iter().map(|slot| slot.value);
        values.map(|value| value.expect("an argument")).collect()
    }

    /// The names and values of the arguments that are for `**kwargs`, likewise.
    pub(super) fn named_arguments(&mut self, first: usize, places: &Places) -> Vec<(Value, Value)> {
        let mut named = vec![];
        for &(argument, name) in &places.named {
            let value = self.knowledge().state.frame().stack[first + argument].value.expect("an argument");
            named.push((self.name(name), value));
        }
        named
    }

    /// A string that a code object of the region has.
    fn name(&mut self, address: u64) -> Value {
        let name = self.b.iconst(Type::Obj, address as i64);
        self.knowledge().learn(name, |known| *known = Known::exactly(Global::StrType));
        name
    }

    /// What `*args` and `**kwargs` get, where the function has these: a tuple of such values, whose references it takes, and a dict of those with names. The
    /// passes leave out what only exits need.
    pub(super) fn collected(
        &mut self,
        callee: &Callee<'_>,
        surplus: Vec<Value>,
        named: Vec<(Value, Value)>,
    ) -> Vec<Slot> {
        let dict = callee.takes_named.then(|| match named.as_slice() {
            [] => self.b.new_dict(),
            named => self.b.new_named(named),
        });
        let tuple = callee.takes_more.then(|| match surplus.as_slice() {
            [] => self.empty_tuple(),
            items => self.b.new_tuple(items),
        });
        tuple.into_iter().chain(dict).map(Slot::owned).collect()
    }

    fn empty_tuple(&mut self) -> Value {
        let tuple = self.b.global(Global::EmptyTuple);
        self.knowledge().learn(tuple, |known| *known = Known { immortal: true, ..Known::exactly(Global::TupleType) });
        tuple
    }

    /// Makes the tuple of a call as `f(x, *args)`, which the interpreter makes of a list that it fills, if it is known what `args` has. Returns the number of the
    /// instruction behind; `None` if that can't be done, and then nothing was.
    pub(super) fn gather(&mut self, number: u32, instr: &Instr) -> Option<u32> {
        let (more, next) = self.put_together(number)?;
        let count = instr.oparg as usize;
        if count + more.len() > MAX_TUPLE as usize || self.is_general(number) {
            return None;
        }
        let mut items = self.own_items(instr.oparg);
        for &item in &more {
            self.b.retain(item);
        }
        items.extend(more);
        let tuple = if items.is_empty() { self.empty_tuple() } else { self.b.new_tuple(&items) };
        self.replace_items(count, tuple);
        Some(next)
    }

    /// What is put into the list that instruction number `number` makes, up to where it becomes a tuple, and the number of the instruction behind that.
    fn put_together(&mut self, number: u32) -> Option<(Vec<Value>, u32)> {
        let (mut items, mut at) = (vec![], number as usize + 1);
        loop {
            let &[first, second] = self.body.code.instrs().get(at..at + 2)? else { return None };
            if (first.base, first.oparg) == (op::CALL_INTRINSIC_1, INTRINSIC_LIST_TO_TUPLE) {
                return Some((items, at as u32 + 1));
            }
            let value = match first.base {
                op::LOAD_FAST => self.local(first.oparg).value?,
                op::LOAD_CONST => self.constant_object(&self.body.world.constant(first.oparg)),
                _ => return None,
            };
            if second.oparg != 1 {
                return None;
            }
            match second.base {
                op::LIST_EXTEND => items.extend(self.b.tuple_items(value)?),
                op::LIST_APPEND => items.push(value),
                _ => return None,
            }
            at += 2;
        }
    }

    /// Inlines a `CALL_FUNCTION_EX` with a tuple that the region made itself, and no keywords, or a dict that it made; false if that can't be done, and then
    /// nothing was.
    pub(super) fn inline_unpacking(&mut self, number: u32, instr: &Instr) -> bool {
        let operands = 3 + (instr.oparg & 1) as usize;
        let stack = &self.knowledge().state.frame().stack;
        let Some(first) = stack.len().checked_sub(operands) else { return false };
        let (called, receiver, tuple, dict) =
            (stack[first], stack[first + 1], stack[first + 2], stack.get(first + 3).copied());
        let (Some(called_value), Some(tuple_value)) = (called.value, tuple.value) else { return false };
        if self.is_there(receiver) != Some(false) {
            return false;
        }
        let Some(named) = dict.map_or(Some(vec![]), |dict| self.items_of(dict.value?)) else { return false };
        let Some(items) = self.b.tuple_items(tuple_value) else { return false };
        let names: Option<Vec<u64>> = named.iter().map(|&(key, _)| self.constant_address(key)).collect();
        let Some(names) = names else { return false };
        let constant = self.constant_address(called_value);
        let Some(address) = constant.or_else(|| self.function_called(number, called_value)) else { return false };
        let world = self.body.world;
        let Some(callee) = world.callee(address) else { return false };
        let Some(places) = self.places_by_names(address, items.len(), &names, &callee) else { return false };
        if !self.may_inline(number, &callee, places.count()) {
            return false;
        }
        self.mark_exit();
        self.guard_callee(called_value, &callee);
        let defaults = self.default_arguments(called_value, &callee, places.missing());
        // The tuple and the dict keep theirs.
        let values: Vec<Value> = items.into_iter().chain(named.iter().map(|&(_, value)| value)).collect();
        let mut arguments = self.owned_arguments(values.clone());
        let surplus = values[places.surplus.clone()].to_vec();
        let mut collected = vec![];
        for &(argument, name) in &places.named {
            collected.push((self.name(name), values[argument]));
        }
        let collected = self.collected(&callee, surplus, collected);
        places.leave(&mut arguments);
        let defaults = self.owned_arguments(defaults);
        let mut arguments = places.in_order(arguments, defaults);
        arguments.extend(collected);
        let stack = &mut self.knowledge().state.frame().stack;
        stack.truncate(first);
        for slot in [Some(tuple), dict].into_iter().flatten() {
            if let Some(value) = slot.value.filter(|_| slot.owned)
                && !self.hand_over(value)
            {
                self.b.release(value);
            }
        }
        self.inline_call(number, called, arguments, &callee, Entered::Call);
        true
    }

    /// The names and values in a dict that the region made and nobody else has seen.
    pub(super) fn items_of(&mut self, dict: Value) -> Option<Vec<(Value, Value)>> {
        if self.b.is_empty_dict(dict) { Some(vec![]) } else { self.b.named_items(dict) }
    }

    /// Puts the items of the dict on top of the stack into the one below it, if both were made here and nobody else has seen them: then that is another dict
    /// with the items of both. False if that can't be done, and then nothing was.
    pub(super) fn merge_named(&mut self) -> bool {
        let stack = &self.knowledge().state.frame().stack;
        let &[.., into, from] = stack.as_slice() else { return false };
        let (Some(into), Some(from)) = (into.value, from.value) else { return false };
        let (Some(mut named), Some(more)) = (self.items_of(into), self.items_of(from)) else { return false };
        named.extend(more);
        let keys: Vec<Option<u64>> = named.iter().map(|&(key, _)| self.constant_address(key)).collect();
        let twice = keys.iter().enumerate().any(|(index, key)| key.is_none() || keys[..index].contains(key));
        if twice || named.is_empty() || named.len() > MAX_NAMED {
            return false;
        }
        self.mark_exit();
        for &(_, value) in &named {
            self.b.retain(value);
        }
        let merged = self.b.new_named(&named);
        let dropped = self.operands_done(2);
        self.push(Slot::owned(merged));
        self.drop_slots(dropped);
        true
    }

    /// Makes a dict of constant strings and values, where another one with keywords is put into it next; false if that is not so, and then nothing was done.
    pub(super) fn build_named(&mut self, number: u32, instr: &Instr) -> bool {
        let instrs = self.body.code.instrs();
        let is_merged = instrs.get(number as usize + 2).is_some_and(|instr| instr.base == op::DICT_MERGE);
        let count = instr.oparg as usize;
        if !is_merged || count == 0 || count > MAX_NAMED || self.is_general(number) {
            return false;
        }
        let depth = self.knowledge().state.frame().stack.len();
        let stack = &self.knowledge().state.frame().stack;
        let slots: Option<Vec<(u64, usize)>> = if instr.base == op::BUILD_MAP {
            let keys: Vec<(Option<Value>, usize)> =
                (depth - 2 * count..depth).step_by(2).map(|at| (stack[at].value, at + 1)).collect();
            keys.into_iter().map(|(key, at)| Some((self.constant_address(key?)?, at))).collect()
        } else {
            let keys = stack.last().and_then(|slot| slot.value);
            let keys = keys.and_then(|keys| self.constant_address(keys)).and_then(|keys| self.body.world.names(keys));
            keys.map(|keys| keys.into_iter().zip(depth - 1 - count..).collect())
        };
        let Some(slots) = slots else { return false };
        let is_name = |&(key, _): &(u64, usize)| self.body.world.class(key) == Some(Global::StrType);
        let twice = |(index, (key, _)): (usize, &(u64, usize))| slots[..index].iter().any(|(other, _)| other == key);
        if !slots.iter().all(is_name) || slots.iter().enumerate().any(twice) {
            return false;
        }
        self.mark_exit();
        let mut named = vec![];
        for (key, at) in slots {
            self.own_elements(at..at + 1);
            let value = self.knowledge().state.frame().stack[at].value.expect("an object");
            named.push((self.name(key), value));
        }
        let dict = self.b.new_named(&named);
        let taken = if instr.base == op::BUILD_MAP { 2 * count } else { count + 1 };
        let operands = self.operands_done(taken);
        self.push(Slot::owned(dict));
        let values: Vec<Value> = named.into_iter().map(|(_, value)| value).collect();
        // The dict has the values; what is left are constants.
        self.drop_slots(operands.into_iter().filter(|slot| !slot.value.is_some_and(|v| values.contains(&v))).collect());
        true
    }

    /// Whether the dict on top of the stack has no items, for sure or guarded, and goes into one without items that nobody has seen.
    pub(super) fn merges_nothing(&mut self, number: u32) -> bool {
        let stack = &self.knowledge().state.frame().stack;
        let &[.., Slot { value: Some(into), .. }, Slot { value: Some(from), .. }] = stack.as_slice() else {
            return false;
        };
        if !self.b.is_empty_dict(into) && self.b.named_items(into).is_none() {
            return false;
        }
        if !self.b.is_empty_dict(from) {
            if self.is_general(number) || self.likely_class(from) != Some(Global::DictType) {
                return false;
            }
            self.mark_exit();
            self.b.guard_exact(from, Global::DictType);
            let used = self.b.load(Type::I64, from, dict::MA_USED);
            let empty = self.b.compare_const(Condition::Eq, used, 0);
            self.b.guard(empty, MissReason::Value);
        }
        true
    }
}
