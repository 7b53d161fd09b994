// SPDX-License-Identifier: GPL-2.0

//! The decisions about a packet, one function each, in the order of the datapath.

use kernel::sync::{rcu, Arc};

use super::{arrival, dropped, onward, room::room, route::Family, Case, Result, Steps, Verdict};
use crate::domain::{
    addr::Proto,
    flow::{self, opener},
    packet::{
        sctp::{chunk, Chunk},
        tcp::{Flags, Segment},
        Fragment, Packet, L4,
    },
    reason::{DropReason, PassReason},
};
use crate::kern::time;
use crate::table::{
    self, Action, AdminState, Binding, Choice, Condition, End, Host, Lookup, Means, Method,
    Opening, Service, Side, Snat, PUBLIC,
};

/// Servers of one service that are told one by one.
const SERVERS_SHOWN: usize = 64;

/// Either the end of the way, or what the next stage needs.
pub(super) type Stage<T> = core::result::Result<T, Verdict>;

/// Leads the packet of `case` through all stages.
pub(super) fn lead<A: Family>(
    case: &Case<'_>,
    from: A,
    to: A,
    steps: &mut Steps,
) -> Result<Verdict> {
    let packet = packet(case, from, to);
    let side = match arrival::entry(case, &packet, steps)? {
        Ok(side) => side,
        Err(verdict) => return Ok(verdict),
    };
    if let Some(verdict) = known(case, &packet, side, steps)? {
        return Ok(verdict);
    }
    let service = match service(case, &packet, side, steps)? {
        Ok(service) => service,
        Err(verdict) => return Ok(verdict),
    };
    if let Some(verdict) = opens(service, &packet, steps)? {
        return Ok(verdict);
    }
    servers(service, steps)?;
    let choice = match choose(case, service, &packet, steps)? {
        Ok(choice) => choice,
        Err(verdict) => return Ok(verdict),
    };
    if let Some(verdict) = room::<A>(case, steps)? {
        return Ok(verdict);
    }
    let Some(server) = A::from_addr(choice.server.key.addr) else {
        return Ok(dropped(DropReason::NoServer));
    };
    let port = match packet.proto.has_ports() {
        true => choice.port,
        false => 0,
    };
    let settings = &choice.binding.settings;
    match translate(case, &choice, packet.src, (server, port), steps)? {
        Ok(_) if settings.method == Method::Tunnel => onward::enter(case, settings.tunnel, steps),
        Ok(source) => onward::route(case, source, server, steps),
        Err(verdict) => Ok(verdict),
    }
}

/// The packet as a parser would show it.
fn packet<A: Family>(case: &Case<'_>, src: A, dst: A) -> Packet<A> {
    let info = match case.proto {
        Proto::TCP => L4::Tcp {
            segment: Segment {
                flags: Flags(case.tcp_flags),
                // Who pushes has something to push.
                len: Flags(case.tcp_flags).has(Flags::PSH).into(),
                ..Segment::default()
            },
            window: 0,
            header_len: 20,
        },
        Proto::UDP | Proto::UDPLITE => L4::Udp,
        Proto::SCTP => L4::Sctp(Chunk {
            tag: 0,
            kind: chunk::INIT,
            flags: 0,
            init_tag: 1,
        }),
        Proto::ICMP | Proto::ICMPV6 => L4::Echo { reply: false },
        _ => L4::Other,
    };
    let ports = match case.proto {
        proto if proto.has_ports() => (case.source_port, case.destination_port),
        proto if proto.is_icmp() => (case.source_port, 0),
        _ => (0, 0),
    };
    Packet {
        src,
        dst,
        sport: ports.0,
        dport: ports.1,
        proto: case.proto,
        ttl: 64,
        tos: 0,
        df: true,
        fragment: Fragment::None,
        l4: 20,
        end: 40,
        info,
    }
}

fn answered(reason: DropReason) -> Verdict {
    Verdict::because("reset", reason.name())
}

fn passed(reason: PassReason) -> Verdict {
    Verdict::because("pass", reason.name())
}

/// What is shown of the flow that a packet belongs to.
struct Known<A> {
    state: flow::State,
    from: flow::Side,
    expires: u32,
    /// The packet's ends on the other side.
    source: A,
    destination: End<A>,
    /// Where it goes, whatever it is addressed to.
    hop: A,
    /// The tunnel that it enters.
    tunnel: Option<u32>,
}

