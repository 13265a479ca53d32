//! Guards, errors and calls.

use crate::{
    Builder, Condition, Continuation, Effects, Global, Helper, Inst, InstData, Known, MissReason, Type, UnaryOp, Value,
};

impl Builder<'_> {
    /// Goes to the generic form of the operation unless the condition holds. Nothing may have been consumed or changed before.
    pub fn guard(&mut self, condition: Value, reason: MissReason) {
        match self.constant(condition) {
            Some(0) => self.fail(Continuation::Miss),
            Some(_) => {}
            None => {
                self.push(InstData::Guard { condition, reason }, &[]);
                self.learn_condition(condition, true);
            }
        }
    }

    /// What comes can't be reached: leaves, and goes on in a block that nothing leads to.
    fn fail(&mut self, to: Continuation) {
        self.push(InstData::Leave { to, arg: None }, &[]);
        let rest = self.block();
        self.switch_to(rest);
    }

    /// Goes to the generic form of the operation unless `value`'s type is exactly `class`.
    pub fn guard_exact(&mut self, value: Value, class: Global) {
        if let Some(region) = self.region.as_deref() {
            match region.known(value).class {
                Some(known) if known == class => return,
                Some(_) => return self.fail(Continuation::Miss),
                None => {}
            }
            if let Some((value_of, is_int)) = region.known(value).mixed {
                return self.guard_exact_number(value, class, value_of, is_int);
            }
            self.push(InstData::GuardExact { value, class }, &[]);
            // A module can be given another type.
            if class != Global::ModuleType {
                self.learn(value, |known| *known = known.with_class(class));
            }
            return;
        }
        self.push(InstData::GuardExact { value, class }, &[]);
    }

    /// The same of what is a float or an int, whose object need not be there.
    fn guard_exact_number(&mut self, value: Value, class: Global, number: Value, is_int: Value) {
        let raw = match class {
            Global::FloatType => {
                let no = self.iconst(Type::Bool, 0);
                let is_float = self.compare(Condition::Eq, is_int, no);
                self.guard(is_float, MissReason::Value);
                number
            }
            Global::IntType => {
                self.guard(is_int, MissReason::Value);
                self.unary(UnaryOp::FloatToInt, number)
            }
            _ => return self.fail(Continuation::Miss),
        };
        self.learn(value, |known| *known = Known { raw: Some(raw), ..known.with_class(class) });
    }

    /// The value, which in a region is guarded to be the object that the program has there while the region is built, if that is one that seldom
    /// changes (a function, a class): then it is a constant.
    pub fn expect(&mut self, value: Value) -> Value {
        let Some((address, known)) = self.region.as_deref().and_then(|r| r.expected) else { return value };
        let constant = self.iconst(Type::Obj, address as i64);
        let same = self.compare(Condition::Eq, value, constant);
        self.guard(same, MissReason::Value);
        self.learn(constant, |k| *k = known);
        constant
    }

    /// Goes to `error` if the condition holds. Inputs must not have been released yet.
    pub fn error_if(&mut self, condition: Value) {
        match self.constant(condition) {
            Some(0) => {}
            Some(_) => self.fail(Continuation::Error),
            None => match self.region.as_deref().and_then(|region| region.catch) {
                Some(handler) => self.branch_out(condition, handler),
                None => {
                    self.push(InstData::ErrorIf { condition }, &[]);
                    self.learn_condition(condition, false);
                }
            },
        }
    }

    /// Goes to `error` if the reference is NULL.
    pub fn error_if_null(&mut self, value: Value) {
        let null = self.is_null(value);
        self.error_if(null);
    }

    /// Goes to `error` if the i32 is negative.
    pub fn error_if_negative(&mut self, value: Value) {
        let negative = self.compare_const(Condition::Lt, value, 0);
        self.error_if(negative);
    }

    /// Makes sure `instr_ptr` is this instruction's address.
    pub fn save_instr(&mut self) {
        if !self.saved && !self.is_virtual() {
            self.push(InstData::SaveInstr, &[]);
            self.saved = true;
        }
    }

    fn call_inst(&mut self, helper: Helper, args: &[Value]) -> Inst {
        let signature = helper.signature();
        debug_assert_eq!(signature.params.len(), args.len(), "arguments of {helper:?}");
        let escapes = signature.effects.contains(Effects::ESCAPES);
        self.expose(args, escapes);
        if escapes {
            self.save_instr();
        }
        self.push(InstData::Call { helper, args: args.iter().copied().collect() }, signature.results)
    }

    /// Calls a helper that has one result.
    pub fn call(&mut self, helper: Helper, args: &[Value]) -> Value {
        let inst = self.call_inst(helper, args);
        self.func.results(inst)[0]
    }

    /// Calls a helper that has two results.
    pub fn call_pair(&mut self, helper: Helper, args: &[Value]) -> (Value, Value) {
        let inst = self.call_inst(helper, args);
        let results = self.func.results(inst);
        (results[0], results[1])
    }

    /// Calls a helper that has no result.
    pub fn call_void(&mut self, helper: Helper, args: &[Value]) {
        self.call_inst(helper, args);
    }

    /// Calls a helper whose object result is NULL on error; goes to `error` then.
    pub fn call_checked(&mut self, helper: Helper, args: &[Value]) -> Value {
        let result = self.call(helper, args);
        self.error_if_null(result);
        result
    }

    /// Calls a helper whose i32 result is negative on error; goes to `error` then.
    pub fn call_status(&mut self, helper: Helper, args: &[Value]) -> Value {
        let status = self.call(helper, args);
        self.error_if_negative(status);
        status
    }

    /// Calls the recursive body, with arguments whose references it takes; gives its result.
    pub fn recurse(&mut self, args: &[Value], ret: Type) -> Value {
        self.expose(args, false);
        self.value(InstData::Recurse { args: args.iter().copied().collect(), ret }, ret)
    }

    /// A parameter of a recursive body.
    pub fn argument(&mut self, index: u8, ty: Type) -> Value {
        self.value(InstData::Argument { index, ty }, ty)
    }

    /// Calls a C function that may run Python code, by address.
    pub fn call_pointer(&mut self, callee: Value, args: &[Value], ret: Type) -> Value {
        self.expose(args, true);
        self.save_instr();
        self.value(InstData::CallPointer { callee, args: args.iter().copied().collect(), ret }, ret)
    }
}
