// SPDX-License-Identifier: GPL-2.0

//! The tables that tunnels are found by, while a change is frozen.

use kernel::{
    alloc::flags::GFP_KERNEL,
    sync::Arc, //
};

use super::{error::exists, quota::TunnelChanges, Attr, Result};
use crate::domain::encap::{End, Kind};
use crate::table::config::{
    Bound, Config, Guard, Tunnel, TunnelEnd, TunnelNamed, TunnelSettings, UdpPort, Wire,
};
use crate::table::trie::Edit;

/// What tunnels are found by, while a change is frozen.
pub(super) struct TunnelTables {
    tunnels: Edit<Tunnel>,
    names: Edit<TunnelNamed>,
    wires: Edit<Wire>,
    ports: Edit<UdpPort>,
    ends: Edit<TunnelEnd>,
    bound: Edit<Bound>,
    owners: TunnelChanges,
    /// Guards of the configuration, those of tunnels among them.
    guards: u32,
}

impl TunnelTables {
    /// Those of a configuration.
    pub(super) fn of(config: &Config) -> Result<Self> {
        Ok(TunnelTables {
            tunnels: config.tunnels.edit(GFP_KERNEL)?,
            names: config.tunnel_names.edit(GFP_KERNEL)?,
            wires: config.wires.edit(GFP_KERNEL)?,
            ports: config.udp_ports.edit(GFP_KERNEL)?,
            ends: config.tunnel_ends.edit(GFP_KERNEL)?,
            bound: config.bound.edit(GFP_KERNEL)?,
            owners: TunnelChanges::new(),
            guards: config.guards,
        })
    }

    /// Takes a tunnel out, if it is there.
    #[inline(never)]
    pub(super) fn take_out(&mut self, id: u32) -> Result {
        let Some(old) = self.tunnels.remove(&id, GFP_KERNEL)? else {
            return Ok(());
        };
        let settings = &old.settings;
        self.names.remove(&old.name, GFP_KERNEL)?;
        self.owners.count(settings.customer, -1)?;
        self.guards -= Guard::count(settings.guard);
        if let Some(device) = settings.device() {
            self.bound.remove(device, GFP_KERNEL)?;
        }
        if settings.link() != Some(0) {
            self.wires.remove(&settings.wire, GFP_KERNEL)?;
        }
        count_end(&mut self.ends, settings, |tunnels| {
            tunnels.saturating_sub(1)
        })?;
        if let Some(port) = udp_port(settings) {
            let left = self.ports.get(&port).map_or(0, |port| port.tunnels);
            let kind = settings.wire.kind;
            set_port(&mut self.ports, port, kind, left.saturating_sub(1))?;
        }
        Ok(())
    }

    /// Puts a tunnel in, unless its packets would be those of another, or its port another type's.
    #[inline(never)]
    pub(super) fn put_in(&mut self, tunnel: Arc<Tunnel>) -> Result {
        let (id, name) = (tunnel.id, tunnel.name);
        self.tunnels.insert(tunnel.clone(), GFP_KERNEL)?;
        self.owners.count(tunnel.settings.customer, 1)?;
        self.guards += Guard::count(tunnel.settings.guard);
        let named = Arc::new(TunnelNamed { name, id }, GFP_KERNEL)?;
        self.names.insert(named, GFP_KERNEL)?;
        self.bind(&tunnel)?;
        // Where nothing can arrive nothing can be taken for another's.
        if tunnel.settings.link() == Some(0) {
            return Ok(());
        }
        self.listen(&tunnel)?;
        let key = tunnel.settings.wire;
        let wire = Arc::new(Wire { key, tunnel }, GFP_KERNEL)?;
        match self.wires.insert(wire, GFP_KERNEL)? {
            Some(other) => Err(exists(
                Attr::Key,
                format_args!(
                    "packets of tunnel {name} are those of {}",
                    other.tunnel.name
                ),
            )),
            None => Ok(()),
        }
    }

    /// Has the packets of a tunnel's slr device find it, unless they are another tunnel's.
    fn bind(&mut self, tunnel: &Arc<Tunnel>) -> Result {
        let Some(device) = tunnel.settings.device() else {
            return Ok(());
        };
        let bound = Bound {
            device: *device,
            tunnel: tunnel.clone(),
        };
        let bound = Arc::new(bound, GFP_KERNEL)?;
        match self.bound.insert(bound, GFP_KERNEL)? {
            Some(other) => Err(exists(
                Attr::Device,
                format_args!("slr device {device} is bound to {}", other.tunnel.name),
            )),
            None => Ok(()),
        }
    }

    /// Counts a tunnel at its end and its port.
    fn listen(&mut self, tunnel: &Tunnel) -> Result {
        let settings = &tunnel.settings;
        count_end(&mut self.ends, settings, |tunnels| {
            tunnels.saturating_add(1)
        })?;
        let Some(port) = udp_port(settings) else {
            return Ok(());
        };
        let kind = settings.wire.kind;
        let there = self.ports.get(&port).map(|port| (port.kind, port.tunnels));
        match there {
            Some((other, _)) if other != kind => Err(exists(
                Attr::Port,
                format_args!("port {port} is that of type {}", other.name()),
            )),
            there => {
                let count = there.map_or(0, |(_, count)| count);
                set_port(&mut self.ports, port, kind, count.saturating_add(1))
            }
        }
    }

    /// Has a configuration have them.
    #[inline(never)]
    pub(super) fn freeze(self, config: &mut Config) -> Result {
        config.tunnels = self.tunnels.freeze(GFP_KERNEL)?;
        config.tunnel_names = self.names.freeze(GFP_KERNEL)?;
        config.wires = self.wires.freeze(GFP_KERNEL)?;
        config.udp_ports = self.ports.freeze(GFP_KERNEL)?;
        config.tunnel_ends = self.ends.freeze(GFP_KERNEL)?;
        config.bound = self.bound.freeze(GFP_KERNEL)?;
        config.guards = self.guards;
        self.owners.freeze(config)
    }
}

/// Changes how many tunnels end at the address of one.
#[inline(never)]
fn count_end(
    ends: &mut Edit<TunnelEnd>,
    settings: &TunnelSettings,
    change: impl FnOnce(u32) -> u32,
) -> Result {
    let End::Path { local: addr, .. } = settings.wire.end else {
        return Ok(());
    };
    let tunnels = change(ends.get(&addr).map_or(0, |end| end.tunnels));
    if tunnels == 0 {
        ends.remove(&addr, GFP_KERNEL)?;
    } else {
        ends.insert(
            Arc::new(TunnelEnd { addr, tunnels }, GFP_KERNEL)?,
            GFP_KERNEL,
        )?;
    }
    Ok(())
}

/// The port that a tunnel listens at, if it rides on UDP.
fn udp_port(settings: &TunnelSettings) -> Option<u16> {
    match settings.wire.end {
        End::Path { port, .. } if port != 0 => Some(port),
        _ => None,
    }
}

/// Sets how many tunnels listen at a port.
#[inline(never)]
fn set_port(ports: &mut Edit<UdpPort>, port: u16, kind: Kind, tunnels: u32) -> Result {
    if tunnels == 0 {
        ports.remove(&port, GFP_KERNEL)?;
        return Ok(());
    }
    let entry = UdpPort {
        port,
        kind,
        tunnels,
    };
    ports.insert(Arc::new(entry, GFP_KERNEL)?, GFP_KERNEL)?;
    Ok(())
}
