//! `licentia`: the command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    licentia_cli::main()
}
