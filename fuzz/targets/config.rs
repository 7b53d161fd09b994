// SPDX-License-Identifier: GPL-2.0

//! Any text is a configuration or gets its errors told; what is one survives printing.

#![no_main]

use libfuzzer_sys::fuzz_target;
use slr_config::{diff::diff, print, Config, File};

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let file = File::parse("f", &text);
    match file.finish() {
        Ok(config) => {
            let printed = print::config(&config);
            let again = File::parse("printed", &printed);
            assert_eq!(again.finish().as_ref(), Ok(&config), "{printed}");
            assert!(diff(&config, &config).is_empty());
            let none = Config::default();
            let all = diff(&none, &config);
            assert_eq!(all.is_empty(), config == none);
            assert_eq!(diff(&config, &none).is_empty(), config == none);
        }
        Err(reports) => {
            assert!(!reports.is_empty());
            let lines = text.lines().count().max(1);
            for report in reports {
                assert!((1..=lines).contains(&report.place.line), "{report}");
                assert!(!report.text.is_empty());
                let _ = report.to_string();
            }
        }
    }
});
