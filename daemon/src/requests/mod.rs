//! Interlibrary-loan requests (DOMAIN §8): what a request is, what may happen to it, and who decides.
//!
//! Pure: values in, values out. Where requests are kept and how messages travel is not known here; the same
//! functions decide at the branch and at the centre, online and offline.
//!
//! A request is its events, in order. `State` and due date are never stored by themselves but come from
//! `Standing::after` of all events, so two replicas that know the same events agree.

mod act;
mod due;
mod event;
mod form;
mod history;
mod id;
mod lender;
mod message;
mod next_lender;
mod reminders;
mod rules;
mod shipment;
mod standing;
mod state;
mod transition;
mod work_days;

pub use act::{Act, Attention, Look, Side, Wants, acts, attention};
pub use due::{Calendar, Due, DueReason, EXTENDED, Suspension, Vacation};
pub use event::{Event, Party};
pub use form::{
    Delivery, Doubt, Fault, FaultCode, Field, MOST_NOTE_BYTES, MOST_NOTE_CHARACTERS, RequestForm, is_email,
};
pub use history::{History, Recorded, Refused};
pub use id::{RequestId, number_of};
pub use lender::{LenderRules, NotSubmitted, Open, SubmitTimes, Withdrawal, WithdrawalBar};
pub use message::{DeliveryState, MessageKind};
pub use next_lender::{Because, Candidate, Ranked, rank};
pub use reminders::{Reminder, overdue_event, reminder};
pub use rules::Rules;
pub use shipment::Shipment;
pub use standing::Standing;
pub use state::State;
pub use transition::{Bar, Step};
pub use work_days::work_days;
