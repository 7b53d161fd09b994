// SPDX-License-Identifier: GPL-2.0

//! Rates as text, in the units of `tc`.

use slr_domain::domain::meter::RATE_MAX;

/// Units and their bits a second; `tc` has the same, whatever the case of their letters.
const UNITS: [(&str, f64); 22] = [
    ("", 1.),
    ("bit", 1.),
    ("k", 1e3),
    ("kbit", 1e3),
    ("m", 1e6),
    ("mbit", 1e6),
    ("g", 1e9),
    ("gbit", 1e9),
    ("t", 1e12),
    ("tbit", 1e12),
    ("kibit", 1024.),
    ("mibit", 1048576.),
    ("gibit", 1073741824.),
    ("tibit", 1099511627776.),
    ("bps", 8.),
    ("kbps", 8e3),
    ("mbps", 8e6),
    ("gbps", 8e9),
    ("tbps", 8e12),
    ("kibps", 8. * 1024.),
    ("mibps", 8. * 1048576.),
    ("gibps", 8. * 1073741824.),
];

/// Bytes a second: a number of bits or with a unit, as in `20mbit` or `2.5MBps`. `none` and 0 are no
/// limit.
pub fn rate(text: &str) -> Result<u64, String> {
    if text == "none" {
        return Ok(0);
    }
    let wrong =
        || format!("\"{text}\" is not a rate: use as tc 500kbit, 20mbit, 1gbit, 2mbps, or none");
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.');
    let (number, unit) = text.split_at(end.unwrap_or(text.len()));
    let unit = unit.to_ascii_lowercase();
    let (_, bits) = UNITS
        .iter()
        .find(|(name, _)| *name == unit)
        .ok_or_else(wrong)?;
    let number: f64 = number.parse().map_err(|_| wrong())?;
    // Whole numbers up to the largest rate are exact in a float.
    let bytes = (number * bits / 8.).ceil();
    if !bytes.is_finite() || bytes > RATE_MAX as f64 {
        return Err(format!("{text} is more than {}", show_rate(RATE_MAX)));
    }
    Ok(bytes as u64)
}

/// Bytes a second in the largest unit of bits that has them in whole numbers.
pub fn show_rate(bytes: u64) -> String {
    let bits = u128::from(bytes) * 8;
    if bits == 0 {
        return "none".into();
    }
    let units = [
        (1_000_000_000, "gbit"),
        (1_000_000, "mbit"),
        (1_000, "kbit"),
        (1, "bit"),
    ];
    let fits = units.iter().find(|(size, _)| bits % size == 0);
    let (size, unit) = fits.copied().unwrap_or((1, "bit"));
    format!("{}{unit}", bits / size)
}

/// Bytes a second for people, in its greatest unit: `63.6mbit`.
pub fn about_rate(bytes: u64) -> String {
    let bits = bytes as f64 * 8.;
    let units = [(1e9, "gbit"), (1e6, "mbit"), (1e3, "kbit"), (1., "bit")];
    let fits = units.iter().find(|(size, _)| bits >= *size);
    let (size, unit) = fits.copied().unwrap_or((1., "bit"));
    let text = format!("{:.1}", bits / size);
    format!("{}{unit}", text.strip_suffix(".0").unwrap_or(&text))
}

/// Things a second, as in `100/s`, or without the unit. `none` and 0 are no limit.
pub fn pace(text: &str) -> Result<u64, String> {
    if text == "none" {
        return Ok(0);
    }
    let number = text.strip_suffix("/s").unwrap_or(text);
    let wrong = || format!("\"{text}\" is not a number a second: use as in 100/s, or none");
    let number = number.parse().map_err(|_| wrong())?;
    match number {
        0..=RATE_MAX => Ok(number),
        _ => Err(format!("{text} is more than {}", show_pace(RATE_MAX))),
    }
}

/// Things a second.
pub fn show_pace(number: u64) -> String {
    match number {
        0 => "none".into(),
        number => format!("{number}/s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates() {
        assert_eq!(rate("20mbit"), Ok(2_500_000));
        assert_eq!(rate("20m"), Ok(2_500_000));
        assert_eq!(rate("2.5MBps"), Ok(2_500_000));
        assert_eq!(rate("400Gbit"), Ok(50_000_000_000));
        assert_eq!(rate("8"), Ok(1));
        assert_eq!(rate("9"), Ok(2));
        assert_eq!(rate("1kibit"), Ok(128));
        assert_eq!(rate("none"), Ok(0));
        assert_eq!(rate("0"), Ok(0));
        assert_eq!(rate("1tbit"), Ok(RATE_MAX));
        for wrong in ["", "mbit", "-1", "1e3", "1.2.3k", "20mb", "1.1tbit", "many"] {
            assert!(rate(wrong).is_err(), "{wrong}");
        }
        for bytes in [1, 125, 2_500_000, 50_000_000_000, 123_456_789] {
            assert_eq!(rate(&show_rate(bytes)), Ok(bytes), "{}", show_rate(bytes));
        }
        assert_eq!(show_rate(2_500_000), "20mbit");
        assert_eq!(about_rate(7_954_545), "63.6mbit");
        assert_eq!(about_rate(125), "1kbit");
        assert_eq!(show_rate(0), "none");
    }

    #[test]
    fn paces() {
        assert_eq!(pace("100/s"), Ok(100));
        assert_eq!(pace("100"), Ok(100));
        assert_eq!(pace("none"), Ok(0));
        assert_eq!(show_pace(0), "none");
        assert_eq!(show_pace(7), "7/s");
        for wrong in ["", "/s", "1/m", "-1", "125000000001/s"] {
            assert!(pace(wrong).is_err(), "{wrong}");
        }
    }
}
