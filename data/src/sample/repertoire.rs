//! What works are put together from, by hand: names, publishers, classes, shapes of titles.
//!
//! Persons and publishers are invented; only authors who died centuries ago bear their own names.

pub(super) const SURNAMES: &str = "赵钱孙李周吴郑王冯陈褚卫沈韩杨朱秦许何吕张孔曹严华金魏陶姜谢邹苏潘葛范彭鲁韦马苗方俞任袁柳唐费薛雷贺倪汤罗郝安常于傅齐康伍余顾孟黄萧尹姚邵汪";
pub(super) const GIVEN: &str = "文明志远晓春秋兰若水清云海山林静思敏学博雅书画松柏梅竹青岚雨晨星辰宇恒安宁和平景行嘉佳言知新怀瑾瑜子墨之然亦凡可心如玉一鸣长风帆舟川江月白石";

pub(super) const PUBLISHERS: [(&str, &str); 24] = [
    ("清风出版社", "北京"),
    ("北方科技出版社", "北京"),
    ("星河文艺出版社", "上海"),
    ("江南大学出版社", "南京"),
    ("远山出版社", "成都"),
    ("海岳人民出版社", "济南"),
    ("南国美术出版社", "广州"),
    ("知行教育出版社", "北京"),
    ("石渠古籍出版社", "上海"),
    ("青岚少儿出版社", "杭州"),
    ("中原经济出版社", "郑州"),
    ("东湖医药出版社", "武汉"),
    ("长河音乐出版社", "北京"),
    ("天工机械出版社", "北京"),
    ("林泉农业出版社", "北京"),
    ("明德法律出版社", "北京"),
    ("望海出版社", "青岛"),
    ("晨光外语出版社", "上海"),
    ("岭南科学出版社", "广州"),
    ("关中大学出版社", "西安"),
    ("塞北出版社", "呼和浩特"),
    ("滇池民族出版社", "昆明"),
    ("松江电子出版社", "哈尔滨"),
    ("春晖学术出版社", "天津"),
];

pub(super) const CLASSES: [&str; 40] = [
    "B2", "B84", "C91", "D9", "D923", "F12", "F27", "F713.5", "F83", "G25", "G4", "G64", "H1", "H31",
    "H319.4", "I206", "I207.4", "I247.5", "I247.7", "I267", "I561.4", "J2", "J6", "K20", "K82", "K928", "O1",
    "O13", "O4", "Q1", "R2", "R4", "S1", "S68", "TB3", "TN91", "TP18", "TP311.1", "TP312JA", "TU2",
];

pub(super) const LATIN_TOPICS: [&str; 20] = [
    "Algorithms",
    "Java",
    "Networks",
    "Databases",
    "Libraries",
    "Forests",
    "Rivers",
    "Music",
    "History",
    "Grammar",
    "Statistics",
    "Chemistry",
    "Design",
    "Economics",
    "Medicine",
    "Geometry",
    "Painting",
    "Robotics",
    "Language",
    "Law",
];
pub(super) const LATIN_SHAPES: [&str; 8] = [
    "Introduction to {}",
    "The Principles of {}",
    "{}: A Modern Approach",
    "Advanced {}",
    "A Short History of {}",
    "{} in Practice",
    "Essays on {}",
    "Handbook of {}",
];
pub(super) const LATIN_NAMES: [&str; 12] = [
    "Ashdown, Peter",
    "Brackley, Joan",
    "Coldwell, Anna",
    "Dunmore, Henry",
    "Ellsworth, Mary",
    "Fairholm, John",
    "Greyson, Ruth",
    "Hartwick, Paul",
    "Ingleby, Jane",
    "Kestrel, Tom",
    "Lorimer, Alice",
    "Merriden, Carl",
];

/// Classics whose authors died centuries ago, and the titles that searches are tried with.
pub(super) const CLASSICS: [(&str, &str, &str, &str); 12] = [
    ("三国演义", "罗贯中", "著", "I242.4"),
    ("红楼梦", "曹雪芹", "著", "I242.4"),
    ("水浒传", "施耐庵", "著", "I242.4"),
    ("西游记", "吴承恩", "著", "I242.4"),
    ("聊斋志异", "蒲松龄", "著", "I242.1"),
    ("儒林外史", "吴敬梓", "著", "I242.4"),
    ("史记", "司马迁", "撰", "K204.2"),
    ("论语", "孔丘", "述", "B222.2"),
    ("牡丹亭", "汤显祖", "著", "I237.2"),
    ("家", "无名氏", "著", "I246.5"),
    ("梦溪笔谈", "沈括", "撰", "Z429.4"),
    ("天工开物", "宋应星", "著", "N092"),
];

/// Titles in other languages and scripts, whole.
pub(super) const FOREIGN: [(&str, &str, &str); 9] = [
    ("日本の歴史と文化", "jpn", "K313"),
    ("図書館情報学入門", "jpn", "G25"),
    ("История русской литературы", "rus", "I512"),
    ("Основы программирования", "rus", "TP31"),
    ("한국어 문법", "kor", "H55"),
    ("ئۇيغۇر خەلق داستانلىرى", "uig", "I29"),
    ("བོད་ཀྱི་སྒྲུང་རྩེད", "tib", "I29"),
    ("ᠮᠣᠩᠭᠣᠯ ᠬᠡᠯᠡ", "mon", "H212"),
    ("𠮷祥图案与㐂字", "chi", "J522"),
];

pub(super) const COUNTRIES: [&str; 6] = ["美", "英", "法", "德", "日", "俄"];
