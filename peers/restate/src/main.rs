//! A durable workflow of five steps, the yardstick of `cargo xtask bench peers`: each step is journaled
//! before the next begins, and does nothing else.

use restate_sdk::prelude::*;
use std::net::SocketAddr;

const STEPS: [&str; 5] = ["first", "second", "third", "fourth", "fifth"];

struct FiveSteps;

#[workflow]
impl FiveSteps {
    #[handler]
    async fn run(&self, ctx: WorkflowContext<'_>, amount: String) -> Result<String, HandlerError> {
        let mut taken = 0u64;
        for step in STEPS {
            taken += ctx.run(|| async { Ok(1u64) }).name(step).await?;
        }
        Ok(format!("{amount} after {taken} steps"))
    }
}

#[tokio::main]
async fn main() {
    let address = std::env::args().nth(1).unwrap_or_default();
    let Ok(address) = address.parse::<SocketAddr>() else {
        eprintln!("say where to listen: 127.0.0.1:9080");
        std::process::exit(2);
    };
    HttpServer::new(Endpoint::builder().bind(FiveSteps).build()).listen_and_serve(address).await;
}
