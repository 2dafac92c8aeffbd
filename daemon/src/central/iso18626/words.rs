//! The closed vocabularies of the schema, and the order in which a supplier's statuses may follow one another.

macro_rules! words {
    ($(#[$about:meta])* $name:ident: $($word:ident)+) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "as in the schema")]
        pub enum $name { $($word),+ }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$word),+];

            /// As in the schema.
            pub fn code(self) -> &'static str {
                match self { $(Self::$word => stringify!($word)),+ }
            }

            /// The value of this word; small and capital letters are one.
            pub fn from_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.code().eq_ignore_ascii_case(code.trim()))
            }
        }
    };
}

words!(
    /// How the supplier's side stands.
    Status: RequestReceived ExpectToSupply WillSupply Loaned Overdue Recalled RetryPossible Unfilled CopyCompleted
        LoanCompleted CompletedWithoutReturn Cancelled
);
words!(
    /// What the requester wants or did.
    Action: StatusRequest Received Cancel Renew ShippedReturn ShippedForward Notification
);
words!(
    /// Why the supplier writes.
    Reason: RequestResponse StatusRequestResponse RenewResponse CancelResponse StatusChange Notification
);
words!(
    /// What kind of request it is.
    RequestType: New Retry Reminder
);
words!(
    /// What is asked for.
    ServiceType: Copy Loan CopyOrLoan
);
words!(
    /// What is wrong with a message.
    ErrorType: UnsupportedActionType UnsupportedReasonForMessageType UnrecognisedDataElement UnrecognisedDataValue
        BadlyFormedMessage
);

impl Status {
    // As CrossLink orders them.
    fn place(self) -> u8 {
        match self {
            Self::RequestReceived => 1,
            Self::ExpectToSupply => 2,
            Self::WillSupply => 3,
            Self::RetryPossible => 4,
            Self::Unfilled => 5,
            Self::Loaned | Self::Overdue => 6,
            Self::Recalled => 7,
            Self::Cancelled => 8,
            Self::CompletedWithoutReturn => 9,
            Self::CopyCompleted => 10,
            Self::LoanCompleted => 11,
        }
    }

    /// Whether nothing comes after it.
    pub fn is_final(self) -> bool {
        matches!(
            self,
            Self::RetryPossible
                | Self::Unfilled
                | Self::Cancelled
                | Self::CompletedWithoutReturn
                | Self::CopyCompleted
                | Self::LoanCompleted
        )
    }
}

/// Whether a status may come after another; an invalid one is confirmed and ignored.
pub fn may_follow(before: Option<Status>, next: Status) -> bool {
    before.is_none_or(|before| before == next || !before.is_final() && before.place() <= next.place())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_the_schema_in_any_case() {
        for status in Status::ALL {
            assert_eq!(Status::from_code(status.code()), Some(*status));
        }
        assert_eq!(Status::from_code(" willsupply "), Some(Status::WillSupply));
        assert_eq!(Status::from_code("WeCouldLoan"), None);
        assert_eq!(
            (Status::ALL.len(), Action::ALL.len(), Reason::ALL.len(), ErrorType::ALL.len()),
            (12, 7, 6, 5)
        );
    }

    #[test]
    fn statuses_go_forward() {
        use Status::*;
        for (before, next, expect) in [
            (None, Loaned, true),
            (Some(RequestReceived), WillSupply, true),
            (Some(WillSupply), ExpectToSupply, false),
            (Some(Loaned), Overdue, true),
            (Some(Overdue), Loaned, true),
            (Some(Loaned), Unfilled, false),
            (Some(Recalled), Loaned, false),
            (Some(Recalled), LoanCompleted, true),
            (Some(Unfilled), Loaned, false),
            (Some(LoanCompleted), LoanCompleted, true),
        ] {
            assert_eq!(may_follow(before, next), expect, "{before:?} {next:?}");
        }
    }
}
