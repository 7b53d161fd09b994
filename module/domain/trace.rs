// SPDX-License-Identifier: GPL-2.0

//! What `slr trace` tells of a packet: the steps that it took, and which packets are asked for.

use super::addr::{Addr, Proto};

/// How many steps of a packet are kept: more than one takes that is not taken apart on its way.
pub const STEPS_MAX: usize = 24;

/// Where a packet has come to. The numbers are those of the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Stage {
    /// It came in by a device.
    Arrived = 0,
    /// It is a tunnel's, whose customer it belongs to from here on.
    Tunnel = 1,
    /// It is an IP packet in the context of a customer.
    Packet = 2,
    /// It is of a flow; the ends are those beyond slr.
    Flow = 3,
    /// It opened a flow.
    Opened = 4,
    /// Its ends are others now.
    Rewritten = 5,
    /// The customer's own routes lead it on.
    Routed = 6,
    /// It enters a tunnel.
    Encapsulated = 7,
    /// It was handed to a device, for the neighbour that is its destination.
    Sent = 8,
    /// It goes up into the stack, by an slr device or as the gateway's own.
    Received = 9,
    /// It is a fragment that waits for the others.
    Queued = 10,
    /// Its sender is told something.
    Answered = 11,
    /// It is dropped.
    Dropped = 12,
    /// It is left to the host stack.
    Passed = 13,
}

impl Stage {
    /// The number in the specification.
    pub const fn number(self) -> u32 {
        self as u32
    }

    /// The name in the specification.
    pub const fn name(self) -> &'static str {
        match self {
            Stage::Arrived => "arrived",
            Stage::Tunnel => "tunnel",
            Stage::Packet => "packet",
            Stage::Flow => "flow",
            Stage::Opened => "opened",
            Stage::Rewritten => "rewritten",
            Stage::Routed => "routed",
            Stage::Encapsulated => "encapsulated",
            Stage::Sent => "sent",
            Stage::Received => "received",
            Stage::Queued => "queued",
            Stage::Answered => "answered",
            Stage::Dropped => "dropped",
            Stage::Passed => "passed",
        }
    }
}

/// A packet as its headers have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// Transport protocol.
    pub proto: Proto,
    /// Source address and port.
    pub src: (Addr, u16),
    /// Destination address and port.
    pub dst: (Addr, u16),
}

/// One step of a packet; what is not known at a stage is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Where it has come to.
    pub stage: Stage,
    /// Nanoseconds since it arrived.
    pub after: u32,
    /// The context that it is in.
    pub customer: u32,
    /// What its headers have.
    pub view: Option<View>,
    /// The device, 0 if none.
    pub ifindex: u32,
    /// The slr device, by the name that it was made with: where it is now, `ifindex` may be
    /// another's.
    pub device: Option<[u8; 16]>,
    /// The tunnel.
    pub tunnel: Option<u32>,
    /// Why it goes no further.
    pub reason: Option<&'static str>,
}

impl Step {
    /// One of which nothing else is known yet.
    pub const fn new(stage: Stage, customer: u32) -> Self {
        Step {
            stage,
            after: 0,
            customer,
            view: None,
            ifindex: 0,
            device: None,
            tunnel: None,
            reason: None,
        }
    }
}

/// Addresses that are asked for.
pub type Prefix = (Addr, u8);

/// Which packets are asked for; what is not given asks for all.
///
/// Addresses, ports and protocol must all be those of one step: of the packet as it came, or as it
/// was inside a tunnel, or as it was rewritten. The others may be those of any step each.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter {
    /// Context that the packet comes through.
    pub customer: Option<u32>,
    /// Protocol.
    pub proto: Option<Proto>,
    /// Source address.
    pub src: Option<Prefix>,
    /// Destination address.
    pub dst: Option<Prefix>,
    /// Source or destination address.
    pub host: Option<Prefix>,
    /// Source port.
    pub sport: Option<u16>,
    /// Destination port.
    pub dport: Option<u16>,
    /// Source or destination port.
    pub port: Option<u16>,
    /// Tunnel that it comes out of or enters.
    pub tunnel: Option<u32>,
    /// Device that it comes in or leaves by.
    pub ifindex: Option<u32>,
    /// Why it is dropped or passed.
    pub reason: Option<&'static str>,
    /// Only what is dropped.
    pub drops: bool,
}

impl Filter {
    /// Whether a packet that took these steps is asked for.
    pub fn selects(&self, steps: &[Step]) -> bool {
        fn any<T: PartialEq>(
            steps: &[Step],
            wanted: Option<T>,
            of: impl Fn(&Step) -> Option<T>,
        ) -> bool {
            wanted.is_none_or(|wanted| steps.iter().any(|step| of(step).as_ref() == Some(&wanted)))
        }
        any(steps, self.customer, |step| Some(step.customer))
            && any(steps, self.tunnel, |step| step.tunnel)
            && any(steps, self.ifindex, |step| Some(step.ifindex))
            && any(steps, self.reason, |step| step.reason)
            && any(steps, self.drops.then_some(Stage::Dropped), |step| {
                Some(step.stage)
            })
            && (self.is_of_any_view()
                || steps
                    .iter()
                    .filter_map(|step| step.view.as_ref())
                    .any(|view| self.matches(view)))
    }

