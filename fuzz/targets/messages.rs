// SPDX-License-Identifier: GPL-2.0

//! Any answer is read or refused, and what was read is written and read again as the same.

#![no_main]

use std::fmt::Debug;

use libfuzzer_sys::fuzz_target;
use slr_netlink::message::Request;
use slr_netlink::wire::{Attributes, Writer};
use slr_netlink::{
    Counter, Counters, Event, Explanation, Flow, FlowFilter, Packet, PortOptions, ServerOptions,
    ServiceOptions, Settings, Timeouts, Unknown,
};

fn again<T: Attributes + PartialEq + Debug>(bytes: &[u8]) {
    if let Ok(value) = T::read(bytes) {
        let mut writer = Writer::default();
        value.put_all(&mut writer);
        assert_eq!(T::read(&writer.finish()).unwrap(), value);
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((&command, bytes)) = data.split_first() else {
        return;
    };
    again::<Counter>(bytes);
    again::<Counters>(bytes);
    again::<Flow>(bytes);
    again::<FlowFilter>(bytes);
    again::<Packet>(bytes);
    again::<PortOptions>(bytes);
    again::<ServerOptions>(bytes);
    again::<ServiceOptions>(bytes);
    again::<Settings>(bytes);
    again::<Timeouts>(bytes);
    again::<Unknown>(bytes);
    let _ = Explanation::parse(bytes);
    let attributes = bytes.to_vec();
    let _ = Event::parse(&Request {
        command,
        attributes,
    });
});
