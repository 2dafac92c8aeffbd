//! The states of a request, a closed set (CONTRACT §6).

use serde::{Deserialize, Serialize};

/// Where a request stands. The comment says who has to move next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// 草稿: the reader.
    Draft,
    /// 已存本馆: nothing has left the branch.
    Queued,
    /// 已发往中心: the centre, or the peer, has not answered yet.
    Sent,
    /// 中心已收: the centre holds it durably; the lender.
    AtCentre,
    /// 出借馆已收 (`RequestReceived`): the lender.
    Acknowledged,
    /// 待确认条件: the requester's librarian.
    Conditional,
    /// 同意借出 (`ExpectToSupply`, `WillSupply`): the lender.
    Accepted,
    /// 撤销中: the lender, whose answer is final.
    CancelPending,
    /// 已发出 (`Loaned`): the requester's librarian.
    Shipped,
    /// 已到馆: the requester's librarian.
    Received,
    /// 借出中: the reader.
    OnLoan,
    /// 逾期 (`Overdue`): the reader.
    Overdue,
    /// 催还 (`Recalled`): the reader.
    Recalled,
    /// 归还途中 (`ShippedReturn`): the lender.
    Returning,
    /// 已完成 (`LoanCompleted`).
    Completed,
    /// 未满足 (`Unfilled`).
    Unfilled,
    /// 被退回: the centre or the peer would not take it.
    Rejected,
    /// 已过期, before it was sent.
    Expired,
    /// 已撤销 (`Cancelled`).
    Cancelled,
    /// 可重试 (`RetryPossible`): a new request may follow.
    RetryPossible,
    /// 遗失 (`CompletedWithoutReturn`).
    Lost,
}

impl State {
    /// Every state, in the order of a loan that goes well, then the other ends.
    pub const ALL: [Self; 21] = [
        Self::Draft,
        Self::Queued,
        Self::Sent,
        Self::AtCentre,
        Self::Acknowledged,
        Self::Conditional,
        Self::Accepted,
        Self::CancelPending,
        Self::Shipped,
        Self::Received,
        Self::OnLoan,
        Self::Overdue,
        Self::Recalled,
        Self::Returning,
        Self::Completed,
        Self::Unfilled,
        Self::Rejected,
        Self::Expired,
        Self::Cancelled,
        Self::RetryPossible,
        Self::Lost,
    ];

    /// Its name in JSON and in the database.
    pub fn code(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::AtCentre => "at_centre",
            Self::Acknowledged => "acknowledged",
            Self::Conditional => "conditional",
            Self::Accepted => "accepted",
            Self::CancelPending => "cancel_pending",
            Self::Shipped => "shipped",
            Self::Received => "received",
            Self::OnLoan => "on_loan",
            Self::Overdue => "overdue",
            Self::Recalled => "recalled",
            Self::Returning => "returning",
            Self::Completed => "completed",
            Self::Unfilled => "unfilled",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::RetryPossible => "retry_possible",
            Self::Lost => "lost",
        }
    }

    /// The state of this name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// Whether nothing can happen to the request any more; asking again makes a new one.
    pub fn is_final(self) -> bool {
        matches!(
            self,
            Self::Completed
                | Self::Unfilled
                | Self::Rejected
                | Self::Expired
                | Self::Cancelled
                | Self::RetryPossible
                | Self::Lost
        )
    }

    /// Whether no message of it has left the branch.
    pub fn is_at_home(self) -> bool {
        matches!(self, Self::Draft | Self::Queued)
    }

    /// Whether the reader or the reader's library has the item, so that a due date counts.
    pub fn is_lent(self) -> bool {
        matches!(self, Self::Received | Self::OnLoan | Self::Overdue | Self::Recalled)
    }

    /// Whether a reader wants to be told that it has come to this. The steps in between stand in the way of the
    /// request; told one by one they would hide the few that matter.
    pub fn is_news(self) -> bool {
        !matches!(
            self,
            Self::Draft
                | Self::Queued
                | Self::Sent
                | Self::AtCentre
                | Self::Acknowledged
                | Self::Conditional
                | Self::CancelPending
                | Self::Returning
        )
    }
}

impl std::fmt::Display for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    #[test]
    fn codes_are_one_to_one_and_those_of_json() {
        for state in State::ALL {
            assert_eq!(State::from_code(state.code()), Some(state));
            assert_eq!(serde_json::to_string(&state).unwrap(), format!("\"{state}\""));
        }
        assert_eq!(State::from_code("delivered"), None);
    }
}
