// SPDX-License-Identifier: GPL-2.0

//! What one can ask of the kernel, typed.

use crate::change::Change;
use crate::endpoint::{ServerKey, ServiceKey};
use crate::error::Error;
use crate::event::Event;
use crate::message::Request;
use crate::object::binding::{Binding, BindingStatus};
use crate::object::customer::{Customer, CustomerStatus};
use crate::object::device::Device;
use crate::object::explain::{Explanation, Packet};
use crate::object::flow::{Flow, FlowFilter, FlowTotal};
use crate::object::port::{Port, PortStatus};
use crate::object::route::Route;
use crate::object::server::{Server, ServerStatus};
use crate::object::service::{Service, ServiceStatus};
use crate::object::settings::{Settings, SettingsStatus};
use crate::object::trace::{Trace, TraceFilter};
use crate::object::tunnel::{Tunnel, TunnelStatus};
use crate::object::{Counter, DropCount};
use crate::refusal::Refusal;
use crate::socket::Socket;
use crate::transport::Transport;
use crate::uapi::{attr, cmd};
use crate::wire::{find, Attributes, Value, Writer};

/// How often a dump is tried again that the kernel calls inconsistent.
const DUMP_ATTEMPTS: usize = 16;

/// A connection to the module of this network namespace.
pub struct Client {
    socket: Socket,
}

type Parse<T> = fn(&[u8]) -> Result<T, netlink_packet_core::DecodeError>;

impl Client {
    /// Opens one.
    pub fn open() -> Result<Self, Error> {
        Socket::open().map(|socket| Self { socket })
    }

    /// Opens one over something else than a netlink socket, for tests.
    pub fn over(transport: Box<dyn Transport>) -> Result<Self, Error> {
        Socket::over(transport).map(|socket| Self { socket })
    }

    /// Limits and state of the namespace.
    pub fn settings(&mut self) -> Result<(Settings, SettingsStatus), Error> {
        self.one(Request::empty(cmd::SETTINGS_GET), |bytes| {
            Ok((Settings::read(bytes)?, SettingsStatus::read(bytes)?))
        })
    }

    /// All customers but public, by name.
    pub fn customers(&mut self) -> Result<Vec<(Customer, CustomerStatus)>, Error> {
        let request = Request::empty(cmd::CUSTOMER_GET);
        self.sorted(request, Customer::read, |customer| customer.name.clone())
    }

    /// One customer.
    pub fn customer(&mut self, customer: &Customer) -> Result<(Customer, CustomerStatus), Error> {
        let mut w = Writer::default();
        customer.put_key(&mut w);
        self.one(Request::new(cmd::CUSTOMER_GET, w), Customer::read)
    }

    /// All tunnels, by name.
    pub fn tunnels(&mut self) -> Result<Vec<(Tunnel, TunnelStatus)>, Error> {
        let request = Request::empty(cmd::TUNNEL_GET);
        self.sorted(request, Tunnel::read, |tunnel| tunnel.name.clone())
    }

    /// One tunnel.
    pub fn tunnel(&mut self, tunnel: &Tunnel) -> Result<(Tunnel, TunnelStatus), Error> {
        let mut w = Writer::default();
        tunnel.put_key(&mut w);
        self.one(Request::new(cmd::TUNNEL_GET, w), Tunnel::read)
    }

    /// All routes, by customer and prefix.
    pub fn routes(&mut self) -> Result<Vec<Route>, Error> {
        let mut all = self.all(Request::empty(cmd::ROUTE_GET), Route::read)?;
        all.sort_by_key(|route| route.key);
        Ok(all)
    }

    /// All slr devices, by the names that they were made with.
    pub fn devices(&mut self) -> Result<Vec<Device>, Error> {
        let mut all = self.all(Request::empty(cmd::DEVICE_GET), Device::parse)?;
        all.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(all)
    }

    /// All ports, by name.
    pub fn ports(&mut self) -> Result<Vec<(Port, PortStatus)>, Error> {
        let request = Request::empty(cmd::PORT_GET);
        self.sorted(request, Port::read, |port| port.name.clone())
    }

    /// One port.
    pub fn port(&mut self, port: &Port) -> Result<(Port, PortStatus), Error> {
        let mut w = Writer::default();
        port.put_key(&mut w);
        self.one(Request::new(cmd::PORT_GET, w), Port::read)
    }

