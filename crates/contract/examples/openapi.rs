//! Prints `docs/openapi.json`. `cargo xtask docs` writes it, `cargo xtask check` compares it.

use std::process::ExitCode;

fn main() -> ExitCode {
    match licentia_contract::document() {
        Ok(document) => {
            println!("{document:#}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("docs/openapi.json: {error}");
            ExitCode::FAILURE
        }
    }
}
