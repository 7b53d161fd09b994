// SPDX-License-Identifier: GPL-2.0

//! The numbers of the control interface, and tables that describe it.
//!
//! Generated from Documentation/netlink/specs/slr.yaml by scripts/gen-netlink; do not edit.

/// Name of the generic netlink family.
pub const FAMILY: &str = "slr";

/// Version of the family.
pub const VERSION: u8 = 1;

/// How the payload of an attribute is read.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Present or absent.
    Flag,
    /// One byte.
    U8,
    /// Two bytes, host order.
    U16,
    /// Four bytes, host order.
    U32,
    /// Eight bytes, host order, aligned to four.
    U64,
    /// Text that ends in a zero byte.
    String,
    /// IPv4 (4 bytes) or IPv6 (16 bytes) address, network order.
    Address,
    /// Other bytes.
    Bytes,
    /// A value of an enumeration, as `U32`.
    Enum(&'static Enum),
    /// Attributes of another set.
    Nest(&'static AttrSet),
}

/// One attribute.
#[derive(Debug)]
pub struct Attr {
    /// Number on the wire.
    pub id: u16,
    /// Name, which is also the JSON key.
    pub name: &'static str,
    /// How its payload is read.
    pub kind: Kind,
    /// Least value, or least length of a string or address.
    pub min: Option<u64>,
    /// Greatest value, or greatest length.
    pub max: Option<u64>,
    /// It may come many times.
    pub multi: bool,
    /// What it says.
    pub doc: &'static str,
}

/// A space of attributes.
#[derive(Debug)]
pub struct AttrSet {
    /// Name.
    pub name: &'static str,
    /// Its attributes, in the order of their numbers.
    pub attrs: &'static [Attr],
}

impl AttrSet {
    /// The attribute of that number.
    pub fn by_id(&self, id: u16) -> Option<&'static Attr> {
        self.attrs.iter().find(|a| a.id == id)
    }

    /// The attribute of that name.
    pub fn by_name(&self, name: &str) -> Option<&'static Attr> {
        self.attrs.iter().find(|a| a.name == name)
    }
}

/// One value of an enumeration.
#[derive(Debug)]
pub struct Entry {
    /// Number on the wire.
    pub value: u32,
    /// Name, which is also the word of the command line.
    pub name: &'static str,
    /// What it means.
    pub doc: &'static str,
}

/// An enumeration.
#[derive(Debug)]
pub struct Enum {
    /// Name.
    pub name: &'static str,
    /// Its values, in ascending order.
    pub entries: &'static [Entry],
}

impl Enum {
    /// The name of a number.
    pub fn name_of(&self, value: u32) -> Option<&'static str> {
        self.entries
            .iter()
            .find(|e| e.value == value)
            .map(|e| e.name)
    }

    /// The number of a name.
    pub fn value_of(&self, name: &str) -> Option<u32> {
        self.entries
            .iter()
            .find(|e| e.name == name)
            .map(|e| e.value)
    }
}

/// What one way of calling an operation takes and gives: numbers of attributes.
#[derive(Debug)]
pub struct Call {
    /// Accepted in a request.
    pub request: &'static [u16],
    /// May be in a reply.
    pub reply: &'static [u16],
}

/// An operation or a notification.
#[derive(Debug)]
pub struct Op {
    /// Number on the wire.
    pub id: u8,
    /// Name.
    pub name: &'static str,
    /// The space of its attributes.
    pub set: &'static AttrSet,
    /// One request, one reply.
    pub doit: Option<Call>,
    /// One request, many replies.
    pub dump: Option<Call>,
    /// Of a notification, the group that it goes to.
    pub group: Option<&'static str>,
    /// What it does.
    pub doc: &'static str,
}

/// The operation of that number.
pub fn op(id: u8) -> Option<&'static Op> {
    OPS.iter().find(|o| o.id == id)
}

/// Multicast groups.
pub mod group {
    /// Name of the group `config`.
    pub const CONFIG: &str = "config";
    /// Name of the group `health`.
    pub const HEALTH: &str = "health";
}

/// Operations and notifications.
pub mod cmd {
    /// Limits and state of the namespace.
    pub const SETTINGS_GET: u8 = 1;
    /// Change limits and rules.
    pub const SETTINGS_SET: u8 = 2;
    /// Attach a device.
    pub const PORT_NEW: u8 = 3;
    /// Change a port.
    pub const PORT_SET: u8 = 4;
    /// Detach a device.
    pub const PORT_DEL: u8 = 5;
    /// Show ports.
    pub const PORT_GET: u8 = 6;
    /// Define a service.
    pub const SERVICE_NEW: u8 = 7;
    /// Change what is given.
    pub const SERVICE_SET: u8 = 8;
    /// Remove a service that nothing is bound to.
    pub const SERVICE_DEL: u8 = 9;
    /// Show services.
    pub const SERVICE_GET: u8 = 10;
    /// Define a server.
    pub const SERVER_NEW: u8 = 11;
    /// Change what is given; state up also clears a failure.
    pub const SERVER_SET: u8 = 12;
    /// Remove a server that is not bound.
    pub const SERVER_DEL: u8 = 13;
    /// Show servers.
    pub const SERVER_GET: u8 = 14;
    /// Let a server serve a service.
    pub const BINDING_NEW: u8 = 15;
    /// Change what is given.
    pub const BINDING_SET: u8 = 16;
    /// Take a server from a service; its living flows go on unless told otherwise.
    pub const BINDING_DEL: u8 = 17;
    /// Show bindings.
    pub const BINDING_GET: u8 = 18;
    /// Show flows.
    pub const FLOW_GET: u8 = 19;
    /// End the selected flows.
    pub const FLOW_DEL: u8 = 20;
    /// Show counters.
    pub const STATS_GET: u8 = 21;
    /// Open a transaction; one a socket, dropped with it.
    pub const TXN_BEGIN: u8 = 22;
    /// Make all its changes take effect at once, or none. Ends the transaction either way.
    pub const TXN_COMMIT: u8 = 23;
    /// Drop it.
    pub const TXN_ABORT: u8 = 24;
    /// Say, from the live tables, what would happen to a packet.
    pub const EXPLAIN: u8 = 25;
    /// A port was made or changed.
    pub const PORT_NEW_NTF: u8 = 26;
    /// A port was removed.
    pub const PORT_DEL_NTF: u8 = 27;
    /// A service was made or changed.
    pub const SERVICE_NEW_NTF: u8 = 28;
    /// A service was removed.
    pub const SERVICE_DEL_NTF: u8 = 29;
    /// A server was made or changed.
    pub const SERVER_NEW_NTF: u8 = 30;
    /// A server was removed.
    pub const SERVER_DEL_NTF: u8 = 31;
    /// A binding was made or changed.
    pub const BINDING_NEW_NTF: u8 = 32;
    /// A binding was removed.
    pub const BINDING_DEL_NTF: u8 = 33;
    /// Limits changed, or a whole configuration was replaced.
    pub const SETTINGS_NTF: u8 = 34;
    /// The condition of a server changed, or a draining server is empty.
    pub const HEALTH_NTF: u8 = 35;
    /// Count the selected flows.
    pub const FLOW_COUNT: u8 = 36;
    /// Define a customer.
    pub const CUSTOMER_NEW: u8 = 37;
    /// Change what is given; named by number or name.
    pub const CUSTOMER_SET: u8 = 38;
    /// Remove a customer that has neither ports nor services nor servers; its flows end.
    pub const CUSTOMER_DEL: u8 = 39;
    /// Show customers.
    pub const CUSTOMER_GET: u8 = 40;
    /// A customer was made or changed.
    pub const CUSTOMER_NEW_NTF: u8 = 41;
    /// A customer was removed.
    pub const CUSTOMER_DEL_NTF: u8 = 42;
    /// Define a tunnel.
    pub const TUNNEL_NEW: u8 = 43;
    /// Change what is given.
    pub const TUNNEL_SET: u8 = 44;
    /// Remove a tunnel that neither routes nor other tunnels lead to.
    pub const TUNNEL_DEL: u8 = 45;
    /// Show tunnels.
    pub const TUNNEL_GET: u8 = 46;
    /// Define a route.
    pub const ROUTE_NEW: u8 = 47;
    /// Lead a route elsewhere, or define it.
    pub const ROUTE_SET: u8 = 48;
    /// Remove a route.
    pub const ROUTE_DEL: u8 = 49;
    /// Show routes.
    pub const ROUTE_GET: u8 = 50;
    /// A tunnel was made or changed.
    pub const TUNNEL_NEW_NTF: u8 = 51;
    /// A tunnel was removed; told are its name and customer.
    pub const TUNNEL_DEL_NTF: u8 = 52;
    /// A route was made or changed.
    pub const ROUTE_NEW_NTF: u8 = 53;
    /// A route was removed.
    pub const ROUTE_DEL_NTF: u8 = 54;
    /// Show slr devices.
    pub const DEVICE_GET: u8 = 55;
    /// An slr device was made.
    pub const DEVICE_NEW_NTF: u8 = 56;
    /// An slr device is gone.
    pub const DEVICE_DEL_NTF: u8 = 57;
    /// Show which reasons packets of customers were dropped for, those that ever were.
    pub const DROP_GET: u8 = 58;
    /// Follow packets. What becomes of each is an answer to this request, until the socket
    /// is closed.
    pub const TRACE: u8 = 59;
}

/// Numbers of attributes, a module a set.
pub mod attr {
    /// Names a service or a server.
    pub mod endpoint {
        /// Routing context; 0 is public.
        pub const CUSTOMER: u16 = 1;
        /// IPv4 (4 bytes) or IPv6 (16 bytes) address, network order.
        pub const ADDRESS: u16 = 2;
        /// IP protocol number; 0 is any.
        pub const PROTOCOL: u16 = 3;
        /// First port, host order; 0 is any port of a service, the whole machine of a
        /// server.
        pub const PORT: u16 = 4;
        /// Last port of a range; the first one if absent.
        pub const PORT_LAST: u16 = 5;
    }

    /// Traffic of an object since it was made.
    pub mod counters {
        /// Flows opened.
        pub const FLOWS_TOTAL: u16 = 1;
        /// Packets from clients.
        pub const PACKETS_IN: u16 = 2;
        /// Bytes of IP packets from clients.
        pub const BYTES_IN: u16 = 3;
        /// Packets to clients.
        pub const PACKETS_OUT: u16 = 4;
        /// Bytes of IP packets to clients.
        pub const BYTES_OUT: u16 = 5;
        /// New flows refused.
        pub const REFUSED: u16 = 6;
    }

    /// Seconds without a packet after which a flow is forgotten, per state.
    pub mod timeouts {
        /// TCP or SCTP opened and not confirmed.
        pub const SYN: u16 = 1;
        /// TCP or SCTP established.
        pub const ESTABLISHED: u16 = 2;
        /// One end of a TCP or SCTP flow is done.
        pub const FIN: u16 = 3;
        /// Both ends are done.
        pub const CLOSED: u16 = 4;
        /// UDP without an answer.
        pub const UDP: u16 = 5;
        /// UDP with an answer.
        pub const UDP_REPLIED: u16 = 6;
        /// ICMP echo.
        pub const ICMP: u16 = 7;
        /// Other protocols.
        pub const OTHER: u16 = 8;
    }

    /// What becomes of a packet that has no flow and may not open one, by its kind.
    pub mod unknown {
        /// TCP acknowledgement without data.
        pub const ACK: u16 = 1;
        /// TCP with data.
        pub const DATA: u16 = 2;
        /// TCP FIN.
        pub const FIN: u16 = 3;
        /// TCP RST (reset means drop).
        pub const RST: u16 = 4;
        /// ICMP other than an echo request or an error about a flow.
        pub const ICMP: u16 = 5;
        /// SCTP other than INIT.
        pub const SCTP: u16 = 6;
        /// Anything else.
        pub const OTHER: u16 = 7;
    }

    /// Source translation of a binding.
    pub mod snat {
        /// Whether and how.
        pub const MODE: u16 = 1;
        /// First address of the pool.
        pub const FIRST: u16 = 2;
        /// Last address of the pool; the first one if absent.
        pub const LAST: u16 = 3;
        /// First port to use, default 1024.
        pub const PORT: u16 = 4;
        /// Last port to use, default 65535.
        pub const PORT_LAST: u16 = 5;
    }

    /// Limits and state of the tables of a namespace.
    pub mod settings {
        /// Version of the module.
        pub const VERSION: u16 = 1;
        /// Number of the configuration in force.
        pub const GENERATION: u16 = 2;
        /// Flows that may live at once, each family.
        pub const FLOWS_MAX: u16 = 3;
        /// Flows alive.
        pub const FLOWS: u16 = 4;
        /// Bytes of memory an IPv4 flow takes, without its share of the index.
        pub const FLOW_BYTES_V4: u16 = 5;
        /// The same of an IPv6 flow.
        pub const FLOW_BYTES_V6: u16 = 6;
        /// Ports attached.
        pub const PORTS: u16 = 7;
        /// Services defined.
        pub const SERVICES: u16 = 8;
        /// Servers defined.
        pub const SERVERS: u16 = 9;
        /// Bindings defined.
        pub const BINDINGS: u16 = 10;
        /// Transaction this change belongs to; alone if absent.
        pub const TXN: u16 = 11;
        /// Customers defined, without public.
        pub const CUSTOMERS: u16 = 12;
        /// Whether tunnels over IP must be secure, or clear on purpose.
        pub const REQUIRE_SECURE: u16 = 13;
    }

    /// A network device on which slr takes packets.
    pub mod port {
        /// Index of the device.
        pub const IFINDEX: u16 = 1;
        /// Name of the device.
        pub const IFNAME: u16 = 2;
        /// Routing context of what arrives; 0 is public.
        pub const CUSTOMER: u16 = 3;
        /// Which half of the traffic it may carry.
        pub const SIDE: u16 = 4;
        /// 1 to answer ARP and neighbour solicitations for virtual addresses here, and
        /// to announce them.
        pub const ANNOUNCE: u16 = 5;
        /// Packets taken by slr.
        pub const PACKETS: u16 = 6;
        /// Bytes of these.
        pub const BYTES: u16 = 7;
        /// Transaction this change belongs to; alone if absent.
        pub const TXN: u16 = 8;
        /// Default inherit; absent where it is; loose and strict need a customer.
        pub const GUARD: u16 = 9;
    }

