//! The commands, one file each.

pub(crate) mod bench;
pub(crate) mod build;
pub(crate) mod check;
pub(crate) mod deploy;
pub(crate) mod dev;
pub(crate) mod docs;
pub(crate) mod pack;
pub(crate) mod test;
pub(crate) mod vectors;
