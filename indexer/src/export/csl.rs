//! `Bib` → CSL-JSON, the form that citation processors read.

use serde_json::{Map, Value, json};

use crate::bib::{Bib, MaterialType};

use super::contributors::{Name, contributors};
use super::ris::full_title;

/// One item; several make an array.
pub fn write_csl(bib: &Bib, id: &str, url: Option<&str>) -> Value {
    let names = contributors(bib);
    let mut item = Map::new();
    let mut set = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            item.insert(key.to_owned(), value);
        }
    };
    set("id", Some(id.into()));
    set("type", Some(kind(bib.material_type).into()));
    set("title", Some(full_title(bib)).filter(|t| !t.is_empty()).map(Value::from));
    set("author", people(&names.authors));
    set("editor", people(&names.editors));
    set("translator", people(&names.translators));
    set("publisher", bib.publisher.clone().map(Value::from));
    set("publisher-place", bib.place.clone().map(Value::from));
    set("issued", bib.year.map(|year| json!({ "date-parts": [[year]] })));
    set("edition", bib.edition.clone().map(Value::from));
    set("collection-title", bib.series.first().map(|s| s.title.clone().into()));
    set("ISBN", bib.isbns.first().map(|n| n.to_string().into()));
    set("ISSN", bib.issns.first().map(|n| n.to_string().into()));
    set("call-number", bib.clc.first().cloned().map(Value::from));
    set("language", bib.languages.first().map(|code| bcp47(code).into()));
    set("abstract", bib.abstract_text.clone().map(Value::from));
    set("URL", url.map(str::to_owned).or_else(|| bib.urls.first().cloned()).map(Value::from));
    Value::Object(item)
}

fn people(names: &[Name]) -> Option<Value> {
    let names: Vec<Value> = names
        .iter()
        .map(|name| match name {
            Name::Inverted { family, given } => json!({ "family": family, "given": given }),
            Name::Whole(name) | Name::Body(name) => json!({ "literal": name }),
        })
        .collect();
    (!names.is_empty()).then_some(Value::Array(names))
}

fn kind(material_type: MaterialType) -> &'static str {
    match material_type {
        MaterialType::SerialChi
        | MaterialType::SerialWes
        | MaterialType::SerialOth
        | MaterialType::Newspaper => "periodical",
        MaterialType::Thesis => "thesis",
        MaterialType::Audiovisual => "motion_picture",
        MaterialType::Electronic | MaterialType::Other => "document",
        MaterialType::Map => "map",
        MaterialType::Score => "musical_score",
        MaterialType::Graphic => "graphic",
        MaterialType::Rare => "classic",
        _ => "book",
    }
}

// Processors choose "等" or "et al." by this; the rarer languages pass with their three letters.
fn bcp47(code: &str) -> &str {
    match code {
        "chi" | "zho" => "zh-CN",
        "eng" => "en-US",
        "jpn" => "ja-JP",
        "rus" => "ru-RU",
        "kor" => "ko-KR",
        "fre" | "fra" => "fr-FR",
        "ger" | "deu" => "de-DE",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bib::{Agent, AgentKind};

    #[test]
    fn a_book_becomes_an_item() {
        let agent =
            |name: &str, role: &str| Agent { role: Some(role.into()), ..Agent::new(name, AgentKind::Person) };
        let bib = Bib {
            title: Some("计算机程序设计艺术".into()),
            agents: vec![agent("Knuth, Donald E.", "著"), agent("苏运霖", "译")],
            year: Some(2002),
            languages: vec!["chi".into()],
            ..Bib::empty(MaterialType::BookChi)
        };
        assert_eq!(
            write_csl(&bib, "0abc", None),
            json!({
                "id": "0abc", "type": "book", "title": "计算机程序设计艺术",
                "author": [{"family": "Knuth", "given": "Donald E."}], "translator": [{"literal": "苏运霖"}],
                "issued": {"date-parts": [[2002]]}, "language": "zh-CN",
            })
        );
    }
}