    /// A virtual address, or one protocol or port range of it, and how it is served.
    pub mod service {
        /// Which.
        pub const KEY: u16 = 1;
        /// Default wlc.
        pub const SCHEDULER: u16 = 2;
        /// Slots of the maglev table, a prime; default 4093.
        pub const TABLE_SIZE: u16 = 3;
        /// Seconds for which a client keeps its server; 0 is off.
        pub const PERSIST: u16 = 4;
        /// Prefix length under which clients count as one; default the whole address.
        pub const PERSIST_MASK: u16 = 5;
        /// Of flows opened from now on.
        pub const TIMEOUTS: u16 = 6;
        /// Packets without a flow.
        pub const UNKNOWN: u16 = 7;
        /// Service whose servers take over when none of its own is usable; empty for
        /// none.
        pub const BACKUP: u16 = 8;
        /// Up or down; down counts as failed.
        pub const STATE: u16 = 9;
        /// What is the case; failed while no server of it or of its backups is usable.
        pub const CONDITION: u16 = 10;
        /// Flows alive.
        pub const FLOWS: u16 = 11;
        /// Servers bound.
        pub const BINDINGS: u16 = 12;
        /// Traffic.
        pub const COUNTERS: u16 = 13;
        /// Of living flows, at deletion.
        pub const FATE: u16 = 14;
        /// Transaction this change belongs to; alone if absent.
        pub const TXN: u16 = 15;
    }

    /// A real server, or one port of it.
    pub mod server {
        /// Which; port 0 is the whole machine.
        pub const KEY: u16 = 1;
        /// Share of new flows; 0 gets none; default 1.
        pub const WEIGHT: u16 = 2;
        /// Flows at once; 0 is no limit.
        pub const LIMIT: u16 = 3;
        /// Unanswered or refused openings in a row that make it failed; 0 is never;
        /// default 8.
        pub const THRESHOLD: u16 = 4;
        /// Seconds after which a failed server is tried again; 0 is only by command;
        /// default 60.
        pub const HOLD: u16 = 5;
        /// Server that takes its flows while it is failed or down; empty for none.
        pub const BACKUP: u16 = 6;
        /// Seconds after which the flows left on a draining server are reset; 0 is
        /// never.
        pub const DRAIN_TIMEOUT: u16 = 7;
        /// What the operator wants.
        pub const STATE: u16 = 8;
        /// What is the case.
        pub const CONDITION: u16 = 9;
        /// Unanswered or refused openings in a row.
        pub const FAILURES: u16 = 10;
        /// Unanswered or refused openings in all.
        pub const FAILURES_TOTAL: u16 = 11;
        /// Smoothed time from SYN to SYN/ACK, microseconds; 0 is unknown.
        pub const RTT: u16 = 12;
        /// Flows alive.
        pub const FLOWS: u16 = 13;
        /// Services bound.
        pub const BINDINGS: u16 = 14;
        /// Seconds until the flows left are reset.
        pub const DRAIN_LEFT: u16 = 15;
        /// Traffic.
        pub const COUNTERS: u16 = 16;
        /// Of living flows, at deletion.
        pub const FATE: u16 = 17;
        /// Transaction this change belongs to; alone if absent.
        pub const TXN: u16 = 18;
    }

    /// A server that serves a service.
    pub mod binding {
        /// Which service.
        pub const SERVICE: u16 = 1;
        /// Which server.
        pub const SERVER: u16 = 2;
        /// Port on the server; 0 keeps the port.
        pub const PORT: u16 = 3;
        /// Last port of a range as long as that of the service.
        pub const PORT_LAST: u16 = 4;
        /// How packets get there.
        pub const METHOD: u16 = 5;
        /// In place of that of the server.
        pub const WEIGHT: u16 = 6;
        /// Source translation.
        pub const SNAT: u16 = 7;
        /// Flows alive.
        pub const FLOWS: u16 = 8;
        /// Traffic.
        pub const COUNTERS: u16 = 9;
        /// Of living flows, at deletion.
        pub const FATE: u16 = 10;
        /// Transaction this change belongs to; alone if absent.
        pub const TXN: u16 = 11;
        /// Tunnel that packets enter, of method tunnel.
        pub const TUNNEL: u16 = 12;
    }

    /// One connection. In a request, what is given selects.
    pub mod flow {
        /// Routing context.
        pub const CUSTOMER: u16 = 1;
        /// IP protocol number.
        pub const PROTOCOL: u16 = 2;
        /// Address of the client.
        pub const CLIENT_ADDRESS: u16 = 3;
        /// In a request, bits of the client address that count.
        pub const CLIENT_PREFIX: u16 = 4;
        /// Port, or ICMP echo identifier.
        pub const CLIENT_PORT: u16 = 5;
        /// Address that the client uses.
        pub const VIRTUAL_ADDRESS: u16 = 6;
        /// Port that the client uses.
        pub const VIRTUAL_PORT: u16 = 7;
        /// Address of the server.
        pub const SERVER_ADDRESS: u16 = 8;
        /// Port on the server.
        pub const SERVER_PORT: u16 = 9;
        /// Address that the server sees, if translated.
        pub const SNAT_ADDRESS: u16 = 10;
        /// Port that the server sees, if translated.
        pub const SNAT_PORT: u16 = 11;
        /// Where it stands.
        pub const STATE: u16 = 12;
        /// Openings seen again before an answer.
        pub const SYN_REPEATS: u16 = 13;
        /// Seconds left without a packet.
        pub const EXPIRES: u16 = 14;
        /// Service that it belongs to.
        pub const SERVICE: u16 = 15;
        /// Server that it is pinned to.
        pub const SERVER: u16 = 16;
        /// In a reply, flows ended.
        pub const DELETED: u16 = 17;
        /// In a reply, flows selected.
        pub const COUNT: u16 = 18;
        /// In a request, bits of the virtual address that count.
        pub const VIRTUAL_PREFIX: u16 = 19;
        /// In a request, bits of the server's address that count.
        pub const SERVER_PREFIX: u16 = 20;
        /// In a request, the last port of a range that begins with client-port.
        pub const CLIENT_PORT_LAST: u16 = 21;
        /// In a request, the last port of a range that begins with virtual-port.
        pub const VIRTUAL_PORT_LAST: u16 = 22;
        /// In a request, the last port of a range that begins with server-port.
        pub const SERVER_PORT_LAST: u16 = 23;
        /// In a request, states of which the flow has one, for each the bit of its
        /// number.
        pub const STATES: u16 = 24;
        /// Tunnel that its packets enter.
        pub const TUNNEL: u16 = 25;
    }

    /// One named counter of the namespace.
    pub mod counter {
        /// Kebab-case.
        pub const NAME: u16 = 1;
        /// What it counts.
        pub const KIND: u16 = 2;
        /// Since the module was loaded into the namespace.
        pub const VALUE: u16 = 3;
        /// One sentence.
        pub const DOC: u16 = 4;
    }

    /// How many packets of one customer were dropped for one reason.
    pub mod drop {
        /// Routing context that they were in.
        pub const CUSTOMER: u16 = 1;
        /// Reason, the name of a counter.
        pub const NAME: u16 = 2;
        /// Since the customer was defined.
        pub const VALUE: u16 = 3;
    }

    /// Packets that are followed. In a request, what is given selects.
    pub mod trace {
        /// Routing context that a packet comes through.
        pub const CUSTOMER: u16 = 1;
        /// IP protocol number.
        pub const PROTOCOL: u16 = 2;
        /// Source address.
        pub const SOURCE: u16 = 3;
        /// Destination address.
        pub const DESTINATION: u16 = 4;
        /// Source or destination address.
        pub const HOST: u16 = 5;
        /// Source port.
        pub const SOURCE_PORT: u16 = 6;
        /// Destination port.
        pub const DESTINATION_PORT: u16 = 7;
        /// Source or destination port.
        pub const PORT: u16 = 8;
        /// Tunnel that it comes out of or enters.
        pub const TUNNEL: u16 = 9;
        /// Device that it comes in or leaves by.
        pub const IFINDEX: u16 = 10;
        /// Why it is dropped or passed.
        pub const REASON: u16 = 11;
        /// Only what is dropped.
        pub const DROPS: u16 = 12;
        /// Packets until it is enough.
        pub const COUNT: u16 = 13;
        /// One in so many.
        pub const SAMPLE: u16 = 14;
        /// Packets a second at most; default 1000.
        pub const RATE: u16 = 15;
        /// In an answer, nanoseconds since boot when it arrived.
        pub const TIME: u16 = 16;
        /// In an answer, packets that were selected and not shown so far, for lack of
        /// room or beyond the rate.
        pub const LOST: u16 = 17;
        /// In an answer, steps that there was no room for.
        pub const MISSED: u16 = 18;
        /// In an answer, what became of it, in order.
        pub const STEP: u16 = 19;
    }

    /// One step of a packet.
    pub mod trace_step {
        /// Where it has come to.
        pub const STAGE: u16 = 1;
        /// Nanoseconds since it arrived.
        pub const AFTER: u16 = 2;
        /// Routing context that it is in.
        pub const CUSTOMER: u16 = 3;
        /// IP protocol number.
        pub const PROTOCOL: u16 = 4;
        /// Source address.
        pub const SOURCE: u16 = 5;
        /// Source port, or ICMP echo identifier.
        pub const SOURCE_PORT: u16 = 6;
        /// Destination address.
        pub const DESTINATION: u16 = 7;
        /// Destination port.
        pub const DESTINATION_PORT: u16 = 8;
        /// Device.
        pub const IFINDEX: u16 = 9;
        /// Tunnel.
        pub const TUNNEL: u16 = 10;
        /// Why it is dropped, answered or passed.
        pub const REASON: u16 = 11;
        /// Slr device, by the name that it was made with.
        pub const DEVICE: u16 = 12;
    }

    /// Changes that take effect together.
    pub mod transaction {
        /// Number of the transaction.
        pub const ID: u16 = 1;
        /// Configuration it begins from, or has made; in a request, the only one it may
        /// begin from.
        pub const GENERATION: u16 = 2;
        /// Begin from nothing in place of the configuration in force.
        pub const REPLACE: u16 = 3;
        /// At commit, validate only; the transaction ends all the same.
        pub const CHECK: u16 = 4;
        /// Changes it made.
        pub const CHANGES: u16 = 5;
    }

    /// One step of an explanation.
    pub mod step {
        /// Name of the stage.
        pub const STAGE: u16 = 1;
        /// What it finds.
        pub const TEXT: u16 = 2;
    }

    /// What would happen to a packet.
    pub mod explain {
        /// Port it arrives on; a process of this host if absent.
        pub const IFINDEX: u16 = 1;
        /// Routing context, in place of a port.
        pub const CUSTOMER: u16 = 2;
        /// IP protocol number.
        pub const PROTOCOL: u16 = 3;
        /// Source address.
        pub const SOURCE: u16 = 4;
        /// Source port, or ICMP echo identifier.
        pub const SOURCE_PORT: u16 = 5;
        /// Destination address.
        pub const DESTINATION: u16 = 6;
        /// Destination port.
        pub const DESTINATION_PORT: u16 = 7;
        /// TCP flags as in the header; SYN if absent.
        pub const TCP_FLAGS: u16 = 8;
        /// What becomes of it.
        pub const VERDICT: u16 = 9;
        /// Reason for a drop or pass.
        pub const REASON: u16 = 10;
        /// In order.
        pub const STEP: u16 = 11;
        /// Tunnel it arrives by, in place of a port.
        pub const TUNNEL: u16 = 12;
    }

    /// A routing context with an address space of its own. Number 0 is public and always
    /// there.
    pub mod customer {
        /// Number; the lowest free one if absent.
        pub const ID: u16 = 1;
        /// Letters, digits, underscores, dots and hyphens.
        pub const NAME: u16 = 2;
        /// VRF device whose table routes its packets; empty for none.
        pub const VRF: u16 = 3;
        /// Index of that device.
        pub const VRF_IFINDEX: u16 = 4;
        /// Traffic.
        pub const COUNTERS: u16 = 5;
        /// Transaction this change belongs to; alone if absent.
        pub const TXN: u16 = 6;
        /// Flows that may live at once, of both families together; 0 is no limit.
        pub const MAX_FLOWS: u16 = 7;
        /// Routes that it may have; 0 is no limit.
        pub const MAX_ROUTES: u16 = 8;
        /// Tunnels that it may have; 0 is no limit.
        pub const MAX_TUNNELS: u16 = 9;
        /// Flows alive.
        pub const FLOWS: u16 = 10;
        /// Routes that it has.
        pub const ROUTES: u16 = 11;
        /// Tunnels that it has.
        pub const TUNNELS: u16 = 12;
        /// Flows that it may open a second; 0 is no limit.
        pub const NEW_FLOWS: u16 = 13;
        /// Packets that it may send a second; 0 is no limit.
        pub const PACKETS: u16 = 14;
        /// Bytes that it may send a second, from the IP header on; 0 is no limit.
        pub const BYTES: u16 = 15;
        /// Share of shaped links, as class 736c:id of their packet schedulers; 0 is no
        /// class of its own.
        pub const WEIGHT: u16 = 16;
        /// Default off.
        pub const GUARD: u16 = 17;
    }

    /// Addresses that have their first bits in common.
    pub mod prefix {
        /// The first of them.
        pub const ADDRESS: u16 = 1;
        /// How many bits.
        pub const LENGTH: u16 = 2;
    }

