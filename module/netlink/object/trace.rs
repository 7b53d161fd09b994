// SPDX-License-Identifier: GPL-2.0

//! Following packets: who asks gets an answer for each, until the socket is closed.

use kernel::prelude::*;

use super::tunnel;
use crate::domain::{
    addr::Proto,
    reason::{DropReason, PassReason},
    trace::{self, Step, View},
};
use crate::kern::net::genetlink::{Attrs, Extack, Full, Refused, Reply, Request, Writer};
use crate::netlink::{parse, uapi::attr, Control};
use crate::table::{Config, Denied, Reader, Trace, Wanted, READERS_MAX};

/// Packets a second that a reader gets unless it asks for another number.
const RATE: u32 = 1000;

fn prefix(
    extack: &Extack<'_>,
    attrs: &Attrs<'_>,
    place: u16,
) -> Result<Option<trace::Prefix>, Refused> {
    let Some(nest) = attrs.get(place) else {
        return Ok(None);
    };
    let prefix = parse::prefix(extack, &nest.nested())?;
    Ok(Some((prefix.addr, prefix.len)))
}

/// The name of a reason, as the counters have it.
fn reason(name: &[u8]) -> Option<&'static str> {
    let is = |known: &&str| known.as_bytes() == name;
    let mut drops = DropReason::ALL.iter().map(|reason| reason.name());
    let mut passes = PassReason::ALL.iter().map(|reason| reason.name());
    drops.find(is).or_else(|| passes.find(is))
}

fn wanted(config: &Config, request: &Request<'_>) -> Result<Wanted, Refused> {
    use attr::trace as a;
    let (extack, attrs) = (request.extack(), request.attrs());
    let port = |place| Some(attrs.get(place)?.u16());
    let number = |place| Some(attrs.get(place)?.u32());
    let tunnel = tunnel::named(&extack, &attrs, a::TUNNEL, config)?.map(|tunnel| tunnel.id);
    let reason = match attrs.get(a::REASON) {
        Some(attr) => Some(reason(attr.c_str_bytes()).ok_or_else(|| {
            extack.refuse_attr(&attr, ENOENT, format_args!("there is no such reason"))
        })?),
        None => None,
    };
    let filter = trace::Filter {
        customer: number(a::CUSTOMER),
        proto: attrs.get(a::PROTOCOL).map(|attr| Proto(attr.u8())),
        src: prefix(&extack, &attrs, a::SOURCE)?,
        dst: prefix(&extack, &attrs, a::DESTINATION)?,
        host: prefix(&extack, &attrs, a::HOST)?,
        sport: port(a::SOURCE_PORT),
        dport: port(a::DESTINATION_PORT),
        port: port(a::PORT),
        tunnel,
        ifindex: number(a::IFINDEX),
        reason,
        drops: attrs.get(a::DROPS).is_some_and(|attr| attr.u8() != 0),
    };
    Ok(Wanted {
        filter,
        count: number(a::COUNT),
        sample: number(a::SAMPLE).unwrap_or(1),
        rate: number(a::RATE).unwrap_or(RATE),
    })
}

/// `trace`: begins to follow packets.
pub(crate) fn begin(control: &Control, request: &Request<'_>) -> Result<Reply, Refused> {
    let tables = control.tables(request)?;
    let wanted = wanted(&tables.config.get(), request)?;
    let extack = request.extack();
    match tables.traces.begin(request.portid(), request.seq(), wanted) {
        Ok(()) => Ok(Reply::DONE),
        Err(Denied::Already) => {
            Err(extack.refuse(EBUSY, format_args!("the socket follows packets already")))
        }
        Err(Denied::Full) => Err(extack.refuse(
            ENOSPC,
            format_args!("{READERS_MAX} others follow packets of the namespace"),
        )),
        Err(Denied::NoMemory) => Err(kernel::alloc::AllocError.into()),
    }
}

/// Writes what became of a packet. Context: any.
pub(in crate::netlink) fn put(
    out: &mut Writer<'_>,
    config: &Config,
    reader: &Reader,
    trace: &Trace<'_>,
) -> Result<(), Full> {
    use attr::trace as a;
    out.u64(a::TIME, trace.time)?;
    out.u64(a::LOST, reader.lost())?;
    if trace.missed != 0 {
        out.u32(a::MISSED, trace.missed)?;
    }
    for step in trace.steps {
        out.nest(a::STEP, |out| put_step(out, config, step))?;
    }
    Ok(())
}

fn put_step(out: &mut Writer<'_>, config: &Config, step: &Step) -> Result<(), Full> {
    use attr::trace_step as a;
    out.u32(a::STAGE, step.stage.number())?;
    out.u32(a::AFTER, step.after)?;
    out.u32(a::CUSTOMER, step.customer)?;
    if let Some(View { proto, src, dst }) = &step.view {
        let Proto(number) = proto;
        out.u8(a::PROTOCOL, *number)?;
        out.bytes(a::SOURCE, src.0.as_bytes())?;
        out.bytes(a::DESTINATION, dst.0.as_bytes())?;
        if proto.has_ports() {
            out.u16(a::SOURCE_PORT, src.1)?;
            out.u16(a::DESTINATION_PORT, dst.1)?;
        }
    }
    if step.ifindex != 0 {
        out.u32(a::IFINDEX, step.ifindex)?;
    }
    if let Some(name) = &step.device {
        let len = name
            .iter()
            .position(|byte| *byte == 0)
            .unwrap_or(name.len());
        out.c_str_bytes(a::DEVICE, name.get(..len).unwrap_or_default())?;
    }
    if let Some(tunnel) = step.tunnel.and_then(|id| config.tunnel_at(id)) {
        out.c_str_bytes(a::TUNNEL, tunnel.name.as_bytes())?;
    }
    match step.reason {
        Some(reason) => out.str(a::REASON, reason),
        None => Ok(()),
    }
}
