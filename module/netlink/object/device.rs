// SPDX-License-Identifier: GPL-2.0

//! Showing slr devices, which rtnetlink makes and removes.

use kernel::{
    prelude::*,
    sync::{rcu, Arc},
};

use crate::kern::net::{
    genetlink::{Dump, DumpWriter, Full, Refused, Request, Stop, Writer},
    namespace::WeakNet,
};
use crate::netlink::{
    uapi::{attr, cmd},
    Control, //
};
use crate::table::{Config, Cursor, SlrDevice};

/// Writes an slr device.
pub(in crate::netlink) fn put(out: &mut Writer<'_>, device: &SlrDevice) -> Result<(), Full> {
    out.c_str_bytes(attr::device::NAME, device.name.as_bytes())?;
    out.u32(attr::device::CUSTOMER, device.customer)
}

/// Writes an slr device and where it is now, as seen from the namespace that asks.
fn put_place(out: &mut Writer<'_>, device: &SlrDevice, home: &WeakNet) -> Result<(), Full> {
    put(out, device)?;
    let rcu = rcu::read_lock();
    let Some(dev) = device.place.device(&rcu) else {
        return Ok(());
    };
    out.c_str_bytes(attr::device::IFNAME, dev.name().as_bytes())?;
    out.u32(attr::device::IFINDEX, dev.ifindex())?;
    let is_elsewhere = home.get(&rcu).is_some_and(|net| !net.is(dev.net(&rcu)));
    out.u8(attr::device::ELSEWHERE, is_elsewhere.into())
}

/// `device-get` as a dump: all slr devices of one configuration.
pub(crate) struct Devices {
    config: Arc<Config>,
    home: Arc<WeakNet>,
    at: Cursor,
}

impl Dump<Control> for Devices {
    fn start(control: &Control, request: &Request<'_>) -> Result<Self, Refused> {
        let tables = control.tables(request)?;
        Ok(Devices {
            config: tables.config.get(),
            home: tables.net.clone(),
            at: Cursor::default(),
        })
    }

    fn dump(&mut self, _: &Control, out: &mut DumpWriter<'_>) -> Result<(), Stop> {
        for (device, next) in self.config.devices(self.at) {
            out.message::<Full>(cmd::DEVICE_GET, |out| put_place(out, device, &self.home))?;
            self.at = next;
        }
        Ok(())
    }
}
