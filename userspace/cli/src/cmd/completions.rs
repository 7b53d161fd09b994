// SPDX-License-Identifier: GPL-2.0

//! `slr completions`: a script that completes words for a shell.

use clap_complete::aot::{generate, Shell};
use slr_config::Words;

use crate::args;
use crate::context::Context;
use crate::failure::Failure;
use crate::page;

pub fn run(context: &mut Context, mut words: Words<'_>) -> Result<(), Failure> {
    let shell = words.name("SHELL", |name| match name {
        "bash" => Ok(Shell::Bash),
        "zsh" => Ok(Shell::Zsh),
        "fish" => Ok(Shell::Fish),
        _ => Err(format!("\"{name}\" is none of: bash, zsh, fish")),
    })?;
    words.end()?;
    Ok(context.printer.raw(&script(shell))?)
}

/// The script for a shell.
pub fn script(shell: Shell) -> String {
    let mut script = Vec::new();
    generate(shell, &mut args::described(), "slr", &mut script);
    let mut script = String::from_utf8_lossy(&script).into_owned();
    if shell == Shell::Fish {
        script += &fish_words();
    }
    script
}

/// The words behind a command, which clap_complete leaves out for this shell.
fn fish_words() -> String {
    let mut lines = String::new();
    for page in page::ALL {
        for (verb, words) in page.verbs.iter().filter(|(_, words)| !words.is_empty()) {
            let mut seen = format!("__fish_seen_subcommand_from {}", page.name);
            if !verb.is_empty() {
                seen += &format!("; and __fish_seen_subcommand_from {verb}");
            }
            if *words != ["FILE"] {
                let words = words.join(" ");
                lines += &format!("complete -c slr -n \"{seen}\" -f -a \"{words}\"\n");
            }
        }
    }
    lines
}