    /// One end of an encapsulation.
    pub mod tunnel {
        /// Letters, digits, underscores, dots and hyphens.
        pub const NAME: u16 = 1;
        /// Number, never used again.
        pub const ID: u16 = 2;
        /// How packets are encapsulated.
        pub const TYPE: u16 = 3;
        /// Routing context of what it carries.
        pub const CUSTOMER: u16 = 4;
        /// Our outer address; in a VLAN our own, which neighbours may ask for.
        pub const LOCAL: u16 = 5;
        /// Outer address of the other end; on a port the next hop.
        pub const REMOTE: u16 = 6;
        /// Whether packets may come from other outer addresses too.
        pub const ANYWHERE: u16 = 7;
        /// Key of arriving packets, none if absent; of qinq the inner VLAN times 65536
        /// plus the outer.
        pub const IKEY: u16 = 8;
        /// Key of leaving packets; that of arriving ones if absent.
        pub const OKEY: u16 = 9;
        /// UDP port of receivers; the usual one of the type if absent.
        pub const DPORT: u16 = 10;
        /// UDP source port; 0, the default but of l2tpv3-udp (1701), is one for each
        /// flow.
        pub const SPORT: u16 = 11;
        /// Time to live of outer headers; 0 is that of the inner one.
        pub const TTL: u16 = 12;
        /// Class of outer headers; 64 is that of the inner one.
        pub const DSCP: u16 = 13;
        /// Whether routers on the way may fragment.
        pub const DF: u16 = 14;
        /// Longest inner packet; 0 is what the way takes.
        pub const MTU: u16 = 15;
        /// Whether outer UDP headers have a checksum; default only in IPv6.
        pub const CHECKSUM: u16 = 16;
        /// Source of inner Ethernet headers.
        pub const MAC: u16 = 17;
        /// Destination of inner Ethernet headers; on a port that of frames, all zero to
        /// find it.
        pub const PEER_MAC: u16 = 18;
        /// Whether a type that can carry either carries Ethernet frames.
        pub const ETHERNET: u16 = 19;
        /// What arriving L2TPv3 packets must have.
        pub const COOKIE: u16 = 20;
        /// What leaving L2TPv3 packets get.
        pub const PEER_COOKIE: u16 = 21;
        /// Whether L2TPv3 packets have the default sublayer; default yes.
        pub const SUBLAYER: u16 = 22;
        /// Inner sources that may arrive; any if absent.
        pub const ALLOWED: u16 = 23;
        /// Tunnel that all that arrives leaves by; empty for none.
        pub const TO: u16 = 24;
        /// Traffic.
        pub const COUNTERS: u16 = 25;
        /// Transaction this change belongs to; alone if absent.
        pub const TXN: u16 = 26;
        /// Port that a tunnel of type vlan, qinq or mpls rides on.
        pub const IFNAME: u16 = 27;
        /// Bytes that may arrive a second, from the IP header inside on; 0 is no limit.
        pub const RATE_IN: u16 = 28;
        /// Packets that may arrive a second; 0 is no limit.
        pub const PACKETS_IN: u16 = 29;
        /// Outer sources that packets may come from; any that the ends allow if absent.
        pub const PEERS: u16 = 30;
        /// Whether IPsec must have encrypted what arrives, and must encrypt what
        /// leaves.
        pub const SECURE: u16 = 31;
        /// Whether it is meant to go unencrypted where the settings require secure
        /// tunnels.
        pub const CLEAR: u16 = 32;
        /// Slr device that all packets are received on, and whose packets all leave by
        /// it; empty for none.
        pub const DEVICE: u16 = 33;
        /// Default inherit; absent where it is; loose and strict need a customer.
        pub const GUARD: u16 = 34;
    }

    /// Where a customer's packets to a prefix go.
    pub mod route {
        /// Routing context.
        pub const CUSTOMER: u16 = 1;
        /// Destination.
        pub const PREFIX: u16 = 2;
        /// What becomes of packets; default tunnel.
        pub const ACTION: u16 = 3;
        /// Tunnel that packets enter.
        pub const TUNNEL: u16 = 4;
        /// Transaction this change belongs to; alone if absent.
        pub const TXN: u16 = 5;
        /// Source translation of action public; auto if absent.
        pub const SNAT: u16 = 6;
        /// Slr device that packets are received on, by the name it was made with.
        pub const DEVICE: u16 = 7;
        /// Port that packets leave by.
        pub const IFINDEX: u16 = 8;
        /// Name of that port.
        pub const IFNAME: u16 = 9;
        /// Neighbour there that packets go to; to their destinations if absent.
        pub const GATEWAY: u16 = 10;
        /// Sources of the packets that it is for; all if absent.
        pub const FROM: u16 = 11;
    }

    /// An slr device, made by rtnetlink as a link of kind slr.
    pub mod device {
        /// Name it was made with.
        pub const NAME: u16 = 1;
        /// Routing context.
        pub const CUSTOMER: u16 = 2;
        /// Name it has now.
        pub const IFNAME: u16 = 3;
        /// Index it has now, in the namespace that it is in.
        pub const IFINDEX: u16 = 4;
        /// 1 if it is in another namespace than it was made in.
        pub const ELSEWHERE: u16 = 5;
    }

    /// What happened, in notifications.
    pub mod event {
        /// Port.
        pub const PORT: u16 = 1;
        /// Service.
        pub const SERVICE: u16 = 2;
        /// Server.
        pub const SERVER: u16 = 3;
        /// Binding.
        pub const BINDING: u16 = 4;
        /// Settings.
        pub const SETTINGS: u16 = 5;
        /// Configuration that this made.
        pub const GENERATION: u16 = 6;
        /// Customer.
        pub const CUSTOMER: u16 = 7;
        /// Tunnel.
        pub const TUNNEL: u16 = 8;
        /// Route.
        pub const ROUTE: u16 = 9;
        /// Slr device.
        pub const DEVICE: u16 = 10;
    }
}

/// Which half of the traffic a port may carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u32)]
pub enum Side {
    /// Clients and servers.
    Any = 0,
    /// Only clients; replies of servers are not translated here.
    Client = 1,
    /// Only servers; no new flow begins here.
    Server = 2,
}

impl Side {
    /// All of them, in ascending order.
    #[rustfmt::skip]
    pub const ALL: &'static [Side] = &[
        Side::Any,
        Side::Client,
        Side::Server,
    ];

    /// The one of that number.
    pub fn from_value(value: u32) -> Option<Self> {
        Self::ALL.iter().copied().find(|e| e.value() == value)
    }

    /// The one of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|e| e.name() == name)
    }

    /// Its number on the wire.
    pub fn value(self) -> u32 {
        self as u32
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Side::Any => "any",
            Side::Client => "client",
            Side::Server => "server",
        }
    }
}

/// [`Side`] as a table.
#[rustfmt::skip]
pub static SIDE_ENUM: Enum = Enum { name: "side", entries: &[
    Entry { value: 0, name: "any", doc: "clients and servers" },
    Entry { value: 1, name: "client", doc: "only clients; replies of servers are not translated here" },
    Entry { value: 2, name: "server", doc: "only servers; no new flow begins here" },
] };

/// Where the sources of packets that a customer's tunnels, ports and slr devices bring must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u32)]
pub enum Guard {
    /// Anywhere.
    Off = 0,
    /// Where the customer has a route to, but to the public context.
    Loose = 1,
    /// Where the customer's routes lead back the way that the packet came.
    Strict = 2,
}

impl Guard {
    /// All of them, in ascending order.
    #[rustfmt::skip]
    pub const ALL: &'static [Guard] = &[
        Guard::Off,
        Guard::Loose,
        Guard::Strict,
    ];

    /// The one of that number.
    pub fn from_value(value: u32) -> Option<Self> {
        Self::ALL.iter().copied().find(|e| e.value() == value)
    }

    /// The one of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|e| e.name() == name)
    }

    /// Its number on the wire.
    pub fn value(self) -> u32 {
        self as u32
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Guard::Off => "off",
            Guard::Loose => "loose",
            Guard::Strict => "strict",
        }
    }
}

/// [`Guard`] as a table.
#[rustfmt::skip]
pub static GUARD_ENUM: Enum = Enum { name: "guard", entries: &[
    Entry { value: 0, name: "off", doc: "anywhere" },
    Entry { value: 1, name: "loose", doc: "where the customer has a route to, but to the public context" },
    Entry { value: 2, name: "strict", doc: "where the customer's routes lead back the way that the packet came" },
] };

/// The guard of a tunnel or port, numbered as that of a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u32)]
pub enum OwnGuard {
    /// Anywhere.
    Off = 0,
    /// Where the customer has a route to, but to the public context.
    Loose = 1,
    /// Where the customer's routes lead back the way that the packet came.
    Strict = 2,
    /// As the customer's guard says.
    Inherit = 3,
}

impl OwnGuard {
    /// All of them, in ascending order.
    #[rustfmt::skip]
    pub const ALL: &'static [OwnGuard] = &[
        OwnGuard::Off,
        OwnGuard::Loose,
        OwnGuard::Strict,
        OwnGuard::Inherit,
    ];

    /// The one of that number.
    pub fn from_value(value: u32) -> Option<Self> {
        Self::ALL.iter().copied().find(|e| e.value() == value)
    }

    /// The one of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|e| e.name() == name)
    }

    /// Its number on the wire.
    pub fn value(self) -> u32 {
        self as u32
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            OwnGuard::Off => "off",
            OwnGuard::Loose => "loose",
            OwnGuard::Strict => "strict",
            OwnGuard::Inherit => "inherit",
        }
    }
}

/// [`OwnGuard`] as a table.
#[rustfmt::skip]
pub static OWN_GUARD_ENUM: Enum = Enum { name: "own-guard", entries: &[
    Entry { value: 0, name: "off", doc: "anywhere" },
    Entry { value: 1, name: "loose", doc: "where the customer has a route to, but to the public context" },
    Entry { value: 2, name: "strict", doc: "where the customer's routes lead back the way that the packet came" },
    Entry { value: 3, name: "inherit", doc: "as the customer's guard says" },
] };

/// What the operator wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u32)]
pub enum AdminState {
    /// In use.
    Up = 0,
    /// Keeps its flows and gets no new ones.
    Drain = 1,
    /// Not used.
    Down = 2,
}

impl AdminState {
    /// All of them, in ascending order.
    #[rustfmt::skip]
    pub const ALL: &'static [AdminState] = &[
        AdminState::Up,
        AdminState::Drain,
        AdminState::Down,
    ];

    /// The one of that number.
    pub fn from_value(value: u32) -> Option<Self> {
        Self::ALL.iter().copied().find(|e| e.value() == value)
    }

    /// The one of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|e| e.name() == name)
    }

    /// Its number on the wire.
    pub fn value(self) -> u32 {
        self as u32
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            AdminState::Up => "up",
            AdminState::Drain => "drain",
            AdminState::Down => "down",
        }
    }
}

/// [`AdminState`] as a table.
#[rustfmt::skip]
pub static ADMIN_STATE_ENUM: Enum = Enum { name: "admin-state", entries: &[
    Entry { value: 0, name: "up", doc: "in use" },
    Entry { value: 1, name: "drain", doc: "keeps its flows and gets no new ones" },
    Entry { value: 2, name: "down", doc: "not used" },
] };

/// What is the case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u32)]
pub enum Condition {
    /// In use.
    Up = 0,
    /// Keeps its flows and gets no new ones.
    Drain = 1,
    /// Not used.
    Down = 2,
    /// Did not answer and is left out.
    Failed = 3,
}

impl Condition {
    /// All of them, in ascending order.
    #[rustfmt::skip]
    pub const ALL: &'static [Condition] = &[
        Condition::Up,
        Condition::Drain,
        Condition::Down,
        Condition::Failed,
    ];

    /// The one of that number.
    pub fn from_value(value: u32) -> Option<Self> {
        Self::ALL.iter().copied().find(|e| e.value() == value)
    }

    /// The one of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|e| e.name() == name)
    }

    /// Its number on the wire.
    pub fn value(self) -> u32 {
        self as u32
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Condition::Up => "up",
            Condition::Drain => "drain",
            Condition::Down => "down",
            Condition::Failed => "failed",
        }
    }
}

/// [`Condition`] as a table.
#[rustfmt::skip]
pub static CONDITION_ENUM: Enum = Enum { name: "condition", entries: &[
    Entry { value: 0, name: "up", doc: "in use" },
    Entry { value: 1, name: "drain", doc: "keeps its flows and gets no new ones" },
    Entry { value: 2, name: "down", doc: "not used" },
    Entry { value: 3, name: "failed", doc: "did not answer and is left out" },
] };

/// How the server of a new flow is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u32)]
pub enum Scheduler {
    /// Round robin.
    Rr = 0,
    /// Weighted round robin.
    Wrr = 1,
    /// Least connections.
    Lc = 2,
    /// Weighted least connections.
    Wlc = 3,
    /// By the client address.
    SourceHash = 4,
    /// Consistent hash of the client address and port.
    Maglev = 5,
    /// Smallest smoothed time from SYN to SYN/ACK.
    Fastest = 6,
}

impl Scheduler {
    /// All of them, in ascending order.
    #[rustfmt::skip]
    pub const ALL: &'static [Scheduler] = &[
        Scheduler::Rr,
        Scheduler::Wrr,
        Scheduler::Lc,
        Scheduler::Wlc,
        Scheduler::SourceHash,
        Scheduler::Maglev,
        Scheduler::Fastest,
    ];

    /// The one of that number.
    pub fn from_value(value: u32) -> Option<Self> {
        Self::ALL.iter().copied().find(|e| e.value() == value)
    }

    /// The one of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|e| e.name() == name)
    }

    /// Its number on the wire.
    pub fn value(self) -> u32 {
        self as u32
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Scheduler::Rr => "rr",
            Scheduler::Wrr => "wrr",
            Scheduler::Lc => "lc",
            Scheduler::Wlc => "wlc",
            Scheduler::SourceHash => "source-hash",
            Scheduler::Maglev => "maglev",
            Scheduler::Fastest => "fastest",
        }
    }
}

/// [`Scheduler`] as a table.
#[rustfmt::skip]
pub static SCHEDULER_ENUM: Enum = Enum { name: "scheduler", entries: &[
    Entry { value: 0, name: "rr", doc: "round robin" },
    Entry { value: 1, name: "wrr", doc: "weighted round robin" },
    Entry { value: 2, name: "lc", doc: "least connections" },
    Entry { value: 3, name: "wlc", doc: "weighted least connections" },
    Entry { value: 4, name: "source-hash", doc: "by the client address" },
    Entry { value: 5, name: "maglev", doc: "consistent hash of the client address and port" },
    Entry { value: 6, name: "fastest", doc: "smallest smoothed time from SYN to SYN/ACK" },
] };

/// How a packet reaches its server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u32)]
pub enum Method {
    /// Addresses and ports are rewritten.
    Nat = 0,
    /// Only the link-layer address is; the server has the virtual address and answers
    /// directly.
    Direct = 1,
    /// The packet enters a tunnel as it is; who takes it out has the virtual address and
    /// answers directly.
    Tunnel = 2,
}

impl Method {
    /// All of them, in ascending order.
    #[rustfmt::skip]
    pub const ALL: &'static [Method] = &[
        Method::Nat,
        Method::Direct,
        Method::Tunnel,
    ];

    /// The one of that number.
    pub fn from_value(value: u32) -> Option<Self> {
        Self::ALL.iter().copied().find(|e| e.value() == value)
    }

    /// The one of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|e| e.name() == name)
    }

    /// Its number on the wire.
    pub fn value(self) -> u32 {
        self as u32
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Method::Nat => "nat",
            Method::Direct => "direct",
            Method::Tunnel => "tunnel",
        }
    }
}

/// [`Method`] as a table.
#[rustfmt::skip]
pub static METHOD_ENUM: Enum = Enum { name: "method", entries: &[
    Entry { value: 0, name: "nat", doc: "addresses and ports are rewritten" },
    Entry { value: 1, name: "direct", doc: "only the link-layer address is; the server has the virtual address and answers directly" },
    Entry { value: 2, name: "tunnel", doc: "the packet enters a tunnel as it is; who takes it out has the virtual address and answers directly" },
] };

