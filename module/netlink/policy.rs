// SPDX-License-Identifier: GPL-2.0

//! What the requests of each operation may hold.
//!
//! The kernel enforces these tables, strictly, before an operation sees a request.
//!
//! Generated from Documentation/netlink/specs/slr.yaml by scripts/gen-netlink; do not edit.

use super::uapi::attr;
use crate::kern::net::genetlink::{policy, AttrPolicy};

/// Nests of `endpoint`.
pub(super) static ENDPOINT: [AttrPolicy; 6] = policy(&[
    (attr::endpoint::CUSTOMER, AttrPolicy::u32()),
    (attr::endpoint::ADDRESS, AttrPolicy::binary(4, 16)),
    (attr::endpoint::PROTOCOL, AttrPolicy::u8()),
    (attr::endpoint::PORT, AttrPolicy::u16()),
    (attr::endpoint::PORT_LAST, AttrPolicy::u16()),
]);

/// Nests of `timeouts`.
pub(super) static TIMEOUTS: [AttrPolicy; 9] = policy(&[
    (attr::timeouts::SYN, AttrPolicy::u32().range::<1, 2592000>()),
    (
        attr::timeouts::ESTABLISHED,
        AttrPolicy::u32().range::<1, 2592000>(),
    ),
    (attr::timeouts::FIN, AttrPolicy::u32().range::<1, 2592000>()),
    (
        attr::timeouts::CLOSED,
        AttrPolicy::u32().range::<1, 2592000>(),
    ),
    (attr::timeouts::UDP, AttrPolicy::u32().range::<1, 2592000>()),
    (
        attr::timeouts::UDP_REPLIED,
        AttrPolicy::u32().range::<1, 2592000>(),
    ),
    (
        attr::timeouts::ICMP,
        AttrPolicy::u32().range::<1, 2592000>(),
    ),
    (
        attr::timeouts::OTHER,
        AttrPolicy::u32().range::<1, 2592000>(),
    ),
]);

/// Nests of `unknown`.
pub(super) static UNKNOWN: [AttrPolicy; 8] = policy(&[
    (attr::unknown::ACK, AttrPolicy::u32().max::<2>()),
    (attr::unknown::DATA, AttrPolicy::u32().max::<2>()),
    (attr::unknown::FIN, AttrPolicy::u32().max::<2>()),
    (attr::unknown::RST, AttrPolicy::u32().max::<2>()),
    (attr::unknown::ICMP, AttrPolicy::u32().max::<2>()),
    (attr::unknown::SCTP, AttrPolicy::u32().max::<2>()),
    (attr::unknown::OTHER, AttrPolicy::u32().max::<2>()),
]);

/// Nests of `snat`.
pub(super) static SNAT: [AttrPolicy; 6] = policy(&[
    (attr::snat::MODE, AttrPolicy::u32().max::<2>()),
    (attr::snat::FIRST, AttrPolicy::binary(4, 16)),
    (attr::snat::LAST, AttrPolicy::binary(4, 16)),
    (attr::snat::PORT, AttrPolicy::u16()),
    (attr::snat::PORT_LAST, AttrPolicy::u16()),
]);

/// Nests of `prefix`.
pub(super) static PREFIX: [AttrPolicy; 3] = policy(&[
    (attr::prefix::ADDRESS, AttrPolicy::binary(4, 16)),
    (attr::prefix::LENGTH, AttrPolicy::u8().max::<128>()),
]);

/// Requests of `settings-set`.
pub(super) static SETTINGS_SET: [AttrPolicy; 14] = policy(&[
    (
        attr::settings::FLOWS_MAX,
        AttrPolicy::u32().range::<1, 67108864>(),
    ),
    (attr::settings::TXN, AttrPolicy::u32()),
    (attr::settings::REQUIRE_SECURE, AttrPolicy::u8().max::<1>()),
]);

