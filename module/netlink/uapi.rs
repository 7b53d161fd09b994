// SPDX-License-Identifier: GPL-2.0

//! The numbers of the control interface.
//!
//! Generated from Documentation/netlink/specs/slr.yaml by scripts/gen-netlink; do not edit.

#![allow(dead_code)]

/// Name of the generic netlink family.
pub(crate) const FAMILY: &str = "slr";

/// Version of the family.
pub(crate) const VERSION: u8 = 1;

/// Operations and notifications.
pub(crate) mod cmd {
    /// Limits and state of the namespace.
    pub(crate) const SETTINGS_GET: u8 = 1;
    /// Change limits and rules.
    pub(crate) const SETTINGS_SET: u8 = 2;
    /// Attach a device.
    pub(crate) const PORT_NEW: u8 = 3;
    /// Change a port.
    pub(crate) const PORT_SET: u8 = 4;
    /// Detach a device.
    pub(crate) const PORT_DEL: u8 = 5;
    /// Show ports.
    pub(crate) const PORT_GET: u8 = 6;
    /// Define a service.
    pub(crate) const SERVICE_NEW: u8 = 7;
    /// Change what is given.
    pub(crate) const SERVICE_SET: u8 = 8;
    /// Remove a service that nothing is bound to.
    pub(crate) const SERVICE_DEL: u8 = 9;
    /// Show services.
    pub(crate) const SERVICE_GET: u8 = 10;
    /// Define a server.
    pub(crate) const SERVER_NEW: u8 = 11;
    /// Change what is given; state up also clears a failure.
    pub(crate) const SERVER_SET: u8 = 12;
    /// Remove a server that is not bound.
    pub(crate) const SERVER_DEL: u8 = 13;
    /// Show servers.
    pub(crate) const SERVER_GET: u8 = 14;
    /// Let a server serve a service.
    pub(crate) const BINDING_NEW: u8 = 15;
    /// Change what is given.
    pub(crate) const BINDING_SET: u8 = 16;
    /// Take a server from a service; its living flows go on unless told otherwise.
    pub(crate) const BINDING_DEL: u8 = 17;
    /// Show bindings.
    pub(crate) const BINDING_GET: u8 = 18;
    /// Show flows.
    pub(crate) const FLOW_GET: u8 = 19;
    /// End the selected flows.
    pub(crate) const FLOW_DEL: u8 = 20;
    /// Show counters.
    pub(crate) const STATS_GET: u8 = 21;
    /// Open a transaction; one a socket, dropped with it.
    pub(crate) const TXN_BEGIN: u8 = 22;
    /// Make all its changes take effect at once, or none. Ends the transaction either way.
    pub(crate) const TXN_COMMIT: u8 = 23;
    /// Drop it.
    pub(crate) const TXN_ABORT: u8 = 24;
    /// Say, from the live tables, what would happen to a packet.
    pub(crate) const EXPLAIN: u8 = 25;
    /// A port was made or changed.
    pub(crate) const PORT_NEW_NTF: u8 = 26;
    /// A port was removed.
    pub(crate) const PORT_DEL_NTF: u8 = 27;
    /// A service was made or changed.
    pub(crate) const SERVICE_NEW_NTF: u8 = 28;
    /// A service was removed.
    pub(crate) const SERVICE_DEL_NTF: u8 = 29;
    /// A server was made or changed.
    pub(crate) const SERVER_NEW_NTF: u8 = 30;
    /// A server was removed.
    pub(crate) const SERVER_DEL_NTF: u8 = 31;
    /// A binding was made or changed.
    pub(crate) const BINDING_NEW_NTF: u8 = 32;
    /// A binding was removed.
    pub(crate) const BINDING_DEL_NTF: u8 = 33;
    /// Limits changed, or a whole configuration was replaced.
    pub(crate) const SETTINGS_NTF: u8 = 34;
    /// The condition of a server changed, or a draining server is empty.
    pub(crate) const HEALTH_NTF: u8 = 35;
    /// Count the selected flows.
    pub(crate) const FLOW_COUNT: u8 = 36;
    /// Define a customer.
    pub(crate) const CUSTOMER_NEW: u8 = 37;
    /// Change what is given; named by number or name.
    pub(crate) const CUSTOMER_SET: u8 = 38;
    /// Remove a customer that has neither ports nor services nor servers; its flows end.
    pub(crate) const CUSTOMER_DEL: u8 = 39;
    /// Show customers.
    pub(crate) const CUSTOMER_GET: u8 = 40;
    /// A customer was made or changed.
    pub(crate) const CUSTOMER_NEW_NTF: u8 = 41;
    /// A customer was removed.
    pub(crate) const CUSTOMER_DEL_NTF: u8 = 42;
    /// Define a tunnel.
    pub(crate) const TUNNEL_NEW: u8 = 43;
    /// Change what is given.
    pub(crate) const TUNNEL_SET: u8 = 44;
    /// Remove a tunnel that neither routes nor other tunnels lead to.
    pub(crate) const TUNNEL_DEL: u8 = 45;
    /// Show tunnels.
    pub(crate) const TUNNEL_GET: u8 = 46;
    /// Define a route.
    pub(crate) const ROUTE_NEW: u8 = 47;
    /// Lead a route elsewhere, or define it.
    pub(crate) const ROUTE_SET: u8 = 48;
    /// Remove a route.
    pub(crate) const ROUTE_DEL: u8 = 49;
    /// Show routes.
    pub(crate) const ROUTE_GET: u8 = 50;
    /// A tunnel was made or changed.
    pub(crate) const TUNNEL_NEW_NTF: u8 = 51;
    /// A tunnel was removed; told are its name and customer.
    pub(crate) const TUNNEL_DEL_NTF: u8 = 52;
    /// A route was made or changed.
    pub(crate) const ROUTE_NEW_NTF: u8 = 53;
    /// A route was removed.
    pub(crate) const ROUTE_DEL_NTF: u8 = 54;
    /// Show slr devices.
    pub(crate) const DEVICE_GET: u8 = 55;
    /// An slr device was made.
    pub(crate) const DEVICE_NEW_NTF: u8 = 56;
    /// An slr device is gone.
    pub(crate) const DEVICE_DEL_NTF: u8 = 57;
    /// Show which reasons packets of customers were dropped for, those that ever were.
    pub(crate) const DROP_GET: u8 = 58;
    /// Follow packets. What becomes of each is an answer to this request, until the socket
    /// is closed.
    pub(crate) const TRACE: u8 = 59;
}

