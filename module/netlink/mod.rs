// SPDX-License-Identifier: GPL-2.0

//! The control interface: the generic netlink family `slr`.
//!
//! `Documentation/netlink/specs/slr.yaml` says what there is; `scripts/gen-netlink` makes [`uapi`]
//! (numbers) and [`policy`] (what a request may hold, enforced by the kernel before anything here
//! runs) from it. An operation on an object is parse → check → plan → commit → notify: [`parse`]
//! turns attributes into the tables' terms, the tables check and plan, [`transaction`] commits, now
//! or with others, and [`notify`] tells who listens. Every refusal names the object and points at
//! the attribute ([`extack`]).
//!
//! Dumps of the configuration show one generation throughout: they hold it. Dumps of flows go
//! through a table that changes meanwhile, show no flow twice, and miss none that stays.
//!
//! Everything is per network namespace, that of the asking socket, and takes CAP_NET_ADMIN over it.
//!
//! Context: process, may sleep; operations run in parallel. Events of the tables come from the
//! contexts that [`notify`] names.

mod explain;
mod extack;
mod notify;
mod object;
mod parse;
mod policy;
mod transaction;
mod uapi;

use kernel::{prelude::*, sync::Arc};

use crate::kern::{
    net::{
        genetlink::{
            self, Channel, Dump, Family, Group, Operation, Permission, Policy, Refused, Reply,
            Request,
        },
        namespace::Net,
    },
    sync::global::Filled,
};
use crate::table::Tables;
use object::{
    binding, customer, device, flow, port, route, server, service, settings, stats, trace, tunnel,
};
use transaction::Transactions;
use uapi::{cmd, group};

pub(crate) use notify::Notifier;
pub(crate) use transaction::Limits;

/// While it exists clients can use the interface.
pub(crate) struct Registration {
    // In the order of their end: nobody is told anything once the family is gone.
    _channel: Filled<Channel>,
    _family: genetlink::Registration<Control>,
}

impl Registration {
    /// Makes the interface available. The tables of every namespace must be there.
    ///
    /// Context: process, may sleep.
    pub(crate) fn new(module: &'static ThisModule, limits: Limits) -> Result<Self> {
        let control = Control {
            transactions: Transactions::new(limits)?,
        };
        let family = genetlink::Registration::new(module, control)?;
        Ok(Registration {
            _channel: notify::open(family.channel())?,
            _family: family,
        })
    }
}

/// The family object: what is not of one namespace.
pub(crate) struct Control {
    transactions: Transactions,
}

impl Control {
    /// The tables of the namespace that asks.
    fn tables(&self, request: &Request<'_>) -> Result<Arc<Tables>, Refused> {
        Tables::get(request.net()).ok_or_else(|| {
            request
                .extack()
                .refuse(ENODEV, format_args!("the network namespace is going away"))
        })
    }
}

