// SPDX-License-Identifier: GPL-2.0

//! Rates against what they promise, with processors that come in any order.

use proptest::prelude::*;
use slr_domain::domain::meter::{Rate, RATE_MAX};

const SECOND: u64 = 1_000_000_000;

/// What the module does with a rate: a shared number, and what each processor has left.
struct Bucket {
    rate: Rate,
    full_at: u64,
    credits: Vec<u64>,
}

impl Bucket {
    /// As `Meter::take` of the module.
    fn take(&mut self, processor: usize, now: u64, units: u64) -> bool {
        let credit = self.credits[processor];
        if credit < units {
            let ask = self.rate.ask(credit, units);
            let Some(full_at) = self.rate.take(self.full_at, now, ask) else {
                return false;
            };
            self.full_at = full_at;
            self.credits[processor] = credit + ask - units;
        } else {
            self.credits[processor] = credit - units;
        }
        true
    }
}

fn rates() -> impl Strategy<Value = u64> {
    prop_oneof![
        1u64..100,
        1_000u64..10_000_000,
        10_000_000u64..=50_000_000_000,
        Just(1),
        Just(RATE_MAX)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// No more passes in any stretch of time than the rate and the excess that is promised.
    #[test]
    fn never_too_much(
        per_second in rates(),
        tenths in 1u64..20,
        processors in 1u32..9,
        start in 0u64..100 * SECOND,
        packets in prop::collection::vec((0u64..400_000_000, 1u64..70_000, 0usize..8), 1..300),
    ) {
        let burst = per_second / 10 * tenths;
        let rate = Rate::new(per_second, burst, processors).unwrap();
        let mut bucket = Bucket { rate, full_at: 0, credits: vec![0; processors as usize] };
        let largest = packets.iter().map(|(_, units, _)| *units).max().unwrap();
        let (mut now, mut passed) = (start, Vec::new());
        for (wait, units, processor) in packets {
            now += wait;
            if bucket.take(processor % processors as usize, now, units) {
                passed.push((now, units));
            }
        }
        let excess = u128::from(rate.excess(processors, largest));
        for from in 0..passed.len() {
            let mut sum = 0u128;
            for (at, units) in &passed[from..] {
                sum += u128::from(*units);
                let time = u128::from(at - passed[from].0);
                let most = u128::from(per_second) * time / u128::from(SECOND) + 1 + excess;
                prop_assert!(sum <= most, "{sum} of at most {most}");
            }
        }
        // The promise is worth something.
        let batch = u128::from(rate.ask(0, 1));
        // A nanosecond at the rate is lost to rounding.
        let burst = u128::from(burst.max(1)) + u128::from(per_second / SECOND) + 1;
        prop_assert!(excess <= burst + 1 + u128::from(processors) * batch + u128::from(largest).max(batch));
        prop_assert!(batch == 1 || u128::from(processors) * batch <= burst / 8 + 1);
    }

    /// Who always has something to send gets the rate, however the processors take turns.
    #[test]
    fn never_too_little(
        per_second in 10_000u64..50_000_000_000,
        processors in 1u32..5,
        turns in prop::collection::vec(0usize..4, 500..1000),
    ) {
        let rate = Rate::new(per_second, per_second / 10, processors).unwrap();
        let mut bucket = Bucket { rate, full_at: 0, credits: vec![0; processors as usize] };
        // Ten milliseconds a turn, in each of which twice as much comes as may pass.
        let (step, units) = (10_000_000, per_second / 100);
        let offered = (per_second / 50).div_ceil(units);
        let (mut now, mut passed) = (SECOND, 0u64);
        for processor in &turns {
            now += step;
            for _ in 0..offered {
                passed += u64::from(bucket.take(processor % processors as usize, now, units)) * units;
            }
        }
        let time = u128::from(now - SECOND - step);
        let due = (u128::from(per_second) * time / u128::from(SECOND)) as u64;
        let lost = due / 10_000 + u64::from(processors) * rate.ask(0, 1) + units;
        prop_assert!(passed + lost >= due, "{passed} of {due}, less {lost}");
    }
}
