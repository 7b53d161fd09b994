// SPDX-License-Identifier: GPL-2.0

//! One model, two renderers.
//!
//! An [`Item`] is what is known of one object: fields in order, each with its JSON value
//! and, unless it is for machines only, its text. As text the first row is in the words
//! that make the object again, and the rows below it say what is the case. JSON has the
//! raw value of every field.

use std::fmt::Display;
use std::io::{self, BufWriter, Write};

use serde::Serialize;
use serde_json::{Map, Value};

/// Columns that a line of text may take.
const WIDTH: usize = 100;
/// Bytes that go out at once.
const BUFFER: usize = 64 << 10;
/// What stands before the rows that belong to the line above.
const INDENT: &str = "    ";

/// What is known of one object.
#[derive(Clone, Debug, Default)]
pub struct Item {
    /// Each of phrases that stay on one line.
    rows: Vec<Vec<String>>,
    json: Map<String, Value>,
}

/// As JSON. Nothing that is printed can fail to become JSON: keys are text, and numbers
/// are whole.
fn json(value: impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}

impl Item {
    /// An object by its name.
    pub fn named(key: &str, name: impl Display) -> Self {
        let name = name.to_string();
        let mut item = Self::default();
        item.json.insert(key.into(), name.clone().into());
        item.rows.push(vec![name]);
        item
    }

    /// The same item with the fields of another before its own, in the JSON only.
    pub fn after(mut self, mut head: Self) -> Self {
        head.json.append(&mut self.json);
        self.json = head.json;
        self
    }

    /// A word of the first row, in the text only.
    pub fn word(mut self, word: impl Display) -> Self {
        self.add(0, word);
        self
    }

    /// Phrases of the first row, in the text only.
    pub fn phrases(mut self, phrases: Vec<String>) -> Self {
        phrases.into_iter().for_each(|phrase| self.add(0, phrase));
        self
    }

    /// Fields, in the JSON only.
    pub fn fields(mut self, fields: impl Serialize) -> Self {
        if let Value::Object(fields) = json(fields) {
            self.json.extend(fields);
        }
        self
    }

    /// One field, in the JSON only.
    pub fn field(mut self, key: &str, value: impl Serialize) -> Self {
        self.json.insert(key.into(), json(value));
        self
    }

    /// One field in both: `key value` in that row, if there is a value.
    pub fn show<T: Serialize>(self, row: usize, key: &str, value: Option<T>) -> Self {
        self.show_as(row, key, value, |value| match json(value) {
            Value::String(text) => text,
            other => other.to_string(),
        })
    }

    /// One field in both, of which people see something else than machines.
    pub fn show_as<T: Serialize>(
        mut self,
        row: usize,
        key: &str,
        value: Option<T>,
        text: impl FnOnce(&T) -> String,
    ) -> Self {
        if let Some(value) = value {
            self.add(row, format!("{key} {}", text(&value)));
            self.json.insert(key.into(), json(value));
        }
        self
    }

    /// One field in the text only.
    pub fn text<T: Display>(mut self, row: usize, key: &str, value: Option<T>) -> Self {
        if let Some(value) = value {
            self.add(row, format!("{key} {value}"));
        }
        self
    }

    /// As JSON alone.
    pub fn into_json(self) -> Value {
        Value::Object(self.json)
    }

    fn add(&mut self, row: usize, phrase: impl Display) {
        if self.rows.len() <= row {
            self.rows.resize(row + 1, Vec::new());
        }
        self.rows[row].push(phrase.to_string());
    }

    /// As lines of text.
    fn lines(&self, before: &str) -> Vec<String> {
        let mut lines = Vec::new();
        for (i, row) in self.rows.iter().filter(|row| !row.is_empty()).enumerate() {
            let first = if i == 0 { before } else { INDENT };
            wrap(first, row, &mut lines);
        }
        lines
    }
}

/// Breaks a row between phrases where it gets too wide.
fn wrap(first: &str, row: &[String], lines: &mut Vec<String>) {
    let mut line = first.to_owned();
    let mut empty = true;
    for phrase in row {
        if !empty && line.len() + 1 + phrase.len() > WIDTH {
            lines.push(std::mem::replace(&mut line, INDENT.repeat(2)));
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(phrase);
        empty = false;
    }
    lines.push(line);
}

/// How things are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Words.
    Text,
    /// JSON on one line.
    Json,
    /// JSON for people.
    Pretty,
}

/// Prints to standard output.
pub struct Printer {
    out: BufWriter<Box<dyn Write>>,
    format: Format,
    /// Items of the list so far.
    count: usize,
}

impl Printer {
    /// Prints in that format.
    pub fn new(format: Format) -> Self {
        Self::to(Box::new(io::stdout()), format)
    }