/// Requests of `port-new`.
pub(super) static PORT_NEW: [AttrPolicy; 10] = policy(&[
    (attr::port::IFINDEX, AttrPolicy::u32()),
    (attr::port::IFNAME, AttrPolicy::string(15)),
    (attr::port::CUSTOMER, AttrPolicy::u32()),
    (attr::port::SIDE, AttrPolicy::u32().max::<2>()),
    (attr::port::ANNOUNCE, AttrPolicy::u8().max::<1>()),
    (attr::port::TXN, AttrPolicy::u32()),
    (attr::port::GUARD, AttrPolicy::u32().max::<3>()),
]);

/// Requests of `port-set`.
pub(super) static PORT_SET: [AttrPolicy; 10] = policy(&[
    (attr::port::IFINDEX, AttrPolicy::u32()),
    (attr::port::IFNAME, AttrPolicy::string(15)),
    (attr::port::CUSTOMER, AttrPolicy::u32()),
    (attr::port::SIDE, AttrPolicy::u32().max::<2>()),
    (attr::port::ANNOUNCE, AttrPolicy::u8().max::<1>()),
    (attr::port::TXN, AttrPolicy::u32()),
    (attr::port::GUARD, AttrPolicy::u32().max::<3>()),
]);

/// Requests of `port-del`.
pub(super) static PORT_DEL: [AttrPolicy; 9] = policy(&[
    (attr::port::IFINDEX, AttrPolicy::u32()),
    (attr::port::IFNAME, AttrPolicy::string(15)),
    (attr::port::TXN, AttrPolicy::u32()),
]);

/// Requests of `port-get`.
pub(super) static PORT_GET: [AttrPolicy; 3] = policy(&[
    (attr::port::IFINDEX, AttrPolicy::u32()),
    (attr::port::IFNAME, AttrPolicy::string(15)),
]);

/// Requests of `service-new`.
pub(super) static SERVICE_NEW: [AttrPolicy; 16] = policy(&[
    (attr::service::KEY, AttrPolicy::nested(&ENDPOINT)),
    (attr::service::SCHEDULER, AttrPolicy::u32().max::<6>()),
    (
        attr::service::TABLE_SIZE,
        AttrPolicy::u32().range::<251, 131071>(),
    ),
    (attr::service::PERSIST, AttrPolicy::u32().max::<2592000>()),
    (attr::service::PERSIST_MASK, AttrPolicy::u8().max::<128>()),
    (attr::service::TIMEOUTS, AttrPolicy::nested(&TIMEOUTS)),
    (attr::service::UNKNOWN, AttrPolicy::nested(&UNKNOWN)),
    (attr::service::BACKUP, AttrPolicy::nested(&ENDPOINT)),
    (attr::service::STATE, AttrPolicy::u32().max::<2>()),
    (attr::service::TXN, AttrPolicy::u32()),
]);

/// Requests of `service-set`.
pub(super) static SERVICE_SET: [AttrPolicy; 16] = policy(&[
    (attr::service::KEY, AttrPolicy::nested(&ENDPOINT)),
    (attr::service::SCHEDULER, AttrPolicy::u32().max::<6>()),
    (
        attr::service::TABLE_SIZE,
        AttrPolicy::u32().range::<251, 131071>(),
    ),
    (attr::service::PERSIST, AttrPolicy::u32().max::<2592000>()),
    (attr::service::PERSIST_MASK, AttrPolicy::u8().max::<128>()),
    (attr::service::TIMEOUTS, AttrPolicy::nested(&TIMEOUTS)),
    (attr::service::UNKNOWN, AttrPolicy::nested(&UNKNOWN)),
    (attr::service::BACKUP, AttrPolicy::nested(&ENDPOINT)),
    (attr::service::STATE, AttrPolicy::u32().max::<2>()),
    (attr::service::TXN, AttrPolicy::u32()),
]);

/// Requests of `service-del`.
pub(super) static SERVICE_DEL: [AttrPolicy; 16] = policy(&[
    (attr::service::KEY, AttrPolicy::nested(&ENDPOINT)),
    (attr::service::FATE, AttrPolicy::u32().max::<1>()),
    (attr::service::TXN, AttrPolicy::u32()),
]);

