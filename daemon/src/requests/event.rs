//! What can happen to a request, and who may say so.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Who acts. A librarian is the requester's or the lender's, by the library that the event names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// The reader.
    Reader,
    /// A librarian of the library that asks.
    Requester,
    /// A librarian of the library that lends, or its system.
    Lender,
    /// The centre, or the peer's system, as the carrier of messages.
    Centre,
    /// Clock and outbox of the branch.
    Branch,
}

/// Something that happened. Names in brackets are those of ISO 18626 (DOMAIN §8.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The form was filled in and is on disk.
    Submit,
    /// Taken back to be changed, before anything left.
    Edit,
    /// The first byte of the request may have left the branch.
    Transmit,
    /// The centre's durable receipt, or a peer's confirmation OK.
    CentreReceipt,
    /// The centre or the peer would not take it (confirmation ERROR).
    Reject,
    /// Too old, before it was sent.
    Expire,
    /// Withdrawal is asked for (`Cancel`).
    AskCancel,
    /// The lender has it (`RequestReceived`).
    Acknowledge,
    /// The lender will send it (`ExpectToSupply`, `WillSupply`).
    Accept,
    /// The lender will, on a condition (`loanCondition`).
    Condition,
    /// The condition is agreed to.
    AgreeCondition,
    /// The condition is not agreed to; withdrawal is asked for.
    RefuseCondition,
    /// The lender cannot (`Unfilled`).
    Unfill,
    /// The lender could another time or way (`RetryPossible`).
    OfferRetry,
    /// The answer to a withdrawal (`CancelResponse`).
    AnswerCancel {
        /// Y or N.
        granted: bool,
    },
    /// The item is on its way (`Loaned`).
    Ship {
        /// The day by which it shall be back, in the lender's calendar.
        due: Option<Date>,
    },
    /// The item has come to the requester's library (`Received`).
    Receive,
    /// The reader has it.
    CheckOut,
    /// The due date has passed (`Overdue`).
    BecomeOverdue,
    /// It has not after all: a clock stood wrong.
    TakeBackOverdue,
    /// A later due date is asked for (`Renew`).
    AskRenew,
    /// The answer to that (`RenewResponse`).
    AnswerRenew {
        /// Y or N.
        granted: bool,
        /// The new day, where granted.
        due: Option<Date>,
    },
    /// The lender wants it back before the due date (`Recalled`).
    Recall {
        /// The new day.
        due: Option<Date>,
    },
    /// The item is on its way back (`ShippedReturn`).
    Return,
    /// The lender has it back (`LoanCompleted`).
    CheckIn,
    /// The item will not come back (`CompletedWithoutReturn`).
    Lose,
    /// A librarian ends what the machine cannot, with a note that says why.
    Close,
    /// The lender shall say how the request stands (`StatusRequest`).
    AskStatus,
    /// It says so, and nothing has changed by that (`StatusRequestResponse`).
    TellStatus,
}

impl Event {
    /// Whether `party` may say that this happened: the lender of facts of supply, the requester of receipt and
    /// return (DOMAIN §8.4 rule 4).
    pub fn may_come_from(&self, party: Party) -> bool {
        use Party::{Branch, Centre, Lender, Reader, Requester};
        match self {
            Self::Submit | Self::Edit | Self::AskCancel | Self::AskRenew => {
                matches!(party, Reader | Requester)
            }
            Self::Transmit | Self::Expire | Self::BecomeOverdue | Self::TakeBackOverdue => party == Branch,
            Self::CentreReceipt | Self::Reject => party == Centre,
            Self::Acknowledge => matches!(party, Lender | Centre),
            // What asked for it was not taken by the other side: that is a no, and the asking machine says so.
            Self::AnswerCancel { granted: false } | Self::AnswerRenew { granted: false, .. } => {
                matches!(party, Lender | Branch)
            }
            Self::Accept
            | Self::Condition
            | Self::Unfill
            | Self::OfferRetry
            | Self::AnswerCancel { .. }
            | Self::Ship { .. }
            | Self::AnswerRenew { .. }
            | Self::Recall { .. }
            | Self::CheckIn
            | Self::TellStatus => party == Lender,
            Self::AgreeCondition
            | Self::RefuseCondition
            | Self::Receive
            | Self::CheckOut
            | Self::Return
            | Self::Close
            | Self::AskStatus => party == Requester,
            Self::Lose => matches!(party, Requester | Lender),
        }
    }

    /// Whether it tells how the lender's side stands, in messages that may come late or out of order.
    pub fn is_report(&self) -> bool {
        matches!(
            self,
            Self::CentreReceipt
                | Self::Acknowledge
                | Self::Accept
                | Self::Condition
                | Self::Unfill
                | Self::OfferRetry
                | Self::AnswerCancel { .. }
                | Self::Ship { .. }
                | Self::AnswerRenew { .. }
                | Self::Recall { .. }
                | Self::CheckIn
                | Self::TellStatus
        )
    }
}
