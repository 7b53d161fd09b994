// SPDX-License-Identifier: GPL-2.0

//! Names of customers and their numbers. The kernel goes by numbers, people by names.

use std::collections::BTreeMap;

/// Number of the context on the Internet side.
pub const PUBLIC: u32 = 0;

/// What customers are called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    numbers: BTreeMap<String, u32>,
    names: BTreeMap<u32, String>,
}

impl Names {
    /// Adds one.
    pub fn insert(&mut self, name: &str, number: u32) {
        self.numbers.insert(name.to_owned(), number);
        self.names.insert(number, name.to_owned());
    }

    /// The number of a customer.
    pub fn number(&self, name: &str) -> Option<u32> {
        self.numbers.get(name).copied()
    }

    /// Whether a number is taken.
    pub fn has(&self, number: u32) -> bool {
        self.names.contains_key(&number)
    }

    /// The name to show: the number, where there is no name.
    pub fn show(&self, number: u32) -> String {
        match self.names.get(&number) {
            _ if number == PUBLIC => "public".into(),
            Some(name) => name.clone(),
            None => number.to_string(),
        }
    }

    /// `public`, a name or a number.
    pub fn parse(&self, text: &str) -> Result<u32, String> {
        match text.parse() {
            _ if text == "public" => Ok(PUBLIC),
            Ok(number) => Ok(number),
            Err(_) => self
                .number(text)
                .ok_or_else(|| format!("customer {text} is unknown")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways() {
        let mut names = Names::default();
        names.insert("acme", 7);
        assert_eq!(names.parse("acme"), Ok(7));
        assert_eq!(names.parse("7"), Ok(7));
        assert_eq!(names.parse("8"), Ok(8));
        assert_eq!(names.parse("public"), Ok(0));
        assert!(names.parse("other").unwrap_err().contains("other"));
        assert_eq!(names.show(7), "acme");
        assert_eq!(names.show(8), "8");
        assert_eq!(names.show(0), "public");
    }
}
