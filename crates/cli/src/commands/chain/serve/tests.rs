//! Slow clients. The clock stands still until everybody waits, and then goes on to what is waited for.

use super::*;
use lockstep_chain::Embedded;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

const HEAD_OF_OURS: &str = "POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";

async fn served(block_time: Option<Duration>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let clock = Clock { block_time, now: || Some(1_800_000_000) };
    tokio::spawn(serve(listener, Dev::new(Embedded::new(1, 2, 0)), clock, std::future::pending()));
    at
}

async fn connected(at: SocketAddr, begin: &str) -> TcpStream {
    let mut stream = TcpStream::connect(at).await.unwrap();
    stream.write_all(begin.as_bytes()).await.unwrap();
    stream
}

async fn rest(mut stream: TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

async fn ask(at: SocketAddr, method: &str) -> String {
    let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}"}}"#);
    rest(connected(at, &format!("{HEAD_OF_OURS}Content-Length: {}\r\n\r\n{body}", body.len())).await).await
}

#[tokio::test(start_paused = true)]
async fn a_head_that_does_not_end_ends_the_connection() {
    let at = served(None).await;
    let (slow, begun) = (connected(at, HEAD_OF_OURS).await, Instant::now());
    assert!(!rest(slow).await.starts_with("HTTP/1.1 200 "));
    assert!((HEAD..CONNECTION).contains(&begun.elapsed()), "{:?}", begun.elapsed());
    assert!(ask(at, "eth_chainId").await.contains("\"0x1\""), "others are served");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let at = served(None).await;
    let slow = connected(at, &format!("{HEAD_OF_OURS}Content-Length: 10\r\n\r\n[")).await;
    let begun = Instant::now();
    let answer = rest(slow).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!((BODY..HEAD).contains(&begun.elapsed()), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn connections_that_say_nothing_give_way() {
    let at = served(None).await;
    let mut silent = Vec::new();
    for _ in 0..CONNECTIONS_MAX {
        silent.push(connected(at, "").await);
    }
    let begun = Instant::now();
    assert!(ask(at, "eth_chainId").await.contains("\"0x1\""));
    assert!(begun.elapsed() >= HEAD, "there was no room before");
}

#[tokio::test(start_paused = true)]
async fn blocks_come_every_so_often() {
    let every = Duration::from_secs(12);
    let at = served(Some(every)).await;
    let begun = Instant::now();
    // While nothing else happens, the clock goes on to the next block.
    while ask(at, "eth_blockNumber").await.contains("\"0x0\"") {
        tokio::time::sleep(every / 4).await;
    }
    assert!((every..every * 2).contains(&begun.elapsed()), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn it_ends_when_it_is_to_end_and_tells_the_last_block() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let clock = Clock { block_time: None, now: || Some(9) };
    let mut chain = Embedded::new(1, 2, 0);
    chain.mine(5, 1);
    let ended = serve(listener, Dev::new(chain), clock, std::future::ready(())).await;
    assert_eq!(ended.unwrap(), 5);
}
