// SPDX-License-Identifier: GPL-2.0

//! `explain`: what would happen to a packet, from the live tables.
//!
//! A described packet is led through the decisions in the order in which the datapath takes them,
//! by the same functions of the tables and of `domain`; the scheduler is asked without counting.
//! Each decision becomes a step, a word for the stage and a text; the last one gives a verdict and,
//! unless the packet goes on, the reason that a real one would be counted under.
//!
//! What depends on the rest of a packet (its length, checksum, time to live) is not asked.
//!
//! Context: process. The tables are held, not locked: packets and changes go on meanwhile.

mod arrival;
mod onward;
mod room;
mod route;
mod stages;

use core::fmt;

use kernel::{alloc::AllocError, prelude::*, str::CString, sync::Arc};

use super::{
    object::tunnel::named,
    parse,
    uapi::{attr, cmd},
    Control, //
};
use crate::domain::{
    addr::{Addr, Proto, V4, V6},
    reason::DropReason,
};
use crate::kern::net::{
    genetlink::{Refused, Reply, Request},
    namespace::Net,
};
use crate::table::{Config, Tables, Tunnel, PUBLIC};

type Result<T> = core::result::Result<T, AllocError>;

/// The described packet and the tables that it is led through.
struct Case<'a> {
    net: &'a Net,
    tables: &'a Tables,
    config: &'a Config,
    /// The port that it arrives on.
    ifindex: Option<u32>,
    /// The tunnel that it arrives by. Without either it is from a process of this host.
    tunnel: Option<&'a Arc<Tunnel>>,
    customer: u32,
    proto: Proto,
    /// Port, or identifier of an echo request.
    source_port: u16,
    destination_port: u16,
    tcp_flags: u8,
    /// Whether the request says where it comes from.
    has_source: bool,
}

impl Case<'_> {
    /// Whether it comes from elsewhere.
    fn arrives(&self) -> bool {
        self.ifindex.is_some() || self.tunnel.is_some()
    }

    /// The same packet as one of the public context.
    fn outside(&self) -> Self {
        Case {
            customer: PUBLIC,
            ifindex: None,
            tunnel: None,
            ..*self
        }
    }
}

/// How it ends.
struct Verdict {
    what: &'static str,
    /// The name of the counter, of packets that do not go on as they should.
    reason: Option<&'static str>,
}

impl Verdict {
    const fn of(what: &'static str) -> Self {
        Verdict { what, reason: None }
    }

    const fn because(what: &'static str, reason: &'static str) -> Self {
        Verdict {
            what,
            reason: Some(reason),
        }
    }
}

fn dropped(reason: DropReason) -> Verdict {
    Verdict::because("drop", reason.name())
}

/// The steps so far.
struct Steps(KVec<(&'static str, CString)>);

impl Steps {
    /// Adds what a stage finds. Context: process, may sleep.
    fn add(&mut self, stage: &'static str, text: fmt::Arguments<'_>) -> Result<()> {
        let text = CString::try_from_fmt(text).map_err(|_| AllocError)?;
        self.0.push((stage, text), GFP_KERNEL)
    }
}

/// `explain`: says what would happen to a packet.
pub(crate) fn explain(
    control: &Control,
    request: &Request<'_>,
) -> core::result::Result<Reply, Refused> {
    use attr::explain as a;
    let (extack, attrs) = (request.extack(), request.attrs());
    let tables = control.tables(request)?;
    let config: Arc<Config> = tables.config.get();
    let destination = extack.require(&attrs, a::DESTINATION, "destination")?;
    let to = parse::address(&extack, &destination, "destination")?;
    let from = parse::address_if(&extack, &attrs, a::SOURCE, "source")?;
    let port = |number| attrs.get(number).map_or(0, |attr| attr.u16());
    let ifindex = attrs.get(a::IFINDEX).map(|attr| attr.u32());
    let port_customer = ifindex
        .and_then(|ifindex| config.port(ifindex))
        .map(|port| port.settings.customer);
    let tunnel = tunnel(request, &config)?;
    let tunnel_customer = tunnel.map(|tunnel| tunnel.settings.customer);
    let said_customer = attrs.get(a::CUSTOMER).map(|attr| attr.u32());
    let case = Case {
        net: request.net(),
        tables: &tables,
        config: &config,
        ifindex,
        tunnel,
        customer: tunnel_customer
            .or(port_customer)
            .or(said_customer)
            .unwrap_or(PUBLIC),
        proto: attrs
            .get(a::PROTOCOL)
            .map_or(Proto::TCP, |attr| Proto(attr.u8())),
        source_port: port(a::SOURCE_PORT),
        destination_port: port(a::DESTINATION_PORT),
        tcp_flags: attrs.get(a::TCP_FLAGS).map_or(0x02, |attr| attr.u8()),
        has_source: from.is_some(),
    };
    let mut steps = Steps(KVec::new());
    let verdict = match (from, to) {
        (None | Some(Addr::V4(_)), Addr::V4(to)) => {
            stages::lead(&case, v4(from), V4(to), &mut steps)?
        }
        (None | Some(Addr::V6(_)), Addr::V6(to)) => {
            stages::lead(&case, v6(from), V6(to), &mut steps)?
        }
        _ => {
            return Err(extack.refuse_attr(
                &destination,
                EINVAL,
                format_args!("source and destination are of different address families"),
            ))
        }
    };
    request.reply(cmd::EXPLAIN, |out| {
        out.str(a::VERDICT, verdict.what)?;
        if let Some(reason) = verdict.reason {
            out.str(a::REASON, reason)?;
        }
        steps.0.iter().try_for_each(|(stage, text)| {
            out.nest(a::STEP, |out| {
                out.str(attr::step::STAGE, stage)?;
                out.c_str_bytes(attr::step::TEXT, text.to_bytes())
            })
        })
    })
}

/// The tunnel that a request names.
fn tunnel<'a>(
    request: &Request<'_>,
    config: &'a Config,
) -> core::result::Result<Option<&'a Arc<Tunnel>>, Refused> {
    let (extack, attrs) = (request.extack(), request.attrs());
    let tunnel = named(&extack, &attrs, attr::explain::TUNNEL, config)?;
    match attrs.get(attr::explain::TUNNEL) {
        Some(attr) if attrs.get(attr::explain::IFINDEX).is_some() => Err(extack.refuse_attr(
            &attr,
            EINVAL,
            format_args!("it arrives on a port or by a tunnel, not both"),
        )),
        _ => Ok(tunnel),
    }
}

fn v4(addr: Option<Addr>) -> V4 {
    match addr {
        Some(Addr::V4(bytes)) => V4(bytes),
        _ => V4::default(),
    }
}

fn v6(addr: Option<Addr>) -> V6 {
    match addr {
        Some(Addr::V6(bytes)) => V6(bytes),
        _ => V6::default(),
    }
}
