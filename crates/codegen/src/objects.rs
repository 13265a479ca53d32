//! Lowering of object-level instructions: reference counts, boxes.

use crate::lower::{Form, Lowering, Region};
use crate::raw::Symbol;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{self, InstBuilder, types};
use whipsnake_cpython::layout;
use whipsnake_ir::{Continuation, Global, Helper, InstData, Value, ValueDef};

impl Lowering<'_, '_> {
    /// Runs `body` in a cold block if the condition holds.
    fn when_cold(&mut self, condition: ir::Value, body: impl FnOnce(&mut Self)) {
        let (then, after) = (self.block(), self.block());
        self.b.set_cold_block(then);
        self.b.ins().brif(condition, then, &[], after, &[]);
        self.b.switch_to_block(then);
        body(self);
        self.b.ins().jump(after, &[]);
        self.b.switch_to_block(after);
    }

    /// Whether the value is one of the singletons, whose counts never change.
    fn is_immortal(&self, value: Value) -> bool {
        let ValueDef::Result(inst, _) = self.func.def(value) else { return false };
        matches!(self.func.inst(inst), InstData::Global { global: Global::None | Global::True | Global::False })
    }

    /// Adds a reference: the low half of the count is saturated, so an immortal object's stays.
    pub(crate) fn retain(&mut self, value: Value) {
        if self.is_immortal(value) {
            return;
        }
        let object = self.use_value(value);
        self.retain_object(object);
    }

    /// The same for any object. Where code is [straight](Self::is_straight), what an immortal object has is written again.
    pub(crate) fn retain_object(&mut self, object: ir::Value) {
        let count = self.load(types::I32, Region::Heap, object, layout::object::OB_REFCNT);
        if self.is_straight() {
            let mortal = self.b.ins().icmp_imm_s(IntCC::NotEqual, count, -1);
            let one = self.b.ins().uextend(types::I32, mortal);
            let more = self.b.ins().iadd(count, one);
            self.store(Region::Heap, more, object, layout::object::OB_REFCNT);
            return;
        }
        let more = self.b.ins().iadd_imm_s(count, 1);
        let (add, after) = (self.block(), self.block());
        self.b.ins().brif(more, add, &[], after, &[]);
        self.b.switch_to_block(add);
        self.store(Region::Heap, more, object, layout::object::OB_REFCNT);
        self.b.ins().jump(after, &[]);
        self.b.switch_to_block(after);
    }

    /// Whether counting is done without branches: a region's many blocks cost time to compile. In loops they are worth it: there, counting the same immortal object again
    /// and again would wait for its own stores.
    fn is_straight(&self) -> bool {
        /// Regions with more instructions are compiled for their size.
        const LARGE: usize = 1500;
        matches!(self.form, Form::Region(_)) && (self.depth == 0 || self.func.inst_count() > LARGE)
    }

    /// Drops a reference; the object's end is cold code.
    pub(crate) fn release(&mut self, object: ir::Value) {
        self.drop_reference(object, |l| match &l.form {
            Form::Stencil { .. } => {
                l.save_instr();
                l.call(Helper::Dealloc, &[object]);
            }
            Form::Region(_) => l.destroy_in_region(object),
        });
    }

    /// Drops a reference to an object whose end runs no Python code.
    pub(crate) fn release_plain(&mut self, object: ir::Value) {
        let end = if let Form::Region(_) = self.form { Helper::DestroyPlain } else { Helper::Dealloc };
        self.drop_reference(object, |l| {
            l.call(end, &[object]);
        });
    }

    fn drop_reference(&mut self, object: ir::Value, end: impl FnOnce(&mut Self)) {
        let count = self.load(types::I32, Region::Heap, object, layout::object::OB_REFCNT);
        if self.is_straight() {
            // As above: -1 for a mortal object, 0 for others.
            let sign = self.b.ins().sshr_imm_u(count, 31);
            let change = self.b.ins().bnot(sign);
            let less = self.b.ins().iadd(count, change);
            self.store(Region::Heap, less, object, layout::object::OB_REFCNT);
            let dead = self.b.ins().icmp_imm_s(IntCC::Equal, less, 0);
            self.when_cold(dead, end);
            return;
        }
        let mortal = self.b.ins().icmp_imm_s(IntCC::SignedGreaterThanOrEqual, count, 0);
        let (drop, after) = (self.block(), self.block());
        self.b.ins().brif(mortal, drop, &[], after, &[]);
        self.b.switch_to_block(drop);
        let less = self.b.ins().iadd_imm_s(count, -1);
        self.store(Region::Heap, less, object, layout::object::OB_REFCNT);
        let dead = self.b.ins().icmp_imm_s(IntCC::Equal, less, 0);
        self.when_cold(dead, end);
        self.b.ins().jump(after, &[]);
        self.b.switch_to_block(after);
    }

