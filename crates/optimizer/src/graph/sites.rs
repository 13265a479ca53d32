//! Sites of instructions, and whether these are done in their general form since their specialised one failed there.

use super::blocks::Walk;
use super::{Site, failed_again};

/// Above the code unit, a site has the number of the class that the instruction is built for.
const VARIANT_SHIFT: u32 = 28;

impl Walk<'_, '_> {
    /// An instruction of the code that is being built. Where it is built for several classes, these are told apart.
    pub(super) fn site(&self, number: u32) -> Site {
        let mut site = Site::from_slice(&self.body.calls);
        site.push(self.body.code.instrs()[number as usize].index | self.body.variant << VARIANT_SHIFT);
        site
    }

    /// Whether the instruction is to be done in its general form.
    pub(super) fn is_general(&self, number: u32) -> bool {
        if self.request.general.is_empty() {
            return false;
        }
        let site = self.site_in_machine_code(number);
        let failed = |site: &Site| self.request.general.contains(site);
        // What failed may have been what the handler is for, or what locals hold where the loop is entered.
        let other = self.catches_missing_items(number) || self.entry == Some(number) && self.body.calls.is_empty();
        failed(&site) && (!other || failed(&failed_again(site)))
    }

    /// Whether what the instruction does for numbers of several types failed, too.
    pub(super) fn is_for_any_object(&self, number: u32) -> bool {
        self.is_general(number) && self.request.general.contains(&failed_again(self.site_in_machine_code(number)))
    }

    /// An instruction as exits tell of it, which do not say for which of several classes it is.
    pub(super) fn site_in_machine_code(&self, number: u32) -> Site {
        self.site(number).iter().map(|&at| at & ((1 << VARIANT_SHIFT) - 1)).collect()
    }
}
