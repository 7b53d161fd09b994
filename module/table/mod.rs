// SPDX-License-Identifier: GPL-2.0

//! What is configured and what is live, for each network namespace.
//!
//! `config` is what the operator wants, one immutable generation after the other, made by `change`.
//! `flow` and `persist` are what packets have made of it, `health` what is known of servers by
//! that, and `schedule` decides over new flows. `gc` lets time pass. [`Tables`] holds all of it for
//! one namespace, and `netns` sees to it that there is one for each.
//!
//! The layers above meet here: `datapath` reads and opens flows, `netlink` changes and shows. What
//! these must be told comes to them through [`Datapath`] and [`Listener`].
//!
//! Locks and lifetimes are in `Documentation/locking.md`.

mod change;
mod commit;
mod config;
mod flow;
mod gc;
mod health;
mod limits;
mod meter;
mod netns;
mod persist;
mod schedule;
#[cfg(slr_selftest)]
pub(crate) mod selftest;
mod stats;
mod trace;
mod trie;

pub(crate) use self::{
    change::{
        Attr, BindingUpdate, Change, ConfigError, CustomerUpdate, Event, Kind, PortUpdate,
        ServerUpdate, ServiceUpdate,
    },
    commit::Committed,
    config::{
        Action, AdminState, Ask, Binding, BindingKey, BindingRuntime, BindingSettings, Condition,
        Config, Customer, CustomerName, CustomerRuntime, Fate, Guard, Host, HostKey, Lookup,
        Method, Port, PortName, PortSettings, Prefix, Quotas, Route, RouteKey, Server, ServerKey,
        ServerRuntime, ServerSettings, Service, ServiceCursor, ServiceKey, ServiceRuntime,
        ServiceSettings, Side, SlrDevice, Snat, Target, Traffic, TrafficSums, Tunnel, TunnelBounds,
        TunnelName, TunnelSettings, Unknown, Vrf, Within, PUBLIC, SNAT_PORTS,
    },
    flow::{
        state_bit, End, Family, FilterEnd, Flow, FlowDump, FlowFilter, FlowRecord, FlowRef,
        FlowTable, Goal, NewFlow, OpenError, Pool, Source,
    },
    health::{Health, HealthNews},
    limits::Limits,
    meter::{Limit, Meter, Rates},
    netns::{Attachment, Datapath, Listener, Registration, Tables},
    schedule::{condition, is_up, pick, Choice, Means, Opening, Refusal},
    stats::{CounterKind, Drops, Happening, NamedCounter, Stats},
    trace::{Denied, Reader, Trace, Wanted, READERS_MAX},
    trie::Cursor,
};