/// Multicast groups, by their place in the family's list.
pub(crate) mod group {
    /// Place of `config`.
    pub(crate) const CONFIG: u32 = 0;
    /// What clients call it.
    pub(crate) const CONFIG_NAME: &str = "config";
    /// Place of `health`.
    pub(crate) const HEALTH: u32 = 1;
    /// What clients call it.
    pub(crate) const HEALTH_NAME: &str = "health";
}

/// Attributes, a module a set.
pub(crate) mod attr {
    /// Names a service or a server.
    pub(crate) mod endpoint {
        /// Routing context; 0 is public.
        pub(crate) const CUSTOMER: u16 = 1;
        /// IPv4 (4 bytes) or IPv6 (16 bytes) address, network order.
        pub(crate) const ADDRESS: u16 = 2;
        /// IP protocol number; 0 is any.
        pub(crate) const PROTOCOL: u16 = 3;
        /// First port, host order; 0 is any port of a service, the whole machine of a
        /// server.
        pub(crate) const PORT: u16 = 4;
        /// Last port of a range; the first one if absent.
        pub(crate) const PORT_LAST: u16 = 5;
        /// The greatest of them.
        pub(crate) const MAX: u16 = 5;
    }

    /// Traffic of an object since it was made.
    pub(crate) mod counters {
        /// Flows opened.
        pub(crate) const FLOWS_TOTAL: u16 = 1;
        /// Packets from clients.
        pub(crate) const PACKETS_IN: u16 = 2;
        /// Bytes of IP packets from clients.
        pub(crate) const BYTES_IN: u16 = 3;
        /// Packets to clients.
        pub(crate) const PACKETS_OUT: u16 = 4;
        /// Bytes of IP packets to clients.
        pub(crate) const BYTES_OUT: u16 = 5;
        /// New flows refused.
        pub(crate) const REFUSED: u16 = 6;
        /// The greatest of them.
        pub(crate) const MAX: u16 = 6;
    }

    /// Seconds without a packet after which a flow is forgotten, per state.
    pub(crate) mod timeouts {
        /// TCP or SCTP opened and not confirmed.
        pub(crate) const SYN: u16 = 1;
        /// TCP or SCTP established.
        pub(crate) const ESTABLISHED: u16 = 2;
        /// One end of a TCP or SCTP flow is done.
        pub(crate) const FIN: u16 = 3;
        /// Both ends are done.
        pub(crate) const CLOSED: u16 = 4;
        /// UDP without an answer.
        pub(crate) const UDP: u16 = 5;
        /// UDP with an answer.
        pub(crate) const UDP_REPLIED: u16 = 6;
        /// ICMP echo.
        pub(crate) const ICMP: u16 = 7;
        /// Other protocols.
        pub(crate) const OTHER: u16 = 8;
        /// The greatest of them.
        pub(crate) const MAX: u16 = 8;
    }

    /// What becomes of a packet that has no flow and may not open one, by its kind.
    pub(crate) mod unknown {
        /// TCP acknowledgement without data.
        pub(crate) const ACK: u16 = 1;
        /// TCP with data.
        pub(crate) const DATA: u16 = 2;
        /// TCP FIN.
        pub(crate) const FIN: u16 = 3;
        /// TCP RST (reset means drop).
        pub(crate) const RST: u16 = 4;
        /// ICMP other than an echo request or an error about a flow.
        pub(crate) const ICMP: u16 = 5;
        /// SCTP other than INIT.
        pub(crate) const SCTP: u16 = 6;
        /// Anything else.
        pub(crate) const OTHER: u16 = 7;
        /// The greatest of them.
        pub(crate) const MAX: u16 = 7;
    }

    /// Source translation of a binding.
    pub(crate) mod snat {
        /// Whether and how.
        pub(crate) const MODE: u16 = 1;
        /// First address of the pool.
        pub(crate) const FIRST: u16 = 2;
        /// Last address of the pool; the first one if absent.
        pub(crate) const LAST: u16 = 3;
        /// First port to use, default 1024.
        pub(crate) const PORT: u16 = 4;
        /// Last port to use, default 65535.
        pub(crate) const PORT_LAST: u16 = 5;
        /// The greatest of them.
        pub(crate) const MAX: u16 = 5;
    }