impl<A: Family> Known<A> {
    fn find(case: &Case<'_>, packet: &Packet<A>) -> Option<Self> {
        let guard = rcu::read_lock();
        let (src, dst) = ((packet.src, packet.sport), (packet.dst, packet.dport));
        let now = time::seconds();
        let flows = A::flows(case.tables);
        let (flow, from) = flows.find(case.customer, case.proto, src, dst, now, &guard)?;
        let (source, destination, hop, tunnel) = match from {
            flow::Side::Client => {
                let hop = flow.server_hop();
                (flow.source().0, flow.server(), hop, flow.tunnel())
            }
            flow::Side::Server => {
                let client = flow.client();
                (flow.virtual_end().0, client, client.0, None)
            }
        };
        Some(Known {
            state: flow.state(),
            from,
            expires: flow.expires_in(now),
            source,
            destination,
            hop,
            tunnel,
        })
    }

    /// Whether a packet that may open a flow takes the place of this one.
    fn gives_way(&self, proto: Proto) -> bool {
        let is_tracked = matches!(proto, Proto::TCP | Proto::SCTP);
        self.from == flow::Side::Client && self.state.is_over() && is_tracked
    }
}

/// The flow of the packet, if there is one.
fn known<A: Family>(
    case: &Case<'_>,
    packet: &Packet<A>,
    side: Side,
    steps: &mut Steps,
) -> Result<Option<Verdict>> {
    if !case.has_source {
        steps.add("flow", format_args!("not looked up: no source is given"))?;
        return Ok(None);
    }
    let Some(found) = Known::find(case, packet) else {
        steps.add("flow", format_args!("none"))?;
        return Ok(None);
    };
    let peer = match found.from {
        flow::Side::Client => "server",
        flow::Side::Server => "client",
    };
    let (addr, port) = (found.destination.0.to_addr(), found.destination.1);
    steps.add(
        "flow",
        format_args!(
            "{}, {} s left, to {peer} {addr} port {port}",
            found.state.name(),
            found.expires
        ),
    )?;
    if found.from == flow::Side::Server && side == Side::Client {
        steps.add(
            "flow",
            format_args!("no reply comes at a port of side client"),
        )?;
        return Ok(Some(dropped(DropReason::WrongSide)));
    }
    if opener::may_open(packet) && found.gives_way(packet.proto) {
        steps.add(
            "flow",
            format_args!("it is over and gives way to a new one"),
        )?;
        return Ok(None);
    }
    if found.state == flow::State::Reset {
        return Ok(Some(answered(DropReason::FlowReset)));
    }
    let verdict = match found.tunnel {
        Some(tunnel) => onward::enter(case, tunnel, steps)?,
        None => onward::route(case, found.source, found.hop, steps)?,
    };
    Ok(Some(verdict))
}

/// The service that the packet is for.
fn service<'a, A: Family>(
    case: &Case<'a>,
    packet: &Packet<A>,
    side: Side,
    steps: &mut Steps,
) -> Result<Stage<&'a Arc<Service>>> {
    let to = packet.dst.to_addr();
    let found = case
        .config
        .lookup(case.customer, to, packet.proto, packet.dport);
    let served = match found {
        Lookup::NoHost => {
            steps.add("host", format_args!("{to} is no virtual host"))?;
            return Ok(Err(match case.customer {
                PUBLIC if onward::is_host(case, packet, steps)? => Verdict::of("deliver"),
                PUBLIC => passed(PassReason::NotForUs),
                _ => onward::along(case, packet, steps)?,
            }));
        }
        Lookup::NotServed(host) => Err(host),
        Lookup::Service(service) => Ok(service),
    };
    steps.add("host", format_args!("{to} is a virtual host"))?;
    if side == Side::Server {
        steps.add(
            "host",
            format_args!("no flow begins at a port of side server"),
        )?;
        return Ok(Err(dropped(DropReason::WrongSide)));
    }
    if case.arrives() && case.has_source && !opener::is_from_a_host(packet) {
        let from = packet.src.to_addr();
        steps.add("host", format_args!("{from} is no other host's"))?;
        return Ok(Err(dropped(DropReason::BadSource)));
    }
    let service = match served {
        Ok(service) => service,
        Err(host) => {
            steps.add("service", format_args!("none for this protocol and port"))?;
            return Ok(Err(not_served(case, packet, host)));
        }
    };
    steps.add(
        "service",
        format_args!(
            "{} scheduler {} with {} servers",
            service.key,
            service.settings.scheduler.name(),
            service.bindings.len()
        ),
    )?;
    Ok(Ok(service))
}

/// What becomes of a packet for a virtual host that serves other ports or protocols.
fn not_served<A: Family>(case: &Case<'_>, packet: &Packet<A>, host: &Host) -> Verdict {
    if A::is_local(case, packet.dst) {
        return passed(PassReason::Local);
    }
    match packet.info {
        L4::Echo { .. } if table::is_up(case.config, host) => Verdict::of("answer"),
        L4::Echo { .. } => dropped(DropReason::NoServer),
        _ if packet.proto.has_ports() => answered(DropReason::PortNotServed),
        _ => answered(DropReason::ProtocolNotServed),
    }
}