/// Requests of `service-get`.
pub(super) static SERVICE_GET: [AttrPolicy; 2] =
    policy(&[(attr::service::KEY, AttrPolicy::nested(&ENDPOINT))]);

/// Requests of `server-new`.
pub(super) static SERVER_NEW: [AttrPolicy; 19] = policy(&[
    (attr::server::KEY, AttrPolicy::nested(&ENDPOINT)),
    (attr::server::WEIGHT, AttrPolicy::u32().max::<65535>()),
    (attr::server::LIMIT, AttrPolicy::u32()),
    (attr::server::THRESHOLD, AttrPolicy::u32().max::<65535>()),
    (attr::server::HOLD, AttrPolicy::u32().max::<2592000>()),
    (attr::server::BACKUP, AttrPolicy::nested(&ENDPOINT)),
    (
        attr::server::DRAIN_TIMEOUT,
        AttrPolicy::u32().max::<2592000>(),
    ),
    (attr::server::STATE, AttrPolicy::u32().max::<2>()),
    (attr::server::TXN, AttrPolicy::u32()),
]);

/// Requests of `server-set`.
pub(super) static SERVER_SET: [AttrPolicy; 19] = policy(&[
    (attr::server::KEY, AttrPolicy::nested(&ENDPOINT)),
    (attr::server::WEIGHT, AttrPolicy::u32().max::<65535>()),
    (attr::server::LIMIT, AttrPolicy::u32()),
    (attr::server::THRESHOLD, AttrPolicy::u32().max::<65535>()),
    (attr::server::HOLD, AttrPolicy::u32().max::<2592000>()),
    (attr::server::BACKUP, AttrPolicy::nested(&ENDPOINT)),
    (
        attr::server::DRAIN_TIMEOUT,
        AttrPolicy::u32().max::<2592000>(),
    ),
    (attr::server::STATE, AttrPolicy::u32().max::<2>()),
    (attr::server::FATE, AttrPolicy::u32().max::<1>()),
    (attr::server::TXN, AttrPolicy::u32()),
]);

/// Requests of `server-del`.
pub(super) static SERVER_DEL: [AttrPolicy; 19] = policy(&[
    (attr::server::KEY, AttrPolicy::nested(&ENDPOINT)),
    (attr::server::FATE, AttrPolicy::u32().max::<1>()),
    (attr::server::TXN, AttrPolicy::u32()),
]);

/// Requests of `server-get`.
pub(super) static SERVER_GET: [AttrPolicy; 2] =
    policy(&[(attr::server::KEY, AttrPolicy::nested(&ENDPOINT))]);

/// Requests of `binding-new`.
pub(super) static BINDING_NEW: [AttrPolicy; 13] = policy(&[
    (attr::binding::SERVICE, AttrPolicy::nested(&ENDPOINT)),
    (attr::binding::SERVER, AttrPolicy::nested(&ENDPOINT)),
    (attr::binding::PORT, AttrPolicy::u16()),
    (attr::binding::PORT_LAST, AttrPolicy::u16()),
    (attr::binding::METHOD, AttrPolicy::u32().max::<2>()),
    (attr::binding::WEIGHT, AttrPolicy::u32().max::<65535>()),
    (attr::binding::SNAT, AttrPolicy::nested(&SNAT)),
    (attr::binding::TXN, AttrPolicy::u32()),
    (attr::binding::TUNNEL, AttrPolicy::string(31)),
]);

/// Requests of `binding-set`.
pub(super) static BINDING_SET: [AttrPolicy; 13] = policy(&[
    (attr::binding::SERVICE, AttrPolicy::nested(&ENDPOINT)),
    (attr::binding::SERVER, AttrPolicy::nested(&ENDPOINT)),
    (attr::binding::PORT, AttrPolicy::u16()),
    (attr::binding::PORT_LAST, AttrPolicy::u16()),
    (attr::binding::METHOD, AttrPolicy::u32().max::<2>()),
    (attr::binding::WEIGHT, AttrPolicy::u32().max::<65535>()),
    (attr::binding::SNAT, AttrPolicy::nested(&SNAT)),
    (attr::binding::TXN, AttrPolicy::u32()),
    (attr::binding::TUNNEL, AttrPolicy::string(31)),
]);

