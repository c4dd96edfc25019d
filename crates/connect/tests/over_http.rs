//! Webhooks over real connections on this machine: signed, checked, sent again, and never to where a name
//! points behind one's back.

#[path = "served/receiver.rs"]
mod served;

use lockstep_connect::{AllowList, Arrival, Delivery, Inbox, Outbox, Progress, Secret, Sender, check};
use lockstep_types::Time;
use served::serve;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn secret() -> Secret {
    Secret::from_text(SECRET).unwrap()
}

fn now() -> Time {
    Time::from_ms(1_764_000_000_000).unwrap()
}

/// A name that resolves to one list of addresses after the other.
#[derive(Debug)]
struct Name {
    answers: Vec<Vec<SocketAddr>>,
    asked: Arc<AtomicUsize>,
}

impl Name {
    fn of(answers: &[&[&str]]) -> Self {
        let read = |one: &&[&str]| one.iter().map(|address| address.parse().unwrap()).collect();
        Self { answers: answers.iter().map(read).collect(), asked: Arc::default() }
    }
}

impl Resolver for Name {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let asked = self.asked.fetch_add(1, Ordering::SeqCst);
        let mut found = self.empty();
        for address in &self.answers[asked.min(self.answers.len() - 1)] {
            found.push(*address);
        }
        Ok(found)
    }
}

#[test]
fn a_message_is_sent_until_it_is_taken_and_counts_once() {
    let (port, served) = serve(&[
        "HTTP/1.1 503 Busy\r\nretry-after: 60\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        "HTTP/1.1 204 Taken\r\nconnection: close\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok",
    ]);
    let list = AllowList::new([]).unwrap().with_loopback(port);
    let sender = Sender::new(list.target(&format!("http://localhost:{port}/in")).unwrap(), secret()).unwrap();
    let dir = tempfile::TempDir::new().unwrap();
    let mut outbox = Outbox::open(dir.path()).unwrap();
    for n in [7, 8] {
        outbox.put(&"case.decided".parse().unwrap(), &serde_json::json!({ "n": n }), now()).unwrap();
    }
    let mut at = now();
    let mut taken = Vec::new();
    loop {
        match outbox.step(at, |message| sender.send(&message.id, message.body.as_bytes(), at)).unwrap() {
            Progress::Taken { sequence } => taken.push(sequence),
            Progress::Waits { until, .. } => {
                assert_eq!(until.ms_since(at), 60_000, "the receiver asked for a minute");
                at = until;
            }
            Progress::Idle => break,
            Progress::Stuck { why, .. } => panic!("{why}"),
        }
    }
    assert_eq!(taken, [1, 2]);

    let requests = served.join().unwrap();
    let mut inbox = Inbox::default();
    let arrivals: Vec<_> = requests
        .iter()
        .map(|(headers, body)| {
            check(&[secret()], headers, body, now()).unwrap();
            let message: serde_json::Value = serde_json::from_slice(body).unwrap();
            inbox.arrive_in_order(message["sequence"].as_u64().unwrap(), body).unwrap()
        })
        .collect();
    assert_eq!(arrivals, [Arrival::Counts, Arrival::Again, Arrival::Counts]);
    assert_eq!(requests[0].0.id, requests[1].0.id, "the same message has the same id");
}

#[test]
fn redirects_are_not_followed_and_what_is_gone_is_gone() {
    let (other, never) = (TcpListener::bind("127.0.0.1:0").unwrap(), "the redirect is not followed");
    other.set_nonblocking(true).unwrap();
    let to = format!(
        "HTTP/1.1 307 Elsewhere\r\nlocation: http://127.0.0.1:{}/\r\ncontent-length: 0\r\n\
         connection: close\r\n\r\n",
        other.local_addr().unwrap().port()
    );
    let answers: &'static [&'static str] = Box::leak(Box::new([
        &*Box::leak(to.into_boxed_str()),
        "HTTP/1.1 410 Gone\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
    ]));
    let (port, served) = serve(answers);
    let list = AllowList::new([]).unwrap().with_loopback(port);
    let sender = Sender::new(list.target(&format!("http://localhost:{port}/")).unwrap(), secret()).unwrap();
    let redirected = sender.send("a", b"{}", now());
    assert_eq!(redirected, Delivery::Later { after_s: None, why: "HTTP 307".to_owned() });
    assert!(matches!(sender.send("a", b"{}", now()), Delivery::Never { .. }));
    assert!(matches!(sender.send("a.b", b"{}", now()), Delivery::Never { .. }), "it could never be signed");
    served.join().unwrap();
    assert!(other.accept().is_err(), "{never}");
}

#[test]
fn a_name_that_points_into_this_network_is_not_connected_to() {
    let list = AllowList::new(["hooks.example.com"]).unwrap();
    let target = list.target("https://hooks.example.com/in").unwrap();
    for answer in [
        &["127.0.0.1:443"][..],
        &["10.1.2.3:443"],
        &["169.254.169.254:443"],
        &["[::1]:443"],
        &["[::ffff:127.0.0.1]:443"],
        &["[fd00:ec2::254]:443"],
        &["[64:ff9b::7f00:1]:443"],
        &["93.184.215.14:443", "127.0.0.1:443"],
    ] {
        let sender = Sender::with_resolver(target.clone(), secret(), Name::of(&[answer])).unwrap();
        let Delivery::Later { why, .. } = sender.send("a", b"{}", now()) else { panic!("{answer:?}") };
        assert_eq!(why, "the host has an address that is not sent to", "{answer:?}");
    }
}

#[test]
fn a_name_is_resolved_once_a_connection_and_what_was_checked_is_connected_to() {
    let (port, served) = serve(&["HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"]);
    let here = format!("127.0.0.1:{port}");
    let list = AllowList::new([]).unwrap().with_loopback(port);
    let target = list.target(&format!("http://localhost:{port}/")).unwrap();
    // First an address that may be connected to, from then on one that may not: a name that is rebound.
    let name = Name::of(&[&[&here], &["192.168.0.1:80"]]);
    let asked = Arc::clone(&name.asked);
    let sender = Sender::with_resolver(target, secret(), name).unwrap();
    assert_eq!(sender.send("a", b"{}", now()), Delivery::Taken);
    assert_eq!(asked.load(Ordering::SeqCst), 1, "asked once, connected to that answer");
    served.join().unwrap();
    let Delivery::Later { why, .. } = sender.send("a", b"{}", now()) else { panic!("it was rebound") };
    assert_eq!(why, "the host has an address that is not sent to");
    assert_eq!(asked.load(Ordering::SeqCst), 2, "no connection of before is used again");
}
