// SPDX-License-Identifier: GPL-2.0

//! A synchronous generic netlink socket.
//!
//! One request is under way at a time, or one window of a batch. The kernel handles a
//! request inside `send`, so when `send` returns all acknowledgements are queued on the
//! socket, and what limits a window is room in the receive buffer. Only the last message
//! of a window asks for an acknowledgement: the others speak up by failing.

use std::io;

use netlink_packet_core::{
    NetlinkBuffer, NetlinkDeserializable, NetlinkHeader, NetlinkMessage, NetlinkPayload,
    NetlinkSerializable, NLM_F_ACK, NLM_F_DUMP, NLM_F_DUMP_INTR, NLM_F_REQUEST,
};
use netlink_packet_generic::ctrl::nlas::{GenlCtrlAttrs, McastGrpAttrs};
use netlink_packet_generic::ctrl::{GenlCtrl, GenlCtrlCmd};
use netlink_packet_generic::GenlMessage;
use nix::errno::Errno;

use crate::error::{refused, Error};
use crate::extack::Extack;
use crate::message::Request;
use crate::refusal::Refusal;
use crate::transport::{Kernel, Transport};
use crate::uapi;

/// Bytes and messages of a window.
const WINDOW_BYTES: usize = 128 << 10;
const WINDOW_MESSAGES: usize = 1024;
/// The kernel fills at most 32 KiB of a reader's buffer in a dump.
const READ_BUFFER: usize = 64 << 10;

/// A message of the family as netlink-packet-core has it.
type Message = NetlinkMessage<GenlMessage<Request>>;

/// The family as the kernel numbers it.
struct Family {
    id: u16,
    groups: Vec<(String, u32)>,
}

/// A socket of the family.
pub struct Socket {
    transport: Box<dyn Transport>,
    sequence: u32,
    family: Family,
    buffer: Vec<u8>,
}

/// What a message that came in is, to whoever waits for it.
enum Incoming<T> {
    /// A reply, or a part of a dump that the flag calls interrupted.
    Reply(T, bool),
    /// The end, of a dump that may have been interrupted.
    End(bool),
    /// A refusal.
    Failure(i32, Extack),
}

impl Socket {
    /// Opens one and finds the family.
    pub fn open() -> Result<Self, Error> {
        Self::over(Box::new(Kernel::open()?))
    }

    /// Finds the family over that transport.
    pub fn over(transport: Box<dyn Transport>) -> Result<Self, Error> {
        let mut socket = Self {
            transport,
            sequence: 0,
            family: Family {
                id: 0,
                groups: Vec::new(),
            },
            buffer: vec![0; READ_BUFFER],
        };
        socket.family = socket.find_family()?;
        Ok(socket)
    }

    /// One request, and its replies up to the acknowledgement.
    pub fn call(&mut self, request: &Request) -> Result<Vec<Request>, Error> {
        let message = self.message(request.clone(), NLM_F_REQUEST | NLM_F_ACK);
        let sequence = self.send([message])?;
        let mut replies = Vec::new();
        self.collect(sequence, request, |reply| {
            replies.push(reply);
            Ok(())
        })?;
        Ok(replies)
    }

    /// One request and many replies. Returns whether the kernel says that the objects
    /// changed meanwhile.
    pub fn dump(
        &mut self,
        request: &Request,
        each: impl FnMut(Request) -> Result<(), Error>,
    ) -> Result<bool, Error> {
        let message = self.message(request.clone(), NLM_F_REQUEST | NLM_F_DUMP);
        let sequence = self.send([message])?;
        self.collect(sequence, request, each)
    }

    /// Many requests that have no reply, in few system calls. Goes on behind a failure
    /// to the end of its window, then stops. Returns the failures by position.
    pub fn batch(&mut self, requests: &[Request]) -> Result<Vec<(usize, Refusal)>, Error> {
        let mut failures = Vec::new();
        let mut start = 0;
        while start < requests.len() && failures.is_empty() {
            let end = start + window(&requests[start..]);
            self.send_window(&requests[start..end], start, &mut failures)?;
            start = end;
        }
        Ok(failures)
    }