/// Whether and how the client address is rewritten too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u32)]
pub enum SnatMode {
    /// The server sees the client.
    None = 0,
    /// The address that the route to the server prefers.
    Auto = 1,
    /// An address out of the given range.
    Pool = 2,
}

impl SnatMode {
    /// All of them, in ascending order.
    #[rustfmt::skip]
    pub const ALL: &'static [SnatMode] = &[
        SnatMode::None,
        SnatMode::Auto,
        SnatMode::Pool,
    ];

    /// The one of that number.
    pub fn from_value(value: u32) -> Option<Self> {
        Self::ALL.iter().copied().find(|e| e.value() == value)
    }

    /// The one of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|e| e.name() == name)
    }

    /// Its number on the wire.
    pub fn value(self) -> u32 {
        self as u32
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            SnatMode::None => "none",
            SnatMode::Auto => "auto",
            SnatMode::Pool => "pool",
        }
    }
}

/// [`SnatMode`] as a table.
#[rustfmt::skip]
pub static SNAT_MODE_ENUM: Enum = Enum { name: "snat-mode", entries: &[
    Entry { value: 0, name: "none", doc: "the server sees the client" },
    Entry { value: 1, name: "auto", doc: "the address that the route to the server prefers" },
    Entry { value: 2, name: "pool", doc: "an address out of the given range" },
] };

/// What becomes of a packet that has no flow and may not open one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u32)]
pub enum Action {
    /// Dropped and counted.
    Drop = 0,
    /// Answered by a reset or an unreachable error.
    Reset = 1,
    /// Left to the host stack.
    Pass = 2,
}

impl Action {
    /// All of them, in ascending order.
    #[rustfmt::skip]
    pub const ALL: &'static [Action] = &[
        Action::Drop,
        Action::Reset,
        Action::Pass,
    ];

    /// The one of that number.
    pub fn from_value(value: u32) -> Option<Self> {
        Self::ALL.iter().copied().find(|e| e.value() == value)
    }

    /// The one of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|e| e.name() == name)
    }

    /// Its number on the wire.
    pub fn value(self) -> u32 {
        self as u32
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Action::Drop => "drop",
            Action::Reset => "reset",
            Action::Pass => "pass",
        }
    }
}

/// [`Action`] as a table.
#[rustfmt::skip]
pub static ACTION_ENUM: Enum = Enum { name: "action", entries: &[
    Entry { value: 0, name: "drop", doc: "dropped and counted" },
    Entry { value: 1, name: "reset", doc: "answered by a reset or an unreachable error" },
    Entry { value: 2, name: "pass", doc: "left to the host stack" },
] };

/// What becomes of living flows when their server or binding goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u32)]
pub enum Fate {
    /// They live until they end.
    Keep = 0,
    /// They are ended, and both ends get a reset at their next packet.
    Reset = 1,
}

impl Fate {
    /// All of them, in ascending order.
    #[rustfmt::skip]
    pub const ALL: &'static [Fate] = &[
        Fate::Keep,
        Fate::Reset,
    ];

    /// The one of that number.
    pub fn from_value(value: u32) -> Option<Self> {
        Self::ALL.iter().copied().find(|e| e.value() == value)
    }

    /// The one of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|e| e.name() == name)
    }

    /// Its number on the wire.
    pub fn value(self) -> u32 {
        self as u32
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Fate::Keep => "keep",
            Fate::Reset => "reset",
        }
    }
}

/// [`Fate`] as a table.
#[rustfmt::skip]
pub static FATE_ENUM: Enum = Enum { name: "fate", entries: &[
    Entry { value: 0, name: "keep", doc: "they live until they end" },
    Entry { value: 1, name: "reset", doc: "they are ended, and both ends get a reset at their next packet" },
] };

/// Where a packet has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u32)]
pub enum TraceStage {
    /// It came in by a device.
    Arrived = 0,
    /// It is a tunnel's, whose customer it belongs to from here on.
    Tunnel = 1,
    /// It is an IP packet in the context of a customer.
    Packet = 2,
    /// It is of a flow, which leads it there.
    Flow = 3,
    /// It opened a flow, which leads it there.
    Opened = 4,
    /// Its ends are others now.
    Rewritten = 5,
    /// The customer's own routes lead it on.
    Routed = 6,
    /// It enters a tunnel.
    Encapsulated = 7,
    /// It was handed to a device.
    Sent = 8,
    /// It goes up into the stack, by an slr device or as the gateway's own.
    Received = 9,
    /// It is a fragment that waits for the others.
    Queued = 10,
    /// Its sender is told something.
    Answered = 11,
    /// It is dropped.
    Dropped = 12,
    /// It is left to the host stack.
    Passed = 13,
}

impl TraceStage {
    /// All of them, in ascending order.
    #[rustfmt::skip]
    pub const ALL: &'static [TraceStage] = &[
        TraceStage::Arrived,
        TraceStage::Tunnel,
        TraceStage::Packet,
        TraceStage::Flow,
        TraceStage::Opened,
        TraceStage::Rewritten,
        TraceStage::Routed,
        TraceStage::Encapsulated,
        TraceStage::Sent,
        TraceStage::Received,
        TraceStage::Queued,
        TraceStage::Answered,
        TraceStage::Dropped,
        TraceStage::Passed,
    ];

    /// The one of that number.
    pub fn from_value(value: u32) -> Option<Self> {
        Self::ALL.iter().copied().find(|e| e.value() == value)
    }

    /// The one of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|e| e.name() == name)
    }

    /// Its number on the wire.
    pub fn value(self) -> u32 {
        self as u32
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            TraceStage::Arrived => "arrived",
            TraceStage::Tunnel => "tunnel",
            TraceStage::Packet => "packet",
            TraceStage::Flow => "flow",
            TraceStage::Opened => "opened",
            TraceStage::Rewritten => "rewritten",
            TraceStage::Routed => "routed",
            TraceStage::Encapsulated => "encapsulated",
            TraceStage::Sent => "sent",
            TraceStage::Received => "received",
            TraceStage::Queued => "queued",
            TraceStage::Answered => "answered",
            TraceStage::Dropped => "dropped",
            TraceStage::Passed => "passed",
        }
    }
}

/// [`TraceStage`] as a table.
#[rustfmt::skip]
pub static TRACE_STAGE_ENUM: Enum = Enum { name: "trace-stage", entries: &[
    Entry { value: 0, name: "arrived", doc: "it came in by a device" },
    Entry { value: 1, name: "tunnel", doc: "it is a tunnel's, whose customer it belongs to from here on" },
    Entry { value: 2, name: "packet", doc: "it is an IP packet in the context of a customer" },
    Entry { value: 3, name: "flow", doc: "it is of a flow, which leads it there" },
    Entry { value: 4, name: "opened", doc: "it opened a flow, which leads it there" },
    Entry { value: 5, name: "rewritten", doc: "its ends are others now" },
    Entry { value: 6, name: "routed", doc: "the customer's own routes lead it on" },
    Entry { value: 7, name: "encapsulated", doc: "it enters a tunnel" },
    Entry { value: 8, name: "sent", doc: "it was handed to a device" },
    Entry { value: 9, name: "received", doc: "it goes up into the stack, by an slr device or as the gateway's own" },
    Entry { value: 10, name: "queued", doc: "it is a fragment that waits for the others" },
    Entry { value: 11, name: "answered", doc: "its sender is told something" },
    Entry { value: 12, name: "dropped", doc: "it is dropped" },
    Entry { value: 13, name: "passed", doc: "it is left to the host stack" },
] };

/// Where a flow stands, which sets its timeout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u32)]
pub enum FlowState {
    /// Opened and not answered.
    Syn = 0,
    /// Answered and not yet confirmed.
    SynAck = 1,
    /// Both ends have spoken.
    Established = 2,
    /// One end is done.
    Fin = 3,
    /// Both ends are done or one reset it.
    Closed = 4,
    /// No answer yet, protocols without a handshake.
    Unreplied = 5,
    /// Both ends have spoken, protocols without a handshake.
    Replied = 6,
    /// Ended by the operator.
    Reset = 7,
}

impl FlowState {
    /// All of them, in ascending order.
    #[rustfmt::skip]
    pub const ALL: &'static [FlowState] = &[
        FlowState::Syn,
        FlowState::SynAck,
        FlowState::Established,
        FlowState::Fin,
        FlowState::Closed,
        FlowState::Unreplied,
        FlowState::Replied,
        FlowState::Reset,
    ];

    /// The one of that number.
    pub fn from_value(value: u32) -> Option<Self> {
        Self::ALL.iter().copied().find(|e| e.value() == value)
    }

    /// The one of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|e| e.name() == name)
    }

    /// Its number on the wire.
    pub fn value(self) -> u32 {
        self as u32
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            FlowState::Syn => "syn",
            FlowState::SynAck => "syn-ack",
            FlowState::Established => "established",
            FlowState::Fin => "fin",
            FlowState::Closed => "closed",
            FlowState::Unreplied => "unreplied",
            FlowState::Replied => "replied",
            FlowState::Reset => "reset",
        }
    }
}

/// [`FlowState`] as a table.
#[rustfmt::skip]
pub static FLOW_STATE_ENUM: Enum = Enum { name: "flow-state", entries: &[
    Entry { value: 0, name: "syn", doc: "opened and not answered" },
    Entry { value: 1, name: "syn-ack", doc: "answered and not yet confirmed" },
    Entry { value: 2, name: "established", doc: "both ends have spoken" },
    Entry { value: 3, name: "fin", doc: "one end is done" },
    Entry { value: 4, name: "closed", doc: "both ends are done or one reset it" },
    Entry { value: 5, name: "unreplied", doc: "no answer yet, protocols without a handshake" },
    Entry { value: 6, name: "replied", doc: "both ends have spoken, protocols without a handshake" },
    Entry { value: 7, name: "reset", doc: "ended by the operator" },
] };

/// What a counter counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u32)]
pub enum CounterKind {
    /// Something that happened.
    Event = 0,
    /// Packets dropped for this reason.
    Drop = 1,
    /// Packets left to the host stack for this reason.
    Pass = 2,
}

impl CounterKind {
    /// All of them, in ascending order.
    #[rustfmt::skip]
    pub const ALL: &'static [CounterKind] = &[
        CounterKind::Event,
        CounterKind::Drop,
        CounterKind::Pass,
    ];

    /// The one of that number.
    pub fn from_value(value: u32) -> Option<Self> {
        Self::ALL.iter().copied().find(|e| e.value() == value)
    }

    /// The one of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|e| e.name() == name)
    }

    /// Its number on the wire.
    pub fn value(self) -> u32 {
        self as u32
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            CounterKind::Event => "event",
            CounterKind::Drop => "drop",
            CounterKind::Pass => "pass",
        }
    }
}

/// [`CounterKind`] as a table.
#[rustfmt::skip]
pub static COUNTER_KIND_ENUM: Enum = Enum { name: "counter-kind", entries: &[
    Entry { value: 0, name: "event", doc: "something that happened" },
    Entry { value: 1, name: "drop", doc: "packets dropped for this reason" },
    Entry { value: 2, name: "pass", doc: "packets left to the host stack for this reason" },
] };

/// How a tunnel encapsulates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u32)]
pub enum TunnelType {
    /// IP in IP, any two families.
    Ipip = 0,
    /// GRE, with a key or without.
    Gre = 1,
    /// VXLAN.
    Vxlan = 2,
    /// Geneve.
    Geneve = 3,
    /// Generic UDP encapsulation.
    Gue = 4,
    /// IP in UDP.
    Fou = 5,
    /// An MPLS label in GRE.
    MplsGre = 6,
    /// An MPLS label in UDP.
    MplsUdp = 7,
    /// L2TPv3 in IP.
    L2tpv3 = 8,
    /// L2TPv3 in UDP.
    L2tpv3Udp = 9,
    /// A VLAN on a port.
    Vlan = 10,
    /// A service VLAN on a port, and one VLAN in it or all.
    Qinq = 11,
    /// An MPLS label on a port.
    Mpls = 12,
}

impl TunnelType {
    /// All of them, in ascending order.
    #[rustfmt::skip]
    pub const ALL: &'static [TunnelType] = &[
        TunnelType::Ipip,
        TunnelType::Gre,
        TunnelType::Vxlan,
        TunnelType::Geneve,
        TunnelType::Gue,
        TunnelType::Fou,
        TunnelType::MplsGre,
        TunnelType::MplsUdp,
        TunnelType::L2tpv3,
        TunnelType::L2tpv3Udp,
        TunnelType::Vlan,
        TunnelType::Qinq,
        TunnelType::Mpls,
    ];

    /// The one of that number.
    pub fn from_value(value: u32) -> Option<Self> {
        Self::ALL.iter().copied().find(|e| e.value() == value)
    }

    /// The one of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|e| e.name() == name)
    }

    /// Its number on the wire.
    pub fn value(self) -> u32 {
        self as u32
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            TunnelType::Ipip => "ipip",
            TunnelType::Gre => "gre",
            TunnelType::Vxlan => "vxlan",
            TunnelType::Geneve => "geneve",
            TunnelType::Gue => "gue",
            TunnelType::Fou => "fou",
            TunnelType::MplsGre => "mpls-gre",
            TunnelType::MplsUdp => "mpls-udp",
            TunnelType::L2tpv3 => "l2tpv3",
            TunnelType::L2tpv3Udp => "l2tpv3-udp",
            TunnelType::Vlan => "vlan",
            TunnelType::Qinq => "qinq",
            TunnelType::Mpls => "mpls",
        }
    }
}

/// [`TunnelType`] as a table.
#[rustfmt::skip]
pub static TUNNEL_TYPE_ENUM: Enum = Enum { name: "tunnel-type", entries: &[
    Entry { value: 0, name: "ipip", doc: "IP in IP, any two families" },
    Entry { value: 1, name: "gre", doc: "GRE, with a key or without" },
    Entry { value: 2, name: "vxlan", doc: "VXLAN" },
    Entry { value: 3, name: "geneve", doc: "Geneve" },
    Entry { value: 4, name: "gue", doc: "generic UDP encapsulation" },
    Entry { value: 5, name: "fou", doc: "IP in UDP" },
    Entry { value: 6, name: "mpls-gre", doc: "an MPLS label in GRE" },
    Entry { value: 7, name: "mpls-udp", doc: "an MPLS label in UDP" },
    Entry { value: 8, name: "l2tpv3", doc: "L2TPv3 in IP" },
    Entry { value: 9, name: "l2tpv3-udp", doc: "L2TPv3 in UDP" },
    Entry { value: 10, name: "vlan", doc: "a VLAN on a port" },
    Entry { value: 11, name: "qinq", doc: "a service VLAN on a port, and one VLAN in it or all" },
    Entry { value: 12, name: "mpls", doc: "an MPLS label on a port" },
] };