    fn to(out: Box<dyn Write>, format: Format) -> Self {
        Self {
            out: BufWriter::with_capacity(BUFFER, out),
            format,
            count: 0,
        }
    }

    /// JSON is asked for.
    pub fn is_json(&self) -> bool {
        self.format != Format::Text
    }

    /// A list begins.
    pub fn open(&mut self) -> io::Result<()> {
        self.count = 0;
        match self.format {
            Format::Text => Ok(()),
            Format::Json | Format::Pretty => self.out.write_all(b"["),
        }
    }

    /// An item of a list.
    pub fn item(&mut self, item: Item) -> io::Result<()> {
        let first = self.count == 0;
        self.count += 1;
        match self.format {
            Format::Text => self.text("", &item),
            Format::Json => {
                self.out.write_all(if first { b"" } else { b"," })?;
                Ok(serde_json::to_writer(&mut self.out, &item.into_json())?)
            }
            Format::Pretty => {
                let separator: &[u8] = if first { b"\n" } else { b",\n" };
                self.out.write_all(separator)?;
                let text = format!("{:#}", item.into_json());
                let text = text.replace('\n', "\n  ");
                write!(self.out, "  {text}")
            }
        }
    }

    /// The list ends.
    pub fn close(&mut self) -> io::Result<()> {
        match self.format {
            Format::Text => Ok(()),
            Format::Json => self.out.write_all(b"]\n"),
            Format::Pretty if self.count == 0 => self.out.write_all(b"]\n"),
            Format::Pretty => self.out.write_all(b"\n]\n"),
        }
    }

    /// A whole list.
    pub fn list(&mut self, items: impl IntoIterator<Item = Item>) -> io::Result<()> {
        self.open()?;
        for item in items {
            self.item(item)?;
        }
        self.close()
    }

    /// An item by itself, with words before it in the text.
    pub fn single(&mut self, before: &str, item: Item) -> io::Result<()> {
        match self.format {
            Format::Text => self.text(before, &item),
            _ => self.json(&item.into_json()),
        }
    }

    /// JSON by itself.
    pub fn json(&mut self, value: &Value) -> io::Result<()> {
        match self.format {
            Format::Pretty => writeln!(self.out, "{value:#}"),
            _ => writeln!(self.out, "{value}"),
        }
    }

    /// Text as it is.
    pub fn raw(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(text.as_bytes())
    }

    /// Everything goes out now.
    pub fn flush(&mut self) -> Result<(), crate::Failure> {
        Ok(self.out.flush()?)
    }

    fn text(&mut self, before: &str, item: &Item) -> io::Result<()> {
        for line in item.lines(before) {
            writeln!(self.out, "{line}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn printed(format: Format, items: Vec<Item>) -> String {
        let out = Shared::default();
        let mut printer = Printer::to(Box::new(out.clone()), format);
        printer.list(items).unwrap();
        printer.flush().unwrap();
        let bytes = out.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    fn item() -> Item {
        Item::named("server", "10.0.0.1:80")
            .phrases(vec!["weight 3".into()])
            .field("weight", 3)
            .show(1, "condition", Some("up"))
            .show(1, "drain-left", None::<u32>)
            .show_as(1, "rtt", Some(1500), |us| format!("{}ms", us / 1000))
    }

    #[test]
    fn both_renderers() {
        let text = "10.0.0.1:80 weight 3\n    condition up rtt 1ms\n";
        assert_eq!(printed(Format::Text, vec![item()]), text);
        let json = r#"{"server":"10.0.0.1:80","weight":3,"condition":"up","rtt":1500}"#;
        assert_eq!(printed(Format::Json, vec![item()]), format!("[{json}]\n"));
        assert_eq!(
            printed(Format::Json, vec![item(), item()]),
            format!("[{json},{json}]\n")
        );
        let pretty = printed(Format::Pretty, vec![item(), item()]);
        let value: Value = serde_json::from_str(&pretty).unwrap();
        assert_eq!(value[1]["rtt"], 1500);
        assert_eq!(printed(Format::Json, vec![]), "[]\n");
        assert_eq!(printed(Format::Pretty, vec![]), "[]\n");
        assert_eq!(printed(Format::Text, vec![]), "");
    }

    #[test]
    fn wide_rows_are_broken() {
        let item = Item::named("x", "y").phrases(vec!["timeout established 900".into(); 8]);
        let text = printed(Format::Text, vec![item]);
        assert!(text.lines().all(|line| line.len() <= WIDTH), "{text}");
        assert_eq!(text.lines().count(), 3);
        assert!(text.lines().nth(1).unwrap().starts_with("        timeout"));
    }
}