    /// Joins a multicast group.
    pub fn subscribe(&mut self, group: &str) -> Result<(), Error> {
        let Some((_, id)) = self.family.groups.iter().find(|(name, _)| name == group) else {
            return Err(Error::Decode(format!("it has no group \"{group}\"")));
        };
        match self.transport.join(*id) {
            Err(e) if e.kind() == io::ErrorKind::PermissionDenied => Err(Error::NotPermitted),
            other => Ok(other?),
        }
    }

    /// Waits for notifications and passes on all that came at once.
    pub fn notifications(
        &mut self,
        mut each: impl FnMut(Request) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let length = match self.receive() {
            Err(Error::Socket(e)) if e.raw_os_error() == Some(Errno::ENOBUFS as i32) => {
                return Err(Error::EventsLost)
            }
            length => length?,
        };
        for (_, incoming) in parse::<GenlMessage<Request>>(&self.buffer[..length])? {
            if let Incoming::Reply(message, _) = incoming {
                each(message.into_parts().1)?;
            }
        }
        Ok(())
    }

    fn find_family(&mut self) -> Result<Family, Error> {
        let message = NetlinkMessage::from(GenlMessage::from_payload(GenlCtrl {
            cmd: GenlCtrlCmd::GetFamily,
            nlas: vec![GenlCtrlAttrs::FamilyName(uapi::FAMILY.to_owned())],
        }));
        let sequence = self.send([with_flags(message, NLM_F_REQUEST | NLM_F_ACK)])?;
        let mut family = Family {
            id: 0,
            groups: Vec::new(),
        };
        let read = |reply: GenlMessage<GenlCtrl>| {
            for attr in reply.payload.nlas {
                match attr {
                    GenlCtrlAttrs::FamilyId(id) => family.id = id,
                    GenlCtrlAttrs::McastGroups(groups) => {
                        family.groups = groups.into_iter().filter_map(group).collect();
                    }
                    _ => {}
                }
            }
            Ok(())
        };
        match self.wait(sequence, read)? {
            Ok(_) => Ok(family),
            Err((errno, _)) if errno == Errno::ENOENT as i32 => Err(Error::NotLoaded),
            Err((errno, _)) => Err(io::Error::from_raw_os_error(errno).into()),
        }
    }

    fn message(&self, request: Request, flags: u16) -> Message {
        let mut message = GenlMessage::from_payload(request);
        message.set_resolved_family_id(self.family.id);
        with_flags(NetlinkMessage::from(message), flags)
    }

    /// Sends messages in one system call and returns the number of the last of them.
    fn send<T: NetlinkSerializable>(
        &mut self,
        messages: impl IntoIterator<Item = NetlinkMessage<T>>,
    ) -> Result<u32, Error> {
        let mut bytes = Vec::new();
        for mut message in messages {
            self.sequence = self.sequence.wrapping_add(1);
            message.header.sequence_number = self.sequence;
            message.finalize();
            let start = bytes.len();
            bytes.resize(start + message.buffer_len(), 0);
            message.serialize(&mut bytes[start..]);
            bytes.resize(bytes.len().next_multiple_of(4), 0);
        }
        self.transport.send(&bytes)?;
        Ok(self.sequence)
    }

    fn receive(&mut self) -> Result<usize, Error> {
        Ok(self.transport.receive(&mut self.buffer)?)
    }

    /// Passes on the replies to one request; the failure of that request is the inner
    /// error. Answers to earlier requests are stale and skipped.
    fn wait<T: NetlinkDeserializable>(
        &mut self,
        sequence: u32,
        mut each: impl FnMut(T) -> Result<(), Error>,
    ) -> Result<Result<bool, (i32, Extack)>, Error> {
        let mut interrupted = false;
        loop {
            let length = self.receive()?;
            for (header, incoming) in parse::<T>(&self.buffer[..length])? {
                if header.sequence_number != sequence {
                    continue;
                }
                match incoming {
                    Incoming::Reply(reply, flag) => {
                        interrupted |= flag;
                        each(reply)?;
                    }
                    Incoming::End(flag) => return Ok(Ok(interrupted | flag)),
                    Incoming::Failure(errno, extack) => return Ok(Err((errno, extack))),
                }
            }
        }
    }

