//! Constants, and what an operation is given: its operands, inputs and slots.

use crate::{Builder, Global, InstData, Known, Offset, Type, Value, abi};

impl Builder<'_> {
    /// An integer constant.
    pub fn iconst(&mut self, ty: Type, value: i64) -> Value {
        self.value(InstData::Iconst { ty, value }, ty)
    }

    /// A float constant.
    pub fn fconst(&mut self, value: f64) -> Value {
        self.value(InstData::Fconst { bits: value.to_bits() }, Type::F64)
    }

    /// The NULL reference.
    pub fn null(&mut self) -> Value {
        self.iconst(Type::Obj, 0)
    }

    /// The instruction's 32-bit immediate `index` (0 to 6), an i32.
    pub fn param(&mut self, index: u8) -> Value {
        if let Some(region) = &self.region {
            let value = region.operands[(abi::operand::PARAM + index) as usize];
            return self.iconst(Type::I32, value.into());
        }
        self.value(InstData::Operand32 { operand: abi::operand::PARAM + index }, Type::I32)
    }

    /// The value of the instruction's 32-bit immediate `index`, which only a region knows.
    pub fn param_value(&self, index: u8) -> i32 {
        let region = self.region.as_ref().expect("operands of stencils are not known when they are made");
        region.operands[(abi::operand::PARAM + index) as usize]
    }

    /// The offset that the instruction's 32-bit immediate `index` gives, plus `add`.
    pub fn param_offset(&self, index: u8, add: i32) -> Offset {
        Offset::Operand(abi::operand::PARAM + index, add)
    }

    /// The instruction's own pointer `index` (0 to 3), as a raw pointer.
    pub fn pointer(&mut self, index: u8) -> Value {
        self.typed_pointer(abi::pointer::PARAM + index, Type::Ptr)
    }

    fn typed_pointer(&mut self, pointer: u8, ty: Type) -> Value {
        if let Some(region) = &self.region {
            let address = region.pointers[pointer as usize];
            return self.iconst(ty, address as i64);
        }
        self.value(InstData::Pointer { pointer, ty }, ty)
    }

    /// The instruction's own pointer `index` (0 to 3), as a borrowed object.
    pub fn object(&mut self, index: u8) -> Value {
        let object = self.typed_pointer(abi::pointer::PARAM + index, Type::Obj);
        self.learn(object, |known| known.present = true);
        object
    }

    /// Another pointer operand, by its number in [`abi::pointer`].
    pub fn raw_pointer(&mut self, pointer: u8) -> Value {
        self.typed_pointer(pointer, Type::Ptr)
    }

    /// The address of a named object of the host, borrowed.
    pub fn global(&mut self, global: Global) -> Value {
        let value = self.value(InstData::Global { global }, Type::Obj);
        if matches!(global, Global::None | Global::True | Global::False) {
            let class = (global != Global::None).then_some(Global::BoolType);
            self.learn(value, |k| *k = Known { class, present: true, immortal: true, ..Known::default() });
        }
        value
    }

    /// Input `index` of the operation.
    pub fn input(&mut self, index: u8, borrowed: bool) -> Value {
        let value = self.value(InstData::Input { index }, Type::Obj);
        if borrowed {
            self.borrowed |= 1 << index;
        }
        value
    }

    /// What native code was entered with: an owned reference.
    pub fn received(&mut self) -> Value {
        self.value(InstData::Received, Type::Obj)
    }

    /// The current thread state.
    pub fn thread_state(&mut self) -> Value {
        self.value(InstData::ThreadState, Type::Ptr)
    }

    /// A word of the activation.
    pub fn activation_field(&mut self, offset: i32) -> Value {
        self.value(InstData::ActivationField { offset }, Type::Ptr)
    }

    fn need_memory(&mut self) {
        if let Some(region) = self.region.as_deref_mut().filter(|r| !r.in_memory) {
            region.wants_memory = true;
        }
    }

    /// The address of the lowest stack slot that the instruction consumes.
    pub fn stack_base(&mut self) -> Value {
        self.need_memory();
        let frame = self.frame();
        self.address(frame, Offset::Operand(abi::operand::BASE, 0))
    }

    /// The local variable that the instruction names: borrowed, maybe NULL.
    pub fn local(&mut self) -> Value {
        if let Some(region) = self.region.as_deref_mut() {
            match region.local {
                Some(local) => return local,
                None => region.unsupported = true,
            }
        }
        let frame = self.frame();
        self.load(Type::Obj, frame, Offset::Operand(abi::operand::LOCAL, 0))
    }

    /// Replaces the local variable that the instruction names. The old value is not released.
    pub fn set_local(&mut self, value: Value) {
        if let Some(region) = self.region.as_deref_mut() {
            region.unsupported = true;
        }
        let frame = self.frame();
        self.store(value, frame, Offset::Operand(abi::operand::LOCAL, 0));
    }

    /// Writes stack slot `output` of the instruction early (the harness does it for returned outputs).
    pub fn set_output(&mut self, output: u8, value: Value) {
        self.need_memory();
        let frame = self.frame();
        self.store(value, frame, Offset::Operand(abi::operand::OUTPUT + output, 0));
    }
}
