//! Several requests in one parcel: all of it is sent, or nothing.

use jiff::Timestamp;

use super::{Clerk, Counter, Done, NotDone, Words};
use crate::requests::{Act, RequestId, Shipment, Side, number_of};
use crate::store::{Account, Direction, NewParcel, StoredRequest};

/// A parcel as a librarian packs it.
#[derive(Clone, Debug)]
pub struct Packing {
    /// Which way it goes.
    pub goes: Direction,
    /// What is in it, with the words of each.
    pub items: Vec<(RequestId, Words)>,
    /// Number that the courier gave.
    pub tracking: String,
}

impl Packing {
    /// What goes with a courier is a parcel, if of one request alone; `None` where an act sends nothing, or by no
    /// courier.
    pub fn of_one(side: Side, act: Act, id: RequestId, words: &Words) -> Option<Self> {
        let goes = match (side, act) {
            (Side::Lending, Act::Ship) => Direction::Out,
            (Side::Borrowing, Act::Return) => Direction::Back,
            _ => return None,
        };
        let tracking = words.shipment.tracking.trim().to_owned();
        (!tracking.is_empty()).then(|| Self { goes, items: vec![(id, words.clone())], tracking })
    }

    // For which library it is.
    fn recipient(&self, request: &StoredRequest) -> String {
        match self.goes {
            Direction::Out => request.library.to_string(),
            Direction::Back => request.form.supplier.clone(),
        }
    }
}

impl Counter {
    /// Packs several requests into one parcel and sends it; gives its number. What goes to the same library on the same
    /// day under the same number of the courier goes in the parcel that is there. Durable when it returns.
    pub fn pack(
        &self,
        account: &Account,
        packing: &Packing,
        now: Timestamp,
        random: [u8; 6],
    ) -> Done<String> {
        let (side, act) = match packing.goes {
            Direction::Out => (Side::Lending, Act::Ship),
            Direction::Back => (Side::Borrowing, Act::Return),
        };
        let clerk = Clerk { account, side };
        let mut requests = Vec::new();
        for (id, words) in &packing.items {
            let Some(request) = self.store.request(*id)? else { return Ok(Err(NotDone::Unknown)) };
            requests.push((request, words));
        }
        let Some(recipient) = requests.first().map(|(request, _)| packing.recipient(request)) else {
            return Ok(Err(NotDone::Nothing));
        };
        if requests.iter().any(|(request, _)| packing.recipient(request) != recipient) {
            return Ok(Err(NotDone::TwoPlaces));
        }
        let items: Vec<(RequestId, Vec<String>)> =
            requests.iter().map(|(request, words)| (request.id, words.shipment.barcodes.clone())).collect();
        let new = number_of(&format!("P-{}", account.library), self.day(now), random);
        let parcel = NewParcel {
            number: &new,
            sender: &account.library,
            recipient: &recipient,
            goes: packing.goes,
            tracking: &packing.tracking,
            day: self.day(now),
            items: &items,
        };
        let number = self.store.parcel_like(&parcel)?.unwrap_or_else(|| new.clone());
        let mut deeds = Vec::new();
        for (request, words) in &requests {
            let (tracking, parcel) = (packing.tracking.clone(), number.clone());
            let shipment = Shipment { tracking, parcel, ..words.shipment.clone() };
            match self.deed(clerk, request, act, &Words { day: words.day, shipment }, now)? {
                Ok(deed) => deeds.push(deed),
                Err(why) => return Ok(Err(why)),
            }
        }
        let parcel = NewParcel { number: &number, ..parcel };
        Ok(self.do_all(clerk, &deeds, Some(&parcel), now)?.map(|()| number.clone()))
    }
}
