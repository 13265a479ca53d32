//! Attribute accesses of objects of several classes: one way for each, by the version of the class.
//!
//! The load of a method and its call are built once for each function, with what stands between them, so that in each copy the function is known, and
//! can be inlined. The ways meet behind the call. Classes that have the attribute in the same way share one.

use super::blocks::Walk;
use super::budget::is_simple;
use crate::select::named;
use crate::{Access, AttributeShape, Binding, Own};
use std::ops::Range;
use whipsnake_bytecode::Instr;
use whipsnake_cpython::layout::method_wrapper;
use whipsnake_cpython::opcode as op;
use whipsnake_ir::{Block, Continuation, Global, Known, Slot, Type, Value};

/// Instructions that are built for each class at most, from the load of a method to its call.
const MAX_COPIED: usize = 24;

/// Classes that have an attribute in the same way.
struct Group {
    access: Access,
    shapes: Vec<AttributeShape>,
}

impl Walk<'_, '_> {
    /// Builds an access to an attribute, up to the call if that is of a method, for the classes that were seen there, if there are several. Gives the
    /// number of the instruction that comes next.
    pub(super) fn dispatch(&mut self, number: u32, instr: &Instr) -> Option<u32> {
        if !matches!(instr.base, op::LOAD_ATTR | op::STORE_ATTR) {
            return None;
        }
        let owner = self.knowledge().state.frame().stack.last()?.value?;
        let is_method = instr.base == op::LOAD_ATTR && instr.oparg & 1 != 0;
        if is_method && self.load_from_class(number, instr, owner) {
            return Some(number + 1);
        }
        if self.knowledge().known(owner).class.is_some() {
            return None;
        }
        let (origin, owner) = (self.origin(owner), self.knowledge().resolve(owner));
        let mut shapes = self.body.world.shapes(instr);
        let known = self.shapes_of_known(origin, instr, &shapes);
        let is_known = known.is_some();
        shapes = known.unwrap_or(shapes);
        // One class has an operation of its own, where the interpreter has seen it; that knows nothing of dicts.
        let in_dict =
            |s: &AttributeShape| matches!(s.access, Access::Method { own: Own::Dict { .. }, .. } | Access::Anywhere(_));
        let is_specialized = instr.opcode != instr.base && !self.body.world.is_outdated(instr);
        let specialized = !is_known && is_specialized && !shapes.iter().any(in_dict);
        let failed = match shapes[..] {
            // What failed knew nothing of the one kind or the other.
            [AttributeShape { access: Access::Anywhere(_), .. }] => self.is_for_any_object(number),
            _ => self.is_general(number),
        };
        if shapes.is_empty() || shapes.len() == 1 && (specialized || failed) {
            return None;
        }
        let last = if is_method { self.call_of(number).filter(|_| self.body.variant == 0)? } else { number };
        let groups = grouped(shapes);
        if is_method && !self.inlines_some(&groups) {
            return None;
        }
        self.ways(number..last + 1, instr, owner, groups);
        Some(last + 1)
    }

    /// How the classes have the attribute that the owner is known to be of on this way. What the access has seen elsewhere may be others: the methods of a
    /// class are called for those that are derived from it, too.
    fn shapes_of_known(&self, owner: Value, instr: &Instr, seen: &[AttributeShape]) -> Option<Vec<AttributeShape>> {
        let versions = match self.versions.get(&owner) {
            Some(version) => std::slice::from_ref(version),
            None => self.among.get(&owner)?.as_slice(),
        };
        let shape = |&version: &u32| {
            let seen = seen.iter().find(|shape| shape.version == version).copied();
            seen.or_else(|| self.body.world.shape_with(version, instr))
        };
        versions.iter().map(shape).collect()
    }