/// Requests of `binding-del`.
pub(super) static BINDING_DEL: [AttrPolicy; 12] = policy(&[
    (attr::binding::SERVICE, AttrPolicy::nested(&ENDPOINT)),
    (attr::binding::SERVER, AttrPolicy::nested(&ENDPOINT)),
    (attr::binding::PORT, AttrPolicy::u16()),
    (attr::binding::FATE, AttrPolicy::u32().max::<1>()),
    (attr::binding::TXN, AttrPolicy::u32()),
]);

/// Requests of `binding-get`, as a dump.
pub(super) static BINDING_GET_DUMP: [AttrPolicy; 3] = policy(&[
    (attr::binding::SERVICE, AttrPolicy::nested(&ENDPOINT)),
    (attr::binding::SERVER, AttrPolicy::nested(&ENDPOINT)),
]);

/// Requests of `flow-get`, as a dump.
pub(super) static FLOW_GET_DUMP: [AttrPolicy; 26] = policy(&[
    (attr::flow::CUSTOMER, AttrPolicy::u32()),
    (attr::flow::PROTOCOL, AttrPolicy::u8()),
    (attr::flow::CLIENT_ADDRESS, AttrPolicy::binary(4, 16)),
    (attr::flow::CLIENT_PREFIX, AttrPolicy::u8().max::<128>()),
    (attr::flow::CLIENT_PORT, AttrPolicy::u16()),
    (attr::flow::VIRTUAL_ADDRESS, AttrPolicy::binary(4, 16)),
    (attr::flow::VIRTUAL_PORT, AttrPolicy::u16()),
    (attr::flow::SERVER_ADDRESS, AttrPolicy::binary(4, 16)),
    (attr::flow::SERVER_PORT, AttrPolicy::u16()),
    (attr::flow::STATE, AttrPolicy::u32().max::<7>()),
    (attr::flow::VIRTUAL_PREFIX, AttrPolicy::u8().max::<128>()),
    (attr::flow::SERVER_PREFIX, AttrPolicy::u8().max::<128>()),
    (attr::flow::CLIENT_PORT_LAST, AttrPolicy::u16()),
    (attr::flow::VIRTUAL_PORT_LAST, AttrPolicy::u16()),
    (attr::flow::SERVER_PORT_LAST, AttrPolicy::u16()),
    (attr::flow::STATES, AttrPolicy::u32()),
    (attr::flow::TUNNEL, AttrPolicy::string(31)),
]);

/// Requests of `flow-del`.
pub(super) static FLOW_DEL: [AttrPolicy; 26] = policy(&[
    (attr::flow::CUSTOMER, AttrPolicy::u32()),
    (attr::flow::PROTOCOL, AttrPolicy::u8()),
    (attr::flow::CLIENT_ADDRESS, AttrPolicy::binary(4, 16)),
    (attr::flow::CLIENT_PREFIX, AttrPolicy::u8().max::<128>()),
    (attr::flow::CLIENT_PORT, AttrPolicy::u16()),
    (attr::flow::VIRTUAL_ADDRESS, AttrPolicy::binary(4, 16)),
    (attr::flow::VIRTUAL_PORT, AttrPolicy::u16()),
    (attr::flow::SERVER_ADDRESS, AttrPolicy::binary(4, 16)),
    (attr::flow::SERVER_PORT, AttrPolicy::u16()),
    (attr::flow::STATE, AttrPolicy::u32().max::<7>()),
    (attr::flow::VIRTUAL_PREFIX, AttrPolicy::u8().max::<128>()),
    (attr::flow::SERVER_PREFIX, AttrPolicy::u8().max::<128>()),
    (attr::flow::CLIENT_PORT_LAST, AttrPolicy::u16()),
    (attr::flow::VIRTUAL_PORT_LAST, AttrPolicy::u16()),
    (attr::flow::SERVER_PORT_LAST, AttrPolicy::u16()),
    (attr::flow::STATES, AttrPolicy::u32()),
    (attr::flow::TUNNEL, AttrPolicy::string(31)),
]);

