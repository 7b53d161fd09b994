// SPDX-License-Identifier: GPL-2.0

//! `slr man DIR`: writes the manual pages, and the completions for bash as `slr.bash`. It
//! is for `make` and packagers, and not in the usage.

use std::fs;
use std::path::Path;

use clap_complete::aot::Shell;
use clap_mangen::roff::{bold, roman, Roff};
use clap_mangen::Man;
use slr_config::Words;
use slr_netlink::error::describe;

use super::completions;
use crate::args;
use crate::failure::Failure;
use crate::page::{self, Page};

pub fn run(mut words: Words<'_>) -> Result<(), Failure> {
    let directory = words.name("DIR", |name| Ok(name.to_owned()))?;
    words.end()?;
    let directory = Path::new(&directory);
    let failed = |path: &Path, e| Failure::failed(format!("{}: {}", path.display(), describe(&e)));
    fs::create_dir_all(directory).map_err(|e| failed(directory, e))?;
    let path = directory.join("slr.bash");
    let script = completions::script(Shell::Bash);
    fs::write(&path, script).map_err(|e| failed(&path, e))?;
    for page in page::ALL {
        let path = directory.join(format!("{}.8", title(page)));
        let text = render(page).map_err(|e| failed(&path, e))?;
        fs::write(&path, text).map_err(|e| failed(&path, e))?;
    }
    Ok(())
}

/// `slr`, `slr-port`, ...
fn title(page: &Page) -> String {
    match page.name {
        "slr" => "slr".into(),
        name => format!("slr-{name}"),
    }
}

fn render(page: &Page) -> std::io::Result<Vec<u8>> {
    let name = title(page);
    let command = args::described().display_name(&name).about(page.summary);
    let source = format!("slr {}", crate::VERSION);
    let man = Man::new(command)
        .title(name.to_uppercase())
        .section("8")
        .source(source)
        .manual("Service-level router");
    let mut out = Vec::new();
    man.render_title(&mut out)?;
    man.render_name_section(&mut out)?;
    synopsis(page).to_writer(&mut out)?;
    paragraphs("DESCRIPTION", page.description).to_writer(&mut out)?;
    if page.name == "slr" {
        man.render_options_section(&mut out)?;
    }
    terms(page.terms).to_writer(&mut out)?;
    examples(page.examples).to_writer(&mut out)?;
    if page.name == "slr" {
        paragraphs("EXIT STATUS", page::STATUS).to_writer(&mut out)?;
    }
    see_also(page).to_writer(&mut out)?;
    Ok(out)
}

/// The usage as it stands.
fn synopsis(page: &Page) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["SYNOPSIS"]);
    verbatim(&mut roff, &page.usage.replacen("Usage:", "      ", 1));
    roff
}

fn verbatim(roff: &mut Roff, text: &str) {
    roff.control("nf", []);
    for line in text.lines() {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
}

fn paragraphs(title: &str, texts: &[&str]) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", [title]);
    for text in texts {
        roff.control("PP", []);
        roff.text([roman(*text)]);
    }
    roff
}

fn terms(terms: &[(&str, &str)]) -> Roff {
    let mut roff = Roff::new();
    if !terms.is_empty() {
        roff.control("SH", ["WORDS"]);
    }
    for (term, text) in terms {
        roff.control("TP", []);
        roff.text([bold(*term)]);
        roff.text([roman(*text)]);
    }
    roff
}

fn examples(examples: &[(&str, &str)]) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["EXAMPLES"]);
    for (text, lines) in examples {
        roff.control("PP", []);
        roff.text([roman(*text)]);
        roff.control("PP", []);
        roff.control("RS", ["4"]);
        verbatim(&mut roff, lines);
        roff.control("RE", []);
    }
    roff
}

fn see_also(page: &Page) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["SEE ALSO"]);
    let others: Vec<_> = page::ALL
        .iter()
        .filter(|other| other.name != page.name)
        .map(|other| format!("{}(8)", title(other)))
        .collect();
    roff.text([roman(others.join(", "))]);
    roff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_has_its_sections() {
        for page in page::ALL {
            let text = String::from_utf8(render(page).unwrap()).unwrap();
            for section in [
                "NAME",
                "SYNOPSIS",
                "DESCRIPTION",
                "EXAMPLES",
                "\"SEE ALSO\"",
            ] {
                assert!(text.contains(&format!(".SH {section}\n")), "{text}");
            }
        }
    }
}
