// SPDX-License-Identifier: GPL-2.0

//! The options, in iproute2's manner: `-json` and `-j` are the same, and they stand
//! before the object.

use std::ffi::OsString;

use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::failure::Failure;
use crate::page::{self, Page};

/// What was asked for.
#[derive(Clone, Debug, Default)]
pub struct Args {
    /// JSON in place of text.
    pub json: bool,
    /// JSON for people.
    pub pretty: bool,
    /// Counters too.
    pub statistics: bool,
    /// Defaults and explanations too.
    pub details: bool,
    /// Time in front of events.
    pub timestamp: bool,
    /// Network namespace to work in.
    pub netns: Option<String>,
    /// File of commands.
    pub batch: Option<String>,
    /// A batch goes on behind a failure.
    pub force: bool,
    /// Print the version.
    pub version: bool,
    /// Print the usage.
    pub help: bool,
    /// Object, command and its words.
    pub words: Vec<String>,
}

fn flag(name: &'static str, short: Option<char>, help: &'static str) -> Arg {
    let arg = Arg::new(name).long(name).action(ArgAction::SetTrue);
    let arg = arg.help(help);
    match short {
        Some(short) => arg.short(short),
        None => arg,
    }
}

/// The options alone.
fn options() -> Command {
    let netns = Arg::new("netns")
        .short('n')
        .long("netns")
        .value_name("NAME")
        .help("Work in the network namespace NAME, as named by ip netns");
    let batch = Arg::new("batch")
        .short('b')
        .long("batch")
        .value_name("FILE")
        .value_hint(clap::ValueHint::FilePath)
        .help("Run the commands of FILE, or of standard input if it is -, line by line");
    Command::new("slr")
        .disable_help_flag(true)
        .disable_help_subcommand(true)
        .disable_version_flag(true)
        .arg(flag("json", Some('j'), "Print JSON"))
        .arg(flag("pretty", Some('p'), "Print JSON for people, with -j"))
        .arg(flag("statistics", Some('s'), "Show counters too"))
        .arg(flag(
            "details",
            Some('d'),
            "Show defaults and explanations too",
        ))
        .arg(flag(
            "timestamp",
            Some('t'),
            "Print the time of events, with monitor",
        ))
        .arg(netns)
        .arg(batch)
        .arg(flag("force", None, "Go on behind a failure, with -b"))
        .arg(flag("version", Some('V'), "Print the version"))
        .arg(flag("help", Some('h'), "Print the usage"))
}

/// The command as it is parsed: behind the options only words, which `cmd` understands.
fn parser() -> Command {
    options().arg(Arg::new("words").num_args(0..).trailing_var_arg(true))
}

/// The command as it is described: a subcommand for each object and each of its commands,
/// for completions and manual pages.
pub fn described() -> Command {
    let about = "Control the service-level router";
    page::ALL
        .iter()
        .filter(|page| !page.verbs.is_empty())
        .fold(options().about(about), |command, page| {
            command.subcommand(described_object(page))
        })
        .subcommand(
            Command::new("completions")
                .about("Print a script that completes words for a shell")
                .arg(words(&["bash", "zsh", "fish"])),
        )
}

fn described_object(page: &Page) -> Command {
    let object = Command::new(page.name)
        .about(page.summary)
        .disable_help_flag(true)
        .disable_help_subcommand(true);
    match page.verbs {
        [("", keywords)] => object.arg(words(keywords)),
        verbs => verbs.iter().fold(object, |object, (verb, keywords)| {
            let verb = Command::new(*verb).disable_help_flag(true);
            object.subcommand(match *keywords {
                [] => verb,
                ["FILE"] => verb.arg(Arg::new("FILE").value_hint(clap::ValueHint::FilePath)),
                keywords => verb.arg(words(keywords)),
            })
        }),
    }
}

fn words(keywords: &'static [&'static str]) -> Arg {
    Arg::new("words")
        .num_args(0..)
        .value_parser(keywords.to_vec())
}

/// Options that may be written with one dash, as iproute2's are.
const LONG: &[&str] = &[
    "json",
    "pretty",
    "statistics",
    "details",
    "timestamp",
    "netns",
    "batch",
    "force",
    "version",
    "help",
];

/// Adds the second dash to options of more than a letter.
fn two_dashes(args: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut all = Vec::new();
    let mut before_object = true;
    let mut value = false;
    for (i, arg) in args.enumerate() {
        let text = arg.to_string_lossy().into_owned();
        if i == 0 || value || !before_object {
            value = false;
            all.push(arg);
            continue;
        }
        before_object = text.len() > 1 && text.starts_with('-') && text != "--";
        let name = text.trim_start_matches('-');
        value = matches!(name, "n" | "netns" | "b" | "batch");
        all.push(match text.strip_prefix('-') {
            Some("Version") => "--version".into(),
            Some("stats") => "--statistics".into(),
            Some(name) if LONG.contains(&name) => format!("--{name}").into(),
            _ => arg,
        });
    }
    all
}

/// Takes the options apart from the words.
pub fn parse(args: impl Iterator<Item = OsString>) -> Result<Args, Failure> {
    let matches = parser().try_get_matches_from(two_dashes(args));
    let matches = matches.map_err(|error| {
        let text = error.render().to_string();
        let first = text.lines().next().unwrap_or_default();
        let first = first.strip_prefix("error: ").unwrap_or(first);
        Failure::usage(format!("{first}, try \"slr help\""))
    })?;
    let args = read(&matches);
    if args.batch.is_some() && !args.words.is_empty() {
        return Err(Failure::usage("-b takes no other command"));
    }
    Ok(args)
}

fn read(matches: &ArgMatches) -> Args {
    let text = |name| matches.get_one::<String>(name).cloned();
    let words = matches.get_many::<String>("words").unwrap_or_default();
    Args {
        json: matches.get_flag("json"),
        pretty: matches.get_flag("pretty"),
        statistics: matches.get_flag("statistics"),
        details: matches.get_flag("details"),
        timestamp: matches.get_flag("timestamp"),
        netns: text("netns"),
        batch: text("batch"),
        force: matches.get_flag("force"),
        version: matches.get_flag("version"),
        help: matches.get_flag("help"),
        words: words.cloned().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(line: &str) -> Result<Args, Failure> {
        parse(line.split(' ').map(OsString::from))
    }

    #[test]
    fn both_ways_to_write_an_option() {
        for line in [
            "slr -j -p -s -n x port",
            "slr -json -pretty -statistics -netns x port",
        ] {
            let args = args(line).unwrap();
            assert!(args.json && args.pretty && args.statistics && !args.details);
            assert_eq!(args.netns.as_deref(), Some("x"));
            assert_eq!(args.words, ["port"]);
        }
        assert!(args("slr -V").unwrap().version);
        assert!(args("slr -Version").unwrap().version);
        assert!(args("slr -force -b -").unwrap().force);
    }

    #[test]
    fn words_are_left_alone() {
        let args = args("slr service show -json").unwrap();
        assert!(!args.json);
        assert_eq!(args.words, ["service", "show", "-json"]);
    }

    #[test]
    fn wrong_options() {
        assert!(matches!(args("slr -x"), Err(Failure::Usage(_))));
        assert!(matches!(args("slr -n"), Err(Failure::Usage(_))));
        assert!(matches!(args("slr -b x port show"), Err(Failure::Usage(_))));
    }

    #[test]
    fn the_description_is_sound() {
        described().debug_assert();
        parser().debug_assert();
    }
}
