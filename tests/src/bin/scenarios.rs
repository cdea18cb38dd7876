//! Runs the scenarios against a server: `scenarios --url http://127.0.0.1:8787 --token TOKEN FILE…`.

use std::process::ExitCode;

use licentia_tests::http::HttpHost;
use licentia_tests::run::run;

fn main() -> ExitCode {
    let mut url = String::new();
    let mut token = String::new();
    let mut files = Vec::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--url" => url = arguments.next().unwrap_or_default(),
            "--token" => token = arguments.next().unwrap_or_default(),
            _ => files.push(argument),
        }
    }
    let mut host = HttpHost::new(url.trim_end_matches('/'), &token);
    let (mut passed, mut failed) = (0, 0);
    for file in &files {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        match run(&text, &mut host) {
            Ok(steps) if steps > 0 => {
                passed += 1;
                println!("ok   {file} ({steps} steps)");
            }
            Ok(_) => {
                failed += 1;
                println!("FAIL {file}: it has no steps");
            }
            Err(fault) => {
                failed += 1;
                println!("FAIL {file}: {fault}");
            }
        }
    }
    println!("{passed} passed, {failed} failed");
    if failed == 0 && passed > 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
