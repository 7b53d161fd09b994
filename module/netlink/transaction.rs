// SPDX-License-Identifier: GPL-2.0

//! Changes alone and in transactions.
//!
//! A transaction belongs to the socket that began it: its changes pile up in a draft that nobody
//! else sees, until the commit publishes all of them at once or the socket is closed. A socket has
//! one at most, and a namespace few, as each holds memory for as long as a client likes.
//!
//! A change without a transaction is made on whatever is in force, so it is never stale.
//!
//! Locks: the list of drafts, then never another; a draft, then what the tables take.

use core::sync::atomic::{AtomicU32, Ordering};

use kernel::{
    new_mutex,
    prelude::*,
    sync::{Arc, Mutex},
};

use super::{
    extack::{refuse, Places},
    uapi::{attr, cmd},
    Control, //
};
use crate::kern::net::{
    genetlink::{Attr, Refused, Reply, Request},
    namespace::Net,
};
use crate::table::{self, Change, ConfigError, Tables};

/// What drafts may take of the machine's memory.
pub(crate) struct Limits {
    /// Transactions that may be open in one namespace.
    pub(crate) transactions: u32,
    /// Changes that one of them may hold.
    pub(crate) changes: u32,
}

/// The socket that a transaction belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Owner {
    net: u64,
    portid: u32,
}

impl Owner {
    fn of(request: &Request<'_>) -> Self {
        Owner {
            net: request.net().cookie(),
            portid: request.portid(),
        }
    }
}

/// A change in the making; none once it was committed or dropped.
type Draft = Arc<Mutex<Option<KBox<Change>>>>;

struct Open {
    owner: Owner,
    id: u32,
    draft: Draft,
}

/// All open transactions of all namespaces.
pub(super) struct Transactions {
    open: Pin<KBox<Mutex<KVec<Open>>>>,
    last_id: AtomicU32,
    limits: Limits,
}

impl Transactions {
    /// No transactions. Context: process, may sleep.
    pub(super) fn new(limits: Limits) -> Result<Self> {
        Ok(Transactions {
            open: KBox::pin_init(new_mutex!(KVec::new()), GFP_KERNEL)?,
            last_id: AtomicU32::new(0),
            limits,
        })
    }

    /// Opens one for the socket of `request`.
    fn open(&self, request: &Request<'_>, change: KBox<Change>) -> Result<u32, Refused> {
        let (owner, extack) = (Owner::of(request), request.extack());
        let draft = Arc::pin_init(new_mutex!(Some(change)), GFP_KERNEL)
            .map_err(|_| Refused::from(kernel::alloc::AllocError))?;
        let mut open = self.open.lock();
        if let Some(other) = open.iter().find(|other| other.owner == owner) {
            return Err(extack.refuse(
                EBUSY,
                format_args!("transaction {} is open on this socket", other.id),
            ));
        }
        let here = open.iter().filter(|other| other.owner.net == owner.net);
        let max = self.limits.transactions;
        if here.count() >= max as usize {
            return Err(extack.refuse(
                EBUSY,
                format_args!("{max} transactions of other sockets are open"),
            ));
        }
        let id = self.last_id.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        open.push(Open { owner, id, draft }, GFP_KERNEL)?;
        Ok(id)
    }

    /// The draft of the transaction that `attr` names.
    fn find(&self, request: &Request<'_>, attr: &Attr<'_>) -> Result<Draft, Refused> {
        let owner = Owner::of(request);
        let open = self.open.lock();
        let found = open
            .iter()
            .find(|other| other.owner == owner && other.id == attr.u32());
        found
            .map(|open| open.draft.clone())
            .ok_or_else(|| not_open(request, attr))
    }

    /// Takes the transaction that the request names off the list, and its change out of it.
    fn close(&self, request: &Request<'_>) -> Result<KBox<Change>, Refused> {
        let (extack, attrs) = (request.extack(), request.attrs());
        let id = extack.require(&attrs, attr::transaction::ID, "id")?;
        let draft = self.find(request, &id)?;
        self.drop_of(Owner::of(request));
        // Waits for a request of another thread that adds to it just now.
        let change = draft.lock().take();
        change.ok_or_else(|| not_open(request, &id))
    }

