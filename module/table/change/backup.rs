// SPDX-License-Identifier: GPL-2.0

//! Backups of servers and services: there, not in a circle, not too many in a row.
//!
//! They are checked when a change is frozen, so that objects may name backups that are defined
//! after them.

use super::{
    error::{busy, invalid, not_found},
    Attr,
    Change,
    Result, //
};
use crate::kern::sync::deferred::cond_resched;
use crate::table::{
    config::{Config, Server, Service},
    trie::Cursor,
};

/// How many backups are tried in a row, for servers and for services.
pub(crate) const BACKUPS_MAX: usize = 8;

impl Change {
    /// Refuses backups that are not there and chains of them that are too long or go round.
    #[inline(never)]
    pub(super) fn check_backups(&self, config: &Config) -> Result {
        // Whatever is wrong now is so because of an object that the change touches or removes. Of
        // who refers to a removed one nothing is noted, hence a look at all.
        let servers_gone = !self.servers_gone.is_empty() && config.server_backups != 0;
        if servers_gone {
            for (server, _, _) in config.servers(Cursor::default()) {
                check_server_backup(config, server, true)?;
                cond_resched();
            }
        } else {
            for (key, _) in &self.servers {
                if let Some(server) = config.server(key) {
                    check_server_backup(config, server, false)?;
                }
            }
        }
        let services_gone = !self.services_gone.is_empty() && config.service_backups != 0;
        if services_gone {
            for (service, _) in config.services(Default::default()) {
                check_service_backup(config, service, true)?;
                cond_resched();
            }
        } else {
            for (key, _) in &self.services {
                if let Some(service) = config.service(key) {
                    check_service_backup(config, service, false)?;
                }
            }
        }
        Ok(())
    }
}

fn check_server_backup(config: &Config, server: &Server, was_removed: bool) -> Result {
    let mut at = server;
    for _ in 0..=BACKUPS_MAX {
        let Some(backup) = &at.settings.backup else {
            return Ok(());
        };
        at = match config.server(backup) {
            Some(backup) => backup,
            None if was_removed => {
                return Err(busy(
                    Attr::Backup,
                    format_args!("server {backup} is the backup of {}", at.key),
                ))
            }
            None => {
                return Err(not_found(
                    Attr::Backup,
                    format_args!("backup {backup} is not defined as a server"),
                ))
            }
        };
        if at.key == server.key {
            return Err(invalid(
                Attr::Backup,
                format_args!("backups of server {} go round in a loop", server.key),
            ));
        }
    }
    Err(invalid(
        Attr::Backup,
        format_args!(
            "more than {BACKUPS_MAX} backups in a row from {}",
            server.key
        ),
    ))
}

fn check_service_backup(config: &Config, service: &Service, was_removed: bool) -> Result {
    let mut at = service;
    for _ in 0..=BACKUPS_MAX {
        let Some(backup) = &at.settings.backup else {
            return Ok(());
        };
        at = match config.service(backup) {
            Some(backup) => backup,
            None if was_removed => {
                return Err(busy(
                    Attr::Backup,
                    format_args!("service {backup} is the backup of {}", at.key),
                ))
            }
            None => {
                return Err(not_found(
                    Attr::Backup,
                    format_args!("backup {backup} is not defined as a service"),
                ))
            }
        };
        if at.key == service.key {
            return Err(invalid(
                Attr::Backup,
                format_args!("backups of service {} go round in a loop", service.key),
            ));
        }
    }
    Err(invalid(
        Attr::Backup,
        format_args!(
            "more than {BACKUPS_MAX} backups in a row from {}",
            service.key
        ),
    ))
}
