// SPDX-License-Identifier: GPL-2.0

//! A list of words, read from the left, and what is wrong with one of them.

use std::fmt;

use crate::names::{Names, PUBLIC};

/// What is wrong with a word. The position is counted in words; one past the last stands
/// for the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which word.
    pub word: usize,
    /// A clause for `Error: ...`.
    pub text: String,
}

impl Fault {
    /// A fault of that word.
    pub fn new(word: usize, text: impl Into<String>) -> Self {
        Self {
            word,
            text: text.into(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Fault {}

/// Words that are read from the left.
#[derive(Clone, Debug)]
pub struct Words<'a> {
    words: Vec<&'a str>,
    next: usize,
    /// Where `customer NAME` stands that was read ahead.
    read: Option<usize>,
    names: Option<&'a Names>,
}

impl<'a> Words<'a> {
    /// All of these.
    pub fn new<S: AsRef<str>>(words: &'a [S]) -> Self {
        Self {
            words: words.iter().map(AsRef::as_ref).collect(),
            next: 0,
            read: None,
            names: None,
        }
    }

    /// The same words, among which customers have these names.
    pub fn with_names(mut self, names: &'a Names) -> Self {
        self.names = Some(names);
        self
    }

    /// The number of a customer by the word for it.
    pub fn customer(&mut self, slot: &mut Option<u32>) -> Result<(), Fault> {
        let names = self.names;
        self.once("customer", slot, |text| match names {
            Some(names) => names.parse(text),
            None => Names::default().parse(text),
        })
    }

    /// Reads `customer NAME` ahead, wherever it stands among the words to come: it belongs to
    /// the names of services and servers before and behind it.
    pub fn context(&mut self) -> Result<u32, Fault> {
        Ok(self.context_if_given()?.unwrap_or(PUBLIC))
    }

    /// The same, if it is there.
    pub fn context_if_given(&mut self) -> Result<Option<u32>, Fault> {
        let rest = self.words.get(self.next..).unwrap_or_default();
        let Some(at) = rest.iter().position(|word| *word == "customer") else {
            return Ok(None);
        };
        let next = self.next;
        self.next = next + at + 1;
        let mut customer = None;
        self.customer(&mut customer)?;
        self.read = Some(next + at);
        self.next = next;
        Ok(customer)
    }

    /// Position of the next word that was not read ahead.
    fn at(&self) -> usize {
        match self.read {
            Some(read) if read == self.next => self.next + 2,
            _ => self.next,
        }
    }

    /// Position of the next word.
    pub fn position(&self) -> usize {
        self.next
    }

    /// The next word, left where it is.
    pub fn peek(&self) -> Option<&'a str> {
        self.words.get(self.at()).copied()
    }

    /// The next word.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Option<&'a str> {
        let word = self.peek()?;
        self.next = self.at() + 1;
        Some(word)
    }

    /// Takes the next word if it is that one.
    pub fn take(&mut self, word: &str) -> bool {
        let same = self.peek() == Some(word);
        if same {
            self.next = self.at() + 1;
        }
        same
    }

    /// The next word, which must be there and make sense to `parse`. `what` says what it
    /// is: the keyword before it, or its name in the grammar.
    pub fn value<T>(
        &mut self,
        what: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<T, Fault> {
        let word = self
            .next()
            .ok_or_else(|| self.fault(format!("{what} lacks its value")))?;
        parse(word).map_err(|text| self.last_fault(format!("{what}: {text}")))
    }

    /// The next word, which names the object.
    pub fn name<T>(
        &mut self,
        what: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<T, Fault> {
        let word = self
            .next()
            .ok_or_else(|| self.fault(format!("{what} is missing")))?;
        parse(word).map_err(|text| self.last_fault(text))
    }

    /// The value of a keyword that may come once.
    pub fn once<T>(
        &mut self,
        keyword: &str,
        slot: &mut Option<T>,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<(), Fault> {
        if slot.is_some() {
            return Err(self.last_fault(format!("{keyword} is given twice")));
        }
        *slot = Some(self.value(keyword, parse)?);
        Ok(())
    }

    /// A fault of the next word.
    pub fn fault(&self, text: impl Into<String>) -> Fault {
        Fault::new(self.next, text)
    }

    /// A fault of the word taken last.
    pub fn last_fault(&self, text: impl Into<String>) -> Fault {
        Fault::new(self.next.saturating_sub(1), text)
    }

    /// The word taken last is not one of the keywords.
    pub fn unknown(&self, keywords: &[&str]) -> Fault {
        let word = self.words[self.next.saturating_sub(1)];
        self.last_fault(match keywords {
            [] => format!("\"{word}\" is one word too many"),
            _ => format!("\"{word}\" is none of: {}", keywords.join(", ")),
        })
    }

    /// Nothing may follow.
    pub fn end(mut self) -> Result<(), Fault> {
        match self.next() {
            Some(_) => Err(self.unknown(&[])),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn customers_are_read_ahead() {
        let mut names = Names::default();
        names.insert("acme", 7);
        for all in [
            ["a", "customer", "acme", "b"],
            ["a", "b", "customer", "acme"],
            ["customer", "acme", "a", "b"],
        ] {
            let mut words = Words::new(&all).with_names(&names);
            assert_eq!(words.context(), Ok(7));
            assert_eq!(words.next(), Some("a"));
            assert!(words.take("b"));
            assert!(words.end().is_ok());
        }
        let wrong = ["a", "customer", "other"];
        assert_eq!(Words::new(&wrong).context().unwrap_err().word, 2);
        let lacking = ["a", "customer"];
        assert_eq!(Words::new(&lacking).context().unwrap_err().word, 2);
        let twice = ["customer", "1", "customer", "2"];
        let mut words = Words::new(&twice);
        assert_eq!(words.context(), Ok(1));
        assert_eq!(words.next(), Some("customer"));
    }

    #[test]
    fn faults_point_at_their_word() {
        let all = ["weight", "many", "weight"];
        let mut words = Words::new(&all);
        assert!(!words.take("limit"));
        assert!(words.take("weight"));
        let mut slot = None;
        let parse = |w: &str| w.parse::<u32>().map_err(|e| e.to_string());
        let fault = words.once("weight", &mut slot, parse).unwrap_err();
        assert_eq!(fault.word, 1);
        assert!(words.take("weight"));
        let fault = words.once("weight", &mut slot, parse).unwrap_err();
        assert_eq!(fault.word, 3);
        assert_eq!(fault.text, "weight lacks its value");
        slot = Some(1);
        let fault = words.once("weight", &mut slot, parse).unwrap_err();
        assert_eq!(
            fault,
            Fault {
                word: 2,
                text: "weight is given twice".into()
            }
        );
    }
}
