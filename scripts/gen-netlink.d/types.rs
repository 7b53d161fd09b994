// SPDX-License-Identifier: GPL-2.0

/// How the payload of an attribute is read.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Present or absent.
    Flag,
    /// One byte.
    U8,
    /// Two bytes, host order.
    U16,
    /// Four bytes, host order.
    U32,
    /// Eight bytes, host order, aligned to four.
    U64,
    /// Text that ends in a zero byte.
    String,
    /// IPv4 (4 bytes) or IPv6 (16 bytes) address, network order.
    Address,
    /// Other bytes.
    Bytes,
    /// A value of an enumeration, as `U32`.
    Enum(&'static Enum),
    /// Attributes of another set.
    Nest(&'static AttrSet),
}

/// One attribute.
#[derive(Debug)]
pub struct Attr {
    /// Number on the wire.
    pub id: u16,
    /// Name, which is also the JSON key.
    pub name: &'static str,
    /// How its payload is read.
    pub kind: Kind,
    /// Least value, or least length of a string or address.
    pub min: Option<u64>,
    /// Greatest value, or greatest length.
    pub max: Option<u64>,
    /// It may come many times.
    pub multi: bool,
    /// What it says.
    pub doc: &'static str,
}

/// A space of attributes.
#[derive(Debug)]
pub struct AttrSet {
    /// Name.
    pub name: &'static str,
    /// Its attributes, in the order of their numbers.
    pub attrs: &'static [Attr],
}

impl AttrSet {
    /// The attribute of that number.
    pub fn by_id(&self, id: u16) -> Option<&'static Attr> {
        self.attrs.iter().find(|a| a.id == id)
    }

    /// The attribute of that name.
    pub fn by_name(&self, name: &str) -> Option<&'static Attr> {
        self.attrs.iter().find(|a| a.name == name)
    }
}

/// One value of an enumeration.
#[derive(Debug)]
pub struct Entry {
    /// Number on the wire.
    pub value: u32,
    /// Name, which is also the word of the command line.
    pub name: &'static str,
    /// What it means.
    pub doc: &'static str,
}

/// An enumeration.
#[derive(Debug)]
pub struct Enum {
    /// Name.
    pub name: &'static str,
    /// Its values, in ascending order.
    pub entries: &'static [Entry],
}

impl Enum {
    /// The name of a number.
    pub fn name_of(&self, value: u32) -> Option<&'static str> {
        self.entries
            .iter()
            .find(|e| e.value == value)
            .map(|e| e.name)
    }

    /// The number of a name.
    pub fn value_of(&self, name: &str) -> Option<u32> {
        self.entries
            .iter()
            .find(|e| e.name == name)
            .map(|e| e.value)
    }
}

/// What one way of calling an operation takes and gives: numbers of attributes.
#[derive(Debug)]
pub struct Call {
    /// Accepted in a request.
    pub request: &'static [u16],
    /// May be in a reply.
    pub reply: &'static [u16],
}

/// An operation or a notification.
#[derive(Debug)]
pub struct Op {
    /// Number on the wire.
    pub id: u8,
    /// Name.
    pub name: &'static str,
    /// The space of its attributes.
    pub set: &'static AttrSet,
    /// One request, one reply.
    pub doit: Option<Call>,
    /// One request, many replies.
    pub dump: Option<Call>,
    /// Of a notification, the group that it goes to.
    pub group: Option<&'static str>,
    /// What it does.
    pub doc: &'static str,
}

/// The operation of that number.
pub fn op(id: u8) -> Option<&'static Op> {
    OPS.iter().find(|o| o.id == id)
}
