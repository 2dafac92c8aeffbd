//! Faults that the simulation plants in a store, as triggers: the program itself holds none of them.
#![allow(clippy::unwrap_used, reason = "tests may panic")]
use super::Store;

/// A fault of the hub's store.
pub(crate) const OF_HUB: &[(&str, &str)] = &[
    (
        "the inbox forgets what had its effect",
        "CREATE TRIGGER planted AFTER INSERT ON inbox BEGIN DELETE FROM inbox WHERE branch = new.branch AND request = \
         new.request AND n = new.n; END",
    ),
    (
        "the inbox keeps its keys for a while only",
        "CREATE TRIGGER planted AFTER INSERT ON inbox BEGIN DELETE FROM inbox WHERE received < new.received - 3600; END",
    ),
    (
        "the hash of a letter is not kept",
        "CREATE TRIGGER planted AFTER INSERT ON inbox BEGIN UPDATE inbox SET hash = zeroblob(32) WHERE branch = \
         new.branch AND request = new.request AND n = new.n; END",
    ),
    (
        "a letter is noted under the next number",
        "CREATE TRIGGER planted AFTER INSERT ON inbox BEGIN UPDATE inbox SET n = n + 1 WHERE branch = new.branch AND \
         request = new.request AND n = new.n; END",
    ),
    (
        "the other library is not told",
        "CREATE TRIGGER planted AFTER INSERT ON feed WHEN new.branch <> json_extract(new.body, '$.from') BEGIN DELETE \
         FROM feed WHERE seq = new.seq; END",
    ),
    (
        "a branch does not see its own letters again",
        "CREATE TRIGGER planted AFTER INSERT ON feed WHEN new.branch = json_extract(new.body, '$.from') BEGIN DELETE \
         FROM feed WHERE seq = new.seq; END",
    ),
    (
        "one branch is told what is for another",
        "CREATE TRIGGER planted AFTER INSERT ON feed WHEN new.branch = 'PKU' BEGIN UPDATE feed SET branch = 'THU' \
         WHERE seq = new.seq; END",
    ),
    (
        "everything is told twice",
        "CREATE TRIGGER planted AFTER INSERT ON feed BEGIN INSERT INTO feed (branch, body) VALUES (new.branch, \
         new.body); END",
    ),
    (
        "every fifth item is not told",
        "CREATE TRIGGER planted AFTER INSERT ON feed WHEN new.seq % 5 = 0 BEGIN DELETE FROM feed WHERE seq = new.seq; \
         END",
    ),
    (
        "what was read is removed from the feed",
        "CREATE TRIGGER planted AFTER UPDATE OF acked ON branches BEGIN DELETE FROM feed WHERE branch = new.library \
         AND seq < new.acked; END",
    ),
    (
        "the feed does not carry what the hub recorded",
        "CREATE TRIGGER planted AFTER INSERT ON feed BEGIN UPDATE feed SET body = json_set(body, '$.events', \
         json('[]')) WHERE seq = new.seq; END",
    ),
    (
        "the hub records no receipt",
        "CREATE TRIGGER planted AFTER INSERT ON request_events WHEN json_extract(new.event, '$.event') = \
         'centre_receipt' BEGIN DELETE FROM request_events WHERE request = new.request AND clock = new.clock AND life \
         = new.life; END",
    ),
    (
        "the hub forgets what lenders say",
        "CREATE TRIGGER planted AFTER INSERT ON request_events WHEN json_extract(new.event, '$.party') = 'lender' \
         BEGIN DELETE FROM request_events WHERE request = new.request AND clock = new.clock AND life = new.life; END",
    ),
    (
        "the hub forgets withdrawals",
        "CREATE TRIGGER planted AFTER INSERT ON request_events WHEN json_extract(new.event, '$.event') = 'ask_cancel' \
         BEGIN DELETE FROM request_events WHERE request = new.request AND clock = new.clock AND life = new.life; END",
    ),
    (
        "the hub takes the asking library for another one",
        "CREATE TRIGGER planted AFTER INSERT ON requests BEGIN UPDATE requests SET library = 'NLC' WHERE id = new.id; \
         END",
    ),
    (
        "the hub does not move on",
        "CREATE TRIGGER planted AFTER UPDATE OF state ON requests BEGIN UPDATE requests SET state = old.state WHERE id \
         = new.id; END",
    ),
    (
        "the hub keeps the name of a reader who was forgotten",
        "CREATE TRIGGER planted AFTER UPDATE OF anonymous ON requests BEGIN UPDATE requests SET form = old.form, patron \
         = old.patron WHERE id = new.id; END",
    ),
    (
        "the hub writes its own time into what others recorded",
        "CREATE TRIGGER planted AFTER INSERT ON request_events BEGIN UPDATE request_events SET event = \
         json_set(event, '$.at', '2026-01-01T00:00:00Z') WHERE request = new.request AND clock = new.clock AND life = \
         new.life; END",
    ),
];