    /// Limits and state of the tables of a namespace.
    pub(crate) mod settings {
        /// Version of the module.
        pub(crate) const VERSION: u16 = 1;
        /// Number of the configuration in force.
        pub(crate) const GENERATION: u16 = 2;
        /// Flows that may live at once, each family.
        pub(crate) const FLOWS_MAX: u16 = 3;
        /// Flows alive.
        pub(crate) const FLOWS: u16 = 4;
        /// Bytes of memory an IPv4 flow takes, without its share of the index.
        pub(crate) const FLOW_BYTES_V4: u16 = 5;
        /// The same of an IPv6 flow.
        pub(crate) const FLOW_BYTES_V6: u16 = 6;
        /// Ports attached.
        pub(crate) const PORTS: u16 = 7;
        /// Services defined.
        pub(crate) const SERVICES: u16 = 8;
        /// Servers defined.
        pub(crate) const SERVERS: u16 = 9;
        /// Bindings defined.
        pub(crate) const BINDINGS: u16 = 10;
        /// Transaction this change belongs to; alone if absent.
        pub(crate) const TXN: u16 = 11;
        /// Customers defined, without public.
        pub(crate) const CUSTOMERS: u16 = 12;
        /// Whether tunnels over IP must be secure, or clear on purpose.
        pub(crate) const REQUIRE_SECURE: u16 = 13;
        /// The greatest of them.
        pub(crate) const MAX: u16 = 13;
    }

    /// A network device on which slr takes packets.
    pub(crate) mod port {
        /// Index of the device.
        pub(crate) const IFINDEX: u16 = 1;
        /// Name of the device.
        pub(crate) const IFNAME: u16 = 2;
        /// Routing context of what arrives; 0 is public.
        pub(crate) const CUSTOMER: u16 = 3;
        /// Which half of the traffic it may carry.
        pub(crate) const SIDE: u16 = 4;
        /// 1 to answer ARP and neighbour solicitations for virtual addresses here, and
        /// to announce them.
        pub(crate) const ANNOUNCE: u16 = 5;
        /// Packets taken by slr.
        pub(crate) const PACKETS: u16 = 6;
        /// Bytes of these.
        pub(crate) const BYTES: u16 = 7;
        /// Transaction this change belongs to; alone if absent.
        pub(crate) const TXN: u16 = 8;
        /// Default inherit; absent where it is; loose and strict need a customer.
        pub(crate) const GUARD: u16 = 9;
        /// The greatest of them.
        pub(crate) const MAX: u16 = 9;
    }

    /// A virtual address, or one protocol or port range of it, and how it is served.
    pub(crate) mod service {
        /// Which.
        pub(crate) const KEY: u16 = 1;
        /// Default wlc.
        pub(crate) const SCHEDULER: u16 = 2;
        /// Slots of the maglev table, a prime; default 4093.
        pub(crate) const TABLE_SIZE: u16 = 3;
        /// Seconds for which a client keeps its server; 0 is off.
        pub(crate) const PERSIST: u16 = 4;
        /// Prefix length under which clients count as one; default the whole address.
        pub(crate) const PERSIST_MASK: u16 = 5;
        /// Of flows opened from now on.
        pub(crate) const TIMEOUTS: u16 = 6;
        /// Packets without a flow.
        pub(crate) const UNKNOWN: u16 = 7;
        /// Service whose servers take over when none of its own is usable; empty for
        /// none.
        pub(crate) const BACKUP: u16 = 8;
        /// Up or down; down counts as failed.
        pub(crate) const STATE: u16 = 9;
        /// What is the case; failed while no server of it or of its backups is usable.
        pub(crate) const CONDITION: u16 = 10;
        /// Flows alive.
        pub(crate) const FLOWS: u16 = 11;
        /// Servers bound.
        pub(crate) const BINDINGS: u16 = 12;
        /// Traffic.
        pub(crate) const COUNTERS: u16 = 13;
        /// Of living flows, at deletion.
        pub(crate) const FATE: u16 = 14;
        /// Transaction this change belongs to; alone if absent.
        pub(crate) const TXN: u16 = 15;
        /// The greatest of them.
        pub(crate) const MAX: u16 = 15;
    }

    /// A real server, or one port of it.
    pub(crate) mod server {
        /// Which; port 0 is the whole machine.
        pub(crate) const KEY: u16 = 1;
        /// Share of new flows; 0 gets none; default 1.
        pub(crate) const WEIGHT: u16 = 2;
        /// Flows at once; 0 is no limit.
        pub(crate) const LIMIT: u16 = 3;
        /// Unanswered or refused openings in a row that make it failed; 0 is never;
        /// default 8.
        pub(crate) const THRESHOLD: u16 = 4;
        /// Seconds after which a failed server is tried again; 0 is only by command;
        /// default 60.
        pub(crate) const HOLD: u16 = 5;
        /// Server that takes its flows while it is failed or down; empty for none.
        pub(crate) const BACKUP: u16 = 6;
        /// Seconds after which the flows left on a draining server are reset; 0 is
        /// never.
        pub(crate) const DRAIN_TIMEOUT: u16 = 7;
        /// What the operator wants.
        pub(crate) const STATE: u16 = 8;
        /// What is the case.
        pub(crate) const CONDITION: u16 = 9;
        /// Unanswered or refused openings in a row.
        pub(crate) const FAILURES: u16 = 10;
        /// Unanswered or refused openings in all.
        pub(crate) const FAILURES_TOTAL: u16 = 11;
        /// Smoothed time from SYN to SYN/ACK, microseconds; 0 is unknown.
        pub(crate) const RTT: u16 = 12;
        /// Flows alive.
        pub(crate) const FLOWS: u16 = 13;
        /// Services bound.
        pub(crate) const BINDINGS: u16 = 14;
        /// Seconds until the flows left are reset.
        pub(crate) const DRAIN_LEFT: u16 = 15;
        /// Traffic.
        pub(crate) const COUNTERS: u16 = 16;
        /// Of living flows, at deletion.
        pub(crate) const FATE: u16 = 17;
        /// Transaction this change belongs to; alone if absent.
        pub(crate) const TXN: u16 = 18;
        /// The greatest of them.
        pub(crate) const MAX: u16 = 18;
    }