/// Requests of `txn-begin`.
pub(super) static TXN_BEGIN: [AttrPolicy; 4] = policy(&[
    (attr::transaction::GENERATION, AttrPolicy::u64()),
    (attr::transaction::REPLACE, AttrPolicy::flag()),
]);

/// Requests of `txn-commit`.
pub(super) static TXN_COMMIT: [AttrPolicy; 5] = policy(&[
    (attr::transaction::ID, AttrPolicy::u32()),
    (attr::transaction::CHECK, AttrPolicy::flag()),
]);

/// Requests of `txn-abort`.
pub(super) static TXN_ABORT: [AttrPolicy; 2] =
    policy(&[(attr::transaction::ID, AttrPolicy::u32())]);

/// Requests of `explain`.
pub(super) static EXPLAIN: [AttrPolicy; 13] = policy(&[
    (attr::explain::IFINDEX, AttrPolicy::u32()),
    (attr::explain::CUSTOMER, AttrPolicy::u32()),
    (attr::explain::PROTOCOL, AttrPolicy::u8()),
    (attr::explain::SOURCE, AttrPolicy::binary(4, 16)),
    (attr::explain::SOURCE_PORT, AttrPolicy::u16()),
    (attr::explain::DESTINATION, AttrPolicy::binary(4, 16)),
    (attr::explain::DESTINATION_PORT, AttrPolicy::u16()),
    (attr::explain::TCP_FLAGS, AttrPolicy::u8()),
    (attr::explain::TUNNEL, AttrPolicy::string(31)),
]);

/// Requests of `flow-count`.
pub(super) static FLOW_COUNT: [AttrPolicy; 26] = policy(&[
    (attr::flow::CUSTOMER, AttrPolicy::u32()),
    (attr::flow::PROTOCOL, AttrPolicy::u8()),
    (attr::flow::CLIENT_ADDRESS, AttrPolicy::binary(4, 16)),
    (attr::flow::CLIENT_PREFIX, AttrPolicy::u8().max::<128>()),
    (attr::flow::CLIENT_PORT, AttrPolicy::u16()),
    (attr::flow::VIRTUAL_ADDRESS, AttrPolicy::binary(4, 16)),
    (attr::flow::VIRTUAL_PORT, AttrPolicy::u16()),
    (attr::flow::SERVER_ADDRESS, AttrPolicy::binary(4, 16)),
    (attr::flow::SERVER_PORT, AttrPolicy::u16()),
    (attr::flow::STATE, AttrPolicy::u32().max::<7>()),
    (attr::flow::VIRTUAL_PREFIX, AttrPolicy::u8().max::<128>()),
    (attr::flow::SERVER_PREFIX, AttrPolicy::u8().max::<128>()),
    (attr::flow::CLIENT_PORT_LAST, AttrPolicy::u16()),
    (attr::flow::VIRTUAL_PORT_LAST, AttrPolicy::u16()),
    (attr::flow::SERVER_PORT_LAST, AttrPolicy::u16()),
    (attr::flow::STATES, AttrPolicy::u32()),
    (attr::flow::TUNNEL, AttrPolicy::string(31)),
]);

/// Requests of `customer-new`.
pub(super) static CUSTOMER_NEW: [AttrPolicy; 18] = policy(&[
    (attr::customer::ID, AttrPolicy::u32().range::<1, 16777215>()),
    (attr::customer::NAME, AttrPolicy::string(31)),
    (attr::customer::VRF, AttrPolicy::string(15)),
    (attr::customer::TXN, AttrPolicy::u32()),
    (attr::customer::MAX_FLOWS, AttrPolicy::u32()),
    (attr::customer::MAX_ROUTES, AttrPolicy::u32()),
    (attr::customer::MAX_TUNNELS, AttrPolicy::u32()),
    (
        attr::customer::NEW_FLOWS,
        AttrPolicy::u64().max::<125000000000>(),
    ),
    (
        attr::customer::PACKETS,
        AttrPolicy::u64().max::<125000000000>(),
    ),
    (
        attr::customer::BYTES,
        AttrPolicy::u64().max::<125000000000>(),
    ),
    (attr::customer::WEIGHT, AttrPolicy::u32().max::<1000>()),
    (attr::customer::GUARD, AttrPolicy::u32().max::<2>()),
]);