/// Whether the packet may open a flow; else what the service does with its kind.
fn opens<A: Family>(
    service: &Service,
    packet: &Packet<A>,
    steps: &mut Steps,
) -> Result<Option<Verdict>> {
    let kind = opener::kind(packet);
    if opener::may_open(packet) {
        steps.add(
            "open",
            format_args!("a packet of kind {} opens a flow", kind.name()),
        )?;
        return Ok(None);
    }
    let (word, verdict) = match service.settings.unknown.action(kind) {
        Action::Drop => ("drop", dropped(DropReason::NoFlow)),
        Action::Reset => ("reset", answered(DropReason::NoFlow)),
        Action::Pass => ("pass", passed(PassReason::NoFlow)),
    };
    steps.add(
        "open",
        format_args!("a packet of kind {} may not; unknown {word}", kind.name()),
    )?;
    Ok(Some(verdict))
}

/// Why a server takes new flows, or does not.
fn fitness(binding: &Binding) -> &'static str {
    let server = &binding.server;
    match server.runtime.health.condition(server.settings.state) {
        Condition::Down => "down",
        Condition::Drain => "draining",
        Condition::Failed => "failed",
        Condition::Up if binding.weight() == 0 => "up, but of weight 0",
        Condition::Up if server.is_full() => "up, but at its limit",
        Condition::Up => "up",
    }
}

/// Shows each server of a service.
fn servers(service: &Service, steps: &mut Steps) -> Result<()> {
    for binding in service.bindings.iter().take(SERVERS_SHOWN) {
        steps.add(
            "server",
            format_args!(
                "{} weight {} flows {}: {}",
                binding.key.server,
                binding.weight(),
                binding.server.flows(),
                fitness(binding)
            ),
        )?;
    }
    match service.bindings.len().checked_sub(SERVERS_SHOWN) {
        Some(more) if more != 0 => steps.add("server", format_args!("and {more} more")),
        _ => Ok(()),
    }
}

/// The server that a new flow would go to.
fn choose<'a, A: Family>(
    case: &Case<'a>,
    service: &'a Arc<Service>,
    packet: &Packet<A>,
    steps: &mut Steps,
) -> Result<Stage<Choice<'a>>> {
    let opening = Opening {
        client: packet.src,
        client_port: packet.sport,
        port: packet.dport,
    };
    let picked = {
        let guard = rcu::read_lock();
        table::pick(case.tables, case.config, service, &opening, true, &guard)
    };
    match picked {
        Ok(choice) => {
            let means = match choice.means {
                Means::Persistence => "which the client had before",
                Means::Scheduler => "by the scheduler",
                Means::ServerBackup => "as a backup of the server that the scheduler chose",
                Means::ServiceBackup => "by a backup of the service",
            };
            steps.add("schedule", format_args!("{} {means}", choice.server.key))?;
            Ok(Ok(choice))
        }
        Err(refusal) => {
            let reason = refusal.reason();
            let down = service.settings.state == AdminState::Down;
            let state = if down { "the service is down; " } else { "" };
            steps.add("schedule", format_args!("{state}{}", reason.doc()))?;
            Ok(Err(answered(reason)))
        }
    }
}

/// What the packet's ends become; the next stage needs its source.
fn translate<A: Family>(
    case: &Case<'_>,
    choice: &Choice<'_>,
    from: A,
    to: End<A>,
    steps: &mut Steps,
) -> Result<Stage<A>> {
    let (addr, port) = (to.0.to_addr(), to.1);
    match choice.binding.settings.method {
        Method::Nat => {}
        Method::Direct => {
            steps.add("translate", format_args!("nothing; to the link of {addr}"))?;
            return Ok(Ok(from));
        }
        Method::Tunnel => {
            steps.add("translate", format_args!("nothing; by tunnel to {addr}"))?;
            return Ok(Ok(from));
        }
    }
    steps.add(
        "translate",
        format_args!("destination to {addr} port {port}"),
    )?;
    let (first, last, ports) = match choice.binding.settings.snat {
        Snat::None => return Ok(Ok(from)),
        Snat::Auto { ports } => match A::own_address(case, to.0) {
            Some(own) => (own.to_addr(), own.to_addr(), ports),
            None => {
                steps.add(
                    "translate",
                    format_args!("no address of this host leads there"),
                )?;
                return Ok(Err(dropped(DropReason::NoRoute)));
            }
        },
        Snat::Pool { first, last, ports } => (first, last, ports),
    };
    steps.add(
        "translate",
        format_args!(
            "source to {first}-{last} port {}-{}",
            ports.first, ports.last
        ),
    )?;
    Ok(Ok(A::from_addr(first).unwrap_or(from)))
}