    /// A server that serves a service.
    pub(crate) mod binding {
        /// Which service.
        pub(crate) const SERVICE: u16 = 1;
        /// Which server.
        pub(crate) const SERVER: u16 = 2;
        /// Port on the server; 0 keeps the port.
        pub(crate) const PORT: u16 = 3;
        /// Last port of a range as long as that of the service.
        pub(crate) const PORT_LAST: u16 = 4;
        /// How packets get there.
        pub(crate) const METHOD: u16 = 5;
        /// In place of that of the server.
        pub(crate) const WEIGHT: u16 = 6;
        /// Source translation.
        pub(crate) const SNAT: u16 = 7;
        /// Flows alive.
        pub(crate) const FLOWS: u16 = 8;
        /// Traffic.
        pub(crate) const COUNTERS: u16 = 9;
        /// Of living flows, at deletion.
        pub(crate) const FATE: u16 = 10;
        /// Transaction this change belongs to; alone if absent.
        pub(crate) const TXN: u16 = 11;
        /// Tunnel that packets enter, of method tunnel.
        pub(crate) const TUNNEL: u16 = 12;
        /// The greatest of them.
        pub(crate) const MAX: u16 = 12;
    }

    /// One connection. In a request, what is given selects.
    pub(crate) mod flow {
        /// Routing context.
        pub(crate) const CUSTOMER: u16 = 1;
        /// IP protocol number.
        pub(crate) const PROTOCOL: u16 = 2;
        /// Address of the client.
        pub(crate) const CLIENT_ADDRESS: u16 = 3;
        /// In a request, bits of the client address that count.
        pub(crate) const CLIENT_PREFIX: u16 = 4;
        /// Port, or ICMP echo identifier.
        pub(crate) const CLIENT_PORT: u16 = 5;
        /// Address that the client uses.
        pub(crate) const VIRTUAL_ADDRESS: u16 = 6;
        /// Port that the client uses.
        pub(crate) const VIRTUAL_PORT: u16 = 7;
        /// Address of the server.
        pub(crate) const SERVER_ADDRESS: u16 = 8;
        /// Port on the server.
        pub(crate) const SERVER_PORT: u16 = 9;
        /// Address that the server sees, if translated.
        pub(crate) const SNAT_ADDRESS: u16 = 10;
        /// Port that the server sees, if translated.
        pub(crate) const SNAT_PORT: u16 = 11;
        /// Where it stands.
        pub(crate) const STATE: u16 = 12;
        /// Openings seen again before an answer.
        pub(crate) const SYN_REPEATS: u16 = 13;
        /// Seconds left without a packet.
        pub(crate) const EXPIRES: u16 = 14;
        /// Service that it belongs to.
        pub(crate) const SERVICE: u16 = 15;
        /// Server that it is pinned to.
        pub(crate) const SERVER: u16 = 16;
        /// In a reply, flows ended.
        pub(crate) const DELETED: u16 = 17;
        /// In a reply, flows selected.
        pub(crate) const COUNT: u16 = 18;
        /// In a request, bits of the virtual address that count.
        pub(crate) const VIRTUAL_PREFIX: u16 = 19;
        /// In a request, bits of the server's address that count.
        pub(crate) const SERVER_PREFIX: u16 = 20;
        /// In a request, the last port of a range that begins with client-port.
        pub(crate) const CLIENT_PORT_LAST: u16 = 21;
        /// In a request, the last port of a range that begins with virtual-port.
        pub(crate) const VIRTUAL_PORT_LAST: u16 = 22;
        /// In a request, the last port of a range that begins with server-port.
        pub(crate) const SERVER_PORT_LAST: u16 = 23;
        /// In a request, states of which the flow has one, for each the bit of its
        /// number.
        pub(crate) const STATES: u16 = 24;
        /// Tunnel that its packets enter.
        pub(crate) const TUNNEL: u16 = 25;
        /// The greatest of them.
        pub(crate) const MAX: u16 = 25;
    }

    /// One named counter of the namespace.
    pub(crate) mod counter {
        /// Kebab-case.
        pub(crate) const NAME: u16 = 1;
        /// What it counts.
        pub(crate) const KIND: u16 = 2;
        /// Since the module was loaded into the namespace.
        pub(crate) const VALUE: u16 = 3;
        /// One sentence.
        pub(crate) const DOC: u16 = 4;
        /// The greatest of them.
        pub(crate) const MAX: u16 = 4;
    }

    /// How many packets of one customer were dropped for one reason.
    pub(crate) mod drop {
        /// Routing context that they were in.
        pub(crate) const CUSTOMER: u16 = 1;
        /// Reason, the name of a counter.
        pub(crate) const NAME: u16 = 2;
        /// Since the customer was defined.
        pub(crate) const VALUE: u16 = 3;
        /// The greatest of them.
        pub(crate) const MAX: u16 = 3;
    }