/// Whether routers may fragment outer packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u32)]
pub enum TunnelDf {
    /// As the inner packet.
    Inherit = 0,
    /// They must not; what is too long inside and may be fragmented goes in as fragments.
    Set = 1,
    /// They may, or the gateway does.
    Unset = 2,
}

impl TunnelDf {
    /// All of them, in ascending order.
    #[rustfmt::skip]
    pub const ALL: &'static [TunnelDf] = &[
        TunnelDf::Inherit,
        TunnelDf::Set,
        TunnelDf::Unset,
    ];

    /// The one of that number.
    pub fn from_value(value: u32) -> Option<Self> {
        Self::ALL.iter().copied().find(|e| e.value() == value)
    }

    /// The one of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|e| e.name() == name)
    }

    /// Its number on the wire.
    pub fn value(self) -> u32 {
        self as u32
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            TunnelDf::Inherit => "inherit",
            TunnelDf::Set => "set",
            TunnelDf::Unset => "unset",
        }
    }
}

/// [`TunnelDf`] as a table.
#[rustfmt::skip]
pub static TUNNEL_DF_ENUM: Enum = Enum { name: "tunnel-df", entries: &[
    Entry { value: 0, name: "inherit", doc: "as the inner packet" },
    Entry { value: 1, name: "set", doc: "they must not; what is too long inside and may be fragmented goes in as fragments" },
    Entry { value: 2, name: "unset", doc: "they may, or the gateway does" },
] };

/// What becomes of packets to a prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u32)]
pub enum RouteAction {
    /// They enter a tunnel.
    Tunnel = 0,
    /// They are dropped and the sender is told.
    Unreachable = 1,
    /// They are dropped.
    Blackhole = 2,
    /// They become flows to the Internet side.
    Public = 3,
    /// They are received on an slr device.
    Device = 4,
    /// They leave by a port of the customer.
    Port = 5,
}

impl RouteAction {
    /// All of them, in ascending order.
    #[rustfmt::skip]
    pub const ALL: &'static [RouteAction] = &[
        RouteAction::Tunnel,
        RouteAction::Unreachable,
        RouteAction::Blackhole,
        RouteAction::Public,
        RouteAction::Device,
        RouteAction::Port,
    ];

    /// The one of that number.
    pub fn from_value(value: u32) -> Option<Self> {
        Self::ALL.iter().copied().find(|e| e.value() == value)
    }

    /// The one of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|e| e.name() == name)
    }

    /// Its number on the wire.
    pub fn value(self) -> u32 {
        self as u32
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            RouteAction::Tunnel => "tunnel",
            RouteAction::Unreachable => "unreachable",
            RouteAction::Blackhole => "blackhole",
            RouteAction::Public => "public",
            RouteAction::Device => "device",
            RouteAction::Port => "port",
        }
    }
}

/// [`RouteAction`] as a table.
#[rustfmt::skip]
pub static ROUTE_ACTION_ENUM: Enum = Enum { name: "route-action", entries: &[
    Entry { value: 0, name: "tunnel", doc: "they enter a tunnel" },
    Entry { value: 1, name: "unreachable", doc: "they are dropped and the sender is told" },
    Entry { value: 2, name: "blackhole", doc: "they are dropped" },
    Entry { value: 3, name: "public", doc: "they become flows to the Internet side" },
    Entry { value: 4, name: "device", doc: "they are received on an slr device" },
    Entry { value: 5, name: "port", doc: "they leave by a port of the customer" },
] };

/// Names a service or a server.
#[rustfmt::skip]
pub static ENDPOINT: AttrSet = AttrSet { name: "endpoint", attrs: &[
    Attr { id: 1, name: "customer", kind: Kind::U32, min: None, max: None, multi: false, doc: "routing context; 0 is public" },
    Attr { id: 2, name: "address", kind: Kind::Address, min: Some(4), max: Some(16), multi: false, doc: "IPv4 (4 bytes) or IPv6 (16 bytes) address, network order" },
    Attr { id: 3, name: "protocol", kind: Kind::U8, min: None, max: None, multi: false, doc: "IP protocol number; 0 is any" },
    Attr { id: 4, name: "port", kind: Kind::U16, min: None, max: None, multi: false, doc: "first port, host order; 0 is any port of a service, the whole machine of a server" },
    Attr { id: 5, name: "port-last", kind: Kind::U16, min: None, max: None, multi: false, doc: "last port of a range; the first one if absent" },
] };

/// Traffic of an object since it was made.
#[rustfmt::skip]
pub static COUNTERS: AttrSet = AttrSet { name: "counters", attrs: &[
    Attr { id: 1, name: "flows-total", kind: Kind::U64, min: None, max: None, multi: false, doc: "flows opened" },
    Attr { id: 2, name: "packets-in", kind: Kind::U64, min: None, max: None, multi: false, doc: "packets from clients" },
    Attr { id: 3, name: "bytes-in", kind: Kind::U64, min: None, max: None, multi: false, doc: "bytes of IP packets from clients" },
    Attr { id: 4, name: "packets-out", kind: Kind::U64, min: None, max: None, multi: false, doc: "packets to clients" },
    Attr { id: 5, name: "bytes-out", kind: Kind::U64, min: None, max: None, multi: false, doc: "bytes of IP packets to clients" },
    Attr { id: 6, name: "refused", kind: Kind::U64, min: None, max: None, multi: false, doc: "new flows refused" },
] };

/// Seconds without a packet after which a flow is forgotten, per state.
#[rustfmt::skip]
pub static TIMEOUTS: AttrSet = AttrSet { name: "timeouts", attrs: &[
    Attr { id: 1, name: "syn", kind: Kind::U32, min: Some(1), max: Some(2592000), multi: false, doc: "TCP or SCTP opened and not confirmed" },
    Attr { id: 2, name: "established", kind: Kind::U32, min: Some(1), max: Some(2592000), multi: false, doc: "TCP or SCTP established" },
    Attr { id: 3, name: "fin", kind: Kind::U32, min: Some(1), max: Some(2592000), multi: false, doc: "one end of a TCP or SCTP flow is done" },
    Attr { id: 4, name: "closed", kind: Kind::U32, min: Some(1), max: Some(2592000), multi: false, doc: "both ends are done" },
    Attr { id: 5, name: "udp", kind: Kind::U32, min: Some(1), max: Some(2592000), multi: false, doc: "UDP without an answer" },
    Attr { id: 6, name: "udp-replied", kind: Kind::U32, min: Some(1), max: Some(2592000), multi: false, doc: "UDP with an answer" },
    Attr { id: 7, name: "icmp", kind: Kind::U32, min: Some(1), max: Some(2592000), multi: false, doc: "ICMP echo" },
    Attr { id: 8, name: "other", kind: Kind::U32, min: Some(1), max: Some(2592000), multi: false, doc: "other protocols" },
] };

/// What becomes of a packet that has no flow and may not open one, by its kind.
#[rustfmt::skip]
pub static UNKNOWN: AttrSet = AttrSet { name: "unknown", attrs: &[
    Attr { id: 1, name: "ack", kind: Kind::Enum(&ACTION_ENUM), min: None, max: None, multi: false, doc: "TCP acknowledgement without data" },
    Attr { id: 2, name: "data", kind: Kind::Enum(&ACTION_ENUM), min: None, max: None, multi: false, doc: "TCP with data" },
    Attr { id: 3, name: "fin", kind: Kind::Enum(&ACTION_ENUM), min: None, max: None, multi: false, doc: "TCP FIN" },
    Attr { id: 4, name: "rst", kind: Kind::Enum(&ACTION_ENUM), min: None, max: None, multi: false, doc: "TCP RST (reset means drop)" },
    Attr { id: 5, name: "icmp", kind: Kind::Enum(&ACTION_ENUM), min: None, max: None, multi: false, doc: "ICMP other than an echo request or an error about a flow" },
    Attr { id: 6, name: "sctp", kind: Kind::Enum(&ACTION_ENUM), min: None, max: None, multi: false, doc: "SCTP other than INIT" },
    Attr { id: 7, name: "other", kind: Kind::Enum(&ACTION_ENUM), min: None, max: None, multi: false, doc: "anything else" },
] };

/// Source translation of a binding.
#[rustfmt::skip]
pub static SNAT: AttrSet = AttrSet { name: "snat", attrs: &[
    Attr { id: 1, name: "mode", kind: Kind::Enum(&SNAT_MODE_ENUM), min: None, max: None, multi: false, doc: "whether and how" },
    Attr { id: 2, name: "first", kind: Kind::Address, min: Some(4), max: Some(16), multi: false, doc: "first address of the pool" },
    Attr { id: 3, name: "last", kind: Kind::Address, min: Some(4), max: Some(16), multi: false, doc: "last address of the pool; the first one if absent" },
    Attr { id: 4, name: "port", kind: Kind::U16, min: None, max: None, multi: false, doc: "first port to use, default 1024" },
    Attr { id: 5, name: "port-last", kind: Kind::U16, min: None, max: None, multi: false, doc: "last port to use, default 65535" },
] };

/// Limits and state of the tables of a namespace.
#[rustfmt::skip]
pub static SETTINGS: AttrSet = AttrSet { name: "settings", attrs: &[
    Attr { id: 1, name: "version", kind: Kind::String, min: None, max: None, multi: false, doc: "version of the module" },
    Attr { id: 2, name: "generation", kind: Kind::U64, min: None, max: None, multi: false, doc: "number of the configuration in force" },
    Attr { id: 3, name: "flows-max", kind: Kind::U32, min: Some(1), max: Some(67108864), multi: false, doc: "flows that may live at once, each family" },
    Attr { id: 4, name: "flows", kind: Kind::U32, min: None, max: None, multi: false, doc: "flows alive" },
    Attr { id: 5, name: "flow-bytes-v4", kind: Kind::U32, min: None, max: None, multi: false, doc: "bytes of memory an IPv4 flow takes, without its share of the index" },
    Attr { id: 6, name: "flow-bytes-v6", kind: Kind::U32, min: None, max: None, multi: false, doc: "the same of an IPv6 flow" },
    Attr { id: 7, name: "ports", kind: Kind::U32, min: None, max: None, multi: false, doc: "ports attached" },
    Attr { id: 8, name: "services", kind: Kind::U32, min: None, max: None, multi: false, doc: "services defined" },
    Attr { id: 9, name: "servers", kind: Kind::U32, min: None, max: None, multi: false, doc: "servers defined" },
    Attr { id: 10, name: "bindings", kind: Kind::U32, min: None, max: None, multi: false, doc: "bindings defined" },
    Attr { id: 11, name: "txn", kind: Kind::U32, min: None, max: None, multi: false, doc: "transaction this change belongs to; alone if absent" },
    Attr { id: 12, name: "customers", kind: Kind::U32, min: None, max: None, multi: false, doc: "customers defined, without public" },
    Attr { id: 13, name: "require-secure", kind: Kind::U8, min: None, max: Some(1), multi: false, doc: "whether tunnels over IP must be secure, or clear on purpose" },
] };

/// A network device on which slr takes packets.
#[rustfmt::skip]
pub static PORT: AttrSet = AttrSet { name: "port", attrs: &[
    Attr { id: 1, name: "ifindex", kind: Kind::U32, min: None, max: None, multi: false, doc: "index of the device" },
    Attr { id: 2, name: "ifname", kind: Kind::String, min: None, max: Some(15), multi: false, doc: "name of the device" },
    Attr { id: 3, name: "customer", kind: Kind::U32, min: None, max: None, multi: false, doc: "routing context of what arrives; 0 is public" },
    Attr { id: 4, name: "side", kind: Kind::Enum(&SIDE_ENUM), min: None, max: None, multi: false, doc: "which half of the traffic it may carry" },
    Attr { id: 5, name: "announce", kind: Kind::U8, min: None, max: Some(1), multi: false, doc: "1 to answer ARP and neighbour solicitations for virtual addresses here, and to announce them" },
    Attr { id: 6, name: "packets", kind: Kind::U64, min: None, max: None, multi: false, doc: "packets taken by slr" },
    Attr { id: 7, name: "bytes", kind: Kind::U64, min: None, max: None, multi: false, doc: "bytes of these" },
    Attr { id: 8, name: "txn", kind: Kind::U32, min: None, max: None, multi: false, doc: "transaction this change belongs to; alone if absent" },
    Attr { id: 9, name: "guard", kind: Kind::Enum(&OWN_GUARD_ENUM), min: None, max: None, multi: false, doc: "default inherit; absent where it is; loose and strict need a customer" },
] };

/// A virtual address, or one protocol or port range of it, and how it is served.
#[rustfmt::skip]
pub static SERVICE: AttrSet = AttrSet { name: "service", attrs: &[
    Attr { id: 1, name: "key", kind: Kind::Nest(&ENDPOINT), min: None, max: None, multi: false, doc: "which" },
    Attr { id: 2, name: "scheduler", kind: Kind::Enum(&SCHEDULER_ENUM), min: None, max: None, multi: false, doc: "default wlc" },
    Attr { id: 3, name: "table-size", kind: Kind::U32, min: Some(251), max: Some(131071), multi: false, doc: "slots of the maglev table, a prime; default 4093" },
    Attr { id: 4, name: "persist", kind: Kind::U32, min: None, max: Some(2592000), multi: false, doc: "seconds for which a client keeps its server; 0 is off" },
    Attr { id: 5, name: "persist-mask", kind: Kind::U8, min: None, max: Some(128), multi: false, doc: "prefix length under which clients count as one; default the whole address" },
    Attr { id: 6, name: "timeouts", kind: Kind::Nest(&TIMEOUTS), min: None, max: None, multi: false, doc: "of flows opened from now on" },
    Attr { id: 7, name: "unknown", kind: Kind::Nest(&UNKNOWN), min: None, max: None, multi: false, doc: "packets without a flow" },
    Attr { id: 8, name: "backup", kind: Kind::Nest(&ENDPOINT), min: None, max: None, multi: false, doc: "service whose servers take over when none of its own is usable; empty for none" },
    Attr { id: 9, name: "state", kind: Kind::Enum(&ADMIN_STATE_ENUM), min: None, max: None, multi: false, doc: "up or down; down counts as failed" },
    Attr { id: 10, name: "condition", kind: Kind::Enum(&CONDITION_ENUM), min: None, max: None, multi: false, doc: "what is the case; failed while no server of it or of its backups is usable" },
    Attr { id: 11, name: "flows", kind: Kind::U32, min: None, max: None, multi: false, doc: "flows alive" },
    Attr { id: 12, name: "bindings", kind: Kind::U32, min: None, max: None, multi: false, doc: "servers bound" },
    Attr { id: 13, name: "counters", kind: Kind::Nest(&COUNTERS), min: None, max: None, multi: false, doc: "traffic" },
    Attr { id: 14, name: "fate", kind: Kind::Enum(&FATE_ENUM), min: None, max: None, multi: false, doc: "of living flows, at deletion" },
    Attr { id: 15, name: "txn", kind: Kind::U32, min: None, max: None, multi: false, doc: "transaction this change belongs to; alone if absent" },
] };

