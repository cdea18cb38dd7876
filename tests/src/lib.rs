//! End to end: transcripts of the API, and the hosts that they run on.

pub mod contract;
pub mod http;
pub mod native;
pub mod pattern;
pub mod run;
pub mod transcript;
pub mod vectors;
