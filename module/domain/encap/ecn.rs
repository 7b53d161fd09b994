// SPDX-License-Identifier: GPL-2.0

//! Congestion marks across a tunnel (RFC 6040), and the class beside them.
//!
//! The last two bits of the type of service or traffic class say whether the ends
//! understand congestion marks and whether there was congestion. Inside a tunnel
//! routers see the outer header only, so the mark goes out with the packet and
//! back in at the end. All tunnels of slr use the normal mode of the RFC.

use crate::domain::bytes;
use crate::domain::packet::checksum::{self, Delta};

/// The two bits of the mark.
pub const MASK: u8 = 3;
/// The ends do not take marks: congestion is told by a loss.
pub const NOT_ECT: u8 = 0;
/// The ends take marks, kind 1.
pub const ECT1: u8 = 1;
/// The ends take marks, kind 0.
pub const ECT0: u8 = 2;
/// There was congestion.
pub const CE: u8 = 3;

/// A packet met congestion in the tunnel and its ends would not learn of it by a mark: it is to be
/// dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Congested;

/// The outer type of service of a packet with `inner`; `dscp`, six bits, replaces its class.
///
/// RFC 6040, figure 3: the normal mode copies the mark.
#[inline]
pub const fn encapsulate(inner: u8, dscp: Option<u8>) -> u8 {
    match dscp {
        Some(dscp) => (dscp << 2) | (inner & MASK),
        None => inner,
    }
}

/// The inner type of service of a packet that came with `outer` around it.
///
/// RFC 6040, figure 4. The class of the outer header ends with the tunnel.
#[inline]
pub const fn decapsulate(outer: u8, inner: u8) -> Result<u8, Congested> {
    let mark = match (inner & MASK, outer & MASK) {
        (NOT_ECT, CE) => return Err(Congested),
        (NOT_ECT, _) => NOT_ECT,
        (_, CE) => CE,
        (ECT0, ECT1) => ECT1,
        (mark, _) => mark,
    };
    Ok((inner & !MASK) | mark)
}

/// The type of service or traffic class of the IP header that `packet` begins with.
pub fn read(packet: &[u8]) -> Option<u8> {
    let &[first, second, ..] = packet else {
        return None;
    };
    match first >> 4 {
        4 => Some(second),
        6 => Some((first << 4) | (second >> 4)),
        _ => None,
    }
}

/// Writes the type of service or traffic class of the IP header that `packet` begins with.
///
/// `None`, and nothing written, if there is no whole header.
pub fn write(packet: &mut [u8], tos: u8) -> Option<()> {
    match packet.first()? >> 4 {
        4 => {
            let header: &mut [u8; 20] = bytes::chunk_mut(packet, 0)?;
            let old = [header[0], header[1]];
            header[1] = tos;
            let delta = Delta::new().field(old, [old[0], tos]);
            checksum::update(header, 10, |check| delta.apply(check))
        }
        6 => {
            let header: &mut [u8; 40] = bytes::chunk_mut(packet, 0)?;
            header[0] = (header[0] & 0xf0) | (tos >> 4);
            header[1] = (header[1] & 0x0f) | (tos << 4);
            Some(())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::addr::{Proto, V4, V6};
    use crate::domain::packet::{parse_v4, parse_v6, Header, Network};

    /// Figure 4 as it is printed: a row for each inner mark, a column for each outer one, in the
    /// order Not-ECT, ECT(0), ECT(1), CE. None is a drop.
    const FIGURE_4: [(u8, [Option<u8>; 4]); 4] = [
        (NOT_ECT, [Some(NOT_ECT), Some(NOT_ECT), Some(NOT_ECT), None]),
        (ECT0, [Some(ECT0), Some(ECT0), Some(ECT1), Some(CE)]),
        (ECT1, [Some(ECT1), Some(ECT1), Some(ECT1), Some(CE)]),
        (CE, [Some(CE), Some(CE), Some(CE), Some(CE)]),
    ];

    #[test]
    fn decapsulation_follows_figure_4() {
        for (inner, row) in FIGURE_4 {
            for (outer, want) in [NOT_ECT, ECT0, ECT1, CE].into_iter().zip(row) {
                for class in [0, 0x28, 0xb8, 0xfc] {
                    let got = decapsulate(0x58 | outer, class | inner);
                    assert_eq!(got.ok(), want.map(|mark| class | mark));
                }
            }
        }
    }

    #[test]
    fn encapsulation_follows_figure_3() {
        for inner in 0..=255 {
            assert_eq!(encapsulate(inner, None), inner);
            assert_eq!(encapsulate(inner, Some(46)), (46 << 2) | (inner & MASK));
        }
    }

    #[test]
    fn a_mark_is_written_with_its_checksum() {
        fn packet<A: Network>(src: A, dst: A) -> Vec<u8> {
            let mut out = vec![0; A::HEADER + 8];
            let header = Header {
                src,
                dst,
                proto: Proto::UDP,
                ttl: 9,
                tos: 0xb8 | ECT0,
            };
            A::write_header(&header, 8, &mut out).unwrap();
            out
        }
        let mut four = packet(V4([10, 0, 0, 1]), V4([10, 0, 0, 2]));
        write(&mut four, 0xb8 | CE).unwrap();
        assert_eq!(parse_v4(&four, four.len()).unwrap().tos, 0xb8 | CE);
        assert_eq!(read(&four), Some(0xb8 | CE));
        let mut six = packet(V6([1; 16]), V6([2; 16]));
        write(&mut six, 0x47).unwrap();
        let parsed = parse_v6(&six, six.len()).unwrap();
        assert_eq!((parsed.tos, parsed.src), (0x47, V6([1; 16])));
        assert_eq!(
            (read(&six), read(&[0x45]), read(&[0, 0])),
            (Some(0x47), None, None)
        );
        assert_eq!(six[0] >> 4, 6);
        for bad in [
            &mut [][..],
            &mut [0x45; 19],
            &mut [0x60; 39],
            &mut [0x70; 60],
        ] {
            let before = bad.to_vec();
            assert_eq!(write(bad, 1), None);
            assert_eq!(bad, before);
        }
    }
}