    /// Packets that are followed. In a request, what is given selects.
    pub(crate) mod trace {
        /// Routing context that a packet comes through.
        pub(crate) const CUSTOMER: u16 = 1;
        /// IP protocol number.
        pub(crate) const PROTOCOL: u16 = 2;
        /// Source address.
        pub(crate) const SOURCE: u16 = 3;
        /// Destination address.
        pub(crate) const DESTINATION: u16 = 4;
        /// Source or destination address.
        pub(crate) const HOST: u16 = 5;
        /// Source port.
        pub(crate) const SOURCE_PORT: u16 = 6;
        /// Destination port.
        pub(crate) const DESTINATION_PORT: u16 = 7;
        /// Source or destination port.
        pub(crate) const PORT: u16 = 8;
        /// Tunnel that it comes out of or enters.
        pub(crate) const TUNNEL: u16 = 9;
        /// Device that it comes in or leaves by.
        pub(crate) const IFINDEX: u16 = 10;
        /// Why it is dropped or passed.
        pub(crate) const REASON: u16 = 11;
        /// Only what is dropped.
        pub(crate) const DROPS: u16 = 12;
        /// Packets until it is enough.
        pub(crate) const COUNT: u16 = 13;
        /// One in so many.
        pub(crate) const SAMPLE: u16 = 14;
        /// Packets a second at most; default 1000.
        pub(crate) const RATE: u16 = 15;
        /// In an answer, nanoseconds since boot when it arrived.
        pub(crate) const TIME: u16 = 16;
        /// In an answer, packets that were selected and not shown so far, for lack of
        /// room or beyond the rate.
        pub(crate) const LOST: u16 = 17;
        /// In an answer, steps that there was no room for.
        pub(crate) const MISSED: u16 = 18;
        /// In an answer, what became of it, in order.
        pub(crate) const STEP: u16 = 19;
        /// The greatest of them.
        pub(crate) const MAX: u16 = 19;
    }

    /// One step of a packet.
    pub(crate) mod trace_step {
        /// Where it has come to.
        pub(crate) const STAGE: u16 = 1;
        /// Nanoseconds since it arrived.
        pub(crate) const AFTER: u16 = 2;
        /// Routing context that it is in.
        pub(crate) const CUSTOMER: u16 = 3;
        /// IP protocol number.
        pub(crate) const PROTOCOL: u16 = 4;
        /// Source address.
        pub(crate) const SOURCE: u16 = 5;
        /// Source port, or ICMP echo identifier.
        pub(crate) const SOURCE_PORT: u16 = 6;
        /// Destination address.
        pub(crate) const DESTINATION: u16 = 7;
        /// Destination port.
        pub(crate) const DESTINATION_PORT: u16 = 8;
        /// Device.
        pub(crate) const IFINDEX: u16 = 9;
        /// Tunnel.
        pub(crate) const TUNNEL: u16 = 10;
        /// Why it is dropped, answered or passed.
        pub(crate) const REASON: u16 = 11;
        /// Slr device, by the name that it was made with.
        pub(crate) const DEVICE: u16 = 12;
        /// The greatest of them.
        pub(crate) const MAX: u16 = 12;
    }

    /// Changes that take effect together.
    pub(crate) mod transaction {
        /// Number of the transaction.
        pub(crate) const ID: u16 = 1;
        /// Configuration it begins from, or has made; in a request, the only one it may
        /// begin from.
        pub(crate) const GENERATION: u16 = 2;
        /// Begin from nothing in place of the configuration in force.
        pub(crate) const REPLACE: u16 = 3;
        /// At commit, validate only; the transaction ends all the same.
        pub(crate) const CHECK: u16 = 4;
        /// Changes it made.
        pub(crate) const CHANGES: u16 = 5;
        /// The greatest of them.
        pub(crate) const MAX: u16 = 5;
    }

    /// One step of an explanation.
    pub(crate) mod step {
        /// Name of the stage.
        pub(crate) const STAGE: u16 = 1;
        /// What it finds.
        pub(crate) const TEXT: u16 = 2;
        /// The greatest of them.
        pub(crate) const MAX: u16 = 2;
    }

    /// What would happen to a packet.
    pub(crate) mod explain {
        /// Port it arrives on; a process of this host if absent.
        pub(crate) const IFINDEX: u16 = 1;
        /// Routing context, in place of a port.
        pub(crate) const CUSTOMER: u16 = 2;
        /// IP protocol number.
        pub(crate) const PROTOCOL: u16 = 3;
        /// Source address.
        pub(crate) const SOURCE: u16 = 4;
        /// Source port, or ICMP echo identifier.
        pub(crate) const SOURCE_PORT: u16 = 5;
        /// Destination address.
        pub(crate) const DESTINATION: u16 = 6;
        /// Destination port.
        pub(crate) const DESTINATION_PORT: u16 = 7;
        /// TCP flags as in the header; SYN if absent.
        pub(crate) const TCP_FLAGS: u16 = 8;
        /// What becomes of it.
        pub(crate) const VERDICT: u16 = 9;
        /// Reason for a drop or pass.
        pub(crate) const REASON: u16 = 10;
        /// In order.
        pub(crate) const STEP: u16 = 11;
        /// Tunnel it arrives by, in place of a port.
        pub(crate) const TUNNEL: u16 = 12;
        /// The greatest of them.
        pub(crate) const MAX: u16 = 12;
    }

    /// A routing context with an address space of its own. Number 0 is public and always
    /// there.
    pub(crate) mod customer {
        /// Number; the lowest free one if absent.
        pub(crate) const ID: u16 = 1;
        /// Letters, digits, underscores, dots and hyphens.
        pub(crate) const NAME: u16 = 2;
        /// VRF device whose table routes its packets; empty for none.
        pub(crate) const VRF: u16 = 3;
        /// Index of that device.
        pub(crate) const VRF_IFINDEX: u16 = 4;
        /// Traffic.
        pub(crate) const COUNTERS: u16 = 5;
        /// Transaction this change belongs to; alone if absent.
        pub(crate) const TXN: u16 = 6;
        /// Flows that may live at once, of both families together; 0 is no limit.
        pub(crate) const MAX_FLOWS: u16 = 7;
        /// Routes that it may have; 0 is no limit.
        pub(crate) const MAX_ROUTES: u16 = 8;
        /// Tunnels that it may have; 0 is no limit.
        pub(crate) const MAX_TUNNELS: u16 = 9;
        /// Flows alive.
        pub(crate) const FLOWS: u16 = 10;
        /// Routes that it has.
        pub(crate) const ROUTES: u16 = 11;
        /// Tunnels that it has.
        pub(crate) const TUNNELS: u16 = 12;
        /// Flows that it may open a second; 0 is no limit.
        pub(crate) const NEW_FLOWS: u16 = 13;
        /// Packets that it may send a second; 0 is no limit.
        pub(crate) const PACKETS: u16 = 14;
        /// Bytes that it may send a second, from the IP header on; 0 is no limit.
        pub(crate) const BYTES: u16 = 15;
        /// Share of shaped links, as class 736c:id of their packet schedulers; 0 is no
        /// class of its own.
        pub(crate) const WEIGHT: u16 = 16;
        /// Default off.
        pub(crate) const GUARD: u16 = 17;
        /// The greatest of them.
        pub(crate) const MAX: u16 = 17;
    }

