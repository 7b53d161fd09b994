// SPDX-License-Identifier: GPL-2.0

//! Tunnels on links, and the ports that they ride on.

use super::{
    error::{invalid, not_found},
    put,
    tunnel::TunnelDraft,
    Attr,
    Change,
    Event,
    Result, //
};
use crate::domain::encap::{End, Kind};
use crate::domain::packet::ether::is_station;
use crate::kern::sync::deferred::cond_resched;
use crate::table::config::{Config, TunnelName, TunnelSettings};

impl Change {
    /// Refuses a tunnel on a link that is not there, or that cannot find its other end.
    pub(super) fn check_circuit(&self, name: &TunnelName, settings: &TunnelSettings) -> Result {
        let outer = &settings.outer;
        if self.port_at(settings.port) != settings.link() {
            return Err(not_found(
                Attr::Ifname,
                format_args!("tunnel {name}: {} is no port", settings.port),
            ));
        }
        let needs_hop = outer.format.kind == Kind::Mpls;
        if needs_hop && outer.remote.is_unspecified() && !is_station(outer.macs.1) {
            return Err(invalid(
                Attr::Address,
                format_args!("tunnel {name} needs a next hop: remote or peer-mac"),
            ));
        }
        Ok(())
    }

    /// Has tunnels on links follow their ports, which may have come, gone, or changed their names.
    /// One without its port waits for another of the same name.
    #[inline(never)]
    pub(super) fn follow_ports(&mut self, config: &Config) -> Result {
        let Some(kept) = self.kept().filter(|_| self.has_port_changes()).cloned() else {
            return Ok(());
        };
        for (tunnel, _) in kept.tunnels(Default::default()) {
            cond_resched();
            let Some(ifindex) = tunnel.settings.link() else {
                continue;
            };
            if self.tunnels_gone.get(&tunnel.id).is_some() {
                continue;
            }
            let (mut settings, bounds) = self.tunnel_now(tunnel.id)?;
            let (end, port) = match config.port(ifindex) {
                Some(port) => (ifindex, port.name),
                None => {
                    let port = config.port_named(settings.port.as_bytes());
                    (port.map_or(0, |port| port.ifindex), settings.port)
                }
            };
            if (settings.wire.end, settings.port) == (End::Link(end), port) {
                continue;
            }
            let bounds = bounds.try_clone()?;
            settings.wire.end = End::Link(end);
            settings.port = port;
            let draft = TunnelDraft {
                name: tunnel.name,
                settings,
                bounds,
                runtime: tunnel.runtime.clone(),
            };
            self.record(Event::TunnelNew(tunnel.id))?;
            put(&mut self.tunnel_names, tunnel.name, tunnel.id)?;
            put(&mut self.tunnels, tunnel.id, draft)?;
        }
        Ok(())
    }
}