/// A real server, or one port of it.
#[rustfmt::skip]
pub static SERVER: AttrSet = AttrSet { name: "server", attrs: &[
    Attr { id: 1, name: "key", kind: Kind::Nest(&ENDPOINT), min: None, max: None, multi: false, doc: "which; port 0 is the whole machine" },
    Attr { id: 2, name: "weight", kind: Kind::U32, min: None, max: Some(65535), multi: false, doc: "share of new flows; 0 gets none; default 1" },
    Attr { id: 3, name: "limit", kind: Kind::U32, min: None, max: None, multi: false, doc: "flows at once; 0 is no limit" },
    Attr { id: 4, name: "threshold", kind: Kind::U32, min: None, max: Some(65535), multi: false, doc: "unanswered or refused openings in a row that make it failed; 0 is never; default 8" },
    Attr { id: 5, name: "hold", kind: Kind::U32, min: None, max: Some(2592000), multi: false, doc: "seconds after which a failed server is tried again; 0 is only by command; default 60" },
    Attr { id: 6, name: "backup", kind: Kind::Nest(&ENDPOINT), min: None, max: None, multi: false, doc: "server that takes its flows while it is failed or down; empty for none" },
    Attr { id: 7, name: "drain-timeout", kind: Kind::U32, min: None, max: Some(2592000), multi: false, doc: "seconds after which the flows left on a draining server are reset; 0 is never" },
    Attr { id: 8, name: "state", kind: Kind::Enum(&ADMIN_STATE_ENUM), min: None, max: None, multi: false, doc: "what the operator wants" },
    Attr { id: 9, name: "condition", kind: Kind::Enum(&CONDITION_ENUM), min: None, max: None, multi: false, doc: "what is the case" },
    Attr { id: 10, name: "failures", kind: Kind::U32, min: None, max: None, multi: false, doc: "unanswered or refused openings in a row" },
    Attr { id: 11, name: "failures-total", kind: Kind::U64, min: None, max: None, multi: false, doc: "unanswered or refused openings in all" },
    Attr { id: 12, name: "rtt", kind: Kind::U32, min: None, max: None, multi: false, doc: "smoothed time from SYN to SYN/ACK, microseconds; 0 is unknown" },
    Attr { id: 13, name: "flows", kind: Kind::U32, min: None, max: None, multi: false, doc: "flows alive" },
    Attr { id: 14, name: "bindings", kind: Kind::U32, min: None, max: None, multi: false, doc: "services bound" },
    Attr { id: 15, name: "drain-left", kind: Kind::U32, min: None, max: None, multi: false, doc: "seconds until the flows left are reset" },
    Attr { id: 16, name: "counters", kind: Kind::Nest(&COUNTERS), min: None, max: None, multi: false, doc: "traffic" },
    Attr { id: 17, name: "fate", kind: Kind::Enum(&FATE_ENUM), min: None, max: None, multi: false, doc: "of living flows, at deletion" },
    Attr { id: 18, name: "txn", kind: Kind::U32, min: None, max: None, multi: false, doc: "transaction this change belongs to; alone if absent" },
] };

/// A server that serves a service.
#[rustfmt::skip]
pub static BINDING: AttrSet = AttrSet { name: "binding", attrs: &[
    Attr { id: 1, name: "service", kind: Kind::Nest(&ENDPOINT), min: None, max: None, multi: false, doc: "which service" },
    Attr { id: 2, name: "server", kind: Kind::Nest(&ENDPOINT), min: None, max: None, multi: false, doc: "which server" },
    Attr { id: 3, name: "port", kind: Kind::U16, min: None, max: None, multi: false, doc: "port on the server; 0 keeps the port" },
    Attr { id: 4, name: "port-last", kind: Kind::U16, min: None, max: None, multi: false, doc: "last port of a range as long as that of the service" },
    Attr { id: 5, name: "method", kind: Kind::Enum(&METHOD_ENUM), min: None, max: None, multi: false, doc: "how packets get there" },
    Attr { id: 6, name: "weight", kind: Kind::U32, min: None, max: Some(65535), multi: false, doc: "in place of that of the server" },
    Attr { id: 7, name: "snat", kind: Kind::Nest(&SNAT), min: None, max: None, multi: false, doc: "source translation" },
    Attr { id: 8, name: "flows", kind: Kind::U32, min: None, max: None, multi: false, doc: "flows alive" },
    Attr { id: 9, name: "counters", kind: Kind::Nest(&COUNTERS), min: None, max: None, multi: false, doc: "traffic" },
    Attr { id: 10, name: "fate", kind: Kind::Enum(&FATE_ENUM), min: None, max: None, multi: false, doc: "of living flows, at deletion" },
    Attr { id: 11, name: "txn", kind: Kind::U32, min: None, max: None, multi: false, doc: "transaction this change belongs to; alone if absent" },
    Attr { id: 12, name: "tunnel", kind: Kind::String, min: None, max: Some(31), multi: false, doc: "tunnel that packets enter, of method tunnel" },
] };

/// One connection. In a request, what is given selects.
#[rustfmt::skip]
pub static FLOW: AttrSet = AttrSet { name: "flow", attrs: &[
    Attr { id: 1, name: "customer", kind: Kind::U32, min: None, max: None, multi: false, doc: "routing context" },
    Attr { id: 2, name: "protocol", kind: Kind::U8, min: None, max: None, multi: false, doc: "IP protocol number" },
    Attr { id: 3, name: "client-address", kind: Kind::Address, min: Some(4), max: Some(16), multi: false, doc: "address of the client" },
    Attr { id: 4, name: "client-prefix", kind: Kind::U8, min: None, max: Some(128), multi: false, doc: "in a request, bits of the client address that count" },
    Attr { id: 5, name: "client-port", kind: Kind::U16, min: None, max: None, multi: false, doc: "port, or ICMP echo identifier" },
    Attr { id: 6, name: "virtual-address", kind: Kind::Address, min: Some(4), max: Some(16), multi: false, doc: "address that the client uses" },
    Attr { id: 7, name: "virtual-port", kind: Kind::U16, min: None, max: None, multi: false, doc: "port that the client uses" },
    Attr { id: 8, name: "server-address", kind: Kind::Address, min: Some(4), max: Some(16), multi: false, doc: "address of the server" },
    Attr { id: 9, name: "server-port", kind: Kind::U16, min: None, max: None, multi: false, doc: "port on the server" },
    Attr { id: 10, name: "snat-address", kind: Kind::Address, min: Some(4), max: Some(16), multi: false, doc: "address that the server sees, if translated" },
    Attr { id: 11, name: "snat-port", kind: Kind::U16, min: None, max: None, multi: false, doc: "port that the server sees, if translated" },
    Attr { id: 12, name: "state", kind: Kind::Enum(&FLOW_STATE_ENUM), min: None, max: None, multi: false, doc: "where it stands" },
    Attr { id: 13, name: "syn-repeats", kind: Kind::U32, min: None, max: None, multi: false, doc: "openings seen again before an answer" },
    Attr { id: 14, name: "expires", kind: Kind::U32, min: None, max: None, multi: false, doc: "seconds left without a packet" },
    Attr { id: 15, name: "service", kind: Kind::Nest(&ENDPOINT), min: None, max: None, multi: false, doc: "service that it belongs to" },
    Attr { id: 16, name: "server", kind: Kind::Nest(&ENDPOINT), min: None, max: None, multi: false, doc: "server that it is pinned to" },
    Attr { id: 17, name: "deleted", kind: Kind::U32, min: None, max: None, multi: false, doc: "in a reply, flows ended" },
    Attr { id: 18, name: "count", kind: Kind::U32, min: None, max: None, multi: false, doc: "in a reply, flows selected" },
    Attr { id: 19, name: "virtual-prefix", kind: Kind::U8, min: None, max: Some(128), multi: false, doc: "in a request, bits of the virtual address that count" },
    Attr { id: 20, name: "server-prefix", kind: Kind::U8, min: None, max: Some(128), multi: false, doc: "in a request, bits of the server's address that count" },
    Attr { id: 21, name: "client-port-last", kind: Kind::U16, min: None, max: None, multi: false, doc: "in a request, the last port of a range that begins with client-port" },
    Attr { id: 22, name: "virtual-port-last", kind: Kind::U16, min: None, max: None, multi: false, doc: "in a request, the last port of a range that begins with virtual-port" },
    Attr { id: 23, name: "server-port-last", kind: Kind::U16, min: None, max: None, multi: false, doc: "in a request, the last port of a range that begins with server-port" },
    Attr { id: 24, name: "states", kind: Kind::U32, min: None, max: None, multi: false, doc: "in a request, states of which the flow has one, for each the bit of its number" },
    Attr { id: 25, name: "tunnel", kind: Kind::String, min: None, max: Some(31), multi: false, doc: "tunnel that its packets enter" },
] };

/// One named counter of the namespace.
#[rustfmt::skip]
pub static COUNTER: AttrSet = AttrSet { name: "counter", attrs: &[
    Attr { id: 1, name: "name", kind: Kind::String, min: None, max: None, multi: false, doc: "kebab-case" },
    Attr { id: 2, name: "kind", kind: Kind::Enum(&COUNTER_KIND_ENUM), min: None, max: None, multi: false, doc: "what it counts" },
    Attr { id: 3, name: "value", kind: Kind::U64, min: None, max: None, multi: false, doc: "since the module was loaded into the namespace" },
    Attr { id: 4, name: "doc", kind: Kind::String, min: None, max: None, multi: false, doc: "one sentence" },
] };

/// How many packets of one customer were dropped for one reason.
#[rustfmt::skip]
pub static DROP: AttrSet = AttrSet { name: "drop", attrs: &[
    Attr { id: 1, name: "customer", kind: Kind::U32, min: None, max: None, multi: false, doc: "routing context that they were in" },
    Attr { id: 2, name: "name", kind: Kind::String, min: None, max: None, multi: false, doc: "reason, the name of a counter" },
    Attr { id: 3, name: "value", kind: Kind::U64, min: None, max: None, multi: false, doc: "since the customer was defined" },
] };

/// Packets that are followed. In a request, what is given selects.
#[rustfmt::skip]
pub static TRACE: AttrSet = AttrSet { name: "trace", attrs: &[
    Attr { id: 1, name: "customer", kind: Kind::U32, min: None, max: None, multi: false, doc: "routing context that a packet comes through" },
    Attr { id: 2, name: "protocol", kind: Kind::U8, min: None, max: None, multi: false, doc: "IP protocol number" },
    Attr { id: 3, name: "source", kind: Kind::Nest(&PREFIX), min: None, max: None, multi: false, doc: "source address" },
    Attr { id: 4, name: "destination", kind: Kind::Nest(&PREFIX), min: None, max: None, multi: false, doc: "destination address" },
    Attr { id: 5, name: "host", kind: Kind::Nest(&PREFIX), min: None, max: None, multi: false, doc: "source or destination address" },
    Attr { id: 6, name: "source-port", kind: Kind::U16, min: None, max: None, multi: false, doc: "source port" },
    Attr { id: 7, name: "destination-port", kind: Kind::U16, min: None, max: None, multi: false, doc: "destination port" },
    Attr { id: 8, name: "port", kind: Kind::U16, min: None, max: None, multi: false, doc: "source or destination port" },
    Attr { id: 9, name: "tunnel", kind: Kind::String, min: None, max: Some(31), multi: false, doc: "tunnel that it comes out of or enters" },
    Attr { id: 10, name: "ifindex", kind: Kind::U32, min: None, max: None, multi: false, doc: "device that it comes in or leaves by" },
    Attr { id: 11, name: "reason", kind: Kind::String, min: None, max: Some(31), multi: false, doc: "why it is dropped or passed" },
    Attr { id: 12, name: "drops", kind: Kind::U8, min: None, max: Some(1), multi: false, doc: "only what is dropped" },
    Attr { id: 13, name: "count", kind: Kind::U32, min: Some(1), max: None, multi: false, doc: "packets until it is enough" },
    Attr { id: 14, name: "sample", kind: Kind::U32, min: Some(1), max: None, multi: false, doc: "one in so many" },
    Attr { id: 15, name: "rate", kind: Kind::U32, min: Some(1), max: None, multi: false, doc: "packets a second at most; default 1000" },
    Attr { id: 16, name: "time", kind: Kind::U64, min: None, max: None, multi: false, doc: "in an answer, nanoseconds since boot when it arrived" },
    Attr { id: 17, name: "lost", kind: Kind::U64, min: None, max: None, multi: false, doc: "in an answer, packets that were selected and not shown so far, for lack of room or beyond the rate" },
    Attr { id: 18, name: "missed", kind: Kind::U32, min: None, max: None, multi: false, doc: "in an answer, steps that there was no room for" },
    Attr { id: 19, name: "step", kind: Kind::Nest(&TRACE_STEP), min: None, max: None, multi: true, doc: "in an answer, what became of it, in order" },
] };

/// One step of a packet.
#[rustfmt::skip]
pub static TRACE_STEP: AttrSet = AttrSet { name: "trace-step", attrs: &[
    Attr { id: 1, name: "stage", kind: Kind::Enum(&TRACE_STAGE_ENUM), min: None, max: None, multi: false, doc: "where it has come to" },
    Attr { id: 2, name: "after", kind: Kind::U32, min: None, max: None, multi: false, doc: "nanoseconds since it arrived" },
    Attr { id: 3, name: "customer", kind: Kind::U32, min: None, max: None, multi: false, doc: "routing context that it is in" },
    Attr { id: 4, name: "protocol", kind: Kind::U8, min: None, max: None, multi: false, doc: "IP protocol number" },
    Attr { id: 5, name: "source", kind: Kind::Address, min: Some(4), max: Some(16), multi: false, doc: "source address" },
    Attr { id: 6, name: "source-port", kind: Kind::U16, min: None, max: None, multi: false, doc: "source port, or ICMP echo identifier" },
    Attr { id: 7, name: "destination", kind: Kind::Address, min: Some(4), max: Some(16), multi: false, doc: "destination address" },
    Attr { id: 8, name: "destination-port", kind: Kind::U16, min: None, max: None, multi: false, doc: "destination port" },
    Attr { id: 9, name: "ifindex", kind: Kind::U32, min: None, max: None, multi: false, doc: "device" },
    Attr { id: 10, name: "tunnel", kind: Kind::String, min: None, max: Some(31), multi: false, doc: "tunnel" },
    Attr { id: 11, name: "reason", kind: Kind::String, min: None, max: Some(31), multi: false, doc: "why it is dropped, answered or passed" },
    Attr { id: 12, name: "device", kind: Kind::String, min: None, max: Some(15), multi: false, doc: "slr device, by the name that it was made with" },
] };