    /// Whether packets without an IP header may be asked for.
    fn is_of_any_view(&self) -> bool {
        let Filter {
            proto,
            src,
            dst,
            host,
            sport,
            dport,
            port,
            ..
        } = self;
        proto.is_none()
            && [src, dst, host].iter().all(|prefix| prefix.is_none())
            && [sport, dport, port].iter().all(|port| port.is_none())
    }

    fn matches(&self, view: &View) -> bool {
        fn is<T: PartialEq>(wanted: Option<T>, value: T) -> bool {
            wanted.is_none_or(|wanted| wanted == value)
        }
        let is_in = |wanted: Option<Prefix>, addr: Addr| {
            wanted.is_none_or(|(prefix, len)| addr.is_in(prefix, len))
        };
        let (src, dst) = (view.src, view.dst);
        is(self.proto, view.proto)
            && is_in(self.src, src.0)
            && is_in(self.dst, dst.0)
            && (is_in(self.host, src.0) || is_in(self.host, dst.0))
            && is(self.sport, src.1)
            && is(self.dport, dst.1)
            && (is(self.port, src.1) || is(self.port, dst.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Addr = Addr::V4([10, 0, 0, 2]);
    const B: Addr = Addr::V4([10, 0, 1, 10]);
    const V: Addr = Addr::V4([203, 0, 113, 1]);

    /// A packet of customer 7 out of tunnel 3, rewritten, dropped.
    fn steps() -> [Step; 4] {
        let view = |src, dst| {
            Some(View {
                proto: Proto::TCP,
                src,
                dst,
            })
        };
        [
            Step {
                ifindex: 2,
                ..Step::new(Stage::Arrived, 0)
            },
            Step {
                tunnel: Some(3),
                view: view((A, 40000), (V, 80)),
                ..Step::new(Stage::Packet, 7)
            },
            Step {
                view: view((A, 40000), (B, 8080)),
                ..Step::new(Stage::Rewritten, 7)
            },
            Step {
                reason: Some("no-route"),
                ..Step::new(Stage::Dropped, 7)
            },
        ]
    }

    #[test]
    fn everything_is_asked_for() {
        assert!(Filter::default().selects(&steps()));
        assert!(Filter::default().selects(&[]));
    }

    #[test]
    fn each_part_selects() {
        let all = Filter::default();
        for (filter, wanted) in [
            (
                Filter {
                    customer: Some(7),
                    ..all
                },
                true,
            ),
            (
                Filter {
                    customer: Some(0),
                    ..all
                },
                true,
            ),
            (
                Filter {
                    customer: Some(8),
                    ..all
                },
                false,
            ),
            (
                Filter {
                    tunnel: Some(3),
                    ..all
                },
                true,
            ),
            (
                Filter {
                    tunnel: Some(4),
                    ..all
                },
                false,
            ),
            (
                Filter {
                    ifindex: Some(2),
                    ..all
                },
                true,
            ),
            (
                Filter {
                    ifindex: Some(1),
                    ..all
                },
                false,
            ),
            (
                Filter {
                    reason: Some("no-route"),
                    ..all
                },
                true,
            ),
            (
                Filter {
                    reason: Some("spoof"),
                    ..all
                },
                false,
            ),
            (Filter { drops: true, ..all }, true),
            (
                Filter {
                    proto: Some(Proto::TCP),
                    ..all
                },
                true,
            ),
            (
                Filter {
                    proto: Some(Proto::UDP),
                    ..all
                },
                false,
            ),
            (
                Filter {
                    src: Some((A, 24)),
                    ..all
                },
                true,
            ),
            (
                Filter {
                    src: Some((V, 24)),
                    ..all
                },
                false,
            ),
            (
                Filter {
                    dst: Some((B, 32)),
                    ..all
                },
                true,
            ),
            (
                Filter {
                    host: Some((A, 32)),
                    ..all
                },
                true,
            ),
            (
                Filter {
                    host: Some((V, 32)),
                    ..all
                },
                true,
            ),
            (
                Filter {
                    sport: Some(40000),
                    ..all
                },
                true,
            ),
            (
                Filter {
                    dport: Some(40000),
                    ..all
                },
                false,
            ),
            (
                Filter {
                    port: Some(8080),
                    ..all
                },
                true,
            ),
        ] {
            assert_eq!(filter.selects(&steps()), wanted, "{filter:?}");
        }
        let unharmed = &steps()[..3];
        assert!(!Filter { drops: true, ..all }.selects(unharmed));
    }

    #[test]
    fn ends_are_those_of_one_step() {
        let all = Filter::default();
        let before = Filter {
            dst: Some((V, 32)),
            dport: Some(80),
            ..all
        };
        let mixed = Filter {
            dst: Some((V, 32)),
            dport: Some(8080),
            ..all
        };
        assert!(before.selects(&steps()));
        assert!(!mixed.selects(&steps()));
    }
}