    fn collect(
        &mut self,
        sequence: u32,
        request: &Request,
        mut each: impl FnMut(Request) -> Result<(), Error>,
    ) -> Result<bool, Error> {
        let read = |reply: GenlMessage<Request>| each(reply.into_parts().1);
        self.wait(sequence, read)?
            .map_err(|(errno, extack)| refused(refusal(errno, extack, request)))
    }

    fn send_window(
        &mut self,
        requests: &[Request],
        start: usize,
        failures: &mut Vec<(usize, Refusal)>,
    ) -> Result<(), Error> {
        let last = requests.len() - 1;
        let flags = |i| if i == last { NLM_F_ACK } else { 0 };
        let messages: Vec<_> = requests
            .iter()
            .enumerate()
            .map(|(i, request)| self.message(request.clone(), NLM_F_REQUEST | flags(i)))
            .collect();
        let end = self.send(messages)?;
        loop {
            let length = self.receive()?;
            for (header, incoming) in parse::<GenlMessage<Request>>(&self.buffer[..length])? {
                let behind = end.wrapping_sub(header.sequence_number) as usize;
                let Some(i) = last.checked_sub(behind) else {
                    continue;
                };
                if let Incoming::Failure(errno, extack) = incoming {
                    failures.push((start + i, refusal(errno, extack, &requests[i])));
                }
                if i == last {
                    return Ok(());
                }
            }
        }
    }
}

/// How many requests fit into one window.
fn window(requests: &[Request]) -> usize {
    let mut bytes = 0;
    let fits = |request: &&Request| {
        bytes += request.attributes.len() + 20;
        bytes <= WINDOW_BYTES
    };
    let count = requests.iter().take(WINDOW_MESSAGES).take_while(fits);
    count.count().max(1)
}

fn group(attrs: Vec<McastGrpAttrs>) -> Option<(String, u32)> {
    let mut name = None;
    let mut id = None;
    for attr in attrs {
        match attr {
            McastGrpAttrs::Name(n) => name = Some(n),
            McastGrpAttrs::Id(i) => id = Some(i),
        }
    }
    name.zip(id)
}

fn with_flags<T>(mut message: NetlinkMessage<T>, flags: u16) -> NetlinkMessage<T> {
    message.header.flags = flags;
    message
}

fn refusal(errno: i32, extack: Extack, request: &Request) -> Refusal {
    match uapi::op(request.command) {
        Some(op) => Refusal::new(errno, extack, op.set, &request.attributes),
        None => Refusal {
            errno,
            text: extack.text,
        },
    }
}

/// Takes one datagram apart.
fn parse<T: NetlinkDeserializable>(
    mut bytes: &[u8],
) -> Result<Vec<(NetlinkHeader, Incoming<T>)>, Error> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let length = NetlinkBuffer::new_checked(bytes)?.length() as usize;
        let message = NetlinkMessage::<T>::deserialize(&bytes[..length])?;
        let header = message.header;
        let interrupted = header.flags & NLM_F_DUMP_INTR != 0;
        let incoming = match message.payload {
            NetlinkPayload::InnerMessage(reply) => Incoming::Reply(reply, interrupted),
            NetlinkPayload::Error(error) => match error.code {
                None => Incoming::End(false),
                Some(code) => Incoming::Failure(
                    code.get().saturating_neg(),
                    Extack::parse(header.flags, &error.header),
                ),
            },
            NetlinkPayload::Done(done) => match done.code {
                code if code >= 0 => Incoming::End(interrupted),
                code => Incoming::Failure(code.saturating_neg(), Extack::read(&done.extended_ack)),
            },
            NetlinkPayload::Overrun(_) => {
                return Err(io::Error::from_raw_os_error(Errno::ENOBUFS as i32).into())
            }
            _ => {
                bytes = rest(bytes, length);
                continue;
            }
        };
        all.push((header, incoming));
        bytes = rest(bytes, length);
    }
    Ok(all)
}

fn rest(bytes: &[u8], length: usize) -> &[u8] {
    bytes.get(length.next_multiple_of(4)..).unwrap_or_default()
}