/// Changes that take effect together.
#[rustfmt::skip]
pub static TRANSACTION: AttrSet = AttrSet { name: "transaction", attrs: &[
    Attr { id: 1, name: "id", kind: Kind::U32, min: None, max: None, multi: false, doc: "number of the transaction" },
    Attr { id: 2, name: "generation", kind: Kind::U64, min: None, max: None, multi: false, doc: "configuration it begins from, or has made; in a request, the only one it may begin from" },
    Attr { id: 3, name: "replace", kind: Kind::Flag, min: None, max: None, multi: false, doc: "begin from nothing in place of the configuration in force" },
    Attr { id: 4, name: "check", kind: Kind::Flag, min: None, max: None, multi: false, doc: "at commit, validate only; the transaction ends all the same" },
    Attr { id: 5, name: "changes", kind: Kind::U32, min: None, max: None, multi: false, doc: "changes it made" },
] };

/// One step of an explanation.
#[rustfmt::skip]
pub static STEP: AttrSet = AttrSet { name: "step", attrs: &[
    Attr { id: 1, name: "stage", kind: Kind::String, min: None, max: None, multi: false, doc: "name of the stage" },
    Attr { id: 2, name: "text", kind: Kind::String, min: None, max: None, multi: false, doc: "what it finds" },
] };

/// What would happen to a packet.
#[rustfmt::skip]
pub static EXPLAIN: AttrSet = AttrSet { name: "explain", attrs: &[
    Attr { id: 1, name: "ifindex", kind: Kind::U32, min: None, max: None, multi: false, doc: "port it arrives on; a process of this host if absent" },
    Attr { id: 2, name: "customer", kind: Kind::U32, min: None, max: None, multi: false, doc: "routing context, in place of a port" },
    Attr { id: 3, name: "protocol", kind: Kind::U8, min: None, max: None, multi: false, doc: "IP protocol number" },
    Attr { id: 4, name: "source", kind: Kind::Address, min: Some(4), max: Some(16), multi: false, doc: "source address" },
    Attr { id: 5, name: "source-port", kind: Kind::U16, min: None, max: None, multi: false, doc: "source port, or ICMP echo identifier" },
    Attr { id: 6, name: "destination", kind: Kind::Address, min: Some(4), max: Some(16), multi: false, doc: "destination address" },
    Attr { id: 7, name: "destination-port", kind: Kind::U16, min: None, max: None, multi: false, doc: "destination port" },
    Attr { id: 8, name: "tcp-flags", kind: Kind::U8, min: None, max: None, multi: false, doc: "TCP flags as in the header; SYN if absent" },
    Attr { id: 9, name: "verdict", kind: Kind::String, min: None, max: None, multi: false, doc: "what becomes of it" },
    Attr { id: 10, name: "reason", kind: Kind::String, min: None, max: None, multi: false, doc: "reason for a drop or pass" },
    Attr { id: 11, name: "step", kind: Kind::Nest(&STEP), min: None, max: None, multi: true, doc: "in order" },
    Attr { id: 12, name: "tunnel", kind: Kind::String, min: None, max: Some(31), multi: false, doc: "tunnel it arrives by, in place of a port" },
] };

/// A routing context with an address space of its own. Number 0 is public and always there.
#[rustfmt::skip]
pub static CUSTOMER: AttrSet = AttrSet { name: "customer", attrs: &[
    Attr { id: 1, name: "id", kind: Kind::U32, min: Some(1), max: Some(16777215), multi: false, doc: "number; the lowest free one if absent" },
    Attr { id: 2, name: "name", kind: Kind::String, min: None, max: Some(31), multi: false, doc: "letters, digits, underscores, dots and hyphens" },
    Attr { id: 3, name: "vrf", kind: Kind::String, min: None, max: Some(15), multi: false, doc: "VRF device whose table routes its packets; empty for none" },
    Attr { id: 4, name: "vrf-ifindex", kind: Kind::U32, min: None, max: None, multi: false, doc: "index of that device" },
    Attr { id: 5, name: "counters", kind: Kind::Nest(&COUNTERS), min: None, max: None, multi: false, doc: "traffic" },
    Attr { id: 6, name: "txn", kind: Kind::U32, min: None, max: None, multi: false, doc: "transaction this change belongs to; alone if absent" },
    Attr { id: 7, name: "max-flows", kind: Kind::U32, min: None, max: None, multi: false, doc: "flows that may live at once, of both families together; 0 is no limit" },
    Attr { id: 8, name: "max-routes", kind: Kind::U32, min: None, max: None, multi: false, doc: "routes that it may have; 0 is no limit" },
    Attr { id: 9, name: "max-tunnels", kind: Kind::U32, min: None, max: None, multi: false, doc: "tunnels that it may have; 0 is no limit" },
    Attr { id: 10, name: "flows", kind: Kind::U32, min: None, max: None, multi: false, doc: "flows alive" },
    Attr { id: 11, name: "routes", kind: Kind::U32, min: None, max: None, multi: false, doc: "routes that it has" },
    Attr { id: 12, name: "tunnels", kind: Kind::U32, min: None, max: None, multi: false, doc: "tunnels that it has" },
    Attr { id: 13, name: "new-flows", kind: Kind::U64, min: None, max: Some(125000000000), multi: false, doc: "flows that it may open a second; 0 is no limit" },
    Attr { id: 14, name: "packets", kind: Kind::U64, min: None, max: Some(125000000000), multi: false, doc: "packets that it may send a second; 0 is no limit" },
    Attr { id: 15, name: "bytes", kind: Kind::U64, min: None, max: Some(125000000000), multi: false, doc: "bytes that it may send a second, from the IP header on; 0 is no limit" },
    Attr { id: 16, name: "weight", kind: Kind::U32, min: None, max: Some(1000), multi: false, doc: "share of shaped links, as class 736c:id of their packet schedulers; 0 is no class of its own" },
    Attr { id: 17, name: "guard", kind: Kind::Enum(&GUARD_ENUM), min: None, max: None, multi: false, doc: "default off" },
] };

/// Addresses that have their first bits in common.
#[rustfmt::skip]
pub static PREFIX: AttrSet = AttrSet { name: "prefix", attrs: &[
    Attr { id: 1, name: "address", kind: Kind::Address, min: Some(4), max: Some(16), multi: false, doc: "the first of them" },
    Attr { id: 2, name: "length", kind: Kind::U8, min: None, max: Some(128), multi: false, doc: "how many bits" },
] };

/// One end of an encapsulation.
#[rustfmt::skip]
pub static TUNNEL: AttrSet = AttrSet { name: "tunnel", attrs: &[
    Attr { id: 1, name: "name", kind: Kind::String, min: None, max: Some(31), multi: false, doc: "letters, digits, underscores, dots and hyphens" },
    Attr { id: 2, name: "id", kind: Kind::U32, min: None, max: None, multi: false, doc: "number, never used again" },
    Attr { id: 3, name: "type", kind: Kind::Enum(&TUNNEL_TYPE_ENUM), min: None, max: None, multi: false, doc: "how packets are encapsulated" },
    Attr { id: 4, name: "customer", kind: Kind::U32, min: None, max: None, multi: false, doc: "routing context of what it carries" },
    Attr { id: 5, name: "local", kind: Kind::Address, min: Some(4), max: Some(16), multi: false, doc: "our outer address; in a VLAN our own, which neighbours may ask for" },
    Attr { id: 6, name: "remote", kind: Kind::Address, min: Some(4), max: Some(16), multi: false, doc: "outer address of the other end; on a port the next hop" },
    Attr { id: 7, name: "anywhere", kind: Kind::U8, min: None, max: Some(1), multi: false, doc: "whether packets may come from other outer addresses too" },
    Attr { id: 8, name: "ikey", kind: Kind::U32, min: None, max: None, multi: false, doc: "key of arriving packets, none if absent; of qinq the inner VLAN times 65536 plus the outer" },
    Attr { id: 9, name: "okey", kind: Kind::U32, min: None, max: None, multi: false, doc: "key of leaving packets; that of arriving ones if absent" },
    Attr { id: 10, name: "dport", kind: Kind::U16, min: Some(1), max: None, multi: false, doc: "UDP port of receivers; the usual one of the type if absent" },
    Attr { id: 11, name: "sport", kind: Kind::U16, min: None, max: None, multi: false, doc: "UDP source port; 0, the default but of l2tpv3-udp (1701), is one for each flow" },
    Attr { id: 12, name: "ttl", kind: Kind::U8, min: None, max: None, multi: false, doc: "time to live of outer headers; 0 is that of the inner one" },
    Attr { id: 13, name: "dscp", kind: Kind::U8, min: None, max: Some(64), multi: false, doc: "class of outer headers; 64 is that of the inner one" },
    Attr { id: 14, name: "df", kind: Kind::Enum(&TUNNEL_DF_ENUM), min: None, max: None, multi: false, doc: "whether routers on the way may fragment" },
    Attr { id: 15, name: "mtu", kind: Kind::U32, min: None, max: Some(65535), multi: false, doc: "longest inner packet; 0 is what the way takes" },
    Attr { id: 16, name: "checksum", kind: Kind::U8, min: None, max: Some(1), multi: false, doc: "whether outer UDP headers have a checksum; default only in IPv6" },
    Attr { id: 17, name: "mac", kind: Kind::Bytes, min: Some(6), max: Some(6), multi: false, doc: "source of inner Ethernet headers" },
    Attr { id: 18, name: "peer-mac", kind: Kind::Bytes, min: Some(6), max: Some(6), multi: false, doc: "destination of inner Ethernet headers; on a port that of frames, all zero to find it" },
    Attr { id: 19, name: "ethernet", kind: Kind::U8, min: None, max: Some(1), multi: false, doc: "whether a type that can carry either carries Ethernet frames" },
    Attr { id: 20, name: "cookie", kind: Kind::Bytes, min: Some(0), max: Some(8), multi: false, doc: "what arriving L2TPv3 packets must have" },
    Attr { id: 21, name: "peer-cookie", kind: Kind::Bytes, min: Some(0), max: Some(8), multi: false, doc: "what leaving L2TPv3 packets get" },
    Attr { id: 22, name: "sublayer", kind: Kind::U8, min: None, max: Some(1), multi: false, doc: "whether L2TPv3 packets have the default sublayer; default yes" },
    Attr { id: 23, name: "allowed", kind: Kind::Nest(&PREFIX), min: None, max: None, multi: true, doc: "inner sources that may arrive; any if absent" },
    Attr { id: 24, name: "to", kind: Kind::String, min: None, max: Some(31), multi: false, doc: "tunnel that all that arrives leaves by; empty for none" },
    Attr { id: 25, name: "counters", kind: Kind::Nest(&COUNTERS), min: None, max: None, multi: false, doc: "traffic" },
    Attr { id: 26, name: "txn", kind: Kind::U32, min: None, max: None, multi: false, doc: "transaction this change belongs to; alone if absent" },
    Attr { id: 27, name: "ifname", kind: Kind::String, min: None, max: Some(15), multi: false, doc: "port that a tunnel of type vlan, qinq or mpls rides on" },
    Attr { id: 28, name: "rate-in", kind: Kind::U64, min: None, max: Some(125000000000), multi: false, doc: "bytes that may arrive a second, from the IP header inside on; 0 is no limit" },
    Attr { id: 29, name: "packets-in", kind: Kind::U64, min: None, max: Some(125000000000), multi: false, doc: "packets that may arrive a second; 0 is no limit" },
    Attr { id: 30, name: "peers", kind: Kind::Nest(&PREFIX), min: None, max: None, multi: true, doc: "outer sources that packets may come from; any that the ends allow if absent" },
    Attr { id: 31, name: "secure", kind: Kind::U8, min: None, max: Some(1), multi: false, doc: "whether IPsec must have encrypted what arrives, and must encrypt what leaves" },
    Attr { id: 32, name: "clear", kind: Kind::U8, min: None, max: Some(1), multi: false, doc: "whether it is meant to go unencrypted where the settings require secure tunnels" },
    Attr { id: 33, name: "device", kind: Kind::String, min: None, max: Some(15), multi: false, doc: "slr device that all packets are received on, and whose packets all leave by it; empty for none" },
    Attr { id: 34, name: "guard", kind: Kind::Enum(&OWN_GUARD_ENUM), min: None, max: None, multi: false, doc: "default inherit; absent where it is; loose and strict need a customer" },
] };

/// Where a customer's packets to a prefix go.
#[rustfmt::skip]
pub static ROUTE: AttrSet = AttrSet { name: "route", attrs: &[
    Attr { id: 1, name: "customer", kind: Kind::U32, min: None, max: None, multi: false, doc: "routing context" },
    Attr { id: 2, name: "prefix", kind: Kind::Nest(&PREFIX), min: None, max: None, multi: false, doc: "destination" },
    Attr { id: 3, name: "action", kind: Kind::Enum(&ROUTE_ACTION_ENUM), min: None, max: None, multi: false, doc: "what becomes of packets; default tunnel" },
    Attr { id: 4, name: "tunnel", kind: Kind::String, min: None, max: Some(31), multi: false, doc: "tunnel that packets enter" },
    Attr { id: 5, name: "txn", kind: Kind::U32, min: None, max: None, multi: false, doc: "transaction this change belongs to; alone if absent" },
    Attr { id: 6, name: "snat", kind: Kind::Nest(&SNAT), min: None, max: None, multi: false, doc: "source translation of action public; auto if absent" },
    Attr { id: 7, name: "device", kind: Kind::String, min: None, max: Some(15), multi: false, doc: "slr device that packets are received on, by the name it was made with" },
    Attr { id: 8, name: "ifindex", kind: Kind::U32, min: None, max: None, multi: false, doc: "port that packets leave by" },
    Attr { id: 9, name: "ifname", kind: Kind::String, min: None, max: None, multi: false, doc: "name of that port" },
    Attr { id: 10, name: "gateway", kind: Kind::Address, min: Some(4), max: Some(16), multi: false, doc: "neighbour there that packets go to; to their destinations if absent" },
    Attr { id: 11, name: "from", kind: Kind::Nest(&PREFIX), min: None, max: None, multi: false, doc: "sources of the packets that it is for; all if absent" },
] };

