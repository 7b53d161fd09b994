// SPDX-License-Identifier: GPL-2.0

//! Attributes as bytes: what every structure of this crate is written and read with.
//!
//! [`attributes!`] states a structure once, field by field with its number in the spec,
//! and derives both directions from that. Unknown attributes are skipped when reading, so
//! a newer module does not break an older command.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use netlink_packet_core::{DecodeError, NlasIterator, NLA_F_NESTED, NLA_HEADER_SIZE};

use crate::uapi;

/// Collects attributes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    /// One attribute of that payload.
    pub fn attr(&mut self, id: u16, payload: &[u8]) {
        let start = self.open(id);
        self.bytes.extend_from_slice(payload);
        self.close(start);
    }

    /// One attribute that holds others.
    pub fn nest(&mut self, id: u16, fill: impl FnOnce(&mut Self)) {
        let start = self.open(id | NLA_F_NESTED);
        fill(self);
        self.close(start);
    }

    /// What was collected.
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }

    fn open(&mut self, kind: u16) -> usize {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[0, 0]);
        self.bytes.extend_from_slice(&kind.to_ne_bytes());
        start
    }

    /// Fills in the length. The longest attribute of the spec is some hundred bytes; a
    /// longer one than 16 bits can say is cut off at the limit and refused by the kernel.
    fn close(&mut self, start: usize) {
        let length = u16::try_from(self.bytes.len() - start).unwrap_or(u16::MAX);
        self.bytes[start..start + 2].copy_from_slice(&length.to_ne_bytes());
        self.bytes
            .resize(self.bytes.len().next_multiple_of(NLA_HEADER_SIZE), 0);
    }
}

/// The payload of one attribute.
pub trait Value: Sized + Clone + PartialEq {
    /// Writes it under that number.
    fn put(&self, writer: &mut Writer, id: u16);
    /// Reads it.
    fn get(payload: &[u8]) -> Result<Self, DecodeError>;

    /// Itself, and of `base` what it does not give.
    fn onto(self, base: &Self) -> Self {
        let _ = base;
        self
    }

    /// What of it differs from `base`, if anything does.
    fn without(&self, base: &Self) -> Option<Self> {
        (self != base).then(|| self.clone())
    }
}

/// A structure that is a space of attributes.
pub trait Attributes: Default {
    /// Writes all that is given.
    fn put_all(&self, writer: &mut Writer);
    /// Takes one attribute; what it does not know it leaves.
    fn take(&mut self, id: u16, payload: &[u8]) -> Result<(), DecodeError>;

    /// Reads all of them.
    fn read(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut all = Self::default();
        each(bytes, |id, payload| all.take(id, payload))?;
        Ok(all)
    }
}

/// Calls `visit` with the number and payload of each attribute.
pub fn each<'a>(
    bytes: &'a [u8],
    mut visit: impl FnMut(u16, &'a [u8]) -> Result<(), DecodeError>,
) -> Result<(), DecodeError> {
    let mut start = 0;
    for nla in NlasIterator::new(bytes) {
        let nla = nla?;
        let length = usize::from(nla.length());
        visit(nla.kind(), &bytes[start + NLA_HEADER_SIZE..start + length])?;
        start += length.next_multiple_of(NLA_HEADER_SIZE);
    }
    Ok(())
}

/// The payload of the first attribute of that number.
pub fn find(bytes: &[u8], wanted: u16) -> Option<&[u8]> {
    let mut found = None;
    // What cannot be read ends the search; what came before it counts.
    let _ = each(bytes, |id, payload| {
        if id == wanted && found.is_none() {
            found = Some(payload);
        }
        Ok(())
    });
    found
}

/// The values of all attributes of that number, in order.
pub fn all<T: Value>(bytes: &[u8], wanted: u16) -> Result<Vec<T>, DecodeError> {
    let mut values = Vec::new();
    each(bytes, |id, payload| {
        if id == wanted {
            values.push(T::get(payload)?);
        }
        Ok(())
    })?;
    Ok(values)
}

