//! `Bib` → schema.org in JSON-LD, for search engines.

use serde_json::{Map, Value, json};

use crate::bib::{Bib, MaterialType};

use super::contributors::{Name, contributors};
use super::ris::full_title;

/// The description as JSON-LD; `url` is the address of its page, `holders` are the names of the libraries.
pub fn schema_org(bib: &Bib, url: &str, holders: &[String]) -> Value {
    let names = contributors(bib);
    let mut item = Map::new();
    let mut set = |key: &str, value: Option<Value>| {
        if let Some(value) = value.filter(|v| v.as_array().is_none_or(|list| !list.is_empty())) {
            item.insert(key.to_owned(), value);
        }
    };
    set("@context", Some("https://schema.org".into()));
    set("@type", Some(kind(bib.material_type).into()));
    set("@id", Some(url.into()));
    set("name", Some(full_title(bib)).filter(|t| !t.is_empty()).map(Value::from));
    set("author", Some(people(&names.authors)));
    set("editor", Some(people(&names.editors)));
    set("translator", Some(people(&names.translators)));
    set("isbn", bib.isbns.first().map(|n| n.to_string().into()));
    set("issn", bib.issns.first().map(|n| n.to_string().into()));
    set("publisher", bib.publisher.as_ref().map(|p| json!({"@type": "Organization", "name": p})));
    set("datePublished", bib.year.map(|y| y.to_string().into()));
    set("inLanguage", bib.languages.first().cloned().map(Value::from));
    if kind(bib.material_type) == "Book" {
        set("bookEdition", bib.edition.clone().map(Value::from));
    }
    let offer = |name: &String| json!({"@type": "Offer", "offeredBy": {"@type": "Library", "name": name}});
    set("offers", Some(Value::Array(holders.iter().map(offer).collect())));
    Value::Object(item)
}

fn people(names: &[Name]) -> Value {
    let one = |name: &Name| {
        let kind = if matches!(name, Name::Body(_)) { "Organization" } else { "Person" };
        json!({"@type": kind, "name": name.heading()})
    };
    Value::Array(names.iter().map(one).collect())
}

fn kind(material_type: MaterialType) -> &'static str {
    match material_type {
        MaterialType::SerialChi
        | MaterialType::SerialWes
        | MaterialType::SerialOth
        | MaterialType::Newspaper => "Periodical",
        MaterialType::Thesis => "Thesis",
        MaterialType::Map => "Map",
        MaterialType::Score => "SheetMusic",
        MaterialType::Audiovisual
        | MaterialType::Electronic
        | MaterialType::Graphic
        | MaterialType::Other
        | MaterialType::Authority
        | MaterialType::Holdings => "CreativeWork",
        _ => "Book",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_book_is_a_book() {
        let bib = Bib {
            title: Some("双城记".to_owned()),
            responsibility: Some("（英）狄更斯著；董秋斯译".to_owned()),
            publisher: Some("骆驼书店".to_owned()),
            year: Some(1947),
            ..Bib::empty(MaterialType::BookChi)
        };
        assert_eq!(
            schema_org(&bib, "http://x/record/1", &["国家图书馆".to_owned()]),
            json!({
                "@context": "https://schema.org", "@type": "Book", "@id": "http://x/record/1", "name": "双城记",
                "author": [{"@type": "Person", "name": "狄更斯"}],
                "translator": [{"@type": "Person", "name": "董秋斯"}],
                "publisher": {"@type": "Organization", "name": "骆驼书店"}, "datePublished": "1947",
                "offers": [{"@type": "Offer", "offeredBy": {"@type": "Library", "name": "国家图书馆"}}],
            })
        );
    }
}
