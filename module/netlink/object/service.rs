// SPDX-License-Identifier: GPL-2.0

//! Operations on services.

use kernel::{prelude::*, sync::Arc};

use crate::domain::{sched::Scheduler, timeouts::Timeouts};
use crate::kern::net::genetlink::{
    Attrs, Dump, DumpWriter, Extack, Full, Refused, Reply, Request, Stop, Writer,
};
use crate::netlink::{
    parse,
    transaction,
    uapi::{attr, cmd},
    Control, //
};
use crate::table::{
    self,
    Action,
    AdminState,
    Config,
    Service,
    ServiceCursor,
    ServiceKey,
    ServiceSettings,
    ServiceUpdate,
    Unknown, //
};

fn places(at: table::Attr) -> &'static [u16] {
    use attr::{endpoint, service};
    match at {
        table::Attr::Key => &[service::KEY],
        table::Attr::Customer => &[service::KEY, endpoint::CUSTOMER],
        table::Attr::Address => &[service::KEY, endpoint::ADDRESS],
        table::Attr::Protocol => &[service::KEY, endpoint::PROTOCOL],
        table::Attr::Port => &[service::KEY, endpoint::PORT],
        table::Attr::PortLast => &[service::KEY, endpoint::PORT_LAST],
        table::Attr::Scheduler => &[service::SCHEDULER],
        table::Attr::TableSize => &[service::TABLE_SIZE],
        table::Attr::Persist => &[service::PERSIST],
        table::Attr::PersistMask => &[service::PERSIST_MASK],
        table::Attr::Timeouts => &[service::TIMEOUTS],
        table::Attr::Backup => &[service::BACKUP],
        table::Attr::State => &[service::STATE],
        _ => &[],
    }
}

/// What a request says of a service.
struct Said<'m> {
    update: ServiceUpdate,
    /// Single values out of a whole, which the update has to be given whole.
    timeouts: Option<Attrs<'m>>,
    unknown: Option<Attrs<'m>>,
}

impl<'m> Said<'m> {
    fn parse(extack: &Extack<'_>, attrs: &Attrs<'m>) -> Result<Self, Refused> {
        let nest = |number| Some(attrs.get(number)?.nested());
        let scheduler = |number| Scheduler::from_u8(u8::try_from(number).ok()?);
        let update = ServiceUpdate {
            scheduler: parse::choice(
                extack,
                attrs,
                attr::service::SCHEDULER,
                "scheduler",
                scheduler,
            )?,
            table_size: attrs.get(attr::service::TABLE_SIZE).map(|attr| attr.u32()),
            persist: attrs.get(attr::service::PERSIST).map(|attr| attr.u32()),
            persist_mask: attrs.get(attr::service::PERSIST_MASK).map(|attr| attr.u8()),
            timeouts: None,
            unknown: None,
            backup: parse::backup(extack, attrs, attr::service::BACKUP, parse::service_in)?,
            state: parse::choice(
                extack,
                attrs,
                attr::service::STATE,
                "state",
                AdminState::from_u32,
            )?,
        };
        Ok(Said {
            update,
            timeouts: nest(attr::service::TIMEOUTS),
            unknown: nest(attr::service::UNKNOWN),
        })
    }

    /// The update of a service that has these settings.
    fn of(&self, now: &ServiceSettings) -> ServiceUpdate {
        ServiceUpdate {
            timeouts: self.timeouts.map(|said| timeouts(&said, now.timeouts)),
            unknown: self.unknown.map(|said| unknown(&said, now.unknown)),
            ..self.update
        }
    }
}

/// The timeouts that are said, and the others as they are.
fn timeouts(said: &Attrs<'_>, now: Timeouts) -> Timeouts {
    use attr::timeouts::*;
    let pick = |number, now| said.get(number).map_or(now, |attr| attr.u32());
    Timeouts {
        syn: pick(SYN, now.syn),
        established: pick(ESTABLISHED, now.established),
        fin: pick(FIN, now.fin),
        closed: pick(CLOSED, now.closed),
        udp: pick(UDP, now.udp),
        udp_replied: pick(UDP_REPLIED, now.udp_replied),
        icmp: pick(ICMP, now.icmp),
        other: pick(OTHER, now.other),
    }
}

/// The actions that are said, and the others as they are.
fn unknown(said: &Attrs<'_>, now: Unknown) -> Unknown {
    use attr::unknown::*;
    let pick = |number, now| {
        let action = said
            .get(number)
            .and_then(|attr| Action::from_u32(attr.u32()));
        action.unwrap_or(now)
    };
    Unknown {
        ack: pick(ACK, now.ack),
        data: pick(DATA, now.data),
        fin: pick(FIN, now.fin),
        rst: pick(RST, now.rst),
        icmp: pick(ICMP, now.icmp),
        sctp: pick(SCTP, now.sctp),
        other: pick(OTHER, now.other),
    }
}

/// `service-new`: defines a service.
pub(crate) fn new(control: &Control, request: &Request<'_>) -> Result<Reply, Refused> {
    let (extack, attrs) = (request.extack(), request.attrs());
    let key = parse::service(&extack, &attrs, attr::service::KEY, "key")?;
    let update = Said::parse(&extack, &attrs)?.of(&ServiceSettings::default());
    transaction::apply(control, request, attr::service::TXN, places, |change| {
        change.service_new(key, &update)
    })
}

