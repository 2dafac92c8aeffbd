//! What a librarian can do to a request, on the side of the library that asks and of the one that lends, and which
//! requests wait for one.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::event::{Event, Party};
use super::standing::Standing;
use super::state::State;
use super::transition::Step;

/// Working days without an answer after which a request is looked at.
const PATIENCE: u32 = 3;
/// Working days for which it is shown that something came to nothing.
const SHOWN: u32 = 5;

/// From where a librarian looks at a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The library that asks (借入).
    Borrowing,
    /// The library that lends (借出).
    Lending,
}

/// Something to press. The order is that of the buttons: what usually comes next stands first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    /// The lender answers a withdrawal: yes.
    GrantCancel,
    /// The lender answers a withdrawal: no.
    RefuseCancel,
    /// The lender answers a renewal: yes, until a day.
    GrantRenew,
    /// The lender answers a renewal: no.
    RefuseRenew,
    /// The lender will send it.
    Accept,
    /// The lender sends it, or a part of it.
    Ship,
    /// The lender has read the request.
    Acknowledge,
    /// The lender will, on a condition.
    Condition,
    /// The lender cannot.
    Unfill,
    /// The lender could another time or way.
    OfferRetry,
    /// The lender has it back.
    CheckIn,
    /// The lender wants it back.
    Recall,
    /// The condition is agreed to.
    AgreeCondition,
    /// The condition is not agreed to.
    RefuseCondition,
    /// The item has come.
    Receive,
    /// The reader has it.
    CheckOut,
    /// It goes back.
    Return,
    /// A later day is asked for.
    AskRenew,
    /// The lender is asked how it stands.
    AskStatus,
    /// The request is taken back.
    Withdraw,
    /// The reader gets it from the own library.
    SupplyHere,
    /// The item will not come back.
    Lose,
    /// Ended by hand, with a reason.
    Close,
}

/// What must be said with an act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wants {
    /// Nothing: one press.
    Nothing,
    /// A sentence.
    Words,
    /// A day.
    Day,
    /// Barcodes of items and what a parcel needs.
    Parcel,
}

impl Act {
    /// All, as buttons stand.
    pub const ALL: [Self; 23] = [
        Self::GrantCancel,
        Self::RefuseCancel,
        Self::GrantRenew,
        Self::RefuseRenew,
        Self::Accept,
        Self::Ship,
        Self::Acknowledge,
        Self::Condition,
        Self::Unfill,
        Self::OfferRetry,
        Self::CheckIn,
        Self::Recall,
        Self::AgreeCondition,
        Self::RefuseCondition,
        Self::Receive,
        Self::CheckOut,
        Self::Return,
        Self::AskRenew,
        Self::AskStatus,
        Self::Withdraw,
        Self::SupplyHere,
        Self::Lose,
        Self::Close,
    ];

