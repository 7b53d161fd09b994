// SPDX-License-Identifier: GPL-2.0

//! The command as it is run, as far as that needs no module: wrong words, files, help,
//! closed pipes and full disks.

use std::fs::{self, File};
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

fn slr(words: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_slr"));
    command.args(words.split_whitespace());
    command
}

fn run(words: &str) -> Output {
    slr(words).output().unwrap()
}

fn fed(words: &str, input: &str) -> Output {
    let mut child = slr(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    child.wait_with_output().unwrap()
}

/// Nothing on standard output, one sentence on standard error.
#[track_caller]
fn says(output: &Output, status: i32, text: &str) {
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{error}");
    assert!(output.stdout.is_empty());
    assert!(error.starts_with("Error: "), "{error}");
    assert!(error.ends_with(".\n"), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(error.contains(text), "{error}");
}

#[test]
fn wrong_words_are_told_without_a_module() {
    for (words, text) in [
        ("", "try \"slr help\""),
        ("-x port", "-x"),
        ("nothing", "\"nothing\" is unknown"),
        ("serv show", "\"serv\" is unknown"),
        ("service frob", "try \"slr service help\""),
        ("service add", "SERVICE is missing"),
        ("service add 203.0.113.300:80", "203.0.113.300"),
        ("service add 203.0.113.1:65536", "65536"),
        ("service add 203.0.113.1:80 colour red", "colour"),
        ("service add 203.0.113.1:80 scheduler best", "maglev"),
        ("service del 203.0.113.1:80 flows kill", "keep, reset"),
        ("server add 10.0.0.1 weight", "weight lacks its value"),
        ("server add 10.0.0.1 weight many", "weight"),
        ("server add 10.0.0.1 weight 1 weight 2", "twice"),
        ("server add 10.0.0.1 service", "service lacks its value"),
        ("server set 10.0.0.1 flows", "flows lacks its value"),
        ("binding add 203.0.113.1:80", "SERVER is missing"),
        ("binding add 203.0.113.1:80 10.0.0.1 snat maybe", "maybe"),
        ("port add", "DEV is missing"),
        ("port add lo side left", "any, client, server"),
        ("flow show client 10.0.0.0/99", "prefix length"),
        ("settings set", "flows-max or require-secure is missing"),
        ("stats show a b", "one word too many"),
        ("monitor everything", "all, config, health"),
        ("explain from 10.0.0.1", "to ADDR"),
        ("conf load", "FILE is missing"),
        ("conf show x", "one word too many"),
        ("host accept", "PREFIX is missing"),
        ("host accept ::/0", "all addresses"),
        ("completions tcsh", "bash, zsh, fish"),
        ("-b x port show", "no other command"),
    ] {
        says(&run(words), 2, text);
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    for (words, text) in [
        ("server add 10.0.0.1 weight 70000", "0..=65535"),
        ("service add 203.0.113.1 table-size 4094", "prime"),
        ("binding add 203.0.113.1 fd00::1", "IPv6"),
        ("server add fd00::1 service 203.0.113.1", "IPv6"),
        ("port add no-such-dev", "\"no-such-dev\" does not exist"),
        ("-n no-such-ns port show", "no-such-ns"),
        ("conf load /no/such/file", "/no/such/file"),
        ("-b /no/such/file", "/no/such/file"),
    ] {
        says(&run(words), 1, text);
    }
}

#[test]
fn help_goes_to_standard_output() {
    for words in ["help", "-h", "-help", "service help", "conf help", "-V"] {
        let output = run(words);
        assert!(output.status.success(), "{words}");
        assert!(!output.stdout.is_empty(), "{words}");
        assert!(output.stderr.is_empty(), "{words}");
    }
    assert_eq!(
        run("-V").stdout,
        format!("slr {}\n", env!("CARGO_PKG_VERSION")).into_bytes()
    );
}

#[test]
fn every_error_of_a_file() {
    let file = "service 203.0.113.1:80\nservice 203.0.113.1:80\nserver 10.0.0.300\n";
    for command in ["check", "load", "sync"] {
        let output = fed(&format!("conf {command} -"), file);
        assert_eq!(output.status.code(), Some(1));
        let error = String::from_utf8(output.stderr).unwrap();
        let expected = "\
Error: stdin:2:9: service 203.0.113.1:80/tcp exists already, in line 1.
    service 203.0.113.1:80
            ^^^^^^^^^^^^^^
Error: stdin:3:8: \"10.0.0.300\" is not an IPv4 or IPv6 address.
    server 10.0.0.300
           ^^^^^^^^^^
";
        assert_eq!(error, expected);
    }
}

#[test]
fn a_file_that_is_no_text() {
    let path = scratch("binary");
    fs::write(&path, b"port eth0\nport \xff\n").unwrap();
    let output = run(&format!("conf check {}", path.display()));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("binary:2:6: this is not UTF-8"), "{error}");
    fs::remove_file(path).unwrap();
}

#[test]
fn a_batch_names_the_line() {
    let batch = "# nothing\n\nserver add \\\n 10.0.0.1 weight x\nfoo\n";
    says(&fed("-b -", batch), 2, "stdin:3: weight");
    let output = fed("-force -b -", batch);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(error.lines().count(), 2, "{error}");
    assert!(error.contains("stdin:5: object \"foo\""), "{error}");
    assert!(fed("-b -", "# nothing\n").status.success());
}

#[test]
fn a_full_disk_is_told_and_a_closed_pipe_is_not() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    let output = slr("help").stdout(full).stderr(Stdio::piped()).spawn();
    says(
        &output.unwrap().wait_with_output().unwrap(),
        1,
        "No space left",
    );
    let (reader, writer) = UnixStream::pair().unwrap();
    drop(reader);
    let mut command = slr("completions bash");
    command.stdout(OwnedFd::from(writer)).stderr(Stdio::piped());
    let output = command.spawn().unwrap().wait_with_output().unwrap();
    assert!(output.status.success());
    assert!(output.stderr.is_empty());
}

#[test]
fn completions_and_manual_pages() {
    for shell in ["bash", "zsh", "fish"] {
        let script = run(&format!("completions {shell}")).stdout;
        let script = String::from_utf8(script).unwrap();
        for word in ["service", "scheduler", "maglev", "snat", "sync", "netns"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    let directory = scratch("man");
    assert!(run(&format!("man {}", directory.display()))
        .status
        .success());
    for page in ["slr", "slr-service", "slr-conf"] {
        assert!(directory.join(format!("{page}.8")).exists());
    }
    fs::remove_dir_all(directory).unwrap();
}

fn scratch(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("slr-test-{}-{name}", std::process::id()))
}
