//! What must hold of any bytes: properties of the readers that meet what others wrote.
//!
//! None may panic, and none may grant what was not signed. Each property is told from a second reading that shares nothing
//! with core: JSON by `serde_json::Value`, signatures by `ring`.

mod answer;
mod json;
mod known;
mod seeds;
mod stored;
mod token;

pub use answer::answer;
pub use seeds::{Seed, seeds};
pub use stored::stored;
pub use token::token;

/// Splits off the first byte, which chooses what the rest is.
fn choice(data: &[u8]) -> Option<(u8, &[u8])> {
    data.split_first().map(|(first, rest)| (*first, rest))
}