    /// Addresses that have their first bits in common.
    pub(crate) mod prefix {
        /// The first of them.
        pub(crate) const ADDRESS: u16 = 1;
        /// How many bits.
        pub(crate) const LENGTH: u16 = 2;
        /// The greatest of them.
        pub(crate) const MAX: u16 = 2;
    }

    /// One end of an encapsulation.
    pub(crate) mod tunnel {
        /// Letters, digits, underscores, dots and hyphens.
        pub(crate) const NAME: u16 = 1;
        /// Number, never used again.
        pub(crate) const ID: u16 = 2;
        /// How packets are encapsulated.
        pub(crate) const TYPE: u16 = 3;
        /// Routing context of what it carries.
        pub(crate) const CUSTOMER: u16 = 4;
        /// Our outer address; in a VLAN our own, which neighbours may ask for.
        pub(crate) const LOCAL: u16 = 5;
        /// Outer address of the other end; on a port the next hop.
        pub(crate) const REMOTE: u16 = 6;
        /// Whether packets may come from other outer addresses too.
        pub(crate) const ANYWHERE: u16 = 7;
        /// Key of arriving packets, none if absent; of qinq the inner VLAN times 65536
        /// plus the outer.
        pub(crate) const IKEY: u16 = 8;
        /// Key of leaving packets; that of arriving ones if absent.
        pub(crate) const OKEY: u16 = 9;
        /// UDP port of receivers; the usual one of the type if absent.
        pub(crate) const DPORT: u16 = 10;
        /// UDP source port; 0, the default but of l2tpv3-udp (1701), is one for each
        /// flow.
        pub(crate) const SPORT: u16 = 11;
        /// Time to live of outer headers; 0 is that of the inner one.
        pub(crate) const TTL: u16 = 12;
        /// Class of outer headers; 64 is that of the inner one.
        pub(crate) const DSCP: u16 = 13;
        /// Whether routers on the way may fragment.
        pub(crate) const DF: u16 = 14;
        /// Longest inner packet; 0 is what the way takes.
        pub(crate) const MTU: u16 = 15;
        /// Whether outer UDP headers have a checksum; default only in IPv6.
        pub(crate) const CHECKSUM: u16 = 16;
        /// Source of inner Ethernet headers.
        pub(crate) const MAC: u16 = 17;
        /// Destination of inner Ethernet headers; on a port that of frames, all zero to
        /// find it.
        pub(crate) const PEER_MAC: u16 = 18;
        /// Whether a type that can carry either carries Ethernet frames.
        pub(crate) const ETHERNET: u16 = 19;
        /// What arriving L2TPv3 packets must have.
        pub(crate) const COOKIE: u16 = 20;
        /// What leaving L2TPv3 packets get.
        pub(crate) const PEER_COOKIE: u16 = 21;
        /// Whether L2TPv3 packets have the default sublayer; default yes.
        pub(crate) const SUBLAYER: u16 = 22;
        /// Inner sources that may arrive; any if absent.
        pub(crate) const ALLOWED: u16 = 23;
        /// Tunnel that all that arrives leaves by; empty for none.
        pub(crate) const TO: u16 = 24;
        /// Traffic.
        pub(crate) const COUNTERS: u16 = 25;
        /// Transaction this change belongs to; alone if absent.
        pub(crate) const TXN: u16 = 26;
        /// Port that a tunnel of type vlan, qinq or mpls rides on.
        pub(crate) const IFNAME: u16 = 27;
        /// Bytes that may arrive a second, from the IP header inside on; 0 is no limit.
        pub(crate) const RATE_IN: u16 = 28;
        /// Packets that may arrive a second; 0 is no limit.
        pub(crate) const PACKETS_IN: u16 = 29;
        /// Outer sources that packets may come from; any that the ends allow if absent.
        pub(crate) const PEERS: u16 = 30;
        /// Whether IPsec must have encrypted what arrives, and must encrypt what
        /// leaves.
        pub(crate) const SECURE: u16 = 31;
        /// Whether it is meant to go unencrypted where the settings require secure
        /// tunnels.
        pub(crate) const CLEAR: u16 = 32;
        /// Slr device that all packets are received on, and whose packets all leave by
        /// it; empty for none.
        pub(crate) const DEVICE: u16 = 33;
        /// Default inherit; absent where it is; loose and strict need a customer.
        pub(crate) const GUARD: u16 = 34;
        /// The greatest of them.
        pub(crate) const MAX: u16 = 34;
    }

