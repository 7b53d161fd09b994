// SPDX-License-Identifier: GPL-2.0

//! `slr monitor`

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use slr_config::{names::PUBLIC, Words};
use slr_netlink::event::{Event, Happening, Subject};
use slr_netlink::uapi::group;
use slr_netlink::{Client, Error};

use super::{binding, customer, device, port, route, server, service, settings, tunnel};
use crate::context::Context;
use crate::failure::{warn, Failure};
use crate::output::Item;

pub fn run(context: &mut Context, mut words: Words<'_>) -> Result<(), Failure> {
    let customer = words.context_if_given()?;
    let groups: &[&str] = match words.next() {
        None | Some("all") => &[group::CONFIG, group::HEALTH],
        Some("config") => &[group::CONFIG],
        Some("health") => &[group::HEALTH],
        Some(_) => return Err(words.unknown(&["all", "config", "health"]).into()),
    };
    words.end()?;
    // A connection of its own: answers to requests and events would mix.
    let mut client = Client::open()?;
    for group in groups {
        client.subscribe(group)?;
    }
    loop {
        let shown = |event: &Event| customer.is_none_or(|c| owner(&event.subject) == c);
        match client.events(|event| match shown(&event) {
            true => print(context, event),
            false => Ok(()),
        }) {
            Ok(()) => {}
            Err(Error::EventsLost) => warn(Error::EventsLost),
            Err(error) => return Err(error.into()),
        }
        context.printer.flush()?;
    }
}

/// Whose it is. The settings are of all together.
fn owner(subject: &Subject) -> u32 {
    let owner = match subject {
        Subject::Settings(..) => None,
        Subject::Customer(customer, _) => customer.options.id,
        Subject::Tunnel(tunnel, _) => tunnel.options.customer,
        Subject::Route(route) => Some(route.key.customer),
        Subject::Device(device) => device.customer,
        Subject::Port(port, _) => port.options.customer,
        Subject::Service(service, _) => Some(service.key.customer),
        Subject::Server(server, _) => Some(server.key.customer),
        Subject::Binding(binding, _) => Some(binding.key.service.customer),
    };
    owner.unwrap_or(PUBLIC)
}

fn print(context: &mut Context, event: Event) -> Result<(), Error> {
    let verb = match event.happening {
        Happening::New => "new",
        Happening::Del => "del",
        Happening::Health => "health",
    };
    let (object, item) = describe(context, event.subject);
    let mut before = format!("{verb} {object} ");
    let mut head = Item::default().field("event", verb).field("object", object);
    if context.timestamp {
        let time = iso_8601(SystemTime::now());
        before = format!("[{time}] {before}");
        head = head.field("timestamp", time);
    }
    if let Some(generation) = event.generation {
        head = head.field("generation", generation);
    }
    let item = item.after(head);
    context.printer.single(&before, item).map_err(Error::Caller)
}

fn describe(context: &Context, subject: Subject) -> (&'static str, Item) {
    match subject {
        Subject::Settings(settings, status) => ("settings", settings::item(&settings, &status)),
        Subject::Customer(c, status) => ("customer", customer::item(context, &c, &status)),
        Subject::Tunnel(t, status) => ("tunnel", tunnel::item(context, &t, &status)),
        Subject::Route(r) => ("route", route::item(context, &r)),
        Subject::Device(d) => ("device", device::item(context, &d)),
        Subject::Port(port, status) => ("port", port::item(context, &port, &status)),
        Subject::Service(service, status) => ("service", service::item(context, &service, &status)),
        Subject::Server(server, status) => ("server", server::item(context, &server, &status)),
        Subject::Binding(binding, status) => ("binding", binding::item(context, &binding, &status)),
    }
}

/// A time in UTC, to the microsecond. Days to a date by counting years from March, so
/// that the leap day is the last of its year.
pub fn iso_8601(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let (days, seconds) = (since.as_secs() / 86400, since.as_secs() % 86400);
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = (march_month + 2) % 12 + 1;
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let micros = since.subsec_micros();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        let at = |seconds| iso_8601(UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(at(0), "1970-01-01T00:00:00.000000Z");
        assert_eq!(at(951_782_400), "2000-02-29T00:00:00.000000Z");
        assert_eq!(at(951_868_799), "2000-02-29T23:59:59.000000Z");
        assert_eq!(at(1_795_262_773), "2026-11-21T12:06:13.000000Z");
        assert_eq!(at(4_107_542_400), "2100-03-01T00:00:00.000000Z");
    }
}
