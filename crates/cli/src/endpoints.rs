//! Endpoints of a chain, as commands take them.

use crate::fault::invalid;
use anyhow::Result;
use clap::Args;
use lockstep_chain::rpc::Rule;
use lockstep_chain::rpc::finality::Finality;
use lockstep_chain::{Block, Rpc};

/// On whose word answers of a chain rest, and when they count.
#[derive(Debug, Clone, Args)]
pub struct EndpointArgs {
    /// An endpoint of the chain; name two or more, of operators that do not know each other
    #[arg(long = "rpc", value_name = "URL")]
    rpc: Vec<String>,
    /// How many endpoints must give the same answer; 1 takes one endpoint at its word [default: a majority]
    #[arg(long, value_name = "N", requires = "rpc")]
    rpc_quorum: Option<usize>,
    /// When a block is final: when the chain says `finalized`, or when so many blocks stand on it
    #[arg(long, value_name = "finalized|DEPTH", default_value = "finalized")]
    finality: Finality,
}

impl EndpointArgs {
    /// Whether a chain is to be asked at all.
    pub const fn is_empty(&self) -> bool {
        self.rpc.is_empty()
    }

    /// Connects to all of them.
    pub fn connect(&self, chain_id: u64) -> Result<Rpc> {
        self.connect_after(chain_id, None)
    }

    /// Connects to all of them, and holds them to a block that was final before.
    pub fn connect_after(&self, chain_id: u64, settled: Option<Block>) -> Result<Rpc> {
        if self.rpc.is_empty() {
            return Err(invalid("endpoints", "no endpoint of the chain is named")
                .hint("name two or more with `--rpc URL`, of operators that do not know each other")
                .into());
        }
        let rule = Rule { quorum: self.rpc_quorum, settled, ..Rule::new(chain_id, self.finality) };
        Ok(Rpc::connect(&self.rpc, rule)?)
    }
}