    /// Where a customer's packets to a prefix go.
    pub(crate) mod route {
        /// Routing context.
        pub(crate) const CUSTOMER: u16 = 1;
        /// Destination.
        pub(crate) const PREFIX: u16 = 2;
        /// What becomes of packets; default tunnel.
        pub(crate) const ACTION: u16 = 3;
        /// Tunnel that packets enter.
        pub(crate) const TUNNEL: u16 = 4;
        /// Transaction this change belongs to; alone if absent.
        pub(crate) const TXN: u16 = 5;
        /// Source translation of action public; auto if absent.
        pub(crate) const SNAT: u16 = 6;
        /// Slr device that packets are received on, by the name it was made with.
        pub(crate) const DEVICE: u16 = 7;
        /// Port that packets leave by.
        pub(crate) const IFINDEX: u16 = 8;
        /// Name of that port.
        pub(crate) const IFNAME: u16 = 9;
        /// Neighbour there that packets go to; to their destinations if absent.
        pub(crate) const GATEWAY: u16 = 10;
        /// Sources of the packets that it is for; all if absent.
        pub(crate) const FROM: u16 = 11;
        /// The greatest of them.
        pub(crate) const MAX: u16 = 11;
    }

    /// An slr device, made by rtnetlink as a link of kind slr.
    pub(crate) mod device {
        /// Name it was made with.
        pub(crate) const NAME: u16 = 1;
        /// Routing context.
        pub(crate) const CUSTOMER: u16 = 2;
        /// Name it has now.
        pub(crate) const IFNAME: u16 = 3;
        /// Index it has now, in the namespace that it is in.
        pub(crate) const IFINDEX: u16 = 4;
        /// 1 if it is in another namespace than it was made in.
        pub(crate) const ELSEWHERE: u16 = 5;
        /// The greatest of them.
        pub(crate) const MAX: u16 = 5;
    }

    /// What happened, in notifications.
    pub(crate) mod event {
        /// Port.
        pub(crate) const PORT: u16 = 1;
        /// Service.
        pub(crate) const SERVICE: u16 = 2;
        /// Server.
        pub(crate) const SERVER: u16 = 3;
        /// Binding.
        pub(crate) const BINDING: u16 = 4;
        /// Settings.
        pub(crate) const SETTINGS: u16 = 5;
        /// Configuration that this made.
        pub(crate) const GENERATION: u16 = 6;
        /// Customer.
        pub(crate) const CUSTOMER: u16 = 7;
        /// Tunnel.
        pub(crate) const TUNNEL: u16 = 8;
        /// Route.
        pub(crate) const ROUTE: u16 = 9;
        /// Slr device.
        pub(crate) const DEVICE: u16 = 10;
        /// The greatest of them.
        pub(crate) const MAX: u16 = 10;
    }
}

/// Enumerations, a module each.
pub(crate) mod value {
    /// Which half of the traffic a port may carry.
    pub(crate) mod side {
        /// Clients and servers.
        pub(crate) const ANY: u32 = 0;
        /// Only clients; replies of servers are not translated here.
        pub(crate) const CLIENT: u32 = 1;
        /// Only servers; no new flow begins here.
        pub(crate) const SERVER: u32 = 2;
    }

    /// Where the sources of packets that a customer's tunnels, ports and slr devices bring
    /// must be.
    pub(crate) mod guard {
        /// Anywhere.
        pub(crate) const OFF: u32 = 0;
        /// Where the customer has a route to, but to the public context.
        pub(crate) const LOOSE: u32 = 1;
        /// Where the customer's routes lead back the way that the packet came.
        pub(crate) const STRICT: u32 = 2;
    }

    /// The guard of a tunnel or port, numbered as that of a customer.
    pub(crate) mod own_guard {
        /// Anywhere.
        pub(crate) const OFF: u32 = 0;
        /// Where the customer has a route to, but to the public context.
        pub(crate) const LOOSE: u32 = 1;
        /// Where the customer's routes lead back the way that the packet came.
        pub(crate) const STRICT: u32 = 2;
        /// As the customer's guard says.
        pub(crate) const INHERIT: u32 = 3;
    }

    /// What the operator wants.
    pub(crate) mod admin_state {
        /// In use.
        pub(crate) const UP: u32 = 0;
        /// Keeps its flows and gets no new ones.
        pub(crate) const DRAIN: u32 = 1;
        /// Not used.
        pub(crate) const DOWN: u32 = 2;
    }

    /// What is the case.
    pub(crate) mod condition {
        /// In use.
        pub(crate) const UP: u32 = 0;
        /// Keeps its flows and gets no new ones.
        pub(crate) const DRAIN: u32 = 1;
        /// Not used.
        pub(crate) const DOWN: u32 = 2;
        /// Did not answer and is left out.
        pub(crate) const FAILED: u32 = 3;
    }

    /// How the server of a new flow is chosen.
    pub(crate) mod scheduler {
        /// Round robin.
        pub(crate) const RR: u32 = 0;
        /// Weighted round robin.
        pub(crate) const WRR: u32 = 1;
        /// Least connections.
        pub(crate) const LC: u32 = 2;
        /// Weighted least connections.
        pub(crate) const WLC: u32 = 3;
        /// By the client address.
        pub(crate) const SOURCE_HASH: u32 = 4;
        /// Consistent hash of the client address and port.
        pub(crate) const MAGLEV: u32 = 5;
        /// Smallest smoothed time from SYN to SYN/ACK.
        pub(crate) const FASTEST: u32 = 6;
    }

    /// How a packet reaches its server.
    pub(crate) mod method {
        /// Addresses and ports are rewritten.
        pub(crate) const NAT: u32 = 0;
        /// Only the link-layer address is; the server has the virtual address and
        /// answers directly.
        pub(crate) const DIRECT: u32 = 1;
        /// The packet enters a tunnel as it is; who takes it out has the virtual
        /// address and answers directly.
        pub(crate) const TUNNEL: u32 = 2;
    }

    /// Whether and how the client address is rewritten too.
    pub(crate) mod snat_mode {
        /// The server sees the client.
        pub(crate) const NONE: u32 = 0;
        /// The address that the route to the server prefers.
        pub(crate) const AUTO: u32 = 1;
        /// An address out of the given range.
        pub(crate) const POOL: u32 = 2;
    }