    /// Its word in forms.
    pub fn code(self) -> &'static str {
        match self {
            Self::GrantCancel => "grant_cancel",
            Self::RefuseCancel => "refuse_cancel",
            Self::GrantRenew => "grant_renew",
            Self::RefuseRenew => "refuse_renew",
            Self::Accept => "accept",
            Self::Ship => "ship",
            Self::Acknowledge => "acknowledge",
            Self::Condition => "condition",
            Self::Unfill => "unfill",
            Self::OfferRetry => "offer_retry",
            Self::CheckIn => "check_in",
            Self::Recall => "recall",
            Self::AgreeCondition => "agree_condition",
            Self::RefuseCondition => "refuse_condition",
            Self::Receive => "receive",
            Self::CheckOut => "check_out",
            Self::Return => "return",
            Self::AskRenew => "ask_renew",
            Self::AskStatus => "ask_status",
            Self::Withdraw => "withdraw",
            Self::SupplyHere => "supply_here",
            Self::Lose => "lose",
            Self::Close => "close",
        }
    }

    /// The act of this word.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.code() == code)
    }

    /// What must be said with it.
    pub fn wants(self) -> Wants {
        match self {
            Self::Condition
            | Self::Unfill
            | Self::OfferRetry
            | Self::SupplyHere
            | Self::Lose
            | Self::Close => Wants::Words,
            Self::GrantRenew | Self::Recall => Wants::Day,
            Self::Ship | Self::Return => Wants::Parcel,
            _ => Wants::Nothing,
        }
    }

    /// Who acts, where it belongs to this side.
    pub fn party(self, side: Side) -> Option<Party> {
        let of_lender = matches!(
            self,
            Self::GrantCancel
                | Self::RefuseCancel
                | Self::GrantRenew
                | Self::RefuseRenew
                | Self::Accept
                | Self::Ship
                | Self::Acknowledge
                | Self::Condition
                | Self::Unfill
                | Self::OfferRetry
                | Self::CheckIn
                | Self::Recall
        );
        match side {
            Side::Lending => (of_lender || self == Self::Lose).then_some(Party::Lender),
            Side::Borrowing => (!of_lender).then_some(Party::Requester),
        }
    }

    /// The event that it becomes in a state; `day` is a due date.
    pub fn event(self, state: State, day: Option<Date>) -> Event {
        match self {
            Self::GrantCancel => Event::AnswerCancel { granted: true },
            Self::RefuseCancel => Event::AnswerCancel { granted: false },
            Self::GrantRenew => Event::AnswerRenew { granted: true, due: day },
            Self::RefuseRenew => Event::AnswerRenew { granted: false, due: None },
            Self::Accept => Event::Accept,
            Self::Ship => Event::Ship { due: day },
            Self::Acknowledge => Event::Acknowledge,
            Self::Condition => Event::Condition,
            Self::Unfill => Event::Unfill,
            Self::OfferRetry => Event::OfferRetry,
            Self::CheckIn => Event::CheckIn,
            Self::Recall => Event::Recall { due: day },
            Self::AgreeCondition => Event::AgreeCondition,
            Self::RefuseCondition => Event::RefuseCondition,
            Self::Receive => Event::Receive,
            Self::CheckOut => Event::CheckOut,
            Self::Return => Event::Return,
            Self::AskRenew => Event::AskRenew,
            Self::AskStatus => Event::AskStatus,
            Self::Withdraw => Event::AskCancel,
            // What never left is withdrawn; what left is ended, so that the lender hears of it.
            Self::SupplyHere if state.is_at_home() => Event::AskCancel,
            Self::SupplyHere => Event::Close,
            Self::Lose => Event::Lose,
            Self::Close => Event::Close,
        }
    }

    /// Whether it can be pressed now.
    pub fn is_possible(self, side: Side, standing: &Standing) -> bool {
        let state = standing.state;
        let fits = match self {
            // Who has not taken it home yet has nothing to keep for longer.
            Self::AskRenew => state != State::Received,
            Self::GrantCancel | Self::RefuseCancel => state == State::CancelPending,
            Self::GrantRenew | Self::RefuseRenew => standing.renewal_asked && state != State::Recalled,
            // Before it goes out a reader may also get it at home; afterwards there is nothing to supply.
            Self::SupplyHere => !state.is_lent() && !matches!(state, State::Shipped | State::Returning),
            // An item that stands at the lender's or is on the way there need not be asked for again.
            Self::Recall => !matches!(state, State::Recalled),
            // A withdrawal is answered, or the goods or their absence answer it.
            Self::Accept | Self::Acknowledge | Self::Condition | Self::OfferRetry => {
                state != State::CancelPending
            }
            _ => true,
        };
        let party = self.party(side);
        let may = party.is_some_and(|party| self.event(state, None).may_come_from(party));
        // Early receipts are for messages out of order, not for people.
        let is_early = self == Self::Receive && state != State::Shipped;
        may && fits && !is_early && matches!(standing.after(&self.event(state, None)), Ok(Step::To(_)))
    }
}

