//! Material types (资料类型) of CONTRACT §3 and DOMAIN §2.4.

use serde::{Deserialize, Serialize};

/// What kind of thing a record describes; the first eighteen are searchable types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum MaterialType {
    /// 中文图书
    BookChi,
    /// 西文图书
    BookWes,
    /// 日文图书
    BookJpn,
    /// 俄文图书
    BookRus,
    /// 韩文图书
    BookKor,
    /// 民文图书
    BookMin,
    /// 中文期刊
    SerialChi,
    /// 西文期刊
    SerialWes,
    /// 其他语种期刊
    SerialOth,
    /// 报纸
    Newspaper,
    /// 学位论文
    Thesis,
    /// 音像资料
    Audiovisual,
    /// 电子资源
    Electronic,
    /// 地图
    Map,
    /// 乐谱
    Score,
    /// 图片、实物
    Graphic,
    /// 古籍
    Rare,
    /// 其他
    Other,
    /// 规范记录: no entry of its own
    Authority,
    /// 馆藏记录: joined to its bibliographic record
    Holdings,
}

impl MaterialType {
    /// All types, in the order of the contract.
    pub const ALL: [MaterialType; 20] = [
        MaterialType::BookChi,
        MaterialType::BookWes,
        MaterialType::BookJpn,
        MaterialType::BookRus,
        MaterialType::BookKor,
        MaterialType::BookMin,
        MaterialType::SerialChi,
        MaterialType::SerialWes,
        MaterialType::SerialOth,
        MaterialType::Newspaper,
        MaterialType::Thesis,
        MaterialType::Audiovisual,
        MaterialType::Electronic,
        MaterialType::Map,
        MaterialType::Score,
        MaterialType::Graphic,
        MaterialType::Rare,
        MaterialType::Other,
        MaterialType::Authority,
        MaterialType::Holdings,
    ];

    /// The code of CONTRACT §3: `book-chi`.
    pub fn code(self) -> &'static str {
        match self {
            MaterialType::BookChi => "book-chi",
            MaterialType::BookWes => "book-wes",
            MaterialType::BookJpn => "book-jpn",
            MaterialType::BookRus => "book-rus",
            MaterialType::BookKor => "book-kor",
            MaterialType::BookMin => "book-min",
            MaterialType::SerialChi => "serial-chi",
            MaterialType::SerialWes => "serial-wes",
            MaterialType::SerialOth => "serial-oth",
            MaterialType::Newspaper => "newspaper",
            MaterialType::Thesis => "thesis",
            MaterialType::Audiovisual => "audiovisual",
            MaterialType::Electronic => "electronic",
            MaterialType::Map => "map",
            MaterialType::Score => "score",
            MaterialType::Graphic => "graphic",
            MaterialType::Rare => "rare",
            MaterialType::Other => "other",
            MaterialType::Authority => "authority",
            MaterialType::Holdings => "holdings",
        }
    }

    /// The type with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|t| t.code() == code)
    }
}
