//! The client's decisions, by topic.

mod answers;
mod explained;
mod kept;
mod news;
mod offline;
mod proof;
mod schedule;
mod states;
mod testing;
mod trials;
