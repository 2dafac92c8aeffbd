//! Character references of HTML and XML that leaked into MARC text (DOMAIN §1.2 row 16).

/// The text with its references decoded once; `None` where there are none.
pub fn decode_entities(_text: &str) -> Option<String> {
    None
}
