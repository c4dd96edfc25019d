//! Stories about the case machine, one line each, and properties of all its histories.

mod errors;
mod exhaustive;
mod forms;
mod gates;
mod governing;
mod model;
mod random;
mod redeeming;
mod replacing;
mod rules;
mod stories;
mod world;
