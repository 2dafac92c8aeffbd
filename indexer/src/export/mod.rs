//! An entry or record in the formats of others, one file a format.