    /// Whether some of the functions can be inlined.
    fn inlines_some(&self, groups: &[Group]) -> bool {
        groups.iter().any(|group| match group.access {
            Access::Method { function, .. } => {
                let callee = self.body.world.callee(function);
                callee.is_some_and(|callee| is_simple(&callee, self.largest_callee(groups.len())))
            }
            _ => false,
        })
    }

    /// The call of the method that an instruction loads, if nothing but a few instructions stand in between.
    fn call_of(&self, number: u32) -> Option<u32> {
        let code = &self.body.code;
        let bottom = code.depth(number)?.checked_sub(1)?;
        let end = code.blocks()[code.block_of(number) as usize].end;
        (number + 1..end).take(MAX_COPIED).find(|&at| {
            let instr = &code.instrs()[at as usize];
            instr.base == op::CALL && code.depth(at).is_some_and(|depth| depth == bottom + instr.oparg + 2)
        })
    }

    /// Builds instructions that begin with an access to an attribute, for each way to have it. Where an access by class has failed too often, the last
    /// way is the general one; else that leaves the region.
    fn ways(&mut self, range: Range<u32>, instr: &Instr, owner: Value, groups: Vec<Group>) {
        self.mark_exit();
        let (general, join) = (self.b.block(), self.b.block());
        let origin = self.origin(owner);
        let (known, known_among) = (self.versions.remove(&origin), self.among.remove(&origin));
        let around = self.body.ways;
        if range.len() > 1 {
            self.body.ways = groups.len();
        }
        let starts = self.by_version(owner, &groups, general, self.is_general(range.start));
        for ((group, start), variant) in groups.iter().zip(starts).zip(1..) {
            self.b.switch_to(start);
            if let [shape] = group.shapes[..] {
                self.versions.insert(origin, shape.version);
            } else {
                self.among.insert(origin, group.shapes.iter().map(|shape| shape.version).collect());
            }
            self.body.variant = if range.len() > 1 { variant } else { self.body.variant };
            self.access(range.start, instr, owner, group.access);
            self.rest_of_way(&range, join);
            self.versions.remove(&origin);
            self.among.remove(&origin);
        }
        self.versions.extend(known.map(|version| (origin, version)));
        self.among.extend(known_among.map(|versions| (origin, versions)));
        self.b.switch_to(general);
        if self.is_general(range.start) {
            self.body.variant = if range.len() > 1 { groups.len() as u32 + 1 } else { self.body.variant };
            self.general(range.start, instr);
            self.rest_of_way(&range, join);
        } else {
            self.b.leave_saved(Continuation::Miss);
        }
        self.body.ways = around;
        if self.knowledge().is_reached(join) {
            self.b.switch_to(join);
            // None of the ways' exits will do.
            self.mark_exit();
        }
    }

    /// Builds the instructions after the first of a range, and goes on where the ways meet.
    fn rest_of_way(&mut self, range: &Range<u32>, join: Block) {
        let mut number = range.start + 1;
        while number < range.end && !self.b.is_ended() {
            number = self.instruction(number);
        }
        if range.len() > 1 {
            self.body.variant = 0;
        }
        if self.b.is_ended() {
            return;
        }
        if let Some(next) = self.body.code.instrs().get(range.end as usize) {
            self.knowledge().state.frame().unit = next.index;
        }
        self.mark_exit();
        self.b.jump(join, &[]);
    }

