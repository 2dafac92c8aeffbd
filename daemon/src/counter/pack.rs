//! Several requests in one parcel: all of it is sent, or nothing.

use jiff::Timestamp;

use super::{Clerk, Counter, Done, NotDone, Words};
use crate::requests::{Act, RequestId, Shipment, Side, number_of};
use crate::store::{Account, Direction, NewParcel};

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

impl Counter {
    /// Packs several requests into one parcel and sends it; gives its number. Durable when it returns.
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
        let number = number_of(&format!("P-{}", account.library), self.day(now), random);
        let (mut deeds, mut items, mut place) = (Vec::new(), Vec::new(), None);
        for (id, words) in &packing.items {
            let Some(request) = self.store.request(*id)? else { return Ok(Err(NotDone::Unknown)) };
            let to = match packing.goes {
                Direction::Out => request.library.to_string(),
                Direction::Back => request.form.supplier.clone(),
            };
            if place.get_or_insert_with(|| to.clone()) != &to {
                return Ok(Err(NotDone::TwoPlaces));
            }
            let shipment = Shipment {
                tracking: packing.tracking.clone(),
                parcel: number.clone(),
                ..words.shipment.clone()
            };
            items.push((*id, shipment.barcodes.clone()));
            match self.deed(clerk, &request, act, &Words { day: words.day, shipment }, now)? {
                Ok(deed) => deeds.push(deed),
                Err(why) => return Ok(Err(why)),
            }
        }
        let Some(recipient) = place else { return Ok(Err(NotDone::Nothing)) };
        let parcel = NewParcel {
            number: &number,
            sender: &account.library,
            recipient: &recipient,
            goes: packing.goes,
            tracking: &packing.tracking,
            day: self.day(now),
            items: &items,
        };
        Ok(self.do_all(clerk, &deeds, Some(&parcel), now)?.map(|()| number))
    }
}
