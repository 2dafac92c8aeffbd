//! What a reader has put aside: ids of entries in a cookie that ends with the browser. No account, nothing stored here.
//!
//! The cookie may hold anything; what is no id is left out, and it never grows beyond `MOST`.

use indexer::bib::EditionId;

/// Name of the cookie.
pub(crate) const COOKIE: &str = "basket";
/// So many fit: a cookie is sent with every request and may have 4 kB at most.
pub(crate) const MOST: usize = 100;

/// Ids in the order in which they came, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Basket(Vec<EditionId>);

impl Basket {
    /// Reads ids joined by dots.
    pub(crate) fn read(text: &str) -> Self {
        let mut basket = Self::default();
        basket.add(text);
        basket
    }

    /// Adds ids joined by dots; how many were too many.
    pub(crate) fn add(&mut self, ids: &str) -> usize {
        let mut too_many = 0;
        for id in ids.split('.').filter_map(normal) {
            if self.has(id.as_str()) {
                continue;
            }
            if self.0.len() < MOST {
                self.0.push(id);
            } else {
                too_many += 1;
            }
        }
        too_many
    }

    /// Takes one out.
    pub(crate) fn remove(&mut self, id: &str) {
        self.0.retain(|own| own.as_str() != id);
    }

    /// Whether an entry is in it.
    pub(crate) fn has(&self, id: &str) -> bool {
        self.0.iter().any(|own| own.as_str() == id)
    }

    /// The ids.
    pub(crate) fn ids(&self) -> &[EditionId] {
        &self.0
    }

    /// The cookie; an empty basket forgets it.
    pub(crate) fn set_cookie(&self) -> String {
        let ids: Vec<&str> = self.0.iter().map(EditionId::as_str).collect();
        let age = if ids.is_empty() { " Max-Age=0;" } else { "" };
        format!("{COOKIE}={}; Path=/;{age} SameSite=Lax; HttpOnly", ids.join("."))
    }
}

/// A well-formed id as we write it.
fn normal(text: &str) -> Option<EditionId> {
    EditionId::new(text).key().map(EditionId::from_key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u64) -> String {
        EditionId::from_key(n).to_string()
    }

    #[test]
    fn a_basket_holds_ids_and_nothing_else() {
        let mut basket = Basket::read(&format!("{}.x;\r\nSet-Cookie: a=b.{}..{}", id(1), id(2), id(1)));
        assert_eq!(basket.ids().len(), 2);
        assert!(basket.has(&id(1)) && !basket.has(&id(3)));
        basket.remove(&id(1));
        assert_eq!(basket.set_cookie(), format!("basket={}; Path=/; SameSite=Lax; HttpOnly", id(2)));
        basket.remove(&id(2));
        assert!(basket.set_cookie().contains("Max-Age=0"));
        assert_eq!(Basket::read("三国.<script>.zzzz"), Basket::default());
    }

    #[test]
    fn a_basket_is_bounded() {
        let many: Vec<String> = (0..150).map(id).collect();
        let mut basket = Basket::default();
        assert_eq!(basket.add(&many.join(".")), 50);
        assert_eq!(basket.ids().len(), MOST);
        assert!(basket.set_cookie().len() < 2_000);
    }
}
