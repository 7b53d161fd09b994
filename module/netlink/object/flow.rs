// SPDX-License-Identifier: GPL-2.0

//! Operations on flows: show, count and end those that a request selects.

use core::ops::ControlFlow;

use kernel::{prelude::*, sync::Arc};

use crate::domain::{addr::Proto, flow::State};
use crate::kern::net::genetlink::{
    Dump, DumpWriter, Extack, Full, Refused, Reply, Request, Stop, Writer,
};
use crate::netlink::{
    parse,
    uapi::{attr, cmd, value},
    Control, //
};
use crate::table::{FlowDump, FlowFilter, FlowRecord, Tables};

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
fn parse_filter(request: &Request<'_>) -> Result<FlowFilter, Refused> {
    use attr::flow as a;
    let (extack, attrs): (Extack<'_>, _) = (request.extack(), request.attrs());
    let port = |number| Some(attrs.get(number)?.u16());
    let address = |number, name| parse::address_if(&extack, &attrs, number, name);
    let state = |number| State::ALL.into_iter().find(|s| state_number(*s) == number);
    let filter = FlowFilter {
        customer: attrs.get(a::CUSTOMER).map(|attr| attr.u32()),
        proto: attrs.get(a::PROTOCOL).map(|attr| Proto(attr.u8())),
        client: address(a::CLIENT_ADDRESS, "client-address")?,
        client_prefix: attrs.get(a::CLIENT_PREFIX).map(|attr| attr.u8()),
        client_port: port(a::CLIENT_PORT),
        virtual_addr: address(a::VIRTUAL_ADDRESS, "virtual-address")?,
        virtual_port: port(a::VIRTUAL_PORT),
        server: address(a::SERVER_ADDRESS, "server-address")?,
        server_port: port(a::SERVER_PORT),
        state: parse::choice(&extack, &attrs, a::STATE, "state", state)?.map(State::name),
    };
    if let Some(prefix) = attrs.get(a::CLIENT_PREFIX) {
        let Some(client) = filter.client else {
            return Err(extack.missing(&attrs, a::CLIENT_ADDRESS, "client-address"));
        };
        if prefix.u8() > client.bits() {
            return Err(extack.refuse_attr(
                &prefix,
                EINVAL,
                format_args!("client-prefix must be 0..={}", client.bits()),
            ));
        }
    }
    Ok(filter)
}

/// `flow-del`: ends the selected flows.
pub(crate) fn del(control: &Control, request: &Request<'_>) -> Result<Reply, Refused> {
    let filter = parse_filter(request)?;
    let tables = control.tables(request)?;
    let mut ended = None;
    request.reply(cmd::FLOW_DEL, |out| {
        // Once, and when there is memory for the answer.
        let ended = *ended.get_or_insert_with(|| tables.reset_flows(&filter));
        out.u32(attr::flow::DELETED, ended)
    })
}

/// `flow-count`: counts the selected flows.
pub(crate) fn count(control: &Control, request: &Request<'_>) -> Result<Reply, Refused> {
    let filter = parse_filter(request)?;
    let count = control.tables(request)?.count_flows(&filter);
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
        Ok(Flows {
            tables: control.tables(request)?,
            at: FlowDump::default(),
            filter: parse_filter(request)?,
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
