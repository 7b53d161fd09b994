// SPDX-License-Identifier: GPL-2.0

//! What carries datagrams to the kernel and back: a netlink socket, or a script in tests.

use std::io;

use netlink_sys::{protocols::NETLINK_GENERIC, Socket, SocketAddr};
use nix::sys::socket::{setsockopt, sockopt};

/// Room for the failures of one window: a queued one takes about a kilobyte.
const RECEIVE_BUFFER: usize = 4 << 20;
/// Room for one window.
const SEND_BUFFER: usize = 1 << 20;

/// Carries datagrams.
pub trait Transport {
    /// Sends one. What the kernel answers is there when this returns.
    fn send(&mut self, datagram: &[u8]) -> io::Result<()>;
    /// Waits for one and returns its length.
    fn receive(&mut self, room: &mut [u8]) -> io::Result<usize>;
    /// Joins a multicast group.
    fn join(&mut self, group: u32) -> io::Result<()>;
}

/// A netlink socket to the kernel.
pub struct Kernel(Socket);

impl Kernel {
    /// Opens one, with extended acknowledgements that do not echo the request, and with
    /// filters of dumps taken seriously.
    pub fn open() -> io::Result<Self> {
        let mut socket = Socket::new(NETLINK_GENERIC)?;
        socket.bind_auto()?;
        socket.connect(&SocketAddr::new(0, 0))?;
        socket.set_ext_ack(true)?;
        socket.set_cap_ack(true)?;
        socket.set_netlink_get_strict_chk(true)?;
        // Without the privilege to exceed the limit, take what the limit allows.
        if setsockopt(&socket, sockopt::RcvBufForce, &RECEIVE_BUFFER).is_err() {
            setsockopt(&socket, sockopt::RcvBuf, &RECEIVE_BUFFER)?;
        }
        if setsockopt(&socket, sockopt::SndBufForce, &SEND_BUFFER).is_err() {
            setsockopt(&socket, sockopt::SndBuf, &SEND_BUFFER)?;
        }
        Ok(Self(socket))
    }
}

impl Transport for Kernel {
    fn send(&mut self, datagram: &[u8]) -> io::Result<()> {
        self.0.send(datagram, 0).map(|_| ())
    }

    fn receive(&mut self, mut room: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.0.recv(&mut room, 0) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                length => return length,
            }
        }
    }

    fn join(&mut self, group: u32) -> io::Result<()> {
        self.0.add_membership(group)
    }
}
