//! What an exit of a region restores: its description for the run time, and the values that it stores for that.

use whipsnake_ir::{Continuation, Function, Global, InstData, StateId, Type, Value, ValueDef};

/// Where an exit finds a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Place {
    /// NULL.
    Null,
    /// A known address.
    Address(u64),
    /// A named object.
    Global(Global),
    /// An object that the exit makes with nothing in it, by its number.
    Made(u16),
    /// A word of the buffer, of this type: an object, or a number that needs one.
    Buffer(u16, Type),
    /// A tuple that the exit makes, by its number.
    Tuple(u16),
    /// A number, by two words of the buffer: a double, and whether it is an int.
    Number(u16, u16),
}

/// An object that an exit makes, with nothing in its fields yet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Unmade {
    /// An instance of the class at an address.
    Instance(u64),
    /// An object of a built-in type.
    Empty(Global),
    /// An iterator over a list or tuple. Each reference to it comes with one to that.
    Iterator(Place),
}

/// An item of a tuple that an exit makes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExitItem {
    /// What it is.
    pub place: Place,
    /// Whether there is a reference to it that the tuple takes.
    pub owned: bool,
}

/// A slot that an exit writes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExitSlot {
    /// Its number among the frame's slots, locals first.
    pub slot: u32,
    /// What it holds.
    pub place: Place,
    /// Whether it has a reference of its own already.
    pub owned: bool,
}

/// A field that an exit writes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExitField {
    /// The object.
    pub object: Place,
    /// Byte offset of the field.
    pub offset: i32,
    /// What it holds: a word as it is, or an object that takes the reference along.
    pub value: Place,
    /// Whether it is an attribute that an instance did not have before.
    pub attribute: bool,
}

/// The frame of an inlined call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExitCall {
    /// The function; NULL for the frame below an `__init__`.
    pub function: Place,
    /// Whether there is a reference to it that the frame takes.
    pub owned: bool,
    /// Whether the frame counts as a level of recursion.
    pub counted: bool,
    /// The generator that it is the frame of, and the word at `return_offset` of the frame below.
    pub generator: Option<(Place, i32)>,
    /// Where it was pushed, or linked, already.
    pub memory: Option<Place>,
}

/// A frame that an exit restores.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExitFrame {
    /// What an inlined call has beside the rest; none for the region's own frame.
    pub call: Option<ExitCall>,
    /// The address of its code's first unit.
    pub first_unit: u64,
    /// The code unit where it goes on.
    pub unit: u32,
    /// How many values are on its stack.
    pub depth: u32,
    /// The slots that memory does not have yet.
    pub slots: Vec<ExitSlot>,
}

/// A tuple or a bound method that an exit makes.
#[derive(Clone, Debug, PartialEq)]
pub struct ExitTuple {
    /// Which of them.
    pub class: Global,
    /// What it is made of.
    pub items: Vec<ExitItem>,
}

/// A way out of a region.
#[derive(Clone, Debug, PartialEq)]
pub struct Exit {
    /// Where it leads.
    pub to: Continuation,
    /// Whether it is one of a recursive body: below its frames are those of the calls that its record tells of.
    pub is_of_body: bool,
    /// The frames, the innermost last.
    pub frames: Vec<ExitFrame>,
    /// What it makes before the fields are written.
    pub made: Vec<Unmade>,
    /// Fields whose stores were put off.
    pub fields: Vec<ExitField>,
    /// Tuples and bound methods that are made only here.
    pub tuples: Vec<ExitTuple>,
    /// Words of the buffer, two each, whose numbers are one object where they are the same; the lower index first.
    pub twins: Vec<(u16, u16)>,
}

/// What an exit needs: values to store, and what it makes of them.
struct Needs<'f> {
    func: &'f Function,
    values: Vec<Value>,
    made: Vec<(Value, Unmade)>,
    tuples: Vec<(Value, ExitTuple)>,
}

