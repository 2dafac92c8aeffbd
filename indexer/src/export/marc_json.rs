//! `Record` → MARC-in-JSON, one line a record.

use serde_json::{Map, Value, json};

use crate::marc::Record;

use super::iso2709::is_control;
use super::marcxml::leader_text;

/// Appends the record as one line, its line break included.
pub fn write_marc_json(record: &Record, out: &mut String) {
    let fields: Vec<Value> = record
        .fields()
        .map(|field| {
            if is_control(field) {
                return keyed(field.tag_text(), field.value().into());
            }
            let [ind1, ind2] = field.indicators().map(|i| char::from(i).to_string());
            let subfields: Vec<Value> =
                field.subfields().map(|(code, text)| keyed(code.to_string(), text.into())).collect();
            keyed(field.tag_text(), json!({ "ind1": ind1, "ind2": ind2, "subfields": subfields }))
        })
        .collect();
    out.push_str(&json!({ "leader": leader_text(record), "fields": fields }).to_string());
    out.push('\n');
}

fn keyed(key: String, value: Value) -> Value {
    Value::Object(Map::from_iter([(key, value)]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::marc::Leader;

    #[test]
    fn a_record_is_one_line() {
        let mut record = Record::default();
        record.set_leader(Leader(*b"     nam0 22        450 "));
        record.push_control(*b"001", |t| t.push_str("012001"));
        record.push_data(*b"200", *b"1 ");
        record.push_subfield('a', |t| t.push_str("\"三国\"演义"));
        record.push_subfield('a', |t| t.push_str("水浒"));
        let mut out = String::new();
        write_marc_json(&record, &mut out);
        assert_eq!(out.matches('\n').count(), 1);
        let value: Value = serde_json::from_str(&out).expect("JSON");
        assert_eq!(
            value,
            json!({"leader": "00000nam0 2200000   450 ", "fields": [
                {"001": "012001"},
                {"200": {"ind1": "1", "ind2": " ", "subfields": [{"a": "\"三国\"演义"}, {"a": "水浒"}]}}]})
        );
    }
}
