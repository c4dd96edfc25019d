//! Drives appender and co-signers from one seed with faults, kills processes, and measures.

pub mod bench;
pub mod cast;
pub mod chains;
pub mod kill;
pub mod measure;
pub mod network;
pub mod sim;
pub mod stage;
