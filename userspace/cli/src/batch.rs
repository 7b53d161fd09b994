// SPDX-License-Identifier: GPL-2.0

//! Commands out of a file, line by line as they come, each a change of its own.

use std::fs::File;
use std::io::{self, BufRead, BufReader};

use slr_config::file::lines;
use slr_netlink::error::describe;

use crate::cmd;
use crate::context::Context;
use crate::failure::Failure;

/// Runs them. Stops at the first that fails, unless `force`.
pub fn run(context: &mut Context, name: &str, force: bool) -> Result<(), Failure> {
    let failed = |error: io::Error| Failure::failed(format!("{name}: {}", describe(&error)));
    let mut input: Box<dyn BufRead> = match name {
        "-" => Box::new(BufReader::new(io::stdin())),
        _ => Box::new(BufReader::new(File::open(name).map_err(failed)?)),
    };
    let name = if name == "-" { "stdin" } else { name };
    let mut status = 0;
    let mut number = 1;
    let mut text = String::new();
    loop {
        let start = text.len();
        let length = input.read_line(&mut text).map_err(failed)?;
        let continued = text[start..].trim_end().ends_with('\\');
        if continued && length != 0 {
            continue;
        }
        if text.is_empty() {
            break;
        }
        for line in lines(&text) {
            let words: Vec<_> = line.iter().map(|word| word.text.to_owned()).collect();
            let first = line.first().map_or(0, |word| word.place.line - 1);
            match cmd::run(context, &words) {
                Ok(()) => {}
                Err(Failure::Closed) => return Err(Failure::Closed),
                Err(failure) => {
                    context.printer.flush()?;
                    failure.say(&format!("{name}:{}: ", number + first));
                    status = failure.status().max(status);
                }
            }
        }
        if status != 0 && !force {
            break;
        }
        number += text.lines().count();
        text.clear();
    }
    match status {
        0 => Ok(()),
        status => Err(Failure::Reported(status)),
    }
}
