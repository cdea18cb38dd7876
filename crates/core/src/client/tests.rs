//! The client's decisions, by topic.

mod answers;
mod explained;
mod kept;
mod listed;
mod merge;
mod news;
mod offline;
mod proof;
mod schedule;
mod states;
mod testing;
mod trials;