    /// Looks which class the owner has; the blocks where the groups' ways start. What an instance must not have itself is asked, too.
    fn by_version(&mut self, owner: Value, groups: &[Group], general: Block, may_differ: bool) -> Vec<Block> {
        let class = self.b.type_of(owner);
        let starts: Vec<Block> = groups.iter().map(|_| self.b.block()).collect();
        let count: usize = groups.iter().map(|group| group.shapes.len()).sum();
        let shapes =
            groups.iter().zip(&starts).flat_map(|(group, &start)| group.shapes.iter().map(move |s| (s, start)));
        for ((shape, start), index) in shapes.zip(1..) {
            let Access::Method { own: own @ (Own::KeysVersion(_) | Own::KeyCount(_) | Own::Dict { .. }), .. } =
                shape.access
            else {
                let rest = if index == count { general } else { self.b.block() };
                let same = self.has_version(class, shape.version);
                self.b.branch(same, start, rest);
                if index < count {
                    self.b.switch_to(rest);
                }
                continue;
            };
            let rest = if index == count { general } else { self.b.block() };
            let here = self.b.block();
            let same = self.has_version(class, shape.version);
            self.b.branch(same, here, rest);
            self.b.switch_to(here);
            self.ask_instance(owner, own, may_differ.then_some(general));
            self.b.jump(start, &[]);
            if index < count {
                self.b.switch_to(rest);
            }
        }
        starts
    }

    /// The access itself, by an owner that has the attribute in this way.
    fn access(&mut self, number: u32, instr: &Instr, owner: Value, access: Access) {
        let stores = instr.base == op::STORE_ATTR;
        let depth = self.knowledge().depth;
        self.cost.add(depth, false);
        let (name, offset) = match access {
            Access::Value(offset) => (if stores { "STORE_ATTR.value" } else { "LOAD_ATTR.value" }, offset),
            Access::Anywhere(offset) => ("LOAD_ATTR.anywhere", offset),
            Access::Slot(offset) => (if stores { "STORE_ATTR.slot" } else { "LOAD_ATTR.slot" }, offset),
            Access::Item(offset) => ("LOAD_ATTR.item", offset),
            Access::Method { function, binding, .. } => {
                return self.class_attribute(instr, owner, function, binding);
            }
        };
        let operation = named(name).expect("the operation is there");
        self.apply(number, instr, operation, offset as u64);
    }

    /// Loads what the owner's class has.
    pub(super) fn class_attribute(&mut self, instr: &Instr, owner: Value, attribute: u64, binding: Binding) {
        if let Binding::Class { wrapper, .. } | Binding::Nothing { wrapper } = binding {
            let wrapper = self.b.iconst(Type::Obj, wrapper as i64);
            self.guard_word(wrapper, method_wrapper::CALLABLE, attribute);
        }
        let value = self.constant(attribute);
        self.knowledge().learn(owner, |known| known.present = true);
        let slot = self.pop();
        self.push(Slot::owned(value));
        if instr.oparg & 1 == 0 {
            return self.drop_slots(vec![slot]);
        }
        // What a wrapper has may be another function at that address.
        let itself = matches!(binding, Binding::Instance);
        self.knowledge().learn(value, |known| *known = Known { itself, ..Known::exactly(Global::FunctionType) });
        match binding {
            Binding::Instance => self.push(Slot { dirty: true, ..slot }),
            Binding::Class { class, .. } => {
                let class = self.constant(class);
                self.push(Slot::owned(class));
                self.drop_slots(vec![slot]);
            }
            Binding::Nothing { .. } => {
                self.push(Slot::NULL);
                self.drop_slots(vec![slot]);
            }
        }
    }

    /// An object that its class may lose, with a reference of its own.
    pub(super) fn constant(&mut self, address: u64) -> Value {
        let value = self.b.iconst(Type::Obj, address as i64);
        self.knowledge().learn(value, |known| known.present = true);
        self.b.retain(value);
        value
    }
}

/// Puts those together that have the attribute in the same way.
fn grouped(shapes: Vec<AttributeShape>) -> Vec<Group> {
    let mut groups: Vec<Group> = vec![];
    for shape in shapes {
        let alike = |group: &&mut Group| match (group.access, shape.access) {
            (Access::Method { function, binding, .. }, Access::Method { function: other, binding: bound, .. }) => {
                function == other && binding == bound
            }
            (access, other) => access == other,
        };
        match groups.iter_mut().find(alike) {
            Some(group) => group.shapes.push(shape),
            None => groups.push(Group { access: shape.access, shapes: vec![shape] }),
        }
    }
    groups
}