macro_rules! number {
    ($($type:ty),*) => {$(
        impl Value for $type {
            fn put(&self, writer: &mut Writer, id: u16) {
                writer.attr(id, &self.to_ne_bytes());
            }
            fn get(payload: &[u8]) -> Result<Self, DecodeError> {
                let size = size_of::<Self>();
                let bytes = payload
                    .try_into()
                    .map_err(|_| DecodeError::invalid_number(size, payload.len()))?;
                Ok(Self::from_ne_bytes(bytes))
            }
        }
    )*};
}
number!(u8, u16, u32, u64);

impl Value for bool {
    fn put(&self, writer: &mut Writer, id: u16) {
        u8::from(*self).put(writer, id);
    }
    fn get(payload: &[u8]) -> Result<Self, DecodeError> {
        Ok(u8::get(payload)? != 0)
    }
}

impl Value for String {
    fn put(&self, writer: &mut Writer, id: u16) {
        let mut bytes = self.clone().into_bytes();
        bytes.push(0);
        writer.attr(id, &bytes);
    }
    fn get(payload: &[u8]) -> Result<Self, DecodeError> {
        let end = payload
            .iter()
            .position(|b| *b == 0)
            .unwrap_or(payload.len());
        Ok(String::from_utf8_lossy(&payload[..end]).into_owned())
    }
}

impl Value for IpAddr {
    fn put(&self, writer: &mut Writer, id: u16) {
        match self {
            IpAddr::V4(address) => writer.attr(id, &address.octets()),
            IpAddr::V6(address) => writer.attr(id, &address.octets()),
        }
    }
    fn get(payload: &[u8]) -> Result<Self, DecodeError> {
        if let Ok(bytes) = <[u8; 4]>::try_from(payload) {
            Ok(Ipv4Addr::from(bytes).into())
        } else if let Ok(bytes) = <[u8; 16]>::try_from(payload) {
            Ok(Ipv6Addr::from(bytes).into())
        } else {
            Err(DecodeError::invalid_ip_address(payload.len()))
        }
    }
}

macro_rules! enumeration {
    ($($type:ident, $table:ident;)*) => {$(
        impl Value for uapi::$type {
            fn put(&self, writer: &mut Writer, id: u16) {
                self.value().put(writer, id);
            }
            fn get(payload: &[u8]) -> Result<Self, DecodeError> {
                let value = u32::get(payload)?;
                Self::from_value(value).ok_or_else(|| {
                    format!("{} {value}, which is newer than this command", uapi::$table.name)
                        .into()
                })
            }
        }
        impl serde::Serialize for uapi::$type {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.name())
            }
        }
    )*};
}
enumeration! {
    Action, ACTION_ENUM;
    AdminState, ADMIN_STATE_ENUM;
    Condition, CONDITION_ENUM;
    CounterKind, COUNTER_KIND_ENUM;
    Fate, FATE_ENUM;
    TraceStage, TRACE_STAGE_ENUM;
    FlowState, FLOW_STATE_ENUM;
    Method, METHOD_ENUM;
    Scheduler, SCHEDULER_ENUM;
    Side, SIDE_ENUM;
    Guard, GUARD_ENUM;
    OwnGuard, OWN_GUARD_ENUM;
    RouteAction, ROUTE_ACTION_ENUM;
    SnatMode, SNAT_MODE_ENUM;
    TunnelDf, TUNNEL_DF_ENUM;
    TunnelType, TUNNEL_TYPE_ENUM;
}

