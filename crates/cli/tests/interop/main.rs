//! Logs and envelopes between programs: `lockstep log check` on anybody's log, the package in TypeScript on
//! the same folders, and programs of others on ours.

mod check;
mod made;
mod others;
mod schema;
mod served;
#[path = "../story/town.rs"]
#[expect(dead_code, reason = "the stories use more of it")]
mod town;
