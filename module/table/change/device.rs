// SPDX-License-Identifier: GPL-2.0

//! Operations on slr devices, which come and go by rtnetlink and not by the configuration: one that
//! is replaced keeps them.

use kernel::{
    alloc::flags::GFP_KERNEL,
    sync::Arc, //
};

use super::{
    error::{busy, exists, invalid, not_found},
    put,
    Attr,
    Change,
    Event,
    Result, //
};
use crate::kern::net::link::Place;
use crate::table::config::{Config, PortName, SlrDevice, PUBLIC};

/// What a change does to an slr device.
pub(super) enum DeviceStep {
    /// It is a customer's, and found there.
    Made(u32, Arc<Place>),
    /// It is gone.
    Gone,
}

impl Change {
    /// An slr device was made.
    pub(crate) fn device_new(
        &mut self,
        name: PortName,
        customer: u32,
        place: Arc<Place>,
    ) -> Result {
        if customer == PUBLIC {
            return Err(invalid(
                Attr::Customer,
                format_args!("customer public has the stack itself, no slr device"),
            ));
        }
        self.check_customer(customer)?;
        if self
            .from
            .device(&name)
            .is_some_and(|device| device.place.is_taken())
        {
            return Err(exists(
                Attr::Ifname,
                format_args!("an slr device elsewhere was made as {name}"),
            ));
        }
        self.record(Event::DeviceNew(name))?;
        put(&mut self.devices, name, DeviceStep::Made(customer, place))
    }

    /// An slr device is gone, if it is the one of this place.
    pub(crate) fn device_del(&mut self, name: PortName, place: &Arc<Place>) -> Result {
        let device = self.from.device(&name);
        let Some(device) = device.filter(|device| Arc::ptr_eq(&device.place, place)) else {
            return Err(not_found(
                Attr::Ifname,
                format_args!("slr device {name} is unknown"),
            ));
        };
        self.record(Event::DeviceDel(device.clone()))?;
        put(&mut self.devices, name, DeviceStep::Gone)
    }

    /// Puts the slr devices in: all that there are, whether or not the change begins from nothing.
    #[inline(never)]
    pub(super) fn freeze_devices(&self, config: &mut Config) -> Result {
        config.devices = self.from.devices.clone();
        if self.devices.is_empty() {
            return Ok(());
        }
        let mut devices = config.devices.edit(GFP_KERNEL)?;
        for (name, step) in &self.devices {
            match step {
                DeviceStep::Made(id, place) => {
                    let Some(customer) = config.customer(*id) else {
                        continue;
                    };
                    let device = SlrDevice {
                        name: *name,
                        customer: *id,
                        runtime: customer.runtime.clone(),
                        place: place.clone(),
                    };
                    devices.insert(Arc::new(device, GFP_KERNEL)?, GFP_KERNEL)?;
                }
                DeviceStep::Gone => {
                    devices.remove(name, GFP_KERNEL)?;
                }
            }
        }
        config.devices = devices.freeze(GFP_KERNEL)?;
        Ok(())
    }

    /// Refuses a configuration in which an slr device has lost its customer, or would become
    /// another's of the same number.
    pub(super) fn check_devices(&self, config: &Config) -> Result {
        if !self.replace && self.customers_gone.is_empty() {
            return Ok(());
        }
        for (device, _) in config.devices(Default::default()) {
            let customer = config.customer(device.customer);
            if !customer.is_some_and(|customer| Arc::ptr_eq(&customer.runtime, &device.runtime)) {
                return Err(busy(
                    Attr::Id,
                    format_args!("customer {} still has {}", device.customer, device.name),
                ));
            }
        }
        Ok(())
    }
}