/// States a space of attributes: a structure of optional fields, its JSON form, and both
/// directions of its wire form.
#[macro_export]
macro_rules! attributes {
    (
        $(#[$meta:meta])*
        $name:ident: $set:ident {
            $($(#[$field_meta:meta])* $field:ident: $type:ty = $id:ident,)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
        #[serde(rename_all = "kebab-case")]
        pub struct $name {
            $(
                $(#[$field_meta])*
                #[serde(skip_serializing_if = "Option::is_none")]
                pub $field: Option<$type>,
            )*
        }

        impl $crate::wire::Attributes for $name {
            fn put_all(&self, writer: &mut $crate::wire::Writer) {
                $(if let Some(value) = &self.$field {
                    $crate::wire::Value::put(value, writer, $crate::uapi::attr::$set::$id);
                })*
            }
            fn take(
                &mut self,
                id: u16,
                payload: &[u8],
            ) -> Result<(), netlink_packet_core::DecodeError> {
                match id {
                    $($crate::uapi::attr::$set::$id => {
                        self.$field = Some($crate::wire::Value::get(payload)?);
                    })*
                    _ => {}
                }
                Ok(())
            }
        }

        impl $crate::wire::Value for $name {
            fn put(&self, writer: &mut $crate::wire::Writer, id: u16) {
                writer.nest(id, |w| $crate::wire::Attributes::put_all(self, w));
            }
            fn get(payload: &[u8]) -> Result<Self, netlink_packet_core::DecodeError> {
                $crate::wire::Attributes::read(payload)
            }
            fn onto(self, base: &Self) -> Self {
                Self {
                    $($field: match (self.$field, &base.$field) {
                        (Some(own), Some(base)) => Some($crate::wire::Value::onto(own, base)),
                        (own, base) => own.or_else(|| base.clone()),
                    },)*
                }
            }
            fn without(&self, base: &Self) -> Option<Self> {
                let left = Self {
                    $($field: match (&self.$field, &base.$field) {
                        (Some(own), Some(base)) => $crate::wire::Value::without(own, base),
                        (own, _) => own.clone(),
                    },)*
                };
                (left != Self::default()).then_some(left)
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_endian = "little")]
    fn attributes_are_padded_and_nested() {
        let mut w = Writer::default();
        7u8.put(&mut w, 3);
        w.nest(1, |w| "eth0".to_string().put(w, 2));
        assert_eq!(
            w.finish(),
            [
                5, 0, 3, 0, 7, 0, 0, 0, // u8 and its padding
                16, 0, 1, 0x80, 9, 0, 2, 0, b'e', b't', b'h', b'0', 0, 0, 0, 0,
            ]
        );
    }

    #[test]
    fn values_come_back() {
        fn same<T: Value + PartialEq + std::fmt::Debug>(value: T) {
            let mut w = Writer::default();
            value.put(&mut w, 9);
            let bytes = w.finish();
            assert_eq!(T::get(find(&bytes, 9).unwrap()).unwrap(), value);
        }
        same(0xa5u8);
        same(0xa55au16);
        same(0xdead_beefu32);
        same(u64::MAX - 5);
        same(true);
        same("wlan0".to_string());
        same("192.0.2.1".parse::<IpAddr>().unwrap());
        same("2001:db8::1".parse::<IpAddr>().unwrap());
        same(uapi::Scheduler::Maglev);
    }

    #[test]
    fn layers() {
        use crate::object::service::{ServiceOptions, Timeouts};
        let base = ServiceOptions {
            persist: Some(0),
            timeouts: Some(Timeouts {
                syn: Some(10),
                fin: Some(20),
                ..Timeouts::default()
            }),
            ..ServiceOptions::default()
        };
        let mut own = ServiceOptions {
            timeouts: Some(Timeouts {
                syn: Some(11),
                ..Timeouts::default()
            }),
            ..ServiceOptions::default()
        };
        let full = own.clone().onto(&base);
        assert_eq!(full.persist, Some(0));
        assert_eq!(full.timeouts.unwrap().fin, Some(20));
        assert_eq!(full.without(&base), Some(own.clone()));
        assert_eq!(base.without(&base), None);
        own.persist = Some(5);
        assert_eq!(own.without(&full).unwrap().persist, Some(5));
    }

    #[test]
    fn hostile_bytes_are_refused() {
        assert!(u32::get(&[1, 2]).is_err());
        assert!(IpAddr::get(&[1, 2, 3]).is_err());
        assert!(uapi::Side::get(&99u32.to_ne_bytes()).is_err());
        assert!(each(&[2, 0, 1, 0], |_, _| Ok(())).is_err());
        assert!(each(&[40, 0, 1, 0, 1], |_, _| Ok(())).is_err());
        assert!(each(&[8, 0, 1], |_, _| Ok(())).is_err());
    }
}
