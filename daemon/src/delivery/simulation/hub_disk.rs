//! The hub's disk is gone, and a copy of some earlier day takes its place.

use std::sync::Arc;

use super::world::World;
use crate::harvest::Clock;
use crate::store::Store;

impl World {
    pub(super) fn take_image_of_hub(&mut self) {
        let path = self.new_file();
        self.hub.lock().unwrap().store.copy_to(&path);
        self.hub_image = Some(path);
    }

    pub(super) fn let_hub_fall(&mut self) {
        let falls = std::mem::take(&mut self.hub.lock().unwrap().falls);
        if falls && self.hub_image.is_some() && !self.is_over() {
            self.put_hub_back();
            self.hub_image = None;
        }
    }

    // All that it took and told since is gone with it; what branches and lenders know is not.
    pub(super) fn put_hub_back(&mut self) {
        let again = self.new_file();
        let life = self.dice.next() as u32;
        let hub = Arc::clone(&self.hub);
        let mut hub = hub.lock().unwrap();
        if let Some(path) = &self.hub_image {
            std::fs::copy(path, &again).unwrap();
            hub.store = Store::of_copy(&again);
            // Whoever was talking to it has lost the line.
            hub.late.clear();
            self.n_hub_put_back += 1;
            self.machines.iter_mut().for_each(|machine| machine.image = None);
        }
        // Without a copy it is started again, and has forgotten nothing.
        hub.store.begin_life(life, hub.clock.now()).unwrap();
    }
}