/// An slr device, made by rtnetlink as a link of kind slr.
#[rustfmt::skip]
pub static DEVICE: AttrSet = AttrSet { name: "device", attrs: &[
    Attr { id: 1, name: "name", kind: Kind::String, min: None, max: None, multi: false, doc: "name it was made with" },
    Attr { id: 2, name: "customer", kind: Kind::U32, min: None, max: None, multi: false, doc: "routing context" },
    Attr { id: 3, name: "ifname", kind: Kind::String, min: None, max: None, multi: false, doc: "name it has now" },
    Attr { id: 4, name: "ifindex", kind: Kind::U32, min: None, max: None, multi: false, doc: "index it has now, in the namespace that it is in" },
    Attr { id: 5, name: "elsewhere", kind: Kind::U8, min: None, max: None, multi: false, doc: "1 if it is in another namespace than it was made in" },
] };

/// What happened, in notifications.
#[rustfmt::skip]
pub static EVENT: AttrSet = AttrSet { name: "event", attrs: &[
    Attr { id: 1, name: "port", kind: Kind::Nest(&PORT), min: None, max: None, multi: false, doc: "port" },
    Attr { id: 2, name: "service", kind: Kind::Nest(&SERVICE), min: None, max: None, multi: false, doc: "service" },
    Attr { id: 3, name: "server", kind: Kind::Nest(&SERVER), min: None, max: None, multi: false, doc: "server" },
    Attr { id: 4, name: "binding", kind: Kind::Nest(&BINDING), min: None, max: None, multi: false, doc: "binding" },
    Attr { id: 5, name: "settings", kind: Kind::Nest(&SETTINGS), min: None, max: None, multi: false, doc: "settings" },
    Attr { id: 6, name: "generation", kind: Kind::U64, min: None, max: None, multi: false, doc: "configuration that this made" },
    Attr { id: 7, name: "customer", kind: Kind::Nest(&CUSTOMER), min: None, max: None, multi: false, doc: "customer" },
    Attr { id: 8, name: "tunnel", kind: Kind::Nest(&TUNNEL), min: None, max: None, multi: false, doc: "tunnel" },
    Attr { id: 9, name: "route", kind: Kind::Nest(&ROUTE), min: None, max: None, multi: false, doc: "route" },
    Attr { id: 10, name: "device", kind: Kind::Nest(&DEVICE), min: None, max: None, multi: false, doc: "slr device" },
] };

/// Every operation and notification, in the order of their numbers.
#[rustfmt::skip]
pub static OPS: &[Op] = &[
    Op { id: 1, name: "settings-get", set: &SETTINGS, doit: Some(Call { request: &[], reply: &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13] }), dump: None, group: None, doc: "Limits and state of the namespace." },
    Op { id: 2, name: "settings-set", set: &SETTINGS, doit: Some(Call { request: &[3, 13, 11], reply: &[] }), dump: None, group: None, doc: "Change limits and rules." },
    Op { id: 3, name: "port-new", set: &PORT, doit: Some(Call { request: &[1, 2, 3, 4, 5, 9, 8], reply: &[] }), dump: None, group: None, doc: "Attach a device." },
    Op { id: 4, name: "port-set", set: &PORT, doit: Some(Call { request: &[1, 2, 3, 4, 5, 9, 8], reply: &[] }), dump: None, group: None, doc: "Change a port." },
    Op { id: 5, name: "port-del", set: &PORT, doit: Some(Call { request: &[1, 2, 8], reply: &[] }), dump: None, group: None, doc: "Detach a device." },
    Op { id: 6, name: "port-get", set: &PORT, doit: Some(Call { request: &[1, 2], reply: &[1, 2, 3, 4, 5, 9, 6, 7] }), dump: Some(Call { request: &[], reply: &[1, 2, 3, 4, 5, 9, 6, 7] }), group: None, doc: "Show ports." },
    Op { id: 7, name: "service-new", set: &SERVICE, doit: Some(Call { request: &[1, 2, 3, 4, 5, 6, 7, 8, 9, 15], reply: &[] }), dump: None, group: None, doc: "Define a service." },
    Op { id: 8, name: "service-set", set: &SERVICE, doit: Some(Call { request: &[1, 2, 3, 4, 5, 6, 7, 8, 9, 15], reply: &[] }), dump: None, group: None, doc: "Change what is given." },
    Op { id: 9, name: "service-del", set: &SERVICE, doit: Some(Call { request: &[1, 14, 15], reply: &[] }), dump: None, group: None, doc: "Remove a service that nothing is bound to." },
    Op { id: 10, name: "service-get", set: &SERVICE, doit: Some(Call { request: &[1], reply: &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13] }), dump: Some(Call { request: &[1], reply: &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13] }), group: None, doc: "Show services." },
    Op { id: 11, name: "server-new", set: &SERVER, doit: Some(Call { request: &[1, 2, 3, 4, 5, 6, 7, 8, 18], reply: &[] }), dump: None, group: None, doc: "Define a server." },
    Op { id: 12, name: "server-set", set: &SERVER, doit: Some(Call { request: &[1, 2, 3, 4, 5, 6, 7, 8, 17, 18], reply: &[] }), dump: None, group: None, doc: "Change what is given; state up also clears a failure." },
    Op { id: 13, name: "server-del", set: &SERVER, doit: Some(Call { request: &[1, 17, 18], reply: &[] }), dump: None, group: None, doc: "Remove a server that is not bound." },
    Op { id: 14, name: "server-get", set: &SERVER, doit: Some(Call { request: &[1], reply: &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16] }), dump: Some(Call { request: &[1], reply: &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16] }), group: None, doc: "Show servers." },
    Op { id: 15, name: "binding-new", set: &BINDING, doit: Some(Call { request: &[1, 2, 3, 4, 5, 12, 6, 7, 11], reply: &[] }), dump: None, group: None, doc: "Let a server serve a service." },
    Op { id: 16, name: "binding-set", set: &BINDING, doit: Some(Call { request: &[1, 2, 3, 4, 5, 12, 6, 7, 11], reply: &[] }), dump: None, group: None, doc: "Change what is given." },
    Op { id: 17, name: "binding-del", set: &BINDING, doit: Some(Call { request: &[1, 2, 3, 10, 11], reply: &[] }), dump: None, group: None, doc: "Take a server from a service; its living flows go on unless told otherwise." },
    Op { id: 18, name: "binding-get", set: &BINDING, doit: None, dump: Some(Call { request: &[1, 2], reply: &[1, 2, 3, 4, 5, 12, 6, 7, 8, 9] }), group: None, doc: "Show bindings." },
    Op { id: 19, name: "flow-get", set: &FLOW, doit: None, dump: Some(Call { request: &[1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 19, 20, 21, 22, 23, 24, 25], reply: &[1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16] }), group: None, doc: "Show flows." },
    Op { id: 20, name: "flow-del", set: &FLOW, doit: Some(Call { request: &[1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 19, 20, 21, 22, 23, 24, 25], reply: &[17] }), dump: None, group: None, doc: "End the selected flows." },
    Op { id: 21, name: "stats-get", set: &COUNTER, doit: None, dump: Some(Call { request: &[], reply: &[1, 2, 3, 4] }), group: None, doc: "Show counters." },
    Op { id: 22, name: "txn-begin", set: &TRANSACTION, doit: Some(Call { request: &[3, 2], reply: &[1, 2] }), dump: None, group: None, doc: "Open a transaction; one a socket, dropped with it." },
    Op { id: 23, name: "txn-commit", set: &TRANSACTION, doit: Some(Call { request: &[1, 4], reply: &[2, 5] }), dump: None, group: None, doc: "Make all its changes take effect at once, or none. Ends the transaction either way." },
    Op { id: 24, name: "txn-abort", set: &TRANSACTION, doit: Some(Call { request: &[1], reply: &[] }), dump: None, group: None, doc: "Drop it." },
    Op { id: 25, name: "explain", set: &EXPLAIN, doit: Some(Call { request: &[1, 2, 3, 4, 5, 6, 7, 8, 12], reply: &[9, 10, 11] }), dump: None, group: None, doc: "Say, from the live tables, what would happen to a packet." },
    Op { id: 26, name: "port-new-ntf", set: &EVENT, doit: None, dump: None, group: Some("config"), doc: "A port was made or changed." },
    Op { id: 27, name: "port-del-ntf", set: &EVENT, doit: None, dump: None, group: Some("config"), doc: "A port was removed." },
    Op { id: 28, name: "service-new-ntf", set: &EVENT, doit: None, dump: None, group: Some("config"), doc: "A service was made or changed." },
    Op { id: 29, name: "service-del-ntf", set: &EVENT, doit: None, dump: None, group: Some("config"), doc: "A service was removed." },
    Op { id: 30, name: "server-new-ntf", set: &EVENT, doit: None, dump: None, group: Some("config"), doc: "A server was made or changed." },
    Op { id: 31, name: "server-del-ntf", set: &EVENT, doit: None, dump: None, group: Some("config"), doc: "A server was removed." },
    Op { id: 32, name: "binding-new-ntf", set: &EVENT, doit: None, dump: None, group: Some("config"), doc: "A binding was made or changed." },
    Op { id: 33, name: "binding-del-ntf", set: &EVENT, doit: None, dump: None, group: Some("config"), doc: "A binding was removed." },
    Op { id: 34, name: "settings-ntf", set: &EVENT, doit: None, dump: None, group: Some("config"), doc: "Limits changed, or a whole configuration was replaced." },
    Op { id: 35, name: "health-ntf", set: &EVENT, doit: None, dump: None, group: Some("health"), doc: "The condition of a server changed, or a draining server is empty." },
    Op { id: 36, name: "flow-count", set: &FLOW, doit: Some(Call { request: &[1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 19, 20, 21, 22, 23, 24, 25], reply: &[18] }), dump: None, group: None, doc: "Count the selected flows." },
    Op { id: 37, name: "customer-new", set: &CUSTOMER, doit: Some(Call { request: &[1, 2, 3, 17, 7, 8, 9, 13, 14, 15, 16, 6], reply: &[] }), dump: None, group: None, doc: "Define a customer." },
    Op { id: 38, name: "customer-set", set: &CUSTOMER, doit: Some(Call { request: &[1, 2, 3, 17, 7, 8, 9, 13, 14, 15, 16, 6], reply: &[] }), dump: None, group: None, doc: "Change what is given; named by number or name." },
    Op { id: 39, name: "customer-del", set: &CUSTOMER, doit: Some(Call { request: &[1, 2, 6], reply: &[] }), dump: None, group: None, doc: "Remove a customer that has neither ports nor services nor servers; its flows end." },
    Op { id: 40, name: "customer-get", set: &CUSTOMER, doit: Some(Call { request: &[1, 2], reply: &[1, 2, 3, 17, 4, 7, 8, 9, 13, 14, 15, 16, 10, 11, 12, 5] }), dump: Some(Call { request: &[], reply: &[1, 2, 3, 17, 4, 7, 8, 9, 13, 14, 15, 16, 10, 11, 12, 5] }), group: None, doc: "Show customers." },
    Op { id: 41, name: "customer-new-ntf", set: &EVENT, doit: None, dump: None, group: Some("config"), doc: "A customer was made or changed." },
    Op { id: 42, name: "customer-del-ntf", set: &EVENT, doit: None, dump: None, group: Some("config"), doc: "A customer was removed." },
    Op { id: 43, name: "tunnel-new", set: &TUNNEL, doit: Some(Call { request: &[1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 30, 23, 24, 27, 28, 29, 31, 32, 34, 33, 26], reply: &[] }), dump: None, group: None, doc: "Define a tunnel." },
    Op { id: 44, name: "tunnel-set", set: &TUNNEL, doit: Some(Call { request: &[1, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 30, 23, 24, 27, 28, 29, 31, 32, 34, 33, 26], reply: &[] }), dump: None, group: None, doc: "Change what is given." },
    Op { id: 45, name: "tunnel-del", set: &TUNNEL, doit: Some(Call { request: &[1, 26], reply: &[] }), dump: None, group: None, doc: "Remove a tunnel that neither routes nor other tunnels lead to." },
    Op { id: 46, name: "tunnel-get", set: &TUNNEL, doit: Some(Call { request: &[1], reply: &[1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 30, 23, 24, 27, 28, 29, 31, 32, 34, 33, 2, 25] }), dump: Some(Call { request: &[], reply: &[1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 30, 23, 24, 27, 28, 29, 31, 32, 34, 33, 2, 25] }), group: None, doc: "Show tunnels." },
    Op { id: 47, name: "route-new", set: &ROUTE, doit: Some(Call { request: &[1, 2, 11, 3, 4, 6, 7, 8, 10, 5], reply: &[] }), dump: None, group: None, doc: "Define a route." },
    Op { id: 48, name: "route-set", set: &ROUTE, doit: Some(Call { request: &[1, 2, 11, 3, 4, 6, 7, 8, 10, 5], reply: &[] }), dump: None, group: None, doc: "Lead a route elsewhere, or define it." },
    Op { id: 49, name: "route-del", set: &ROUTE, doit: Some(Call { request: &[1, 2, 11, 5], reply: &[] }), dump: None, group: None, doc: "Remove a route." },
    Op { id: 50, name: "route-get", set: &ROUTE, doit: None, dump: Some(Call { request: &[], reply: &[1, 2, 11, 3, 4, 6, 7, 8, 9, 10] }), group: None, doc: "Show routes." },
    Op { id: 51, name: "tunnel-new-ntf", set: &EVENT, doit: None, dump: None, group: Some("config"), doc: "A tunnel was made or changed." },
    Op { id: 52, name: "tunnel-del-ntf", set: &EVENT, doit: None, dump: None, group: Some("config"), doc: "A tunnel was removed; told are its name and customer." },
    Op { id: 53, name: "route-new-ntf", set: &EVENT, doit: None, dump: None, group: Some("config"), doc: "A route was made or changed." },
    Op { id: 54, name: "route-del-ntf", set: &EVENT, doit: None, dump: None, group: Some("config"), doc: "A route was removed." },
    Op { id: 55, name: "device-get", set: &DEVICE, doit: None, dump: Some(Call { request: &[], reply: &[1, 2, 3, 4, 5] }), group: None, doc: "Show slr devices." },
    Op { id: 56, name: "device-new-ntf", set: &EVENT, doit: None, dump: None, group: Some("config"), doc: "An slr device was made." },
    Op { id: 57, name: "device-del-ntf", set: &EVENT, doit: None, dump: None, group: Some("config"), doc: "An slr device is gone." },
    Op { id: 58, name: "drop-get", set: &DROP, doit: None, dump: Some(Call { request: &[1], reply: &[1, 2, 3] }), group: None, doc: "Show which reasons packets of customers were dropped for, those that ever were." },
    Op { id: 59, name: "trace", set: &TRACE, doit: Some(Call { request: &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15], reply: &[16, 17, 18, 19] }), dump: None, group: None, doc: "Follow packets. What becomes of each is an answer to this request, until the socket is closed." },
];