    /// The value of a compact int: its digit, with its sign.
    pub(crate) fn int_value(&mut self, object: ir::Value) -> ir::Value {
        let tag = self.load(types::I64, Region::Heap, object, layout::long::LV_TAG);
        let digit = self.load(types::I32, Region::Heap, object, layout::long::OB_DIGIT);
        let digit = self.b.ins().uextend(types::I64, digit);
        let sign_bits = self.b.ins().band_imm_u(tag, layout::long::SIGN_MASK as i64);
        let one = self.b.ins().iconst(types::I64, 1);
        let sign = self.b.ins().isub(one, sign_bits);
        self.b.ins().imul(sign, digit)
    }

    /// The value of an int of up to two digits; leaves for others.
    pub(crate) fn unbox_int(&mut self, object: ir::Value) -> ir::Value {
        use layout::long::{COMPACT_LIMIT, NON_SIZE_BITS, OB_DIGIT, SHIFT, SIGN_MASK};
        let done = self.b.create_block();
        let result = self.b.append_block_param(done, types::I64);
        let (compact, longer) = (self.b.create_block(), self.b.create_block());
        self.b.set_cold_block(longer);
        let tag = self.load(types::I64, Region::Heap, object, layout::long::LV_TAG);
        let is_compact = self.b.ins().icmp_imm_u(IntCC::UnsignedLessThan, tag, COMPACT_LIMIT as i64);
        self.b.ins().brif(is_compact, compact, &[], longer, &[]);

        self.b.switch_to_block(compact);
        let value = self.int_value(object);
        self.b.ins().jump(done, &[value.into()]);

        self.b.switch_to_block(longer);
        let digits = self.b.ins().ushr_imm_u(tag, NON_SIZE_BITS as i64);
        let more = self.b.ins().icmp_imm_u(IntCC::NotEqual, digits, 2);
        self.leave_if(more, Continuation::Miss);
        let low = self.load(types::I32, Region::Heap, object, OB_DIGIT);
        let high = self.load(types::I32, Region::Heap, object, OB_DIGIT + 4);
        let (low, high) = (self.b.ins().uextend(types::I64, low), self.b.ins().uextend(types::I64, high));
        let high = self.b.ins().ishl_imm_u(high, i64::from(SHIFT));
        let magnitude = self.b.ins().bor(high, low);
        let sign_bits = self.b.ins().band_imm_u(tag, SIGN_MASK as i64);
        let one = self.b.ins().iconst(types::I64, 1);
        let sign = self.b.ins().isub(one, sign_bits);
        let value = self.b.ins().imul(sign, magnitude);
        self.b.ins().jump(done, &[value.into()]);

        self.b.switch_to_block(done);
        result
    }

    /// Whether nobody but us holds the object.
    fn is_unique(&mut self, object: ir::Value) -> ir::Value {
        let count = self.load(types::I32, Region::Heap, object, layout::object::OB_REFCNT);
        self.b.ins().icmp_imm_s(IntCC::Equal, count, 1)
    }

    /// The first of `reuse` that is ours alone is filled by `fill` and becomes the result; else `make` makes a new object.
    /// The elements of `reuse` are consumed, one way or the other.
    fn reuse_or_make(
        &mut self,
        reuse: &[Value],
        fill: impl Fn(&mut Self, ir::Value),
        make: impl FnOnce(&mut Self) -> ir::Value,
    ) -> ir::Value {
        let done = self.block();
        let result = self.b.append_block_param(done, types::I64);
        for (index, &candidate) in reuse.iter().enumerate() {
            let object = self.use_value(candidate);
            let unique = self.is_unique(object);
            let (take, other) = (self.block(), self.block());
            self.b.ins().brif(unique, take, &[], other, &[]);
            let inputs = self.inputs;
            self.b.switch_to_block(take);
            fill(self, object);
            for (_, &rest) in reuse.iter().enumerate().filter(|&(other, _)| other != index) {
                let rest = self.use_value(rest);
                self.release(rest);
            }
            self.b.ins().jump(done, &[object.into()]);
            self.b.switch_to_block(other);
            self.inputs = inputs;
        }
        let object = make(self);
        self.b.ins().jump(done, &[object.into()]);
        self.b.switch_to_block(done);
        self.inputs = [None; 4];
        result
    }

    /// Calls one of three helpers that make a number: `plain`, or `from`, which drops the references to `reuse` too, or that for regions.
    fn make_number(&mut self, [plain, from, in_region]: [Helper; 3], value: ir::Value, reuse: &[Value]) -> ir::Value {
        self.save_instr();
        // In a region a slot in memory still has what is replaced, should there be no memory.
        let is_region = matches!(self.form, Form::Region(_));
        let object = if is_region {
            self.call(in_region, &[value])[0]
        } else if reuse.is_empty() {
            self.call(plain, &[value])[0]
        } else {
            let left = self.use_value(reuse[0]);
            let right = match reuse.get(1) {
                Some(&right) => self.use_value(right),
                None => self.b.ins().iconst(types::I64, 0),
            };
            self.call(from, &[value, left, right])[0]
        };
        let null = self.b.ins().icmp_imm_s(IntCC::Equal, object, 0);
        self.leave_if(null, Continuation::Error);
        for &old in reuse.iter().filter(|_| is_region) {
            let old = self.use_value(old);
            self.release_plain(old);
        }
        object
    }

