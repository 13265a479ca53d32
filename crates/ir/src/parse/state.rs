//! Reading the states of a region's exits: the inverse of `print::write_state`.

use super::lexer::Token;
use super::{MAX_VALUE, Parser, Result};
use crate::{ExitState, Field, FrameState, Slot, StateId};
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
        self.expect(Token::NewLine)?;
        let mut state = ExitState::default();
        while self.accept(&Token::Word("frame".into())) {
            let unit = self.number("a code unit")?;
            self.mark(':')?;
            let locals = self.slots("locals")?;
            self.mark(',')?;
            let stack = self.slots("stack")?;
            self.expect(Token::NewLine)?;
            state.frames.push(FrameState { unit, locals, stack });
        }
        while self.accept(&Token::Word("field".into())) {
            let object = self.value()?;
            self.mark('[')?;
            let offset = self.number("an offset")?;
            self.mark(']')?;
            self.mark('=')?;
            let value = self.value()?;
            let dirty = !self.accept(&Token::Word("clean".into()));
            self.expect(Token::NewLine)?;
            state.fields.push(Field { object, offset, value, dirty });
        }
        match states.insert(id, state) {
            Some(_) => Err(place.error(format!("state{} is defined twice", id.0))),
            None => Ok(()),
        }
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
