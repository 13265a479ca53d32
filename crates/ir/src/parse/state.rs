//! Reading the states of a region's exits: the inverse of `print::write_state`.

use super::lexer::Token;
use super::{MAX_VALUE, Parser, Result};
use crate::{ExitState, Field, FrameState, Inlined, Resumed, Slot, StateId};
use std::collections::BTreeMap;

impl Parser {
    /// `state3`
    pub(super) fn state_id(&mut self) -> Result<StateId> {
        let place = self.place();
        let number = self.numbered("a state", "state")?;
        // Like values: a mistake would need a huge table.
        if number > MAX_VALUE {
            return Err(place.error(format!("state{number} is too large a number for a state")));
        }
        Ok(StateId(number))
    }

    /// A state with its frames and fields.
    pub(super) fn state(&mut self, states: &mut BTreeMap<StateId, ExitState>) -> Result<()> {
        let place = self.place();
        let id = self.state_id()?;
        self.mark(':')?;
        let mut state = ExitState { raised: self.accept(&Token::Word("raised".into())), ..ExitState::default() };
        self.expect(Token::NewLine)?;
        while self.accept(&Token::Word("frame".into())) {
            state.frames.push(self.frame_state()?);
        }
        while self.accept(&Token::Word("field".into())) {
            let object = self.value()?;
            self.mark('[')?;
            let offset = self.number("an offset")?;
            self.mark(']')?;
            self.mark('=')?;
            let value = self.value()?;
            let dirty = !self.accept(&Token::Word("clean".into()));
            let attribute = self.accept(&Token::Word("attribute".into()));
            self.expect(Token::NewLine)?;
            state.fields.push(Field { object, offset, value, dirty, attribute });
        }
        match states.insert(id, state) {
            Some(_) => Err(place.error(format!("state{} is defined twice", id.0))),
            None => Ok(()),
        }
    }

    /// `12: locals [v1], stack []` for code at 0, else `12 of 4096: …`; and for an inlined call `, function [v2], globals 64, builtins 128, memory v3`.
    fn frame_state(&mut self) -> Result<FrameState> {
        let unit = self.number("a code unit")?;
        let first_unit = if self.accept(&Token::Word("of".into())) { self.number("an address")? } else { 0 };
        self.mark(':')?;
        let locals = self.slots("locals")?;
        self.mark(',')?;
        let stack = self.slots("stack")?;
        let mut inlined = None;
        if self.accept_mark(',') {
            let place = self.place();
            let &[function] = self.slots("function")?.as_slice() else {
                return Err(place.error("an inlined call has one function".to_owned()));
            };
            let counted = !self.accept(&Token::Word("uncounted".into()));
            self.mark(',')?;
            self.expect(Token::Word("globals".into()))?;
            let globals = self.number("an address")?;
            self.mark(',')?;
            self.expect(Token::Word("builtins".into()))?;
            let builtins = self.number("an address")?;
            let (mut generator, mut memory) = (None, None);
            while self.accept_mark(',') {
                if self.accept(&Token::Word("generator".into())) {
                    let object = self.value()?;
                    self.expect(Token::Word("back".into()))?;
                    generator = Some(Resumed { object, back: self.number("a word")? });
                } else {
                    self.expect(Token::Word("memory".into()))?;
                    memory = Some(self.value()?);
                }
            }
            inlined = Some(Inlined { function, counted, globals, builtins, generator, memory });
        }
        self.expect(Token::NewLine)?;
        Ok(FrameState { first_unit, unit, locals, stack, inlined })
    }

    /// `locals [v1, v2 borrowed, null clean]`
    fn slots(&mut self, name: &str) -> Result<Vec<Slot>> {
        self.expect(Token::Word(name.into()))?;
        self.mark('[')?;
        let mut slots = Vec::new();
        if self.accept_mark(']') {
            return Ok(slots);
        }
        loop {
            let null = self.accept(&Token::Word("null".into()));
            let value = if null { None } else { Some(self.value()?) };
            let owned = !self.accept(&Token::Word("borrowed".into()));
            let dirty = !self.accept(&Token::Word("clean".into()));
            slots.push(Slot { value, owned, dirty });
            if !self.accept_mark(',') {
                break;
            }
        }
        self.mark(']')?;
        Ok(slots)
    }
}
