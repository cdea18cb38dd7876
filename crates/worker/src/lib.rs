//! Licentia on Cloudflare: what only a host can do, and nothing of what it means.
//!
//! The edge refuses, answers from KV or passes on; the ledger runs the API in one transaction and publishes what it
//! committed. Rules live in `licentia-core`, calls and SQL in `licentia-api`.

mod alarm;
mod body;
mod bytes;
mod clock;
mod config;
mod edge;
mod envelope;
mod fault;
#[cfg(feature = "faults")]
mod faults;
mod gate;
mod http;
mod kept;
mod kv;
mod ledger;
mod lists;
mod publish;
mod rebuild;
mod sign;
mod signed;
mod slices;
mod sql;
mod transaction;
mod unavailable;

pub use gate::Gate;
pub use ledger::Ledger;