    /// Drops what belongs to a socket that was closed.
    pub(super) fn socket_closed(&self, net: &Net, portid: u32) {
        self.drop_of(Owner {
            net: net.cookie(),
            portid,
        });
    }

    fn drop_of(&self, owner: Owner) {
        let mut open = self.open.lock();
        let Some(at) = open.iter().position(|other| other.owner == owner) else {
            return;
        };
        let dropped = open.remove(at);
        // A draft may be large: the list is not held while it goes.
        drop(open);
        drop(dropped);
    }
}

fn not_open(request: &Request<'_>, attr: &Attr<'_>) -> Refused {
    request.extack().refuse_attr(
        attr,
        ENOENT,
        format_args!("transaction {} is not open on this socket", attr.u32()),
    )
}

/// Does a change: as part of the transaction that attribute `txn` names, or alone.
///
/// `operation` leaves the change as it was if it fails.
pub(super) fn apply(
    control: &Control,
    request: &Request<'_>,
    txn: u16,
    places: Places,
    operation: impl FnOnce(&mut Change) -> Result<(), ConfigError>,
) -> Result<Reply, Refused> {
    let attrs = request.attrs();
    let done = match attrs.get(txn) {
        Some(attr) => {
            let draft = control.transactions.find(request, &attr)?;
            let mut draft = draft.lock();
            let change = (*draft).as_mut().ok_or_else(|| not_open(request, &attr))?;
            let max = control.transactions.limits.changes;
            if change.changes() >= max {
                return Err(request.extack().refuse_attr(
                    &attr,
                    ERANGE,
                    format_args!("a transaction can hold {max} changes"),
                ));
            }
            operation(change)
        }
        None => Tables::apply(&control.tables(request)?, operation).map(drop),
    };
    match done {
        Ok(()) => Ok(Reply::DONE),
        Err(error) => Err(refuse(&request.extack(), &attrs, places, &error)),
    }
}

/// Where requests on transactions have what the tables complain of.
fn places(_: table::Attr) -> &'static [u16] {
    &[attr::transaction::GENERATION]
}

/// `txn-begin`: opens a transaction.
pub(crate) fn begin(control: &Control, request: &Request<'_>) -> Result<Reply, Refused> {
    let (extack, attrs) = (request.extack(), request.attrs());
    let tables = control.tables(request)?;
    let base = attrs.get(attr::transaction::GENERATION);
    let change = tables
        .begin(
            attrs.has(attr::transaction::REPLACE),
            base.map(|attr| attr.u64()),
        )
        .map_err(|error| refuse(&extack, &attrs, places, &error))?;
    let base = change.base();
    let id = control.transactions.open(request, change)?;
    let reply = request.reply(cmd::TXN_BEGIN, |out| {
        out.u32(attr::transaction::ID, id)?;
        out.u64(attr::transaction::GENERATION, base)
    });
    // Who is not told the number could neither use nor end it.
    reply.inspect_err(|_| control.transactions.drop_of(Owner::of(request)))
}

/// `txn-commit`: makes all changes take effect, or only checks them. Ends the transaction.
pub(crate) fn commit(control: &Control, request: &Request<'_>) -> Result<Reply, Refused> {
    let (extack, attrs) = (request.extack(), request.attrs());
    let tables = control.tables(request)?;
    let change = control.transactions.close(request)?;
    let (base, changes) = (change.base(), change.changes());
    let is_check = attrs.has(attr::transaction::CHECK);
    let (mut change, mut done) = (Some(change), None);
    let reply = request.reply(cmd::TXN_COMMIT, |out| {
        // Here there is memory for the answer: what is in force is never said to have failed.
        if let Some(change) = change.take() {
            done = Some(match is_check {
                true => tables.check(change).map(|()| base),
                false => Tables::commit(&tables, change).map(|committed| committed.generation),
            });
        }
        let Some(Ok(generation)) = &done else {
            return Ok(());
        };
        out.u64(attr::transaction::GENERATION, *generation)?;
        out.u32(attr::transaction::CHANGES, changes)
    });
    match done {
        Some(Err(error)) => Err(refuse(&extack, &attrs, places, &error)),
        _ => reply,
    }
}

/// `txn-abort`: drops a transaction.
pub(crate) fn abort(control: &Control, request: &Request<'_>) -> Result<Reply, Refused> {
    drop(control.transactions.close(request)?);
    Ok(Reply::DONE)
}