/// `service-set`: changes what is given.
pub(crate) fn set(control: &Control, request: &Request<'_>) -> Result<Reply, Refused> {
    let (extack, attrs) = (request.extack(), request.attrs());
    let key = parse::service(&extack, &attrs, attr::service::KEY, "key")?;
    let said = Said::parse(&extack, &attrs)?;
    transaction::apply(control, request, attr::service::TXN, places, |change| {
        let now = change.service_settings(&key).unwrap_or_default();
        change.service_set(key, &said.of(&now))
    })
}

/// `service-del`: removes a service that nothing is bound to.
pub(crate) fn del(control: &Control, request: &Request<'_>) -> Result<Reply, Refused> {
    let (extack, attrs) = (request.extack(), request.attrs());
    let key = parse::service(&extack, &attrs, attr::service::KEY, "key")?;
    let fate = parse::fate(&extack, &attrs, attr::service::FATE)?;
    transaction::apply(control, request, attr::service::TXN, places, |change| {
        change.service_del(key, fate)
    })
}

/// `service-get`: shows one.
pub(crate) fn get(control: &Control, request: &Request<'_>) -> Result<Reply, Refused> {
    let (extack, attrs) = (request.extack(), request.attrs());
    let key = parse::service(&extack, &attrs, attr::service::KEY, "key")?;
    let config = control.tables(request)?.config.get();
    let service = config
        .service(&key)
        .ok_or_else(|| extack.refuse(ENOENT, format_args!("service {key} is not defined")))?;
    request.reply(cmd::SERVICE_GET, |out| put(out, &config, service))
}

/// Writes a service of this configuration.
pub(in crate::netlink) fn put(
    out: &mut Writer<'_>,
    config: &Config,
    service: &Arc<Service>,
) -> Result<(), Full> {
    use attr::service as a;
    let settings = &service.settings;
    super::put_service_key(out, a::KEY, &service.key)?;
    out.u32(a::SCHEDULER, settings.scheduler as u32)?;
    out.u32(a::TABLE_SIZE, settings.table_size)?;
    out.u32(a::PERSIST, settings.persist)?;
    let mask = settings.persist_mask.unwrap_or(service.key.addr.bits());
    out.u8(a::PERSIST_MASK, mask)?;
    out.nest(a::TIMEOUTS, |out| put_timeouts(out, &settings.timeouts))?;
    out.nest(a::UNKNOWN, |out| put_unknown(out, &settings.unknown))?;
    if let Some(backup) = &settings.backup {
        super::put_service_key(out, a::BACKUP, backup)?;
    }
    out.u32(a::STATE, settings.state.as_u32())?;
    out.u32(a::CONDITION, table::condition(config, service).as_u32())?;
    out.u32(a::FLOWS, service.flows())?;
    out.u32(a::BINDINGS, service.bindings.len() as u32)?;
    super::put_traffic(out, a::COUNTERS, &service.runtime.traffic)
}

fn put_timeouts(out: &mut Writer<'_>, timeouts: &Timeouts) -> Result<(), Full> {
    use attr::timeouts::*;
    out.u32(SYN, timeouts.syn)?;
    out.u32(ESTABLISHED, timeouts.established)?;
    out.u32(FIN, timeouts.fin)?;
    out.u32(CLOSED, timeouts.closed)?;
    out.u32(UDP, timeouts.udp)?;
    out.u32(UDP_REPLIED, timeouts.udp_replied)?;
    out.u32(ICMP, timeouts.icmp)?;
    out.u32(OTHER, timeouts.other)
}

fn put_unknown(out: &mut Writer<'_>, unknown: &Unknown) -> Result<(), Full> {
    use attr::unknown::*;
    out.u32(ACK, unknown.ack.as_u32())?;
    out.u32(DATA, unknown.data.as_u32())?;
    out.u32(FIN, unknown.fin.as_u32())?;
    out.u32(RST, unknown.rst.as_u32())?;
    out.u32(ICMP, unknown.icmp.as_u32())?;
    out.u32(SCTP, unknown.sctp.as_u32())?;
    out.u32(OTHER, unknown.other.as_u32())
}

/// `service-get` as a dump: all services of one configuration, or the one that is named.
pub(crate) struct Services {
    config: Arc<Config>,
    at: ServiceCursor,
    only: Option<ServiceKey>,
}

impl Dump<Control> for Services {
    fn start(control: &Control, request: &Request<'_>) -> Result<Self, Refused> {
        let (extack, attrs) = (request.extack(), request.attrs());
        let key = attrs.get(attr::service::KEY);
        Ok(Services {
            config: control.tables(request)?.config.get(),
            at: ServiceCursor::default(),
            only: key
                .map(|key| parse::service_in(&extack, &key.nested()))
                .transpose()?,
        })
    }

    fn dump(&mut self, _: &Control, out: &mut DumpWriter<'_>) -> Result<(), Stop> {
        if let Some(key) = &self.only {
            if let Some(service) = self.config.service(key) {
                out.message::<Full>(cmd::SERVICE_GET, |out| put(out, &self.config, service))?;
            }
            return Ok(());
        }
        for (service, next) in self.config.services(self.at) {
            out.message::<Full>(cmd::SERVICE_GET, |out| put(out, &self.config, service))?;
            self.at = next;
        }
        Ok(())
    }
}
