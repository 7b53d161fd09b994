// SPDX-License-Identifier: GPL-2.0

//! Transmit queues of customers: an HTB queueing discipline on a device, with a class for each
//! customer that has a weight, which rtnetlink makes, changes and removes.
//!
//! The module marks a customer's packets with the number of the class, [`class_of`], so no filter
//! is needed. Each class may send its share of the rate whatever the others do, and what they leave
//! unused in proportion to the weights; within a class fq_codel keeps one flow from holding up another.

use std::collections::BTreeMap;

use netlink_packet_core::{NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE, NLM_F_REQUEST};
use nix::errno::Errno;
pub use slr_domain::domain::shape::{class_of, REST, REST_WEIGHT};
use slr_domain::domain::shape::{MAJOR, ROOT};

use crate::error::{refused, Error};
use crate::refusal::Refusal;
use crate::rtnetlink::{call, dump};
use crate::wire::{find, Value, Writer};

/// What the kernel calls them (`include/uapi/linux/rtnetlink.h`, `pkt_sched.h`).
const RTM_NEWQDISC: u16 = 36;
const RTM_DELQDISC: u16 = 37;
const RTM_GETQDISC: u16 = 38;
const RTM_NEWTCLASS: u16 = 40;
const RTM_DELTCLASS: u16 = 41;
const RTM_GETTCLASS: u16 = 42;
const TC_H_ROOT: u32 = 0xffff_ffff;
const TCA_KIND: u16 = 1;
const TCA_OPTIONS: u16 = 2;
const TCA_STATS2: u16 = 7;
const TCA_STATS_BASIC: u16 = 1;
const TCA_STATS_QUEUE: u16 = 3;
const TCA_HTB_PARMS: u16 = 1;
const TCA_HTB_INIT: u16 = 2;
const TCA_HTB_RATE64: u16 = 6;
const TCA_HTB_CEIL64: u16 = 7;
const TCA_FQ_CODEL_MEMORY_LIMIT: u16 = 9;
/// Sizes of `struct tcmsg`, `tc_ratespec` and `tc_htb_opt`.
const TCMSG: usize = 20;
const RATESPEC: usize = 12;
const HTB_OPT: usize = 44;
/// `TC_LINKLAYER_ETHERNET`: packets are as long as they are.
const ETHERNET: u8 = 1;
/// The version of HTB's interface.
const HTB_VERSION: u32 = 3;
/// Nanoseconds of a tick of the packet scheduler, `1 << PSCHED_SHIFT`.
const TICK: u64 = 64;
/// What a class may send at once, as a part of a second, and besides: a frame.
const BURST: u64 = 250;
const FRAME: u64 = 1600;
/// The most that a class sends in its turn of what others leave.
const QUANTUM_MAX: u64 = 200_000;
/// Memory of a queue, so that many do not take all there is.
const QUEUE_BYTES: u32 = 4 << 20;

/// A shaped device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Its index.
    pub ifindex: u32,
    /// What all classes may send together, in bytes a second.
    pub rate: u64,
}

/// What a class has sent, and what waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Queue {
    /// What it may send whatever the others do, in bytes a second.
    pub rate: u64,
    /// Bytes sent, with their link-layer headers.
    pub bytes: u64,
    /// Packets sent.
    pub packets: u32,
    /// Packets dropped.
    pub drops: u32,
    /// Bytes that wait.
    pub backlog: u32,
}

/// Numbers of customers and their weights.
pub type Weights = BTreeMap<u32, u32>;

/// Shapes a device that is not. With `force` it may have a root discipline of its own.
pub fn add(ifindex: u32, rate: u64, force: bool, weights: &Weights) -> Result<(), Error> {
    let exclusive = if force { NLM_F_REPLACE } else { NLM_F_EXCL };
    let mut attributes = Writer::default();
    "htb".to_owned().put(&mut attributes, TCA_KIND);
    attributes.nest(TCA_OPTIONS, |w| {
        let words = [HTB_VERSION, 10, REST, 0, 0];
        w.attr(TCA_HTB_INIT, &words.map(u32::to_ne_bytes).concat());
    });
    let made = send(
        RTM_NEWQDISC,
        NLM_F_CREATE | exclusive,
        Place {
            ifindex,
            handle: MAJOR << 16,
            parent: TC_H_ROOT,
        },
        attributes,
    );
    made.map_err(|error| match error.errno() {
        Some(number) if number == Errno::EEXIST as i32 => refused(Refusal {
            errno: number,
            text: Some("the device has a root qdisc that is not slr's; force replaces it".into()),
        }),
        _ => error,
    })?;
    update(Shape { ifindex, rate }, weights).inspect_err(|_| drop(del(ifindex)))
}

/// Ends the shaping of a device.
pub fn del(ifindex: u32) -> Result<(), Error> {
    let root = Place {
        ifindex,
        handle: MAJOR << 16,
        parent: TC_H_ROOT,
    };
    send(RTM_DELQDISC, 0, root, Writer::default())
}

