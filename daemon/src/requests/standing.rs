//! How a request stands after all that happened to it.

use jiff::civil::Date;

use super::event::Event;
use super::state::State;
use super::transition::{Bar, Step, step};

/// The state, and what else the next event depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The state.
    pub state: State,
    /// While a withdrawal is under way, the state to go back to if the lender says no.
    pub(super) before_cancel: Option<State>,
    /// The day by which the item shall be back, in the lender's calendar.
    pub due: Option<Date>,
    /// A renewal was asked for and not answered.
    pub renewal_asked: bool,
    /// `Receive` came before `Ship`, as messages out of order do; it counts as soon as that comes.
    pub(super) received_early: bool,
}

impl Default for Standing {
    fn default() -> Self {
        Self {
            state: State::Draft,
            before_cancel: None,
            due: None,
            renewal_asked: false,
            received_early: false,
        }
    }
}

impl Standing {
    /// How it stands after one more event.
    ///
    /// # Errors
    /// The event cannot happen here.
    pub fn after(self, event: &Event) -> Result<Step, Bar> {
        step(self, event)
    }

    /// The same in another state.
    pub(super) fn at(self, state: State) -> Self {
        let before_cancel = self.before_cancel.filter(|_| state == State::CancelPending);
        let renewal_asked = self.renewal_asked && state.is_lent();
        Self { state, before_cancel, renewal_asked, ..self }
    }
}
