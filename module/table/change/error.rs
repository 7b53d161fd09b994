// SPDX-License-Identifier: GPL-2.0

//! Why a change is refused: a kind, one sentence, and the attribute at fault.

use core::fmt::{self, Write};

use kernel::{alloc::AllocError, prelude::*};

use crate::kern::net::genetlink::errno;

/// What is wrong, in the terms that an errno can express.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// There is one already, or ports overlap (EEXIST).
    Exists,
    /// There is none (ENOENT).
    NotFound,
    /// Something refers to it (EBUSY).
    Busy,
    /// It makes no sense (EINVAL).
    Invalid,
    /// A number is out of its range (ERANGE).
    Range,
    /// The configuration that the change began from is no longer in force (ESTALE).
    Stale,
    /// No memory (ENOMEM).
    NoMemory,
    /// Not something that this version or this kernel does (EOPNOTSUPP).
    Unsupported,
}

impl Kind {
    /// The error number that says so.
    pub(crate) fn errno(self) -> Error {
        match self {
            Kind::Exists => EEXIST,
            Kind::NotFound => ENOENT,
            Kind::Busy => EBUSY,
            Kind::Invalid => EINVAL,
            Kind::Range => ERANGE,
            Kind::Stale => errno::estale(),
            Kind::NoMemory => ENOMEM,
            Kind::Unsupported => errno::eopnotsupp(),
        }
    }
}

/// The attribute at fault, by its name in the specification.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Attr {
    /// None in particular.
    None,
    Customer,
    From,
    Gateway,
    Id,
    Name,
    Vrf,
    Address,
    Protocol,
    Port,
    PortLast,
    /// The nest that names the object.
    Key,
    Service,
    Server,
    Backup,
    Snat,
    SnatFirst,
    SnatLast,
    SnatPort,
    Weight,
    Guard,
    Threshold,
    Hold,
    DrainTimeout,
    Scheduler,
    TableSize,
    Persist,
    PersistMask,
    Timeouts,
    State,
    Method,
    Tunnel,
    Ifindex,
    Ifname,
    Device,
    Side,
    FlowsMax,
}

/// Bytes of text an extended acknowledgement can carry.
const TEXT: usize = 79;

/// A refusal.
#[derive(Clone)]
pub(crate) struct ConfigError {
    pub(crate) kind: Kind,
    pub(crate) attr: Attr,
    len: u8,
    text: [u8; TEXT],
}

impl ConfigError {
    /// A refusal in the words of `text`, cut off after 79 bytes.
    pub(crate) fn new(kind: Kind, attr: Attr, text: fmt::Arguments<'_>) -> Self {
        let mut error = ConfigError {
            kind,
            attr,
            len: 0,
            text: [0; TEXT],
        };
        // Fails when the text is cut off, which leaves the beginning of the sentence.
        let _ = error.write_fmt(text);
        error
    }

    /// The sentence, without a final period.
    pub(crate) fn text(&self) -> &str {
        self.text
            .get(..self.len.into())
            .and_then(|text| core::str::from_utf8(text).ok())
            .unwrap_or("")
    }
}

impl Write for ConfigError {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        let room = self.text.get_mut(self.len.into()..).unwrap_or(&mut []);
        // All texts are ASCII, so that any cut is between two characters.
        let fits = part.len().min(room.len());
        for (to, from) in room.iter_mut().zip(part.bytes()) {
            *to = if from.is_ascii() { from } else { b'?' };
        }
        self.len = self.len.saturating_add(fits as u8);
        if fits < part.len() {
            return Err(fmt::Error);
        }
        Ok(())
    }
}

impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.kind, self.text())
    }
}

impl From<AllocError> for ConfigError {
    fn from(_: AllocError) -> Self {
        ConfigError::new(Kind::NoMemory, Attr::None, format_args!("out of memory"))
    }
}

/// What the operations of a change return.
pub(crate) type Result<T = ()> = core::result::Result<T, ConfigError>;

/// Shorthands for the commonest refusals.
pub(super) fn exists(attr: Attr, text: fmt::Arguments<'_>) -> ConfigError {
    ConfigError::new(Kind::Exists, attr, text)
}

/// There is no such thing.
pub(super) fn not_found(attr: Attr, text: fmt::Arguments<'_>) -> ConfigError {
    ConfigError::new(Kind::NotFound, attr, text)
}

/// Something refers to it.
pub(super) fn busy(attr: Attr, text: fmt::Arguments<'_>) -> ConfigError {
    ConfigError::new(Kind::Busy, attr, text)
}

/// It makes no sense.
pub(super) fn invalid(attr: Attr, text: fmt::Arguments<'_>) -> ConfigError {
    ConfigError::new(Kind::Invalid, attr, text)
}

/// A number is out of its range.
pub(super) fn range(attr: Attr, text: fmt::Arguments<'_>) -> ConfigError {
    ConfigError::new(Kind::Range, attr, text)
}