/// Requests of `customer-set`.
pub(super) static CUSTOMER_SET: [AttrPolicy; 18] = policy(&[
    (attr::customer::ID, AttrPolicy::u32().range::<1, 16777215>()),
    (attr::customer::NAME, AttrPolicy::string(31)),
    (attr::customer::VRF, AttrPolicy::string(15)),
    (attr::customer::TXN, AttrPolicy::u32()),
    (attr::customer::MAX_FLOWS, AttrPolicy::u32()),
    (attr::customer::MAX_ROUTES, AttrPolicy::u32()),
    (attr::customer::MAX_TUNNELS, AttrPolicy::u32()),
    (
        attr::customer::NEW_FLOWS,
        AttrPolicy::u64().max::<125000000000>(),
    ),
    (
        attr::customer::PACKETS,
        AttrPolicy::u64().max::<125000000000>(),
    ),
    (
        attr::customer::BYTES,
        AttrPolicy::u64().max::<125000000000>(),
    ),
    (attr::customer::WEIGHT, AttrPolicy::u32().max::<1000>()),
    (attr::customer::GUARD, AttrPolicy::u32().max::<2>()),
]);

/// Requests of `customer-del`.
pub(super) static CUSTOMER_DEL: [AttrPolicy; 7] = policy(&[
    (attr::customer::ID, AttrPolicy::u32().range::<1, 16777215>()),
    (attr::customer::NAME, AttrPolicy::string(31)),
    (attr::customer::TXN, AttrPolicy::u32()),
]);

/// Requests of `customer-get`.
pub(super) static CUSTOMER_GET: [AttrPolicy; 3] = policy(&[
    (attr::customer::ID, AttrPolicy::u32().range::<1, 16777215>()),
    (attr::customer::NAME, AttrPolicy::string(31)),
]);

/// Requests of `tunnel-new`.
pub(super) static TUNNEL_NEW: [AttrPolicy; 35] = policy(&[
    (attr::tunnel::NAME, AttrPolicy::string(31)),
    (attr::tunnel::TYPE, AttrPolicy::u32().max::<12>()),
    (attr::tunnel::CUSTOMER, AttrPolicy::u32()),
    (attr::tunnel::LOCAL, AttrPolicy::binary(4, 16)),
    (attr::tunnel::REMOTE, AttrPolicy::binary(4, 16)),
    (attr::tunnel::ANYWHERE, AttrPolicy::u8().max::<1>()),
    (attr::tunnel::IKEY, AttrPolicy::u32()),
    (attr::tunnel::OKEY, AttrPolicy::u32()),
    (attr::tunnel::DPORT, AttrPolicy::u16().min::<1>()),
    (attr::tunnel::SPORT, AttrPolicy::u16()),
    (attr::tunnel::TTL, AttrPolicy::u8()),
    (attr::tunnel::DSCP, AttrPolicy::u8().max::<64>()),
    (attr::tunnel::DF, AttrPolicy::u32().max::<2>()),
    (attr::tunnel::MTU, AttrPolicy::u32().max::<65535>()),
    (attr::tunnel::CHECKSUM, AttrPolicy::u8().max::<1>()),
    (attr::tunnel::MAC, AttrPolicy::binary(6, 6)),
    (attr::tunnel::PEER_MAC, AttrPolicy::binary(6, 6)),
    (attr::tunnel::ETHERNET, AttrPolicy::u8().max::<1>()),
    (attr::tunnel::COOKIE, AttrPolicy::binary(0, 8)),
    (attr::tunnel::PEER_COOKIE, AttrPolicy::binary(0, 8)),
    (attr::tunnel::SUBLAYER, AttrPolicy::u8().max::<1>()),
    (attr::tunnel::ALLOWED, AttrPolicy::nested(&PREFIX)),
    (attr::tunnel::TO, AttrPolicy::string(31)),
    (attr::tunnel::TXN, AttrPolicy::u32()),
    (attr::tunnel::IFNAME, AttrPolicy::string(15)),
    (
        attr::tunnel::RATE_IN,
        AttrPolicy::u64().max::<125000000000>(),
    ),
    (
        attr::tunnel::PACKETS_IN,
        AttrPolicy::u64().max::<125000000000>(),
    ),
    (attr::tunnel::PEERS, AttrPolicy::nested(&PREFIX)),
    (attr::tunnel::SECURE, AttrPolicy::u8().max::<1>()),
    (attr::tunnel::CLEAR, AttrPolicy::u8().max::<1>()),
    (attr::tunnel::DEVICE, AttrPolicy::string(15)),
    (attr::tunnel::GUARD, AttrPolicy::u32().max::<3>()),
]);

