//! Holdings profile (馆藏描述): where one library writes its call numbers, copies and locations.
//!
//! The same field means different things in different libraries (DOMAIN §2.2), so nothing is hard-coded:
//! a profile is data, stored per library, readable and writable as TOML.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Dialect;

/// What the holdings fields of one library's export mean.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HoldingsProfile {
    /// Its name in the configuration.
    pub name: String,
    /// The fields that carry holdings.
    #[serde(default, rename = "field")]
    pub fields: Vec<FieldProfile>,
    /// Names of the locations that are written as codes: `"01" = "中文外借书库"`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub locations: BTreeMap<String, String>,
    /// Words in location, type or status that forbid lending.
    #[serde(default = "default_not_lent")]
    pub not_lent: Vec<String>,
    /// Words in location, type or status that say it may be lent.
    #[serde(default = "default_lent")]
    pub lent: Vec<String>,
}

/// One field of a profile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldProfile {
    /// Its tag.
    pub tag: String,
    /// How copies share the field.
    #[serde(default)]
    pub grouping: Grouping,
    /// What joins class and book number in a call number.
    #[serde(default = "default_joint")]
    pub joint: String,
    /// What each subfield means.
    pub subfields: BTreeMap<char, Role>,
}

/// How several copies are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grouping {
    /// One field is one holding; a repeated barcode is one more copy.
    #[default]
    Field,
    /// The group of subfields repeats inside one field; its first subfield opens it.
    Group,
}

/// What a subfield of a holdings field means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Shelving location or its code.
    Location,
    /// Item barcode, a range, or an accession number.
    Barcode,
    /// Class number, first part of a call number.
    Class,
    /// Book number, second part of a call number.
    BookNumber,
    /// A call number that is complete.
    CallNumber,
    /// Number of copies.
    Copies,
    /// A number of copies where it is one, else a complete call number.
    CopiesOrCallNumber,
    /// Part in front of a call number.
    Prefix,
    /// Part behind a call number.
    Suffix,
    /// Volumes or years held.
    Coverage,
    /// Status or type of the item: 阅览, 借出, not for loan.
    Status,
}

impl Role {
    /// What it is, in a sentence.
    pub fn phrase(self) -> &'static str {
        match self {
            Self::Location => "location",
            Self::Barcode => "barcode",
            Self::Class => "class number",
            Self::BookNumber => "book number",
            Self::CallNumber => "complete call number",
            Self::Copies => "number of copies",
            Self::CopiesOrCallNumber => "number of copies or the call number",
            Self::Prefix => "prefix of the call number",
            Self::Suffix => "suffix of the call number",
            Self::Coverage => "list of volumes held",
            Self::Status => "status",
        }
    }
}

impl HoldingsProfile {
    /// What is assumed of a library that nobody has looked at: the commonest fields of its family.
    pub fn default_for(dialect: Dialect) -> Self {
        let mut fields = vec![chinese_905()];
        if dialect.is_unimarc_family() {
            fields.push(field(
                "995",
                "",
                &[('b', Role::Location), ('f', Role::Barcode), ('k', Role::CallNumber)],
            ));
        } else {
            fields.push(marc21_852());
            fields.push(field(
                "876",
                " ",
                &[('p', Role::Barcode), ('l', Role::Location), ('j', Role::Status), ('h', Role::Status)],
            ));
            fields.push(koha_952());
            fields.push(field("866", " ", &[('a', Role::Coverage)]));
        }
        Self {
            name: format!("default-{}", dialect.name()),
            fields,
            locations: BTreeMap::new(),
            not_lent: default_not_lent(),
            lent: default_lent(),
        }
    }

    /// The variants A to I of DOMAIN §2.2 and the usual local fields, to be named in a source's settings.
    pub fn built_in() -> Vec<Self> {
        #[derive(Deserialize)]
        struct Table {
            holdings_profile: Vec<HoldingsProfile>,
        }
        // That the table can be read is held by a test.
        let table: Result<Table, _> = toml::from_str(include_str!("profiles.toml"));
        table.map(|table| table.holdings_profile).unwrap_or_default()
    }

    /// The built-in profile of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::built_in().into_iter().find(|profile| profile.name == name)
    }

    /// What readers call a location.
    pub(super) fn location_name<'a>(&'a self, code: &'a str) -> &'a str {
        self.locations.get(code).map_or(code, String::as_str)
    }

    /// A profile with these fields and the usual words.
    pub fn with_fields(name: &str, fields: Vec<FieldProfile>) -> Self {
        Self {
            name: name.to_owned(),
            fields,
            locations: BTreeMap::new(),
            not_lent: default_not_lent(),
            lent: default_lent(),
        }
    }
}

fn field(tag: &str, joint: &str, subfields: &[(char, Role)]) -> FieldProfile {
    FieldProfile {
        tag: tag.to_owned(),
        grouping: Grouping::Field,
        joint: joint.to_owned(),
        subfields: subfields.iter().copied().collect(),
    }
}

/// Variants A to F of DOMAIN §2.2 at once, as far as they do not contradict each other.
fn chinese_905() -> FieldProfile {
    let roles = [
        ('a', Role::Location),
        ('b', Role::Barcode),
        ('d', Role::Class),
        ('e', Role::BookNumber),
        ('f', Role::CopiesOrCallNumber),
        ('s', Role::CallNumber),
        ('v', Role::Coverage),
        ('y', Role::Coverage),
    ];
    FieldProfile { grouping: Grouping::Group, ..field("905", "/", &roles) }
}

fn marc21_852() -> FieldProfile {
    let roles = [
        ('b', Role::Location),
        ('c', Role::Location),
        ('h', Role::Class),
        ('i', Role::BookNumber),
        ('k', Role::Prefix),
        ('m', Role::Suffix),
        ('p', Role::Barcode),
        ('z', Role::Status),
    ];
    field("852", " ", &roles)
}

fn koha_952() -> FieldProfile {
    let roles = [('c', Role::Location), ('o', Role::CallNumber), ('p', Role::Barcode), ('y', Role::Status)];
    field("952", " ", &roles)
}

fn default_joint() -> String {
    "/".to_owned()
}

/// 阅览室, 保存本, 工具书, 古籍 and their like, in three languages (DOMAIN §2.2).
fn default_not_lent() -> Vec<String> {
    words(&[
        "阅览室",
        "閱覽室",
        "阅览",
        "閱覽",
        "保存本",
        "保存库",
        "保存书库",
        "保留本",
        "工具书",
        "工具書",
        "古籍",
        "善本",
        "线装",
        "样本",
        "样书",
        "库本",
        "不外借",
        "不可外借",
        "非外借",
        "不借",
        "馆内",
        "館內",
        "特藏",
        "珍藏",
        "珍本",
        "参考",
        "參考",
        "教师专架",
        "密集书库保存",
        "reference",
        "non-circulating",
        "noncirculating",
        "not for loan",
        "library use only",
        "in-library use",
        "rare book",
        "special collections",
        "reading room",
    ])
}

fn default_lent() -> Vec<String> {
    words(&[
        "外借",
        "借阅",
        "借閱",
        "借书",
        "流通",
        "书库",
        "書庫",
        "circulating",
        "stacks",
        "general collection",
        "lending",
    ])
}

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(|w| (*w).to_owned()).collect()
}