type Act = fn(&Control, &Request<'_>) -> Result<Reply, Refused>;

const fn act(command: u8, policy: Policy, function: Act) -> Operation<Control> {
    Operation::act(command, Permission::NamespaceAdmin, policy, function)
}

const fn dump<D: Dump<Control>>(command: u8, policy: Policy) -> Operation<Control> {
    Operation::dump::<D>(command, Permission::NamespaceAdmin, policy)
}

impl Family for Control {
    const NAME: &'static str = uapi::FAMILY;
    const VERSION: u8 = uapi::VERSION;

    const OPERATIONS: &'static [Operation<Self>] = &[
        act(cmd::SETTINGS_GET, &[], settings::get),
        act(cmd::SETTINGS_SET, &policy::SETTINGS_SET, settings::set),
        act(cmd::CUSTOMER_NEW, &policy::CUSTOMER_NEW, customer::new),
        act(cmd::CUSTOMER_SET, &policy::CUSTOMER_SET, customer::set),
        act(cmd::CUSTOMER_DEL, &policy::CUSTOMER_DEL, customer::del),
        act(cmd::CUSTOMER_GET, &policy::CUSTOMER_GET, customer::get),
        dump::<customer::Customers>(cmd::CUSTOMER_GET, &[]),
        act(cmd::TUNNEL_NEW, &policy::TUNNEL_NEW, tunnel::new),
        act(cmd::TUNNEL_SET, &policy::TUNNEL_SET, tunnel::set),
        act(cmd::TUNNEL_DEL, &policy::TUNNEL_DEL, tunnel::del),
        act(cmd::TUNNEL_GET, &policy::TUNNEL_GET, tunnel::get),
        dump::<tunnel::Tunnels>(cmd::TUNNEL_GET, &[]),
        act(cmd::ROUTE_NEW, &policy::ROUTE_NEW, route::new),
        act(cmd::ROUTE_SET, &policy::ROUTE_SET, route::set),
        act(cmd::ROUTE_DEL, &policy::ROUTE_DEL, route::del),
        dump::<route::Routes>(cmd::ROUTE_GET, &[]),
        dump::<device::Devices>(cmd::DEVICE_GET, &[]),
        act(cmd::PORT_NEW, &policy::PORT_NEW, port::new),
        act(cmd::PORT_SET, &policy::PORT_SET, port::set),
        act(cmd::PORT_DEL, &policy::PORT_DEL, port::del),
        act(cmd::PORT_GET, &policy::PORT_GET, port::get),
        dump::<port::Ports>(cmd::PORT_GET, &[]),
        act(cmd::SERVICE_NEW, &policy::SERVICE_NEW, service::new),
        act(cmd::SERVICE_SET, &policy::SERVICE_SET, service::set),
        act(cmd::SERVICE_DEL, &policy::SERVICE_DEL, service::del),
        act(cmd::SERVICE_GET, &policy::SERVICE_GET, service::get),
        dump::<service::Services>(cmd::SERVICE_GET, &policy::SERVICE_GET),
        act(cmd::SERVER_NEW, &policy::SERVER_NEW, server::new),
        act(cmd::SERVER_SET, &policy::SERVER_SET, server::set),
        act(cmd::SERVER_DEL, &policy::SERVER_DEL, server::del),
        act(cmd::SERVER_GET, &policy::SERVER_GET, server::get),
        dump::<server::Servers>(cmd::SERVER_GET, &policy::SERVER_GET),
        act(cmd::BINDING_NEW, &policy::BINDING_NEW, binding::new),
        act(cmd::BINDING_SET, &policy::BINDING_SET, binding::set),
        act(cmd::BINDING_DEL, &policy::BINDING_DEL, binding::del),
        dump::<binding::Bindings>(cmd::BINDING_GET, &policy::BINDING_GET_DUMP),
        dump::<flow::Flows>(cmd::FLOW_GET, &policy::FLOW_GET_DUMP),
        act(cmd::FLOW_DEL, &policy::FLOW_DEL, flow::del),
        act(cmd::FLOW_COUNT, &policy::FLOW_COUNT, flow::count),
        dump::<stats::Counters>(cmd::STATS_GET, &[]),
        dump::<stats::CustomerDrops>(cmd::DROP_GET, &policy::DROP_GET_DUMP),
        act(cmd::TXN_BEGIN, &policy::TXN_BEGIN, transaction::begin),
        act(cmd::TXN_COMMIT, &policy::TXN_COMMIT, transaction::commit),
        act(cmd::TXN_ABORT, &policy::TXN_ABORT, transaction::abort),
        act(cmd::EXPLAIN, &policy::EXPLAIN, explain::explain),
        act(cmd::TRACE, &policy::TRACE, trace::begin),
    ];

    // In the order of `uapi::group`.
    const GROUPS: &'static [Group] = &[
        Group {
            name: group::CONFIG_NAME,
            permission: Permission::NamespaceAdmin,
        },
        Group {
            name: group::HEALTH_NAME,
            permission: Permission::NamespaceAdmin,
        },
    ];

    fn socket_closed(&self, net: &Net, portid: u32) {
        self.transactions.socket_closed(net, portid);
        if let Some(tables) = Tables::get(net) {
            tables.traces.end(portid);
        }
    }
}