    /// All services, by key.
    pub fn services(&mut self) -> Result<Vec<(Service, ServiceStatus)>, Error> {
        let request = Request::empty(cmd::SERVICE_GET);
        self.sorted(request, Service::read, |service| service.key)
    }

    /// One service.
    pub fn service(&mut self, key: ServiceKey) -> Result<(Service, ServiceStatus), Error> {
        let mut w = Writer::default();
        key.put(&mut w, attr::service::KEY);
        self.one(Request::new(cmd::SERVICE_GET, w), Service::read)
    }

    /// All servers, by key.
    pub fn servers(&mut self) -> Result<Vec<(Server, ServerStatus)>, Error> {
        let request = Request::empty(cmd::SERVER_GET);
        self.sorted(request, Server::read, |server| server.key)
    }

    /// One server.
    pub fn server(&mut self, key: ServerKey) -> Result<(Server, ServerStatus), Error> {
        let mut w = Writer::default();
        key.put(&mut w, attr::server::KEY);
        self.one(Request::new(cmd::SERVER_GET, w), Server::read)
    }

    /// All bindings, or those of a service, by key.
    pub fn bindings(
        &mut self,
        service: Option<ServiceKey>,
    ) -> Result<Vec<(Binding, BindingStatus)>, Error> {
        let mut w = Writer::default();
        if let Some(key) = service {
            key.put(&mut w, attr::binding::SERVICE);
        }
        let request = Request::new(cmd::BINDING_GET, w);
        self.sorted(request, Binding::read, |binding| binding.key)
    }

    /// All counters.
    pub fn counters(&mut self) -> Result<Vec<Counter>, Error> {
        self.all(Request::empty(cmd::STATS_GET), Counter::read)
    }

    /// What packets were dropped for, by customer, or of one customer. Reasons that never
    /// were are not told.
    pub fn drops(&mut self, customer: Option<u32>) -> Result<Vec<DropCount>, Error> {
        let mut w = Writer::default();
        if let Some(customer) = customer {
            customer.put(&mut w, attr::drop::CUSTOMER);
        }
        self.all(Request::new(cmd::DROP_GET, w), DropCount::read)
    }

    /// The selected flows, one by one as they come. Flows come and go all the time, so
    /// the listing is not repeated when it was not consistent: it returns whether so.
    pub fn flows(
        &mut self,
        filter: &FlowFilter,
        mut each: impl FnMut(Flow) -> Result<(), Error>,
    ) -> Result<bool, Error> {
        self.socket
            .dump(&flow_request(cmd::FLOW_GET, filter), |reply| {
                each(Flow::parse(&reply.attributes)?)
            })
    }

    /// Ends the selected flows and returns how many.
    pub fn delete_flows(&mut self, filter: &FlowFilter) -> Result<u32, Error> {
        let total = self.one(flow_request(cmd::FLOW_DEL, filter), FlowTotal::read)?;
        Ok(total.deleted.unwrap_or(0))
    }

    /// Counts the selected flows.
    pub fn count_flows(&mut self, filter: &FlowFilter) -> Result<u32, Error> {
        let total = self.one(flow_request(cmd::FLOW_COUNT, filter), FlowTotal::read)?;
        Ok(total.count.unwrap_or(0))
    }

    /// What would happen to a packet.
    pub fn explain(&mut self, packet: &Packet) -> Result<Explanation, Error> {
        let mut w = Writer::default();
        packet.put_all(&mut w);
        self.one(Request::new(cmd::EXPLAIN, w), Explanation::parse)
    }

    /// Begins to follow packets, and returns those that came before the kernel said that it
    /// has begun; see [`traces`](Self::traces). The kernel ends it when the connection is
    /// closed, which is to be of no other use meanwhile.
    pub fn trace(&mut self, filter: &TraceFilter) -> Result<Vec<Trace>, Error> {
        let mut w = Writer::default();
        filter.put_all(&mut w);
        let first = self.socket.call(&Request::new(cmd::TRACE, w))?;
        let parse = |message: &Request| Ok(Trace::parse(&message.attributes)?);
        first.iter().map(parse).collect()
    }

    /// Waits for packets and passes on what became of those that came at once.
    pub fn traces(
        &mut self,
        mut each: impl FnMut(Trace) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.socket.notifications(|message| match message.command {
            cmd::TRACE => each(Trace::parse(&message.attributes)?),
            _ => Ok(()),
        })
    }