/// Gives the classes of a shaped device their shares of the rate, makes those that lack and removes
/// those of customers without a weight. What waits in a queue that stays is not touched.
pub fn update(shape: Shape, weights: &Weights) -> Result<(), Error> {
    let present = queues(shape.ifindex)?;
    let sum: u64 = weights.values().map(|w| u64::from(*w)).sum::<u64>() + u64::from(REST_WEIGHT);
    let least = weights.values().copied().chain([REST_WEIGHT]).min();
    let least = u64::from(least.unwrap_or(REST_WEIGHT).max(1));
    let root = Class {
        rate: shape.rate,
        ceil: shape.rate,
        quantum: QUANTUM_MAX,
    };
    set_class(shape.ifindex, MAJOR << 16, ROOT, &root)?;
    let customers = weights.iter().map(|(id, weight)| (class_of(*id), *weight));
    for (minor, weight) in customers.chain([(REST, REST_WEIGHT)]) {
        let weight = u64::from(weight);
        let class = Class {
            rate: (u128::from(shape.rate) * u128::from(weight) / u128::from(sum)) as u64,
            ceil: shape.rate,
            quantum: (FRAME * weight / least).clamp(FRAME, QUANTUM_MAX),
        };
        set_class(shape.ifindex, (MAJOR << 16) | ROOT, minor, &class)?;
        if !present.contains_key(&minor) {
            set_leaf(shape.ifindex, minor)?;
        }
    }
    let is_unwanted = |minor: &&u32| {
        **minor != ROOT && **minor != REST && !weights.keys().any(|id| class_of(*id) == **minor)
    };
    for minor in present.keys().filter(is_unwanted) {
        let class = Place {
            ifindex: shape.ifindex,
            handle: (MAJOR << 16) | minor,
            parent: 0,
        };
        send(RTM_DELTCLASS, 0, class, Writer::default())?;
    }
    Ok(())
}

/// The devices of this namespace that are shaped.
pub fn list() -> Result<Vec<Shape>, Error> {
    let mut devices = Vec::new();
    dump(RTM_GETQDISC, &Place::default().header(), |qdisc| {
        if let Some((place, attributes)) = Place::read(qdisc) {
            let is_htb = find(attributes, TCA_KIND).is_some_and(|kind| kind.starts_with(b"htb"));
            if place.handle == MAJOR << 16 && place.parent == TC_H_ROOT && is_htb {
                devices.push(place.ifindex);
            }
        }
        Ok(())
    })?;
    let shape = |ifindex| -> Result<Shape, Error> {
        let rate = queues(ifindex)?.get(&ROOT).map_or(0, |queue| queue.rate);
        Ok(Shape { ifindex, rate })
    };
    devices.into_iter().map(shape).collect()
}

/// The classes of a shaped device, by the lower half of their numbers.
pub fn queues(ifindex: u32) -> Result<BTreeMap<u32, Queue>, Error> {
    let mut all = BTreeMap::new();
    let of_device = Place {
        ifindex,
        ..Place::default()
    };
    dump(RTM_GETTCLASS, &of_device.header(), |class| {
        if let Some((place, attributes)) = Place::read(class) {
            if place.handle >> 16 == MAJOR && place.ifindex == ifindex {
                all.insert(place.handle & 0xffff, read_queue(attributes));
            }
        }
        Ok(())
    })?;
    Ok(all)
}

/// What a class may send.
struct Class {
    rate: u64,
    ceil: u64,
    quantum: u64,
}

fn set_class(ifindex: u32, parent: u32, minor: u32, class: &Class) -> Result<(), Error> {
    let mut attributes = Writer::default();
    "htb".to_owned().put(&mut attributes, TCA_KIND);
    attributes.nest(TCA_OPTIONS, |w| {
        w.attr(TCA_HTB_PARMS, &parameters(class));
        for (id, rate) in [(TCA_HTB_RATE64, class.rate), (TCA_HTB_CEIL64, class.ceil)] {
            if rate > u32::MAX.into() {
                rate.put(w, id);
            }
        }
    });
    let place = Place {
        ifindex,
        handle: (MAJOR << 16) | minor,
        parent,
    };
    send(RTM_NEWTCLASS, NLM_F_CREATE, place, attributes)
}

fn set_leaf(ifindex: u32, minor: u32) -> Result<(), Error> {
    let mut attributes = Writer::default();
    "fq_codel".to_owned().put(&mut attributes, TCA_KIND);
    attributes.nest(TCA_OPTIONS, |w| {
        QUEUE_BYTES.put(w, TCA_FQ_CODEL_MEMORY_LIMIT)
    });
    let place = Place {
        ifindex,
        handle: 0,
        parent: (MAJOR << 16) | minor,
    };
    send(
        RTM_NEWQDISC,
        NLM_F_CREATE | NLM_F_REPLACE,
        place,
        attributes,
    )
}