/// What can be done on a side, in the order of the buttons.
pub fn acts(side: Side, standing: &Standing) -> Vec<Act> {
    Act::ALL.into_iter().filter(|act| act.is_possible(side, standing)).collect()
}

/// Why a request waits for a librarian; what is more urgent is less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Attention {
    /// The due date has passed.
    Overdue,
    /// A withdrawal waits for an answer.
    CancelAsked,
    /// A renewal waits for an answer.
    RenewalAsked,
    /// The other side did not take what it was told or asked last.
    NotTaken,
    /// The next step is this side's.
    OurMove,
    /// It came to nothing, and no other lender was asked.
    NoLender,
    /// The other side has not answered for so many working days.
    Silence(u32),
}

impl Attention {
    /// Its word in texts.
    pub fn code(self) -> &'static str {
        match self {
            Self::Overdue => "overdue",
            Self::CancelAsked => "cancel_asked",
            Self::RenewalAsked => "renewal_asked",
            Self::NotTaken => "not_taken",
            Self::OurMove => "our_move",
            Self::NoLender => "no_lender",
            Self::Silence(_) => "silence",
        }
    }
}

/// What is known of a request when it is asked whether it waits for a librarian.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// How it stands.
    pub standing: Standing,
    /// Working days since something happened to it.
    pub idle_days: u32,
    /// Today, in the calendar of the house.
    pub today: Date,
    /// Another request has taken its place.
    pub is_followed: bool,
    /// The last message of this side was not taken by the other.
    pub is_untold: bool,
}

/// Whether a request waits for a librarian of this side, and why.
pub fn attention(side: Side, look: &Look) -> Option<Attention> {
    let untold = (look.is_untold && look.idle_days <= SHOWN).then_some(Attention::NotTaken);
    untold.into_iter().chain(by_state(side, look)).min()
}

