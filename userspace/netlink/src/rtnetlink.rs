// SPDX-License-Identifier: GPL-2.0

//! Requests to rtnetlink, which has what slr leaves to the kernel's own machinery.

use std::io;

use netlink_packet_core::{NLM_F_DUMP, NLM_F_DUMP_INTR, NLM_F_REQUEST};
use netlink_sys::{protocols::NETLINK_ROUTE, Socket, SocketAddr};

use crate::error::{refused, Error};
use crate::extack::Extack;
use crate::refusal::Refusal;

/// What every answer may be (`include/uapi/linux/netlink.h`).
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;

/// Size of `struct nlmsghdr`, and of an error number behind it.
const HEADER: usize = 16;
const ERRNO: usize = 4;
/// The kernel fills at most 32 KiB of a reader's buffer in a dump.
const READ_BUFFER: usize = 64 << 10;

/// One request, and its acknowledgement.
pub(crate) fn call(kind: u16, flags: u16, body: &[u8]) -> Result<(), Error> {
    let socket = open()?;
    socket.send(&message(kind, flags, body), 0)?;
    let mut room = vec![0; READ_BUFFER];
    let length = receive(&socket, &mut room)?;
    match parse(&room[..length])?.first() {
        Some(Answer::End(errno, text)) => ended(*errno, text),
        _ => Err(no_sense("it is no acknowledgement")),
    }
}

/// One request and many replies, each handed on without its header. Returns whether the kernel
/// says that what it told of changed meanwhile.
pub(crate) fn dump(
    kind: u16,
    body: &[u8],
    mut each: impl FnMut(&[u8]) -> Result<(), Error>,
) -> Result<bool, Error> {
    let socket = open()?;
    socket.set_netlink_get_strict_chk(true)?;
    socket.send(&message(kind, NLM_F_REQUEST | NLM_F_DUMP, body), 0)?;
    let mut room = vec![0; READ_BUFFER];
    let mut is_interrupted = false;
    loop {
        let length = receive(&socket, &mut room)?;
        for answer in parse(&room[..length])? {
            match answer {
                Answer::Reply(body, flags) => {
                    is_interrupted |= flags & NLM_F_DUMP_INTR != 0;
                    each(body)?;
                }
                Answer::End(errno, text) => return ended(errno, &text).map(|()| is_interrupted),
            }
        }
    }
}

fn open() -> Result<Socket, Error> {
    let mut socket = Socket::new(NETLINK_ROUTE)?;
    socket.bind_auto()?;
    socket.connect(&SocketAddr::new(0, 0))?;
    socket.set_ext_ack(true)?;
    socket.set_cap_ack(true)?;
    Ok(socket)
}

fn receive(socket: &Socket, room: &mut [u8]) -> Result<usize, Error> {
    loop {
        match socket.recv(&mut &mut room[..], 0) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            length => return Ok(length?),
        }
    }
}

/// `struct nlmsghdr` and what is behind it.
fn message(kind: u16, flags: u16, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER + body.len());
    bytes.extend_from_slice(&((HEADER + body.len()) as u32).to_ne_bytes());
    bytes.extend_from_slice(&kind.to_ne_bytes());
    bytes.extend_from_slice(&flags.to_ne_bytes());
    bytes.extend_from_slice(&1u32.to_ne_bytes());
    bytes.extend_from_slice(&0u32.to_ne_bytes());
    bytes.extend_from_slice(body);
    bytes
}

/// What came in.
#[derive(Debug, PartialEq, Eq)]
enum Answer<'a> {
    /// A reply and its flags.
    Reply(&'a [u8], u16),
    /// The end: an error number, 0 for none, and what the kernel says of it.
    End(i32, Option<String>),
}

fn no_sense(text: &str) -> Error {
    Error::Decode(text.to_owned())
}

fn ended(errno: i32, text: &Option<String>) -> Result<(), Error> {
    match errno {
        0 => Ok(()),
        errno => Err(refused(Refusal {
            errno: errno.saturating_neg(),
            text: text.clone(),
        })),
    }
}

/// Takes one datagram apart.
fn parse(mut bytes: &[u8]) -> Result<Vec<Answer<'_>>, Error> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let cut_off = || no_sense("a message is cut off");
        let header = bytes.get(..HEADER).ok_or_else(cut_off)?;
        let half = |at: usize| u16::from_ne_bytes([header[at], header[at + 1]]);
        let length = u32::from_ne_bytes([header[0], header[1], header[2], header[3]]) as usize;
        let body = bytes.get(HEADER..length).ok_or_else(cut_off)?;
        let (kind, flags) = (half(4), half(6));
        all.push(match kind {
            NLMSG_ERROR | NLMSG_DONE => {
                let errno = body.get(..ERRNO).and_then(|errno| errno.try_into().ok());
                let errno = errno.map(i32::from_ne_bytes).ok_or_else(cut_off)?;
                let extack = Extack::parse(flags, &body[ERRNO..]);
                Answer::End(errno, extack.text)
            }
            _ => Answer::Reply(body, flags),
        });
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_and_answers() {
        let bytes = message(17, NLM_F_REQUEST, &[1, 2, 3, 4]);
        assert_eq!(bytes.len(), 20);
        assert_eq!(bytes[..4], 20u32.to_ne_bytes());
        let mut ack = message(NLMSG_ERROR, 0, &[0; 20]);
        assert_eq!(parse(&ack).unwrap(), [Answer::End(0, None)]);
        ack[16..20].copy_from_slice(&(-17i32).to_ne_bytes());
        assert_eq!(parse(&ack).unwrap(), [Answer::End(-17, None)]);
        assert_eq!(ended(-17, &None).unwrap_err().errno(), Some(17));
        assert!(ended(0, &None).is_ok());
        assert!(parse(&ack[..10]).is_err());
        assert!(parse(&ack[..30]).is_err());
    }

    #[test]
    fn many_in_one_datagram() {
        let mut bytes = message(24, NLM_F_DUMP_INTR, &[7; 12]);
        bytes.extend(message(24, 0, &[8; 4]));
        bytes.extend(message(NLMSG_DONE, 0, &0i32.to_ne_bytes()));
        let all = parse(&bytes).unwrap();
        assert_eq!(
            all,
            [
                Answer::Reply(&[7; 12], NLM_F_DUMP_INTR),
                Answer::Reply(&[8; 4], 0),
                Answer::End(0, None)
            ]
        );
    }
}