/// `struct tc_htb_opt`.
fn parameters(class: &Class) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HTB_OPT);
    for rate in [class.rate, class.ceil] {
        bytes.extend([0, ETHERNET, 0, 0, 0, 0, 0, 0]);
        let rate = u32::try_from(rate.max(1)).unwrap_or(u32::MAX);
        bytes.extend(rate.to_ne_bytes());
    }
    let ticks = |rate: u64| {
        let burst = u128::from(rate / BURST + FRAME) * 1_000_000_000;
        let ticks = burst / u128::from(rate.max(1)) / u128::from(TICK);
        u32::try_from(ticks).unwrap_or(u32::MAX)
    };
    let quantum = class.quantum as u32;
    for word in [ticks(class.rate), ticks(class.ceil), quantum, 0, 0] {
        bytes.extend(word.to_ne_bytes());
    }
    bytes
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at + 4)?;
    Some(u32::from_ne_bytes(bytes.try_into().ok()?))
}

fn read_queue(attributes: &[u8]) -> Queue {
    let options = find(attributes, TCA_OPTIONS).unwrap_or_default();
    let parameters = find(options, TCA_HTB_PARMS).unwrap_or_default();
    let rate64 = find(options, TCA_HTB_RATE64).and_then(|rate| u64::get(rate).ok());
    let stats = find(attributes, TCA_STATS2).unwrap_or_default();
    let basic = find(stats, TCA_STATS_BASIC).unwrap_or_default();
    let queue = find(stats, TCA_STATS_QUEUE).unwrap_or_default();
    let bytes = basic.get(..8).and_then(|bytes| bytes.try_into().ok());
    Queue {
        rate: rate64.unwrap_or_else(|| word(parameters, RATESPEC - 4).unwrap_or(0).into()),
        bytes: bytes.map_or(0, u64::from_ne_bytes),
        packets: word(basic, 8).unwrap_or(0),
        backlog: word(queue, 4).unwrap_or(0),
        drops: word(queue, 8).unwrap_or(0),
    }
}

/// What `struct tcmsg` says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Place {
    ifindex: u32,
    handle: u32,
    parent: u32,
}

impl Place {
    fn header(&self) -> [u8; TCMSG] {
        let mut bytes = [0; TCMSG];
        bytes[4..8].copy_from_slice(&self.ifindex.to_ne_bytes());
        bytes[8..12].copy_from_slice(&self.handle.to_ne_bytes());
        bytes[12..16].copy_from_slice(&self.parent.to_ne_bytes());
        bytes
    }

    fn read(message: &[u8]) -> Option<(Self, &[u8])> {
        let (header, attributes) = message.split_at_checked(TCMSG)?;
        let place = Place {
            ifindex: word(header, 4)?,
            handle: word(header, 8)?,
            parent: word(header, 12)?,
        };
        Some((place, attributes))
    }
}

fn send(kind: u16, flags: u16, place: Place, attributes: Writer) -> Result<(), Error> {
    let mut body = place.header().to_vec();
    body.extend(attributes.finish());
    call(kind, NLM_F_REQUEST | NLM_F_ACK | flags, &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let place = Place {
            ifindex: 7,
            handle: (MAJOR << 16) | 3,
            parent: TC_H_ROOT,
        };
        let mut bytes = place.header().to_vec();
        assert_eq!(bytes.len(), TCMSG);
        let class = Class {
            rate: 2_500_000,
            ceil: 2_500_000,
            quantum: FRAME,
        };
        let parms = parameters(&class);
        assert_eq!(parms.len(), HTB_OPT);
        let mut attributes = Writer::default();
        attributes.nest(TCA_OPTIONS, |w| w.attr(TCA_HTB_PARMS, &parms));
        attributes.nest(TCA_STATS2, |w| {
            w.attr(
                TCA_STATS_BASIC,
                &[9, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0],
            );
            w.attr(TCA_STATS_QUEUE, &[0; 20]);
        });
        bytes.extend(attributes.finish());
        let (read, attributes) = Place::read(&bytes).unwrap();
        assert_eq!(read, place);
        let queue = read_queue(attributes);
        assert_eq!((queue.rate, queue.packets), (2_500_000, 2));
        assert!(Place::read(&bytes[..TCMSG - 1]).is_none());
    }

    #[test]
    fn fast_links_need_more_bits() {
        let fast = Class {
            rate: 12_500_000_000,
            ceil: 12_500_000_000,
            quantum: QUANTUM_MAX,
        };
        assert_eq!(word(&parameters(&fast), RATESPEC - 4), Some(u32::MAX));
        // Four milliseconds at any rate, and a frame.
        let ticks = word(&parameters(&fast), 2 * RATESPEC).unwrap();
        assert_eq!(ticks, 4_000_000 / TICK as u32 + 2);
    }
}