/// A fault of a branch's store.
pub(crate) const OF_BRANCH: &[(&str, &str)] = &[
    (
        "each try has another key",
        "CREATE TRIGGER planted AFTER UPDATE OF attempts ON messages BEGIN UPDATE messages SET packet = \
         json_set(packet, '$.patron', new.attempts || '') WHERE request = new.request AND n = new.n; END",
    ),
    (
        "what may have arrived counts as delivered",
        "CREATE TRIGGER planted AFTER UPDATE OF delivery ON messages WHEN new.delivery = 'unknown' BEGIN UPDATE \
         messages SET delivery = 'delivered' WHERE request = new.request AND n = new.n; END",
    ),
    (
        "what may have arrived is given up",
        "CREATE TRIGGER planted AFTER UPDATE OF delivery ON messages WHEN new.delivery = 'unknown' BEGIN UPDATE \
         messages SET delivery = 'dead' WHERE request = new.request AND n = new.n; END",
    ),
    (
        "what is sent counts as delivered",
        "CREATE TRIGGER planted AFTER UPDATE OF delivery ON messages WHEN new.delivery = 'in_flight' BEGIN UPDATE \
         messages SET delivery = 'delivered' WHERE request = new.request AND n = new.n; END",
    ),
    (
        "what was under way at a kill stays under way",
        "CREATE TRIGGER planted AFTER UPDATE OF delivery ON messages WHEN old.delivery = 'in_flight' AND new.delivery \
         = 'unknown' BEGIN UPDATE messages SET delivery = 'in_flight' WHERE request = new.request AND n = new.n; END",
    ),
    (
        "what is learnt moves nothing",
        "CREATE TRIGGER planted AFTER UPDATE OF state ON requests WHEN new.state IN ('accepted', 'shipped', 'unfilled') \
         BEGIN UPDATE requests SET state = old.state WHERE id = new.id; END",
    ),
    (
        "a withdrawal goes by a road that nobody walks",
        "CREATE TRIGGER planted AFTER INSERT ON messages WHEN new.kind = 'cancel' BEGIN UPDATE messages SET road = \
         'nowhere' WHERE request = new.request AND n = new.n; END",
    ),
    (
        "delivered messages are removed",
        "CREATE TRIGGER planted AFTER UPDATE OF delivery ON messages WHEN new.delivery = 'delivered' BEGIN DELETE FROM \
         messages WHERE request = new.request AND n = new.n; END",
    ),
    (
        "no life begins: numbers are given again after a restore",
        "CREATE TRIGGER planted AFTER UPDATE OF life ON machine BEGIN UPDATE machine SET life = 0; END",
    ),
    (
        "the cursor stands still",
        "CREATE TRIGGER planted AFTER UPDATE OF cursor ON machine BEGIN UPDATE machine SET cursor = old.cursor; END",
    ),
    (
        "the mark of the feed is not kept",
        "CREATE TRIGGER planted AFTER UPDATE OF cursor ON machine WHEN new.mark <> '' BEGIN UPDATE machine SET mark = \
         'x'; END",
    ),
    (
        "what is withdrawn at home is sent all the same",
        "CREATE TRIGGER planted AFTER UPDATE OF delivery ON messages WHEN new.delivery = 'dead' BEGIN UPDATE messages \
         SET delivery = 'pending' WHERE request = new.request AND n = new.n; END",
    ),
    (
        "that a request left is not recorded",
        "CREATE TRIGGER planted AFTER INSERT ON request_events WHEN json_extract(new.event, '$.event') = 'transmit' \
         BEGIN DELETE FROM request_events WHERE request = new.request AND clock = new.clock AND life = new.life; END",
    ),
    (
        "a withdrawal is a message without an event",
        "CREATE TRIGGER planted AFTER INSERT ON request_events WHEN json_extract(new.event, '$.event') = 'ask_cancel' \
         BEGIN DELETE FROM request_events WHERE request = new.request AND clock = new.clock AND life = new.life; END",
    ),
    (
        "a withdrawal is an event without a message",
        "CREATE TRIGGER planted AFTER INSERT ON messages WHEN new.kind = 'cancel' BEGIN DELETE FROM messages WHERE \
         request = new.request AND n = new.n; END",
    ),
    (
        "a request is kept without its message",
        "CREATE TRIGGER planted AFTER INSERT ON messages WHEN new.kind = 'request' AND new.packet IS NULL BEGIN DELETE \
         FROM messages WHERE request = new.request AND n = new.n; END",
    ),
    (
        "every third report of a lender is lost on the way to the disk",
        "CREATE TRIGGER planted AFTER INSERT ON request_events WHEN json_extract(new.event, '$.party') = 'lender' AND \
         new.clock % 3 = 0 BEGIN DELETE FROM request_events WHERE request = new.request AND clock = new.clock AND life \
         = new.life; END",
    ),
    (
        "a message's age is that of the wall clock",
        "CREATE TRIGGER planted AFTER UPDATE OF wall ON machine WHEN old.wall > 0 BEGIN UPDATE machine SET lived = \
         lived + max(0, new.wall - old.wall); END",
    ),
    (
        "nobody is told that a reader is forgotten",
        "CREATE TRIGGER planted AFTER INSERT ON messages WHEN new.kind = 'forget' BEGIN DELETE FROM messages WHERE \
         request = new.request AND n = new.n; END",
    ),
    (
        "what has ended is not told again to a hub that was put back",
        "CREATE TRIGGER planted AFTER UPDATE OF delivery ON messages WHEN old.delivery = 'delivered' AND new.delivery = \
         'unknown' AND (SELECT state FROM requests WHERE id = new.request) IN ('completed', 'unfilled', 'cancelled', \
         'lost') BEGIN UPDATE messages SET delivery = 'delivered' WHERE request = new.request AND n = new.n; END",
    ),
    (
        "another machine's request counts as one's own",
        "CREATE TRIGGER planted AFTER INSERT ON requests WHEN new.is_own = 0 BEGIN UPDATE requests SET is_own = 1 \
         WHERE id = new.id; END",
    ),
    (
        "what one forgot comes back as somebody else's",
        "CREATE TRIGGER planted AFTER INSERT ON requests WHEN new.state = 'draft' AND new.is_own = 1 BEGIN UPDATE \
         requests SET is_own = 0 WHERE id = new.id; END",
    ),
];

impl Store {
    /// Plants a fault.
    pub(crate) fn plant(&self, trigger: &str) {
        self.write(|transaction| transaction.execute_batch(trigger)).unwrap();
    }
}