    /// What becomes of a packet that has no flow and may not open one.
    pub(crate) mod action {
        /// Dropped and counted.
        pub(crate) const DROP: u32 = 0;
        /// Answered by a reset or an unreachable error.
        pub(crate) const RESET: u32 = 1;
        /// Left to the host stack.
        pub(crate) const PASS: u32 = 2;
    }

    /// What becomes of living flows when their server or binding goes.
    pub(crate) mod fate {
        /// They live until they end.
        pub(crate) const KEEP: u32 = 0;
        /// They are ended, and both ends get a reset at their next packet.
        pub(crate) const RESET: u32 = 1;
    }

    /// Where a packet has come to.
    pub(crate) mod trace_stage {
        /// It came in by a device.
        pub(crate) const ARRIVED: u32 = 0;
        /// It is a tunnel's, whose customer it belongs to from here on.
        pub(crate) const TUNNEL: u32 = 1;
        /// It is an IP packet in the context of a customer.
        pub(crate) const PACKET: u32 = 2;
        /// It is of a flow, which leads it there.
        pub(crate) const FLOW: u32 = 3;
        /// It opened a flow, which leads it there.
        pub(crate) const OPENED: u32 = 4;
        /// Its ends are others now.
        pub(crate) const REWRITTEN: u32 = 5;
        /// The customer's own routes lead it on.
        pub(crate) const ROUTED: u32 = 6;
        /// It enters a tunnel.
        pub(crate) const ENCAPSULATED: u32 = 7;
        /// It was handed to a device.
        pub(crate) const SENT: u32 = 8;
        /// It goes up into the stack, by an slr device or as the gateway's own.
        pub(crate) const RECEIVED: u32 = 9;
        /// It is a fragment that waits for the others.
        pub(crate) const QUEUED: u32 = 10;
        /// Its sender is told something.
        pub(crate) const ANSWERED: u32 = 11;
        /// It is dropped.
        pub(crate) const DROPPED: u32 = 12;
        /// It is left to the host stack.
        pub(crate) const PASSED: u32 = 13;
    }

    /// Where a flow stands, which sets its timeout.
    pub(crate) mod flow_state {
        /// Opened and not answered.
        pub(crate) const SYN: u32 = 0;
        /// Answered and not yet confirmed.
        pub(crate) const SYN_ACK: u32 = 1;
        /// Both ends have spoken.
        pub(crate) const ESTABLISHED: u32 = 2;
        /// One end is done.
        pub(crate) const FIN: u32 = 3;
        /// Both ends are done or one reset it.
        pub(crate) const CLOSED: u32 = 4;
        /// No answer yet, protocols without a handshake.
        pub(crate) const UNREPLIED: u32 = 5;
        /// Both ends have spoken, protocols without a handshake.
        pub(crate) const REPLIED: u32 = 6;
        /// Ended by the operator.
        pub(crate) const RESET: u32 = 7;
    }

    /// What a counter counts.
    pub(crate) mod counter_kind {
        /// Something that happened.
        pub(crate) const EVENT: u32 = 0;
        /// Packets dropped for this reason.
        pub(crate) const DROP: u32 = 1;
        /// Packets left to the host stack for this reason.
        pub(crate) const PASS: u32 = 2;
    }

    /// How a tunnel encapsulates.
    pub(crate) mod tunnel_type {
        /// IP in IP, any two families.
        pub(crate) const IPIP: u32 = 0;
        /// GRE, with a key or without.
        pub(crate) const GRE: u32 = 1;
        /// VXLAN.
        pub(crate) const VXLAN: u32 = 2;
        /// Geneve.
        pub(crate) const GENEVE: u32 = 3;
        /// Generic UDP encapsulation.
        pub(crate) const GUE: u32 = 4;
        /// IP in UDP.
        pub(crate) const FOU: u32 = 5;
        /// An MPLS label in GRE.
        pub(crate) const MPLS_GRE: u32 = 6;
        /// An MPLS label in UDP.
        pub(crate) const MPLS_UDP: u32 = 7;
        /// L2TPv3 in IP.
        pub(crate) const L2TPV3: u32 = 8;
        /// L2TPv3 in UDP.
        pub(crate) const L2TPV3_UDP: u32 = 9;
        /// A VLAN on a port.
        pub(crate) const VLAN: u32 = 10;
        /// A service VLAN on a port, and one VLAN in it or all.
        pub(crate) const QINQ: u32 = 11;
        /// An MPLS label on a port.
        pub(crate) const MPLS: u32 = 12;
    }

    /// Whether routers may fragment outer packets.
    pub(crate) mod tunnel_df {
        /// As the inner packet.
        pub(crate) const INHERIT: u32 = 0;
        /// They must not; what is too long inside and may be fragmented goes in as
        /// fragments.
        pub(crate) const SET: u32 = 1;
        /// They may, or the gateway does.
        pub(crate) const UNSET: u32 = 2;
    }

    /// What becomes of packets to a prefix.
    pub(crate) mod route_action {
        /// They enter a tunnel.
        pub(crate) const TUNNEL: u32 = 0;
        /// They are dropped and the sender is told.
        pub(crate) const UNREACHABLE: u32 = 1;
        /// They are dropped.
        pub(crate) const BLACKHOLE: u32 = 2;
        /// They become flows to the Internet side.
        pub(crate) const PUBLIC: u32 = 3;
        /// They are received on an slr device.
        pub(crate) const DEVICE: u32 = 4;
        /// They leave by a port of the customer.
        pub(crate) const PORT: u32 = 5;
    }
}