/// Requests of `tunnel-set`.
pub(super) static TUNNEL_SET: [AttrPolicy; 35] = policy(&[
    (attr::tunnel::NAME, AttrPolicy::string(31)),
    (attr::tunnel::CUSTOMER, AttrPolicy::u32()),
    (attr::tunnel::LOCAL, AttrPolicy::binary(4, 16)),
    (attr::tunnel::REMOTE, AttrPolicy::binary(4, 16)),
    (attr::tunnel::ANYWHERE, AttrPolicy::u8().max::<1>()),
    (attr::tunnel::IKEY, AttrPolicy::u32()),
    (attr::tunnel::OKEY, AttrPolicy::u32()),
    (attr::tunnel::DPORT, AttrPolicy::u16().min::<1>()),
    (attr::tunnel::SPORT, AttrPolicy::u16()),
    (attr::tunnel::TTL, AttrPolicy::u8()),
    (attr::tunnel::DSCP, AttrPolicy::u8().max::<64>()),
    (attr::tunnel::DF, AttrPolicy::u32().max::<2>()),
    (attr::tunnel::MTU, AttrPolicy::u32().max::<65535>()),
    (attr::tunnel::CHECKSUM, AttrPolicy::u8().max::<1>()),
    (attr::tunnel::MAC, AttrPolicy::binary(6, 6)),
    (attr::tunnel::PEER_MAC, AttrPolicy::binary(6, 6)),
    (attr::tunnel::ETHERNET, AttrPolicy::u8().max::<1>()),
    (attr::tunnel::COOKIE, AttrPolicy::binary(0, 8)),
    (attr::tunnel::PEER_COOKIE, AttrPolicy::binary(0, 8)),
    (attr::tunnel::SUBLAYER, AttrPolicy::u8().max::<1>()),
    (attr::tunnel::ALLOWED, AttrPolicy::nested(&PREFIX)),
    (attr::tunnel::TO, AttrPolicy::string(31)),
    (attr::tunnel::TXN, AttrPolicy::u32()),
    (attr::tunnel::IFNAME, AttrPolicy::string(15)),
    (
        attr::tunnel::RATE_IN,
        AttrPolicy::u64().max::<125000000000>(),
    ),
    (
        attr::tunnel::PACKETS_IN,
        AttrPolicy::u64().max::<125000000000>(),
    ),
    (attr::tunnel::PEERS, AttrPolicy::nested(&PREFIX)),
    (attr::tunnel::SECURE, AttrPolicy::u8().max::<1>()),
    (attr::tunnel::CLEAR, AttrPolicy::u8().max::<1>()),
    (attr::tunnel::DEVICE, AttrPolicy::string(15)),
    (attr::tunnel::GUARD, AttrPolicy::u32().max::<3>()),
]);

