//! The rules of all lenders, out of the table that the program carries.

use super::lender::LenderRules;

/// Every lender's rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    usual: LenderRules,
    lenders: Vec<LenderRules>,
}

impl Default for Rules {
    fn default() -> Self {
        let mut rules = Self { usual: LenderRules::default(), lenders: Vec::new() };
        for row in data::lender_rules::TABLE.lines().skip(1).filter_map(row) {
            if row.code == "*" { rules.usual = row } else { rules.lenders.push(row) }
        }
        rules
    }
}

impl Rules {
    /// With what lenders say themselves.
    #[must_use]
    pub fn with(mut self, said: impl Iterator<Item = LenderRules>) -> Self {
        for rules in said {
            self.lenders.retain(|known| known.code != rules.code);
            self.lenders.push(rules);
        }
        self
    }

    /// Changes those of one lender, which begin as the usual ones.
    pub(crate) fn change(&mut self, code: &str, change: impl FnOnce(&mut LenderRules)) {
        let place = self.lenders.iter().position(|rules| rules.code == code).unwrap_or_else(|| {
            self.lenders.push(self.of(code));
            self.lenders.len() - 1
        });
        change(&mut self.lenders[place]);
    }

    /// Those of one lender.
    pub fn of(&self, code: &str) -> LenderRules {
        let own = self.lenders.iter().find(|rules| rules.code == code);
        LenderRules { code: code.to_owned(), ..own.unwrap_or(&self.usual).clone() }
    }
}

fn row(line: &str) -> Option<LenderRules> {
    let mut cells = line.split('\t');
    let mut cell = || cells.next();
    let is_yes = |text: &str| text == "yes";
    Some(LenderRules {
        code: cell()?.to_owned(),
        lends_nothing: is_yes(cell()?),
        no_direct_form: is_yes(cell()?),
        no_patron_cancel: is_yes(cell()?),
        cancel_minutes: cell()?.parse().ok()?,
        loan_days: cell()?.parse().ok()?,
        renewals: cell()?.parse().ok()?,
        monthly_quota: cell()?.parse().ok()?,
        ..LenderRules::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_read_and_the_rest_is_as_usual() {
        let rules = Rules::default();
        assert_eq!(rules.lenders.len() + 1, data::lender_rules::TABLE.lines().count() - 1);
        let national = rules.of("NLC");
        assert!(national.no_direct_form && national.no_patron_cancel && national.monthly_quota == 500);
        assert_eq!((rules.of("SHL").loan_days, rules.of("SHL").renewals), (45, 0));
        let usual = LenderRules { code: "PKU".to_owned(), ..LenderRules::default() };
        assert_eq!(rules.of("PKU"), usual);
    }
}