    /// One change, at once.
    pub fn change(&mut self, change: &Change) -> Result<(), Error> {
        self.socket.call(&change.request(None)).map(|_| ())
    }

    /// Begins a transaction, from nothing in place of the configuration in force if
    /// `replace`.
    pub fn begin(&mut self, replace: bool) -> Result<Transaction<'_>, Error> {
        let mut w = Writer::default();
        if replace {
            w.attr(attr::transaction::REPLACE, &[]);
        }
        let request = Request::new(cmd::TXN_BEGIN, w);
        let (id, generation) = self.one(request, |bytes| {
            let id = find(bytes, attr::transaction::ID).ok_or("a transaction without a number")?;
            let generation = find(bytes, attr::transaction::GENERATION);
            Ok((u32::get(id)?, generation.map_or(Ok(0), u64::get)?))
        })?;
        Ok(Transaction {
            client: self,
            id,
            generation,
            open: true,
        })
    }

    /// Joins a multicast group of [`crate::uapi::group`].
    pub fn subscribe(&mut self, group: &str) -> Result<(), Error> {
        self.socket.subscribe(group)
    }

    /// Waits for events and passes on those that came at once.
    pub fn events(
        &mut self,
        mut each: impl FnMut(Event) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.socket
            .notifications(|message| match Event::parse(&message)? {
                Some(event) => each(event),
                None => Ok(()),
            })
    }

    fn one<T>(&mut self, request: Request, parse: Parse<T>) -> Result<T, Error> {
        let replies = self.socket.call(&request)?;
        match replies.first() {
            Some(reply) => Ok(parse(&reply.attributes)?),
            None => Err(Error::Decode("there is none".into())),
        }
    }

    /// A dump comes in the order of a hash table, which says nothing to a reader and
    /// differs from one machine to the next.
    fn sorted<T, S, K: Ord>(
        &mut self,
        request: Request,
        parse: Parse<(T, S)>,
        key: fn(&T) -> K,
    ) -> Result<Vec<(T, S)>, Error> {
        let mut all = self.all(request, parse)?;
        all.sort_by_cached_key(|(object, _)| key(object));
        Ok(all)
    }

    fn all<T>(&mut self, request: Request, parse: Parse<T>) -> Result<Vec<T>, Error> {
        for _ in 0..DUMP_ATTEMPTS {
            let mut all = Vec::new();
            let interrupted = self.socket.dump(&request, |reply| {
                all.push(parse(&reply.attributes)?);
                Ok(())
            })?;
            if !interrupted {
                return Ok(all);
            }
        }
        Err(Error::Unsteady)
    }
}

fn flow_request(command: u8, filter: &FlowFilter) -> Request {
    let mut w = Writer::default();
    filter.put_all(&mut w);
    Request::new(command, w)
}

/// Changes that take effect together. Dropped without a commit, it changes nothing.
pub struct Transaction<'a> {
    client: &'a mut Client,
    id: u32,
    generation: u64,
    open: bool,
}

impl Transaction<'_> {
    /// The configuration that it begins from.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// The connection, for questions about the configuration in force.
    pub fn client(&mut self) -> &mut Client {
        self.client
    }

    /// Adds changes. What is refused comes back by position; behind a refusal not all
    /// that follows has been looked at.
    pub fn add(&mut self, changes: &[Change]) -> Result<Vec<(usize, Refusal)>, Error> {
        let txn = Some(self.id);
        let requests: Vec<_> = changes.iter().map(|c| c.request(txn)).collect();
        self.client.socket.batch(&requests)
    }

    /// Makes the changes take effect.
    pub fn commit(self) -> Result<(), Error> {
        self.end(false)
    }

    /// Validates as a commit does, and changes nothing.
    pub fn check(self) -> Result<(), Error> {
        self.end(true)
    }

    fn end(mut self, check: bool) -> Result<(), Error> {
        let mut w = Writer::default();
        self.id.put(&mut w, attr::transaction::ID);
        if check {
            w.attr(attr::transaction::CHECK, &[]);
        }
        // Whether it works or not, it ends the transaction.
        self.open = false;
        self.client.socket.call(&Request::new(cmd::TXN_COMMIT, w))?;
        Ok(())
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if self.open {
            let mut w = Writer::default();
            self.id.put(&mut w, attr::transaction::ID);
            // It may be gone already; and the kernel drops it with the socket anyway.
            let _ = self.client.socket.call(&Request::new(cmd::TXN_ABORT, w));
        }
    }
}
