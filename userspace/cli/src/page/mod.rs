// SPDX-License-Identifier: GPL-2.0

//! What there is to read about each object: `slr OBJECT help` prints the usage, the
//! manual page has the rest, completions take the words.

mod binding;
mod conf;
mod customer;
mod device;
mod explain;
mod flow;
mod host;
mod monitor;
mod port;
mod route;
mod server;
mod service;
mod settings;
mod shape;
mod slr;
mod stats;
mod trace;
mod tunnel;

/// A command of an object, and the words that may follow it.
pub type Verb = (&'static str, &'static [&'static str]);

/// What there is to read about an object.
pub struct Page {
    /// Its word.
    pub name: &'static str,
    /// One line.
    pub summary: &'static str,
    /// Its commands; one without a name if the words follow the object at once.
    pub verbs: &'static [Verb],
    /// The grammar.
    pub usage: &'static str,
    /// Paragraphs.
    pub description: &'static [&'static str],
    /// Words and what they mean.
    pub terms: &'static [(&'static str, &'static str)],
    /// A sentence and the lines that do it.
    pub examples: &'static [(&'static str, &'static str)],
}

pub use slr::{SLR, STATUS};

/// All pages, the command itself first.
pub const ALL: &[&Page] = &[
    &SLR,
    &customer::PAGE,
    &port::PAGE,
    &tunnel::PAGE,
    &route::PAGE,
    &device::PAGE,
    &host::PAGE,
    &shape::PAGE,
    &service::PAGE,
    &server::PAGE,
    &binding::PAGE,
    &flow::PAGE,
    &stats::PAGE,
    &settings::PAGE,
    &monitor::PAGE,
    &conf::PAGE,
    &explain::PAGE,
    &trace::PAGE,
];

/// The page of an object.
pub fn find(name: &str) -> Option<&'static Page> {
    ALL.iter().copied().find(|page| page.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cmd::{FILTER, TRACE_FILTER};
    use slr_config::grammar;

    /// The words that a command offers.
    fn offered(object: &str, verb: &str) -> &'static [&'static str] {
        let verbs = find(object).unwrap().verbs;
        verbs.iter().find(|(name, _)| *name == verb).unwrap().1
    }

    #[test]
    fn every_keyword_of_the_grammar_is_told() {
        for (object, verb, keywords) in [
            ("customer", "add", grammar::CUSTOMER),
            ("port", "add", grammar::PORT),
            ("tunnel", "add", grammar::TUNNEL),
            ("route", "add", grammar::ROUTE),
            ("service", "add", grammar::SERVICE),
            ("server", "add", grammar::SERVER),
            ("binding", "add", grammar::BINDING),
            ("settings", "set", grammar::SETTINGS),
            ("shape", "add", grammar::SHAPE),
            ("flow", "show", FILTER),
            ("trace", "", TRACE_FILTER),
        ] {
            let page = find(object).unwrap();
            for keyword in keywords {
                assert!(page.usage.contains(keyword), "{object} {keyword}");
                assert!(
                    offered(object, verb).contains(keyword),
                    "{object} {keyword}"
                );
                let term = |(term, _): &(&str, &str)| term.split(' ').any(|w| w == *keyword);
                assert!(page.terms.iter().any(term), "{object} {keyword}");
            }
        }
    }

    #[test]
    fn usages_fit_a_terminal() {
        for page in ALL {
            for line in page.usage.lines() {
                assert!(line.len() <= 80, "{line}");
            }
        }
    }
}
