// SPDX-License-Identifier: GPL-2.0

//! Operations on flows: show, count and end those that a request selects.

use core::ops::ControlFlow;

use kernel::{prelude::*, sync::Arc};

use super::tunnel;
use crate::domain::{addr::Proto, flow::State};
use crate::kern::net::genetlink::{
    Attrs, Dump, DumpWriter, Extack, Full, Refused, Reply, Request, Stop, Writer,
};
use crate::netlink::{
    parse,
    uapi::{attr, cmd, value},
    Control, //
};
use crate::table::{state_bit, Config, FilterEnd, FlowDump, FlowFilter, FlowRecord, Tables};

/// The number of a state in the specification, which does not tell which end was first.
fn state_number(state: State) -> u32 {
    use value::flow_state::*;
    match state {
        State::Syn => SYN,
        State::SynAck => SYN_ACK,
        State::Established => ESTABLISHED,
        State::FinClient | State::FinServer => FIN,
        State::Closed | State::ResetByClient | State::ResetByServer => CLOSED,
        State::Unreplied => UNREPLIED,
        State::Replied => REPLIED,
        State::Reset => RESET,
    }
}

/// What a request selects.
fn parse_filter(request: &Request<'_>, config: &Config) -> Result<FlowFilter, Refused> {
    use attr::flow as a;
    let (extack, attrs): (Extack<'_>, _) = (request.extack(), request.attrs());
    let state = |number| State::ALL.into_iter().find(|s| state_number(*s) == number);
    let one = parse::choice(&extack, &attrs, a::STATE, "state", state)?;
    let wanted = match (attrs.get(a::STATES), one) {
        (Some(attr), None) => Some(attr.u32()),
        (Some(attr), Some(_)) => {
            return Err(extack.refuse_attr(&attr, EINVAL, format_args!("either state or states")));
        }
        (None, one) => one.map(|state| 1u32.wrapping_shl(state_number(state))),
    };
    let states = wanted.map(|wanted| {
        let is_wanted = |state: &State| wanted.wrapping_shr(state_number(*state)) & 1 != 0;
        let states = State::ALL.into_iter().filter(is_wanted);
        states.fold(0, |all, state| all | state_bit(state))
    });
    let tunnel = tunnel::named(&extack, &attrs, a::TUNNEL, config)?.map(|tunnel| tunnel.id);
    Ok(FlowFilter {
        customer: attrs.get(a::CUSTOMER).map(|attr| attr.u32()),
        proto: attrs.get(a::PROTOCOL).map(|attr| Proto(attr.u8())),
        client: CLIENT.parse(&extack, &attrs)?,
        virtual_end: VIRTUAL.parse(&extack, &attrs)?,
        server: SERVER.parse(&extack, &attrs)?,
        states,
        tunnel,
    })
}

/// The attributes of one end, and what they are called.
struct Place {
    address: (u16, &'static str),
    prefix: (u16, &'static str),
    port: (u16, &'static str),
    port_last: (u16, &'static str),
}

const CLIENT: Place = Place {
    address: (attr::flow::CLIENT_ADDRESS, "client-address"),
    prefix: (attr::flow::CLIENT_PREFIX, "client-prefix"),
    port: (attr::flow::CLIENT_PORT, "client-port"),
    port_last: (attr::flow::CLIENT_PORT_LAST, "client-port-last"),
};

const VIRTUAL: Place = Place {
    address: (attr::flow::VIRTUAL_ADDRESS, "virtual-address"),
    prefix: (attr::flow::VIRTUAL_PREFIX, "virtual-prefix"),
    port: (attr::flow::VIRTUAL_PORT, "virtual-port"),
    port_last: (attr::flow::VIRTUAL_PORT_LAST, "virtual-port-last"),
};

const SERVER: Place = Place {
    address: (attr::flow::SERVER_ADDRESS, "server-address"),
    prefix: (attr::flow::SERVER_PREFIX, "server-prefix"),
    port: (attr::flow::SERVER_PORT, "server-port"),
    port_last: (attr::flow::SERVER_PORT_LAST, "server-port-last"),
};

impl Place {
    fn parse(&self, extack: &Extack<'_>, attrs: &Attrs<'_>) -> Result<FilterEnd, Refused> {
        let (number, name) = self.address;
        let addr = parse::address_if(extack, attrs, number, name)?;
        if let Some(prefix) = attrs.get(self.prefix.0) {
            let Some(addr) = addr else {
                return Err(extack.missing(attrs, number, name));
            };
            if prefix.u8() > addr.bits() {
                return Err(extack.refuse_attr(
                    &prefix,
                    EINVAL,
                    format_args!("{} must be 0..={}", self.prefix.1, addr.bits()),
                ));
            }
        }
        let port = attrs.get(self.port.0).map(|attr| attr.u16());
        if let Some(last) = attrs.get(self.port_last.0) {
            match port {
                Some(first) if first <= last.u16() => {}
                Some(first) => {
                    return Err(extack.refuse_attr(
                        &last,
                        EINVAL,
                        format_args!("{} must be {first}..=65535", self.port_last.1),
                    ));
                }
                None => return Err(extack.missing(attrs, self.port.0, self.port.1)),
            }
        }
        Ok(FilterEnd {
            addr,
            prefix: attrs.get(self.prefix.0).map(|attr| attr.u8()),
            port,
            port_last: attrs.get(self.port_last.0).map(|attr| attr.u16()),
        })
    }
}

/// `flow-del`: ends the selected flows.
pub(crate) fn del(control: &Control, request: &Request<'_>) -> Result<Reply, Refused> {
    let tables = control.tables(request)?;
    let filter = parse_filter(request, &tables.config.get())?;
    let mut ended = None;
    request.reply(cmd::FLOW_DEL, |out| {
        // Once, and when there is memory for the answer.
        let ended = *ended.get_or_insert_with(|| tables.reset_flows(&filter));
        out.u32(attr::flow::DELETED, ended)
    })
}

/// `flow-count`: counts the selected flows.
pub(crate) fn count(control: &Control, request: &Request<'_>) -> Result<Reply, Refused> {
    let tables = control.tables(request)?;
    let filter = parse_filter(request, &tables.config.get())?;
    let count = tables.count_flows(&filter);
    request.reply(cmd::FLOW_COUNT, |out| out.u32(attr::flow::COUNT, count))
}

/// Writes a flow. Context: any; what it is called under may be a lock.
fn put(out: &mut Writer<'_>, flow: &FlowRecord) -> Result<(), Full> {
    use attr::flow as a;
    let Proto(proto) = flow.proto;
    out.u32(a::CUSTOMER, flow.customer)?;
    out.u8(a::PROTOCOL, proto)?;
    out.bytes(a::CLIENT_ADDRESS, flow.client.0.as_bytes())?;
    out.u16(a::CLIENT_PORT, flow.client.1)?;
    out.bytes(a::VIRTUAL_ADDRESS, flow.virtual_end.0.as_bytes())?;
    out.u16(a::VIRTUAL_PORT, flow.virtual_end.1)?;
    out.bytes(a::SERVER_ADDRESS, flow.server.0.as_bytes())?;
    out.u16(a::SERVER_PORT, flow.server.1)?;
    if let Some((addr, port)) = &flow.snat {
        out.bytes(a::SNAT_ADDRESS, addr.as_bytes())?;
        out.u16(a::SNAT_PORT, *port)?;
    }
    out.u32(a::STATE, state_number(flow.state))?;
    out.u32(a::SYN_REPEATS, flow.repeats)?;
    out.u32(a::EXPIRES, flow.expires)?;
    super::put_service_key(out, a::SERVICE, &flow.binding.key.service)?;
    super::put_server_key(out, a::SERVER, &flow.binding.key.server)
}

/// `flow-get`: the selected flows. Each that lives throughout is shown once; of those that come or
/// go meanwhile, some are.
pub(crate) struct Flows {
    tables: Arc<Tables>,
    at: FlowDump,
    filter: FlowFilter,
}

impl Dump<Control> for Flows {
    fn start(control: &Control, request: &Request<'_>) -> Result<Self, Refused> {
        let tables = control.tables(request)?;
        let filter = parse_filter(request, &tables.config.get())?;
        Ok(Flows {
            tables,
            at: FlowDump::default(),
            filter,
        })
    }

    fn dump(&mut self, _: &Control, out: &mut DumpWriter<'_>) -> Result<(), Stop> {
        let written = self.tables.dump_flows(&mut self.at, &self.filter, |flow| {
            match out.message::<Full>(cmd::FLOW_GET, |out| put(out, &flow)) {
                Ok(()) => ControlFlow::Continue(()),
                Err(Full) => ControlFlow::Break(()),
            }
        });
        match written {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Stop::Full),
        }
    }
}