    /// Boxes a double.
    pub(crate) fn new_float(&mut self, value: ir::Value, reuse: &[Value]) -> ir::Value {
        self.reuse_or_make(
            reuse,
            |l, object| l.store(Region::Heap, value, object, layout::float::OB_FVAL),
            |l| l.make_number([Helper::NewFloat, Helper::NewFloatFrom, Helper::NewFloatInRegion], value, reuse),
        )
    }

    /// Boxes a double that is a float, or an int if `is_int`; only in regions.
    pub(crate) fn new_mixed(&mut self, value: ir::Value, is_int: ir::Value) -> ir::Value {
        let (int, float, done) = (self.block(), self.block(), self.block());
        let result = self.b.append_block_param(done, types::I64);
        self.b.ins().brif(is_int, int, &[], float, &[]);
        self.b.switch_to_block(int);
        let number = self.b.ins().fcvt_to_sint_sat(types::I64, value);
        let object = self.new_int(number, &[]);
        self.b.ins().jump(done, &[object.into()]);
        self.b.switch_to_block(float);
        let object = self.new_float(value, &[]);
        self.b.ins().jump(done, &[object.into()]);
        self.b.switch_to_block(done);
        result
    }

    /// Boxes an i64: a preallocated object if there is one, else in the storage of `reuse` if one digit is enough, else a new object.
    pub(crate) fn new_int(&mut self, value: ir::Value, reuse: &[Value]) -> ir::Value {
        let done = self.block();
        let result = self.b.append_block_param(done, types::I64);
        let (small, large) = (self.block(), self.block());
        let index = self.b.ins().iadd_imm_s(value, i64::from(layout::long::NSMALLNEGINTS));
        let count = i64::from(layout::long::NSMALLNEGINTS + layout::long::NSMALLPOSINTS);
        let is_small = self.b.ins().icmp_imm_u(IntCC::UnsignedLessThan, index, count);
        self.b.ins().brif(is_small, small, &[], large, &[]);

        let inputs = self.inputs;
        self.b.switch_to_block(small);
        let table = self.symbol(Symbol::Global(Global::SmallInts as u16));
        let bytes = self.b.ins().imul_imm_s(index, i64::from(layout::long::SIZEOF));
        let object = self.b.ins().iadd(table, bytes);
        for &old in reuse {
            let old = self.use_value(old);
            self.release(old);
        }
        self.b.ins().jump(done, &[object.into()]);

        self.b.switch_to_block(large);
        self.inputs = inputs;
        let make = self.block();
        if !reuse.is_empty() {
            // Magnitude and sign: a compact int is one digit.
            let sign = self.b.ins().sshr_imm_u(value, 63);
            let flipped = self.b.ins().bxor(value, sign);
            let magnitude = self.b.ins().isub(flipped, sign);
            let compact = self.b.ins().icmp_imm_u(IntCC::UnsignedLessThan, magnitude, 1 << layout::long::SHIFT);
            let one_digit = self.block();
            self.b.set_cold_block(make);
            self.b.ins().brif(compact, one_digit, &[], make, &[]);
            self.b.switch_to_block(one_digit);
            for (index, &candidate) in reuse.iter().enumerate() {
                let object = self.use_value(candidate);
                let unique = self.is_unique(object);
                let (take, other) = (self.block(), if index + 1 < reuse.len() { self.block() } else { make });
                self.b.ins().brif(unique, take, &[], other, &[]);
                let inputs = self.inputs;
                self.b.switch_to_block(take);
                let negative = self.b.ins().band_imm_u(sign, layout::long::SIGN_NEGATIVE as i64);
                let tag = self.b.ins().bor_imm_u(negative, 1 << layout::long::NON_SIZE_BITS);
                let digit = self.b.ins().ireduce(types::I32, magnitude);
                self.store(Region::Heap, tag, object, layout::long::LV_TAG);
                self.store(Region::Heap, digit, object, layout::long::OB_DIGIT);
                for (_, &rest) in reuse.iter().enumerate().filter(|&(other, _)| other != index) {
                    let rest = self.use_value(rest);
                    self.release(rest);
                }
                self.b.ins().jump(done, &[object.into()]);
                self.inputs = inputs;
                if other != make {
                    self.b.switch_to_block(other);
                }
            }
        } else {
            self.b.ins().jump(make, &[]);
        }
        // Reached from several blocks.
        self.b.switch_to_block(make);
        self.inputs = inputs;
        let object = self.make_number([Helper::NewInt, Helper::NewIntFrom, Helper::NewIntInRegion], value, reuse);
        self.b.ins().jump(done, &[object.into()]);
        self.b.switch_to_block(done);
        self.inputs = [None; 4];
        result
    }
}
