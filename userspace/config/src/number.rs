// SPDX-License-Identifier: GPL-2.0

//! Numbers and times as text.

/// A number of 32 bits.
pub fn count(text: &str) -> Result<u32, String> {
    let number = text.parse::<u64>();
    match number {
        Ok(number) => number
            .try_into()
            .map_err(|_| format!("{text} is more than {}", u32::MAX)),
        Err(_) => Err(format!("\"{text}\" is not a number")),
    }
}

/// Units of time and their seconds, longest first.
const UNITS: [(char, u64); 4] = [('d', 86400), ('h', 3600), ('m', 60), ('s', 1)];

/// A time in seconds: a number, or numbers with units as in `1h30m`.
pub fn seconds(text: &str) -> Result<u32, String> {
    let wrong = || format!("\"{text}\" is not a time: use seconds, or as in 90s, 15m, 2h, 1d");
    let total = if text.bytes().all(|b| b.is_ascii_digit()) {
        text.parse::<u64>().map_err(|_| wrong())?
    } else {
        let mut total = 0u64;
        for part in text.split_inclusive(|c: char| !c.is_ascii_digit()) {
            let (_, unit) = UNITS
                .iter()
                .find(|(unit, _)| part.ends_with(*unit))
                .ok_or_else(wrong)?;
            let number: u64 = part[..part.len() - 1].parse().map_err(|_| wrong())?;
            total = number
                .checked_mul(*unit)
                .and_then(|part| total.checked_add(part))
                .ok_or_else(wrong)?;
        }
        total
    };
    total
        .try_into()
        .map_err(|_| format!("{text} is more than {} seconds", u32::MAX))
}

/// A time for people, in its two greatest units: `14m50s`.
pub fn show_seconds(mut seconds: u64) -> String {
    let mut text = String::new();
    let mut parts = 0;
    for (unit, size) in UNITS {
        let number = seconds / size;
        if number != 0 && parts < 2 {
            text += &format!("{number}{unit}");
        }
        parts += usize::from(number != 0 || parts != 0);
        seconds %= size;
    }
    if text.is_empty() {
        text = "0s".into();
    }
    text
}

/// A time of microseconds for people.
pub fn show_microseconds(time: u32) -> String {
    match time {
        0..1_000 => format!("{time}us"),
        1_000..1_000_000 => format!("{:.1}ms", f64::from(time) / 1e3),
        _ => format!("{:.1}s", f64::from(time) / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        assert_eq!(seconds("90"), Ok(90));
        assert_eq!(seconds("90s"), Ok(90));
        assert_eq!(seconds("15m"), Ok(900));
        assert_eq!(seconds("1h30m"), Ok(5400));
        assert_eq!(seconds("2d"), Ok(172_800));
        for wrong in ["", "m", "1x", "1h30", "-1", "1.5h", "99999999999", "1é"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
        assert!(seconds("99999999999999999d").is_err());
    }

    #[test]
    fn times_for_people() {
        assert_eq!(show_seconds(0), "0s");
        assert_eq!(show_seconds(59), "59s");
        assert_eq!(show_seconds(890), "14m50s");
        assert_eq!(show_seconds(3600), "1h");
        assert_eq!(show_seconds(90_061), "1d1h");
        assert_eq!(show_seconds(86_401), "1d");
        assert_eq!(show_microseconds(870), "870us");
        assert_eq!(show_microseconds(41_230), "41.2ms");
    }

    #[test]
    fn counts() {
        assert_eq!(count("4294967295"), Ok(u32::MAX));
        assert!(count("4294967296").unwrap_err().contains("more than"));
        assert!(count("many").unwrap_err().contains("not a number"));
        assert!(count("-1").is_err());
    }
}