impl Exit {
    /// What an exit with a state restores, and which values it stores for that. Which of them are twins is not told yet.
    pub(crate) fn of(func: &Function, state: StateId, to: Continuation) -> (Exit, Vec<Value>) {
        let state = &func.states[state.index()];
        let mut needs = Needs { func, values: vec![], made: vec![], tuples: vec![] };
        let mut place = |value: Value| needs.place(value);
        let frames = state
            .frames
            .iter()
            .map(|frame| ExitFrame {
                call: frame.inlined.map(|inlined| ExitCall {
                    function: inlined.function.value.map_or(Place::Null, &mut place),
                    owned: inlined.function.owned,
                    counted: inlined.counted,
                    generator: inlined.generator.map(|resumed| (place(resumed.object), resumed.back)),
                    memory: inlined.memory.map(&mut place),
                }),
                first_unit: frame.first_unit,
                unit: frame.unit,
                depth: frame.stack.len() as u32,
                slots: frame
                    .locals
                    .iter()
                    .chain(&frame.stack)
                    .enumerate()
                    .filter(|(_, slot)| slot.dirty)
                    .map(|(index, slot)| ExitSlot {
                        slot: index as u32,
                        place: slot.value.map_or(Place::Null, &mut place),
                        owned: slot.owned,
                    })
                    .collect(),
            })
            .collect();
        let fields = state
            .fields
            .iter()
            .map(|f| ExitField {
                object: place(f.object),
                offset: f.offset,
                value: place(f.value),
                attribute: f.attribute,
            })
            .collect();
        let Needs { values, tuples, made, .. } = needs;
        let made = made.into_iter().map(|(_, unmade)| unmade).collect();
        let tuples = tuples.into_iter().map(|(_, tuple)| tuple).collect();
        let is_of_body = func.signature.is_some();
        (Exit { to, is_of_body, frames, made, fields, tuples, twins: vec![] }, values)
    }
}

impl Needs<'_> {
    /// The address that a constant object has.
    fn known_address(&self, value: Value) -> u64 {
        match self.func.def(value) {
            ValueDef::Result(inst, _) => match *self.func.inst(inst) {
                InstData::Iconst { value, .. } => value as u64,
                ref other => unreachable!("{other:?} is no constant"),
            },
            ValueDef::Param(..) => unreachable!("a parameter is no constant"),
        }
    }

    /// An object that the exit makes.
    fn unmade(&mut self, value: Value, unmade: Unmade) -> Place {
        let known = self.made.iter().position(|&(known, _)| known == value).unwrap_or_else(|| {
            self.made.push((value, unmade));
            self.made.len() - 1
        });
        Place::Made(known as u16)
    }

    /// Where an exit finds a value, which is noted among what it needs.
    fn place(&mut self, value: Value) -> Place {
        let func = self.func;
        if let ValueDef::Result(inst, _) = func.def(value) {
            match func.inst(inst) {
                InstData::Iconst { ty: Type::Obj, value: 0 } => return Place::Null,
                &InstData::Iconst { ty: Type::Obj, value } => return Place::Address(value as u64),
                &InstData::Global { global } => return Place::Global(global),
                &InstData::Instance { class } => {
                    return self.unmade(value, Unmade::Instance(self.known_address(class)));
                }
                &InstData::Empty { class } => return self.unmade(value, Unmade::Empty(class)),
                &InstData::LateIterator { sequence } => {
                    let sequence = self.place(sequence);
                    return self.unmade(value, Unmade::Iterator(sequence));
                }
                &InstData::LateNumber { value, is_int } => {
                    let (value, is_int) = (self.word(value), self.word(is_int));
                    return Place::Number(value, is_int);
                }
                InstData::LateTuple { class, items, lent } => {
                    if let Some(known) = self.tuples.iter().position(|(tuple, _)| *tuple == value) {
                        return Place::Tuple(known as u16);
                    }
                    let item = |(index, &item): (usize, &Value)| ExitItem {
                        place: self.place(item),
                        owned: lent & (1 << index) == 0,
                    };
                    let items = items.iter().enumerate().map(item).collect();
                    self.tuples.push((value, ExitTuple { class: *class, items }));
                    return Place::Tuple(self.tuples.len() as u16 - 1);
                }
                _ => {}
            }
        }
        Place::Buffer(self.word(value), func.ty(value))
    }

    /// The word of the buffer that has a value.
    fn word(&mut self, value: Value) -> u16 {
        let index = self.values.iter().position(|&v| v == value).unwrap_or_else(|| {
            self.values.push(value);
            self.values.len() - 1
        });
        index as u16
    }
}