fn by_state(side: Side, look: &Look) -> Option<Attention> {
    use State::*;
    let (state, is_silent) = (look.standing.state, look.idle_days >= PATIENCE);
    let is_late = look.standing.due.is_some_and(|due| due < look.today);
    let silence = || is_silent.then_some(Attention::Silence(look.idle_days));
    match (side, state) {
        (_, Received | OnLoan | Overdue | Recalled) if is_late => Some(Attention::Overdue),
        (Side::Lending, CancelPending) => Some(Attention::CancelAsked),
        (Side::Lending, Received | OnLoan | Overdue) if look.standing.renewal_asked => {
            Some(Attention::RenewalAsked)
        }
        (Side::Lending, AtCentre | Acknowledged | Accepted | Returning) => Some(Attention::OurMove),
        (Side::Borrowing, Conditional | Shipped | Received | Overdue | Recalled) => Some(Attention::OurMove),
        (Side::Borrowing, Queued | Sent | AtCentre | Acknowledged | Accepted | CancelPending) => silence(),
        (Side::Borrowing, Returning) => silence(),
        // For a week; what nobody wanted to try elsewhere by then has come to its end.
        (Side::Borrowing, Unfilled | RetryPossible | Rejected | Expired) => {
            (!look.is_followed && look.idle_days <= SHOWN).then_some(Attention::NoLender)
        }
        (Side::Lending, Conditional | Shipped) => silence(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn at(state: State) -> Standing {
        Standing { state, ..Standing::default() }
    }

    #[test]
    fn every_state_offers_what_its_side_may_do() {
        use Act::*;
        use Side::*;
        let check =
            |side, state, expect: &[Act]| assert_eq!(acts(side, &at(state)), expect, "{side:?} {state}");
        check(Lending, State::Queued, &[]);
        let answers = [Accept, Ship, Acknowledge, Condition, Unfill, OfferRetry];
        check(Lending, State::AtCentre, &answers);
        check(Lending, State::Acknowledged, &[Accept, Ship, Condition, Unfill, OfferRetry]);
        check(Lending, State::Accepted, &[Ship, Unfill, OfferRetry]);
        check(Lending, State::CancelPending, &[GrantCancel, RefuseCancel, Ship, Unfill]);
        check(Lending, State::Shipped, &[CheckIn, Recall, Lose]);
        check(Lending, State::OnLoan, &[CheckIn, Recall, Lose]);
        check(Lending, State::Returning, &[CheckIn, Lose]);
        check(Borrowing, State::Queued, &[Withdraw, SupplyHere]);
        let conditional = [AgreeCondition, RefuseCondition, AskStatus, Withdraw, SupplyHere, Close];
        check(Borrowing, State::Conditional, &conditional);
        check(Borrowing, State::Shipped, &[Receive, AskStatus, Lose, Close]);
        check(Borrowing, State::Received, &[CheckOut, Return, AskStatus, Lose, Close]);
        check(Borrowing, State::OnLoan, &[Return, AskRenew, AskStatus, Lose, Close]);
        for state in State::ALL.into_iter().filter(|state| state.is_final()) {
            check(Lending, state, &[]);
            check(Borrowing, state, &[]);
        }
        let asked = Standing { renewal_asked: true, ..at(State::OnLoan) };
        assert_eq!(acts(Lending, &asked), [GrantRenew, RefuseRenew, CheckIn, Recall, Lose]);
        assert_eq!(acts(Borrowing, &asked), [Return, AskStatus, Lose, Close]);
        // A lender who hears of no check-out answers all the same.
        let received = Standing { renewal_asked: true, ..at(State::Received) };
        assert_eq!(acts(Lending, &received), [GrantRenew, RefuseRenew, CheckIn, Recall, Lose]);
    }

    #[test]
    fn words_are_one_to_one() {
        for act in Act::ALL {
            assert_eq!(Act::from_code(act.code()), Some(act));
        }
    }

    #[test]
    fn what_waits_for_whom() {
        use Attention::*;
        use Side::*;
        let look = |state, idle_days| Look {
            standing: Standing { due: Some(date(2026, 12, 1)), ..at(state) },
            idle_days,
            today: date(2026, 11, 30),
            is_followed: false,
            is_untold: false,
        };
        for (side, state, idle, expect) in [
            (Lending, State::AtCentre, 0, Some(OurMove)),
            (Borrowing, State::AtCentre, 2, None),
            (Borrowing, State::AtCentre, 3, Some(Silence(3))),
            (Lending, State::CancelPending, 0, Some(CancelAsked)),
            (Lending, State::OnLoan, 9, None),
            (Borrowing, State::Received, 0, Some(OurMove)),
            (Borrowing, State::Unfilled, 0, Some(NoLender)),
            (Borrowing, State::Unfilled, 6, None),
            (Lending, State::Unfilled, 0, None),
            (Borrowing, State::Completed, 0, None),
        ] {
            assert_eq!(attention(side, &look(state, idle)), expect, "{side:?} {state} {idle}");
        }
        let late = Look { today: date(2026, 12, 2), ..look(State::OnLoan, 0) };
        assert_eq!(attention(Lending, &late), Some(Overdue));
        let followed = Look { is_followed: true, ..look(State::Unfilled, 0) };
        assert_eq!(attention(Borrowing, &followed), None);
        let mut asked = look(State::OnLoan, 0);
        asked.standing.renewal_asked = true;
        assert_eq!(attention(Lending, &asked), Some(RenewalAsked));
        for (side, state, idle, expect) in [
            (Borrowing, State::OnLoan, 0, Some(NotTaken)),
            (Borrowing, State::Received, 5, Some(NotTaken)),
            (Borrowing, State::OnLoan, 6, None),
            (Lending, State::CancelPending, 0, Some(CancelAsked)),
            (Lending, State::Completed, 0, Some(NotTaken)),
        ] {
            let untold = Look { is_untold: true, ..look(state, idle) };
            assert_eq!(attention(side, &untold), expect, "{side:?} {state} {idle}");
        }
    }
}