/// Requests of `tunnel-del`.
pub(super) static TUNNEL_DEL: [AttrPolicy; 27] = policy(&[
    (attr::tunnel::NAME, AttrPolicy::string(31)),
    (attr::tunnel::TXN, AttrPolicy::u32()),
]);

/// Requests of `tunnel-get`.
pub(super) static TUNNEL_GET: [AttrPolicy; 2] =
    policy(&[(attr::tunnel::NAME, AttrPolicy::string(31))]);

/// Requests of `route-new`.
pub(super) static ROUTE_NEW: [AttrPolicy; 12] = policy(&[
    (attr::route::CUSTOMER, AttrPolicy::u32()),
    (attr::route::PREFIX, AttrPolicy::nested(&PREFIX)),
    (attr::route::ACTION, AttrPolicy::u32().max::<5>()),
    (attr::route::TUNNEL, AttrPolicy::string(31)),
    (attr::route::TXN, AttrPolicy::u32()),
    (attr::route::SNAT, AttrPolicy::nested(&SNAT)),
    (attr::route::DEVICE, AttrPolicy::string(15)),
    (attr::route::IFINDEX, AttrPolicy::u32()),
    (attr::route::GATEWAY, AttrPolicy::binary(4, 16)),
    (attr::route::FROM, AttrPolicy::nested(&PREFIX)),
]);

/// Requests of `route-set`.
pub(super) static ROUTE_SET: [AttrPolicy; 12] = policy(&[
    (attr::route::CUSTOMER, AttrPolicy::u32()),
    (attr::route::PREFIX, AttrPolicy::nested(&PREFIX)),
    (attr::route::ACTION, AttrPolicy::u32().max::<5>()),
    (attr::route::TUNNEL, AttrPolicy::string(31)),
    (attr::route::TXN, AttrPolicy::u32()),
    (attr::route::SNAT, AttrPolicy::nested(&SNAT)),
    (attr::route::DEVICE, AttrPolicy::string(15)),
    (attr::route::IFINDEX, AttrPolicy::u32()),
    (attr::route::GATEWAY, AttrPolicy::binary(4, 16)),
    (attr::route::FROM, AttrPolicy::nested(&PREFIX)),
]);

/// Requests of `route-del`.
pub(super) static ROUTE_DEL: [AttrPolicy; 12] = policy(&[
    (attr::route::CUSTOMER, AttrPolicy::u32()),
    (attr::route::PREFIX, AttrPolicy::nested(&PREFIX)),
    (attr::route::TXN, AttrPolicy::u32()),
    (attr::route::FROM, AttrPolicy::nested(&PREFIX)),
]);

/// Requests of `drop-get`, as a dump.
pub(super) static DROP_GET_DUMP: [AttrPolicy; 2] =
    policy(&[(attr::drop::CUSTOMER, AttrPolicy::u32())]);

/// Requests of `trace`.
pub(super) static TRACE: [AttrPolicy; 16] = policy(&[
    (attr::trace::CUSTOMER, AttrPolicy::u32()),
    (attr::trace::PROTOCOL, AttrPolicy::u8()),
    (attr::trace::SOURCE, AttrPolicy::nested(&PREFIX)),
    (attr::trace::DESTINATION, AttrPolicy::nested(&PREFIX)),
    (attr::trace::HOST, AttrPolicy::nested(&PREFIX)),
    (attr::trace::SOURCE_PORT, AttrPolicy::u16()),
    (attr::trace::DESTINATION_PORT, AttrPolicy::u16()),
    (attr::trace::PORT, AttrPolicy::u16()),
    (attr::trace::TUNNEL, AttrPolicy::string(31)),
    (attr::trace::IFINDEX, AttrPolicy::u32()),
    (attr::trace::REASON, AttrPolicy::string(31)),
    (attr::trace::DROPS, AttrPolicy::u8().max::<1>()),
    (attr::trace::COUNT, AttrPolicy::u32().min::<1>()),
    (attr::trace::SAMPLE, AttrPolicy::u32().min::<1>()),
    (attr::trace::RATE, AttrPolicy::u32().min::<1>()),
]);
